"""Time limits on tasks, all of them with one timer: to set a limit and to take it off again costs next to nothing."""

from __future__ import annotations

import asyncio
import math

__all__ = ["Deadline", "Deadlines"]


class Deadlines:
    """One timer for the limits on everything that runs on one loop.

    It is set for the earliest limit and stays set when that is taken off: it finds nothing to do then, and is set for
    the next. So a timer is made once a time limit, and not once a message.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[Deadline] = set()
        self._rings_at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, deadline: Deadline) -> None:
        """Cancel the deadline's task when the deadline comes."""
        self._running.add(deadline)
        if deadline.when < self._rings_at or deadline.loop is not self._loop:
            self._ring_at(deadline.when, deadline.loop)

    def remove(self, deadline: Deadline) -> None:
        """Let the deadline pass."""
        self._running.discard(deadline)

    def close(self) -> None:
        """Take the timer off."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._rings_at = math.inf

    def _ring_at(self, when: float, loop: asyncio.AbstractEventLoop) -> None:
        self.close()
        self._loop = loop
        self._rings_at = when
        self._timer = loop.call_at(when, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self.close()
        now = loop.time()
        for deadline in [one for one in self._running if one.when <= now]:
            self._running.discard(deadline)
            deadline.come()
        if self._running:
            self._ring_at(min(deadline.when for deadline in self._running), loop)


class Deadline:
    """A limit on what the current task does, with the rules of `asyncio.timeout`; for one thing after another.

    Args:
        deadlines: The timer.

    Raises:
        RuntimeError: There is no current task that could be cancelled.
    """

    __slots__ = ("_cancelling", "_deadlines", "_has_come", "_task", "loop", "when")

    def __init__(self, deadlines: Deadlines) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A time limit needs a task to cancel: run it inside asyncio.run or create_task.")
        self._deadlines = deadlines
        self._task = task
        self._has_come = False
        self._cancelling = 0
        self.loop = task.get_loop()
        self.when = math.inf

    def begin(self, seconds: float) -> None:
        """Let the task be cancelled in so many seconds."""
        self._cancelling = self._task.cancelling()
        self.when = self.loop.time() + seconds
        self._deadlines.add(self)

    def pause(self) -> float:
        """Stop the clock; return the seconds that were left, to begin with again."""
        self._deadlines.remove(self)
        return self.when - self.loop.time()

    def come(self) -> None:
        """Cancel the task."""
        self._has_come = True
        self._task.cancel()

    def end(self) -> bool:
        """Take the limit off again; a second time does nothing.

        Returns:
            Whether it had come, and nobody else has cancelled the task meanwhile.
        """
        self._deadlines.remove(self)
        if not self._has_come:
            return False
        self._has_come = False
        return self._task.uncancel() <= self._cancelling
