"""Which run of a cell or module declares an actor; a script runs once, and has none."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

__all__ = ["Run", "as_run_of", "code_of", "is_of_an_earlier_load", "run_now", "where_cells_run"]

# `%autoreload` runs the changed functions of a module again, each with its decorators, and none of its others.
RUNS_PARTS = "IPython.extensions."


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a cell or module.

    Attributes:
        of: The cell, by its id or source, or the module, by its name.
        number: Differs from run to run.
        code: The module's code, whose `id` is the number: kept, so that no later code can have the same one.
        module: The module's name; empty for a cell.
        load: The code with which the module was loaded last, then; None for a cell.
    """

    of: str
    number: object
    code: CodeType | None = field(default=None, compare=False, repr=False)
    module: str = field(default="", compare=False)
    load: CodeType | None = field(default=None, compare=False, repr=False)

    @property
    def is_part(self) -> bool:
        """Whether it runs again what has changed in a module, and nothing else."""
        return self.code is not self.load

    @property
    def again(self) -> str:
        """What is said of a later run."""
        return "its module was loaded again" if self.module else "its cell ran again"


_this_cell: Callable[[], tuple[str, str] | None] | None = None


def where_cells_run(this_cell: Callable[[], tuple[str, str] | None]) -> None:
    """Tell actors apart by the cells that declare them, as in a notebook.

    Args:
        this_cell: Returns the cell that runs now and the number of the run; None outside a cell.
    """
    global _this_cell  # noqa: PLW0603  (a process is a notebook's kernel or is not)
    _this_cell = this_cell


_run_here: ContextVar[Run | None] = ContextVar("repid_nb_run_here", default=None)


@contextmanager
def as_run_of(what: str) -> Iterator[None]:
    """Count what is declared inside the block as one run of `what`, as if that were a cell."""
    token = _run_here.set(Run(what, object()))
    try:
        yield
    finally:
        _run_here.reset(token)


def run_now(frame: FrameType | None) -> Run | None:
    """Return the present run; None in a script, which has only one.

    Args:
        frame: The frame of the declaration. While a module is being imported or reloaded, the run is the module's: the
            cell that imports it declares nothing itself.
    """
    here = _run_here.get()
    if here is not None:
        return here
    cell = None if _this_cell is None else _this_cell()
    if cell is None:
        return None
    while frame is not None and frame.f_globals.get("__name__") != "IPython.core.interactiveshell":
        module = frame.f_globals.get("__name__")
        if frame.f_code.co_name == "<module>" and module not in (None, "__main__"):
            return _run_of_module(frame, str(module))
        frame = frame.f_back
    return Run(*cell)


# The code with which each module was loaded last, of those that declare actors.
_loads: dict[str, CodeType] = {}


def _run_of_module(frame: FrameType, module: str) -> Run:
    code, caller = frame.f_code, frame.f_back
    if caller is not None and str(caller.f_globals.get("__name__")).startswith(RUNS_PARTS):
        # A run of its own: that the module's other actors are not declared again says nothing of them.
        return Run(f"part {id(code)} of module {module}", id(code), code, module, _loads.get(module))
    _loads[module] = code
    return Run(f"module {module}", id(code), code, module, code)


def is_of_an_earlier_load(run: Run | None, fn: Callable[..., Any]) -> bool:
    """Say whether an actor's module was loaded again since its run, and its function is another one there now."""
    if run is None or _loads.get(run.module) is run.load:
        return False
    present = vars(sys.modules.get(run.module, object)).get(getattr(fn, "__qualname__", ""))
    # `%autoreload` may have given the older function the code of the newer one.
    return code_of(present) is not code_of(fn)


def code_of(fn: Any) -> object:
    """Return the code of a function, also inside decorators; None where it has none."""
    try:
        return getattr(inspect.unwrap(fn), "__code__", None)
    except ValueError:  # it wraps itself
        return None
