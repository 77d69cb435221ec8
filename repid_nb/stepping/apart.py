"""Awaiting something in a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["apart"]

T = TypeVar("T")


async def apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine in a task of its own, with a copy of the context; cancelled, it is cancelled too.

    Cancelled before its task had a turn, it never begins.

    Args:
        coroutine: What to await.

    Returns:
        What it returns; what it raises is raised here, a KeyboardInterrupt too, which would leave the loop from there.
    """

    async def caught() -> tuple[T | None, BaseException | None]:
        try:
            return await coroutine, None
        except BaseException as error:
            return None, error

    try:
        result, error = await asyncio.create_task(caught())
    finally:
        # Nothing, unless it never began: Python warns of a coroutine that nobody ran.
        coroutine.close()
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # without an error it is the result
