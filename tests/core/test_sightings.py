"""Sightings: counted by message, and nothing is kept of what has left."""

import asyncio
import gc
from dataclasses import dataclass

from repid_nb.app import Repid
from repid_nb.core.memory.message import InMemoryReceivedMessage
from repid_nb.core.memory.queue import Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import MessageData
from repid_nb.core.routing.router import Router
from repid_nb.core.worker.sightings import Sightings
from repid_nb.core.worker.worker import Worker


@dataclass
class Foreign:
    """A message of another server, known by its id only."""

    message_id: str | None


def taken(queues: Queues, message_id: str | None = None) -> InMemoryReceivedMessage:
    queue = queues.of("tasks")
    if message_id is not None:
        queue.put(QueuedMessage(b"", message_id=message_id), 4)
    received = queue.take(None)
    assert received is not None
    return received


def kept_by(sightings: Sightings) -> list[tuple[str, int]]:
    queued = [(message.message_id, seen) for message, seen in sightings._queued.items()]
    return [*queued, *sightings._by_id.items()]


def test_each_sighting_counts_one_more():
    sightings, message = Sightings(), taken(Queues(1), "m")
    assert [sightings.count(message) for _ in range(3)] == [1, 2, 3]
    assert sightings.of(message) == 3


async def test_a_message_that_was_rejected_and_pulled_again_is_the_same_message():
    sightings, queues = Sightings(), Queues(1)
    first = taken(queues, "m")
    sightings.count(first)
    await first.reject()
    assert sightings.count(taken(queues)) == 2


def test_two_messages_with_the_same_id_are_counted_apart():
    sightings, queues = Sightings(), Queues(1)
    one, other = taken(queues, "same"), taken(queues, "same")
    sightings.count(one)
    assert sightings.count(other) == 1
    assert kept_by(sightings) == [("same", 1), ("same", 1)]


def test_on_other_servers_the_id_is_counted():
    sightings = Sightings()
    assert sightings.count(Foreign("a")) == 1
    assert sightings.count(Foreign("a")) == 2
    assert sightings.count(Foreign("b")) == 1
    assert kept_by(sightings) == [("a", 2), ("b", 1)]


def test_a_message_without_an_id_is_never_seen_again_for_certain():
    sightings = Sightings()
    assert [sightings.count(Foreign(None)) for _ in range(12)] == [1] * 12
    assert kept_by(sightings) == []


def test_a_forgotten_message_starts_again():
    sightings = Sightings()
    for message in (taken(Queues(1), "m"), Foreign("a"), Foreign(None)):
        sightings.count(message)
        sightings.forget(message)
        sightings.forget(message)
        assert sightings.of(message) == 0
    assert kept_by(sightings) == []


def test_a_count_can_be_set_and_nought_forgets():
    sightings = Sightings()
    for message in (taken(Queues(1), "m"), Foreign("a")):
        sightings.set(message, 7)
        assert sightings.count(message) == 8
        sightings.set(message, 0)
        assert sightings.of(message) == 0
    assert kept_by(sightings) == []


async def test_nothing_is_kept_of_a_message_that_somebody_else_settled():
    sightings, queues = Sightings(), Queues(1)
    message = taken(queues, "m")
    sightings.count(message)
    await message.ack()
    del message
    gc.collect()
    assert kept_by(sightings) == []


async def test_a_worker_keeps_nothing_of_messages_that_are_settled():
    server, router = InMemoryServer(), Router(channel="tasks")

    @router.actor
    async def work() -> None:
        pass

    asked = []

    def later(*, actor_name, **_):
        def strategy(message):
            if message.headers:
                return False
            asked.append(dict(kept_by(worker.sightings)))
            return len(asked) == 3

        return strategy

    kept = []

    @router.actor(routing_strategy=later)
    async def changes_its_mind() -> None:
        kept.extend(kept_by(worker.sightings))

    app = Repid()
    worker = Worker(app.execution_context(server), router.routes().by_channel)
    async with server.connection():
        for topic in ("work", "nobody", "nobody"):
            await server.publish(channel="tasks", message=MessageData(payload=b"{}", headers={"topic": topic}))
        running = asyncio.create_task(worker.run(messages_limit=2, tasks_limit=1))
        while len(server.dead_letters("tasks")) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert kept_by(worker.sightings) == []
        await server.publish(
            channel="tasks",
            message=MessageData(payload=b"{}"),
            server_specific_parameters={"message_id": "m"},
        )
        await running
    assert asked == [{}, {"m": 1}, {"m": 2}]
    assert kept == []
