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

__all__ = ["Stop", "Trail", "trail_of"]

Whereabouts: TypeAlias = Literal["waiting", "in work", "dead letter", "done", "gone"]

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
    places = {message.name: (message, where) for message, where in _places(queues)}
    seen: dict[str, MessageSnapshot] = {}
    stops: dict[str, list[Stop]] = {}
    for step in steps:
        own = step.message.name
        if own not in stops:
            seen[own] = step.message
        stop = Stop(
            step=step.number,
            channel=step.channel,
            winner=step.winner,
            settlement=step.settlement,
            sighting=step.sightings,
        )
        stops.setdefault(own, []).append(stop)
        for child, channel in zip(step.children, step.published, strict=False):
            # A message that another worker takes may be seen nowhere else.
            seen.setdefault(child, MessageSnapshot(id=None, channel=channel, payload=b"", name=child, parent=own))
    for own, (message, _) in places.items():
        if own not in stops:
            seen[own] = message
    found = name if name in seen else next((own for own, message in seen.items() if message.id == name), None)
    if found is None:
        raise UnknownNameError(
            f"No step or queue has a message {name!r}.{nearest_name(name, list(seen), 'Nothing was sent yet.')}"
        )
    children: dict[str | None, list[str]] = {}
    for own in seen:
        children.setdefault(parent_name(own), []).append(own)

    def build(own: str, depth: int) -> Trail:
        mine = children.get(own, []) if depth < DEEPEST else []
        return Trail(
            message=seen[own],
            stops=tuple(stops.get(own, ())),
            where=places[own][1] if own in places else _end(stops.get(own, ())),
            children=tuple(build(child, depth + 1) for child in sorted(mine, key=_number)),
        )

    return build(found, 0)


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
