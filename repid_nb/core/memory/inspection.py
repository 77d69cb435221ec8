"""Making snapshots of queues: which messages of which channels, and when a record is made again."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from itertools import islice, repeat
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias, TypeVar

from repid_nb.core.memory.message import QueueT
from repid_nb.core.memory.queued import Line, QueuedMessage
from repid_nb.core.memory.snapshot import (
    ChannelSnapshot,
    DeadLetter,
    MessageSnapshot,
    QueuesSnapshot,
    snapshot_of,
)

__all__ = ["CHANNEL_WINDOW", "SightingsOf", "Snapshots", "never_sighted"]

# How many channels a snapshot with a window shows.
CHANNEL_WINDOW = 20

T = TypeVar("T")

SightingsOf: TypeAlias = Callable[[QueuedMessage], int]
KnownT: TypeAlias = dict[QueuedMessage, MessageSnapshot]

_name_of = attrgetter("name")
_headers_of = attrgetter("headers")
_changing = attrgetter("priority", "sightings", "headers")


def never_sighted(_message: QueuedMessage) -> int:
    """Return 0, where no worker counts sightings."""
    return 0


class Snapshots:
    """Makes snapshots of a server's queues. A message that has not changed keeps its record from the last one.

    Most messages wait through many steps. To make all their records again would cost more than the step itself.

    Attributes:
        name_of: Returns the name by which views call a message; empty where nothing names messages.
    """

    def __init__(self) -> None:
        self.name_of: Callable[[QueuedMessage], str] = lambda _message: ""
        self._known: KnownT = {}

    def of(
        self, queues: Mapping[str, QueueT], window: int | None, sightings: SightingsOf, channels: Iterable[str]
    ) -> QueuesSnapshot:
        """Return a record of the queues now; the arguments are those of `InMemoryServer.snapshot`."""
        shown = list(queues.values()) if window is None else _few_of(queues, channels)
        kept: KnownT = {}
        made = tuple(self._channel(queue, window, sightings, kept) for queue in shown)
        if window != 0:  # where totals alone are asked for, no record is made
            self._known = kept
        return QueuesSnapshot(made, len(queues) - len(shown))

    def record(self, channel: str, message: QueuedMessage, priority: int, seen: int = 0) -> MessageSnapshot:
        """Return a record of one message as it is now."""
        known = self._known.get(message)
        # Once a message has a name it keeps it.
        name = (known and known.name) or self.name_of(message)
        if known is not None and known.name == name and _show([known], [(priority, seen, message.headers)]):
            return known
        return snapshot_of(message, channel, priority, seen, name=name)

    def dead_letters(self, queue: QueueT, window: int | None) -> tuple[DeadLetter, ...]:
        """Return the newest dead letters of a queue, at most `window` of them, oldest first."""
        newest = _copied(lambda: islice(queue.dead, 0 if window is None else max(0, len(queue.dead) - window), None))
        return tuple(
            DeadLetter(message=self.record(queue.channel, dead.message, dead.priority), reason=dead.reason)
            for dead in newest
        )

    def _channel(self, queue: QueueT, window: int | None, sightings: SightingsOf, kept: KnownT) -> ChannelSnapshot:
        ready: KnownT = {}
        for line in queue.by_priority:
            ready |= self._records(queue.channel, line, None if window is None else window - len(ready), sightings)
        kept |= ready
        in_work = _smallest(window, queue.in_work, key=lambda one: (-one.priority, one.position))
        return ChannelSnapshot(
            channel=queue.channel,
            waiting=sum(map(len, queue.by_priority)),
            ready=tuple(ready.values()),
            working=len(queue.in_work),
            in_work=tuple(self.record(queue.channel, one.queued, one.priority) for one in in_work),
            dead=len(queue.dead),
            dead_letters=self.dead_letters(queue, window),
            dead_dropped=queue.dead_dropped,
        )

    def _records(self, channel: str, line: Line, window: int | None, sightings: SightingsOf) -> KnownT:
        messages, known = _first(line, window), self._known.get
        records = [known(one) or self.record(channel, one, line.priority, sightings(one)) for one in messages]
        now = zip(repeat(line.priority), map(sightings, messages), map(_headers_of, messages), strict=False)
        # Nearly all have a name and are as they were, and that is seen of all at once.
        if not (all(map(_name_of, records)) and _show(records, now)):
            records = [self.record(channel, one, line.priority, sightings(one)) for one in messages]
        return dict(zip(messages, records, strict=True))


def _few_of(queues: Mapping[str, QueueT], first: Iterable[str]) -> list[QueueT]:
    """Return the queues, or where there are more than `CHANNEL_WINDOW` so many: those of the channels in `first` first.

    What this costs does not grow with the number of channels.
    """
    if len(queues) <= CHANNEL_WINDOW:
        return list(queues.values())
    named = [queues[channel] for channel in islice(first, CHANNEL_WINDOW) if channel in queues]
    oldest = islice(queues.values(), 2 * CHANNEL_WINDOW)
    return list(dict.fromkeys([*named, *oldest]))[:CHANNEL_WINDOW]


def _copied(things: Callable[[], Iterable[T]]) -> list[T]:
    """Return a list of things to which another thread may add meanwhile."""
    while True:
        try:
            return list(things())
        except RuntimeError:  # it was changed while it was copied
            continue


def _first(line: Line, window: int | None) -> list[QueuedMessage]:
    returned = [message for _, message in _smallest(window, line.returned, key=itemgetter(0))]
    # islice refuses a number that no index can have.
    ready = _copied(lambda: islice(line.ready, window and min(window, len(line.ready))))
    return (returned + ready)[:window]


def _smallest(window: int | None, things: Iterable[Any], *, key: Callable[[Any], Any]) -> list[Any]:
    """Return the smallest things in order, at most `window` of them, without sorting the others."""
    found = _copied(lambda: things)
    if window is None or window >= len(found):
        return sorted(found, key=key)
    return heapq.nsmallest(window, found, key=key)


def _show(records: list[MessageSnapshot], now: Iterable[tuple[Any, ...]]) -> bool:
    """Say whether records show what may change of messages that wait, their priority, sightings and headers, as now."""
    try:
        return list(map(_changing, records)) == list(now)
    except Exception:
        # An actor may have put anything among the headers, and some objects refuse to be compared.
        return False
