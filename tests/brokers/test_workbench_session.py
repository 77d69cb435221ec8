"""The workbench on real brokers: its session, without a page."""

from __future__ import annotations

import asyncio
import json

import pytest
from brokers.scenes import Scene, sent
from support.waiting import until
from widgets.page import Page

from repid_nb import MessageAction
from repid_nb.widgets import live_look

BROKERS = pytest.mark.parametrize("broker", ["redis", "nats", "rabbit-quorum"], indirect=True)
LETTERS = pytest.mark.parametrize("broker", ["redis", "nats", "rabbit-classic"], indirect=True)


@pytest.fixture
async def page(broker, channel, monkeypatch):
    monkeypatch.setattr(live_look, "EVERY", 0.05)
    await broker.declare(channel)
    here = Scene(broker, channel)
    shown = Page(here.stepper)
    shown.here = here
    yield shown
    if tasks := shown.session.close():
        await asyncio.wait(tasks)
    await here.stepper.close()


def lane(state):
    return state["lanes"]["lanes"][0]


@BROKERS
async def test_what_another_program_sends_is_seen_by_the_next_look(page, broker, channel):
    server = broker.server()
    async with server.connection():
        await server.publish(channel=channel, message=sent(1))
    await until(lambda: lane(page.session.state())["waiting"] == 1)


@BROKERS
async def test_a_step_of_the_page_is_a_step_there(page, channel):
    form = {"channel": channel, "topic": "ship", "payload": '{"number": 7}'}
    state = await page.do("send", form=form)
    assert "1 waiting" in state["status"]["notice"] or "1 message" in state["status"]["notice"]
    state = await page.do("step")
    assert (state["step"]["winner"], state["step"]["settlement"]["action"]) == ("ship", "acked")
    assert page.here.done == [7]
    assert len(json.dumps(state)) < 8_000


@LETTERS
async def test_a_dead_letter_of_the_tray_is_sent_again(page, channel):
    await page.do("send", form={"channel": channel, "topic": "broken", "payload": "{}"})
    state = await page.do("step")
    letter = state["tray"]["letters"][0]
    assert "LookupError" in letter["reason"]
    state = await page.do("resend", channel=letter["key"], message=letter["id"])
    assert state["status"]["error"] == ""
    assert (state["tray"]["dead"], lane(state)["waiting"]) == (0, 1)


@pytest.mark.parametrize("broker", ["rabbit-quorum"], indirect=True)
async def test_what_is_not_known_is_null_on_the_page_with_a_word(page, channel):
    state = await page.do("send", form={"channel": channel, "topic": "ship", "payload": '{"number": 7}'})
    assert (lane(state)["in_work"], lane(state)["messages"]) == (None, [])
    assert lane(state)["note"] == "RabbitMQ does not show which"


@BROKERS
async def test_there_is_no_way_back_and_a_message_held_at_a_phase_can_be_put_back(page, broker, channel):
    await page.do("send", form={"channel": channel, "topic": "ship", "payload": '{"number": 7}'})
    page.session.handle({"type": "step_into"})
    await until(lambda: page.session.state()["status"]["held"])
    page.session.handle({"type": "stop"})
    await page.session.wait()
    state = page.session.state()
    assert state["status"]["notice"] == f"Stopped. What was held is {page.stepper.knows.given_back}."
    state = await page.do("step")
    assert state["step"]["settlement"]["action"] == MessageAction.acked.value
    assert state["history"]["no_way_back"] == f"no way back on {page.stepper.knows.broker}: what is settled is settled"
    state = await page.do("reset")
    assert "no way back on" in state["status"]["error"]


@pytest.mark.parametrize("name", ["redis"])
async def test_a_broker_that_does_not_answer_is_told_of_until_it_does(own_broker, channel, name, monkeypatch):
    monkeypatch.setattr(live_look, "EVERY", 0.05)
    broker = own_broker(name)
    here = Scene(broker, channel)
    broker.process.end()
    page = Page(here.stepper)
    await until(lambda: "does not answer at 127.0.0.1" in page.session.state()["status"]["error"])
    broker.process.start()
    await until(lambda: page.session.state()["status"]["error"] == "")
    page.session.close()
    await here.stepper.close()
