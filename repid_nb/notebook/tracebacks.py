"""Errors in a notebook without the frames of this package: the learner's lines, and the sentence with the fix."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from repid_nb.notebook.cells import ipython_shell

__all__ = ["let_debuggers_open", "shorten", "show_short_errors", "without_our_frames"]

_OURS = str(Path(__file__).parents[1]) + os.sep
# Code that runs between ours and the learner's.
_BETWEEN = (
    contextlib.__file__,
    str(Path(asyncio.__file__).parent) + os.sep,
    str(Path(concurrent.futures.__file__).parent) + os.sep,
)
_LIBRARIES = f"{os.sep}site-packages{os.sep}"


def show_short_errors(explain: Callable[[BaseException], None]) -> None:
    """Let IPython show errors without our frames; in its mode Verbose it shows all of them.

    Args:
        explain: Called with the error before it is shown; it may add a note with the fix.
    """
    shell = ipython_shell()
    show = getattr(shell, "showtraceback", None)
    if show is not None and not isinstance(show, _Short):
        shell.showtraceback = _Short(shell, show, explain)


class _Short:
    """Stands in for `showtraceback` of IPython's shell."""

    def __init__(self, shell: Any, show: Callable[..., None], explain: Callable[[BaseException], None]) -> None:
        self._shell = shell
        self._show = show
        self._explain = explain

    def __call__(self, exc_tuple: Any = None, *args: Any, **named: Any) -> None:
        kind, error, trace = exc_tuple or sys.exc_info()
        if isinstance(error, BaseException):
            with contextlib.suppress(Exception):
                self._explain(error)
                if getattr(getattr(self._shell, "InteractiveTB", None), "mode", "") != "Verbose":
                    error.__traceback__ = trace
                    shorten(error)
                    exc_tuple = (kind, error, error.__traceback__)
        self._show(exc_tuple, *args, **named)


def let_debuggers_open(error: BaseException) -> None:
    """Let `%debug` in a notebook open where an error was raised that is recorded, and so ends no cell."""
    # An answer that is checked runs in a thread of its own, which is to keep nothing of it.
    if ipython_shell() is not None and threading.current_thread() is threading.main_thread():
        sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
        if sys.version_info >= (3, 12):
            sys.last_exc = error


def shorten(error: BaseException) -> None:
    """Take our frames out of the traceback of an error, and of those of the errors that are shown with it."""
    for one in (error, *_causes(error)):
        one.__traceback__ = without_our_frames(one.__traceback__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors that are shown with one."""
    seen = {id(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def without_our_frames(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without our frames, and without those of libraries between ours and the next learner's.

    One with none of our frames, or with no other, stays as it is.
    """
    kept: list[TracebackType] = []
    is_below_ours = False
    one = trace
    while one is not None:
        filename = one.tb_frame.f_code.co_filename
        if one.tb_lineno is None:
            # Where an interrupt comes between two lines; IPython cannot show it, and would show an error of its own.
            pass
        elif filename.startswith(_OURS):
            is_below_ours = True
        elif not (is_below_ours and (_LIBRARIES in filename or filename.startswith(_BETWEEN))):
            is_below_ours = False
            kept.append(one)
        one = one.tb_next
    is_untouched = not kept or len(kept) == _length(trace)
    if is_untouched:
        return trace
    short = None
    for one in reversed(kept):
        short = TracebackType(short, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return short


def _length(trace: TracebackType | None) -> int:
    return 0 if trace is None else 1 + _length(trace.tb_next)
