"""The event loop of a notebook: the only place that knows nest_asyncio2, IPython and Pyodide.

A notebook's kernel runs its cells inside a running event loop. Top-level `await` works there; `asyncio.run` does not,
and the interrupt button does not reach what a cell awaits. Each has its function here.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import signal
import sys
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import Any, NamedTuple, TypeVar

__all__ = ["CellRun", "interruptible", "prepare_event_loop", "run", "this_cell"]

T = TypeVar("T")


def run(awaitable: Awaitable[T]) -> T:
    """Run a coroutine to its end and return its result, where `await` cannot be written.

    In a script it is `asyncio.run`. In a notebook, where the loop is running already, it runs nested in that loop
    (nest_asyncio2); in a browser it waits through Pyodide's `run_sync`, where the browser can.

    Args:
        awaitable: What would be written after `await`: `run(stepper.step())`.

    Returns:
        What the awaitable returns.

    Raises:
        TypeError: It was given something that cannot be awaited.
        RuntimeError: The loop, or the browser, cannot run it nested. Nothing of the coroutine was started then.
    """
    if not inspect.isawaitable(awaitable):
        raise TypeError(_why_not_awaitable(awaitable))
    if sys.platform == "emscripten":
        from pyodide.ffi import can_run_sync, run_sync  # noqa: PLC0415

        if not can_run_sync():
            _discard(awaitable)
            raise RuntimeError("This browser cannot wait inside a call. Write `await ...` instead of `run(...)`.")
        return run_sync(awaitable)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_completed(awaitable))
    try:
        _make_nestable(loop)
    except RuntimeError:
        _discard(awaitable)
        raise
    return _run_nested(loop, awaitable)


def prepare_event_loop() -> bool:
    """Make `asyncio.run(main())` work in the cells of a notebook; elsewhere do nothing.

    Returns:
        Whether `asyncio.run` works in this kernel's cells from now on. False outside an IPython kernel, in a browser,
        in a thread without a loop, and on a loop that cannot be nested.
    """
    if sys.platform == "emscripten" or not _in_kernel():
        return False
    try:
        return _make_nestable(asyncio.get_running_loop())
    except RuntimeError:
        return False


class CellRun(NamedTuple):
    """One run of a notebook's cell.

    Attributes:
        cell: The cell's id; its source where the front end names no cells.
        run: What tells this run from the others.
    """

    cell: str
    run: str

    def follows(self, other: CellRun) -> bool:
        """Whether this is a later run of the same cell."""
        return self.cell == other.cell and self.run != other.run


def this_cell() -> CellRun | None:
    """Return the run of the cell that is under way; None outside a notebook's kernel and where no cell asked for it."""
    if not _in_kernel():
        return _marimo_cell()
    shell = sys.modules["IPython"].get_ipython()
    if not hasattr(shell.kernel, "get_parent"):
        # Not every kernel is ipykernel.
        return CellRun(str(shell.user_ns["In"][-1]), str(shell.execution_count))
    parent = shell.kernel.get_parent() or {}
    content, metadata = parent.get("content") or {}, parent.get("metadata") or {}
    # Not every front end names its cells; the same source is the same cell then.
    cell = metadata.get("cellId") or content.get("code")
    return None if cell is None else CellRun(str(cell), str((parent.get("header") or {}).get("msg_id")))


def _marimo_cell() -> CellRun | None:
    # marimo has no public name for it, so whatever is not there means: no cell.
    find = getattr(sys.modules.get("marimo._runtime.context"), "safe_get_context", lambda: None)
    execution = getattr(find(), "execution_context", None)
    cell = getattr(execution, "cell_id", None)
    if cell is None:
        return None
    # An object of marimo's for each run; it is kept, so that the next one is another.
    if execution is not _marimo_run.execution:
        _marimo_run.execution = execution
        _marimo_run.number += 1
    return CellRun(str(cell), str(_marimo_run.number))


@dataclass(slots=True)
class _MarimoRun:
    execution: object = None
    number: int = 0


_marimo_run = _MarimoRun()


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let the notebook's interrupt button stop what is awaited inside the block.

    ipykernel answers the button by cancelling the cell, but its handler does not wake a loop that sleeps, and cannot
    stop code that never awaits. Inside this block the button cancels the current task, so that a worker gives back what
    it holds; code that is busy on the loop's thread gets the KeyboardInterrupt where it stands. A task that no cell
    waits for ends cancelled: a KeyboardInterrupt there would leave the loop and end the kernel.

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
    task.add_done_callback(_take_error)
    raise KeyboardInterrupt("stopped by the interrupt button").with_traceback(trace) from None


@dataclass(eq=False, slots=True)
class _Wait:
    """One `interruptible` block: the task in it, and what the interrupt button did to it."""

    task: asyncio.Task[Any]
    interrupted: bool = False
    cancels: int = 0
    # What to restore; None where another block that is still open put our handler there.
    former_handler: Any = None
    token: Any = None

    def begin(self) -> None:
        _waits[self.task] = self
        self.token = _open_wait.set(self)
        # ipykernel changes the handler around each cell, so a block that is open already is no proof of ours.
        if signal.getsignal(signal.SIGINT) is not _on_interrupt:
            self.former_handler = signal.signal(signal.SIGINT, _on_interrupt)

    def end(self) -> None:
        del _waits[self.task]
        _open_wait.reset(self.token)
        for _ in range(self.cancels):
            self.task.uncancel()
        if self.former_handler is None or signal.getsignal(signal.SIGINT) is not _on_interrupt:
            return
        heir = next((wait for wait in _waits.values() if wait.former_handler is None), None)
        if heir is not None:
            heir.former_handler = self.former_handler
        else:
            signal.signal(signal.SIGINT, self.former_handler)

    def cancel(self) -> None:
        # Asked for by a signal, called by the loop: the block may be over by now.
        if _waits.get(self.task) is self:
            self.cancels += 1
            self.task.cancel()


_waits: dict[asyncio.Task[Any], _Wait] = {}

# Set in an open block and in every task started from one, which is how the handler knows whose code it cuts into.
_open_wait: ContextVar[_Wait | None] = ContextVar("open_wait", default=None)

# A loop or a queue cut in the middle of its bookkeeping would not recover; it is cancelled at its next await.
_NEVER_CUT = {"asyncio", "nest_asyncio2", "repid_nb", "selectors"}


def _on_interrupt(_signal_number: int, frame: FrameType | None) -> None:
    """Cancel every open block through the loop, which this wakes; busy code is cut where it stands."""
    package = "asyncio" if frame is None else frame.f_globals.get("__name__", "").partition(".")[0]
    cut = _open_wait.get() if package not in _NEVER_CUT else None
    own_task = cut is not None and asyncio.current_task(cut.task.get_loop()) is cut.task
    for wait in list(_waits.values()):
        wait.interrupted = True
        # Cancelled as well, the task that is cut here could not clean up.
        if not (own_task and wait is cut):
            wait.task.get_loop().call_soon_threadsafe(wait.cancel)
    if own_task:
        raise KeyboardInterrupt
    if cut is not None:
        # From a task that the block started, a KeyboardInterrupt would leave the loop.
        raise asyncio.CancelledError


def _interruptible_task() -> asyncio.Task[Any] | None:
    if sys.platform == "emscripten" or threading.current_thread() is not threading.main_thread() or not _in_kernel():
        return None
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _in_kernel() -> bool:
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


def _make_nestable(loop: asyncio.AbstractEventLoop) -> bool:
    """Let `loop` run nested; say whether it does so reliably.

    Raises:
        RuntimeError: It is not one of asyncio's own loops.
    """
    if not isinstance(loop, asyncio.BaseEventLoop):
        raise RuntimeError(  # noqa: TRY004  (the loop is the environment, not an argument)
            f"The running loop ({type(loop).__module__}.{type(loop).__qualname__}) is not asyncio's own and cannot run "
            "nested. Write `await ...` instead of `run(...)`, or start Python without that loop's policy."
        )
    if hasattr(asyncio, "_nest_patched") and not hasattr(asyncio, "_nest_asyncio2"):
        _warn_of_old_nest_asyncio()
        return False
    import nest_asyncio2  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415

    nest_asyncio2.apply(loop)
    return True


@functools.cache
def _warn_of_old_nest_asyncio() -> None:
    warnings.warn(
        "nest_asyncio was applied before repid_nb. It is archived, and on ipykernel 7 it loses cells and clicks that "
        "arrive while one runs. Remove `nest_asyncio.apply()` and restart the kernel: repid_nb applies nest_asyncio2 "
        "itself.",
        RuntimeWarning,
        stacklevel=4,
    )


def _run_nested(loop: asyncio.AbstractEventLoop, awaitable: Awaitable[T]) -> T:
    task = loop.create_task(_completed(awaitable))
    try:
        return loop.run_until_complete(task)
    finally:
        # An interrupt leaves the loop at once: the coroutine's own clean-up still has to run.
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        _take_error(task)


async def _completed(awaitable: Awaitable[T]) -> T:
    with interruptible():
        return await awaitable


def _take_error(task: asyncio.Task[Any]) -> None:
    """Retrieve a task's error, so that asyncio does not report it as never seen."""
    if not task.cancelled():
        task.exception()


def _discard(awaitable: Awaitable[Any]) -> None:
    if inspect.iscoroutine(awaitable):
        awaitable.close()


def _why_not_awaitable(given: object) -> str:
    if given is None:
        return "run() was given None: what it was to wait for had already run. Call it without run()."
    if callable(given):
        name = getattr(given, "__name__", "main")
        return f"run() was given the function {name}, not a coroutine. Call it: run({name}())."
    return f"run() was given {type(given).__name__}, which cannot be awaited. Give it a coroutine: run(stepper.step())."
