"""Short scenes, each of which is cut at every place: what the package does, in the task that is cut."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import repid
from soak.history import History
from soak.model import Mirror, serial_of
from soak.world import TIMEOUT, Owner

__all__ = ["FOREIGN", "SCENES", "ForeignMirror", "Scene"]

Scene: TypeAlias = Callable[[History], Awaitable[None]]

SCENES: dict[str, Scene] = {}
# The scenes whose server is repid's own.
FOREIGN = {"foreign_server", "foreign_server_full", "foreign_server_waits"}

PAUSES = (("sleep", 0.01), ("sleep", 0))


def scene(act: Scene) -> Scene:
    """Add a scene under the name of its function."""
    SCENES[act.__name__] = act
    return act


async def sent(history: History, *topics: str | None, script: tuple[Any, ...] = PAUSES, again: int = 1) -> None:
    """Send a message for each of these topics."""
    for topic in topics:
        await history.send(0, "one", topic, 4, (script,) * again, "", "json")


async def worked(history: History, messages: float, tasks: int = 2, grace: float = 25.0) -> None:
    """Run a worker in this task."""
    owner = Owner("worker", history.world.mirrors[0], limit=tasks, most=messages)
    owner.sighted_by = owner
    history.workers.append(owner)
    await history.work(owner, grace)


def mode_scene(topic: str) -> None:
    """Add a scene of a worker whose messages are for the actor of one mode."""

    async def act(history: History) -> None:
        await sent(history, *[topic] * 4)
        await worked(history, 4)

    act.__name__ = f"worker_{topic}"
    scene(act)


for mode in ("auto", "again", "always", "first", "manual", "explicit", "plain", "typed"):
    mode_scene(mode)


@scene
async def worker_raises(history: History) -> None:
    await sent(history, "auto", "again", "manual", "always", "chosen", script=(*PAUSES, ("raise", "KeyError")))
    await worked(history, 6)


@scene
async def worker_times_out(history: History) -> None:
    await sent(history, "timed", "chosen", "timed", script=(("sleep", 2 * TIMEOUT + 1),))
    await sent(history, "timed")
    await worked(history, 5)


@scene
async def worker_settled_by_hand(history: History) -> None:
    for word in ("ack", "nack", "reject"):
        await sent(history, "manual", script=(("sleep", 0), ("settle", word), *PAUSES))
    await worked(history, 4)


@scene
async def worker_replies(history: History) -> None:
    await sent(history, "auto", "manual", script=(("sleep", 0), ("reply", "two"), *PAUSES))
    await sent(history, "auto", script=(("send", "two", "auto"), *PAUSES))
    await worked(history, 4)


@scene
async def worker_poison(history: History) -> None:
    await sent(history, "nobody", "auto", None)
    await sent(history, "auto", script=(("sleep", 1.0),))
    await worked(history, 2, tasks=1)


@scene
async def worker_waits(history: History) -> None:
    async def send_later() -> None:
        for _ in range(2):
            await asyncio.sleep(0.5)
            await sent(history, "auto")

    history.start(send_later())
    await worked(history, 2)


@scene
async def worker_stopped(history: History) -> None:
    async def stop_later() -> None:
        await asyncio.sleep(0.5)
        await history.stop_workers()

    await sent(history, "auto", "manual", "timed", script=(("sleep", 3.0),))
    history.start(stop_later())
    await worked(history, float("inf"), grace=1.0)


@scene
async def worker_resists(history: History) -> None:
    await sent(history, "auto", "auto", script=(("resist", 0.5),))
    await sent(history, "auto", script=(("cancel_self", "and waits"),))
    await worked(history, 3)


@scene
async def two_workers(history: History) -> None:
    await sent(history, *["auto", "again", "first", "nobody", "manual"] * 2)
    await history.worker(0, 3, 1, 0.0)
    await worked(history, 5)


@scene
async def stepper_steps(history: History) -> None:
    await sent(history, "auto", "manual", "nobody", "plain")
    await history.stepper(0, 2, True, 1000)
    one = history.steppers[0]
    for _ in range(4):
        await history.one_step(one, None, history.step_owner(one))


@scene
async def stepper_replies(history: History) -> None:
    await sent(history, "auto", script=(("send", "two", "auto"), ("reply", "two"), ("raise", "ValueError")))
    await history.stepper(0, 2, True, 1000)
    one = history.steppers[0]
    for _ in range(3):
        await history.one_step(one, None, history.step_owner(one))


@scene
async def stepper_held(history: History) -> None:
    async def gate(_phase: str, _so_far: Any) -> None:
        await asyncio.sleep(0.5)

    await sent(history, "auto", "timed", "nobody")
    await history.stepper(0, 2, True, 1000)
    one = history.steppers[0]
    one.stepper.gate = gate
    for _ in range(3):
        await history.one_step(one, None, history.step_owner(one))


@scene
async def stepper_rewinds(history: History) -> None:
    await sent(history, "auto", "again", "manual", script=(("sleep", 0), ("raise", "ValueError")))
    await history.stepper(0, 3, True, 1000)
    one = history.steppers[0]
    for back in (0, 2, 1):
        for _ in range(2):
            await history.one_step(one, None, history.step_owner(one))
        await history.rewind(0, back)


@scene
async def steps_at_the_same_time(history: History) -> None:
    await sent(history, "auto", "auto", "manual")
    await history.stepper(0, 2, True, 1000)
    one = history.steppers[0]
    await history.step_aside(0, None)
    await history.one_step(one, None, history.step_owner(one))
    await history.step_aside(0, None)
    await history.close_stepper(0)


@scene
async def subscriber(history: History) -> None:
    await sent(history, "auto", "auto", "auto", script=(*PAUSES, ("settle", "ack")))
    await history.subscribe(0, ("one", "two"), 2)
    await asyncio.sleep(1.0)
    await sent(history, "auto", script=(("sleep", 0.5), ("settle", "nack")))
    await asyncio.sleep(0.1)
    await history.close_subscriber(0)


@scene
async def subscriber_pauses(history: History) -> None:
    await sent(history, "auto", "auto", "auto", script=(("settle", "reject"),))
    await history.subscribe(0, ("one",), 1)
    await asyncio.sleep(0)
    await history.pause(0)
    await history.resume(0)
    await asyncio.sleep(0.1)
    await history.close_subscriber(0)


@scene
async def client(history: History) -> None:
    await history.use_client(False, (("one", "auto", (PAUSES,)), ("one", "timed", ((("sleep", 9.0),),))))


@scene
async def client_at_once(history: History) -> None:
    await history.use_client(True, (("one", "manual", (PAUSES,)), ("two", "chosen", ((("raise", "KeyError"),),))))


class ForeignMirror(Mirror):
    """What repid's own in-memory server has to hold; it drops what is nacked, and says nothing of who waits."""

    def __init__(self) -> None:
        super().__init__(repid.InMemoryServer(), 1)  # type: ignore[arg-type]

    def first_waiting(self, channel: str) -> None:
        """Return nothing: it is taken by the server and not by the worker."""

    def faults_of_order(self) -> Any:
        """Yield nothing: its order is its own."""
        return ()

    def left_behind(self) -> Any:
        """Yield nothing: repid's server keeps in work for ever what it had taken when it was closed."""
        return ()

    def bury(self, letter: Any) -> None:
        self.gone.add(letter.serial)

    def places(self) -> Counter[int]:
        queues = self.server.queues.values()  # type: ignore[attr-defined]
        waiting = [serial_of(one.payload) or 0 for queue in queues for one in queue.queue._queue]
        in_work = [serial_of(one.payload) or 0 for queue in queues for one in queue.processing]
        return Counter([*waiting, *in_work])


async def sent_to_foreign(history: History, *topics: str) -> None:
    """Send messages to repid's own server."""
    mirror = history.world.mirrors[0]
    for topic in topics:
        letter = history.world.letter("one", topic, scripts=(PAUSES,))
        mirror.publish(letter)
        await mirror.server.publish(
            channel="one", message=repid.MessageData(payload=letter.payload, headers=history.world.headers(letter))
        )


@scene
async def foreign_server(history: History) -> None:
    await sent_to_foreign(history, "auto", "manual", "again", "nobody", "timed", "auto")
    await worked(history, 5)


@scene
async def foreign_server_full(history: History) -> None:
    await sent_to_foreign(history, *["auto"] * 6)
    await worked(history, 2)


@scene
async def foreign_server_waits(history: History) -> None:
    async def send_later() -> None:
        await asyncio.sleep(0.5)
        await sent_to_foreign(history, "first", "auto")

    history.start(send_later())
    await worked(history, 2, tasks=1)
