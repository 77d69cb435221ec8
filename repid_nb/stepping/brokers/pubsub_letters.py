"""Dead letters of Pub/Sub: on the topic that a subscription names for them, and read through one of that topic."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from repid_nb.core.errors import NotPullableError, UnknownNameError
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.message import MessageData
from repid_nb.stepping.brokers.adapter import pictured

__all__ = ["Letters", "pull_request"]

SUBSCRIBER, PUBLISHER = "/google.pubsub.v1.Subscriber/", "/google.pubsub.v1.Publisher/"
ANSWERED_WITHIN = 5.0
# How many are read for a look, and how many are sent again at a time.
READ_LIMIT = 100
LETTERS_LIMIT = 1000
# Seconds in which a letter that is on its way comes to its topic.
ON_ITS_WAY = 5.0
# What Pub/Sub adds to a message that becomes a dead letter.
ADDED = "CloudPubSubDeadLetter"
# Fields of google/pubsub/v1/pubsub.proto.
POLICY, POLICY_TOPIC, POLICY_ATTEMPTS = 13, 1, 2


@dataclass(slots=True)
class _DeadTopic:
    """Where the dead letters of one channel go.

    Attributes:
        after: At which delivery a message becomes one.
        subscription: Where they are read; empty where the topic has none, and they are lost.
        is_readable: Whether a letter can be looked at without a trace: a policy of its own would count each time.
        read_until: Until when each look reads anew.
    """

    topic: str
    after: int
    subscription: str
    is_readable: bool
    read_until: float
    seen: list[MessageSnapshot] = field(default_factory=list)


class Letters:
    """Reads dead letters by pulling them and giving them back at once. How many there are, Pub/Sub does not tell.

    So they are read when the Stepper opens, after each message that may have become one, and after they were sent
    again; what other programs do with them is not seen meanwhile.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._topics: dict[str, _DeadTopic | None] = {}
        self._in_use = asyncio.Lock()

    def topic(self, channel: str) -> str:
        """Return the name of the topic of a channel's dead letters; empty where there is none."""
        found = self._topics.get(channel)
        return "" if found is None else found.topic.rsplit("/", 1)[1]

    def after(self, channel: str) -> int:
        """Return at which delivery a message of a channel becomes a dead letter; 0 where it never does."""
        found = self._topics.get(channel)
        return 0 if found is None else found.after

    async def find(self, channel: str) -> None:
        """Ask where a channel's dead letters go, once."""
        if channel in self._topics:
            return
        self._topics[channel] = None
        topic, after = await self._policy(self._server._resolve_subscription_path(channel))
        if topic:
            subscriptions = sorted(await self._subscriptions(topic))
            subscription = subscriptions[0] if subscriptions else ""
            readable = bool(subscription) and not (await self._policy(subscription))[0]
            self._topics[channel] = _DeadTopic(topic, after, subscription, readable, _now() + ON_ITS_WAY)

    def forget(self, channel: str) -> None:
        """Ask again next time."""
        self._topics.pop(channel, None)

    def note_delivery(self, channel: str) -> None:
        """Note that a message of a channel may be a dead letter now."""
        found = self._topics.get(channel)
        if found is not None:
            found.read_until = _now() + ON_ITS_WAY

    async def look(self, channel: str, window: int) -> Sequence[MessageSnapshot]:
        """Return the newest letters, as they were when they were read last."""
        found = self._topics.get(channel)
        if found is None or not found.is_readable or not window:
            return ()
        if _now() <= found.read_until:
            async with self._in_use:
                got = await self._pull(found.subscription, READ_LIMIT)
                found.seen = [self._letter(channel, found, one) for one in got]
                await self._put_back(found.subscription, got)
        return found.seen[-window:]

    async def resend(self, channel: str, message_id: str | None) -> int:
        """Publish one or all letters again; a letter is gone only once Pub/Sub has confirmed the message.

        Raises:
            UnknownNameError: There is no letter with that id.
            NotPullableError: The letters cannot be reached.
        """
        await self.find(channel)
        found = self._topics.get(channel)
        if found is None or not found.subscription:
            raise NotPullableError(self._why_not(channel, found))
        others: list[Any] = []
        number = 0
        async with self._in_use:
            try:
                while number < LETTERS_LIMIT and (got := await self._pull(found.subscription, READ_LIMIT)):
                    for one in got:
                        letter = self._letter(channel, found, one)
                        if message_id in (None, letter.id):
                            await self._send(letter)
                            await self._call(SUBSCRIBER + "Acknowledge", _named(found.subscription, 2, one.ack_id))
                            number += 1
                        else:
                            others.append(one)
                    if message_id is not None and number:
                        break
            finally:
                await self._put_back(found.subscription, others)
                found.read_until = _now() + ON_ITS_WAY
        if message_id is not None and not number:
            raise UnknownNameError(f"No dead letter {message_id!r} on {channel!r}.")
        return number

    def _why_not(self, channel: str, found: _DeadTopic | None) -> str:
        if found is None:
            return (
                f"The subscription of {channel!r} has no dead-letter policy: a nacked message goes round for ever. "
                f"gcloud pubsub subscriptions update {channel} --dead-letter-topic TOPIC gives it one."
            )
        name = self.topic(channel)
        return (
            f"The topic {name!r} has no subscription, so what goes there is lost: "
            f"gcloud pubsub subscriptions create {name} --topic {name} keeps it from now on."
        )

    async def _policy(self, subscription: str) -> tuple[str, int]:
        answer = await self._call(SUBSCRIBER + "GetSubscription", _named(subscription))
        topic, after = "", 0
        for number, value in _fields(answer):
            if number == POLICY and isinstance(value, bytes):
                for inner, told in _fields(value):
                    if inner == POLICY_TOPIC and isinstance(told, bytes):
                        topic = told.decode()
                    elif inner == POLICY_ATTEMPTS and isinstance(told, int):
                        after = told
        return topic, after

    async def _subscriptions(self, topic: str) -> list[str]:
        answer = await self._call(PUBLISHER + "ListTopicSubscriptions", _named(topic))
        return [value.decode() for number, value in _fields(answer) if number == 1 and isinstance(value, bytes)]

    async def _pull(self, subscription: str, number: int) -> list[Any]:
        kinds = import_module("repid.connections.pubsub.protocol.proto")
        # At once: a request that waits and is given up may have taken letters that hide then.
        answer = await self._call(SUBSCRIBER + "Pull", pull_request(subscription, number, at_once=True))
        received: list[Any] = kinds.StreamingPullResponse.deserialize(answer).received_messages
        return received

    async def _put_back(self, subscription: str, letters: Sequence[Any]) -> None:
        if not letters:
            return
        kinds = import_module("repid.connections.pubsub.protocol.proto")
        request = kinds.ModifyAckDeadlineRequest(
            subscription=subscription, ack_ids=[one.ack_id for one in letters], ack_deadline_seconds=0
        )
        await self._call(SUBSCRIBER + "ModifyAckDeadline", request.serialize())

    async def _call(self, method: str, request: bytes) -> bytes:
        call = self._server._channel.unary_unary(method, request_serializer=bytes, response_deserializer=bytes)
        answer: bytes = await call(request, timeout=ANSWERED_WITHIN)
        return answer

    def _letter(self, channel: str, found: _DeadTopic, received: Any) -> MessageSnapshot:
        kind = import_module("repid.connections.pubsub.protocol.received_message").PubsubReceivedMessage
        picture = pictured(
            kind(
                raw_message=received.message,
                ack_id=received.ack_id,
                delivery_attempt=received.delivery_attempt,
                subscription_path=found.subscription,
                channel_name=channel,
                server=self._server,
                stream_ack_deadline_seconds=self._server._stream_ack_deadline_seconds,
            )
        )
        headers = {name: text for name, text in (picture.headers or {}).items() if not name.startswith(ADDED)}
        return replace(picture, headers=headers)

    async def _send(self, letter: MessageSnapshot) -> None:
        message = MessageData(
            payload=letter.payload,
            headers=None if letter.headers is None else dict(letter.headers),
            content_type=letter.content_type,
            reply_to=letter.reply_to,
        )
        await self._server.publish(channel=letter.channel, message=message)


def pull_request(subscription: str, number: int = 1, *, at_once: bool = False) -> bytes:
    """Return a PullRequest: subscription = 1, return_immediately = 2, max_messages = 3."""
    return _named(subscription) + (b"\x10\x01" if at_once else b"") + b"\x18" + _varint(number)


def _named(name: str, number: int = 0, more: str = "") -> bytes:
    """Return a request whose field 1 is a name, and one whose number is given another text."""
    request = b"\x0a" + _varint(len(name.encode())) + name.encode()
    return request + bytes([number << 3 | 2]) + _varint(len(more.encode())) + more.encode() if number else request


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004  (seven bits a byte)
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Return the fields of a message, each with its number: repid reads only the messages that it uses."""
    kinds = import_module("repid.connections.pubsub.protocol.proto")
    place = 0
    while place < len(message):
        number, wire_type, place = kinds._decode_tag(message, place)
        if wire_type == kinds.WIRE_TYPE_VARINT:
            value, place = kinds._decode_varint(message, place)
            yield number, value
        elif wire_type == kinds.WIRE_TYPE_LENGTH_DELIMITED:
            text, place = kinds._decode_length_delimited(message, place)
            yield number, bytes(text)
        else:
            place = kinds._skip_field(message, place, wire_type)


def _now() -> float:
    return asyncio.get_running_loop().time()
