"""How to take back what was done to the queues, newest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from repid_nb.core.errors import InvalidMessageError

__all__ = ["Journal"]


class Journal:
    """A list of undo steps with marks in it: to go back costs what happened since, not what is queued.

    Args:
        limit: How many undo steps are kept; the oldest give way.
    """

    __slots__ = ("__weakref__", "_forgotten", "_limit", "_undo")

    def __init__(self, limit: int) -> None:
        self._undo: deque[Callable[[], object]] = deque()
        self._forgotten = 0
        self._limit = limit

    def note(self, undo: Callable[[], object]) -> None:
        """Add how to take back what was just done."""
        self._undo.append(undo)
        if len(self._undo) > self._limit:
            self._undo.popleft()
            self._forgotten += 1

    def mark(self) -> int:
        """Return a mark for the present moment."""
        return self._forgotten + len(self._undo)

    def reaches(self, mark: int) -> bool:
        """Say whether there still is a way back to `mark`."""
        return self._forgotten <= mark <= self.mark()

    def undo_to(self, mark: int) -> None:
        """Take back everything that was done after `mark`, newest first.

        Raises:
            InvalidMessageError: There is no way back to `mark` any more; nothing is taken back.
        """
        if not self.reaches(mark):
            raise InvalidMessageError(f"There is no way back to mark {mark}: too much has happened since.")
        while self.mark() > mark:
            self._undo.pop()()
