"""How often a worker has seen a message that no actor takes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from repid_nb.core.abilities import queued_of
from repid_nb.core.message import ReceivedMessageT

__all__ = ["Sightings"]

# Some brokers give a message a new id at each reject: the old ids never come again, and would pile up.
IDS_LIMIT = 10_000


class Sightings:
    """Counts sightings by the object on the queue, and where a server keeps none, by the message's id."""

    def __init__(self) -> None:
        self._queued: WeakKeyDictionary[object, int] = WeakKeyDictionary()
        self._by_id: OrderedDict[str, int] = OrderedDict()
        self._has_counted = False

    def count(self, message: ReceivedMessageT) -> int:
        """Count one more sighting and return how many there are now; always 1 where a message has no id."""
        seen = self.of(message) + 1
        self.set(message, seen)
        return seen

    def of(self, message: ReceivedMessageT) -> int:
        """Return how often the message was sighted so far."""
        queued = queued_of(message)
        return self._by_id.get(message.message_id or "", 0) if queued is None else self.of_queued(queued)

    def set(self, message: ReceivedMessageT, seen: int) -> None:
        """Set the count of a message; 0 forgets it."""
        self._has_counted = True
        queued = queued_of(message)
        if not seen:
            self.forget(message)
        elif queued is not None:
            self._queued[queued] = seen
        elif message.message_id:
            self._by_id[message.message_id] = seen
            self._by_id.move_to_end(message.message_id)
            while len(self._by_id) > IDS_LIMIT:
                self._by_id.popitem(last=False)

    def forget(self, message: ReceivedMessageT) -> None:
        """Forget a message."""
        if not self._has_counted:
            return
        queued = queued_of(message)
        if queued is not None:
            self._queued.pop(queued, None)
        elif message.message_id:
            self._by_id.pop(message.message_id, None)

    def saved(self) -> Callable[[], None]:
        """Return a function that sets all counts back to what they are now."""
        queued, by_id = dict(self._queued), self._by_id.copy()

        def restore() -> None:
            self._queued, self._by_id = WeakKeyDictionary(queued), by_id.copy()

        return restore

    def copy_from(self, others: Sightings, copies: Mapping[Any, object]) -> None:
        """Count the copies of messages on a queue as often as their originals."""
        for original, copy in copies.items():
            if seen := others.of_queued(original):
                self._queued[copy], self._has_counted = seen, True

    def clear(self) -> None:
        """Forget all messages, as a worker that is started anew."""
        self._queued, self._by_id = WeakKeyDictionary(), OrderedDict()

    def of_queued(self, queued: object) -> int:
        """Do what `of` does, for the object on the queue."""
        # Most workers count none, and to look up a weak key takes long.
        return self._queued.get(queued, 0) if self._has_counted else 0
