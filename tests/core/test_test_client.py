"""The test client: what it runs, what it queues, what it remembers, and what it raises."""

import asyncio
import re
from datetime import datetime
from typing import Annotated, Any

import pytest

from repid_nb.app import Repid
from repid_nb.core.arguments.actor_message import Message
from repid_nb.core.arguments.dependencies import Depends
from repid_nb.core.errors import (
    ActorTimeoutError,
    DestinationError,
    InvalidMessageError,
    SerializationError,
    UnknownNameError,
    UnroutedError,
)
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import MessageAction
from repid_nb.core.routing.router import Router
from repid_nb.core.routing.strategies import catch_all_routing_strategy
from repid_nb.test_client import TestClient, TestMessage


def client_of(*functions, app: Repid | None = None, router: Router | None = None, **options) -> TestClient:
    """Return a client whose app has an actor for each function."""
    app = app or Repid()
    router = router or Router(channel="tasks")
    for function in functions:
        router.actor(function)
    app.include_router(router)
    return TestClient(app, **options)


async def send(client: TestClient, topic: str, payload: Any = None, **options) -> TestMessage:
    """Send a message and return it as the client remembers it."""
    earlier = len(client.get_sent_messages())
    await client.send_message_json(channel="tasks", payload=payload or {}, headers={"topic": topic}, **options)
    return client.get_sent_messages()[earlier]


async def test_a_message_reads_as_one_short_line_when_it_is_printed():
    message = await send(client_of(double), "double", {"n": 21})
    assert repr(message) == (
        f"<message {message.message_id} on 'tasks', headers {{'topic': 'double'}}, 8 bytes of payload>"
    )


async def double(n: int = 1) -> int:
    return n * 2


async def fail():
    raise LookupError("asked to")


async def forward(message: Message):
    await message.send_message_json(channel="tasks", payload={"n": 5}, headers={"topic": "double"})


async def answer(message: Message):
    await message.reply_json(payload={"n": 6}, headers={"topic": "double"}, channel="tasks")


async def test_a_message_runs_as_soon_as_it_is_sent():
    message = await send(client_of(double), "double", {"n": 21})
    assert message.result == 42
    assert message.success
    assert message.acked
    assert message.action is MessageAction.acked
    assert message.exception is None


async def test_no_server_is_needed_and_a_registered_one_is_left_alone():
    client = client_of(double)
    server = InMemoryServer()
    client.app.servers.register_server("default", server)
    await send(client, "double", server_name="no such server")
    assert len(server.snapshot()) == 0


async def test_an_actors_error_comes_out_and_is_remembered():
    client = client_of(fail)
    with pytest.raises(LookupError, match="asked to"):
        await send(client, "fail")
    (message,) = client.get_processed_messages()
    assert isinstance(message.exception, LookupError)
    assert message.nacked
    assert not message.success


async def test_an_actors_error_is_only_remembered_when_asked():
    message = await send(client_of(fail, raise_on_actor_error=False), "fail")
    assert isinstance(message.exception, LookupError)


async def test_an_actor_that_cancels_itself_raises_that_and_leaves_the_message_open():
    async def give_up():
        raise asyncio.CancelledError

    message = await send(client_of(give_up, raise_on_actor_error=False), "give_up")
    assert isinstance(message.exception, asyncio.CancelledError)
    assert not message.is_acted_on


async def test_a_cancelled_test_is_cancelled_and_the_message_counts_as_unprocessed():
    started = asyncio.Event()

    async def wait():
        started.set()
        await asyncio.Event().wait()

    client = client_of(wait, raise_on_actor_error=False)
    sending = asyncio.create_task(send(client, "wait"))
    await started.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert client.get_processed_messages() == []


async def test_the_timeout_counts_here_too():
    router = Router(channel="tasks", timeout=0.001)

    async def wait():
        await asyncio.Event().wait()

    with pytest.raises(ActorTimeoutError):
        await send(client_of(wait, router=router), "wait")


async def test_a_message_that_nobody_wants_is_refused_with_what_was_asked_for():
    client = client_of(double)
    with pytest.raises(UnroutedError, match=re.escape("No actor found for channel 'tasks'")) as caught:
        await send(client, "triple")
    assert "'triple'" in str(caught.value)
    assert isinstance(caught.value, ValueError)
    (message,) = client.get_sent_messages()
    assert (message.success, message.is_acted_on) == (False, False)
    assert client.get_processed_messages() == []


async def test_the_channel_in_a_refusal_is_written_out():
    client = client_of(double)
    with pytest.raises(UnroutedError, match=re.escape(r"channel 'ta\x1bsks'")):
        await client.send_message(channel="ta\x1bsks", payload=b"")


async def test_a_message_that_nobody_wants_is_only_remembered_when_asked():
    client = client_of(double, raise_on_actor_not_found=False)
    message = await send(client, "triple")
    assert not message.success
    assert client.get_processed_messages() == []


async def test_what_an_actor_sends_waits_until_it_is_processed():
    client = client_of(forward, double)
    await send(client, "forward")
    assert [message.payload for message in client.get_sent_messages()] == [b"{}", b'{"n":5}']
    assert len(client.get_processed_messages()) == 1
    message = await client.process_next()
    assert message is client.get_sent_messages()[1]
    assert message.result == 10
    assert await client.process_next() is None


async def test_a_reply_waits_and_carries_the_first_operation_of_its_channel():
    client = client_of(answer, double)
    client.messages.register_operation(operation_id="elsewhere", channel="other")
    client.messages.register_operation(operation_id="first", channel="tasks")
    client.messages.register_operation(operation_id="second", channel="tasks")
    message = await send(client, "answer")
    assert message.action is MessageAction.replied
    assert message.replies[0][0] == "tasks"
    (reply,) = await client.process_all()
    assert reply.operation_id == "first"
    assert reply.result == 12


async def test_what_an_actor_replied_before_it_failed_is_queued_too():
    async def answer_and_fail(message: Message):
        await answer(message)
        raise LookupError

    client = client_of(answer_and_fail, double)
    with pytest.raises(LookupError):
        await send(client, "answer_and_fail")
    assert [message.result for message in await client.process_all()] == [12]


async def test_a_reply_to_nowhere_fails_the_run():
    async def reply(message: Message):
        await message.reply(payload=b"")

    with pytest.raises(DestinationError, match="Reply channel is not set"):
        await send(client_of(reply), "reply")


async def test_a_reply_that_is_not_bytes_fails_the_run_as_it_would_on_a_server():
    async def reply(message: Message):
        await message.reply(payload="text", channel="tasks")

    client = client_of(reply, raise_on_actor_error=False)
    message = await send(client, "reply")
    assert isinstance(message.exception, InvalidMessageError)
    assert message.nacked
    assert message.replies == []


async def test_what_an_actor_sends_must_be_bytes_as_on_a_server():
    async def forward_text(message: Message):
        await message.send_message(channel="tasks", payload="text")

    client = client_of(forward_text, raise_on_actor_error=False)
    message = await send(client, "forward_text")
    assert isinstance(message.exception, InvalidMessageError)
    assert client.get_sent_messages() == [message]


async def test_messages_wait_when_asked_to_and_run_in_order():
    client = client_of(double, forward, auto_process=False)
    for number in (1, 2):
        await send(client, "double", {"n": number})
    await send(client, "forward")
    assert client.get_processed_messages() == []
    assert [message.result for message in await client.process_all()] == [2, 4, None, 10]
    assert await client.process_all() == []


async def test_process_all_stops_at_an_error_and_goes_on_when_called_again():
    client = client_of(double, fail, auto_process=False)
    for topic in ("fail", "double"):
        await send(client, topic)
    with pytest.raises(LookupError):
        await client.process_all()
    assert [message.result for message in await client.process_all()] == [2]


async def test_a_rejected_message_is_not_queued_again():
    async def reject(message: Message):
        await message.reject()

    client = client_of(reject)
    assert (await send(client, "reject")).rejected
    assert await client.process_next() is None


async def test_messages_are_found_by_operation_before_channel():
    client = client_of(double, auto_process=False)
    client.messages.register_operation(operation_id="op", channel="tasks")
    await client.send_message(operation_id="op", payload=b"{}", headers={"topic": "double"})
    await client.send_message(channel="other", payload=b"{}")
    assert len(client.get_sent_messages()) == 2
    assert [message.channel for message in client.get_sent_messages(channel="other")] == ["other"]
    assert [message.channel for message in client.get_sent_messages(operation_id="op", channel="other")] == ["tasks"]
    await client.process_next()
    assert len(client.get_processed_messages(operation_id="op")) == 1
    assert client.get_processed_messages(channel="other") == []


async def test_leaving_the_client_forgets_everything():
    async with client_of(double, forward) as client:
        await send(client, "forward")
    assert client.get_sent_messages() == []
    assert client.get_processed_messages() == []
    assert await client.process_next() is None


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ({}, DestinationError),
        ({"channel": "tasks", "operation_id": "op"}, DestinationError),
        ({"operation_id": "unknown"}, UnknownNameError),
        ({"channel": 7}, InvalidMessageError),
    ],
)
async def test_a_wrong_destination_is_refused(where, error):
    client = client_of(double)
    with pytest.raises(error):
        await client.send_message(payload=b"", **where)
    assert client.get_sent_messages() == []


async def test_an_unknown_operation_is_left_out_when_asked_but_a_second_destination_is_still_refused():
    client = client_of(double, raise_on_operation_not_found=False)
    await client.send_message(operation_id="unknown", payload=b"")
    assert client.get_sent_messages() == []
    with pytest.raises(DestinationError):
        await client.send_message(operation_id="unknown", channel="tasks", payload=b"")


async def test_a_payload_that_is_not_bytes_is_refused():
    with pytest.raises(InvalidMessageError, match=re.escape("payload.encode()")):
        await client_of(double).send_message(channel="tasks", payload="text")


async def test_a_payload_without_a_json_form_is_refused():
    with pytest.raises(SerializationError):
        await client_of(double).send_message_json(channel="tasks", payload=object())


async def test_the_apps_serializer_writes_unless_the_call_has_one():
    client = client_of(double, app=Repid(default_serializer=lambda _: b'{"n": 10}'))
    assert (await send(client, "double")).result == 20
    assert (await send(client, "double", serializer=lambda _: b'{"n": 11}')).result == 22


async def test_an_overridden_dependency_is_used():
    database = Depends(lambda: "real")

    async def query(db: Annotated[str, database]):
        return db

    client = client_of(query)
    database.override(lambda: "fake")
    assert (await send(client, "query")).result == "fake"


async def test_the_apps_middleware_runs_around_sending_and_around_the_actor():
    seen = []

    async def producing(call_next, channel, message, parameters):
        seen.append(("sent", channel, parameters))
        await call_next(channel, message, parameters)

    async def acting(call_next, message, actor):
        result = await call_next(message, actor)
        seen.append((actor.name, message.action))
        return ("wrapped", result)

    app = Repid(producer_middlewares=[producing], actor_middlewares=[acting])
    message = await send(client_of(double, app=app), "double", server_specific_parameters={"priority": 9})
    assert seen == [("sent", "tasks", {"priority": 9}), ("double", MessageAction.acked)]
    assert message.result == ("wrapped", 2)


async def test_the_first_matching_actor_wins_as_in_a_worker():
    router = Router(channel="tasks")
    router.actor(routing_strategy=catch_all_routing_strategy)(fail)
    client = client_of(double, router=router)
    with pytest.raises(LookupError):
        await send(client, "double")


async def test_a_strategy_that_raises_fails_the_call():
    router = Router(channel="tasks")
    router.actor(routing_strategy=lambda *, actor_name: lambda message: 1 / 0)(double)
    client = client_of(router=router)
    with pytest.raises(ZeroDivisionError):
        await send(client, "double")


async def test_the_last_settlement_counts():
    async def settle(message: Message):
        await message.nack()
        await message.reject()

    assert (await send(client_of(settle), "settle")).rejected


def test_a_message_knows_when_it_was_sent_and_has_an_id_of_its_own():
    before = datetime.now()  # noqa: DTZ005  (as the message's)
    first, second = (TestMessage(None, b"", None, None, "tasks") for _ in range(2))
    assert first.message_id != second.message_id
    assert before <= first.timestamp <= second.timestamp
