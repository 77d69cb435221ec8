"""How often a worker has seen a message that nobody wanted."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from repid_nb.core.memory.queue import InMemoryReceivedMessage, QueuedMessage
from repid_nb.core.message import ReceivedMessageT

__all__ = ["Sightings"]


class Sightings:
    """Counts by message. What leaves an in-memory queue is forgotten with it; elsewhere the message id is counted."""

    def __init__(self) -> None:
        self._queued: WeakKeyDictionary[QueuedMessage, int] = WeakKeyDictionary()
        self._by_id: dict[str, int] = {}
        self._has_counted = False

    def count(self, message: ReceivedMessageT) -> int:
        """Count one more sighting and return how many there are now; 1 for ever where a message has no id."""
        seen = self.of(message) + 1
        self.set(message, seen)
        return seen

    def of(self, message: ReceivedMessageT) -> int:
        """Return how often the message was sighted so far."""
        if isinstance(message, InMemoryReceivedMessage):
            return self.of_queued(message.queued)
        return self._by_id.get(message.message_id or "", 0)

    def set(self, message: ReceivedMessageT, seen: int) -> None:
        """Set the count of a message; 0 forgets it."""
        self._has_counted = True
        if not seen:
            self.forget(message)
        elif isinstance(message, InMemoryReceivedMessage):
            self._queued[message.queued] = seen
        elif message.message_id:
            self._by_id[message.message_id] = seen

    def forget(self, message: ReceivedMessageT) -> None:
        """Forget a message."""
        if not self._has_counted:
            return
        if isinstance(message, InMemoryReceivedMessage):
            self._queued.pop(message.queued, None)
        elif message.message_id:
            self._by_id.pop(message.message_id, None)

    def of_queued(self, queued: QueuedMessage) -> int:
        """Return how often a message that lies in an in-memory queue was sighted so far."""
        return self._queued.get(queued, 0)
