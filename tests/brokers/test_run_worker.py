"""`run_worker` of repid_nb on real brokers, through repid's own server objects."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

import pytest
from repid.data import MessageData
from support.brokers import Counts, asked_until
from support.waiting import until

from repid_nb import Repid, Router

BROKERS = ["redis", "nats", "rabbit-classic", "rabbit-quorum"]
PUSHING = pytest.mark.parametrize("broker", BROKERS, indirect=True)
# What a worker of NATS has not settled comes again after ack_wait only.
MANY_AT_ONCE = {"nats": {"max_ack_pending": 1000, "ack_wait": 1}}
EMPTY = Counts(ready=0, held=0)


async def declare(broker, channel):
    await broker.declare(channel, **MANY_AT_ONCE.get(broker.name, {}))


def app_on(server, router):
    app = Repid()
    app.servers.register_server("default", server, is_default=True)
    app.include_router(router)
    return app


async def publish(server, channel, topics):
    """Send a message for each topic, numbered from 0, one after another as RabbitMQ wants it."""
    for number, topic in enumerate(topics):
        payload = b'{"number": %d}' % number
        message = MessageData(payload=payload, headers={"topic": topic}, content_type="application/json")
        await server.publish(channel=channel, message=message)


@asynccontextmanager
async def working(app, **options):
    """A worker runs while the block does, and ends with it."""
    worker = asyncio.ensure_future(app.run_worker(register_signals=[], graceful_shutdown_time=2, **options))
    try:
        yield
        assert not worker.done()
    finally:
        worker.cancel()
        await asyncio.wait({worker})


@PUSHING
async def test_none_of_many_messages_is_missing_whatever_becomes_of_each(broker, channel):
    await declare(broker, channel)
    router, runs, rejected = Router(channel=channel), Counter(), set()

    @router.actor
    async def ship(number: int):
        runs[number] += 1

    @router.actor
    async def broken(number: int):
        runs[number] += 1
        raise ValueError("no")

    @router.actor(confirmation_mode="manual_explicit")
    async def second_time(number: int):
        if number not in rejected:
            rejected.add(number)
            return "reject"
        runs[number] += 1
        return "ack"

    topics = ["broken" if n % 10 == 3 else "second_time" if n % 10 == 7 else "ship" for n in range(300)]
    server = broker.server()
    async with server.connection():
        await publish(server, channel, topics)
        async with working(app_on(server, router), tasks_limit=50):
            await until(lambda: len(runs) == len(topics))
            await broker.comes_to(channel, EMPTY)
    assert set(runs.values()) == {1}
    await asked_until(lambda: broker.dead(channel), topics.count("broken"))


@PUSHING
async def test_as_many_actors_run_side_by_side_as_tasks_limit_says(broker, channel):
    await declare(broker, channel)
    router, at_work, all_there = Router(channel=channel), set(), asyncio.Event()

    @router.actor
    async def meet(number: int):
        at_work.add(number)
        if len(at_work) == 8:
            all_there.set()
        await all_there.wait()

    server = broker.server()
    async with server.connection():
        await publish(server, channel, ["meet"] * 8)
        async with working(app_on(server, router), tasks_limit=8), asyncio.timeout(60):
            await all_there.wait()
            await broker.comes_to(channel, EMPTY)


@PUSHING
async def test_an_actor_may_send_while_it_runs_and_no_message_dies_of_it(broker, channel):
    shipped = f"{channel}_shipped"
    await declare(broker, channel)
    await declare(broker, shipped)
    router, arrived = Router(channel=channel), []
    server = broker.server()
    app = app_on(server, router)

    @router.actor
    async def ship(number: int):
        await app.send_message_json(channel=shipped, payload={"number": number}, headers={"topic": "note"})

    @router.actor(channel=shipped)
    async def note(number: int):
        arrived.append(number)

    app.include_router(router)
    async with server.connection():
        await publish(server, channel, ["ship"] * 5)
        async with working(app, tasks_limit=1):
            await until(lambda: len(arrived) == 5)
            await broker.comes_to(channel, EMPTY)
    assert sorted(arrived) == list(range(5))
    assert await broker.dead(channel) == 0


@PUSHING
async def test_a_worker_that_is_cancelled_in_the_middle_loses_nothing(broker, channel):
    await declare(broker, channel)
    runs, stop = Counter(), asyncio.Event()

    def worker_app(server, most):
        router = Router(channel=channel)

        @router.actor
        async def ship(number: int):
            await asyncio.sleep(0.002)
            runs[number] += 1
            if len(runs) >= most:
                stop.set()

        return app_on(server, router)

    server = broker.server()
    async with server.connection():
        await publish(server, channel, ["ship"] * 200)
        async with working(worker_app(server, 40), tasks_limit=10):
            await stop.wait()
        async with working(worker_app(server, 200), tasks_limit=10):
            await until(lambda: len(runs) == 200)
            await broker.comes_to(channel, EMPTY)
