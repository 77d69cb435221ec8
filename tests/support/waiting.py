"""Waiting for what happens on this loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["until"]


async def until(happened: Callable[[], bool], seconds: float = 60) -> None:
    """Let the loop turn until something has happened; fail when it takes too long."""
    async with asyncio.timeout(seconds):
        for _ in iter(int, 1):
            if happened():
                return
            await asyncio.sleep(0)
