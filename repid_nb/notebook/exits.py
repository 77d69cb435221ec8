"""Leaving a program in a learner's code that is run here, and why a notebook's kernel goes on all the same.

`exit()` and `quit()` raise SystemExit, as in a script. IPython's own do not raise. They ask the shell to end: a kernel
does so a moment later, and the code goes on meanwhile.

A SystemExit that comes to where the learner's code is awaited ends the cell, and IPython says so. One that nothing
awaits, of a task or a callback that this code has left on the loop, would end the loop and with it the kernel: there it
is reported as any other error of a callback is.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any

from repid_nb.notebook.interrupts import in_kernel

__all__ = ["exit_raises"]

_exit_raises: ContextVar[bool] = ContextVar("repid_nb_exit_raises", default=False)


@contextmanager
def exit_raises() -> Iterator[None]:
    """Let `exit()` and `quit()` raise SystemExit inside the block, and in the tasks and callbacks that it starts.

    In a kernel, a SystemExit of such a task or callback does not end the loop.

    A thread that is started inside knows nothing of the block, and may outlive it. So from the first block on they
    raise in every thread that runs no cell: there SystemExit ends just that thread. In a cell outside of any block
    they end the kernel as before. Outside IPython nothing changes.
    """
    _guard_shell()
    _guard_loop()
    token = _exit_raises.set(True)
    try:
        yield
    finally:
        _exit_raises.reset(token)


class _AskExit:
    """Stands in for `ask_exit` of IPython's shell, which is what its `exit()` and `quit()` call."""

    def __init__(self, ask_exit: Callable[[], None]) -> None:
        self._ask_exit = ask_exit

    def __call__(self) -> None:
        if _exit_raises.get() or not _may_end_kernel():
            raise SystemExit
        self._ask_exit()


def _guard_shell() -> None:
    # Looked up, never imported: a kernel has imported IPython long ago.
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell: Any = None if get_ipython is None else get_ipython()
    # The shell of a browser's kernel has none.
    ask_exit = getattr(shell, "ask_exit", None)
    if ask_exit is not None and not isinstance(ask_exit, _AskExit):
        shell.ask_exit = _AskExit(ask_exit)


def _guard_loop() -> None:
    """Report a SystemExit of what a learner's code has left on the loop, and let the loop go on."""
    run = asyncio.Handle._run  # noqa: SLF001  (a loop runs all that it runs by this)
    if hasattr(run, "repid_nb_guards") or not in_kernel():
        return

    @functools.wraps(run)
    def guarded(handle: Any) -> None:
        try:
            run(handle)
        except SystemExit as error:
            if not handle._context.get(_exit_raises, False):  # noqa: SLF001  (there is no public one)
                raise
            context = {"message": "SystemExit in what a cell's code has left running", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    guarded.__dict__["repid_nb_guards"] = True
    asyncio.Handle._run = guarded  # type: ignore[method-assign,assignment]  # noqa: SLF001


def _may_end_kernel() -> bool:
    """Whether a cell, or what the main thread does between cells, asks for it; a `__del__` never does."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (there is no public one)
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return False
        if frame.f_code.co_name == "run_code" and frame.f_globals.get("__name__") == "IPython.core.interactiveshell":
            return True
        frame = frame.f_back
    return threading.current_thread() is threading.main_thread()
