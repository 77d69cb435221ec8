"""Random histories of workers with limits: at no moment is a limit exceeded, and nothing is lost or waits for ever."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from soak.simulated_loop import NeverEndsError, SimulatedLoop, run

from repid_nb import (
    ActorLimits,
    BackpressurePolicy,
    Channel,
    InMemoryServer,
    Message,
    MessageData,
    MessageLimits,
    Repid,
    Router,
)
from repid_nb.core.limits import Limits
from repid_nb.limits.gate import gates_of

__all__ = ["faults_of_history", "faults_of_turn", "turns_of"]

OPERATIONS = 30
MODES = ("auto", "auto", "always_ack", "ack_first", "manual", "manual_explicit")
STRATEGIES = ((), ("channel_pause",), ("worker_pause",), ("native", "channel_pause"), ("native",))
PATIENCE = 10_000.0

worker_here: ContextVar[int] = ContextVar("worker_here")


class Policy:
    """A limit policy with room for so many messages, which fails where it is told to."""

    def __init__(self, world: World, room: int) -> None:
        self.world = world
        self.room = room
        self.used = 0
        self._waiting: list[asyncio.Future[None]] = []

    async def reserve(self, message: Any, actor: Any, on_wait: Any) -> Lease:
        if self.world.chance(0.2):
            await asyncio.sleep(0)
        if self.world.chance(0.02):
            raise ConnectionError
        if self.used >= self.room:
            await on_wait()
        while self.used >= self.room:
            free = asyncio.get_running_loop().create_future()
            self._waiting.append(free)
            await free
        self.used += 1
        return Lease(self)

    def give_back(self) -> None:
        self.used -= 1
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)


class Lease:
    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._is_held = True

    async def release(self) -> None:
        if self._policy.world.chance(0.3):
            await asyncio.sleep(0.001)
        assert self._is_held, "released twice"
        self._is_held = False
        self._policy.give_back()
        if self._policy.world.chance(0.01):
            raise ConnectionError


@dataclass(eq=False)
class World:
    """One app, its limits, and who runs what.

    Attributes:
        running: The messages that run in each worker, with the limits of each.
        faults: What did not hold.
        drains: Whether from now on each actor succeeds at once.
    """

    choice: random.Random
    running: dict[int, dict[str, tuple[int, list[Limits]]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    of_worker: dict[int, MessageLimits | None] = field(default_factory=dict)
    drains: bool = False

    def __post_init__(self) -> None:
        self.server = InMemoryServer(dead_letter_limit=10_000)
        self.app = Repid()
        self.app.servers.register_server("default", self.server, is_default=True)
        self.policies = [Policy(self, self.choice.randint(1, 3)) for _ in range(2)]
        self.of_actors = [self.limits(ActorLimits) for _ in range(3)]
        self.of_channels = [self.limits(MessageLimits) for _ in range(2)]
        self.router = Router(limits=self.maybe(self.of_actors, 0.2), limit_policies=self.some_policies(0.1))
        self.topics: list[tuple[str, str]] = []
        for number in range(self.choice.randint(1, 3)):
            channel = Channel(
                address=f"c{number}",
                limits=self.maybe(self.of_channels, 0.4),
                limit_policies=self.some_policies(0.15),
            )
            for place in range(self.choice.randint(1, 2)):
                self.actor(f"a{number}{place}", channel)
        self.app.include_router(self.router)

    def chance(self, part: float) -> bool:
        return not self.drains and self.choice.random() < part

    def maybe(self, things: list[Any], part: float) -> Any:
        return self.choice.choice(things) if self.choice.random() < part else None

    def some_policies(self, part: float) -> list[Policy]:
        return [one for one in self.policies if self.choice.random() < part]

    def limits(self, kind: type[Limits]) -> Limits:
        numbers: dict[str, Any] = {
            "max_messages": self.choice.choice([None, 1, 2, 3]),
            "max_payload_bytes": self.choice.choice([None, None, 40, 80]),
            "on_oversized_payload": self.oversized,
        }
        if kind is MessageLimits and self.choice.random() < 0.5:
            strategies = self.choice.choice(STRATEGIES)
            numbers["backpressure"] = BackpressurePolicy(strategies=strategies, resume_at=self.choice.random())
        return kind(**numbers)

    def oversized(self, _message: Any) -> str:
        if self.drains:
            return "run_alone"
        return self.choice.choice(["run_alone", "run_alone", "nack", "reject"])

    def actor(self, name: str, channel: Channel) -> None:
        own = self.maybe(self.of_actors, 0.5)
        mode = self.choice.choice(MODES)
        limits = [one for one in (self.router.limits, own, channel.limits) if one is not None]

        async def act(message: Message) -> Any:
            await self.act(message, limits)
            if mode == "manual":
                await message.ack()
            return "ack" if mode == "manual_explicit" else None

        self.topics.append((channel.address, name))
        options = {"on_error": self.choice.choice(["nack", "reject", "ack"])} if mode == "auto" else {}
        self.router.actor(
            name=name,
            channel=channel,
            confirmation_mode=mode,
            limits=own,
            limit_policies=self.some_policies(0.25),
            timeout=self.choice.choice([None, 0.5]),
            **options,
        )(act)

    async def act(self, message: Any, limits: list[Limits]) -> None:
        """Run one message, and look whether it may run now."""
        worker, key = worker_here.get(), message.message_id
        own = self.of_worker[worker]
        here = self.running.setdefault(worker, {})
        if any(key in there for there in self.running.values()):
            self.faults.append(f"{key} runs twice")
        here[key] = (len(message.payload), [*limits, *([own] if own else [])])
        try:
            self.look(here)
            if not self.drains:
                await asyncio.sleep(self.choice.choice([0, 0, 0.01, 0.1, 1.0]))
                if self.chance(0.1):
                    raise ValueError
                if self.chance(0.03):
                    raise asyncio.CancelledError
        finally:
            del here[key]
        self.done[key] += 1

    def look(self, here: dict[str, tuple[int, list[Limits]]]) -> None:
        """Look whether each limit holds in one worker."""
        for limits in {one for _, needed in here.values() for one in needed}:
            sizes = [size for size, needed in here.values() if limits in needed]
            if limits.max_messages is not None and len(sizes) > limits.max_messages:
                self.faults.append(f"{len(sizes)} messages, and the limit is {limits.max_messages}")
            most = limits.max_payload_bytes
            if most is not None and sum(sizes) > most and len(sizes) > 1:
                self.faults.append(f"{sum(sizes)} bytes in {len(sizes)} messages, and the limit is {most}")

    async def send(self) -> None:
        channel, topic = self.choice.choice(self.topics)
        key = f"m{len(self.sent) + 1}"
        self.sent.append(key)
        size = self.choice.choice([0, 5, 20, 40, 60, 100])
        topic = topic if self.choice.random() < 0.95 else "nobody"
        await self.server.publish(
            channel=channel,
            message=MessageData(payload=b"x" * size, headers={"topic": topic}),
            server_specific_parameters={"message_id": key, "priority": self.choice.choice([4, 4, 9])},
        )

    async def work(self, number: int, **options: Any) -> None:
        worker_here.set(number)
        await self.app.run_worker(**options)

    def places(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for queue in self.server.snapshot().channels:
            letters = [letter.message for letter in queue.dead_letters]
            found.update(str(message.id) for message in (*queue.ready, *queue.in_work, *letters))
        return found

    def check_places(self, *, all_are_back: bool) -> None:
        """Look whether each message is in one place, or done; where no worker runs, nothing is held."""
        doubled = [key for key, count in self.places().items() if count > 1]
        if doubled:
            self.faults.append(f"in two places: {doubled}")
        if not all_are_back:
            return
        for queue in self.server.snapshot().channels:
            if queue.working:
                self.faults.append(f"{queue.working} in work on {queue.channel}, and no worker runs")
        for policy in self.policies:
            if policy.used:
                self.faults.append(f"{policy.used} leases are held, and no worker runs")
        if gates_of(self.server):
            self.faults.append("a gate is open, and no worker runs")


class History:
    """Operations at random on one world."""

    def __init__(self, seed: int) -> None:
        self.world = World(random.Random(seed))  # noqa: S311  (a history, no secret)
        self.workers: dict[int, asyncio.Task[None]] = {}

    async def play(self) -> None:
        world = self.world
        await world.server.connect()
        for _ in range(OPERATIONS):
            await self.operate()
            world.check_places(all_are_back=False)
        await self.end()
        world.check_places(all_are_back=True)
        if not world.faults:
            await self.drain()

    async def operate(self) -> None:
        world, choice = self.world, self.world.choice
        what = choice.random()
        if what < 0.5:
            for _ in range(choice.randint(1, 5)):
                await world.send()
        elif what < 0.65 or not self.workers:
            self.start()
        elif what < 0.8:
            await asyncio.sleep(choice.choice([0, 0, 0.01, 0.1, 2.0]))
        else:
            task = choice.choice([*self.workers.values()])
            for _ in range(choice.randint(0, 20)):
                await asyncio.sleep(0)
            task.cancel()
            if choice.random() < 0.3:
                await asyncio.sleep(0)
                task.cancel()

    def start(self) -> None:
        world, choice = self.world, self.world.choice
        number = len(world.of_worker)
        own = world.limits(MessageLimits) if choice.random() < 0.5 else None
        world.of_worker[number] = own  # type: ignore[assignment]
        options: dict[str, Any] = {
            "limits": own,
            "limit_policies": world.some_policies(0.2),
            "actor_limits_propagation": choice.choice(["sum", "off"]),
            "messages_limit": choice.choice([float("inf"), 3, 10]),
            "graceful_shutdown_time": choice.choice([0.0, 0.05, 5.0]),
            "register_signals": [],
        }
        if own is None:
            options["tasks_limit"] = choice.choice([1, 2, 5, 1000])
        self.workers[number] = asyncio.create_task(world.work(number, **options))

    async def end(self) -> None:
        """End all workers."""
        for task in self.workers.values():
            task.cancel()
        for task in self.workers.values():
            with suppress(asyncio.CancelledError):
                await task
        self.workers.clear()
        # Leases whose release has begun are released on their own.
        await asyncio.sleep(1)

    async def drain(self) -> None:
        """Let one worker do what is left: nothing may wait for ever."""
        world = self.world
        world.drains = True
        number = len(world.of_worker)
        world.of_worker[number] = None
        worker = asyncio.create_task(world.work(number, register_signals=[], graceful_shutdown_time=5.0))
        until = asyncio.get_running_loop().time() + PATIENCE
        while any(queue.waiting or queue.working for queue in world.server.snapshot().channels):
            if asyncio.get_running_loop().time() > until:
                waits = [wait.reason for gate in gates_of(world.server) for wait in gate.waiting()]
                world.faults.append(f"waits for ever: {waits}")
                break
            await asyncio.sleep(100)
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        await asyncio.sleep(1)
        world.check_places(all_are_back=True)


def faults_of_history(seed: int, *, shuffled: bool = False) -> list[str]:
    """Play a history and return what does not hold; empty where all does."""
    history = History(seed)
    shuffle = random.Random(seed) if shuffled else None  # noqa: S311
    return _played(history, SimulatedLoop(shuffle=shuffle))


def _played(history: History, loop: SimulatedLoop) -> list[str]:
    logging.disable(logging.CRITICAL)
    try:
        run(history.play(), loop)
    except NeverEndsError as error:
        history.world.faults.append(str(error))
    finally:
        logging.disable(logging.NOTSET)
    return [*history.world.faults, *loop.complaints]


class _Scene(History):
    """A worker with all kinds of limits, cancelled before one turn of the loop."""

    def __init__(self, turn: int, again_after: int = 0) -> None:
        super().__init__(seed=7)
        self.turn = turn
        self.again_after = again_after
        self.turns = 0

    async def play(self) -> None:
        world, loop = self.world, asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        await world.server.connect()
        for _ in range(12):
            await world.send()
        self.start()
        (worker,) = self.workers.values()
        start = loop.turns

        def before_turn(turn: int) -> None:
            self.turns = turn - start
            if self.turn and self.turns in (self.turn, self.turn + self.again_after):
                worker.cancel()

        loop.before_turn = before_turn
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(worker), 5)
        loop.before_turn = None
        await self.end()
        world.check_places(all_are_back=True)
        if not world.faults:
            await self.drain()


def turns_of() -> int:
    """Return how many turns the scene takes that is cancelled before one of them."""
    scene = _Scene(0)
    _played(scene, SimulatedLoop())
    return scene.turns


def faults_of_turn(turn: int, again_after: int = 0) -> list[str]:
    """Return what does not hold where the scene's worker is cancelled before that turn, and once more later."""
    return _played(_Scene(turn, again_after), SimulatedLoop())
