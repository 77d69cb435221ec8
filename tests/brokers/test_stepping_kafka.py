"""Stepping Kafka: a message is not taken but passed, and the offset moves only over what is settled."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial

import aiokafka
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.consumer.subscription_state import SubscriptionState
from brokers.scenes import Scene
from repid import KafkaServer
from support.servers import Tansu

from repid_nb import MessageAction
from repid_nb.core.errors import NotConnectedError, UnknownNameError
from repid_nb.stepping.brokers import connecting, places, remote

HEARTBEAT = 0.05


class Kafka:
    """What a scene needs of a broker."""

    name = "kafka"

    def __init__(self, process: Tansu) -> None:
        self.process = process
        self.dsn = f"127.0.0.1:{process.port}"

    def server(self) -> KafkaServer:
        # A group takes seconds to let a second consumer in.
        return KafkaServer(self.dsn, group_id=f"group-{id(self)}")

    async def declare(self, channel: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.dsn)
        await admin.start()
        await admin.create_topics([NewTopic(name, 1, 1) for name in (channel, f"repid_{channel}_dlq")])
        await admin.close()

    async def passed(self, channel: str, *, letters: bool = False) -> int | None:
        """Return up to which offset the group is, or that of its dead letters."""
        group = f"group-{id(self)}_dlq" if letters else f"group-{id(self)}"
        consumer = AIOKafkaConsumer(bootstrap_servers=self.dsn, group_id=group, enable_auto_commit=False)
        await consumer.start()
        try:
            return await consumer.committed(TopicPartition(channel, 0))
        finally:
            await consumer.stop()


@pytest.fixture
async def here(shared_processes, channel, monkeypatch):
    monkeypatch.setattr(remote, "PATIENCE", 0.3)
    monkeypatch.setattr(connecting, "DOUBTED_AFTER", 0.5)
    often = partial(AIOKafkaConsumer, heartbeat_interval_ms=int(1000 * HEARTBEAT))
    monkeypatch.setattr(aiokafka, "AIOKafkaConsumer", often)
    broker = Kafka(shared_processes(Tansu))
    await broker.declare(channel)
    made = Scene(broker, channel)
    yield made
    await made.stepper.close()


async def letters_are_read_and_sent_again_in_any_order(here):
    for _ in range(3):
        await here.send("broken")
        step = await here.step()
        assert step.settlement.where == f"a dead letter, on repid_{here.channel}_dlq"
    queue = (await here.stepper.look())[here.channel]
    assert (queue.dead, [letter.message.headers["topic"] for letter in queue.dead_letters]) == (3, ["broken"] * 3)
    assert "LookupError" in queue.dead_letters[0].reason
    # Out of turn, so that the offset cannot say it yet.
    assert await here.stepper.send_again(here.channel, queue.dead_letters[1].message.id) == 1
    assert await here.broker.passed(f"repid_{here.channel}_dlq", letters=True) is None
    left = (await here.stepper.look())[here.channel]
    assert (left.dead, left.waiting) == (2, 1)
    assert await here.stepper.send_again(here.channel) == 2
    assert await here.broker.passed(f"repid_{here.channel}_dlq", letters=True) == 3
    with pytest.raises(UnknownNameError, match="No dead letter"):
        await here.stepper.send_again(here.channel, queue.dead_letters[1].message.id)
    assert [step.winner for step in await here.run_all(3)] == ["broken"] * 3


# One walk, because a group takes five seconds to let each consumer in.
async def test_the_groups_offset_moves_over_what_is_settled_and_the_step_says_where_a_message_went(here, monkeypatch):
    for number in range(3):
        await here.send("ship" if number == 0 else "slow", number)
    assert (await here.step()).settlement.action is MessageAction.acked
    assert await here.broker.passed(here.channel) == 1

    stepping = asyncio.create_task(here.step())
    await here.started.wait()
    stepping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stepping
    assert await here.broker.passed(here.channel) == 1
    # A group lets a member go that has not asked for longer than that, by default after five minutes.
    here.started.clear()
    stepping = asyncio.create_task(here.step())
    await here.started.wait()
    with monkeypatch.context() as an_hour_later:
        an_hour_later.setattr(SubscriptionState, "fetcher_idle_time", 3600.0)
        await asyncio.sleep(4 * HEARTBEAT)
    here.go_on.set()
    step = await stepping
    assert step.settlement.where == "done, the group's offset is past it"
    assert (step.before[here.channel].waiting, step.after[here.channel].waiting) == (2, 1)
    assert await here.broker.passed(here.channel) == 2
    await here.run_all(1)
    assert here.done == [0, 1, 2]

    await letters_are_read_and_sent_again_in_any_order(here)

    await here.send("nobody", 1)
    rejected = [await here.step() for _ in range(2)]
    assert rejected[0].settlement.where == "written again at the end, under a new offset"
    assert [step.sightings for step in rejected] == [1, 2]
    assert "never gets to ten" in rejected[0].note
    assert rejected[0].message.id != rejected[1].message.id

    before = await here.broker.passed(here.channel)
    await here.send("silent")
    await here.send("ship", 1)
    steps = [await here.step() for _ in range(3)]
    assert [step.settlement.action for step in steps] == [MessageAction.rejected, None, MessageAction.acked]
    assert await here.broker.passed(here.channel) == before + 1

    # Its client alone says that nothing came.
    with monkeypatch.context() as impatient:
        impatient.setattr(places, "GREETED_WITHIN", 0.1)
        os.kill(here.broker.process.pid, signal.SIGSTOP)
        with pytest.raises(NotConnectedError, match=r"Kafka does not answer at 127\.0\.0\.1"):
            await here.run_all(1000)  # one that had been fetched before comes first
        os.kill(here.broker.process.pid, signal.SIGCONT)
    # The one that no actor wants still goes round.
    assert (await here.step()).winner is None
