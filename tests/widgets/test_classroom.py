"""What a teacher does on the page: prepared messages, breakpoints, changes by hand, undo, crash, search, trail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field
from support.waiting import until
from widgets.page import Page, done_again, new_app, story_of

from repid_nb import Message, Router, Stepper, catch_all_routing_strategy
from repid_nb.core.errors import InvalidMessageError
from repid_nb.widgets.form import BYTES


class Order(BaseModel):
    number: int
    tags: list[str]
    price: Annotated[float, Field(gt=2)]
    note: str = "none"


def is_vip(*, actor_name: str):
    def check(message) -> bool:
        return message.headers["vip"] == "yes"

    return check


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    app, router = new_app()

    @router.actor
    async def ship(number: int, message: Message) -> str:
        await message.send_message(channel="emails", payload=b"")
        return f"shipped {number}"

    @router.actor(confirmation_mode="manual")
    async def keep() -> None: ...

    @router.actor
    async def slow() -> None:
        await asyncio.Event().wait()

    @router.actor(routing_strategy=is_vip)
    async def vip(order: Order) -> None: ...

    stepper = Stepper(app, max_unrouted_retries=3)
    shown = Page(stepper)
    yield shown
    if tasks := shown.session.close():
        await asyncio.wait(tasks)
    await stepper.close()


async def ask(page: Page, kind: str, **rest: Any) -> dict[str, Any]:
    page.session.handle({"type": kind, "id": ["view", 1], **rest})
    return page.replies[-1]


# Samples, and prepared messages.


async def test_an_actor_offers_its_topic_and_a_payload_that_fits_its_signature(page: Page):
    samples = {one["actor"]: one.get("sample") for one in page.state["actors"]["actors"]}
    assert samples["ship"] == {"topic": "ship", "payload": '{"number": 1}'}
    assert json.loads(samples["vip"]["payload"]) == {"order": {"number": 1, "tags": ["tags"], "price": 3}}
    assert samples["keep"] == {"topic": "keep"}


async def test_a_sample_runs(page: Page):
    sample = page.state["actors"]["actors"][0]["sample"]
    await page.send(sample["payload"], sample["topic"])
    assert (await page.do("step"))["step"]["result"] == "'shipped 1'"


async def test_prepared_messages_are_offered_with_what_their_buttons_say(page: Page):
    page.session.view.prepare(
        [
            {"topic": "ship", "payload": {"number": 1}},
            {"label": "to nobody", "channel": "emails", "priority": 9, "headers": {"a": "b"}},
            {"payload": b"\xff\x00"},
        ]
    )
    assert page.state["choices"]["prepared"] == [
        ['ship {"number": 1}', {"channel": "tasks", "payload": '{"number": 1}', "topic": "ship"}],
        ["to nobody", {"channel": "emails", "headers": [["a", "b"]], "priority": "9"}],
        [
            "bytes",
            {"channel": "tasks", "payload": "ff 00", "content_type": BYTES, "encoding": "hex"},
        ],
    ]


async def test_every_prepared_message_can_be_sent_as_it_is_offered(page: Page):
    page.session.view.prepare([{"topic": "ship", "payload": {"number": 1}}, {"payload": b"\xff\x00"}])
    for _, form in page.state["choices"]["prepared"]:
        await page.do("send", form=form)
    assert [one.payload for one in page.stepper.queues["tasks"].ready] == [b'{"number":1}', b"\xff\x00"]


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ("text", "list of dicts"),
        ([1], "message 1 must be a dict"),
        ([{"topc": "x"}], "unknown 'topc'"),
        ([{"payload": {1}}], "JSON"),
    ],
)
async def test_what_cannot_be_prepared_is_refused_in_words(page: Page, messages: Any, said: str):
    with pytest.raises(InvalidMessageError, match=said):
        page.session.view.prepare(messages)


@pytest.mark.parametrize(("typed", "said"), [("0g", "two digits"), ("00 f", "two digits")])
async def test_bytes_that_are_typed_wrong_are_refused_in_words(page: Page, typed: str, said: str):
    assert said in (await page.send(typed, encoding="hex"))["status"]["error"]


async def test_a_number_that_json_does_not_know_is_refused_by_its_name(page: Page):
    assert "NaN" in (await page.send('{"n": NaN}'))["status"]["error"]


# Lines of code.


async def test_the_line_that_decides_stands_beside_the_verdict(page: Page):
    await page.send(topic="nothing")
    step = (await page.do("step"))["step"]
    code = step["verdicts"][3]["code"]
    assert code["text"] == 'return message.headers["vip"] == "yes"'
    assert code["where"].startswith("test_classroom.py, line ")
    assert "code" not in step["verdicts"][0]


async def test_the_winner_is_found_by_its_line(page: Page):
    await page.send('{"number": 1}', "ship")
    assert (await page.do("step"))["step"]["code"]["text"] == "async def ship(number: int, message: Message) -> str:"


# Breakpoints.


async def test_a_step_stops_before_the_reveal_and_then_runs_to_its_end(page: Page):
    await page.do("break_at", before_reveal=True)
    await page.send('{"number": 1}', "ship")
    state = await page.do("step")
    assert (state["step"]["phase"], state["step"]["verdicts"], state["status"]["held"]) == ("pulled", [], True)
    assert "who gets it" in state["status"]["notice"]
    assert (await page.do("next_phase"))["step"]["phase"] is None


@pytest.mark.parametrize(
    ("breaks", "topic", "stops"),
    [
        ({"nobody": True}, "nothing", False),
        ({"failed": True}, "nothing", True),
        ({"actors": ["keep"]}, "keep", True),
        ({"actors": ["keep"]}, "ship", False),
    ],
)
async def test_a_run_stops_where_a_breakpoint_says_so(page: Page, breaks: dict[str, Any], topic: str, stops: bool):
    await page.send('{"number": 1}', topic)
    await page.do("break_at", **breaks)
    state = await page.do("run", max_steps=1)
    assert state["status"]["held"] is stops
    assert (state["step"]["phase"] == "decided") is stops


async def test_a_run_stops_where_nobody_takes_a_message(page: Page):
    await page.send(topic="nothing", headers=[["vip", "no"]])
    await page.do("break_at", nobody=True)
    state = await page.do("run")
    assert state["status"]["notice"] == "Stopped: nobody takes it."
    await page.do("break_at", nobody=False)
    assert (await page.do("next_phase"))["step"]["number"] == 3


# Undo, reset, delete, empty.


async def test_a_reset_goes_back_to_the_start_with_everything_sent_since(page: Page):
    await page.send('{"number": 1}', "ship")
    await page.do("step")
    await page.send('{"number": 2}', "ship", count="2")
    assert page.status["reset"]["start"] == "Back to before step 1, with everything sent since."
    state = await page.do("reset", how="start")
    assert page.waiting == ["m1", "m2", "m3"]
    assert "2 messages sent since are on the queues again" in state["status"]["notice"]


async def test_a_reset_to_empty_deletes_what_waits_and_what_is_dead(page: Page):
    await page.send(count="3")
    assert page.status["reset"] == {"start": "", "empty": "Delete 3 waiting messages."}
    await page.do("reset", how="empty")
    assert page.waiting == []


async def test_a_message_that_waits_is_deleted_and_undo_has_it_back(page: Page):
    await page.send(count="3")
    state = await page.do("delete", channel="tasks", message="m2")
    assert (page.waiting, state["status"]["undo"]) == (["m1", "m3"], "Undo delete")
    state = await page.do("undo")
    assert (page.waiting, state["status"]["undo"]) == (["m1", "m2", "m3"], "")
    assert "taken back" in state["status"]["notice"]


async def test_a_channel_is_emptied_and_undo_has_all_back(page: Page):
    await page.send(count="3")
    await page.do("empty", channel="tasks")
    assert page.waiting == []
    await page.do("undo")
    assert page.waiting == ["m1", "m2", "m3"]


async def test_going_on_from_an_earlier_step_can_be_undone_with_its_steps(page: Page):
    await page.send('{"number": 1}', "ship", count="3")
    await page.do("run")
    await page.do("go_on", to=1)
    assert page.state["history"]["newest"] == 1
    state = await page.do("undo")
    assert (state["history"]["newest"], page.waiting) == (3, [])
    assert len(page.stepper.history) == 3


async def test_a_reset_can_be_undone(page: Page):
    await page.send('{"number": 1}', "ship", count="2")
    await page.do("step")
    await page.do("reset")
    await page.do("undo")
    assert (page.state["history"]["newest"], page.waiting) == (1, ["m2"])


async def test_after_something_has_happened_nothing_is_undone_with_it(page: Page):
    await page.send(count="3")
    await page.do("delete", channel="tasks", message="m2")
    await page.send()
    assert page.status["undo"] == ""
    assert "something has happened since" in (await page.do("undo"))["status"]["error"]
    assert page.waiting == ["m1", "m3", "m4"]


async def test_the_exported_cell_deletes_empties_and_crashes_too(page: Page):
    await page.send('{"number": 1}', "ship", count="3")
    await page.do("delete", channel="tasks", message="m2")
    await page.do("step")
    await page.do("crash")
    await page.do("empty", channel="tasks")
    await page.send('{"number": 4}', "ship")
    assert story_of(await done_again(page)) == story_of(page.stepper)


async def test_what_is_undone_is_not_in_the_exported_cell(page: Page):
    await page.send('{"number": 1}', "ship", count="2")
    await page.do("empty", channel="tasks")
    await page.do("undo")
    assert "empty" not in page.session.texts.export("cell")
    assert story_of(await done_again(page)) == story_of(page.stepper)


async def test_in_the_middle_of_a_step_nothing_is_reset(page: Page):
    await page.send('{"number": 1}', "ship")
    await page.do("step_into")
    assert "One thing at a time" in (await page.do("reset"))["status"]["error"]


# Held messages and crashes.


@pytest.mark.parametrize(("action", "said"), [("ack", "acked"), ("release", "back at its place")])
async def test_a_message_that_was_left_in_work_is_settled_from_the_page(page: Page, action: str, said: str):
    await page.send(topic="keep")
    await page.do("step")
    ticket = page.state["lanes"]["lanes"][0]["working"][0]
    state = await page.do("settle", message=ticket["id"], action=action)
    assert state["status"]["notice"] == f"m1 is {said}, by hand."
    assert state["lanes"]["lanes"][0]["in_work"] == 0


async def test_a_worker_that_crashes_in_the_middle_does_its_work_again(page: Page):
    await page.send('{"number": 1}', "ship")
    await page.do("step_into")
    for _ in range(3):
        await page.do("next_phase")
    assert page.state["step"]["phase"] == "ran"
    state = await page.do("crash")
    assert page.waiting == ["m1"]
    assert "m1 was in work" in state["status"]["notice"]
    await page.do("step")
    assert [one.name for one in page.stepper.queues["emails"].ready] == ["m1.1", "m1.2"]


async def test_what_was_acked_before_its_actor_ran_is_lost_in_a_crash(page: Page):
    page.stepper.app.include_router(acks_first := Router(channel="tasks"))

    @acks_first.actor(confirmation_mode="ack_first")
    async def once() -> None:
        await asyncio.sleep(60)

    await page.send(topic="once", headers=[["vip", "no"]])
    page.session.handle({"type": "step"})
    await until(lambda: page.state["step"].get("phase") == "running")
    assert page.state["step"]["acked_first"]
    state = await page.do("crash")
    assert page.waiting == []
    assert "m1 was in work. It was settled before its actor ran: it is lost." in state["status"]["notice"]


async def test_a_worker_that_crashes_gives_back_what_no_one_settled(page: Page):
    await page.send(topic="keep")
    await page.do("step")
    await page.do("crash")
    assert page.waiting == ["m1"]
    await page.do("undo")
    assert (page.waiting, page.state["lanes"]["lanes"][0]["in_work"]) == ([], 1)


async def test_a_worker_that_is_busy_for_ever_can_crash(page: Page):
    await page.send(topic="slow")
    page.session.handle({"type": "step"})
    await until(lambda: page.state["step"].get("phase") == "running")
    state = await page.do("crash")
    assert (page.waiting, state["status"]["busy"]) == (["m1"], None)


async def test_how_long_an_actor_runs_is_known_while_it_runs(page: Page):
    await page.send(topic="slow")
    page.session.handle({"type": "step"})
    await until(lambda: page.state["step"].get("phase") == "running")
    assert 0 <= page.state["step"]["elapsed"] < 60
    assert page.state["step"]["story"] == "slow is running for m1."


# Edit, find, trail.


async def test_a_message_is_edited_as_it_was_typed(page: Page):
    await page.send('{"number": 1}', "ship", priority="9", headers=[["a", "b"]])
    answer = await ask(page, "edit", channel="tasks", message="m1")
    assert (answer["type"], answer["id"]) == ("form", ["view", 1])
    form = answer["form"]
    assert form["headers"] == [["a", "b"]]
    await page.do("send", form=form)
    first, second = page.stepper.queues["tasks"].ready
    assert (first.payload, first.headers, first.priority) == (second.payload, second.headers, second.priority)


@pytest.mark.parametrize(("payload", "content_type"), [(b"\xff\x00", "image/png"), (b"text", "text/plain"), (b"", "")])
async def test_any_payload_comes_back_from_the_form(page: Page, payload: bytes, content_type: str):
    await page.stepper.send("tasks", payload, content_type=content_type or None)
    form = (await ask(page, "edit", channel="tasks", message="m1"))["form"]
    await page.do("send", form=form)
    assert [one.payload for one in page.stepper.queues["tasks"].ready] == [payload, payload]


async def test_the_message_of_a_step_is_edited_too(page: Page):
    await page.send('{"number": 7}', "ship")
    await page.do("step")
    assert (await ask(page, "edit", step=1))["form"]["payload"] == '{"number":7}'


async def test_what_is_gone_cannot_be_edited_and_that_is_said(page: Page):
    page.session.handle({"type": "edit", "message": "m9"})
    assert "no message 'm9'" in page.status["error"]


async def test_the_trail_of_a_message_is_told_in_rows(page: Page):
    await page.send('{"number": 1}', "ship")
    await page.do("step")
    answer = await ask(page, "trail", channel="tasks", message="m1")
    assert answer == {
        "type": "trail",
        "id": ["view", 1],
        "name": "m1",
        "rows": [
            {"name": "m1", "depth": 0, "step": 1, "text": "tasks: ship got it · ✓ acked", "tone": "good"},
            {"name": "m1.1", "depth": 1, "step": None, "text": "emails: waits", "tone": "open"},
        ],
        "more": 0,
    }


async def test_of_sixty_actors_and_thirty_channels_each_is_found():
    app, router = new_app()
    for number in range(1, 61):
        router.actor(name=f"actor_with_a_long_name_{number}")(lambda: None)
        if number <= 32:
            router.actor(channel=f"channel_{number}", routing_strategy=catch_all_routing_strategy)(lambda: None)
    async with Stepper(app) as stepper:
        page = Page(stepper)
        await page.do("predict", on=True)
        await page.send(topic="actor_with_a_long_name_46")
        prediction = page.state["prediction"]
        assert len(prediction["options"]) - 2 + prediction["more"] == 60
        found = await ask(page, "find", what="options", text="name_46")
        assert found["rows"] == [["46", "actor_with_a_long_name_46"]]
        assert len((await ask(page, "find", what="channels", text="channel_"))["rows"]) == 32
        actors = await ask(page, "find", what="actors", text="")
        assert len(actors["rows"]) + actors["more"] == 60
        await page.do("step", pick="46")
        assert page.state["prediction"]["last"]["right"] is True
        page.session.close()


# The pace of a run.


async def test_a_new_pace_counts_during_a_run(page: Page):
    await page.send('{"number": 1}', "ship", count="4")
    page.session.handle({"type": "run", "max_steps": 10, "pace": 60})
    await until(lambda: page.state["history"]["newest"] == 1)
    page.session.handle({"type": "set_pace", "pace": 0})
    await page.rest()
    assert page.state["history"]["newest"] == 4


async def test_a_run_goes_on_when_the_page_has_shown_a_step(page: Page):
    await page.send('{"number": 1}', "ship", count="2")
    page.session.handle({"type": "run", "max_steps": 2, "pace": 60})
    for number in (1, 2):
        await until(lambda number=number: page.state["history"]["newest"] == number)
        page.session.handle({"type": "seen", "step": number})
    await page.rest()
    assert page.status["notice"] == "Ran 2 steps, as many as were asked for."
