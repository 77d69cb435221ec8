"""The notebook's interrupt button: it ends code that awaits and code that is busy, whenever it is pressed."""

from __future__ import annotations

import _thread
import asyncio
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import Any, NamedTuple

from repid_nb.notebook.cells import in_kernel, runs_a_cell

__all__ = ["inside_a_cell", "interrupt_open_blocks", "interruptible", "may_cut", "take_error"]


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let the notebook's interrupt button stop what is awaited inside the block.

    ipykernel answers the button by cancelling the cell, but its handler does not wake a loop that sleeps, and cannot
    stop code that never awaits. Inside this block the button cancels the current task, so that a worker gives back its
    messages. Code that keeps the loop's thread busy gets the KeyboardInterrupt where it is: the learner's own after a
    twentieth of a second, a library that it calls after a second or at a second press. A task that no cell waits for
    ends cancelled: a KeyboardInterrupt there would leave the loop and end the kernel.

    It does nothing outside an IPython kernel, where Ctrl+C already works (`asyncio.run` cancels its task), outside
    the main thread, where Python has no signals, and inside another `interruptible` of the same task.

    Yields:
        A function that says whether the button was pressed since the block began.

    Raises:
        KeyboardInterrupt: The button was pressed while the block was running.
    """
    task = _interruptible_task()
    if task is None:
        yield lambda: False
        return
    if task in _waits:
        outer = _waits[task]
        yield lambda: outer.interrupted
        return
    wait = _Wait(task)
    wait.begin()
    try:
        yield lambda: wait.interrupted
    except (asyncio.CancelledError, KeyboardInterrupt) as error:
        if not wait.interrupted:
            raise
        trace = error.__traceback__
    else:
        trace = None
    finally:
        wait.end()
    if not wait.interrupted:
        return
    if not inside_a_cell():
        raise asyncio.CancelledError
    # Under a nested run the error is on the task too, and no other code retrieves it.
    task.add_done_callback(take_error)
    raise KeyboardInterrupt("stopped by the interrupt button").with_traceback(trace) from None


@dataclass(eq=False, slots=True)
class _Wait:
    """One `interruptible` block: its task, and what the interrupt button did to it."""

    task: asyncio.Task[Any]
    interrupted: bool = False
    cancels: int = 0
    # The handler to restore; None where another block that is still open installed ours.
    former: _Former | None = None
    token: Any = None
    # Lives as long as the exception that the handler raised in this block.
    cut: weakref.ref[_Cut] | None = None

    def begin(self) -> None:
        _waits[self.task] = self
        self.token = _open_wait.set(self)
        # ipykernel changes the handler around each cell, so an open block does not mean that ours is installed.
        if signal.getsignal(signal.SIGINT) is not _on_interrupt:
            self.former = _Former(signal.signal(signal.SIGINT, _on_interrupt), _wake_on_signals(self.task.get_loop()))

    def end(self) -> None:
        # A signal of ours that came after the former handler is back would be a press of the button for that one.
        with _press.lock:
            if self.interrupted:
                _press.is_over_for(self)
            self._hand_back()
        # Only now: our handler reads here which blocks are open.
        del _waits[self.task]
        _open_wait.reset(self.token)
        for _ in range(self.cancels):
            self.task.uncancel()

    def _hand_back(self) -> None:
        if self.former is None or signal.getsignal(signal.SIGINT) is not _on_interrupt:
            return
        successor = next((wait for wait in _waits.values() if wait.former is None), None)
        if successor is not None:
            successor.former = self.former
        else:
            signal.signal(signal.SIGINT, self.former.handler)
            signal.set_wakeup_fd(self.former.wakeup)

    def cancel(self) -> None:
        _press.is_over_for(self)
        # The handler asked for this, the loop calls it: the block may be over by now. And a task that was cut is
        # cleaning up, which a cancellation would disturb; unless the exception that cut it was swallowed.
        if _waits.get(self.task) is self and self.being_cut != _Cut(is_own=True):
            self.cancels += 1
            self.task.cancel()

    @property
    def being_cut(self) -> _Cut | None:
        return None if self.cut is None else self.cut()


class _Former(NamedTuple):
    """The handler and the wake-up descriptor from before the first open block."""

    handler: Any
    wakeup: int


@dataclass(frozen=True)
class _Cut:
    """Is kept alive by an exception that the handler raised; when it is gone, no code handles that exception any more.

    Attributes:
        is_own: Whether it was raised in the task of the block itself, and not in one that the block started.
    """

    is_own: bool


@dataclass(eq=False, slots=True)
class _Press:
    """A press of the button that the loop has not handled yet, by cancelling a task between two of its turns.

    Busy code lets the loop have no turn. It is cut where it is, by an exception, but only after a short while, because
    most calls end within it: half a message to the page, or half an import, would be worse than the wait. Where the
    exception is swallowed (by a destructor, a callback, a bare `except`) the next try comes soon.
    """

    waits: set[_Wait]
    # Reentrant: the handler takes it too, and may interrupt code that has it.
    lock: threading.RLock
    tries: int = 0
    is_try: bool = False
    is_watched: bool = False

    def begin(self, waits: Iterable[_Wait]) -> None:
        with self.lock:
            # After a second press any code is cut.
            self.tries = _PATIENCE if self.waits else 0
            self.waits.update(waits)
            if self.waits and not self.is_watched:
                # threading.Thread takes locks, which the code that the signal interrupted may hold.
                with suppress(RuntimeError):
                    _thread.start_new_thread(self._watch, (threading.get_ident(),))
                    self.is_watched = True

    def is_over_for(self, wait: _Wait) -> None:
        with self.lock:
            self.waits.discard(wait)
            if hasattr(signal, "pthread_sigmask"):
                # Changes no mask, but when it returns, a signal that was sent before has been delivered.
                signal.pthread_sigmask(signal.SIG_BLOCK, ())
            self.is_try = False

    def _watch(self, main_thread: int) -> None:
        while True:
            time.sleep(_GRACE)
            with self.lock:
                if not self.waits:
                    self.is_watched = False
                    return
                if signal.getsignal(signal.SIGINT) is _on_interrupt:
                    self.tries += 1
                    self.is_try = True
                    _signal(main_thread)


def _signal(thread: int) -> None:
    if hasattr(signal, "pthread_kill"):
        # Unlike a simulated signal it also interrupts a system call that waits.
        signal.pthread_kill(thread, signal.SIGINT)
    else:
        _thread.interrupt_main()


# Seconds between the tries to cut busy code; and after how many tries code is cut that is not the learner's own.
_GRACE = 0.05
_PATIENCE = 20

_press = _Press(set(), threading.RLock())

_waits: dict[asyncio.Task[Any], _Wait] = {}

# Set in an open block and in every task started from one: so the handler knows which block the interrupted code is of.
_open_wait: ContextVar[_Wait | None] = ContextVar("open_wait", default=None)

# A loop or a queue cut in the middle of an update would not recover; it is cancelled at its next await.
_NEVER_CUT = {"asyncio", "nest_asyncio2", "repid_nb", "selectors", "pyodide", "_pyodide", "pyodide_kernel", "IPython"}

_INSTALLED = (sys.prefix, sys.base_prefix, "<frozen ")


def _on_interrupt(_signal_number: int, frame: FrameType | None) -> None:
    """Cancel every open block through the loop, which this wakes; code that stays busy is cut where it is."""
    if _press.is_try:
        _press.is_try = False
        if _press.waits and frame is not None:
            _cut(frame, any_code=_press.tries > _PATIENCE)
        return
    interrupt_open_blocks(frame)


def interrupt_open_blocks(frame: FrameType | None = None) -> bool:
    """Cancel every open block through its loop, which this wakes.

    Args:
        frame: The frame of busy code that a signal interrupted, or None.

    Returns:
        Whether there is an open block.
    """
    for wait in _waits.values():
        wait.interrupted = True
        wait.cut = None
        with suppress(RuntimeError):  # its loop is closed
            wait.task.get_loop().call_soon_threadsafe(wait.cancel)
    _press.begin(_waits.values())
    if frame is not None and not _press.is_watched:
        # No thread could be started, so there will be no other try.
        _cut(frame, any_code=True)
    return bool(_waits)


def may_cut(frame: FrameType) -> bool:
    """Return whether code may be cut by an exception: neither a loop's nor a queue's, which would not recover."""
    return _package_of(frame) not in _NEVER_CUT


def _cut(frame: FrameType, *, any_code: bool) -> None:
    """Raise an exception in the code of a block, if that may be cut here.

    Args:
        frame: The frame that the signal interrupted.
        any_code: Whether code of installed packages and of a `__del__` may be cut too.
    """
    wait = _open_wait.get()
    if wait is None or wait.being_cut is not None or not may_cut(frame):
        return
    if not any_code and (_is_installed(frame) or _is_in_a_destructor(frame)):
        return
    # A variable with the error, in a frame of its traceback, would keep it alive.
    raise _error_in(wait)


def _error_in(wait: _Wait) -> BaseException:
    cut = _Cut(is_own=asyncio.current_task(wait.task.get_loop()) is wait.task)
    wait.cut = weakref.ref(cut)
    # From a task that the block started, a KeyboardInterrupt would leave the loop.
    error = KeyboardInterrupt() if cut.is_own else asyncio.CancelledError()
    error.__dict__["_cut"] = cut
    return error


def _package_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_installed(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith(_INSTALLED) or "site-packages" in file


def _is_in_a_destructor(frame: FrameType) -> bool:
    """Return whether a `__del__` is among the callers: it would swallow an exception."""
    at: FrameType | None = frame
    while at is not None and _package_of(at) not in _NEVER_CUT:
        if at.f_code.co_name == "__del__":
            return True
        at = at.f_back
    return False


def _wake_on_signals(loop: asyncio.AbstractEventLoop) -> int:
    """Let a signal wake a loop that is just falling asleep; return the former wake-up descriptor.

    Python runs a handler between two instructions. After a signal that comes between the last of them and the system
    call in which the loop sleeps, the handler would run only when something else wakes the loop. Another thread that
    wants the interpreter, such as ipykernel's, which sends outputs, makes that window wide.
    """
    former = signal.set_wakeup_fd(-1)
    own_socket = getattr(loop, "_csock", None)  # what asyncio itself takes in add_signal_handler
    if former != -1 or own_socket is None:
        signal.set_wakeup_fd(former)
    else:
        signal.set_wakeup_fd(own_socket.fileno(), warn_on_full_buffer=False)
    return former


def _interruptible_task() -> asyncio.Task[Any] | None:
    if threading.current_thread() is not threading.main_thread() or not in_kernel():
        return None
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def inside_a_cell() -> bool:
    """Return whether a cell is among the callers: IPython shows what it raises, a KeyboardInterrupt too."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001
    while frame is not None:
        if runs_a_cell(frame):
            return True
        frame = frame.f_back
    return False


def take_error(task: asyncio.Task[Any]) -> None:
    """Retrieve a task's error, so that asyncio does not report it as never seen."""
    if not task.cancelled():
        task.exception()
