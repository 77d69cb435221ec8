"""A message in memory: as it lies on a queue, and as the one who pulled it holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from repid_nb.core.checks import answer_channel, check_parts, in_one_line
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.core.reasons import NO_REASON

if TYPE_CHECKING:  # the queue makes received messages, so it imports this module
    from repid_nb.core.memory.queue import ChannelQueue

__all__ = ["InMemoryReceivedMessage", "QueuedMessage"]

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

    def __init__(self, queue: ChannelQueue, queued: QueuedMessage, priority: int, position: int, owner: object) -> None:
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
