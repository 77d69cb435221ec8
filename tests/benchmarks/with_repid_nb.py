"""repid_nb: what the others are asked, and the curves that only it is asked for."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

from work import REPETITIONS, TOPIC, Clock, Tally, options, payload

from repid_nb import (
    BasicConverter,
    DefaultConverter,
    InMemoryServer,
    Repid,
    Router,
    Stepper,
    catch_all_routing_strategy,
    topic_based_routing_strategy,
)

GIVEN = options(
    wanted=(
        "suspend?",
        "basic?",
        "steps?",
        "memory?",
        "actors",
        "custom",
        "tasks-limit",
        "middlewares",
        "waiting",
    )
)

clock = Clock()
tally = Tally()


async def middleware(call_next: Any, message: Any, actor: Any) -> Any:
    return await call_next(message, actor)


def by_user(*, actor_name: str, **_: Any) -> Callable[[Any], bool]:
    return lambda message: (message.headers or {}).get("user") == actor_name


def make_router() -> Router:
    """Return a router whose last actor but the catch-all takes every message."""
    converter = BasicConverter if GIVEN.basic else DefaultConverter
    router = Router(middlewares=[middleware] * (GIVEN.middlewares or 0), converter=converter)
    others = (GIVEN.actors or 1) - 1
    # Evenly among the others, the first one first.
    customs = {place * others // GIVEN.custom for place in range(GIVEN.custom)} if GIVEN.custom else set()
    for number in range(others):
        custom = number in customs
        strategy = by_user if custom else topic_based_routing_strategy

        # Only the one that runs is built with pydantic: ten thousand models take ten seconds.
        @router.actor(name=f"other_{number}", converter=BasicConverter, routing_strategy=strategy)
        async def other() -> None: ...

    @router.actor(name=TOPIC)
    async def send_email(user_id: int, text: str) -> None:
        # Building ten thousand actors is not part of a message, and dropping them neither.
        if GIVEN.actors and not tally.runs:
            clock.restart()
        if GIVEN.suspend:
            await asyncio.sleep(0)
        tally.runs += 1
        if GIVEN.actors and tally.runs == GIVEN.messages:
            clock.stop()

    if GIVEN.custom:

        @router.actor(routing_strategy=catch_all_routing_strategy, converter=BasicConverter)
        async def everything() -> None: ...

    return router


async def publish(app: Repid, messages: int) -> None:
    for number in range(messages):
        await app.send_message_json(channel="default", payload=payload(number), headers={"topic": TOPIC})


async def main() -> None:
    app = Repid()
    server = InMemoryServer()
    app.servers.register_server("default", server, is_default=True)
    app.include_router(make_router())
    async with server.connection():
        if GIVEN.memory:
            await weigh(app)
        elif GIVEN.steps:
            await step(app)
        else:
            await work(app, server)
    clock.report(GIVEN.messages)


async def work(app: Repid, server: InMemoryServer) -> None:
    await publish(app, GIVEN.waiting or 0)
    # Each run builds all actors, and ten thousand of them take longer than their messages.
    repetitions = 1 if GIVEN.actors else REPETITIONS
    for _ in range(repetitions):
        with clock.phase("publish"):
            await publish(app, GIVEN.messages)
        with clock.phase("work"):
            await app.run_worker(
                messages_limit=GIVEN.messages, tasks_limit=GIVEN.tasks_limit or 1000, register_signals=[]
            )
    left = server.snapshot(0)["default"]
    assert tally.runs == repetitions * GIVEN.messages
    assert (left.waiting, left.in_work, left.dead) == (GIVEN.waiting or 0, (), 0)


async def step(app: Repid) -> None:
    await publish(app, GIVEN.messages + (GIVEN.waiting or 0))
    stepper = Stepper(app)
    # Going through a hundred thousand new objects once is the price of publishing them, not of a step.
    gc.collect()
    with clock.phase("work"):
        for _ in range(GIVEN.messages):
            assert await stepper.step()
    assert tally.runs == GIVEN.messages


async def weigh(app: Repid) -> None:
    """Find what a queued message takes beside its payload and its headers."""
    contents = [(app.default_serializer(payload(number)), {"topic": TOPIC}) for number in range(GIVEN.messages)]
    tracemalloc.start()
    kept = [dict(headers) for _, headers in contents]
    headers_alone = tracemalloc.get_traced_memory()[0] - 8 * len(kept)
    del kept
    tracemalloc.stop()
    tracemalloc.start()
    for body, headers in contents:
        await app.send_message(channel="default", payload=body, headers=headers, content_type="application/json")
    clock.other["bytes"] = (tracemalloc.get_traced_memory()[0] - headers_alone) / GIVEN.messages
    tracemalloc.stop()


asyncio.run(main())
