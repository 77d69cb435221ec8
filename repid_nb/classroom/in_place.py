"""Running a learner's code in a bounded time where no thread can start: in a browser."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from types import CodeType
from typing import Any, Self, SupportsIndex

from repid_nb.classroom.call_stacks import is_learners, where_it_runs, where_it_waits
from repid_nb.classroom.outcome import INTERRUPTING, INTERVAL, Outcome, TimeUp
from repid_nb.notebook.loop import run
from repid_nb.stepping.captured_output import caught_printing
from repid_nb.stepping.exceptions import raised
from repid_nb.stepping.record import Raised

__all__ = ["run_in_place"]


def run_in_place(work: Callable[[], Coroutine[Any, Any, Any]], limit: float) -> Outcome:
    """Run a coroutine on the loop that is running, for a limited time.

    There is no other thread that could interrupt it. So Python itself looks at the clock, at each turn of a loop and
    at each call in the learner's own lines (`sys.monitoring`, from Python 3.12 on): once the time is up it raises a
    `TimeUp` there, again and again for a moment. What awaits is cancelled, and a `time.sleep` ends in time. One call
    into C that never ends cannot be stopped.

    Args:
        work: Makes the coroutine.
        limit: The time limit, in seconds.

    Returns:
        How it ended; no exception of it gets out.

    Raises:
        KeyboardInterrupt: The interrupt button was pressed.
    """
    with caught_printing() as printed, _Watch(limit) as watch:
        outcome = run(watch.outcome_of(work()))
    if outcome.error is not None and issubclass(outcome.error, KeyboardInterrupt) and not outcome.is_time_up:
        raise KeyboardInterrupt
    return replace(outcome, printed=printed.getvalue())


class _Watch:
    """Ends what runs in its context once its time is up.

    Args:
        limit: The time limit, in seconds.
    """

    def __init__(self, limit: float) -> None:
        self._ends = time.monotonic() + limit
        self._next_strike = self._ends
        self._is_time_up = False
        self._where: Raised | None = None
        self._monitoring: Any = getattr(sys, "monitoring", None)
        self._tool = _free_tool(self._monitoring)
        self._sleep = time.sleep

    def __enter__(self) -> Self:
        if self._tool is not None:
            events = self._monitoring.events
            # Not the events of branches: they cost several times as much.
            watched = (events.JUMP, events.PY_START)
            self._monitoring.use_tool_id(self._tool, "repid_nb check")
            for event in watched:
                self._monitoring.register_callback(self._tool, event, self._look)
            # What an earlier watch has disabled in a library's lines is looked at once more, and disabled again.
            self._monitoring.restart_events()
            self._monitoring.set_events(self._tool, watched[0] | watched[1])
        time.sleep = self._sleep_in_time
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep = self._sleep
        if self._tool is not None:
            self._monitoring.set_events(self._tool, 0)
            self._monitoring.free_tool_id(self._tool)

    async def outcome_of(self, coroutine: Coroutine[Any, Any, Any]) -> Outcome:
        """Await a coroutine for as long as there is time."""
        task = asyncio.ensure_future(self._recorded(coroutine))
        try:
            await asyncio.wait({task}, timeout=max(self._ends - time.monotonic(), 0.0))
            while not task.done() and time.monotonic() < self._ends + INTERRUPTING:
                self._note_time_up(lambda: where_it_waits(task))
                task.cancel()
                await asyncio.wait({task}, timeout=INTERVAL)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not task.done():
            return Outcome(is_time_up=True, still_runs=True, where=self._where)
        outcome = task.result() if not task.cancelled() else Outcome(error=asyncio.CancelledError)
        return Outcome(is_time_up=True, where=self._where) if self._is_time_up else outcome

    async def _recorded(self, coroutine: Coroutine[Any, Any, Any]) -> Outcome:
        # An error that leaves a task is reported by Pyodide's loop, also where it is handled.
        error: type[BaseException] | None = None
        seen: Raised | None = None
        # The text of an exception may be made by the learner's code, which is stopped there too.
        with suppress(TimeUp), self._striking():
            try:
                return Outcome(await coroutine)
            except BaseException as failure:
                error = type(failure)
                seen = raised(failure)
        return Outcome(error=error, seen=seen)

    @contextmanager
    def _striking(self) -> Iterator[None]:
        """Let code of this task, and of the tasks that it starts, be stopped; what is done with its outcome is not."""
        token = _watch.set(self)
        try:
            yield
        finally:
            _watch.reset(token)

    def _look(self, _code: CodeType, *_: int) -> Any:
        if not is_learners(sys._getframe(1)):  # noqa: SLF001  (there is no public one)
            return self._monitoring.DISABLE
        # Other cells' tasks run the learner's lines too, but not in this context.
        if time.monotonic() >= self._next_strike and _watch.get() is self:
            self._strike()
        return None

    def _sleep_in_time(self, seconds: float | SupportsIndex, /) -> None:
        if _watch.get() is not self:
            self._sleep(seconds)
            return
        self._sleep(min(float(seconds), max(self._ends - time.monotonic(), 0.0)))
        if time.monotonic() >= self._ends:
            self._strike()

    def _strike(self) -> None:
        self._note_time_up(lambda: where_it_runs(sys._getframe(), run_in_place.__code__))  # noqa: SLF001
        # Again soon, also in code that catches this one.
        self._next_strike = time.monotonic() + INTERVAL
        raise TimeUp

    def _note_time_up(self, where: Callable[[], Raised | None]) -> None:
        if not self._is_time_up:
            self._is_time_up = True
            # Reading the learner's source takes time, which is not to be a second strike.
            self._next_strike = time.monotonic() + INTERRUPTING
            self._where = where()


_watch: ContextVar[_Watch | None] = ContextVar("repid_nb_watch", default=None)


def _free_tool(monitoring: Any) -> int | None:
    # Six tools can look at once; the first ones are reserved for debuggers, coverage and profilers.
    return (
        None if monitoring is None else next((one for one in (4, 3, 0, 1, 2, 5) if not monitoring.get_tool(one)), None)
    )
