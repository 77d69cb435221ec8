"""Sending: what arrives, and what is refused."""

import datetime as dt
import decimal
import uuid
from dataclasses import dataclass

import pytest
from differential.harness import Bench, attempt, same
from pydantic import BaseModel


class Order(BaseModel):
    number: int
    when: dt.date = dt.date(2026, 1, 2)


@dataclass
class Point:
    x: int
    y: decimal.Decimal


def listening(lib, log, channel="tasks"):
    """A router with one actor that takes everything and notes the message."""
    router = lib.Router(channel=channel)

    @router.actor(routing_strategy=lib.catch_all_routing_strategy)
    async def listener(message: lib.Message):
        log("ran", message.channel, message.payload, message.headers, message.content_type, message.reply_to)

    return router


@same
@pytest.mark.parametrize(
    "options",
    [
        {"payload": b"Hello, world!", "content_type": "text/plain", "headers": {"topic": "my_actor"}},
        {"payload": b""},
        {"payload": b"\x00\xff", "headers": {}},
        {"payload": b"{}", "headers": {"a": "", "": "b"}, "content_type": ""},
    ],
    ids=["text", "empty", "binary", "odd headers"],
)
async def test_raw_bytes_arrive_as_they_were_sent(lib, log, options):
    async with Bench(lib, log, listening(lib, log)) as bench:
        await attempt(log, "sent", bench.app.send_message(channel="tasks", **options))
        await bench.work()
        await bench.left("tasks")


PAYLOADS = {
    "object": {"to": "user@example.com", "subject": "Welcome!"},
    "list": [1, 2, 3],
    "text": "only text",
    "number": 3.5,
    "big number": 2**70,
    "nothing": None,
    "truth": True,
    "not a number": float("nan"),
    "unicode": {"naïve": "☃"},
    "model": Order(number=1),
    "model inside": {"order": Order(number=1), "all": [Order(number=2)]},
    "dataclass": Point(1, decimal.Decimal("2.50")),
    "date and time": {"at": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "day": dt.date(1, 1, 1)},
    "duration": {"took": dt.timedelta(minutes=1, microseconds=5), "at": dt.time(1, 2)},
    "uuid": {"id": uuid.UUID(int=7)},
    "tuple": (1, (2,)),
    "number keys": {1: "one", 2.5: "two and a half", None: "none", False: "no"},
}


@same
@pytest.mark.parametrize("name", PAYLOADS)
async def test_json_arrives_as_the_same_bytes(lib, log, name):
    async with Bench(lib, log, listening(lib, log)) as bench:
        await attempt(log, "sent", bench.app.send_message_json(channel="tasks", payload=PAYLOADS[name]))
        await bench.work()


CIRCLE = []
CIRCLE.append(CIRCLE)
UNWRITABLE = {
    "object": object(),
    "set": {"of": {1}},
    "bytes": [b"x"],
    "tuple key": {(1, 2): 3},
    "circle": CIRCLE,
    "class": {"model": Order},
}


@same
@pytest.mark.parametrize("name", UNWRITABLE)
async def test_what_has_no_json_form_is_refused_and_nothing_is_sent(lib, log, name):
    async with Bench(lib, log) as bench:
        await attempt(log, "sent", bench.app.send_message_json(channel="tasks", payload=UNWRITABLE[name]))
        await bench.left("tasks")


WRONG_DESTINATIONS = {
    "neither": {},
    "both": {"channel": "tasks", "operation_id": "known"},
    "both, unknown": {"channel": "tasks", "operation_id": "unknown"},
    "unknown operation": {"operation_id": "unknown"},
    "unknown server": {"channel": "tasks", "server_name": "nowhere"},
}


@same
@pytest.mark.parametrize("method", ["send_message", "send_message_json"])
@pytest.mark.parametrize("name", WRONG_DESTINATIONS)
async def test_a_wrong_destination_is_refused_and_nothing_is_sent(lib, log, name, method):
    async with Bench(lib, log) as bench:
        bench.app.messages.register_operation(operation_id="known", channel="tasks")
        await attempt(
            log,
            "sent",
            getattr(bench.app, method)(payload=b"" if "json" not in method else {}, **WRONG_DESTINATIONS[name]),
        )
        await bench.left("tasks")


@same
async def test_without_a_server_nothing_can_be_sent(lib, log):
    await attempt(log, "sent", lib.Repid().send_message(channel="tasks", payload=b""))


@same
async def test_without_a_connection_nothing_can_be_sent(lib, log):
    await attempt(log, "sent", Bench(lib, log).app.send_message(channel="tasks", payload=b""))


@same
async def test_after_disconnecting_nothing_can_be_sent_and_the_queue_is_still_there(lib, log):
    bench = Bench(lib, log)
    async with bench:
        await bench.send(b"kept")
    await attempt(log, "sent", bench.app.send_message(channel="tasks", payload=b"late"))
    async with bench.server.connection() as server:
        log("same server", server is bench.server, server.is_connected)
        await bench.left("tasks")


@same
async def test_an_operation_names_the_channel(lib, log):
    async with Bench(lib, log, listening(lib, log, "mail")) as bench:
        bench.app.messages.register_operation(operation_id="welcome", channel=lib.Channel(address="mail"))
        await bench.app.send_message_json(operation_id="welcome", payload={"user_id": 123}, headers={"topic": "x"})
        await bench.work()


@same
async def test_the_serializer_of_the_call_goes_before_that_of_the_app(lib, log):
    async with Bench(lib, log, listening(lib, log), default_serializer=lambda data: f"app:{data}".encode()) as bench:
        await bench.app.send_message_json(channel="tasks", payload=1)
        await bench.work()
        await bench.app.send_message_json(channel="tasks", payload=1, serializer=lambda data: f"call:{data}".encode())
        await bench.work()


@same
async def test_a_serializer_that_fails_fails_the_call(lib, log):
    async with Bench(lib, log) as bench:
        await attempt(log, "sent", bench.app.send_message_json(channel="tasks", payload=1, serializer=lambda _: 1 / 0))
        await bench.left("tasks")


@same
async def test_the_message_id_can_be_given(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(message: lib.Message):
        log("ran", message.message_id)

    async with Bench(lib, log, router) as bench:
        options = {"channel": "tasks", "payload": b"", "headers": {"topic": "job"}}
        await bench.app.send_message(**options, server_specific_parameters={"message_id": "mine", "unknown": 1})
        await bench.work()


@same
async def test_a_server_is_chosen_by_name(lib, log):
    async with Bench(lib, log, listening(lib, log)) as bench:
        other = lib.InMemoryServer()
        bench.app.servers.register_server("other", other)
        async with other.connection():
            await bench.app.send_message(channel="tasks", payload=b"for the other", server_name="other")
            await bench.left("tasks")
            await bench.work(server_name="other")


@same
async def test_messages_wait_in_the_order_in_which_they_were_sent(lib, log):
    async with Bench(lib, log) as bench:
        for number in range(5):
            await bench.app.send_message_json(channel="tasks", payload=number)
        await bench.left("tasks")


@same
async def test_an_actor_sends_on(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(message: lib.Message):
        await message.send_message(channel="next", payload=b"raw", headers={"a": "b"}, content_type="text/plain")
        await message.send_message_json(channel="next", payload={"n": 1})
        await message.send_message_json(channel="next", payload={"n": 1}, serializer=lambda data: b"own")
        log("ran", message.action, message.is_acted_on)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")
        await bench.left("tasks", "next")


@same
@pytest.mark.parametrize("server_name", [None, "nowhere"])
@pytest.mark.parametrize("with_actor", [True, False])
async def test_a_worker_without_its_server_is_refused(lib, log, server_name, with_actor):
    app = lib.Repid()
    if with_actor:
        app.include_router(listening(lib, log))
    await attempt(log, "worked", app.run_worker(server_name=server_name, register_signals=[]))


@same
async def test_a_worker_without_a_connection_is_refused(lib, log):
    await attempt(log, "worked", Bench(lib, log, listening(lib, log)).app.run_worker(register_signals=[]))


@same
async def test_a_worker_without_actors_ends_at_once(lib, log):
    async with Bench(lib, log, lib.Router()) as bench:
        await bench.send(b"waits")
        await bench.work()
        await bench.left("tasks")
