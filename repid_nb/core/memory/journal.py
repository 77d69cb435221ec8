"""The journal: the changes of the queues in order, so that they can be taken back."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from repid_nb.core.errors import UnknownNameError

__all__ = ["Journal", "Journaled", "Mark"]

JOURNAL_LIMIT = 50_000
# How many bytes of settled payloads the changes may keep alive.
BYTES_LIMIT = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in a journal.

    Attributes:
        position: How many changes had been noted, less those that had been taken back.
        returns: How often changes had been taken back before.
    """

    position: int
    returns: int


class Journal:
    """A list of changes with marks in it: going back costs what happened since, not what is queued.

    Args:
        limit: How many changes are kept, as far as `BYTES_LIMIT` lets it; the oldest give way.
        after_undo: Called when changes were taken back; what it does is noted like any other change.
    """

    __slots__ = ("__weakref__", "_after_undo", "_bytes", "_changes", "_empty_at", "_limit", "_returns")

    def __init__(self, limit: int, after_undo: Callable[[], object] = lambda: None) -> None:
        self._after_undo = after_undo
        # Each change with its number and size. A count beside the list could differ from it after an interrupt.
        self._changes: deque[tuple[int, Callable[[], object], int]] = deque()
        self._empty_at = 0
        self._limit = limit
        self._bytes = 0
        self._returns: list[int] = []

    def note(self, undo: Callable[[], object], size: int = 0) -> None:
        """Add a change that is about to be made.

        Args:
            undo: Takes it back, also where it was made by half or not at all.
            size: Bytes of payload that only the journal keeps alive once the change is made.
        """
        changes = self._changes
        changes.append((self._position, undo, size))
        self._bytes += size
        while len(changes) > self._limit or (self._bytes > BYTES_LIMIT and len(changes) > 1):
            self._bytes -= changes.popleft()[2]

    def mark(self) -> Mark:
        """Return a mark for the present moment."""
        return Mark(self._position, len(self._returns))

    def reaches(self, mark: Mark) -> bool:
        """Say whether `undo_to` can still go back to `mark`: it was neither forgotten nor itself taken back."""
        lowest_since = min(self._returns[mark.returns :], default=self._position)
        forgotten = self._changes[0][0] if self._changes else self._empty_at
        return forgotten <= mark.position <= lowest_since

    def since(self, mark: Mark) -> list[Callable[[], object]]:
        """Return how to take back each change after a mark, the oldest first, as far as they are kept."""
        return [undo for position, undo, _ in self._changes if position >= mark.position]

    def undo_to(self, mark: Mark) -> None:
        """Take back every change after `mark`, newest first.

        Raises:
            UnknownNameError: The journal does not reach back to `mark` any more; nothing is taken back.
        """
        if not self.reaches(mark):
            raise UnknownNameError("There is no way back to this mark: too much has happened since.")
        self._empty_at = mark.position
        while self._changes and self._changes[-1][0] >= mark.position:
            # Taken back before it is forgotten: after an interrupt in between, a second undo does nothing.
            _, undo, size = self._changes[-1]
            undo()
            self._changes.pop()
            self._bytes -= size
        self._returns.append(mark.position)
        self._after_undo()

    def saved(self) -> Callable[[], None]:
        """Return a function that makes it hold again what it holds now, also what was taken back meanwhile.

        The queues have to be as they are now when it is called.
        """
        changes, empty_at, size, returns = tuple(self._changes), self._empty_at, self._bytes, tuple(self._returns)

        def restore() -> None:
            self._changes, self._empty_at, self._bytes, self._returns = deque(changes), empty_at, size, list(returns)

        return restore

    @property
    def _position(self) -> int:
        return self._changes[-1][0] + 1 if self._changes else self._empty_at


class Journaled:
    """Base of what notes its changes in a journal, for as long as the journal is kept somewhere.

    Attributes:
        is_journaled: Whether a change has to be noted; a false alarm costs one call of `note`.
    """

    def __init__(self) -> None:
        self.is_journaled = False
        self._journal: Callable[[], Journal | None] = lambda: None

    def keep_journal(self) -> Journal:
        """Note every change from now on, for as long as the journal that is returned is kept."""
        journal = self._journal()
        if journal is None:
            journal = Journal(JOURNAL_LIMIT, self.after_undo)
            self._journal = weakref.ref(journal)
            self.is_journaled = True
        return journal

    def note(self, undo: Callable[[], object], size: int = 0) -> None:
        """Note how to take a change back; the caller asks `is_journaled` first, which costs less than this call."""
        journal = self._journal()
        if journal is None:
            self.is_journaled = False
        else:
            journal.note(undo, size)

    def after_undo(self) -> None:
        """Put in order what an undo has left, such as messages that it gave to an owner that is gone."""
