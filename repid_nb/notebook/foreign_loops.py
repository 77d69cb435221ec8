"""Saying in words that another library than asyncio runs the code, where asyncio would speak of something else."""

from __future__ import annotations

import asyncio
import sys

__all__ = ["running_loop"]


def running_loop() -> asyncio.AbstractEventLoop:
    """Return asyncio's loop that runs the caller.

    Raises:
        RuntimeError: Another library runs the caller, or none; with what to write.
    """
    other, loop = _other_library(), asyncio._get_running_loop()  # noqa: SLF001  (the public one raises where none runs)
    if other is None and loop is not None:
        return loop
    told = f"repid_nb awaits on asyncio, and {other or 'no event loop of asyncio'} runs this code."
    # In a notebook asyncio runs too, around the cell.
    fix = "In a notebook write %autoawait asyncio, in a script asyncio.run(main())."
    raise RuntimeError(f"{told} {fix}")


def _other_library() -> str | None:
    """Return the library that runs the caller in asyncio's place: trio, or curio."""
    name = getattr(getattr(sys.modules.get("sniffio"), "thread_local", None), "name", None)
    is_curio = getattr(sys.modules.get("curio.meta"), "curio_running", bool)()
    return "curio" if is_curio else name if name == "trio" else None
