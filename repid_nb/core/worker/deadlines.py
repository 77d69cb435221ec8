"""Time limits on tasks, all of them with one timer."""

from __future__ import annotations

import asyncio
import math
from weakref import WeakKeyDictionary

__all__ = ["Deadline", "Deadlines"]

SHORTEST = 1e-9


class Deadlines:
    """One timer for the limits on everything that runs on one loop.

    `asyncio.timeout` makes a timer for each message and cancels it a moment later, because nearly all messages end long
    before their limit. Here one timer is set for the earliest limit, and stays when that limit is taken off: then it
    finds no limit that has expired, and is set for the next. So a timer is made once a time limit, and not once a
    message, and setting a limit and taking it off cost next to nothing.

    Attributes:
        wakes_at: The loop's time at which the timer looks next.
    """

    def __init__(self) -> None:
        self.wakes_at = math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deadlines: WeakKeyDictionary[Deadline, None] = WeakKeyDictionary()  # a WeakSet keeps no order
        self._timer: asyncio.TimerHandle | None = None

    def join(self, deadline: Deadline) -> None:
        """Watch a deadline for as long as it lives."""
        if deadline.loop is not self._loop:
            self.close()
            self._deadlines.clear()
            self._loop = deadline.loop
        self._deadlines[deadline] = None

    def wake_at(self, when: float) -> None:
        """Set the timer to another time."""
        assert self._loop is not None  # noqa: S101  (a deadline has joined)
        self.close()
        self.wakes_at = when
        # Not `call_at`: Pyodide's loop refuses a time that has passed meanwhile.
        self._timer = self._loop.call_later(max(when - self._loop.time(), 0.0), self._wake, self._loop)

    def close(self) -> None:
        """Take the timer off."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self.wakes_at = math.inf

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        self.close()
        now = loop.time()
        for deadline in [one for one in self._deadlines if one.when <= now]:
            deadline.expire()
        earliest = min((deadline.when for deadline in self._deadlines), default=math.inf)
        if earliest < math.inf:
            self.wake_at(earliest)


class Deadline:
    """A limit on what the current task does, with the rules of `asyncio.timeout`; set again for each message.

    Raises:
        RuntimeError: There is no current task that could be cancelled.
    """

    __slots__ = ("__weakref__", "_cancelling", "_deadlines", "_expired", "_task", "loop", "when")

    def __init__(self, deadlines: Deadlines) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A time limit needs a task to cancel: run it inside asyncio.run or create_task.")
        self._deadlines = deadlines
        self._task = task
        self._expired = False
        self._cancelling = 0
        self.loop = task.get_loop()
        self.when = math.inf
        deadlines.join(self)

    def of_current_task(self) -> Deadline:
        """Return this deadline, or a new one where middleware runs the actor in another task."""
        return self if asyncio.current_task(self.loop) is self._task else Deadline(self._deadlines)

    def begin(self, seconds: float | None) -> None:
        """Limit the task to so many seconds; None, 0 and infinity mean no limit."""
        if not seconds or seconds < 0:
            return
        self._cancelling = self._task.cancelling()
        self.when = when = self.loop.time() + seconds
        if when < self._deadlines.wakes_at:
            self._deadlines.wake_at(when)

    def pause(self) -> float:
        """Take the limit off and return the seconds that were left, for the next `begin`."""
        left = self.when - self.loop.time()
        self.when = math.inf
        # No time left is not the same as no limit.
        return max(left, SHORTEST)

    def expire(self) -> None:
        """Cancel the task."""
        self.when = math.inf
        self._expired = True
        self._task.cancel()

    def end(self) -> bool:
        """Take the limit off; a second call does nothing.

        Returns:
            Whether the limit expired, and nothing else asked the task to end meanwhile.
        """
        self.when = math.inf
        if not self._expired:
            return False
        self._expired = False
        return self._task.uncancel() <= self._cancelling
