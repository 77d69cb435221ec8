"""Middleware: around actors and around publishing; in which order, and what it can see and do."""

import pytest
from differential.harness import Bench, attempt, same


def around(log, name):
    """Middleware that notes what it sees before and after."""

    async def middleware(call_next, message, actor):
        log(f"{name} in", message.payload, message.action, actor.name)
        try:
            result = await call_next(message, actor)
        except BaseException as error:
            log(f"{name} raised", error, message.action)
            raise
        log(f"{name} out", result, message.action)
        return result

    return middleware


def job_router(lib, log, *, fails=False, **options):
    router = lib.Router(channel="tasks", **options.pop("router", {}))

    @router.actor(**options)
    async def job(message: lib.Message):
        log("ran", message.action)
        if fails:
            raise LookupError("asked to")
        return "result"

    return router


@same
@pytest.mark.parametrize("fails", [False, True])
async def test_middleware_runs_from_the_outside_in(lib, log, fails):
    inner = job_router(
        lib,
        log,
        fails=fails,
        middlewares=[around(log, "actor 1"), around(log, "actor 2")],
        router={"middlewares": [around(log, "router")]},
    )
    outer = lib.Router(middlewares=[around(log, "outer router")])
    outer.include_router(inner)
    async with Bench(lib, log, outer, actor_middlewares=[around(log, "app 1"), around(log, "app 2")]) as bench:
        await bench.deliver(topic="job")


@same
@pytest.mark.parametrize("mode", ["auto", "always_ack", "ack_first", "manual", "manual_explicit"])
@pytest.mark.parametrize("fails", [False, True])
async def test_after_the_call_middleware_sees_the_settlement(lib, log, mode, fails):
    router = job_router(lib, log, fails=fails, confirmation_mode=mode, middlewares=[around(log, "mw")])
    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
async def test_middleware_sees_a_bad_payload_as_an_error(lib, log):
    router = lib.Router(channel="tasks", middlewares=[around(log, "mw")])

    @router.actor
    async def job(n: int):
        log("ran", n)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"n": []}', topic="job")


@same
async def test_middleware_never_sees_a_message_that_nobody_wants(lib, log):
    async with Bench(lib, log, job_router(lib, log), actor_middlewares=[around(log, "mw")]) as bench:
        await bench.send(b"unwanted", topic="nobody")
        await bench.work_until_settled(10)


@same
@pytest.mark.parametrize("mode", ["auto", "always_ack", "ack_first", "manual"])
@pytest.mark.parametrize("does", ["returns", "raises", "acks", "rejects"])
async def test_middleware_that_does_not_call_on_decides_alone(lib, log, mode, does):
    runs = []

    async def stopping(call_next, message, actor):
        runs.append(message)
        log("stopped", message.payload)
        if does == "raises":
            raise PermissionError("no")
        if does == "acks" or len(runs) > 1:
            await message.ack()
        elif does == "rejects":
            await message.reject()
        return "instead"

    router = job_router(lib, log, confirmation_mode=mode, middlewares=[around(log, "outer"), stopping])
    async with Bench(lib, log, router) as bench:
        await bench.send(topic="job")
        await bench.work(2 if does == "rejects" and mode != "ack_first" else 1)


@same
@pytest.mark.parametrize("mode", ["auto", "manual"])
async def test_middleware_may_swallow_an_error_and_the_settlement_stays(lib, log, mode):
    async def swallowing(call_next, message, actor):
        try:
            return await call_next(message, actor)
        except LookupError:
            return "calm"

    router = job_router(lib, log, fails=True, confirmation_mode=mode, middlewares=[around(log, "outer"), swallowing])
    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
async def test_middleware_may_raise_after_a_good_run_and_the_settlement_stays(lib, log):
    async def late(call_next, message, actor):
        await call_next(message, actor)
        raise ArithmeticError("late")

    async with Bench(lib, log, job_router(lib, log, middlewares=[around(log, "outer"), late])) as bench:
        await bench.deliver(topic="job")


@same
async def test_middleware_may_change_the_result(lib, log):
    async def doubling(call_next, message, actor):
        return 2 * await call_next(message, actor)

    router = job_router(lib, log, middlewares=[around(log, "outer"), doubling])
    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
async def test_middleware_may_settle_before_the_actor_runs(lib, log):
    async def early(call_next, message, actor):
        await message.nack()
        return await call_next(message, actor)

    async with Bench(lib, log, job_router(lib, log, middlewares=[early])) as bench:
        await bench.deliver(topic="job")


@same
async def test_middleware_may_call_on_twice(lib, log):
    async def again(call_next, message, actor):
        await call_next(message, actor)
        return await call_next(message, actor)

    async with Bench(lib, log, job_router(lib, log, middlewares=[again])) as bench:
        await bench.deliver(topic="job")


@same
async def test_middleware_that_is_a_plain_function_is_called_as_it_is(lib, log):
    def plain(call_next, message, actor):
        log("plain", actor.name)
        return call_next(message, actor)

    def stopping(call_next, message, actor):
        return "no coroutine"

    router = job_router(lib, log, middlewares=[around(log, "outer"), plain, stopping])
    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
async def test_middleware_may_be_an_object(lib, log):
    class Counting:
        def __init__(self):
            self.count = 0

        async def __call__(self, call_next, message, actor):
            self.count += 1
            log("count", self.count)
            return await call_next(message, actor)

    async with Bench(lib, log, job_router(lib, log), actor_middlewares=[Counting()]) as bench:
        await bench.deliver(topic="job")
        await bench.deliver(topic="job")


@same
async def test_middleware_is_told_of_the_actor(lib, log):
    async def asking(call_next, message, actor):
        log(
            "actor",
            actor.name,
            actor.channel_address,
            actor.confirmation_mode,
            actor.on_error,
            actor.timeout,
            actor.keep_alive,
            actor.title,
            actor.summary,
            actor.description,
            actor.deprecated,
            actor.security,
            actor.tags,
            actor.bindings,
            actor.routing_strategy(message),
        )
        return await call_next(message, actor)

    router = lib.Router(channel="tasks", middlewares=[asking], timeout=7, keep_alive=False)

    @router.actor(title="T", security=[{"type": "x"}], tags=[], deprecated=True, on_error="ack")
    async def send_welcome_email():
        """Say hello."""

    @router.actor(name="other", summary="S", description="D", timeout=0, keep_alive=3.5)
    async def send():
        """Not shown."""

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="send_welcome_email")
        await bench.deliver(topic="other")


def publishing(log, name):
    """Producer middleware that notes what it sees."""

    async def middleware(call_next, channel, message, parameters):
        log(f"{name} in", channel, message.payload, message.headers, message.content_type, message.reply_to, parameters)
        result = await call_next(channel, message, parameters)
        log(f"{name} out", result)
        return result

    return middleware


@same
@pytest.mark.parametrize("parameters", [None, {"message_id": "x"}])
async def test_producer_middleware_runs_from_the_outside_in(lib, log, parameters):
    options = {"producer_middlewares": [publishing(log, "first"), publishing(log, "second")]}
    async with Bench(lib, log, **options) as bench:
        await bench.app.send_message_json(channel="tasks", payload=1, server_specific_parameters=parameters)
        bench.app.messages.register_operation(operation_id="op", channel="tasks")
        await bench.app.send_message(operation_id="op", payload=b"2", headers={"a": "b"})
        await bench.left()


@same
async def test_producer_middleware_may_change_everything(lib, log):
    async def changing(call_next, channel, message, parameters):
        changed = lib.MessageData(payload=message.payload.upper(), headers={"changed": "yes"}, reply_to="back")
        return await call_next("elsewhere", changed, {"message_id": "new"})

    async with Bench(lib, log, producer_middlewares=[changing, publishing(log, "inner")]) as bench:
        await bench.app.send_message(channel="tasks", payload=b"hello", content_type="text/plain")
        await bench.left("tasks", "elsewhere")


@same
async def test_producer_middleware_may_stop_a_message(lib, log):
    async def stopping(call_next, channel, message, parameters):
        return None

    async with Bench(lib, log, producer_middlewares=[stopping, publishing(log, "inner")]) as bench:
        await attempt(log, "sent", bench.app.send_message(channel="tasks", payload=b"hello"))
        await bench.left()


@same
async def test_producer_middleware_that_raises_fails_the_call(lib, log):
    async def refusing(call_next, channel, message, parameters):
        raise PermissionError("no")

    async with Bench(lib, log, producer_middlewares=[publishing(log, "outer"), refusing]) as bench:
        await attempt(log, "sent", bench.app.send_message(channel="tasks", payload=b"hello"))
        await bench.left()


@same
async def test_producer_middleware_sees_what_an_actor_sends_but_not_its_reply(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(message: lib.Message):
        await message.send_message(channel="next", payload=b"sent", server_specific_parameters={"a": 1})
        await message.send_message_json(channel="next", payload="sent")
        await message.reply(payload=b"replied", channel="next")

    async with Bench(lib, log, router, producer_middlewares=[publishing(log, "mw")]) as bench:
        await bench.deliver(topic="job")
        await bench.left("next")


@same
async def test_producer_middleware_sees_a_refused_destination_not_at_all(lib, log):
    async with Bench(lib, log, producer_middlewares=[publishing(log, "mw")]) as bench:
        await attempt(log, "sent", bench.app.send_message(operation_id="unknown", payload=b""))


@same
async def test_producer_middleware_sees_a_failing_publish(lib, log):
    async def watching(call_next, channel, message, parameters):
        try:
            await call_next(channel, message, parameters)
        except RuntimeError as error:
            log("seen", error)
            raise

    await attempt(
        log,
        "sent",
        Bench(lib, log, producer_middlewares=[watching]).app.send_message(channel="tasks", payload=b""),
    )
