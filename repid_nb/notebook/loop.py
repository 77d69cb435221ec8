"""The event loop of a notebook: the only module that knows nest_asyncio2.

A notebook's kernel runs its cells inside a running event loop. Top-level `await` works there, `asyncio.run` does not.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import warnings
from collections import deque
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from repid_nb.notebook.browser import can_wait_in_a_call, hear_the_page, run_in_browser
from repid_nb.notebook.cells import in_kernel
from repid_nb.notebook.interrupts import interruptible, take_error

__all__ = ["prepare_event_loop", "run"]

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
        if not can_wait_in_a_call():
            _discard(awaitable)
            raise RuntimeError("This browser cannot wait inside a call. Write `await ...` instead of `run(...)`.")
        return run_in_browser(_completed(awaitable))
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
    if not in_kernel():
        return False
    if sys.platform == "emscripten":
        hear_the_page()
        return False
    try:
        return _make_nestable(asyncio.get_running_loop())
    except RuntimeError:
        return False


def _make_nestable(loop: asyncio.AbstractEventLoop) -> bool:
    """Let `loop` run nested; return whether it does so reliably.

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
    ready: deque[asyncio.Handle] = loop._ready  # type: ignore[attr-defined]  # noqa: SLF001  (asyncio's own, in all its loops)
    waiting = len(ready)
    task = loop.create_task(_completed(awaitable))
    try:
        return loop.run_until_complete(task)
    finally:
        # An interrupt leaves the loop at once, and the coroutine still has to clean up.
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        take_error(task)
        # A loop that runs since before it could nest is in a turn that has counted its callbacks, and would end with an
        # IndexError where the nested run has taken some of them.
        for _ in range(waiting - len(ready)):
            loop.call_soon(_nothing)


def _nothing() -> None:
    """Stand for a callback that a nested run has taken."""


async def _completed(awaitable: Awaitable[T]) -> T:
    with interruptible():
        return await awaitable


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
