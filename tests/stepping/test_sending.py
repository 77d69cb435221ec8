"""Sending with the Stepper."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest
from pydantic import BaseModel
from stepping.bench import app_of, router_of

from repid_nb import InMemoryServer, Stepper
from repid_nb.core.errors import (
    DestinationError,
    InvalidMessageError,
    SerializationError,
    SteppingError,
    UnknownNameError,
)


async def nothing(): ...


class Order(BaseModel):
    number: int


@dataclass
class Line:
    price: Decimal


@pytest.fixture
async def stepper():
    async with Stepper(app_of(router_of(nothing))) as made:
        yield made


@pytest.mark.parametrize(
    ("payload", "json_form"),
    [
        ({"to": "a"}, {"to": "a"}),
        ([1, 2], [1, 2]),
        ("text", "text"),
        (Order(number=3), {"number": 3}),
        (Line(Decimal("1.50")), {"price": "1.50"}),
        ({"at": datetime(2026, 1, 2, tzinfo=UTC)}, {"at": "2026-01-02T00:00:00+00:00"}),
    ],
)
async def test_anything_with_a_json_form_is_sent_as_json(stepper: Stepper, payload, json_form):
    sent = await stepper.send("tasks", payload)
    assert json.loads(sent.message.payload) == json_form
    assert sent.message.content_type == "application/json"


async def test_bytes_are_sent_as_they_are(stepper: Stepper):
    sent = await stepper.send("tasks", b"\xff", content_type="image/png")
    assert (sent.message.payload, sent.message.content_type) == (b"\xff", "image/png")


async def test_without_a_payload_the_message_is_empty(stepper: Stepper):
    assert (await stepper.send("tasks")).message.payload == b""


async def test_what_was_sent_says_where_it_is(stepper: Stepper):
    await stepper.send("tasks")
    sent = await stepper.send("tasks", topic="nothing", priority=2)
    assert (sent.message.id, sent.message.channel, sent.waiting) == ("m2", "tasks", 2)
    assert stepper.queues["tasks"].ready[1] == sent.message


async def test_ids_go_on_counting_when_a_second_stepper_takes_over_the_server(stepper: Stepper):
    await stepper.send("tasks")
    async with Stepper(stepper.app) as second:
        assert (await second.send("tasks")).message.id == "m2"


async def test_topic_and_headers_go_together(stepper: Stepper):
    sent = await stepper.send("tasks", topic="a", headers=MappingProxyType({"x": "y"}))
    assert sent.message.headers == {"x": "y", "topic": "a"}


async def test_the_callers_headers_stay_as_they_are(stepper: Stepper):
    headers = {"x": "y"}
    await stepper.send("tasks", topic="a", headers=headers)
    assert headers == {"x": "y"}


async def test_no_headers_and_empty_headers_are_two_things(stepper: Stepper):
    assert (await stepper.send("tasks")).message.headers is None
    assert (await stepper.send("tasks", headers={})).message.headers == {}


async def test_a_topic_that_differs_from_the_header_is_refused(stepper: Stepper):
    with pytest.raises(InvalidMessageError, match=r"topic='a' and headers\['topic'\]='b' differ"):
        await stepper.send("tasks", topic="a", headers={"topic": "b"})


async def test_a_topic_that_repeats_the_header_is_fine(stepper: Stepper):
    assert (await stepper.send("tasks", topic="a", headers={"topic": "a"})).message.headers == {"topic": "a"}


async def test_an_operation_names_the_channel(stepper: Stepper):
    stepper.app.messages.register_operation(operation_id="do_it", channel="tasks")
    assert (await stepper.send(operation_id="do_it")).message.channel == "tasks"


async def test_an_unknown_operation_names_the_nearest(stepper: Stepper):
    stepper.app.messages.register_operation(operation_id="do_it", channel="tasks")
    with pytest.raises(UnknownNameError, match=r"Did you mean 'do_it'\?"):
        await stepper.send(operation_id="doit")


@pytest.mark.parametrize("destination", [{}, {"channel": "tasks", "operation_id": "do_it"}])
async def test_both_or_neither_of_channel_and_operation_are_refused(stepper: Stepper, destination):
    with pytest.raises(DestinationError):
        await stepper.send(**destination)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"headers": {"n": 1}}, "header 'n' must be a str, not int"),
        ({"headers": {1: "n"}}, "Header names must be str"),
        ({"headers": ["topic"]}, "headers must be a dict of str to str, not list"),
        ({"topic": 3}, "header 'topic' must be a str, not int"),
        ({"priority": 10}, "from 0 .* to 9"),
        ({"priority": -1}, "from 0 .* to 9"),
        ({"priority": True}, "from 0 .* to 9"),
        ({"payload": {}, "content_type": "text/plain"}, "content_type goes with a payload of bytes"),
        ({"channel": 3}, "channel must be a str, not int"),
    ],
)
async def test_what_no_queue_could_carry_is_refused_and_nothing_is_sent(stepper: Stepper, how, says):
    with pytest.raises(InvalidMessageError, match=says):
        await stepper.send(**{"channel": "tasks", **how})
    assert not sum(queue.waiting for queue in stepper.queues.values())


async def test_a_payload_without_a_json_form_says_where_in_it(stepper: Stepper):
    with pytest.raises(SerializationError, match=r"payload\['a'\]\[1\] is an object"):
        await stepper.send("tasks", {"a": [1, object()]})


async def test_producer_middleware_runs():
    async def stamp(call_next, channel, message, parameters):
        return await call_next(channel, replace(message, headers={"stamp": "yes"}), parameters)

    async with Stepper(app_of(router_of(nothing), producer_middlewares=[stamp])) as stepper:
        assert (await stepper.send("tasks")).message.headers == {"stamp": "yes"}


async def test_what_producer_middleware_keeps_back_was_not_sent():
    async def keep_back(call_next, channel, message, parameters):
        return None

    async with Stepper(app_of(router_of(nothing), producer_middlewares=[keep_back])) as stepper:
        assert await stepper.send("tasks") is None
        assert not stepper.queues.get("tasks")


async def test_what_producer_middleware_sends_beside_it_is_not_what_was_sent():
    async def audit(call_next, channel, message, parameters):
        await call_next("audit", message, {"message_id": "a1"})
        await call_next(channel, message, parameters)
        await call_next("audit", message, None)

    async with Stepper(app_of(router_of(nothing), producer_middlewares=[audit])) as stepper:
        sent = await stepper.send("tasks")
    assert (sent.message.channel, sent.message.id) == ("tasks", "m1")


async def test_what_was_sent_has_the_id_that_producer_middleware_left_it():
    async def rename(call_next, channel, message, parameters):
        await call_next(channel, message, {"message_id": "renamed"})

    async with Stepper(app_of(router_of(nothing), producer_middlewares=[rename])) as stepper:
        sent = await stepper.send("tasks")
        assert sent.message == stepper.queues["tasks"].ready[0]


async def test_what_somebody_else_sends_meanwhile_was_not_sent():
    keeping, go_on = asyncio.Event(), asyncio.Event()

    async def keep_back(call_next, channel, message, parameters):
        keeping.set()
        await go_on.wait()

    async with Stepper(app_of(router_of(nothing), producer_middlewares=[keep_back])) as stepper:
        sending = asyncio.create_task(stepper.send("tasks"))
        await keeping.wait()
        stepper.server.publish_nowait("tasks", b"somebody else's")
        go_on.set()
        assert await sending is None


async def test_a_stepper_sends_nothing_to_a_server_that_took_the_place_of_its_own(stepper: Stepper):
    server = InMemoryServer()
    stepper.app.servers.register_server("default", server, is_default=True)
    async with server.connection():
        with pytest.raises(SteppingError, match=r"Make a new one: stepper = Stepper\(app\)"):
            await stepper.send("tasks")
    assert not server.snapshot().channels
