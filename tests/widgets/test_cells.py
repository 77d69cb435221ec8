"""The cell that a workbench writes, run on queues of its own: whatever was sent, it sends and steps the same."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest
from support.generated import given, settings, st
from widgets.page import Page, done_again

from repid_nb import InMemoryServer, Message, Repid, Router, Stepper, catch_all_routing_strategy

# What looks like Python, JSON, a format, markup, a name of ours, a line break of JavaScript, or no text at all.
ODD = (
    "",
    "a",
    "topic",
    "ship",
    "'",
    '"',
    "\\",
    "\n",
    "{}",
    "%s",
    "\x00",
    "\u2028",
    "\ud800",
    "</script>",
    "m1",
    "日本",
)
texts = st.lists(st.sampled_from(ODD), max_size=2).map("".join) | st.text(max_size=5)
numbers = st.integers() | st.floats() | st.sampled_from([True, -0.0, 2**63, 10**30, 1e16, 1e308, 5e-324])
payloads = st.recursive(
    st.none() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
raw = st.sampled_from([b"", b"\xff\x00", b'{"a": 1}', b"null", b"NaN", b"  1", b'{"a":1,"a":2}', b'"\xed\xa0\x80"'])
sends = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["tasks", "more", "o'th\ner"]),
        "payload": payloads | raw,
        "topic": st.sampled_from(["ship", "fails", "日本", "by operation", "by app", "nobody", "", None]),
        "headers": st.none() | st.dictionaries(texts.filter(lambda name: name != "topic"), texts, max_size=2),
        "priority": st.sampled_from([None, 0, 4, 9]),
    }
)
deeds = st.lists(sends | st.sampled_from(["step", "step", "send a dead letter again"]), max_size=12)


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def app_whose_actors_send() -> Repid:
    app, router = Repid(), Router(channel="tasks")
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    app.messages.register_operation(operation_id="say", channel="more")

    @router.actor
    async def ship() -> int:
        return 1

    @router.actor
    async def fails() -> None:
        raise ValueError("no")

    @router.actor(name="日本")
    async def by_message(message: Message) -> None:
        await message.send_message(channel="more", payload=b"x")

    @router.actor(name="by operation")
    async def by_operation(message: Message) -> None:
        await message.send_message_json(operation_id="say", payload={})

    @router.actor(name="by app")
    async def by_app() -> None:
        await app.send_message_json(channel="more", payload={})

    @router.actor(channel="more", routing_strategy=catch_all_routing_strategy)
    async def more() -> None: ...

    app.include_router(router)
    return app


async def do(page: Page, deed: str | dict[str, Any]) -> None:
    stepper = page.stepper
    if isinstance(deed, dict):
        await stepper.send(**deed)
    elif deed == "step":
        await stepper.step()
    else:
        letters = [(one.channel, letter.message) for one in stepper.queues.channels for letter in one.dead_letters]
        for channel, message in letters[:1]:
            await page.do("resend", channel=channel, message=message.name)


def story_of(stepper: Stepper) -> tuple[Any, ...]:
    """Return what was stepped, what waits, and which dead letters there are, but for ids and times."""
    steps = [
        (
            replace(step.message, id=None),
            step.winner,
            step.sightings,
            step.settlement,
            step.published,
            step.children,
            step.result,
        )
        for step in stepper.history
    ]
    waiting = [replace(message, id=None) for one in stepper.queues.channels for message in one.ready]
    dead = [
        (replace(letter.message, id=None), letter.reason)
        for one in stepper.queues.channels
        for letter in one.dead_letters
    ]
    return steps, sorted(waiting, key=lambda one: one.name), sorted(dead, key=lambda one: one[0].name)


@settings(max_examples=20)
@given(deeds)
def test_the_cell_sends_and_steps_the_same(some):
    async def both() -> None:
        stepper = Stepper(app_whose_actors_send())
        page = Page(stepper)
        for deed in some:
            await do(page, deed)
        again = await done_again(page)
        assert story_of(again) == story_of(stepper)
        page.session.close()
        await again.close()
        await stepper.close()

    asyncio.run(both())


async def test_the_cell_says_that_producer_middleware_runs_once_more():
    async def pass_on(call_next, channel, message, parameters):
        return await call_next(channel, message, parameters)

    app = Repid(producer_middlewares=[pass_on])
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    async with Stepper(app) as stepper:
        page = Page(stepper)
        assert "it runs for them once more" in page.session.texts.export("cell")
        page.session.close()
