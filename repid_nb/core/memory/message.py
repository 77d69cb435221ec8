"""A message in memory: as it lies on a queue, as it is held by what pulled it, and where a queue keeps it."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Any, ClassVar, Protocol
from uuid import uuid4

from repid_nb.core.checks import answer_channel, check_parts, in_one_line
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.core.reasons import NO_REASON

__all__ = ["Dead", "InMemoryReceivedMessage", "Line", "QueueT", "QueuedMessage", "smallest"]

# Until Python 3.12 to look up a member of an enumeration costs as much as the rest of an ack.
_ACKED = MessageAction.acked


class QueuedMessage:
    """A message as a queue keeps it, known by its identity: two with equal content are two."""

    __slots__ = ("__weakref__", "_id", "content_type", "headers", "payload", "reply_to")

    def __init__(
        self,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        reply_to: str | None = None,
        message_id: str | None = None,
    ) -> None:
        self.payload = payload
        # A sender that fills one dict again and again must not change what it has already sent.
        self.headers = None if headers is None else dict(headers)
        self.content_type = content_type
        self.reply_to = reply_to
        self._id = message_id

    @property
    def message_id(self) -> str:
        if self._id is None:
            self._id = str(uuid4())
        return self._id


class QueueT(Protocol):
    """The queue that a message was pulled from, as far as the message knows it."""

    channel: str

    def settle(
        self,
        received: InMemoryReceivedMessage,
        action: MessageAction,
        reason: str = "",
        *,
        answer: tuple[str, QueuedMessage] | None = None,
    ) -> None: ...

    def release(self, received: InMemoryReceivedMessage) -> None: ...

    def picture(self, message: QueuedMessage, priority: int) -> MessageSnapshot: ...


class InMemoryReceivedMessage:
    """A message that was pulled and has to be settled once; a second settlement is ignored (repid 2.1.4)."""

    __slots__ = (
        "_queue",
        "action",
        "channel",
        "content_type",
        "headers",
        "owner",
        "payload",
        "position",
        "priority",
        "queued",
        "reply_to",
    )

    keeps_reason: ClassVar[bool] = True

    def __init__(self, queue: QueueT, queued: QueuedMessage, priority: int, position: int, owner: object) -> None:
        self._queue = queue
        self.action: MessageAction | None = None
        self.channel = queue.channel
        self.queued = queued
        self.payload = queued.payload
        self.headers = queued.headers
        self.content_type = queued.content_type
        self.reply_to = queued.reply_to
        self.priority = priority
        self.position = position
        self.owner = owner

    def __repr__(self) -> str:
        return in_one_line(self)

    @property
    def message_id(self) -> str:
        return self.queued.message_id

    @property
    def is_acted_on(self) -> bool:
        return self.action is not None

    @property
    def keep_alive_interval(self) -> int | None:
        return None

    async def keep_alive(self) -> None:
        """Do nothing: nothing in memory expires."""

    async def ack(self) -> None:
        """Say that the message is dealt with: it leaves the queue."""
        self._queue.settle(self, _ACKED)

    async def nack(self, *, reason: str = NO_REASON) -> None:
        """Give the message up: it goes to the dead letters.

        Args:
            reason: What the dead letter says of why.
        """
        self._queue.settle(self, MessageAction.nacked, reason)

    async def reject(self) -> None:
        """Send the message back to the tail of its queue."""
        self._queue.settle(self, MessageAction.rejected)

    async def reply(
        self,
        *,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        channel: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,  # noqa: ARG002  (repid's own ignores it too)
    ) -> None:
        """Put an answer on a channel and be done with the message, in one.

        Args:
            payload: The answer.
            headers: Its headers.
            content_type: The media type of the answer.
            channel: Where it goes; by default the message's `reply_to`.
            server_specific_parameters: Not used.

        Raises:
            DestinationError: There is neither a channel nor a `reply_to`.
            InvalidMessageError: The payload is not bytes, or the headers are not str to str.
        """
        if self.action is not None:
            return
        target = answer_channel(channel or self.reply_to)
        check_parts(target, payload, headers, content_type, None)
        answer = QueuedMessage(payload, headers, content_type)
        self._queue.settle(self, MessageAction.replied, answer=(target, answer))

    def release(self) -> None:
        """Give the message back unread: to the place it was pulled from, as if it had not been pulled."""
        self._queue.release(self)

    def snapshot(self) -> MessageSnapshot:
        """Return the message as a frozen record."""
        return self._queue.picture(self.queued, self.priority)


@dataclass(slots=True)
class Line:
    """The waiting messages of one priority: those given back come first, by their old positions."""

    priority: int
    ready: deque[QueuedMessage] = field(default_factory=deque)
    returned: list[tuple[int, QueuedMessage]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ready) + len(self.returned)

    def first(self, window: int | None) -> list[QueuedMessage]:
        """Return those that come first, at most `window` of them."""
        returned = [message for _, message in smallest(window, self.returned, key=itemgetter(0))]
        # One call, because another thread may send meanwhile.
        ready = list(islice(self.ready, window))
        return (returned + ready)[:window]


@dataclass(slots=True)
class Dead:
    """A dead letter as a queue keeps it."""

    message: QueuedMessage
    priority: int
    reason: str


def smallest(window: int | None, things: Iterable[Any], *, key: Callable[[Any], Any]) -> list[Any]:
    """Return the smallest things in order, at most `window` of them, without sorting the others."""
    found = list(things)
    if window is None or window >= len(found):
        return sorted(found, key=key)
    return heapq.nsmallest(window, found, key=key)
