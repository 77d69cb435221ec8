"""Replies: where they go, what they carry, and how they settle the message."""

import asyncio

import pytest
from differential.harness import Bench, same


def replying(lib, log, how, **options):
    router = lib.Router(channel="tasks")

    @router.actor(**options)
    async def job(message: lib.Message):
        await how(message)
        log("ran", message.action, message.is_acted_on)

    return router


REPLIES = {
    "to where the message says": lambda message: message.reply(payload=b"answer"),
    "to a channel": lambda message: message.reply(payload=b"answer", channel="other"),
    "with everything": lambda message: message.reply(
        payload=b"answer", headers={"a": "b"}, content_type="x/y", server_specific_parameters={"message_id": "i"}
    ),
    "as JSON": lambda message: message.reply_json(payload={"ok": True}, headers={"a": "b"}),
    "as JSON to a channel": lambda message: message.reply_json(payload=[1], channel="other"),
    "as JSON of its own": lambda message: message.reply_json(payload=[1], serializer=lambda data: b"own"),
    "of what has no JSON": lambda message: message.reply_json(payload=object()),
}


@same
@pytest.mark.parametrize("name", REPLIES)
@pytest.mark.parametrize("reply_to", ["answers", None])
@pytest.mark.parametrize("native", [True, False], ids=["native", "published"])
async def test_a_reply_goes_out_and_settles_the_message(lib, log, name, reply_to, native):
    bench = Bench(lib, log, replying(lib, log, REPLIES[name]))
    if not native:
        make_plain(lib, bench)
    async with bench:
        await bench.deliver(b"question", topic="job", reply_to=reply_to)
        await bench.left("answers", "other", "tasks")


def make_plain(lib, bench):
    """Give the app a server that cannot reply by itself."""

    class Plain(lib.InMemoryServer):
        @property
        def capabilities(self):
            return {**super().capabilities, "supports_native_reply": False}

    bench.server = Plain()
    bench.app.servers.register_server("plain", bench.server, is_default=True)


@same
@pytest.mark.parametrize("native", [True, False], ids=["native", "published"])
@pytest.mark.parametrize("mode", ["auto", "always_ack", "ack_first", "manual", "manual_explicit"])
async def test_a_reply_counts_as_settled_in_every_mode(lib, log, mode, native):
    async def how(message):
        await message.reply(payload=b"answer")

    bench = Bench(lib, log, replying(lib, log, how, confirmation_mode=mode))
    if not native:
        make_plain(lib, bench)
    async with bench:
        await bench.deliver(topic="job", reply_to="answers")
        await bench.left("answers")


@same
async def test_only_the_first_reply_counts(lib, log):
    async def how(message):
        await message.reply(payload=b"one")
        await message.reply(payload=b"two")
        await message.reply(payload=b"three", channel="other")

    async with Bench(lib, log, replying(lib, log, how)) as bench:
        await bench.deliver(topic="job", reply_to="answers")
        await bench.left("answers", "other")


@same
async def test_a_reply_runs_through_an_actor_of_its_channel(lib, log):
    router = lib.Router(channel="questions")

    @router.actor
    async def ask(message: lib.Message):
        log("ran", "ask", message.payload)
        await message.reply_json(payload={"n": 1}, headers={"topic": "answer"})

    @router.actor(channel="answers")
    async def answer(n: int, message: lib.Message):
        log("ran", "answer", n, message.reply_to, message.content_type)

    async with Bench(lib, log, router) as bench:
        await bench.send(channel="questions", topic="ask", reply_to="answers")
        await bench.work(2)


@same
async def test_the_apps_serializer_writes_replies_and_messages_of_actors(lib, log):
    async def how(message):
        await message.send_message_json(channel="other", payload=1)
        await message.reply_json(payload=2)

    router = replying(lib, log, how)
    async with Bench(lib, log, router, default_serializer=lambda data: f"<{data}>".encode()) as bench:
        await bench.deliver(topic="job", reply_to="answers")
        await bench.left("answers", "other")


class Keeping:
    """A server that wants to be told of long runs; its messages note it."""

    def __init__(self, server, log, interval, told):
        self._server, self._log, self._interval, self._told = server, log, interval, told

    def __getattr__(self, name):
        return getattr(self._server, name)

    @property
    def capabilities(self):
        return {**self._server.capabilities, "supports_keep_alive": self._interval != "unsupported"}

    async def subscribe(self, *, channels_to_callbacks, **options):
        def wrapped(callback):
            return lambda message: callback(Kept(message, self._log, self._interval, self._told))

        callbacks = {channel: wrapped(callback) for channel, callback in channels_to_callbacks.items()}
        return await self._server.subscribe(channels_to_callbacks=callbacks, **options)


class Kept:
    def __init__(self, message, log, interval, told):
        self._message, self._log, self._interval, self._told = message, log, interval, told

    def __getattr__(self, name):
        return getattr(self._message, name)

    @property
    def keep_alive_interval(self):
        return None if self._interval == "unsupported" else self._interval

    async def keep_alive(self):
        if not self._told.is_set():
            self._log("kept alive")
            self._told.set()
            raise ConnectionError("and this must not end the run")


@same
@pytest.mark.parametrize(
    ("interval", "keep_alive"),
    [(0.001, True), (0.001, None), (60, 0.001), (None, 0.001)],
)
@pytest.mark.parametrize("place", ["actor", "router"])
async def test_a_long_run_tells_the_server_that_it_goes_on(lib, log, interval, keep_alive, place):
    told = asyncio.Event()
    router = lib.Router(channel="tasks", **({"keep_alive": keep_alive} if place == "router" else {}))

    @router.actor(**({"keep_alive": keep_alive} if place == "actor" else {}))
    async def job():
        await asyncio.wait_for(told.wait(), 60)
        log("ran")

    bench = Bench(lib, log, router)
    bench.app.servers.register_server("keeping", Keeping(bench.server, log, interval, told), is_default=True)
    async with bench:
        await bench.deliver(topic="job")


@same
@pytest.mark.parametrize(
    ("interval", "keep_alive"),
    [(0.001, False), (None, True), ("unsupported", 0.001)],
)
async def test_a_server_that_wants_no_word_gets_none(lib, log, interval, keep_alive):
    told = asyncio.Event()
    router = lib.Router(channel="tasks")

    @router.actor(keep_alive=keep_alive)
    async def job():
        await asyncio.sleep(0.005)
        log("ran", told.is_set())

    bench = Bench(lib, log, router)
    bench.app.servers.register_server("keeping", Keeping(bench.server, log, interval, told), is_default=True)
    async with bench:
        await bench.deliver(topic="job")
