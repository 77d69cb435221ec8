"""What a broker does not tell is None in a record, and is said to be not known in each form of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from stepping.bench import app_of, router_of

from repid_nb import Step, Stepper, as_html, as_picture, as_text
from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, QueuesSnapshot
from repid_nb.stepping.record import History, Idle, Sent, Steps

UNKNOWN = QueuesSnapshot((ChannelSnapshot(channel="tasks", waiting=None, working=None, dead=None, note="as it is"),))


async def nothing(): ...


@pytest.fixture
async def step() -> Step:
    async with Stepper(app_of(router_of(nothing))) as stepper:
        await stepper.send("tasks")
        made = await stepper.step()
    assert isinstance(made, Step)
    where = replace(made.settlement, where="over there")
    return replace(made, before=UNKNOWN, after=UNKNOWN, settlement=where, note="a remark")


async def test_a_step_says_where_its_message_went_and_what_is_to_be_known(step):
    for form in (as_text(step), as_html(step)):
        assert "over there" in form
        assert "a remark" in form
        assert "0 waiting" not in form
    assert "how many wait is not known, dead letters not known (as it is)" in as_text(step)


def test_what_is_counted_and_not_shown_is_no_list_of_its_own():
    queue = ChannelSnapshot(channel="tasks", waiting=2, working=None, dead=1, note="RabbitMQ does not show which")
    for form in (as_text(queue), as_html(queue)):
        assert "2 waiting, 1 dead letter (RabbitMQ does not show which)" in form
        assert "more" not in form


def test_letters_that_are_read_where_none_counts_them_may_not_be_all():
    letter = DeadLetter(message=MessageSnapshot(id="1", channel="tasks", payload=b""), reason="why")
    queue = ChannelSnapshot(channel="tasks", waiting=None, working=None, dead=None, dead_letters=(letter,))
    for form in (as_text(queue), as_html(queue)):
        assert "1 dead letter seen; whether there are more is not known" in form
        assert "why" in form


async def test_queues_a_sent_message_and_a_run_say_that_it_is_not_known(step):
    for record in (UNKNOWN["tasks"], Sent(message=step.message, waiting=None)):
        assert "how many wait is not known" in as_text(record)
        assert "how many wait is not known" in as_html(record)
    run = Steps((step,), "max_steps", None)
    assert "how many still wait is not known" in as_text(run)
    assert "how many still wait is not known" in as_html(run)


def test_an_idle_says_why_it_is_not_certain_that_nothing_waits():
    idle = Idle(channels=("tasks",), queues=UNKNOWN, note="nothing came within 1 s")
    for form in (as_text(idle), as_html(idle)):
        assert "nothing came within 1 s" in form
        assert "nothing is waiting" not in form


async def test_a_step_with_what_is_not_known_comes_back_from_json(step):
    assert Step.from_dict(json.loads(json.dumps(step.to_dict()))) == step


async def test_pictures_are_drawn_all_the_same(step):
    for picture in (step.picture(), History((step,)).picture(), History((step,)).film(), as_picture(UNKNOWN)):
        assert picture.svg.startswith("<svg")
