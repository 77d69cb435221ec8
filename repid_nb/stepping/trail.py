"""The whole way of a message through all channels, with what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from repid_nb.core.errors import UnknownNameError
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot, parent_name
from repid_nb.core.message import MessageAction
from repid_nb.core.naming import nearest_name
from repid_nb.core.record import Record
from repid_nb.stepping.pictured import Pictured
from repid_nb.stepping.record import Settlement, Step

__all__ = ["TRAIL_WINDOW", "Stop", "Trail", "Ways", "trail_of"]

Whereabouts: TypeAlias = Literal["waiting", "in work", "dead letter", "done", "gone"]

# How many messages of a channel a trail looks at.
TRAIL_WINDOW = 2_000
# More than any page shows: what an actor sends may lead to messages without end.
DEEPEST = 50


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Stop(Record):
    """One time that a message was pulled.

    Attributes:
        step: The number of the step.
        winner: The name of the actor that ran, or None.
        sighting: How often the worker had seen the message, this time included.
    """

    step: int
    channel: str
    winner: str | None
    settlement: Settlement
    sighting: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Trail(Pictured, Record):
    """The way of one message, and of the messages that came of it.

    Attributes:
        message: The message, as it was seen first.
        stops: Each time that a step pulled it, in order.
        where: Where it is now; `done` where an actor confirmed it, `gone` where another worker settled it.
        children: What its actors sent while they ran for it.
    """

    message: MessageSnapshot
    stops: tuple[Stop, ...]
    where: Whereabouts
    children: tuple[Trail, ...] = ()

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Trail]]:
        """Yield this trail and those of all that came of it, each with its depth, from 0."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


def trail_of(name: str, steps: Sequence[Step], queues: QueuesSnapshot) -> Trail:
    """Return the trail of a message.

    Args:
        name: Its name or its id.
        steps: The steps, in order.
        queues: Where messages are now.

    Raises:
        UnknownNameError: No step and no queue knows such a message.
    """
    return Ways(steps, queues).trail(name)


class Ways:
    """The ways of all messages of some steps, read once for many trails.

    Args:
        steps: The steps, in order.
        queues: Where messages are at their end.
    """

    def __init__(self, steps: Sequence[Step], queues: QueuesSnapshot) -> None:
        self._places = {message.name: (message, where) for message, where in _places(queues)}
        self._seen: dict[str, MessageSnapshot] = {}
        self._stops: dict[str, list[Stop]] = {}
        for step in steps:
            self._add(step)
        for name, (message, _) in self._places.items():
            if name not in self._stops:
                self._seen[name] = message
        self._children: dict[str | None, list[str]] = {}
        for name in self._seen:
            self._children.setdefault(parent_name(name), []).append(name)

    @property
    def roots(self) -> list[str]:
        """The names of the messages that no other one led to, or none that is known here."""
        return [name for name in self._seen if parent_name(name) not in self._seen]

    def trail(self, name: str) -> Trail:
        """Return the trail of a message; see `trail_of`."""
        found = (
            name
            if isinstance(name, str) and name in self._seen
            else next((own for own, one in self._seen.items() if one.id == name), None)
        )
        if found is None:
            hint = nearest_name(name, list(self._seen), "Nothing was sent yet.")
            raise UnknownNameError(f"No step or queue has a message {name!r}.{hint}")
        return self._build(found, 0)

    def _add(self, step: Step) -> None:
        name = step.message.name
        if name not in self._stops:
            self._seen[name] = step.message
        stop = Stop(
            step=step.number,
            channel=step.channel,
            winner=step.winner,
            settlement=step.settlement,
            sighting=step.sightings,
        )
        self._stops.setdefault(name, []).append(stop)
        for child, channel in zip(step.children, step.published, strict=False):
            # A message that another worker takes may be seen nowhere else.
            snapshot = MessageSnapshot(id=None, channel=channel, payload=b"", name=child, parent=name)
            self._seen.setdefault(child, snapshot)

    def _build(self, name: str, depth: int) -> Trail:
        children = self._children.get(name, []) if depth < DEEPEST else []
        stops = tuple(self._stops.get(name, ()))
        return Trail(
            message=self._seen[name],
            stops=stops,
            where=self._places[name][1] if name in self._places else _end(stops),
            children=tuple(self._build(child, depth + 1) for child in sorted(children, key=_number)),
        )


def _places(queues: QueuesSnapshot) -> Iterator[tuple[MessageSnapshot, Whereabouts]]:
    for queue in queues.channels:
        for message in queue.ready:
            yield message, "waiting"
        for message in queue.in_work:
            yield message, "in work"
        for letter in queue.dead_letters:
            yield letter.message, "dead letter"


def _end(stops: Iterable[Stop]) -> Whereabouts:
    last = next(reversed(list(stops)), None)
    is_done = last is not None and last.settlement.action in (MessageAction.acked, MessageAction.replied)
    return "done" if is_done else "gone"


def _number(name: str) -> int:
    number = name.rpartition(".")[2].removeprefix("m")
    return int(number) if number.isdecimal() else 0
