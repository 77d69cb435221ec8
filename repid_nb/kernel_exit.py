"""`exit()` and `quit()` of a notebook: in a learner's code that is run here they raise SystemExit, as in a script.

IPython's own do not raise. They ask the shell to end: a kernel does so a moment later, and the code goes on meanwhile.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any

__all__ = ["exit_raises"]

_exit_raises: ContextVar[bool] = ContextVar("repid_nb_exit_raises", default=False)


@contextmanager
def exit_raises() -> Iterator[None]:
    """Let `exit()` and `quit()` raise SystemExit inside the block, and in the tasks and callbacks that it starts.

    A thread that is started inside knows nothing of the block, and may outlive it. So from the first block on they
    raise in every thread that runs no cell: there SystemExit ends just that thread. In a cell outside of any block
    they end the kernel as before. Outside IPython nothing changes.
    """
    _guard_shell()
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
