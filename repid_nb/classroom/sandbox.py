"""Running a learner's code in a bounded time, whatever it does."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import io
import sys
import threading
import warnings
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from repid_nb.classroom.call_stacks import where_is
from repid_nb.classroom.in_place import run_in_place
from repid_nb.classroom.outcome import INTERRUPTING, INTERVAL, Outcome, TimeUp
from repid_nb.core.text import plain_text
from repid_nb.notebook.exits import exit_raises
from repid_nb.printable import counted
from repid_nb.stepping.captured_output import caught_printing
from repid_nb.stepping.exceptions import message_of, raised
from repid_nb.stepping.record import Raised
from repid_nb.stepping.stale_actors import StaleActorWarning

__all__ = ["Outcome", "is_in_sandbox", "run_in_sandbox"]

# How often to look where the code is; it runs on meanwhile.
MOST_LOOKS = 10

# The deepest recursion: Python leaves all its calls without letting another thread run meanwhile.
DEEPEST = 5_000

# How many warnings are kept, and how many characters of each.
MOST_WARNINGS = 10
LONGEST_WARNING = 1000

# Warning filters, streams and the recursion limit belong to the whole process, so one run waits for another.
_one_at_a_time = threading.RLock()

_in_sandbox: ContextVar[bool] = ContextVar("repid_nb_in_sandbox", default=False)


class _Warnings:
    """The first warnings of a run, each once, and the number of the others."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}
        self._left_out = 0

    def note(self, message: Warning | str, *_rest: Any, **_more: Any) -> None:
        # In the thread that warns: making the text of a learner's warning may never end.
        text = plain_text(message if isinstance(message, str) else message_of(message))[:LONGEST_WARNING]
        if len(self._texts) < MOST_WARNINGS:
            self._texts[text] = None
        elif text not in self._texts:
            self._left_out += 1

    @property
    def noted(self) -> tuple[str, ...]:
        more = (f"... and {counted(self._left_out, 'more warning')}",) if self._left_out else ()
        return (*self._texts, *more)


@contextmanager
def _process_left_as_it_was(warned: _Warnings) -> Iterator[None]:
    """Restore the settings of the whole process, from the waiting thread, which always ends."""
    recursion_limit, set_recursion_limit = sys.getrecursionlimit(), sys.setrecursionlimit
    lowest, unraisable_hook = min(recursion_limit, DEEPEST), sys.unraisablehook
    freezes = gc.get_freeze_count() == 0
    try:
        _keep_recursion_short()
        # Not lower either: the limit is that of all threads, and the waiting one makes calls too.
        sys.setrecursionlimit = lambda limit: set_recursion_limit(max(lowest, min(limit, DEEPEST)))
        # A TimeUp that a `__del__` swallows is not the learner's error.
        sys.unraisablehook = lambda seen: None if seen.exc_type is TimeUp else unraisable_hook(seen)
        if freezes:
            # Objects from before are not the run's garbage: the collection at its end need not look at them.
            gc.freeze()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            # The Step has a note on it.
            warnings.simplefilter("ignore", StaleActorWarning)
            warnings.showwarning = warned.note
            yield
    finally:
        if freezes:
            gc.unfreeze()
        sys.setrecursionlimit = set_recursion_limit
        sys.setrecursionlimit(recursion_limit)
        sys.unraisablehook = unraisable_hook


def is_in_sandbox() -> bool:
    """Return whether the calling code is run by `run_in_sandbox`."""
    return _in_sandbox.get()


def run_in_sandbox(work: Callable[[], Coroutine[Any, Any, Any]], limit: float) -> Outcome:
    """Run a coroutine in a thread and on an event loop of its own, for a limited time; one run waits for another.

    In code that does not end a `TimeUp` is raised, again and again for a moment. If even that does not help
    (`time.sleep`, a bare `except` in a loop), its thread is left behind: it is a daemon, so it keeps no process alive,
    and its output is still caught. Plain functions run on the loop itself, so that no thread of a pool is left behind.
    Garbage of the code is collected in its thread, so that the time limit holds for a `__del__` too. `exit()` and
    `quit()` raise SystemExit, also in a notebook.

    One long call into C that never lets go of the interpreter (a regular expression that backtracks for ever), a
    recursion inside C and `os._exit` cannot be stopped.

    In the browser threads cannot start: there the coroutine runs in place, and its own lines look at the clock
    (`run_in_place`).

    Args:
        work: Makes the coroutine. The thread lets go of it, and of all that it refers to, before it ends.
        limit: The time limit, in seconds. While the thread waits for a processor that others have, it stands still,
            where the system tells of that (Linux does).

    Returns:
        How it ended; no exception of it gets out.

    Raises:
        KeyboardInterrupt: The wait was interrupted; the run is ended too.
    """
    warned = _Warnings()
    with _one_at_a_time, exit_raises(), _process_left_as_it_was(warned):
        sandbox = _Sandbox(work)
        try:
            outcome = _waited_for(sandbox, limit) if sandbox.try_to_start() else run_in_place(work, limit)
        except BaseException:
            sandbox.end()
            raise
    return replace(outcome, warned=warned.noted)


def _waited_for(sandbox: _Sandbox, limit: float) -> Outcome:
    ends = monotonic() + limit
    left, kept_waiting = limit, 0.0
    while not sandbox.has_ended.wait(min(INTERVAL, left)):
        _keep_recursion_short()
        # Of a thread that has just ended the system tells nothing any more.
        kept_waiting = max(kept_waiting, sandbox.kept_waiting)
        left = max(ends + kept_waiting - monotonic(), 0)
        if not left and not sandbox.has_ended.is_set():
            return _stopped(sandbox)
    return sandbox.outcome()


def _keep_recursion_short() -> None:
    # Again and again: an answer may have kept Python's own function.
    if sys.getrecursionlimit() > DEEPEST:
        sys.setrecursionlimit(DEEPEST)


def _stopped(sandbox: _Sandbox) -> Outcome:
    where = sandbox.where()
    sandbox.end()
    still_runs = not sandbox.has_ended.is_set()
    return replace(sandbox.outcome(), error=None, seen=None, is_time_up=True, still_runs=still_runs, where=where)


class _Loop(asyncio.SelectorEventLoop):
    """Calls plain functions at once instead of in a pool, whose threads could not be ended."""

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


class _Sandbox(threading.Thread):
    """The thread in which one run happens.

    Args:
        work: Makes the coroutine.
    """

    def __init__(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        super().__init__(name="repid_nb check", daemon=True)
        self._work: Callable[[], Coroutine[Any, Any, Any]] | None = work
        self._coroutine: Coroutine[Any, Any, Any] | None = None
        self._task: asyncio.Task[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._result: Any = None
        self._error: type[BaseException] | None = None
        self._seen: Raised | None = None
        self._printed: io.StringIO | None = None
        self._interrupt_lock = threading.Lock()
        self._may_not_start = False
        self._has_started = False
        self._is_done = False
        # Not `join`: when that is interrupted, it takes the thread for ended (CPython 3.11).
        self.has_ended = threading.Event()

    def try_to_start(self) -> bool:
        """Start the thread; return whether that worked, which it does not in a browser."""
        try:
            self.start()
        except RuntimeError:
            return False
        return True

    @property
    def kept_waiting(self) -> float:
        """The seconds in which the thread could run and others had the processors; 0 where the system tells nothing."""
        try:
            told = Path(f"/proc/self/task/{self.native_id}/schedstat").read_text(encoding="ascii")
            return int(told.split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0

    def run(self) -> None:
        _in_sandbox.set(True)
        # A TimeUp may be raised anywhere until `_is_done`, also in the code that handles the one before.
        with suppress(TimeUp), exit_raises(), caught_printing() as self._printed, suppress(TimeUp):
            while not self._is_done:
                try:
                    if not (self._has_started or self._may_not_start):
                        self._has_started = True
                        self._run_and_record()
                    self._release()
                    with self._interrupt_lock:
                        self._is_done = True
                except BaseException as error:
                    self._error = self._error or type(error)
        self.has_ended.set()

    def _run_and_record(self) -> None:
        try:
            self._run_to_its_end()
        except BaseException as error:
            # Here and not in the waiting thread: an exception's text may be made by the learner's code.
            self._error, self._seen = type(error), Raised(type=type(error).__name__, message="")
            self._seen = raised(error)

    def _run_to_its_end(self) -> None:
        self._coroutine = self._supervised()
        with asyncio.Runner(loop_factory=_Loop) as runner:
            self._loop = runner.get_loop()
            # A task that is left when time is up is not an error to report.
            self._loop.set_exception_handler(lambda _loop, _context: None)
            self._result = runner.run(self._coroutine)

    async def _supervised(self) -> Any:
        self._task = asyncio.current_task()
        return None if self._work is None else await self._work()

    def _release(self) -> None:
        """Let go of the learner's objects in this thread, where the time of their `__del__` is limited."""
        self._work = self._coroutine = self._task = self._loop = None
        gc.collect()

    def outcome(self) -> Outcome:
        """Return how the run ended, or its outcome so far."""
        printed = "" if self._printed is None else self._printed.getvalue()
        return Outcome(self._result, self._error, self._seen, printed=printed)

    def end(self) -> None:
        """Interrupt the code until it ends, for a moment; code that does not end is left behind."""
        self._may_not_start = True
        for _ in range(int(INTERRUPTING / INTERVAL)):
            self._interrupt()
            if self.has_ended.wait(INTERVAL):
                break
        if getattr(self._coroutine, "cr_frame", None) is not None:
            # Never to be collected: that would close the coroutine, and the code may swallow that too and go on.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self))

    def _interrupt(self) -> None:
        """Raise TimeUp in the thread, and wake its loop if that sleeps."""
        with self._interrupt_lock:
            if self._is_done or self.ident is None:
                return
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(TimeUp))
            if self._loop is not None:
                with suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(lambda: None)

    def where(self) -> Raised | None:
        """Return the learner's lines in which the code is; None when it is in none of them at any look."""
        for _ in range(MOST_LOOKS):
            seen = where_is(self.ident, self._task)
            if seen is not None:
                return seen
            if self.has_ended.wait(INTERVAL):
                break
        return None
