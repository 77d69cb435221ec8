"""The history of a Stepper, and the rewind to each of its steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from numbers import Real

from repid_nb.core.errors import UnknownNameError
from repid_nb.core.memory.journal import Journal, Mark
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.worker.sightings import Sightings
from repid_nb.stepping.names import Names
from repid_nb.stepping.record import History, Step
from repid_nb.stepping.source import Source

__all__ = ["Place", "Timeline"]

_moments = count()


@dataclass(frozen=True, slots=True)
class Place:
    """The moment right after a step, with what a rewind to it needs.

    Attributes:
        number: The number of the step; 0 for the moment right before the first.
        mark: The position in the journal; None without one.
        turn: The index of the channel that is pulled from next.
        moment: Tells what came first, over all Steppers.
    """

    number: int
    mark: Mark | None
    turn: int
    moment: int = field(default_factory=_moments.__next__)


@dataclass(frozen=True, slots=True)
class _Kept:
    step: Step
    place: Place
    message: ReceivedMessageT | None
    seen_before: int


class Timeline:
    """Keeps the newest steps, and rewinds the queues to the moment after one of them.

    Args:
        journal: The log of all changes of the queues; None where there is no way back.
        sightings: The worker's counts of sightings, which are rewound too.
        names: The names of messages: what is sent again after a rewind has its old name.
        limit: How many steps are kept.
        first: The number of the moment before the first step.

    Attributes:
        listeners: Called with each step that is added; none may raise.
    """

    def __init__(self, journal: Journal | None, sightings: Sightings, names: Names, limit: int, first: int = 0) -> None:
        self._journal = journal
        self._sightings = sightings
        self._names = names
        self.limit = limit
        self._kept: deque[_Kept] = deque()
        self._dropped = self._dropped_done = 0
        self._crashes: list[tuple[int, Callable[[], None]]] = []
        self.listeners: tuple[Callable[[Step], None], ...] = ()
        self._origin = Place(first, self._mark(), 0)

    @property
    def newest(self) -> int:
        """The number of the newest step; 0 when there is none."""
        return self._kept[-1].place.number if self._kept else self._origin.number

    @property
    def history(self) -> History:
        """The steps that are kept."""
        # Copied at once: another thread may step meanwhile.
        return History(tuple(kept.step for kept in tuple(self._kept)), self._dropped, self._dropped_done)

    @property
    def kept(self) -> Sequence[tuple[int, Step]]:
        """The steps that are kept, each with its moment, by which steps of several Steppers can be put in order."""
        return [(kept.place.moment, kept.step) for kept in tuple(self._kept)]

    @property
    def moment(self) -> int:
        """The moment of the newest step; that before the first one where none is kept."""
        return self._kept[-1].place.moment if self._kept else self._origin.moment

    @property
    def earliest(self) -> Place:
        """The moment right before the first step that is kept."""
        return self._origin

    def begin(self, turn: int) -> None:
        """Note the moment before a pull, where it is the first one: a rewind to 0 leads there.

        Args:
            turn: The index of the channel that is pulled from next.
        """
        if not self._kept and not self._dropped:
            self._origin = Place(self._origin.number, self._mark(), turn)

    def add(self, step: Step, message: ReceivedMessageT, *, seen_before: int, turn: int) -> None:
        """Add the newest step; the oldest is dropped when there are too many.

        Args:
            message: The message that the step delivered.
            seen_before: How often the message had been sighted before the step.
            turn: The index of the channel that is pulled from next.
        """
        # Only a rewind needs the message, and it may hold a connection.
        kept = None if self._journal is None else message
        self._kept.append(_Kept(step, Place(step.number, self._mark(), turn), kept, seen_before))
        if len(self._kept) > self.limit:
            oldest = self._kept.popleft()
            self._origin = oldest.place
            self._dropped += 1
            self._dropped_done += oldest.step.is_done
            self._crashes = [crash for crash in self._crashes if crash[0] > self._origin.moment]
        for heard in self.listeners:
            heard(step)

    def rewind(self, to: int, source: Source) -> tuple[int, ...]:
        """Put the queues back as they were right after step `to`; return the numbers of the steps that were undone.

        Args:
            to: The number of the step; 0 for the moment right before the first.
            source: Where the messages come from, whose turn among the channels goes back too.

        Raises:
            UnknownNameError: There is no way back to that step; the message says how far there is one.
        """
        journal = self._journal
        assert journal is not None  # noqa: S101  (a closed Stepper does not rewind, nor one of a broker)
        places = {
            place.number: (place, place.mark)
            for place in (self._origin, *(kept.place for kept in self._kept))
            if place.mark is not None and journal.reaches(place.mark)
        }
        if not isinstance(to, Real) or to not in places:
            reach = "too much has happened since"
            if places:
                first, last = min(places), max(places)
                reach = f"give a number from {first} to {last}" if first < last else f"the only way back is to {first}"
            raise UnknownNameError(f"There is no way back to step {to!r}: {reach}.")
        place, mark = places[to]
        journal.undo_to(mark)
        undone = self.forget_after(place.moment, source)
        source.turn = place.turn
        return undone

    def forget_after(self, moment: int, source: Source) -> tuple[int, ...]:
        """Forget the steps after a moment, because the queues are back as they were then; return their numbers."""
        undone: list[int] = []
        while self._kept and self.moment > moment:
            self._undo_crashes(self.moment)
            kept = self._kept.pop()
            if kept.message is not None:
                self._sightings.set(kept.message, kept.seen_before)
            self._names.forget_children(kept.step.message.name, kept.step.children)
            undone.insert(0, kept.place.number)
        self._undo_crashes(moment)
        if undone:
            last = self._kept[-1].place if self._kept else self._origin
            source.turn = last.turn
        if self._origin.moment > moment:
            # What came before the first step that is kept was taken back too.
            self._origin = replace(self._origin, mark=self._mark(), moment=moment)
        return tuple(undone)

    def crashed(self) -> None:
        """Forget all sightings, as a worker that is started anew; a rewind brings them back."""
        self._crashes.append((next(_moments), self._sightings.saved()))
        self._sightings.clear()

    def _undo_crashes(self, after: int) -> None:
        while self._crashes and self._crashes[-1][0] > after:
            self._crashes.pop()[1]()

    def saved(self) -> Callable[[], None]:
        """Return a function that puts the history and the sightings back as they are now."""
        kept, origin, crashes = tuple(self._kept), self._origin, tuple(self._crashes)
        dropped, dropped_done = self._dropped, self._dropped_done
        restore_sightings = self._sightings.saved()

        def restore() -> None:
            self._kept, self._origin, self._crashes = deque(kept), origin, list(crashes)
            self._dropped, self._dropped_done = dropped, dropped_done
            restore_sightings()

        return restore

    def close(self) -> None:
        """Let go of the journal and of the settled messages: the history stays, but there is no rewind any more."""
        self._journal = None
        self._kept = deque(replace(kept, message=None) for kept in self._kept)

    def _mark(self) -> Mark | None:
        return None if self._journal is None else self._journal.mark()
