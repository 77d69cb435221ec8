"""A run's data, as columns of numbers: a message takes some hundred bytes, its payload included.

There are two tables. A message has one row in the first; each pull of it has one row in the second, because a message
may come again: rejected, or given back by a worker that crashed.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from repid_nb.core.message import SentMessageT

__all__ = ["BY_ACTORS", "NOT_YET", "OUTCOMES", "Columns", "Names"]

# The source of what actors send.
BY_ACTORS = "actors"
# A moment that has not come, or a name that there is not.
NOT_YET = -1
# Of a message that an actor sent for one that an actor sent ...: those that come after it count as its siblings.
DEEPEST = 30
ROWS_READY = 512
# How a pull ended, by its code; the first one is of a pull that has not ended.
OUTCOMES = ("in work", "acked", "nacked", "rejected", "replied", "not settled", "given back")

V = TypeVar("V", bound=Hashable)


class Names(Generic[V]):
    """Values that many rows share, each kept once under a number."""

    __slots__ = ("_numbers", "values")

    def __init__(self, values: tuple[V, ...] = ()) -> None:
        self.values: list[V] = list(values)
        self._numbers: dict[V, int] = {value: number for number, value in enumerate(values)}

    def number(self, value: V) -> int:
        """Return the number of a value; a new one gets the next number."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Names) and self.values == other.values

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __getitem__(self, number: int) -> V:
        return self.values[number]

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[V]:
        return iter(self.values)


@dataclass(slots=True)
class Columns:
    """The two tables. Moments are whole microseconds of simulated time, so that sums are exact.

    Attributes:
        sent: When each message was put on its queue.
        source: Which producer sent it.
        channel: Its channel, as the other names below by number.
        parent: The message whose actor sent it; NOT_YET where none did.
        place: Its place among those that the same actor's run sent, or that no actor sent; from 1.
        priority: 0 to 9.
        headers: Its headers, as pairs; None for no headers.
        content_type: The media type of its payload.
        payload_end: Where its payload ends in `payloads`; it begins where the one before ends.
        message: The message of each pull.
        since: Since when it had waited.
        pulled, started, ended: When it was pulled, when its actor was called, when the worker was done with it.
        worker, actor: By which worker and actor; the actor is NOT_YET where none took it.
        outcome: How it ended, a place in OUTCOMES.
        reason, error: Why it was settled so, and what was raised.
        waits_since: Since when each message waits; NOT_YET where it does not wait now.
        last_pull: The row of each message's last pull; NOT_YET where it was never pulled.
        without_parent: How many messages no actor sent.
    """

    sent: array[int] = field(default_factory=lambda: array("q"))
    source: array[int] = field(default_factory=lambda: array("i"))
    channel: array[int] = field(default_factory=lambda: array("i"))
    parent: array[int] = field(default_factory=lambda: array("i"))
    place: array[int] = field(default_factory=lambda: array("i"))
    priority: array[int] = field(default_factory=lambda: array("b"))
    headers: array[int] = field(default_factory=lambda: array("i"))
    content_type: array[int] = field(default_factory=lambda: array("i"))
    payload_end: array[int] = field(default_factory=lambda: array("q"))
    payloads: bytearray = field(default_factory=bytearray)
    waits_since: array[int] = field(default_factory=lambda: array("q"))
    last_pull: array[int] = field(default_factory=lambda: array("i"))
    message: array[int] = field(default_factory=lambda: array("i"))
    since: array[int] = field(default_factory=lambda: array("q"))
    pulled: array[int] = field(default_factory=lambda: array("q"))
    started: array[int] = field(default_factory=lambda: array("q"))
    ended: array[int] = field(default_factory=lambda: array("q"))
    worker: array[int] = field(default_factory=lambda: array("i"))
    actor: array[int] = field(default_factory=lambda: array("i"))
    outcome: array[int] = field(default_factory=lambda: array("b"))
    reason: array[int] = field(default_factory=lambda: array("i"))
    error: array[int] = field(default_factory=lambda: array("i"))
    sources: Names[str] = field(default_factory=Names)
    channels: Names[str] = field(default_factory=Names)
    all_headers: Names[tuple[tuple[str, str], ...] | None] = field(default_factory=Names)
    content_types: Names[str | None] = field(default_factory=Names)
    actors: Names[str] = field(default_factory=Names)
    reasons: Names[str] = field(default_factory=lambda: Names(("",)))
    errors: Names[str] = field(default_factory=lambda: Names(("",)))
    without_parent: int = 0
    _children: dict[int, int] = field(default_factory=dict, repr=False, compare=False)
    # Mostly the next message is like the one before, and to compare them costs less than to look each name up.
    _said_before: tuple[str, dict[str, str] | None, str | None] | None = field(default=None, repr=False, compare=False)
    _numbers_before: tuple[int, int, int] = field(default=(0, 0, 0), repr=False, compare=False)

    def payload(self, number: int) -> bytes:
        """Return the payload of a message, by its number from 0."""
        begin = self.payload_end[number - 1] if number else 0
        return bytes(self.payloads[begin : self.payload_end[number]])

    def name(self, number: int) -> str:
        """Return the name of a message, as a Stepper would name it: `m3`, or `m3.1` for what an actor sent for it."""
        if self.parent[number] == NOT_YET:
            return f"m{self.place[number]}"
        parts = []
        while number != NOT_YET:
            parts.append(str(self.place[number]))
            number = self.parent[number]
        return f"m{'.'.join(reversed(parts))}"

    def add_message(
        self, now: int, source: int, channel: str, message: SentMessageT, priority: int, *, parent: int = NOT_YET
    ) -> int:
        """Add a message that waits from now on; return its number from 0."""
        number = len(self.sent)
        if parent != NOT_YET:
            parent = self._near(parent)
            place = self._children[parent] = self._children.get(parent, 0) + 1
        else:
            place = self.without_parent = self.without_parent + 1
        said = (channel, message.headers, message.content_type)
        if said != self._said_before:
            # A copy: an actor may change the headers of its message.
            self._said_before = (channel, dict(message.headers) if message.headers else message.headers, said[2])
            self._numbers_before = self._numbers_of(*said)
        channel_number, headers_number, content_type_number = self._numbers_before
        self.sent.append(now)
        self.source.append(source)
        self.channel.append(channel_number)
        self.parent.append(parent)
        self.place.append(place)
        self.priority.append(priority)
        self.headers.append(headers_number)
        self.content_type.append(content_type_number)
        self.payloads += message.payload
        self.payload_end.append(len(self.payloads))
        self.waits_since.append(now)
        self.last_pull.append(NOT_YET)
        return number

    def add_pull(self, number: int, now: int, worker: int) -> int:
        """Add a pull of a message; return its row."""
        row = len(self.message)
        if row == len(self.ended):
            self._make_rows_ready()
        since = self.waits_since[number]
        self.message.append(number)
        self.since.append(now if since == NOT_YET else since)
        self.pulled.append(now)
        self.worker.append(worker)
        self.waits_since[number] = NOT_YET
        self.last_pull[number] = row
        return row

    def trim(self) -> None:
        """Take away the rows that were made ready for pulls that did not come."""
        for column in (*self._not_yet, *self._nothing):
            del column[len(self.message) :]

    def _make_rows_ready(self) -> None:
        """Fill in for many pulls at once what is not known of one at first."""
        for column in self._not_yet:
            column.extend([NOT_YET] * ROWS_READY)
        for column in self._nothing:
            column.extend([0] * ROWS_READY)

    @property
    def _not_yet(self) -> tuple[array[int], ...]:
        return self.started, self.ended, self.actor

    @property
    def _nothing(self) -> tuple[array[int], ...]:
        return self.outcome, self.reason, self.error

    def _near(self, parent: int) -> int:
        """Return a parent, or where names would become too long, the ancestor whose child a message counts as."""
        depth, above = 0, parent
        while (above := self.parent[above]) != NOT_YET:
            depth += 1
        return parent if depth < DEEPEST else self.parent[parent]

    def _numbers_of(
        self, channel: str, headers: dict[str, str] | None, content_type: str | None
    ) -> tuple[int, int, int]:
        return (
            self.channels.number(channel),
            self.all_headers.number(None if headers is None else tuple(headers.items())),
            self.content_types.number(content_type),
        )
