"""Middleware: in which order it runs, and what it may do to what passes through."""

import pytest

from repid_nb.app import Repid
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.middleware import pipeline
from repid_nb.core.routing.router import Router


async def target(*arguments):
    return [f"target{arguments}"]


def around(name, log):
    async def middleware(call_next, *arguments):
        log.append(f"{name} in")
        result = await call_next(*arguments)
        log.append(f"{name} out")
        return [*result, name]

    return middleware


async def test_the_first_of_the_sequence_is_the_outermost():
    log = []
    result = await pipeline([around("outer", log), around("inner", log)]).around(target)(1, 2)
    assert log == ["outer in", "inner in", "inner out", "outer out"]
    assert result == ["target(1, 2)", "inner", "outer"]


@pytest.mark.parametrize("nothing", [[], ()])
async def test_without_middleware_the_target_itself_is_called(nothing):
    assert pipeline(nothing).around(target) is target


async def test_middleware_may_change_the_arguments():
    async def doubling(call_next, number):
        return await call_next(number * 2)

    assert await pipeline([doubling, doubling]).around(target)(3) == ["target(12,)"]


async def test_middleware_that_does_not_call_on_ends_it_there():
    called = []

    async def stopping(call_next, *arguments):
        return "stopped"

    async def never(*arguments):
        called.append(arguments)

    assert await pipeline([stopping]).around(never)(1) == "stopped"
    assert called == []


async def test_middleware_may_call_on_more_than_once():
    async def twice(call_next, number):
        return [*await call_next(number), *await call_next(number + 1)]

    assert await pipeline([twice]).around(target)(1) == ["target(1,)", "target(2,)"]


async def test_an_error_passes_outwards_and_may_be_swallowed_on_the_way():
    log = []

    async def broken(number):
        raise ZeroDivisionError

    async def swallowing(call_next, number):
        try:
            return await call_next(number)
        except ZeroDivisionError:
            return ["mended"]

    assert await pipeline([around("outer", log), swallowing]).around(broken)(1) == ["mended", "outer"]


async def test_a_plain_function_may_be_middleware_if_it_returns_what_it_called():
    def passing(call_next, number):
        return call_next(number + 1)

    def answering(call_next, number):
        return ["no call"]

    assert await pipeline([passing]).around(target)(1) == ["target(2,)"]
    assert await pipeline([answering]).around(target)(1) == ["no call"]


async def test_a_callable_object_may_be_middleware():
    class Counting:
        calls = 0

        async def __call__(self, call_next, number):
            self.calls += 1
            return await call_next(number)

    counting = Counting()
    composed = pipeline([counting]).around(target)
    await composed(1)
    await composed(1)
    assert counting.calls == 2


async def test_arguments_may_be_passed_on_by_name():
    async def naming(call_next, channel, message):
        return await call_next(message=message, channel=channel)

    async def publish(channel, message):
        return channel, message

    assert await pipeline([naming, naming]).around(publish)("tasks", "hello") == ("tasks", "hello")


async def test_each_actor_stays_inside_its_own_middleware_with_one_worker_for_all_of_them():
    app, router, log = Repid(), Router(channel="tasks"), []
    app.servers.register_server("default", InMemoryServer(), is_default=True)

    @router.actor(middlewares=[around("first", log)])
    async def inside_first():
        return ["ran"]

    @router.actor(middlewares=[around("second", log), around("third", log)])
    async def inside_second():
        return ["ran"]

    @router.actor
    async def inside_nothing():
        log.append("ran")

    app.include_router(router)
    async with app.servers.default.connection():
        for topic in ("inside_first", "inside_first", "inside_second", "inside_nothing", "inside_first"):
            await app.send_message_json(channel="tasks", payload={}, headers={"topic": topic})
        await app.run_worker(messages_limit=5, tasks_limit=1, register_signals=[])
    first = ["first in", "first out"]
    second = ["second in", "third in", "third out", "second out"]
    assert log == [*first, *first, *second, "ran", *first]
