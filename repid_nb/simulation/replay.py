"""The queues of a run at moments that are asked for: its columns, played once more up to there."""

from __future__ import annotations

import sys
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TypeAlias

from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, QueuesSnapshot, parent_name
from repid_nb.simulation.columns import NOT_YET, OUTCOMES, Columns
from repid_nb.stepping.recorder import WINDOW

__all__ = ["Moment", "message_of", "queues_at"]

_NACKED, _REJECTED, _GIVEN_BACK, _NOT_SETTLED = map(OUTCOMES.index, ("nacked", "rejected", "given back", "not settled"))

Moment: TypeAlias = tuple[int, int]
"""Microseconds, and a row: what happened in one microsecond happened in the order of the rows, before this one."""

NEVER: Moment = (sys.maxsize, 0)

_Place: TypeAlias = tuple[int, tuple[int, int], int]
"""By what a waiting message is sorted: its priority, where it stands in it, its number."""


def message_of(columns: Columns, number: int, sightings: int = 0) -> MessageSnapshot:
    """Return a message of a run as a record; `sightings` says how often it was pulled without a match."""
    headers, name = columns.all_headers[columns.headers[number]], columns.name(number)
    return MessageSnapshot(
        id=name,
        name=name,
        parent=parent_name(name),
        channel=columns.channels[columns.channel[number]],
        payload=columns.payload(number),
        headers=None if headers is None else dict(headers),
        content_type=columns.content_types[columns.content_type[number]],
        priority=columns.priority[number],
        sightings=sightings,
    )


def queues_at(columns: Columns, moments: Sequence[Moment]) -> list[QueuesSnapshot]:
    """Return the queues at each of some moments."""
    if not moments:
        return []
    queues = _Queues(columns)
    events = iter(_begin(queues, since=min(moments), until=max(moments)))
    found: dict[Moment, QueuesSnapshot] = {}
    following = next(events, None)
    for moment in sorted(set(moments)):
        while following is not None and following[0] < moment:
            queues.apply(*following[1:])
            following = next(events, None)
        found[moment] = queues.snapshot()
    return [found[moment] for moment in moments]


def _begin(queues: _Queues, since: Moment, until: Moment) -> list[_Event]:
    """Bring the queues to one moment at once, and return what happened from there to another, in order."""
    columns = queues.columns
    events: list[_Event] = []
    over: list[_Event] = []
    for place, waits, number, row in _waits(columns):
        if waits >= until:
            continue
        pulled = NEVER if row == NOT_YET else (columns.pulled[row], row)
        ended = NEVER if row == NOT_YET or columns.ended[row] == NOT_YET else (columns.ended[row], row)
        if ended < since:
            over.append((ended, number, row, None))
            continue
        events.append((ended, number, row, None))
        if pulled < since:
            queues.take(number)
            continue
        events.append((pulled, number, row, place))
        if waits < since:
            queues.put(place)
        else:
            events.append((waits, number, NOT_YET, place))
    for _, number, row, _ in sorted(over, key=itemgetter(0)):
        queues.end(number, row)
    return sorted((event for event in events if event[0] < until), key=_in_order)


def _in_order(event: _Event) -> tuple[Moment, bool, bool]:
    # A pull may be over at once, and what it sends back waits again.
    moment, _, row, place = event
    return moment, row == NOT_YET, place is None


def _waits(columns: Columns) -> Iterator[tuple[_Place, Moment, int, int]]:
    """Yield each wait of each message: its place, since when, the message, and the row that ended it, or NOT_YET.

    A message that was given back keeps its old place.
    """
    places: dict[int, tuple[int, int]] = {}
    last: dict[int, int] = {}
    for row, number in enumerate(columns.message):
        since = columns.since[row], last.get(number, NOT_YET)
        place = places.pop(number, since)
        yield (-columns.priority[number], place, number), since, number, row
        last[number] = row
        if columns.outcome[row] in (_GIVEN_BACK, _NOT_SETTLED):
            places[number] = place
    for number, waits_since in enumerate(columns.waits_since):
        if waits_since != NOT_YET:
            since = waits_since, last.get(number, NOT_YET)
            yield (-columns.priority[number], places.get(number, since), number), since, number, NOT_YET


# The moment at which a message begins to wait, at a place; or its pull of a row begins, and that wait is over; or that
# pull ends, without a place.
_Event: TypeAlias = "tuple[Moment, int, int, _Place | None]"


@dataclass(slots=True)
class _Queue:
    waiting: list[_Place] = field(default_factory=list)
    working: dict[int, None] = field(default_factory=dict)
    dead: list[int] = field(default_factory=list)


class _Queues:
    """All queues at the moment that the replay has come to."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._queues = [_Queue() for _ in columns.channels]
        self._sightings: dict[int, int] = {}
        self._shown: dict[tuple[int, int], MessageSnapshot] = {}

    def apply(self, number: int, row: int, place: _Place | None) -> None:
        """Take an event in."""
        if place is None:
            del self._of(number).working[number]
            self.end(number, row)
        elif row == NOT_YET:
            self.put(place)
        else:
            waiting = self._of(number).waiting
            del waiting[bisect_left(waiting, place)]
            self.take(number)

    def put(self, place: _Place) -> None:
        """Let a message wait."""
        insort(self._of(place[2]).waiting, place)

    def take(self, number: int) -> None:
        """Let a message be in work."""
        self._of(number).working[number] = None

    def end(self, number: int, row: int) -> None:
        """Note what is left of a pull that is over."""
        outcome = self.columns.outcome[row]
        if outcome == _NACKED:
            self._of(number).dead.append(row)
        elif outcome == _REJECTED and self.columns.actor[row] == NOT_YET:
            self._sightings[number] = self._sightings.get(number, 0) + 1

    def snapshot(self) -> QueuesSnapshot:
        """Return all queues, with a window of the messages of each."""
        return QueuesSnapshot(tuple(map(self._channel, self.columns.channels, self._queues)))

    def _of(self, number: int) -> _Queue:
        return self._queues[self.columns.channel[number]]

    def _channel(self, name: str, queue: _Queue) -> ChannelSnapshot:
        columns = self.columns
        letters = [
            DeadLetter(message=self._message(columns.message[row]), reason=columns.reasons[columns.reason[row]])
            for row in queue.dead[-WINDOW:]
        ]
        return ChannelSnapshot(
            channel=name,
            waiting=len(queue.waiting),
            ready=tuple(self._message(number) for _, _, number in queue.waiting[:WINDOW]),
            working=len(queue.working),
            in_work=tuple(map(self._message, list(queue.working)[:WINDOW])),
            dead=len(queue.dead),
            dead_letters=tuple(letters),
        )

    def _message(self, number: int) -> MessageSnapshot:
        key = number, self._sightings.get(number, 0)
        if key not in self._shown:
            self._shown[key] = message_of(self.columns, *key)
        return self._shown[key]
