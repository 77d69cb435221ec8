"""Finding the learner's line that another thread is running."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any

from repid_nb.stepping.exceptions import raised
from repid_nb.stepping.record import Raised

__all__ = ["is_learners", "where_is", "where_it_runs", "where_it_waits"]

# The largest number of calls to look at, from the innermost on.
MOST_CALLS = 1000

# Files whose calls are not the learner's own. A virtual environment has its libraries elsewhere than Python has.
_NOT_THE_LEARNERS = (
    "<frozen ",
    *(str(folder) + os.sep for folder in (Path(os.__file__).parent, Path(__file__).parents[1])),
)
_LIBRARIES = f"{os.sep}site-packages{os.sep}"


def is_learners(frame: FrameType) -> bool:
    """Return whether the code of a frame is the learner's own, and not of Python, this package or a library.

    A method that was made out of text, as a dataclass has them, is of the module that made it.
    """
    file = frame.f_code.co_filename
    if file == "<string>":
        file = str(frame.f_globals.get("__file__", file))
    return not file.startswith(_NOT_THE_LEARNERS) and _LIBRARIES not in file


def where_is(thread: int | None, task: asyncio.Task[Any] | None) -> Raised | None:
    """Return where code is, as the record of an exception that would be raised there; None outside a learner's code.

    Args:
        thread: The identifier of its thread.
        task: The task of its coroutine; tasks that this one waits for are looked at too.
    """
    running = sys._current_frames().get(thread or 0)  # noqa: SLF001  (there is no public function)
    # Both at once, before any source file is read: the code runs on meanwhile.
    return _first_of(_trace(_running(running)), _trace(reversed(_awaiting(task))))


def where_it_runs(frame: FrameType | None, caller: CodeType) -> Raised | None:
    """Return where code of this thread is, as `where_is` does.

    Args:
        frame: Its innermost frame.
        caller: The code that called it: what is further out is not looked at.
    """
    return _first_of(_trace(takewhile(lambda one: one.f_code is not caller, _running(frame))))


def where_it_waits(task: asyncio.Task[Any] | None) -> Raised | None:
    """Return where the coroutine of a suspended task is, as `where_is` does."""
    return _first_of(_trace(reversed(_awaiting(task))))


def _first_of(*traces: TracebackType | None) -> Raised | None:
    for trace in traces:
        seen = None if trace is None else raised(Exception().with_traceback(trace))
        if seen is not None and seen.traceback:
            return seen
    return None


def _running(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames of a thread, the innermost first."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def _awaiting(task: asyncio.Task[Any] | None) -> deque[FrameType]:
    """Return the frames of a suspended task and of what it awaits, other tasks too, the outermost first."""
    frames: deque[FrameType] = deque(maxlen=MOST_CALLS)
    followed: set[int] = set()
    while isinstance(task, asyncio.Task) and id(task) not in followed:
        followed.add(id(task))
        coroutine: Any = task.get_coro()
        while coroutine is not None:
            frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
            if frame is not None:
                frames.append(frame)
            coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
        task = getattr(task, "_fut_waiter", None)
    return frames


def _trace(frames: Iterable[FrameType]) -> TracebackType | None:
    """Return a traceback of the innermost calls that begins in the learner's code; None where there is no such call.

    Args:
        frames: The innermost first.
    """
    trace: TracebackType | None = None
    from_the_learners: TracebackType | None = None
    for frame in islice(frames, MOST_CALLS):
        trace = TracebackType(trace, frame, frame.f_lasti, frame.f_lineno or 0)
        if is_learners(frame):
            from_the_learners = trace
    return from_the_learners
