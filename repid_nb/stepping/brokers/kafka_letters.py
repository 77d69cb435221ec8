"""Kafka's dead letters: read beside every group, and sent again. A log keeps both, so an offset says what was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from repid_nb.core.errors import NotPullableError, UnknownNameError
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.message import MessageData
from repid_nb.stepping.brokers.adapter import pictured

__all__ = ["Letters", "letters_group"]

# How many of a partition are read for a look, and how many are sent again at a time.
READ_LIMIT = 100
LETTERS_LIMIT = 1000
READ_WITHIN = 1.0
# What repid adds to a message that it nacks.
ADDED = ("x-original-topic", "x-original-offset")


@dataclass(slots=True)
class _DeadTopic:
    """What is known of the topic of one channel's dead letters.

    Attributes:
        consumer: Assigned to the partitions, and paused but for reading.
        sent: By partition: the offsets beyond the group's own that this Stepper has sent again.
        seen: The letters, as they were between these offsets.
    """

    consumer: Any
    partitions: list[Any]
    sent: dict[Any, set[int]]
    between: object = None
    seen: list[MessageSnapshot] = field(default_factory=list)


class Letters:
    """Reads the topics that a server names for dead letters.

    The offset of a group of their own is at the first letter that was not sent again. Letters that were sent again out
    of turn only this Stepper knows.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._topics: dict[str, _DeadTopic] = {}
        self._in_use = asyncio.Lock()

    async def look(self, channel: str, window: int) -> tuple[int | None, Sequence[MessageSnapshot]]:
        """Return how many letters wait, None where it is not known, and the newest of them."""
        async with self._in_use:
            topic = await self._topic(channel)
            if topic is None:
                return None, ()
            begin, end = await self._between(topic)
            dead = sum(end[one] - begin[one] - len(topic.sent[one]) for one in topic.partitions)
            if not window:
                return dead, ()
            between = begin, end, {one: frozenset(sent) for one, sent in topic.sent.items()}
            if topic.between != between:
                since = {one: max(begin[one], end[one] - READ_LIMIT) for one in topic.partitions}
                records = await self._read(topic, since, end)
                topic.between, topic.seen = between, [self._letter(channel, record) for record in records]
            return dead, topic.seen[-window:]

    async def resend(self, channel: str, message_id: str | None) -> int:
        """Send one or all letters again; then move the group's offset over those that were.

        Raises:
            UnknownNameError: There is no letter with that id.
            NotPullableError: The letters cannot be reached.
        """
        async with self._in_use:
            topic = await self._topic(channel)
            if topic is None:
                raise NotPullableError(self._why_not(channel))
            begin, end = await self._between(topic)
            until = {one: min(end[one], begin[one] + LETTERS_LIMIT) for one in topic.partitions}
            records = await self._read(topic, begin, until)
            number = 0
            try:
                for record in records:
                    letter = self._letter(channel, record)
                    if message_id in (None, letter.id):
                        await self._send(letter)
                        topic.sent[_partition(record)].add(record.offset)
                        number += 1
            finally:
                await self._pass(topic, begin)
        if message_id is not None and not number:
            raise UnknownNameError(f"No dead letter {message_id!r} on {channel!r}.")
        return number

    async def close(self) -> None:
        """Hold nothing more."""
        topics, self._topics = self._topics, {}
        for topic in topics.values():
            await topic.consumer.stop()

    def _name(self, channel: str) -> str | None:
        strategy = self._server._dlq_topic_strategy
        name: str | None = None if strategy is None else strategy(channel)
        return name

    def _why_not(self, channel: str) -> str:
        name = self._name(channel)
        if name is None:
            return "This KafkaServer has no dlq_topic_strategy: a nacked message is passed."
        return f"Kafka has no topic {name!r}, where the dead letters of {channel!r} go. Create it first."

    async def _topic(self, channel: str) -> _DeadTopic | None:
        name = self._name(channel)
        if name is None:
            return None
        if channel not in self._topics:
            consumer = self._consumer()
            try:
                await consumer.start()
                partitions = await _partitions(consumer, name)
            except BaseException:
                await consumer.stop()
                raise
            if not partitions:
                await consumer.stop()
                return None
            consumer.assign(partitions)
            consumer.pause(*partitions)
            self._topics[channel] = _DeadTopic(consumer, partitions, {one: set() for one in partitions})
        return self._topics[channel]

    def _consumer(self) -> Any:
        server = self._server
        return import_module("aiokafka").AIOKafkaConsumer(
            bootstrap_servers=server.dsn,
            group_id=letters_group(server),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            **server._conn_kwargs,
        )

    async def _between(self, topic: _DeadTopic) -> tuple[dict[Any, int], dict[Any, int]]:
        """Return each partition's offset of the first letter that was not sent again, and of its end."""
        consumer = topic.consumer
        begin = await consumer.beginning_offsets(topic.partitions)
        for one in topic.partitions:
            # What was sent again and what is kept no more: whichever goes further.
            begin[one] = max(begin[one], await consumer.committed(one) or 0)
            topic.sent[one] = {offset for offset in topic.sent[one] if offset >= begin[one]}
        return begin, await consumer.end_offsets(topic.partitions)

    async def _read(self, topic: _DeadTopic, since: dict[Any, int], until: dict[Any, int]) -> list[Any]:
        """Return the records between offsets that were not sent again, the oldest first."""
        consumer = topic.consumer
        left = [one for one in topic.partitions if since[one] < until[one]]
        records: list[Any] = []
        for one in left:
            consumer.seek(one, since[one])
        consumer.resume(*left)
        try:
            async with asyncio.timeout(READ_WITHIN * max(1, len(left))):
                while left:
                    for one, got in (await consumer.getmany(*left, timeout_ms=int(READ_WITHIN * 1000))).items():
                        records += [record for record in got if record.offset < until[one]]
                    left = [one for one in left if await consumer.position(one) < until[one]]
        except TimeoutError:
            # Less than all is shown.
            pass
        finally:
            consumer.pause(*topic.partitions)
        fresh = (record for record in records if record.offset not in topic.sent[_partition(record)])
        return sorted(fresh, key=lambda record: (record.timestamp, record.partition, record.offset))

    async def _pass(self, topic: _DeadTopic, begin: dict[Any, int]) -> None:
        """Move the group's offset to the first letter that was not sent again."""
        kind = import_module("aiokafka").OffsetAndMetadata
        passed = {one: _first_missing(begin[one], topic.sent[one]) for one in topic.partitions}
        moved = {one: kind(offset, "") for one, offset in passed.items() if offset > begin[one]}
        if moved:
            await topic.consumer.commit(moved)

    def _letter(self, channel: str, record: Any) -> MessageSnapshot:
        kind = import_module("repid.connections.kafka.message").KafkaReceivedMessage
        picture = pictured(kind(self._server, record, _nothing))
        headers = {name: text for name, text in (picture.headers or {}).items() if name not in ADDED}
        # A letter is the message that it was, of its channel.
        return replace(picture, channel=channel, headers=headers)

    async def _send(self, letter: MessageSnapshot) -> None:
        message = MessageData(
            payload=letter.payload,
            headers=None if letter.headers is None else dict(letter.headers),
            content_type=letter.content_type,
        )
        await self._server.publish(channel=letter.channel, message=message)


def letters_group(server: Any) -> str:
    """Return the group whose offset says which letters were sent again."""
    return f"{server._group_id}_dlq"


async def _partitions(consumer: Any, topic: str) -> list[Any]:
    kind = import_module("aiokafka").TopicPartition
    if topic not in await consumer.topics():
        return []
    return [kind(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]


def _partition(record: Any) -> Any:
    return import_module("aiokafka").TopicPartition(record.topic, record.partition)


def _first_missing(begin: int, sent: Iterable[int]) -> int:
    offset, known = begin, set(sent)
    while offset in known:
        offset += 1
    return offset


async def _nothing(_record: Any) -> None:
    """Settle nothing: a letter is only read."""
