"""The test client, which runs an app's actors without a server."""

import pytest
from differential.harness import Log, attempt, same


def an_app(lib, log: Log, **options):  # noqa: C901  (one short actor a case)
    """An app with actors that return, fail, send on, reply and settle."""
    app = lib.Repid(**options)
    router = lib.Router(channel="tasks")

    @router.actor
    async def good(n: int = 0):
        log("ran", "good", n)
        return n * 2

    @router.actor
    async def bad():
        raise LookupError("asked to")

    @router.actor
    async def sending(message: lib.Message):
        await message.send_message_json(channel="tasks", payload={"n": 5}, headers={"topic": "good"})
        return "sent"

    @router.actor
    async def replying(message: lib.Message):
        await message.reply_json(payload={"n": 6}, headers={"topic": "good"}, channel="tasks")

    @router.actor
    async def replying_without_channel(message: lib.Message):
        await message.reply(payload=b"")

    @router.actor
    async def replying_and_failing(message: lib.Message):
        await message.reply(payload=b"{}", headers={"topic": "good"}, channel="tasks")
        raise LookupError("after the reply")

    @router.actor(confirmation_mode="manual")
    async def rejecting(message: lib.Message):
        await message.reject()

    @router.actor(confirmation_mode="manual")
    async def settling_twice(message: lib.Message):
        await message.nack()
        await message.ack()

    @router.actor(confirmation_mode="manual")
    async def settling_not(message: lib.Message):
        log("seen", message.channel, message.payload, message.headers, message.content_type, message.reply_to)

    @router.actor(on_error="reject")
    async def bad_and_rejected():
        raise LookupError("asked to")

    app.include_router(router)
    app.messages.register_operation(operation_id="op", channel="tasks")
    app.messages.register_operation(operation_id="op 2", channel="tasks")
    return app


def note(log, word, message):
    if message is None:
        log(word, None)
        return
    log(
        word,
        [message.operation_id, message.channel, message.payload, message.headers, message.content_type],
        [message.reply_to, message.action, message.acked, message.nacked, message.rejected, message.is_acted_on],
        [message.success, message.result, message.keep_alive_interval],
    )
    if message.exception is not None:
        log(f"{word} with", message.exception)


def note_all(log, client):
    for message in client.get_sent_messages():
        note(log, "was sent", message)
    for message in client.get_processed_messages():
        note(log, "was processed", message)


TOPICS = [
    "good",
    "bad",
    "sending",
    "replying",
    "replying_without_channel",
    "replying_and_failing",
    "rejecting",
    "settling_twice",
    "settling_not",
    "bad_and_rejected",
    "nobody",
]


@same
@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("strict", [True, False])
async def test_a_message_is_processed_as_it_is_sent(lib, log, topic, strict):
    options = {} if strict else {"raise_on_actor_error": False, "raise_on_actor_not_found": False}
    async with lib.TestClient(an_app(lib, log), **options) as client:
        await attempt(
            log, "sent", client.send_message_json(channel="tasks", payload={"n": 1}, headers={"topic": topic})
        )
        note_all(log, client)
        for message in await client.process_all():
            note(log, "came after", message)
        note_all(log, client)


@same
@pytest.mark.parametrize("topic", TOPICS)
async def test_a_message_waits_when_asked_to(lib, log, topic):
    client = lib.TestClient(an_app(lib, log), auto_process=False, raise_on_actor_error=False)
    await client.send_message(operation_id="op 2", payload=b"{}", headers={"topic": topic}, content_type=None)
    await client.send_message_json(channel="tasks", payload={"n": 9}, headers={"topic": "good"})
    note_all(log, client)
    await attempt_noting(log, client)
    await attempt_noting(log, client)
    await attempt_noting(log, client)
    await attempt_noting(log, client)


async def attempt_noting(log, client):
    try:
        note(log, "next", await client.process_next())
    except Exception as error:
        log("next", error)


@same
@pytest.mark.parametrize("strict", [True, False])
async def test_process_all_stops_at_an_error_when_it_raises(lib, log, strict):
    client = lib.TestClient(an_app(lib, log), auto_process=False, raise_on_actor_error=strict)
    for topic in ("good", "bad", "sending"):
        await client.send_message_json(channel="tasks", payload={}, headers={"topic": topic})
    for _ in range(2):
        try:
            for message in await client.process_all():
                note(log, "processed", message)
        except LookupError as error:
            log("stopped", error)
    note_all(log, client)


@same
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("method", ["send_message", "send_message_json"])
async def test_an_unknown_operation_is_refused_or_left_out(lib, log, method, strict):
    client = lib.TestClient(an_app(lib, log), raise_on_operation_not_found=strict)
    send = getattr(client, method)
    await attempt(log, "unknown", send(operation_id="unknown", payload=b"" if method == "send_message" else 1))
    await attempt(
        log, "both", send(operation_id="unknown", channel="x", payload=b"" if method == "send_message" else 1)
    )
    await attempt(log, "neither", send(payload=b"" if method == "send_message" else 1))
    note_all(log, client)


@same
async def test_messages_are_found_by_operation_and_channel(lib, log):
    client = lib.TestClient(an_app(lib, log), auto_process=False)
    await client.send_message(operation_id="op", payload=b"{}", headers={"topic": "good"})
    await client.send_message(channel="tasks", payload=b"{}", headers={"topic": "good"})
    await client.send_message(channel="elsewhere", payload=b"{}")
    await client.process_next()
    for find in (client.get_sent_messages, client.get_processed_messages):
        log("all", len(find()))
        for channel in ("tasks", "elsewhere", "nowhere"):
            log(channel, len(find(channel=channel)))
        for operation_id in ("op", "op 2"):
            log(operation_id, len(find(operation_id=operation_id)))
        log("both", len(find(operation_id="op", channel="elsewhere")))


@same
async def test_what_was_found_is_a_copy(lib, log):
    client = lib.TestClient(an_app(lib, log))
    await client.send_message(channel="tasks", payload=b"{}", headers={"topic": "good"})
    client.get_sent_messages().clear()
    client.get_processed_messages().clear()
    log("kept", len(client.get_sent_messages()), len(client.get_processed_messages()))
    log("the same", client.get_sent_messages()[0] is client.get_processed_messages()[0])


@same
async def test_leaving_the_client_clears_it(lib, log):
    client = lib.TestClient(an_app(lib, log), auto_process=False)
    async with client as entered:
        log("itself", entered is client, client.messages is client.app.messages)
        await client.send_message(channel="tasks", payload=b"{}", headers={"topic": "good"})
    note_all(log, client)
    note(log, "next", await client.process_next())
    log("all", await client.process_all())


@same
@pytest.mark.parametrize("auto_process", [True, False])
async def test_middleware_runs_around_the_client_too(lib, log, auto_process):
    async def producing(call_next, channel, message, parameters):
        log("producing", channel, message.payload, parameters)
        try:
            result = await call_next(channel, message, parameters)
        except Exception as error:
            log("producing failed", error)
            raise
        log("produced", result)

    async def acting(call_next, message, actor):
        log("acting", actor.name, type(message).__name__, message.action)
        result = await call_next(message, actor)
        log("acted", result, message.action)
        return ("wrapped", result)

    app = an_app(lib, log, producer_middlewares=[producing], actor_middlewares=[acting])
    client = lib.TestClient(app, auto_process=auto_process)
    for topic in ("sending", "bad"):
        sent = client.send_message(
            channel="tasks", payload=b"{}", headers={"topic": topic}, server_specific_parameters={"a": 1}
        )
        await attempt(log, "sent", sent)
    for _ in range(3):
        await attempt_noting(log, client)


@same
async def test_producer_middleware_may_change_what_the_client_sends(lib, log):
    async def changing(call_next, channel, message, parameters):
        changed = lib.MessageData(payload=b'{"n": 3}', headers={"topic": "good"}, reply_to="back")
        return await call_next("tasks", changed, parameters)

    client = lib.TestClient(an_app(lib, log, producer_middlewares=[changing]))
    await client.send_message(channel="elsewhere", payload=b"x")
    note_all(log, client)


@same
async def test_the_client_serializes_like_the_app(lib, log):
    app = an_app(lib, log, default_serializer=lambda data: b'{"n": 8}')
    client = lib.TestClient(app)
    await client.send_message_json(channel="tasks", payload=1, headers={"topic": "good"}, server_name="any")
    await client.send_message_json(
        channel="tasks", payload=1, headers={"topic": "good"}, serializer=lambda data: b'{"n": 7}'
    )
    note_all(log, client)


@same
async def test_a_bad_payload_fails_the_call(lib, log):
    client = lib.TestClient(an_app(lib, log))
    for payload in (b'{"n": "x"}', b"no json"):
        await attempt(log, "sent", client.send_message(channel="tasks", payload=payload, headers={"topic": "good"}))
    note_all(log, client)


@same
async def test_a_router_included_later_is_not_known(lib, log):
    app = lib.Repid()
    client = lib.TestClient(app)
    app.include_router(an_app_router(lib))
    await attempt(log, "sent", client.send_message(channel="tasks", payload=b"{}", headers={"topic": "late"}))
    await attempt(
        log, "sent", lib.TestClient(app).send_message(channel="tasks", payload=b"{}", headers={"topic": "late"})
    )


def an_app_router(lib):
    router = lib.Router(channel="tasks")

    @router.actor
    async def late():
        pass

    return router


@same
async def test_a_message_can_be_made_by_hand(lib, log):
    message = lib.TestMessage("op", b"{}", None, "application/json", "tasks", reply_to="back")
    note(log, "made", message)
    log("times", message.timestamp.tzinfo, isinstance(message.message_id, str))
    await message.keep_alive()
    for settle in (message.ack, message.nack, message.reject):
        await settle()
        note(log, "settled", message)
    await message.reply(payload=b"answer")
    note(log, "replied", message)
    await attempt(log, "replied to nowhere", lib.TestMessage(None, b"", None, None, "tasks").reply(payload=b""))
