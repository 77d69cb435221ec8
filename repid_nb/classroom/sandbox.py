"""Running a learner's code in a bounded time, whatever it does."""

from __future__ import annotations

import asyncio
import ctypes
import io
import sys
import threading
import warnings
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from types import FrameType, TracebackType
from typing import Any

from repid_nb.notebook import run as run_in_place
from repid_nb.stepping.captured_output import caught_printing
from repid_nb.stepping.exceptions import message_of, raised
from repid_nb.stepping.record import Raised
from repid_nb.stepping.stale_actors import StaleActorWarning

__all__ = ["LIMIT", "Ended", "run_bounded"]

# Seconds that a check may take in all.
LIMIT = 5.0

# Seconds for which code whose time is up is told so again and again, and between one time and the next.
INSISTING = 0.3
EVERY = 0.02

# Warning filters and streams belong to the whole process, so one run waits for another.
_one_at_a_time = threading.RLock()


class TimeUp(BaseException):
    """Raised inside code whose time is up. No `except Exception` catches it."""

    is_from_outside = True


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Attributes:
        result: What it returned.
        error: What it raised, or None.
        seen: The record of that error.
        is_time_up: Whether its time was up before it ended.
        still_runs: Whether it could not be ended even then.
        where: Where it was then, in the learner's lines.
        printed: What was printed outside any Step.
        warned: What Python warned of, each once.
    """

    result: Any = None
    error: BaseException | None = None
    seen: Raised | None = None
    is_time_up: bool = False
    still_runs: bool = False
    where: Raised | None = None
    printed: str = ""
    warned: tuple[str, ...] = ()


def run_bounded(work: Callable[[], Coroutine[Any, Any, Any]], limit: float) -> Ended:
    """Run a coroutine to its end in a thread and on an event loop of its own, at most for a time; one after another.

    Code that does not end is told so by a `TimeUp` raised wherever it is, again and again for a moment. If even that
    does not help (`time.sleep`, a bare `except` in a loop), its thread is left behind: it is a daemon, so it keeps no
    process alive, and what it prints is still caught. Plain functions run on the loop itself, so that no pool of
    threads is left with one that never ends. One long call into C that never lets go of the interpreter (a regular
    expression that runs away) is beyond this.

    In the browser threads cannot start: there the coroutine runs in place, without a limit.

    Args:
        work: Makes the coroutine.
        limit: Seconds.

    Returns:
        How it ended; nothing that it raised gets out.

    Raises:
        KeyboardInterrupt: The waiting was interrupted; the run is told to end.
    """
    warned: list[str] = []

    def note(message: Warning | str, *_rest: Any, **_more: Any) -> None:
        # In the thread that warns: the text of somebody's warning may never come to its end.
        warned.append(message if isinstance(message, str) else message_of(message))

    # The filters are everybody's, so they are changed by the thread that waits and always comes to its end.
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("always")
        # The Step says the same, and does not take it for an accident.
        warnings.simplefilter("ignore", StaleActorWarning)
        warnings.showwarning = note
        attempt = _Attempt(work)
        try:
            ended = _waited_for(attempt, limit) if attempt.can_start() else _in_place(work)
        except BaseException:
            attempt.end()
            raise
    return replace(ended, warned=tuple(dict.fromkeys(warned)))


def _waited_for(attempt: _Attempt, limit: float) -> Ended:
    if attempt.gone.wait(limit):
        return attempt.ended()
    where = attempt.where()
    attempt.end()
    still_runs = not attempt.gone.is_set()
    return replace(attempt.ended(), error=None, seen=None, is_time_up=True, still_runs=still_runs, where=where)


class _Loop(asyncio.SelectorEventLoop):
    """Calls plain functions on the spot instead of in a pool, whose threads nobody could end."""

    def run_in_executor(  # type: ignore[override]
        self,
        executor: Executor | None,  # noqa: ARG002
        func: Callable[..., Any],
        *args: Any,
    ) -> asyncio.Future[Any]:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class _Attempt(threading.Thread):
    def __init__(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        super().__init__(name="repid_nb check", daemon=True)
        self._work = work
        self._coroutine: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._result: Any = None
        self._error: BaseException | None = None
        self._seen: Raised | None = None
        self._printed: io.StringIO | None = None
        self._may_be_told = threading.Lock()
        self._is_unwanted = False
        self._has_begun = False
        self._is_over = False
        # Not `join`: interrupted, it takes the thread for ended (CPython 3.11).
        self.gone = threading.Event()

    def can_start(self) -> bool:
        """Start, and say whether that worked: in a browser it does not."""
        try:
            self.start()
        except RuntimeError:
            return False
        return True

    def run(self) -> None:
        # A TimeUp may strike anywhere until `_is_over`, also in what catches the one before.
        with suppress(TimeUp), caught_printing() as self._printed, suppress(TimeUp):
            while not self._is_over:
                try:
                    if not (self._has_begun or self._is_unwanted):
                        self._has_begun = True
                        self._work_it_off()
                    with self._may_be_told:
                        self._is_over = True
                except BaseException as error:
                    self._error = self._error or error
        self.gone.set()

    def _work_it_off(self) -> None:
        try:
            self._run_to_its_end()
        except BaseException as error:
            # Here and not where it is waited for: an exception's text is the learner's code, and may do anything.
            self._error, self._seen = error, Raised(type=type(error).__name__, message="")
            self._seen = raised(error)

    def _run_to_its_end(self) -> None:
        self._coroutine = self._work()
        with asyncio.Runner(loop_factory=_Loop) as runner:
            self._loop = runner.get_loop()
            # A task that is left over when time is up is nobody's error.
            self._loop.set_exception_handler(lambda _loop, _context: None)
            self._result = runner.run(self._coroutine)

    def ended(self) -> Ended:
        """Return how it ended, or how far it came."""
        printed = "" if self._printed is None else self._printed.getvalue()
        return Ended(self._result, self._error, self._seen, printed=printed)

    def end(self) -> None:
        """Tell the code to end until it does, for a moment; what does not is left behind."""
        self._is_unwanted = True
        for _ in range(int(INSISTING / EVERY)):
            self._interrupt()
            if self.gone.wait(EVERY):
                break
        if getattr(self._coroutine, "cr_frame", None) is not None:
            # Never to be collected: that would close it, and what swallows even this would not return.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self))

    def _interrupt(self) -> None:
        """Raise TimeUp in the thread, and wake its loop if that sleeps."""
        with self._may_be_told:
            if self._is_over or self.ident is None:
                return
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(TimeUp))
            if self._loop is not None:
                with suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(lambda: None)

    def where(self) -> Raised | None:
        """Return where the code is now, in the learner's lines; None when it is in none of them."""
        running = sys._current_frames().get(self.ident or 0)  # noqa: SLF001  (there is no public one)
        for frames in (_awaiting(self._coroutine), _running(running)):
            trace = None
            for frame in frames:
                trace = TracebackType(trace, frame, frame.f_lasti, frame.f_lineno or 0)
            seen = raised(TimeUp().with_traceback(trace))
            if seen.traceback:
                return seen
        return None


def _running(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames of a thread, the innermost first."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def _awaiting(coroutine: Any) -> Iterator[FrameType]:
    """Yield the frames of a suspended coroutine and of what it awaits, the innermost first."""
    frames: list[FrameType] = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            frames.append(frame)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return reversed(frames)


def _in_place(work: Callable[[], Coroutine[Any, Any, Any]]) -> Ended:
    with caught_printing() as printed:
        try:
            ended = Ended(run_in_place(work()))
        except (Exception, SystemExit) as error:
            ended = Ended(error=error, seen=raised(error))
    return replace(ended, printed=printed.getvalue())
