"""Counting sightings by content, for the display, where a message that comes again has another id."""

from __future__ import annotations

from collections import OrderedDict

from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.stepping.content import fingerprint

__all__ = ["Fingerprints", "new_id_note", "no_match"]

LIMIT = 10_000


class Fingerprints:
    """How often messages of equal content were seen without a match."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()

    def of(self, message: MessageSnapshot) -> int:
        """Return how often a message was seen so far."""
        return self._seen.get(fingerprint(message.channel, message), 0)

    def count(self, message: MessageSnapshot) -> int:
        """Count one more time, and return how often it was seen now."""
        key = fingerprint(message.channel, message)
        seen = self._seen[key] = self._seen.pop(key, 0) + 1
        while len(self._seen) > LIMIT:
            self._seen.popitem(last=False)
        return seen

    def forget(self, message: MessageSnapshot) -> None:
        """Forget a message that does not come again."""
        self._seen.pop(fingerprint(message.channel, message), None)


def no_match(seen: int) -> str:
    """Return why a message goes back, with its sightings."""
    return f"no actor matched (sighting {seen}, counted by content)"


def new_id_note(broker: str) -> str:
    """Say what a worker makes of ids that change."""
    return (
        f"On {broker} it has a new id now: a worker counts sighting 1 each time and never gets to ten. Here equal "
        "content is counted."
    )
