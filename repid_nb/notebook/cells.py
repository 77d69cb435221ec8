"""IPython's shell, and which run of which cell is under way."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

__all__ = [
    "CellRun",
    "hear_cells_end",
    "in_kernel",
    "ipython_shell",
    "page_tells_ends",
    "runs_a_cell",
    "this_cell",
    "this_notebook",
]


def ipython_shell() -> Any:
    """Return IPython's shell; None outside IPython."""
    # Looked up, never imported: a kernel has imported IPython long ago.
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return None if get_ipython is None else get_ipython()


def in_kernel() -> bool:
    """Return whether this runs in an IPython kernel."""
    return getattr(ipython_shell(), "kernel", None) is not None


def this_notebook() -> str:
    """Return the name of the notebook that runs, without its ending; empty where no Jupyter server tells it."""
    return Path(os.environ.get("JPY_SESSION_NAME", "")).stem


def runs_a_cell(frame: FrameType) -> bool:
    """Return whether a frame is the call in which IPython runs a cell, and shows what the cell raises."""
    return frame.f_code.co_name == "run_code" and frame.f_globals.get("__name__") == "IPython.core.interactiveshell"


def hear_cells_end(heard: Callable[[], None]) -> bool:
    """Call a function at the end of each cell, the one that runs now included.

    Returns:
        Whether it will be called: the end of a cell is told by IPython, and by a page that has said so with
        `page_tells_ends`; elsewhere by nothing.
    """
    shell = ipython_shell()
    if in_kernel():
        shell.events.register("post_run_cell", lambda *_: heard())
    elif _page.tells_ends:
        _page.listeners.append(heard)
    else:
        return False
    return True


def page_tells_ends() -> Callable[[], None]:
    """Say that a page without IPython runs the cells; return what it calls at the end of each."""
    _page.tells_ends = True

    def tell() -> None:
        for heard in _page.listeners:
            heard()

    return tell


class CellRun(NamedTuple):
    """One run of a notebook's cell.

    Attributes:
        cell: The cell's id; its source where the front end gives cells no ids.
        run: The id of this run.
        is_named: Whether the front end gives cells ids; otherwise two cells with the same source look like one.
    """

    cell: str
    run: str
    is_named: bool = True

    def follows(self, other: CellRun) -> bool:
        """Return whether this is a later run of the same cell."""
        return self.cell == other.cell and self.run != other.run


def this_cell() -> CellRun | None:
    """Return the run of the cell that is under way; None outside a notebook's kernel, and where no cell runs."""
    if not in_kernel():
        return _marimo_cell()
    shell = ipython_shell()
    if not hasattr(shell.kernel, "get_parent"):
        # Not every kernel is ipykernel.
        return CellRun(str(shell.user_ns["In"][-1]), str(shell.execution_count), is_named=False)
    parent = shell.kernel.get_parent() or {}
    content, metadata = parent.get("content") or {}, parent.get("metadata") or {}
    # Not every front end gives cells ids; then the same source is the same cell.
    name = metadata.get("cellId")
    cell = name or content.get("code")
    run = str((parent.get("header") or {}).get("msg_id"))
    return None if cell is None else CellRun(str(cell), run, is_named=bool(name))


def _marimo_cell() -> CellRun | None:
    # marimo has no public function for it: an attribute that is missing means that there is no cell.
    find = getattr(sys.modules.get("marimo._runtime.context"), "safe_get_context", lambda: None)
    execution = getattr(find(), "execution_context", None)
    cell = getattr(execution, "cell_id", None)
    if cell is None:
        return None
    # marimo makes an object for each run. It is kept, so that no later one has its identity.
    if execution is not _marimo_run.execution:
        _marimo_run.execution = execution
        _marimo_run.number += 1
    return CellRun(str(cell), str(_marimo_run.number))


@dataclass(slots=True)
class _MarimoRun:
    execution: object = None
    number: int = 0


_marimo_run = _MarimoRun()


@dataclass(slots=True)
class _Page:
    tells_ends: bool = False
    listeners: list[Callable[[], None]] = field(default_factory=list)


_page = _Page()
