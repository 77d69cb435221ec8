"""The steps so far, and the way back to each of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from repid_nb.core.errors import InvalidMessageError
from repid_nb.core.memory.journal import Journal, Mark
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.worker.sightings import Sightings
from repid_nb.stepping.connection import SteppablePullerT
from repid_nb.stepping.record import History, Step

__all__ = ["Place", "Timeline"]


@dataclass(frozen=True, slots=True)
class Place:
    """A moment right after a step, as far as it takes to come back to it.

    Attributes:
        number: The number of the step; 0 for the moment right before the first.
        mark: Where the journal stood.
        turn: Which channel was to be pulled from next.
    """

    number: int
    mark: Mark
    turn: int


@dataclass(frozen=True, slots=True)
class _Kept:
    step: Step
    place: Place
    message: ReceivedMessageT | None
    seen_before: int


class Timeline:
    """Keeps the newest steps, and takes the queues back to where they stood after one of them.

    Args:
        journal: What is done to the queues.
        sightings: The worker's memory, which goes back too.
        limit: How many steps are kept.
    """

    def __init__(self, journal: Journal, sightings: Sightings, limit: int) -> None:
        self._journal: Journal | None = journal
        self._sightings = sightings
        self._limit = limit
        self._kept: deque[_Kept] = deque()
        self._dropped = 0
        self._origin = Place(0, journal.mark(), 0)

    @property
    def newest(self) -> int:
        """The number of the newest step; 0 when there is none."""
        return self._kept[-1].place.number if self._kept else self._origin.number

    @property
    def history(self) -> History:
        """The steps that are kept."""
        return History(tuple(kept.step for kept in self._kept), self._dropped)

    def begin(self, turn: int) -> None:
        """Take note of the moment before a pull: where no step was taken yet, that is the one to come back to.

        Args:
            turn: Which channel is to be pulled from next.
        """
        if self.newest == 0:
            self._origin = Place(0, self._mark(), turn)

    def add(self, step: Step, message: ReceivedMessageT, *, seen_before: int, turn: int) -> None:
        """Add the newest step; the oldest gives way when there are too many.

        Args:
            step: The step.
            message: Its message.
            seen_before: How often that had been sighted before the step.
            turn: Which channel is to be pulled from next.
        """
        self._kept.append(_Kept(step, Place(step.number, self._mark(), turn), message, seen_before))
        if len(self._kept) > self._limit:
            self._origin = self._kept.popleft().place
            self._dropped += 1

    def rewind(self, to: int, puller: SteppablePullerT) -> tuple[int, ...]:
        """Take the queues back to where they stood right after step `to`.

        Args:
            to: The number of the step; 0 for the moment right before the first.
            puller: Whose turn among the channels goes back too.

        Returns:
            The numbers of the steps that were taken back.

        Raises:
            InvalidMessageError: There is no way back to that step; the message says how far there is one.
        """
        journal = self._open_journal()
        places = {
            place.number: place
            for place in (self._origin, *(kept.place for kept in self._kept))
            if journal.reaches(place.mark)
        }
        if to not in places:
            reach = f"give a number from {min(places)} to {max(places)}" if places else "too much has happened since"
            raise InvalidMessageError(f"There is no way back to step {to!r}: {reach}.")
        journal.undo_to(places[to].mark)
        undone: list[int] = []
        while self._kept and self._kept[-1].place.number > to:
            kept = self._kept.pop()
            if kept.message is not None:
                self._sightings.set(kept.message, kept.seen_before)
            undone.insert(0, kept.place.number)
        puller.turn = places[to].turn
        return tuple(undone)

    def close(self) -> None:
        """Let go of the settled messages; the history stays, the way back is gone."""
        self._journal = None
        self._kept = deque(replace(kept, message=None) for kept in self._kept)

    def _mark(self) -> Mark:
        return self._open_journal().mark()

    def _open_journal(self) -> Journal:
        assert self._journal is not None  # noqa: S101  (a closed Stepper neither steps nor rewinds)
        return self._journal
