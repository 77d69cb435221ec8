"""An exception as a learner should see it: from the first line of their own code."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from repid_nb.stepping.record import FieldError, Raised
from repid_nb.stepping.shorten import short

__all__ = ["raised"]

# Between the worker and the learner's function lie only these.
_MACHINERY = tuple(
    str(Path(file).parent) for file in (asyncio.__file__, concurrent.futures.__file__, str(Path(__file__).parent))
)
_MACHINERY_FILES = ("contextlib.py", "contextvars.py", "threading.py", "nest_asyncio2.py")
MAX_FRAMES = 8


def raised(error: BaseException) -> Raised:
    """Return the record of an exception.

    Args:
        error: What an actor, its middleware or the reading of its arguments raised.

    Returns:
        Its type, its text, and a traceback that starts where the learner's own code does.
    """
    fields = _fields(error)
    message = f"{len(fields)} of the values {'does' if len(fields) == 1 else 'do'} not fit" if fields else str(error)
    return Raised(
        type=type(error).__name__,
        message=message,
        traceback=_traceback(error.__traceback__),
        fields=fields,
        hint="\n".join(getattr(error, "__notes__", ())),
    )


def _fields(error: BaseException) -> tuple[FieldError, ...]:
    if not any(base.__module__.startswith("pydantic") for base in type(error).__mro__) or not hasattr(error, "errors"):
        return ()
    found: list[dict[str, Any]] = error.errors(include_url=False)
    return tuple(
        FieldError(
            field=".".join(map(str, one["loc"])) or "payload",
            problem=one["msg"],
            given="nothing" if one["type"] == "missing" else short(one["input"]),
        )
        for one in found
    )


def _traceback(start: TracebackType | None) -> str:
    frames = traceback.extract_tb(start)
    while frames and _is_machinery(frames[0].filename):
        del frames[0]
    left_out = len(frames) - MAX_FRAMES
    if left_out > 0:
        del frames[1 : 1 + left_out]
    lines = []
    for place, frame in enumerate(frames):
        lines.append(f"{_file(frame.filename)}line {frame.lineno}, in {frame.name}")
        if frame.line:
            lines.append(f"    {frame.line}")
        if place == 0 and left_out > 0:
            lines.append(f"... {left_out} more calls ...")
    return "\n".join(lines)


def _is_machinery(filename: str) -> bool:
    package = str(Path(__file__).parent.parent)
    in_package = filename.startswith(package + os.sep)
    in_site = f"{os.sep}site-packages{os.sep}" in filename
    return in_package or in_site or filename.startswith(_MACHINERY) or filename.endswith(_MACHINERY_FILES)


def _file(filename: str) -> str:
    is_cell = "ipykernel" in filename or filename.startswith("<")
    return "" if is_cell else f"{Path(filename).name}, "
