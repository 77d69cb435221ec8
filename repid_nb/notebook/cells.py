"""Which run of which cell is under way."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import NamedTuple

from repid_nb.notebook.interrupts import in_kernel

__all__ = ["CellRun", "this_cell"]


class CellRun(NamedTuple):
    """One run of a notebook's cell.

    Attributes:
        cell: The cell's id; its source where the front end names no cells.
        run: What tells this run from the others.
        is_named: Whether the front end names its cells; otherwise two cells of one source look like one.
    """

    cell: str
    run: str
    is_named: bool = True

    def follows(self, other: CellRun) -> bool:
        """Whether this is a later run of the same cell."""
        return self.cell == other.cell and self.run != other.run


def this_cell() -> CellRun | None:
    """Return the run of the cell that is under way; None outside a notebook's kernel and where no cell asked for it."""
    if not in_kernel():
        return _marimo_cell()
    shell = sys.modules["IPython"].get_ipython()
    if not hasattr(shell.kernel, "get_parent"):
        # Not every kernel is ipykernel.
        return CellRun(str(shell.user_ns["In"][-1]), str(shell.execution_count), is_named=False)
    parent = shell.kernel.get_parent() or {}
    content, metadata = parent.get("content") or {}, parent.get("metadata") or {}
    # Not every front end names its cells; the same source is the same cell then.
    name = metadata.get("cellId")
    cell = name or content.get("code")
    run = str((parent.get("header") or {}).get("msg_id"))
    return None if cell is None else CellRun(str(cell), run, is_named=bool(name))


def _marimo_cell() -> CellRun | None:
    # marimo has no public name for it, so whatever is not there means: no cell.
    find = getattr(sys.modules.get("marimo._runtime.context"), "safe_get_context", lambda: None)
    execution = getattr(find(), "execution_context", None)
    cell = getattr(execution, "cell_id", None)
    if cell is None:
        return None
    # An object of marimo's for each run; it is kept, so that the next one is another.
    if execution is not _marimo_run.execution:
        _marimo_run.execution = execution
        _marimo_run.number += 1
    return CellRun(str(cell), str(_marimo_run.number))


@dataclass(slots=True)
class _MarimoRun:
    execution: object = None
    number: int = 0


_marimo_run = _MarimoRun()
