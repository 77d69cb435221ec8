"""Records of exceptions, each with a traceback that begins in the learner's own code."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import threading
import traceback
from dataclasses import replace
from itertools import dropwhile
from pathlib import Path
from types import TracebackType
from typing import Any

from repid_nb.core.errors import is_from_outside
from repid_nb.core.text import plain_text
from repid_nb.printable import contained, short
from repid_nb.stepping.record import FieldError, Raised
from repid_nb.stepping.slips import fix_of

__all__ = ["message_of", "raised"]

# Frames from these files are left out of tracebacks.
_MACHINERY = (
    contextlib.__file__,
    threading.__file__,
    *(str(folder) + os.sep for folder in (Path(asyncio.__file__).parent, Path(concurrent.futures.__file__).parent)),
    str(Path(__file__).parents[1]) + os.sep,
)
_LIBRARIES = f"{os.sep}site-packages{os.sep}"
MAX_FRAMES = 8
MAX_LEAVES = 5


def raised(error: BaseException) -> Raised:
    """Return the record of an exception: its type, its text, and a traceback that begins in the learner's own code.

    Args:
        error: An exception of an actor, of its middleware, or of the reading of its arguments.
    """
    bare = Raised(type=type(error).__name__, message=message_of(error), traceback=_traceback(error.__traceback__))
    # The class may be a learner's, and its methods may raise; the step must end all the same.
    with contained():
        fields = _fields(error)
        message = f"{len(fields)} of the values {'does' if len(fields) == 1 else 'do'} not fit" if fields else None
        if isinstance(error, BaseExceptionGroup):
            message = f"{bare.message}: {_leaves(error)}"
        hint = "\n".join(filter(None, [*getattr(error, "__notes__", ()), fix_of(error)]))
        return replace(bare, message=message or bare.message, fields=fields, hint=hint)
    return bare


def message_of(error: BaseException) -> str:
    """Return an exception's text, whatever its `__str__` does."""
    try:
        return plain_text(str(error))
    except BaseException as failure:
        if is_from_outside(failure):
            raise
        # SystemExit and the like do not explain what is wrong with the text.
        return f"(its text cannot be shown: {type(failure).__name__})" if isinstance(failure, Exception) else ""


def _leaves(group: BaseExceptionGroup[Any]) -> str:
    """Return the errors of a group and of the groups in it, as text."""
    leaves: list[BaseException] = []
    groups: list[BaseExceptionGroup[Any]] = [group]
    for one in groups:
        groups += [inner for inner in one.exceptions if isinstance(inner, BaseExceptionGroup)]
        leaves += [inner for inner in one.exceptions if not isinstance(inner, BaseExceptionGroup)]
    shown = [f"{type(leaf).__name__}: {message_of(leaf)}".removesuffix(": ") for leaf in leaves[:MAX_LEAVES]]
    return "; ".join([*shown, f"and {len(leaves) - MAX_LEAVES} more"] if len(leaves) > MAX_LEAVES else shown)


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
    called = [frame for frame in traceback.extract_tb(start) if not frame.filename.startswith(_MACHINERY)]
    frames = list(dropwhile(lambda frame: _LIBRARIES in frame.filename, called))
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


def _file(filename: str) -> str:
    is_cell = "ipykernel" in filename or filename.startswith("<")
    return "" if is_cell else f"{Path(filename).name}, "
