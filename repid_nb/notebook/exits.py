"""Letting `exit()` and `quit()` end a learner's code and not the kernel.

Here they raise SystemExit, as in a script. IPython's own do not raise: they ask the shell to end, the code goes on, and
a kernel ends a moment later.

A SystemExit that reaches the cell which awaits the code ends that cell, and IPython says so. One of a task or callback
that the code has left on the loop would end the loop, and with it the kernel: it is reported as any other error of a
callback.
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

from repid_nb.notebook.cells import in_kernel, ipython_shell, runs_a_cell

__all__ = ["exit_raises"]

_exit_raises: ContextVar[bool] = ContextVar("repid_nb_exit_raises", default=False)


@contextmanager
def exit_raises() -> Iterator[None]:
    """Let `exit()` and `quit()` raise SystemExit inside the block, and in the tasks and callbacks that it starts.

    In a kernel, a SystemExit of such a task or callback does not end the loop.

    A thread that is started inside does not inherit the block's context, and may outlive it. So from the first block on
    they raise in every thread that runs no cell, where SystemExit ends that thread only. In a cell outside any block
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
    """Stands in for `ask_exit` of IPython's shell, which its `exit()` and `quit()` call."""

    def __init__(self, ask_exit: Callable[[], None]) -> None:
        self._ask_exit = ask_exit

    def __call__(self) -> None:
        if _exit_raises.get() or not _may_end_kernel():
            raise SystemExit
        self._ask_exit()


def _guard_shell() -> None:
    shell = ipython_shell()
    # The shell of a browser's kernel has no ask_exit.
    ask_exit = getattr(shell, "ask_exit", None)
    if ask_exit is not None and not isinstance(ask_exit, _AskExit):
        shell.ask_exit = _AskExit(ask_exit)


def _guard_loop() -> None:
    """Report a SystemExit of a task or callback that a learner's code has left on the loop, and let the loop go on."""
    run = asyncio.Handle._run  # noqa: SLF001  (by this a loop runs every callback)
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
    """Return whether the call comes from a cell, or from the main thread between cells; a `__del__` may not."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (there is no public one)
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return False
        if runs_a_cell(frame):
            return True
        frame = frame.f_back
    return threading.current_thread() is threading.main_thread()
