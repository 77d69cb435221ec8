"""Taking one step at a time, also from several tasks, or from one event loop after another."""

from __future__ import annotations

import asyncio

from repid_nb.core.errors import SteppingError
from repid_nb.notebook.foreign_loops import running_loop

__all__ = ["Turns"]


class Turns:
    """Gives each step its turn, in order."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_taken(self) -> bool:
        """Whether a step is under way."""
        # A step that began on a loop that is closed can never end.
        return self._lock.locked() and not (self._loop is not None and self._loop.is_closed())

    def lock(self) -> asyncio.Lock:
        """Return the lock that a step on the running loop holds.

        Raises:
            SteppingError: A step is under way on another loop, which is in another thread.
            RuntimeError: The loop is not asyncio's.
        """
        loop = running_loop()
        if self._loop is not loop:
            if self.is_taken:
                raise SteppingError(
                    "This Stepper is in the middle of a step on another event loop. Wait until it ends."
                )
            # An asyncio.Lock stays bound to the first loop on which a task waited for it.
            self._lock, self._loop = asyncio.Lock(), loop
        return self._lock
