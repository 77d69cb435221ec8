"""Kafka: a consumer of its own in repid's group. A message is not taken but passed: only the group's offset moves."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from shlex import quote
from typing import Any

from repid_nb.core.errors import NotPullableError
from repid_nb.core.memory.snapshot import ChannelSnapshot
from repid_nb.core.message import MessageAction, ReceivedMessageT
from repid_nb.stepping.brokers.adapter import Adapter, unknown
from repid_nb.stepping.brokers.kafka_letters import Letters
from repid_nb.stepping.brokers.places import Greeting, Place, place_of
from repid_nb.stepping.source import Knowledge

__all__ = ["KafkaAdapter"]

# Seconds in which a group lets a newcomer in.
JOINED_WITHIN = 30.0
SHORTEST_WAIT = 0.1
# Milliseconds that a request for records waits at an empty topic; by default 500. A connection answers in order, so the
# questions of a look wait behind it.
FETCHED_WITHIN = 50
# A learner may think about a message for as long as this, and keeps the partitions: a day, in milliseconds.
LONGEST_THOUGHT = 24 * 3600 * 1000


class KafkaAdapter(Adapter):
    """Reads records one by one, and commits an offset only up to the first record that is not settled."""

    knows = Knowledge(
        broker="Kafka",
        rejected="written again at the end, under a new offset",
        nacked="a dead letter, on the topic repid_{channel}_dlq",
        given_back="at its place: the group's offset has not moved",
        counts=True,
        dead_letters=True,
        keeps_ids=False,
    )
    port = 9092
    hides_loss = True
    # ApiVersions, version 0, without a client id; the answer has the number of the question.
    greeting = Greeting(
        bytes.fromhex("0000000a 0012 0000 00001234 ffff"), re.compile(rb"....\x00\x00\x12\x34", re.DOTALL)
    )

    @property
    def place(self) -> Place | None:
        # Encrypted or not, that does not stand in the address.
        is_plain = "SSL" not in self.server._conn_kwargs["security_protocol"]
        return place_of(f"{'kafka' if is_plain else 'tls'}://{self.server.dsn}", self.port)

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self._letters = Letters(server)
        self._consumer: Any = None
        self._channels: frozenset[str] = frozenset()
        # By partition: the offsets that are handed out and not settled, and the offset after the last one handed out.
        self._out: dict[Any, set[int]] = {}
        self._next: dict[Any, int] = {}

    def forget(self) -> None:
        self._consumer = None
        self._letters = Letters(self.server)

    async def open(self, channels: Sequence[str]) -> None:
        if self._consumer is not None and self._channels >= set(channels):
            return
        await self._leave()
        server = self.server
        consumer = import_module("aiokafka").AIOKafkaConsumer(
            *channels,
            bootstrap_servers=server.dsn,
            group_id=server._group_id,
            enable_auto_commit=False,
            auto_offset_reset=server._auto_offset_reset,
            max_poll_records=1,
            fetch_max_wait_ms=FETCHED_WITHIN,
            max_poll_interval_ms=LONGEST_THOUGHT,
            **server._conn_kwargs,
        )
        await consumer.start()
        try:
            await self._join(consumer, channels)
        except BaseException:
            await consumer.stop()
            raise
        self._consumer, self._channels = consumer, frozenset(channels)

    async def pull(self, channel: str, within: float) -> ReceivedMessageT | None:
        here = self._partitions(channel)
        if not here:
            raise NotPullableError(
                f"Kafka has given the partitions of {channel!r} to others of the group {self.server._group_id!r}, and "
                "none to this Stepper: a partition has one reader. Stop the others, or wait until they are gone."
            )
        got = await self._consumer.getmany(*here, timeout_ms=int(max(within, SHORTEST_WAIT) * 1000), max_records=1)
        kind = import_module("repid.connections.kafka.message").KafkaReceivedMessage
        for partition, records in got.items():
            for record in records:
                self._out.setdefault(partition, set()).add(record.offset)
                self._next[partition] = record.offset + 1
                message: ReceivedMessageT = kind(self.server, record, partial(self._passed, partition))
                return message
        return None

    async def give_back(self, message: ReceivedMessageT) -> None:
        if message.is_acted_on:
            return
        record = message._record  # type: ignore[attr-defined]  # repid's own message
        partition = import_module("aiokafka").TopicPartition(record.topic, record.partition)
        self._out.get(partition, set()).discard(record.offset)
        if self._consumer is not None and partition in self._consumer.assignment():
            self._next[partition] = record.offset
            self._consumer.seek(partition, record.offset)

    def where(self, action: MessageAction | None, channel: str) -> str:
        server = self.server
        if action is MessageAction.nacked:
            dead = server._dlq_topic_strategy
            return (
                "passed: the server has no dlq_topic_strategy" if dead is None else f"a dead letter, on {dead(channel)}"
            )
        if action is MessageAction.acked:
            return "done, the group's offset is past it"
        if action is MessageAction.rejected:
            again = server._reject_topic_strategy
            if again is None:
                return "passed: the server has no reject_topic_strategy"
            if again(channel) != channel:
                return f"written to the topic {again(channel)}"
        return super().where(action, channel)

    def comes_again(self) -> str:
        return "where Kafka has not heard of it, the message comes again when its partition is read anew"

    async def look(self, channels: Sequence[str], window: int) -> list[ChannelSnapshot]:
        return [await self._look(channel, window) for channel in channels]

    async def resend(self, channel: str, message_id: str | None) -> int:
        return await self._letters.resend(channel, message_id)

    async def close(self) -> None:
        await self._letters.close()
        await self._leave()

    async def _leave(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._out.clear()
        self._next.clear()
        if consumer is not None:
            await consumer.stop()

    def _partitions(self, channel: str) -> list[Any]:
        if self._consumer is None:
            return []
        return [partition for partition in self._consumer.assignment() if partition.topic == channel]

    async def _join(self, consumer: Any, channels: Sequence[str]) -> None:
        """Wait until the group has let the consumer in, which takes it some seconds.

        Raises:
            NotPullableError: A topic is missing, or others have all partitions.
        """
        topics = await consumer.topics()
        missing = next((channel for channel in channels if channel not in topics), None)
        if missing is not None:
            raise NotPullableError(
                f"Kafka has no topic {missing!r}. Create it first: kafka-topics.sh --create --topic {quote(missing)}"
            )
        try:
            async with asyncio.timeout(JOINED_WITHIN):
                while not consumer.assignment():  # noqa: ASYNC110  (the consumer has no event for it)
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise NotPullableError(
                f"Kafka gave this Stepper no partition of {', '.join(channels)}: others of the group "
                f"{self.server._group_id!r} have them all. Stop them, or give the server a group_id of its own."
            ) from None

    async def _passed(self, partition: Any, record: Any) -> None:
        """Move the group's offset to the first record that is not settled."""
        out = self._out.setdefault(partition, set())
        out.discard(record.offset)
        offset = min(out, default=self._next.get(partition, record.offset + 1))
        try:
            await self._consumer.commit({partition: import_module("aiokafka").OffsetAndMetadata(offset, "")})
        except Exception:
            out.add(record.offset)
            raise

    async def _look(self, channel: str, window: int) -> ChannelSnapshot:
        here = self._partitions(channel)
        if not here:
            return unknown([channel])[0]
        dead, letters = await self._letters.look(channel, window)
        ends = await self._consumer.end_offsets(here)
        waiting = sum([ends[partition] - await self._consumer.position(partition) for partition in here])
        working = sum(len(self._out.get(partition, ())) for partition in here)
        return ChannelSnapshot(
            channel=channel,
            waiting=waiting,
            working=working,
            dead=dead,
            dead_letters=tuple(map(self.letter, letters)),
            note="of the partitions that this Stepper reads; which ones is not shown" if waiting else "",
        )
