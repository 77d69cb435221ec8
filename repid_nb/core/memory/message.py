"""A message that was pulled from a queue in memory, and what it needs of that queue."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar, Protocol

from repid_nb.core.checks import answer_channel, check_parts, in_one_line
from repid_nb.core.memory.queued import Dead, Line, QueuedMessage
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.core.reasons import NO_REASON

__all__ = ["ACKED", "InMemoryReceivedMessage", "QueueT"]

# Until Python 3.12 to look up a member of an enumeration costs as much as the rest of an ack.
ACKED = MessageAction.acked


class QueueT(Protocol):
    """One channel's queue, as its messages, its changes and its pictures know it."""

    channel: str
    lines: dict[int, Line]
    by_priority: list[Line]
    in_work: set[InMemoryReceivedMessage]
    dead: deque[Dead]
    dead_dropped: int

    def settle(
        self,
        received: InMemoryReceivedMessage,
        action: MessageAction,
        reason: str = "",
        *,
        answer: tuple[str, QueuedMessage] | None = None,
    ) -> None: ...

    def release(self, received: InMemoryReceivedMessage) -> None: ...

    def tell(self) -> None: ...

    def record(self, message: QueuedMessage, priority: int) -> MessageSnapshot: ...


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
    keep_alive_interval: ClassVar[int | None] = None

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

    async def keep_alive(self) -> None:
        """Do nothing: nothing in memory expires."""

    async def ack(self) -> None:
        """Confirm the message: it leaves the queue."""
        self._queue.settle(self, ACKED)

    async def nack(self, *, reason: str = NO_REASON) -> None:
        """Give the message up: it goes to the dead letters, with the reason."""
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
        """Put an answer on `channel`, by default the message's `reply_to`, and settle the message, in one step.

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
        """Put the message back to the place it was pulled from, as if it had not been pulled."""
        self._queue.release(self)

    def snapshot(self) -> MessageSnapshot:
        """Return the message as a frozen record."""
        return self._queue.record(self.queued, self.priority)
