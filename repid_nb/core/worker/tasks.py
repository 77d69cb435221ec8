"""Awaiting something in a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["in_own_task"]

T = TypeVar("T")


async def in_own_task(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine in a task of its own, with a copy of the context; cancelled, it is cancelled too.

    Cancelled before its task had a turn, it never begins.

    Args:
        coroutine: What to await.

    Returns:
        What it returns; what it raises is raised here, a KeyboardInterrupt too, which would leave the loop from there.
    """
    ended: list[tuple[T | None, BaseException | None]] = []

    async def caught() -> None:
        try:
            ended.append((await coroutine, None))
        except BaseException as error:
            ended.append((None, error))

    waiting = asyncio.current_task()
    asked_before = 0 if waiting is None else waiting.cancelling()
    try:
        await asyncio.create_task(caught())
    except asyncio.CancelledError:
        # Its task may have been cancelled from inside, too late to be heard of: that is nobody else's end.
        if not ended or waiting is None or waiting.cancelling() > asked_before:
            raise
    finally:
        # Nothing, unless it never began: Python warns of a coroutine that nobody ran.
        coroutine.close()
    result, error = ended[0]
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # without an error it is the result
