"""The notebook's interrupt button: it ends what is awaited, and what is busy, at whatever moment it is pressed."""

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

__all__ = ["in_kernel", "interruptible", "take_error"]


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let the notebook's interrupt button stop what is awaited inside the block.

    ipykernel answers the button by cancelling the cell, but its handler does not wake a loop that sleeps, and cannot
    stop code that never awaits. Inside this block the button cancels the current task, so that a worker gives back what
    it holds; code that keeps the loop's thread busy gets the KeyboardInterrupt where it stands, the learner's own after
    a twentieth of a second, what it called after a second or at a second press. A task that no cell waits for ends
    cancelled: a KeyboardInterrupt there would leave the loop and end the kernel.

    The block is given a function that says whether the button was pressed since it began.

    It does nothing outside an IPython kernel, where Ctrl+C already works (`asyncio.run` cancels its task), outside
    the main thread, where Python has no signals, and inside another `interruptible` of the same task.

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
    if not _inside_a_cell():
        raise asyncio.CancelledError
    # Under a nested run the error is on the task too, and nobody else would take it from there.
    task.add_done_callback(take_error)
    raise KeyboardInterrupt("stopped by the interrupt button").with_traceback(trace) from None


@dataclass(eq=False, slots=True)
class _Wait:
    """One `interruptible` block: the task in it, and what the interrupt button did to it."""

    task: asyncio.Task[Any]
    interrupted: bool = False
    cancels: int = 0
    # What to restore; None where another block that is still open put our handler there.
    former: _Former | None = None
    token: Any = None
    # Lives as long as the exception that the handler raised in this block.
    cut: weakref.ref[_Cut] | None = None

    def begin(self) -> None:
        _waits[self.task] = self
        self.token = _open_wait.set(self)
        # ipykernel changes the handler around each cell, so a block that is open already is no proof of ours.
        if signal.getsignal(signal.SIGINT) is not _on_interrupt:
            self.former = _Former(signal.signal(signal.SIGINT, _on_interrupt), _wake_on_signals(self.task.get_loop()))

    def end(self) -> None:
        # A try to cut, sent when the former handler is back, would be a press for that one.
        with _press.lock:
            if self.interrupted:
                _press.is_over_for(self)
            self._hand_back()
        # Only now: a press that our handler hears is for a block, and which is open it reads here.
        del _waits[self.task]
        _open_wait.reset(self.token)
        for _ in range(self.cancels):
            self.task.uncancel()

    def _hand_back(self) -> None:
        if self.former is None or signal.getsignal(signal.SIGINT) is not _on_interrupt:
            return
        heir = next((wait for wait in _waits.values() if wait.former is None), None)
        if heir is not None:
            heir.former = self.former
        else:
            signal.signal(signal.SIGINT, self.former.handler)
            signal.set_wakeup_fd(self.former.wakeup)

    def cancel(self) -> None:
        _press.is_over_for(self)
        # Asked for by a signal, called by the loop: the block may be over by now. And a task that was cut cleans up,
        # which it could not when it was cancelled as well; unless what was raised in it is gone.
        if _waits.get(self.task) is self and self.being_cut != _Cut(is_own=True):
            self.cancels += 1
            self.task.cancel()

    @property
    def being_cut(self) -> _Cut | None:
        return None if self.cut is None else self.cut()


class _Former(NamedTuple):
    """What was there before the first block that is open began."""

    handler: Any
    wakeup: int


@dataclass(frozen=True)
class _Cut:
    """Hangs on an exception that the handler raised, and so tells by its own end that nothing handles it any more.

    Attributes:
        is_own: Whether it was raised in the task of the block itself, and not in one that the block started.
    """

    is_own: bool


@dataclass(eq=False, slots=True)
class _Press:
    """A press of the button that the loop has not yet come to deal with: it cancels a task between two of its turns.

    Code that is busy lets no loop turn. It is cut where it stands, but only after a grace, so that what is soon done is
    done: half of a message to the page, of an import, of a callback would be worse than a moment's wait. Where an
    exception does no good (a destructor, a callback, a bare `except` swallows it) the next try comes soon.
    """

    waits: set[_Wait]
    # The handler takes it too, in the middle of anything.
    lock: threading.RLock
    tries: int = 0
    is_try: bool = False
    is_watched: bool = False

    def begin(self, waits: Iterable[_Wait]) -> None:
        with self.lock:
            # Pressed again, it no longer asks what it cuts.
            self.tries = _PATIENCE if self.waits else 0
            self.waits.update(waits)
            if self.waits and not self.is_watched:
                # threading.Thread has locks of its own, which the code that the signal cut into may hold.
                with suppress(RuntimeError):
                    _thread.start_new_thread(self._watch, (threading.get_ident(),))
                    self.is_watched = True

    def is_over_for(self, wait: _Wait) -> None:
        with self.lock:
            self.waits.discard(wait)
            if hasattr(signal, "pthread_sigmask"):
                # Changes nothing, but a try that is on its way has arrived when this returns.
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
        # Unlike a simulated one it also ends a system call that waits.
        signal.pthread_kill(thread, signal.SIGINT)
    else:
        _thread.interrupt_main()


# Seconds between the tries to cut code that is busy; and after how many of them whatever runs is cut, if it is not the
# learner's own.
_GRACE = 0.05
_PATIENCE = 20

_press = _Press(set(), threading.RLock())

_waits: dict[asyncio.Task[Any], _Wait] = {}

# Set in an open block and in every task started from one, which is how the handler knows whose code it cuts into.
_open_wait: ContextVar[_Wait | None] = ContextVar("open_wait", default=None)

# A loop or a queue cut in the middle of its bookkeeping would not recover; it is cancelled at its next await.
_NEVER_CUT = {"asyncio", "nest_asyncio2", "repid_nb", "selectors"}

_INSTALLED = (sys.prefix, sys.base_prefix, "<frozen ")


def _on_interrupt(_signal_number: int, frame: FrameType | None) -> None:
    """Cancel every open block through the loop, which this wakes; code that stays busy is cut where it stands."""
    if _press.is_try:
        _press.is_try = False
        if _press.waits and frame is not None:
            _cut(frame, whatever_it_is=_press.tries > _PATIENCE)
        return
    for wait in _waits.values():
        wait.interrupted = True
        wait.cut = None
        with suppress(RuntimeError):  # its loop was closed over it
            wait.task.get_loop().call_soon_threadsafe(wait.cancel)
    _press.begin(_waits.values())
    if frame is not None and not _press.is_watched:
        # No further thread can be started, so there will be no other try.
        _cut(frame, whatever_it_is=True)


def _cut(frame: FrameType, *, whatever_it_is: bool) -> None:
    """End what a block is busy with, if that may be cut here."""
    wait = _open_wait.get()
    if wait is None or wait.being_cut is not None or _package_of(frame) in _NEVER_CUT:
        return
    if not whatever_it_is and (_is_installed(frame) or _is_in_a_destructor(frame)):
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
    """Whether an exception would get no further than the `__del__` that is further down the stack."""
    at: FrameType | None = frame
    while at is not None and _package_of(at) not in _NEVER_CUT:
        if at.f_code.co_name == "__del__":
            return True
        at = at.f_back
    return False


def _wake_on_signals(loop: asyncio.AbstractEventLoop) -> int:
    """Let a signal wake a loop that is just falling asleep; return what was woken before.

    Python runs a handler between two instructions. A signal that comes after the last of them, and before the system
    call in which the loop sleeps, would be heard only when something else wakes the loop: a window that another thread
    makes wide, such as ipykernel's, which sends what was just shown and wants the interpreter for it.
    """
    former = signal.set_wakeup_fd(-1)
    own_socket = getattr(loop, "_csock", None)  # what asyncio itself takes in add_signal_handler
    if former != -1 or own_socket is None:
        signal.set_wakeup_fd(former)
    else:
        signal.set_wakeup_fd(own_socket.fileno(), warn_on_full_buffer=False)
    return former


def _interruptible_task() -> asyncio.Task[Any] | None:
    if sys.platform == "emscripten" or threading.current_thread() is not threading.main_thread() or not in_kernel():
        return None
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def in_kernel() -> bool:
    """Whether this runs in an IPython kernel."""
    # Looked up, never imported: a kernel has imported IPython long ago.
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython is not None and getattr(get_ipython(), "kernel", None) is not None


def _inside_a_cell() -> bool:
    """Whether a cell is further down the stack: IPython shows there whatever a cell raises, KeyboardInterrupt too."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001
    while frame is not None:
        if frame.f_code.co_name == "run_code" and frame.f_globals.get("__name__") == "IPython.core.interactiveshell":
            return True
        frame = frame.f_back
    return False


def take_error(task: asyncio.Task[Any]) -> None:
    """Retrieve a task's error, so that asyncio does not report it as never seen."""
    if not task.cancelled():
        task.exception()
