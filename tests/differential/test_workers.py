"""Workers: how many messages, how many at once, in which order, and how they end."""

import asyncio
import os
import signal

import pytest
from differential.harness import Bench, attempt, same


@same
@pytest.mark.parametrize("count", [1, 2, 7, 40])
async def test_a_worker_ends_after_as_many_messages_as_it_was_told(lib, log, count):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(n: int):
        log("ran", n)

    async with Bench(lib, log, router) as bench:
        for number in range(count):
            await bench.send(b'{"n": %d}' % number, topic="job")
        await bench.work(count)
        await bench.left()
    log.in_any_order()


@same
async def test_messages_of_one_channel_start_in_order(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(n: int):
        log("ran", n)
        await asyncio.sleep(0)

    async with Bench(lib, log, router) as bench:
        for number in range(20):
            await bench.send(b'{"n": %d}' % number, topic="job")
        await bench.work(20)
    log.keep("ran")


@same
@pytest.mark.parametrize(("limit", "count"), [(10, 5), (3, 3), (1000, 30), (1, 1)])
async def test_as_many_run_at_once_as_tasks_limit_allows(lib, log, limit, count):
    router = lib.Router(channel="tasks")
    together = asyncio.Barrier(count)

    @router.actor
    async def job():
        await asyncio.wait_for(together.wait(), 60)
        log("ran")

    async with Bench(lib, log, router) as bench:
        for _ in range(count):
            await bench.send(topic="job")
        await bench.work(count, tasks_limit=limit)
    log.keep("ran", "processed")


@same
@pytest.mark.parametrize("limit", [0, -1])
@pytest.mark.parametrize("with_actor", [True, False])
async def test_a_tasks_limit_below_one_is_refused(lib, log, limit, with_actor):
    router = lib.Router(channel="tasks")
    if with_actor:
        router.actor(job)
    async with Bench(lib, log, router) as bench:
        await attempt(log, "worked", bench.app.run_worker(tasks_limit=limit, register_signals=[]))


async def job():
    pass


@same
async def test_failed_runs_count_as_processed(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def failing():
        raise ArithmeticError

    async with Bench(lib, log, router) as bench:
        await bench.send(topic="failing")
        await bench.send(b'["bad"]', topic="failing")
        await bench.work(2)
    log.in_any_order()


@same
async def test_a_worker_listens_on_every_channel(lib, log):
    router = lib.Router()
    for channel in "abc":

        @router.actor(channel=channel, name="job")
        async def job(message: lib.Message):
            log("ran", message.channel, message.payload)

    async with Bench(lib, log, router) as bench:
        for number in range(6):
            await bench.send(str(number).encode(), channel="abc"[number % 3], topic="job")
        await bench.work(6)
    log.in_any_order()


@same
async def test_messages_that_come_while_it_runs_are_taken_too(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(message: lib.Message, n: int):
        log("ran", n)
        if n:
            await message.send_message_json(channel="tasks", payload={"n": n - 1}, headers={"topic": "job"})

    async with Bench(lib, log, router) as bench:
        await bench.send(b'{"n": 3}', topic="job")
        await bench.work(4)
        await bench.left()


@same
async def test_one_worker_after_the_other(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(n: int):
        log("ran", n)

    async with Bench(lib, log, router) as bench:
        for number in range(4):
            await bench.deliver(b'{"n": %d}' % number, topic="job")


@same
async def test_a_base_exception_of_an_actors_own_ends_that_run_and_no_other(lib, log):
    class Halt(BaseException):
        pass

    router = lib.Router(channel="tasks")

    @router.actor
    async def job(n: int):
        log("ran", n)
        if n == 1:
            raise Halt

    async with Bench(lib, log, router) as bench:
        for number in range(4):
            await bench.send(b'{"n": %d}' % number, topic="job")
        await bench.work(4)
    log.in_any_order()


@same
async def test_a_signal_ends_the_worker_after_what_runs(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job():
        os.kill(os.getpid(), signal.SIGUSR1)
        for _ in range(10):
            await asyncio.sleep(0)
        log("ran")

    async with Bench(lib, log, router) as bench:
        await bench.send(topic="job")
        await bench.work(float("inf"), register_signals=[signal.SIGUSR1])
        await bench.left()
    log("handler", signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL)


@same
async def test_a_signal_ends_a_worker_that_waits(lib, log):
    router = lib.Router(channel="tasks")
    router.actor(job)
    async with Bench(lib, log, router) as bench:
        working = asyncio.ensure_future(bench.work(float("inf"), register_signals=[signal.SIGUSR1]))
        while signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:  # noqa: ASYNC110  (nobody tells when it is set)
            await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGUSR1)
        await working


@same
async def test_a_slow_actor_does_not_hold_up_the_others(lib, log):
    router = lib.Router(channel="tasks")
    late = asyncio.Event()

    @router.actor
    async def slow():
        log("slow starts")
        await asyncio.wait_for(late.wait(), 60)
        log("slow ends")

    @router.actor
    async def quick():
        log("quick")
        late.set()

    async with Bench(lib, log, router) as bench:
        await bench.send(b"1", topic="slow")
        await bench.send(b"2", topic="quick")
        await bench.work(2)
