"""When the page is updated: at most so many times a second, always with the last state, whichever thread changes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

__all__ = ["Updates", "call_in_loop", "running_loop"]

# Seconds between two updates of the page: a kernel that sends more loses some, silently.
BETWEEN_UPDATES = 0.05


class Updates:
    """Calls a function for the updates of a page, with a distance in time.

    Args:
        update: Sends the state that is the newest then.

    Attributes:
        loop: The loop of the cells, on which updates are scheduled; None where none ran when this was made.
    """

    def __init__(self, update: Callable[[], None]) -> None:
        self.loop = running_loop()
        self._update = update
        self._last = 0.0
        self._next: asyncio.Handle | None = None
        self._due = 0.0
        self._is_told = False

    @property
    def is_pending(self) -> bool:
        """Whether an update is scheduled."""
        return self._next is not None

    def soon(self, after: float = 0.0) -> None:
        """Schedule an update.

        Args:
            after: Seconds that it may wait for a newer state; below 0 where it has to be out before the caller goes on.
        """
        loop = running_loop()
        if self.loop is not None and loop is not self.loop:
            self._tell(self.loop)
        elif loop is None or after < 0:
            self._now()
        else:
            self._schedule(loop, after)

    def cancel(self) -> None:
        """Cancel the update that is scheduled."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _tell(self, loop: asyncio.AbstractEventLoop) -> None:
        """Schedule an update from another thread, such as one in which a worker runs."""
        if not self._is_told and not loop.is_closed():
            self._is_told = True
            loop.call_soon_threadsafe(self._was_told)

    def _was_told(self) -> None:
        self._is_told = False
        self.soon()

    def _schedule(self, loop: asyncio.AbstractEventLoop, after: float) -> None:
        rest = max(after, self._last + BETWEEN_UPDATES - time.monotonic(), 0.0)
        due = loop.time() + rest
        if self._next is not None and self._due <= due:
            return
        self.cancel()
        # Kept here, because the handle of Pyodide's loop does not know when it is due.
        self._due = due
        self._next = loop.call_later(rest, self._now)

    def _now(self) -> None:
        self.cancel()
        self._last = time.monotonic()
        self._update()


def call_in_loop(loop: asyncio.AbstractEventLoop | None, handle: Callable[[Any], None], content: Any) -> None:
    """Handle a message of the page in the loop of the cells; None where none ran when the widget was made."""
    # JupyterLab may deliver it on a subshell: a thread with its own loop.
    if loop is None or loop is running_loop():
        handle(content)
    else:
        loop.call_soon_threadsafe(handle, content)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
