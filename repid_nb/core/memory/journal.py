"""How to take back what was done to the queues, newest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from repid_nb.core.errors import InvalidMessageError

__all__ = ["Journal", "Mark"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in a journal.

    Attributes:
        position: How much had been noted, less what had been taken back.
        returns: How often somebody had gone back in this journal before.
    """

    position: int
    returns: int


class Journal:
    """A list of undo steps with marks in it: to go back costs what happened since, not what is queued.

    Args:
        limit: How many undo steps are kept; the oldest give way.
        after_undo: Called when something was taken back; what it does is noted like anything else.
    """

    __slots__ = ("__weakref__", "_after_undo", "_forgotten", "_limit", "_returns", "_undo")

    def __init__(self, limit: int, after_undo: Callable[[], object] = lambda: None) -> None:
        self._after_undo = after_undo
        self._undo: deque[Callable[[], object]] = deque()
        self._forgotten = 0
        self._limit = limit
        self._returns: list[int] = []

    def note(self, undo: Callable[[], object]) -> None:
        """Add how to take back what was just done."""
        self._undo.append(undo)
        if len(self._undo) > self._limit:
            self._undo.popleft()
            self._forgotten += 1

    def mark(self) -> Mark:
        """Return a mark for the present moment."""
        return Mark(self._position, len(self._returns))

    def reaches(self, mark: Mark) -> bool:
        """Say whether there still is a way back to `mark`: it was neither forgotten nor itself taken back."""
        lowest_since = min(self._returns[mark.returns :], default=self._position)
        return self._forgotten <= mark.position <= lowest_since

    def undo_to(self, mark: Mark) -> None:
        """Take back everything that was done after `mark`, newest first.

        Raises:
            InvalidMessageError: There is no way back to `mark` any more; nothing is taken back.
        """
        if not self.reaches(mark):
            raise InvalidMessageError("There is no way back to this mark: too much has happened since.")
        while self._position > mark.position:
            self._undo.pop()()
        self._returns.append(mark.position)
        self._after_undo()

    @property
    def _position(self) -> int:
        return self._forgotten + len(self._undo)
