"""A message as a queue keeps it, and the places where it keeps one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from uuid import uuid4

__all__ = ["Dead", "Line", "QueuedMessage", "copied"]


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
        # A copy: a sender that fills one dict again and again must not change what it has already sent.
        self.headers = None if headers is None else {**headers}
        self.content_type = content_type
        self.reply_to = reply_to
        self._id = message_id

    @property
    def message_id(self) -> str:
        # Made when first asked for: a UUID costs more than the rest of a publish.
        if self._id is None:
            self._id = str(uuid4())
        return self._id

    def name(self, message_id: str) -> None:
        """Give the message this id, unless it has one."""
        if self._id is None:
            self._id = message_id


def copied(headers: dict[str, str] | None) -> dict[str, str] | None:
    """Return headers as they are now: what runs a message may change them where they are."""
    return None if headers is None else {**headers}


@dataclass(slots=True)
class Line:
    """The waiting messages of one priority: those given back come first, by their old positions."""

    priority: int
    ready: deque[QueuedMessage] = field(default_factory=deque)
    returned: list[tuple[int, QueuedMessage]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ready) + len(self.returned)


@dataclass(slots=True)
class Dead:
    """A dead letter as a queue keeps it."""

    message: QueuedMessage
    priority: int
    reason: str
