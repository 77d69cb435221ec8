"""Tasks: noticing a request to end, awaiting in another task, and starting one that does not run at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Coroutine
from contextvars import Context
from types import CodeType, FrameType
from typing import Any, TypeVar

__all__ = ["CancelRequests", "in_own_task", "is_running_in", "references_of_waking", "start", "wait_for_end"]

T = TypeVar("T")

# What wakes a task written in Python, as nest_asyncio2 makes them.
_WAKING: CodeType | None = getattr(getattr(asyncio.tasks._PyTask, "_Task__wakeup", None), "__code__", None)  # type: ignore[attr-defined]  # noqa: SLF001


class CancelRequests:
    """Notices requests to cancel the task in which it was made, from then on.

    A CancelledError alone does not say whether the task was asked to end or an actor raised the error itself, for
    example by awaiting a cancelled future. The count of requests does say.
    """

    __slots__ = ("_before", "_task")

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        # A count, because Python 3.11 keeps counting a request that the task has survived.
        self._before = 0 if self._task is None else self._task.cancelling()

    def came(self) -> bool:
        """Say whether the task was asked to end; without a task, where nothing is known, the answer is yes."""
        return self._task is None or self._task.cancelling() > self._before


def is_running_in(task: asyncio.Task[Any] | None) -> bool:
    """Say whether `task` runs now. A coroutine that is closed from outside gets a GeneratorExit while it does not."""
    try:
        return task is not None and asyncio.current_task() is task
    except RuntimeError:  # no loop runs
        return False


def start(coroutine: Coroutine[Any, Any, T], *, context: Context | None = None) -> asyncio.Task[T]:
    """Start a task that has its first turn later, whatever task factory the loop has.

    An eager task factory (Python 3.12) would run it inside this call, before the caller can count it. By default it
    runs in a copy of the current context.
    """
    return asyncio.Task(coroutine, loop=asyncio.get_running_loop(), context=context)


async def wait_for_end(tasks: Collection[asyncio.Task[Any]], within: float) -> None:
    """Wait until tasks have ended, for `within` seconds at most.

    A request to cancel this does not cut the waiting short, and is raised after it: what the tasks hold would be given
    to others while they still use it. A task that is added meanwhile is waited for, too.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + within
    cancelled: asyncio.CancelledError | None = None
    while (running := [task for task in tasks if not task.done()]) and (left := until - loop.time()) > 0:
        try:
            await asyncio.wait(running, timeout=left)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def references_of_waking() -> int:
    """Return how many references to the running task its waking holds: 1 in one in Python that was woken, or 0."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (there is no public one)
    for _ in range(3):  # from the task's own coroutine, which calls this, to its waking
        if (frame := frame and frame.f_back) and frame.f_code is _WAKING:
            return 1
    return 0


async def in_own_task(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine in a task of its own, with a copy of the context, and return its result.

    When this is cancelled, so is the coroutine; before its task had a turn, it never begins. What it raises is raised
    here: a KeyboardInterrupt too, which inside the task would end the loop.
    """
    ended: list[tuple[T | None, BaseException | None]] = []

    async def caught() -> None:
        try:
            ended.append((await coroutine, None))
        except BaseException as error:
            ended.append((None, error))

    requests = CancelRequests()
    try:
        await start(caught())
    except asyncio.CancelledError:
        # The inner task cancelled itself after it had finished: that does not ask this one to end.
        if not ended or requests.came():
            raise
    finally:
        # Only matters where it never began: Python warns of a coroutine that was never awaited.
        coroutine.close()
    result, error = ended[0]
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # without an error it is the result
