"""Scenarios of limits, each an asynchronous function of a library and a log: written once, run by two libraries.

repid 2.2 cannot be installed beside repid 2.1.4. So this file is also a program: run by the Python of an environment
that has repid 2.2, it prints as JSON what happened in each scenario there. It imports nothing of this project.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import logging
import random
import signal
import sys
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["APART", "SCENARIOS", "events_of", "signatures_of"]

TURNS = 150
PATIENCE = 60.0
SCENARIOS: dict[str, Callable[..., Awaitable[None]]] = {}
# Those in which the two libraries differ on purpose; each has a test of its own.
APART: dict[str, Callable[..., Awaitable[None]]] = {}

Log = Callable[..., None]


def scenario(fn: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    SCENARIOS[fn.__name__] = fn
    return fn


def apart(fn: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    APART[fn.__name__] = fn
    return fn


async def turns() -> None:
    """Let everything happen that can happen now."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


class Hall:
    """An app whose actors run until they are told to end."""

    def __init__(self, lib: Any, log: Log, **router: Any) -> None:
        self.lib = lib
        self.log = log
        self.server = lib.InMemoryServer()
        self.router = lib.Router(**router)
        self.app = lib.Repid()
        self.app.servers.register_server("default", self.server, is_default=True)
        self.app.include_router(self.router)
        self.running: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}

    def actor(self, name: str = "work", channel: Any = "tasks", **options: Any) -> None:
        async def work(message: Any) -> None:
            key = message.payload.decode().strip(".")
            self.running.append(key)
            try:
                await self._ends.setdefault(key, asyncio.Event()).wait()
            finally:
                self.running.remove(key)

        work.__annotations__["message"] = self.lib.Message
        self.router.actor(name=name, channel=channel, **options)(work)

    async def send(self, *names: str, topic: str = "work", channel: str = "tasks", size: int = 0) -> None:
        for name in names:
            message = self.lib.MessageData(payload=name.encode().ljust(size, b"."), headers={"topic": topic})
            await self.server.publish(channel=channel, message=message)

    async def end(self, *names: str) -> None:
        for name in names:
            self._ends.setdefault(name, asyncio.Event()).set()
            await turns()
            self.note(f"after {name}")

    def note(self, when: str) -> None:
        """Note which messages run now."""
        self.log(when, sorted(self.running))

    def waiting(self, channel: str = "tasks") -> int:
        """Return how many messages are on a queue, one that is being taken again and again among them."""
        if hasattr(self.server, "snapshot"):
            found = self.server.snapshot()[channel]
            return found.waiting + found.working
        queue = self.server.queues[channel]
        return queue.queue.qsize() + len(queue.processing)

    @contextlib.asynccontextmanager
    async def working(self, **options: Any) -> Any:
        async with self.server.connection():
            options = {"register_signals": [], "graceful_shutdown_time": 0.0, **options}
            worker = asyncio.create_task(self.app.run_worker(**options))
            try:
                await turns()
                yield worker
            finally:
                worker.cancel()
                await asyncio.wait([worker])

    async def processed(self, **options: Any) -> None:
        """Run a worker to its end, and note how many messages it counts."""
        options = {"register_signals": [], "graceful_shutdown_time": 0.0, **options}
        async with self.server.connection():
            info = await asyncio.wait_for(self.app.run_worker(**options), PATIENCE)
        self.log("processed", info.processed)


class Policy:
    """A limit policy that notes what it is asked, with room for so many messages."""

    def __init__(self, log: Log, name: str = "policy", room: int = 1000) -> None:
        self.log = log
        self.name = name
        self.room = room
        self.used = 0
        self.freed = asyncio.Condition()

    async def reserve(self, message: Any, actor: Any, on_wait: Callable[[], Awaitable[None]]) -> Any:
        self.log("reserve", self.name, actor.name, message.payload.decode().strip("."))
        if self.used >= self.room:
            await on_wait()
        async with self.freed:
            await self.freed.wait_for(lambda: self.used < self.room)
            self.used += 1
        return _Lease(self)


class _Lease:
    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    async def release(self) -> None:
        async with self.policy.freed:
            self.policy.used -= 1
            self.policy.freed.notify_all()
        self.policy.log("release", self.policy.name)


def refusal(log: Log, what: str, doing: Callable[[], Any]) -> None:
    """Note whether something is refused where it is declared."""
    try:
        doing()
    except Exception as error:
        log("refused", what, error)
    else:
        log("accepted", what)


async def run_refusal(log: Log, what: str, running: Awaitable[Any]) -> None:
    """Note whether a worker refuses to run."""
    try:
        await asyncio.wait_for(running, PATIENCE)
    except Exception as error:
        log("refused", what, error)
    else:
        log("accepted", what)


# Declaring


@scenario
async def what_limits_refuse(lib, log):
    for kind in (lib.MessageLimits, lib.ActorLimits):
        for field in ("max_messages", "max_payload_bytes"):
            for value in (None, 1, 10**9, 0, -1, True, 1.5, "4", float("inf")):
                refusal(log, f"{kind.__name__}({field}={value!r})", lambda k=kind, f=field, v=value: k(**{f: v}))
        for value in ("run_alone", "nack", "reject", "ack", "", None):
            what = f"{kind.__name__}(on_oversized_payload={value!r})"
            refusal(log, what, lambda k=kind, v=value: k(on_oversized_payload=v))
        refusal(log, f"{kind.__name__} with a function", lambda k=kind: k(on_oversized_payload=lambda _: "nack"))
        refusal(log, f"{kind.__name__} with a policy", lambda k=kind: k(limit_policies=()))
        refusal(log, f"{kind.__name__} by position", lambda k=kind: k(1))


@scenario
async def what_backpressure_refuses(lib, log):
    for strategies in ((), ("native",), ["channel_pause", "worker_pause"], ("resubscribe",), ("pause",), (None,)):
        refusal(log, f"strategies {strategies!r}", lambda s=strategies: lib.BackpressurePolicy(strategies=s))
    for word in ("buffer", "error", "wait", None):
        refusal(log, f"on_unavailable {word!r}", lambda w=word: lib.BackpressurePolicy(on_unavailable=w))
    for part in (0, 1, 0.0, 0.5, 1.0, -0.1, 1.1, True, "1", None, float("nan")):
        refusal(log, f"resume_at {part!r}", lambda p=part: lib.BackpressurePolicy(resume_at=p))
    for policy in (None, lib.BackpressurePolicy(), "native", object()):
        what = f"backpressure {type(policy).__name__}"
        refusal(log, what, lambda p=policy: lib.MessageLimits(backpressure=p))
    repeated = lib.BackpressurePolicy(strategies=["worker_pause", "channel_pause", "worker_pause"])
    log("strategies", list(repeated.strategies))
    default = lib.BackpressurePolicy()
    log("default", list(default.strategies), default.on_unavailable, default.resume_at)


@scenario
async def where_limits_may_stand(lib, log):
    async def job() -> None: ...

    for limits in (None, lib.MessageLimits(), lib.ActorLimits(), 5, "limits"):
        name = type(limits).__name__
        refusal(log, f"channel {name}", lambda v=limits: lib.Channel(address="tasks", limits=v))
        refusal(log, f"router {name}", lambda v=limits: lib.Router(limits=v))
        refusal(log, f"actor {name}", lambda v=limits: lib.Router().actor(limits=v)(job))
    hall = Hall(lib, log)
    for limits in (lib.ActorLimits(), 5, "limits"):
        await run_refusal(log, f"worker {type(limits).__name__}", hall.app.run_worker(limits=limits))
    for word in ("min", None, "SUM"):
        await run_refusal(log, f"propagation {word}", hall.app.run_worker(actor_limits_propagation=word))


@scenario
async def limits_are_compared_by_identity(lib, log):
    for kind in (lib.MessageLimits, lib.ActorLimits):
        log("equal", kind(max_messages=1) == kind(max_messages=1))
        one = kind(max_messages=1)
        log("as members", len({one, kind(max_messages=1), one}))
        refusal(log, "assignment", lambda limits=one: setattr(limits, "max_messages", 2))
    log("backpressure", lib.BackpressurePolicy() == lib.BackpressurePolicy())


@scenario
async def what_an_actor_inherits(lib, log):
    limits = [lib.ActorLimits(max_messages=number) for number in (1, 2, 3)]
    policies = [Policy(log, str(number)) for number in (1, 2, 3)]
    outer = lib.Router(limits=limits[0], limit_policies=policies[:1])
    inner = lib.Router(limits=limits[1], limit_policies=policies[1:2])

    @inner.actor(limits=limits[2], limit_policies=policies[2:])
    async def own() -> None: ...

    @inner.actor
    async def bare() -> None: ...

    outer.include_router(inner)
    for actor in outer.actors:
        log("limits", actor.name, [one.max_messages for one in actor.limits])
        log("policies", actor.name, [one.name for one in actor.limit_policies])


@scenario
async def limits_of_one_channel(lib, log):
    first, second = lib.MessageLimits(max_messages=1), lib.MessageLimits(max_messages=2)
    policies = [Policy(log, "a"), Policy(log, "b")]

    def described(*channels: Any) -> None:
        router = lib.Router()
        for number, channel in enumerate(channels):

            async def job() -> None: ...

            router.actor(name=f"actor{number}", channel=channel)(job)
        for channel in router.channels:
            numbers = None if channel.limits is None else channel.limits.max_messages
            log("channel", channel.address, channel.title, numbers, [one.name for one in channel.limit_policies])

    channel = lib.Channel
    refusal(log, "the same", lambda: described(*[channel(address="t", limits=first) for _ in range(2)]))
    refusal(
        log, "different", lambda: described(channel(address="t", limits=first), channel(address="t", limits=second))
    )
    refusal(log, "one of them", lambda: described("t", channel(address="t", limits=first), "t"))
    refusal(log, "a title", lambda: described(channel(address="t", limits=first), channel(address="t", title="T")))
    refusal(
        log,
        "policies",
        lambda: described(
            channel(address="t", limit_policies=policies[:1]), channel(address="t", limit_policies=policies)
        ),
    )


@scenario
async def a_worker_refuses_conflicting_limits_of_a_channel(lib, log):
    hall = Hall(lib, log)
    for number in (1, 2):
        hall.actor(f"a{number}", lib.Channel(address="tasks", limits=lib.MessageLimits(max_messages=number)))
    await run_refusal(log, "worker", hall.app.run_worker(register_signals=[]))


@scenario
async def backpressure_that_cannot_be_had(lib, log):
    def strict(*strategies: str) -> Any:
        return lib.BackpressurePolicy(strategies=strategies, on_unavailable="error")

    for strategies in (("native",), (), ("native", "worker_pause"), ("resubscribe",), ("channel_pause",)):
        for place in ("worker", "channel"):
            for waits in ("worker count", "actor count", "actor bytes", "policy", "nothing"):
                limits = {"actor count": {"max_messages": 1}, "actor bytes": {"max_payload_bytes": 1}}.get(waits)
                hall = Hall(lib, log)
                numbers = {"max_messages": 9 if waits == "worker count" else None}
                strictly = {"backpressure": strict(*strategies)}
                of_channel = lib.MessageLimits(**strictly) if place == "channel" else None
                hall.actor(
                    "work",
                    lib.Channel(address="tasks", limits=of_channel),
                    limits=lib.ActorLimits(**limits) if limits else None,
                    limit_policies=[Policy(log)] if waits == "policy" else (),
                )
                of_worker = lib.MessageLimits(**numbers, **(strictly if place == "worker" else {}))
                await hall.server.connect()
                running = hall.app.run_worker(limits=of_worker, messages_limit=1, register_signals=[])
                await hall.send("m1")
                hall._ends["m1"] = asyncio.Event()
                hall._ends["m1"].set()
                await run_refusal(log, f"{strategies} of the {place}, waits for {waits}", running)
                await hall.server.disconnect()


# How many at once


@scenario
async def a_workers_limit(lib, log):
    hall = Hall(lib, log)
    hall.actor()
    names = [f"m{number}" for number in range(1, 8)]
    async with hall.server.connection():
        await hall.send(*names)
    async with hall.working(limits=lib.MessageLimits(max_messages=3)):
        hall.note("begin")
        await hall.end("m2", "m1", "m4", "m3", "m5", "m6", "m7")


@scenario
async def a_workers_limit_is_a_thousand_where_none_is_given(lib, log):
    for options in ({}, {"limits": lib.MessageLimits()}):
        hall = Hall(lib, log)
        hall.actor()
        async with hall.server.connection():
            await hall.send(*(str(number) for number in range(1003)))
        async with hall.working(**options):
            before = -1
            while before != len(hall.running):
                before = len(hall.running)
                await turns()
            log("running", len(hall.running))


@scenario
async def a_channels_limit(lib, log):
    hall = Hall(lib, log)
    hall.actor("a", lib.Channel(address="a", limits=lib.MessageLimits(max_messages=2)))
    hall.actor("b", "b")
    async with hall.server.connection():
        await hall.send("a1", "a2", "a3", "a4", topic="a", channel="a")
        await hall.send("b1", "b2", "b3", topic="b", channel="b")
    async with hall.working():
        hall.note("begin")
        await hall.end("b2", "a1", "a2", "a3", "a4")


@scenario
async def one_limit_of_two_channels(lib, log):
    hall = Hall(lib, log)
    shared = lib.MessageLimits(max_messages=2)
    for name in "ab":
        hall.actor(name, lib.Channel(address=name, limits=shared))
    async with hall.working():
        await hall.send("a1", topic="a", channel="a")
        await turns()
        await hall.send("b1", topic="b", channel="b")
        await turns()
        await hall.send("a2", topic="a", channel="a")
        await turns()
        hall.note("begin")
        await hall.end("b1", "a1", "a2")


@scenario
async def equal_limits_of_two_channels(lib, log):
    hall = Hall(lib, log)
    for name in "ab":
        hall.actor(name, lib.Channel(address=name, limits=lib.MessageLimits(max_messages=1)))
    async with hall.working():
        for name in "ab":
            await hall.send(f"{name}1", f"{name}2", topic=name, channel=name)
        await turns()
        hall.note("begin")
        await hall.end("b1", "a1")


@scenario
async def an_actors_limit(lib, log):
    hall = Hall(lib, log)
    hall.actor(limits=lib.ActorLimits(max_messages=2))
    async with hall.server.connection():
        await hall.send("m1", "m2", "m3", "m4", "m5")
    async with hall.working():
        hall.note("begin")
        await hall.end("m1", "m3", "m2", "m4", "m5")


@scenario
async def an_actors_limit_without_propagation(lib, log):
    hall = Hall(lib, log)
    hall.actor(limits=lib.ActorLimits(max_messages=1))
    async with hall.server.connection():
        await hall.send("m1", "m2", "m3", "m4")
    async with hall.working(actor_limits_propagation="off"):
        hall.note("begin")
        await hall.end("m1", "m2", "m3", "m4")


@scenario
async def one_limit_of_two_actors(lib, log):
    hall = Hall(lib, log)
    shared = lib.ActorLimits(max_messages=1)
    hall.actor("a", "a", limits=shared)
    hall.actor("b", "b", limits=shared)
    async with hall.working():
        await hall.send("a1", topic="a", channel="a")
        await turns()
        await hall.send("b1", topic="b", channel="b")
        await turns()
        await hall.send("a2", topic="a", channel="a")
        await turns()
        hall.note("begin")
        await hall.end("a1", "b1", "a2")


@scenario
async def two_actors_of_one_channel_with_limits(lib, log):
    hall = Hall(lib, log)
    hall.actor("a", limits=lib.ActorLimits(max_messages=1))
    hall.actor("b", limits=lib.ActorLimits(max_messages=2))
    async with hall.working():
        for name in ("a1", "b1", "b2"):
            await hall.send(name, topic=name[0])
            await turns()
        hall.note("begin")
        await hall.end("a1", "b1", "b2")


@scenario
async def a_message_that_no_actor_takes_gives_its_place_back(lib, log):
    hall = Hall(lib, log)
    hall.actor()
    async with hall.server.connection():
        await hall.send("nobody", topic="other")
        await hall.send("m1", "m2")
    async with hall.working(limits=lib.MessageLimits(max_messages=2)):
        for _ in range(20):
            await turns()
        hall.note("begin")


@scenario
async def a_test_client_knows_no_limits(lib, log):
    hall = Hall(lib, log)
    hall.actor("work", limits=lib.ActorLimits(max_payload_bytes=1, on_oversized_payload="nack"))
    hall._ends["m1"] = asyncio.Event()
    hall._ends["m1"].set()
    async with lib.TestClient(hall.app) as client:
        await client.send_message(channel="tasks", payload=b"m1", headers={"topic": "work"})
        log("processed", [message.payload.decode() for message in client.get_processed_messages()])


# Backpressure


@scenario
async def buffering_takes_what_other_actors_can_run(lib, log):
    hall = Hall(lib, log)
    hall.actor("slow", limits=lib.ActorLimits(max_messages=1))
    hall.actor("quick")
    buffer = lib.MessageLimits(backpressure=lib.BackpressurePolicy(strategies=()))
    async with hall.working(limits=buffer):
        await hall.send("s1", "s2", "s3", topic="slow")
        await turns()
        await hall.send("q1", "q2", topic="quick")
        await turns()
        hall.note("begin")
        await hall.end("s1", "q1", "s2", "s3")


@scenario
async def a_waiting_message_starts_at_the_resume_boundary(lib, log):
    for part in (1.0, 0.75, 0.5, 0.0):
        hall = Hall(lib, log)
        hall.actor("slow", limits=lib.ActorLimits(max_messages=4))
        hall.actor("quick")
        limits = lib.MessageLimits(backpressure=lib.BackpressurePolicy(resume_at=part))
        async with hall.working(limits=limits):
            for number in range(1, 6):
                await hall.send(f"s{number}", topic="slow")
                await turns()
            hall.note(f"resume at {part}")
            await hall.end("s1", "s2", "s3", "s4")


@scenario
async def buffering_knows_no_resume_boundary(lib, log):
    hall = Hall(lib, log)
    hall.actor("slow", limits=lib.ActorLimits(max_messages=4))
    hall.actor("quick")
    limits = lib.MessageLimits(backpressure=lib.BackpressurePolicy(strategies=(), resume_at=0.0))
    async with hall.working(limits=limits):
        for number in range(1, 6):
            await hall.send(f"s{number}", topic="slow")
            await turns()
        hall.note("begin")
        await hall.end("s1")


@scenario
async def a_pause_ends_when_the_message_has_started(lib, log):
    hall = Hall(lib, log)
    hall.actor("slow", limits=lib.ActorLimits(max_messages=1))
    hall.actor("quick")
    async with hall.working():
        await hall.send("s1", topic="slow")
        await turns()
        await hall.send("s2", topic="slow")
        await turns()
        hall.note("paused")
        await hall.end("s1")
        await hall.send("q1", "q2", topic="quick")
        await turns()
        hall.note("resumed")


@scenario
async def a_pause_of_one_channel_leaves_the_others(lib, log):
    hall = Hall(lib, log)
    hall.actor("slow", limits=lib.ActorLimits(max_messages=1))
    hall.actor("quick")
    hall.actor("other", "others")
    async with hall.working():
        await hall.send("s1", "s2", topic="slow")
        await turns()
        await hall.send("o1", "o2", topic="other", channel="others")
        await turns()
        hall.note("paused")
        await hall.end("s1")


# Bytes


@scenario
async def bytes_of_a_worker(lib, log):
    hall = Hall(lib, log)
    hall.actor()
    async with hall.working(limits=lib.MessageLimits(max_payload_bytes=100)):
        for name, size in (("m1", 60), ("m2", 40), ("m3", 10)):
            await hall.send(name, size=size)
            await turns()
        hall.note("begin")
        await hall.end("m2", "m1", "m3")


@scenario
async def bytes_of_an_actor(lib, log):
    hall = Hall(lib, log)
    hall.actor("a", limits=lib.ActorLimits(max_payload_bytes=100))
    hall.actor("b")
    limits = lib.MessageLimits(backpressure=lib.BackpressurePolicy(strategies=()))
    async with hall.working(limits=limits):
        for name, size in (("a1", 60), ("a2", 50), ("b1", 500)):
            await hall.send(name, size=size, topic=name[0])
            await turns()
        hall.note("begin")
        await hall.end("a1", "a2")


@scenario
async def a_large_payload_runs_alone(lib, log):
    for place in ("worker", "channel", "actor"):
        hall = Hall(lib, log)
        numbers = {"max_payload_bytes": 100}
        of_channel = lib.MessageLimits(**numbers) if place == "channel" else None
        of_actor = lib.ActorLimits(**numbers) if place == "actor" else None
        hall.actor("work", lib.Channel(address="tasks", limits=of_channel), limits=of_actor)
        async with hall.working(**({"limits": lib.MessageLimits(**numbers)} if place == "worker" else {})):
            for name, size in (("m1", 10), ("m2", 10), ("large", 500), ("late", 10)):
                await hall.send(name, size=size)
                await turns()
            hall.note(place)
            await hall.end("m1", "m2", "large", "late")


@scenario
async def a_large_payload_may_be_settled_instead(lib, log):
    for place in ("worker", "channel", "router", "actor"):
        for action in ("nack", "reject"):
            for by in ("word", "function"):
                asked: list[str] = []

                def choose(message: Any, action: str = action, asked: list[str] = asked) -> str:
                    asked.append(message.payload.decode())
                    return action

                numbers = {"max_payload_bytes": 5, "on_oversized_payload": action if by == "word" else choose}
                hall = Hall(lib, log, **({"limits": lib.ActorLimits(**numbers)} if place == "router" else {}))
                of_channel = lib.MessageLimits(**numbers) if place == "channel" else None
                of_actor = lib.ActorLimits(**numbers) if place == "actor" else None
                hall.actor("work", lib.Channel(address="tasks", limits=of_channel), limits=of_actor)
                options = {"limits": lib.MessageLimits(**numbers)} if place == "worker" else {}
                async with hall.working(actor_limits_propagation="off", **options):
                    await hall.send("larger")
                    await turns()
                    hall.note(f"{place} {action} {by}")
                    log("left", hall.waiting(), sorted(set(asked)))


@scenario
async def a_large_payload_of_an_actor_counts_as_processed(lib, log):
    for action in ("nack", "reject"):
        hall = Hall(lib, log)
        numbers = {"max_payload_bytes": 5, "on_oversized_payload": action}
        hall.actor("work", limits=lib.ActorLimits(**numbers))
        async with hall.server.connection():
            await hall.send("larger")
        await hall.processed(messages_limit=1, actor_limits_propagation="off")
        log("left", hall.waiting())


@scenario
async def the_innermost_limit_decides_on_a_large_payload(lib, log):
    for outer, inner in (("nack", "reject"), ("reject", "nack"), ("nack", "run_alone"), ("run_alone", "nack")):
        for places in ("router and actor", "worker and channel"):
            of_outer = {"max_payload_bytes": 5, "on_oversized_payload": outer}
            of_inner = {"max_payload_bytes": 4, "on_oversized_payload": inner}
            if places == "router and actor":
                hall = Hall(lib, log, limits=lib.ActorLimits(**of_outer))
                hall.actor("work", limits=lib.ActorLimits(**of_inner))
                options: dict[str, Any] = {}
            else:
                hall = Hall(lib, log)
                hall.actor("work", lib.Channel(address="tasks", limits=lib.MessageLimits(**of_inner)))
                options = {"limits": lib.MessageLimits(**of_outer)}
            async with hall.working(actor_limits_propagation="off", **options):
                await hall.send("larger")
                await turns()
                hall.note(f"{places}: {outer}, {inner}")
                log("left", hall.waiting())


@scenario
async def a_limit_that_comes_of_actors_asks_what_the_channel_or_the_worker_says(lib, log):
    for of_channel, of_worker in (("nack", None), (None, "nack"), ("nack", "run_alone"), (None, None)):
        hall = Hall(lib, log)
        numbers = {"max_payload_bytes": 100}
        limits = lib.MessageLimits(**numbers, on_oversized_payload=of_channel) if of_channel else None
        hall.actor("work", lib.Channel(address="tasks", limits=limits), limits=lib.ActorLimits(max_payload_bytes=10))
        worker = lib.MessageLimits(**numbers, on_oversized_payload=of_worker) if of_worker else lib.MessageLimits()
        async with hall.working(limits=worker):
            await hall.send("larger", size=50)
            await turns()
            hall.note(f"{of_channel}, {of_worker}")
            log("left", hall.waiting())


@scenario
async def a_function_of_an_actors_limit_that_raises(lib, log):
    for on_error in ("nack", "reject", "ack"):

        def choose(message: Any) -> str:
            raise ArithmeticError

        hall = Hall(lib, log)
        numbers = {"max_payload_bytes": 1, "on_oversized_payload": choose}
        hall.actor("work", limits=lib.ActorLimits(**numbers), on_error=on_error)
        async with hall.server.connection():
            await hall.send("larger")
        await hall.processed(messages_limit=1, actor_limits_propagation="off")
        log("left", hall.waiting())


@scenario
async def a_function_of_a_workers_limit_that_fails(lib, log):
    def raises(message: Any) -> str:
        raise ArithmeticError

    async def asynchronous(message: Any) -> str:
        return "nack"

    for choose in (raises, asynchronous, lambda _: "drop", lambda _: None):
        hall = Hall(lib, log)
        hall.actor()
        async with hall.server.connection():
            await hall.send("larger")
        limits = lib.MessageLimits(max_payload_bytes=1, on_oversized_payload=choose)
        await hall.processed(limits=limits)
        log("left", hall.waiting())


# Policies


@scenario
async def a_policy_is_asked_once_in_any_number_of_places(lib, log):
    policy = Policy(log)
    hall = Hall(lib, log, limit_policies=[policy])
    hall.actor("work", lib.Channel(address="tasks", limit_policies=[policy, policy]), limit_policies=(policy,))
    async with hall.working(limit_policies=[policy]):
        await hall.send("m1")
        await turns()
        hall.note("begin")
        await hall.end("m1")


@scenario
async def policies_of_all_places_are_asked(lib, log):
    policies = {name: Policy(log, name) for name in ("worker", "channel", "outer", "inner", "actor")}
    noted: list[Any] = []
    for policy in policies.values():
        policy.log = lambda *event: noted.append(event)
    hall = Hall(lib, log, limit_policies=[policies["outer"]])
    inner = lib.Router(limit_policies=[policies["inner"]])

    @inner.actor(
        channel=lib.Channel(address="tasks", limit_policies=[policies["channel"]]), limit_policies=[policies["actor"]]
    )
    async def work() -> None:
        noted.append(("ran",))

    hall.router.include_router(inner)
    async with hall.working(limit_policies=[policies["worker"]]):
        await hall.send("m1")
        await turns()
    asked = [event[1] for event in noted if event[0] == "reserve"]
    released = [event[1] for event in noted if event[0] == "release"]
    log("asked", sorted(asked), "released in reverse", released == asked[::-1], noted.index(("ran",)))


@scenario
async def a_policy_makes_a_message_wait(lib, log):
    policy = Policy(log, room=1)
    hall = Hall(lib, log)
    hall.actor(limit_policies=[policy])
    async with hall.working():
        for name in ("m1", "m2"):
            await hall.send(name)
            await turns()
        hall.note("begin")
        await hall.end("m1", "m2")
        log("used", policy.used)


@scenario
async def a_policy_is_asked_behind_the_first_ack_and_around_the_middleware(lib, log):
    async def middleware(call_next: Any, message: Any, actor: Any) -> Any:
        log("middleware", message.action and message.action.value)
        return await call_next(message, actor)

    for mode in ("auto", "ack_first"):
        hall = Hall(lib, log, limit_policies=[Policy(log)], middlewares=[middleware])
        hall.actor(confirmation_mode=mode)
        async with hall.working():
            await hall.send("m1")
            await turns()
            log("left", hall.waiting())
            await hall.end("m1")


@scenario
async def a_policy_that_raises_ends_the_worker(lib, log):
    class Failing:
        async def reserve(self, message: Any, actor: Any, on_wait: Any) -> Any:
            raise ConnectionError

    for mode in ("auto", "always_ack", "ack_first", "manual"):
        hall = Hall(lib, log)
        hall.actor(limit_policies=[Failing()], confirmation_mode=mode)
        async with hall.server.connection():
            await hall.send("m1")
        await hall.processed()
        log("left", hall.waiting())


@scenario
async def a_lease_that_cannot_be_released_ends_the_worker(lib, log):
    class Failing:
        async def reserve(self, message: Any, actor: Any, on_wait: Any) -> Any:
            return self

        async def release(self) -> None:
            raise ConnectionError

    hall = Hall(lib, log)
    hall.actor(limit_policies=[Failing()])
    async with hall.server.connection():
        await hall.send("m1")
        await hall.end("m1")
    await hall.processed()
    log("left", hall.waiting())


@scenario
async def a_policy_waits_for_one_of_two_and_gives_the_other_back(lib, log):
    policies = sorted((Policy(log, "p"), Policy(log, "p")), key=id)
    policies[1].room = 0
    hall = Hall(lib, log, limit_policies=policies)
    hall.actor()
    async with hall.working():
        await hall.send("m1")
        await turns()
        log("used", [policy.used for policy in policies])
    log("used", [policy.used for policy in policies])
    hall.note("end")


# Endings


@scenario
async def a_cancelled_worker_returns_all_leases(lib, log):
    policy = Policy(log, room=1)
    hall = Hall(lib, log)
    hall.actor(limit_policies=[policy])
    async with hall.working() as worker:
        for name in ("m1", "m2"):
            await hall.send(name)
            await turns()
        worker.cancel()
        await asyncio.wait([worker])
        log("cancelled", worker.cancelled(), "used", policy.used)
        hall.note("end")


@scenario
async def a_signal_ends_a_worker_whose_messages_wait(lib, log):
    hall = Hall(lib, log)
    hall.actor("work", limits=lib.ActorLimits(max_messages=1))
    async with hall.server.connection():
        await hall.send("m1", "m2")
        running = hall.app.run_worker(
            register_signals=[signal.SIGUSR1], graceful_shutdown_time=0.0, actor_limits_propagation="off"
        )
        worker = asyncio.create_task(running)
        await turns()
        hall.note("begin")
        signal.raise_signal(signal.SIGUSR1)
        await asyncio.wait_for(worker, PATIENCE)
        hall.note("end")
        log("left", hall.waiting())


@scenario
async def a_worker_stopped_by_a_signal_lets_its_waiting_messages_run(lib, log):
    hall = Hall(lib, log)
    hall.actor("work", limits=lib.ActorLimits(max_messages=1))
    async with hall.server.connection():
        await hall.send("m1", "m2")
        running = hall.app.run_worker(
            register_signals=[signal.SIGUSR1], graceful_shutdown_time=PATIENCE, actor_limits_propagation="off"
        )
        worker = asyncio.create_task(running)
        await turns()
        signal.raise_signal(signal.SIGUSR1)
        await turns()
        await hall.end("m1", "m2")
        log("processed", (await asyncio.wait_for(worker, PATIENCE)).processed)


@scenario
async def messages_limit_with_limits(lib, log):
    for count in (0, 1, 3):
        hall = Hall(lib, log)
        hall.actor(limits=lib.ActorLimits(max_messages=1))
        names = [f"m{number}" for number in range(1, 6)]
        async with hall.server.connection():
            await hall.send(*names)
            await hall.end(*names)
        await hall.processed(messages_limit=count)
        log("left", hall.waiting())


# Generated


@scenario
async def random_histories(lib, log):
    """Channels and actors with random limits, sends and ends at random: how many run at each moment."""
    for seed in range(12):
        choice = random.Random(seed)  # noqa: S311  (a history, no secret)
        limits = [choice.choice([None, 1, 2, 3]) for _ in range(3)]
        shared = lib.ActorLimits(max_messages=choice.randint(1, 4))
        hall = Hall(lib, log)
        for number, limit in enumerate(limits):
            kind = choice.choice(["channel", "actor", "shared"])
            of_channel = lib.MessageLimits(max_messages=limit) if kind == "channel" and limit else None
            of_actor = {"actor": lib.ActorLimits(max_messages=limit), "shared": shared}.get(kind)
            hall.actor(f"a{number}", lib.Channel(address=f"c{number}", limits=of_channel), limits=of_actor)
        sent: list[str] = []
        async with hall.working():
            for step in range(25):
                if choice.random() < 0.55 or not hall.running:
                    number = choice.randrange(3)
                    name = f"c{number}-{step}"
                    sent.append(name)
                    await hall.send(name, topic=f"a{number}", channel=f"c{number}")
                    await turns()
                else:
                    name = sorted(hall.running)[choice.randrange(len(hall.running))]
                    hall._ends[name].set()
                    await turns()
                log(seed, step, len(hall.running))


# On purpose not the same


@apart
async def two_workers_of_one_channel(lib, log):
    hall = Hall(lib, log)
    hall.actor(limits=lib.ActorLimits(max_messages=1))
    async with hall.server.connection():
        running = [hall.app.run_worker(register_signals=[], graceful_shutdown_time=0.0) for _ in range(2)]
        workers = [asyncio.create_task(one) for one in running]
        await turns()
        await hall.send("m1", "m2")
        await turns()
        log("running", len(hall.running))
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers)


@apart
async def a_pause_of_a_channel_with_a_queue(lib, log):
    hall = Hall(lib, log)
    hall.actor("slow", limits=lib.ActorLimits(max_messages=1))
    hall.actor("quick")
    async with hall.server.connection():
        await hall.send("s1", "s2", topic="slow")
        await hall.send("q1", "q2", topic="quick")
    async with hall.working():
        hall.note("begin")
        await hall.end("s1")


@apart
async def a_routers_limit_and_an_actors(lib, log):
    hall = Hall(lib, log, limits=lib.ActorLimits(max_messages=3))
    hall.actor("a", "a", limits=lib.ActorLimits(max_messages=2))
    hall.actor("b", "b")
    async with hall.working():
        for name in ("a1", "a2", "a3", "b1"):
            await hall.send(name, topic=name[0], channel=name[0])
            await turns()
        hall.note("begin")


@apart
async def a_small_payload_behind_a_large_one(lib, log):
    hall = Hall(lib, log)
    hall.actor("a", "a")
    hall.actor("b", "b")
    async with hall.working(limits=lib.MessageLimits(max_payload_bytes=100)):
        for name, size in (("a1", 60), ("a2", 50), ("b1", 30)):
            await hall.send(name, topic=name[0], channel=name[0], size=size)
            await turns()
        hall.note("begin")


@apart
async def two_channels_that_wait_for_one_boundary(lib, log):
    hall = Hall(lib, log)
    shared = lib.ActorLimits(max_messages=4)
    for name in "ab":
        hall.actor(name, name, limits=shared)
    limits = lib.MessageLimits(backpressure=lib.BackpressurePolicy(resume_at=0.5))
    async with hall.working(limits=limits, actor_limits_propagation="off"):
        for name in ("a1", "a2", "b1", "b2", "a3", "b3"):
            await hall.send(name, topic=name[0], channel=name[0])
            await turns()
        await hall.end("a1", "b1")


@apart
async def what_is_left_when_a_worker_ends(lib, log):
    hall = Hall(lib, log)
    hall.actor("work", limits=lib.ActorLimits(max_messages=1))
    async with hall.server.connection():
        await hall.send("m1", "m2", "m3")
    async with hall.working(actor_limits_propagation="off") as worker:
        worker.cancel()
        await asyncio.wait([worker])
    log("left", _order(hall))


def _order(hall: Hall) -> list[str]:
    """Return the payloads on the channel `tasks`, in order."""
    if hasattr(hall.server, "snapshot"):
        return [message.payload.decode() for message in hall.server.snapshot()["tasks"].ready]
    queue = hall.server.queues["tasks"].queue
    return [queue.get_nowait().payload.decode() for _ in range(queue.qsize())]


@apart
async def a_tasks_limit(lib, log):
    hall = Hall(lib, log)
    hall.actor()
    async with hall.server.connection():
        await hall.send("m1", "m2", "m3")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with hall.working(tasks_limit=2):
            hall.note("begin")
    log("warned", [one.category.__name__ for one in caught])
    await run_refusal(log, "both", hall.app.run_worker(tasks_limit=2, limits=lib.MessageLimits()))


@apart
async def limits_that_are_none(lib, log):
    hall = Hall(lib, log)
    await run_refusal(log, "None", hall.app.run_worker(limits=None, messages_limit=0, register_signals=[]))


@apart
async def policies_that_cannot_reserve(lib, log):
    async def job() -> None: ...

    for policies in ([object()], [None]):
        what = type(policies[0]).__name__
        refusal(log, f"channel {what}", lambda p=policies: lib.Channel(address="tasks", limit_policies=p))
        refusal(log, f"router {what}", lambda p=policies: lib.Router(limit_policies=p))
        refusal(log, f"actor {what}", lambda p=policies: lib.Router().actor(limit_policies=p)(job))


def events_of(lib: Any, name: str) -> list[list[Any]]:
    """Run a scenario with a library and return its events as plain data."""
    events: list[list[Any]] = []

    def log(*event: Any) -> None:
        events.append([_plain(part) for part in event])

    asyncio.run((SCENARIOS | APART)[name](lib, log))
    return events


def _plain(part: Any) -> Any:
    if isinstance(part, BaseException):
        return {"error": [kind.__name__ for kind in type(part).__mro__ if kind.__module__ == "builtins"]}
    return part


def signatures_of(lib: Any) -> dict[str, dict[str, str]]:
    """Return the named parameters of what declares and applies limits, with their defaults."""
    things = {
        name: getattr(lib, name) for name in ("MessageLimits", "ActorLimits", "BackpressurePolicy", "Channel", "Router")
    }
    things |= {"Router.actor": lib.Router.actor, "run_worker": lib.Repid.run_worker, "ActorData": lib.ActorData}
    return {
        name: {
            one.name: "required" if one.default is one.empty else repr(one.default).split(" at 0x")[0]
            for one in inspect.signature(thing).parameters.values()
        }
        for name, thing in things.items()
    }


def main() -> None:
    import repid  # noqa: PLC0415  (the one of the environment that runs this)

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    events = {name: events_of(repid, name) for name in SCENARIOS | APART}
    found = {"signatures": signatures_of(repid), "names": sorted(vars(repid)), "events": events}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
