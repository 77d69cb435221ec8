"""Finding the actors that only an earlier run of a cell declared.

A cell that runs again declares its actors again, and the older ones stay. But one run may also declare two actors of
one name on purpose, in a loop or a helper. The run tells these cases apart. A script runs once, without reruns.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, Protocol, TypeVar

__all__ = [
    "DeclaredT",
    "Run",
    "as_run_of",
    "earlier_runs",
    "is_of_an_earlier_load",
    "may_be_rerun",
    "run_now",
    "where_cells_run",
]

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


class DeclaredT(Protocol):
    """What this module needs of a declared actor."""

    @property
    def name(self) -> str: ...
    @property
    def fn(self) -> Callable[..., Any]: ...
    @property
    def run(self) -> Run | None: ...
    @property
    def number(self) -> int: ...


D = TypeVar("D", bound=DeclaredT)

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


def is_of_an_earlier_load(one: DeclaredT) -> bool:
    """Say whether an actor's module was loaded again since, and its function is another one there now."""
    if one.run is None or _loads.get(one.run.module) is one.run.load:
        return False
    present = vars(sys.modules.get(one.run.module, object)).get(getattr(one.fn, "__qualname__", ""))
    # `%autoreload` may have given the older function the code of the newer one.
    return _code_of(present) is not _code_of(one.fn)


def may_be_rerun(declared: Iterable[DeclaredT]) -> bool:
    """Say whether something ran twice or two runs declare one name; seldom, so `earlier_runs` is seldom needed."""
    runs: dict[str, Run] = {}
    names: dict[str, Run] = {}
    return any(
        runs.setdefault(one.run.of, one.run) != one.run or names.setdefault(one.name, one.run) != one.run
        for one in declared
        if one.run is not None
    )


def earlier_runs(declared: Sequence[tuple[D, str]]) -> dict[tuple[D, str], D | None]:
    """Return the actors, of these with their channels, that only an earlier run declared.

    Returns:
        For each the actor that took its place; None where its cell ran again without declaring it. The first actor of a
        loop goes with the first one of the loop's next run, and so on.
    """
    last_run: dict[str, Run] = {}
    groups: dict[tuple[str, str], dict[Run, list[D]]] = {}
    for one, channel in sorted(declared, key=lambda pair: pair[0].number):
        if one.run is not None:
            last_run[one.run.of] = one.run
            together = groups.setdefault((channel, one.name), {}).setdefault(one.run, [])
            # A router that is included in two others comes twice.
            if one not in together[-1:]:
                together.append(one)
    found: dict[tuple[D, str], D | None] = {}
    for (channel_address, _), by_run in groups.items():
        last_run_here = {run.of: run for run in by_run}
        last_defined = {_definition(one): one for together in by_run.values() for one in together}
        for run, together in by_run.items():
            for place, one in enumerate(together):
                redefined = last_defined[_definition(one)]
                later = {last_run_here[run.of], redefined.run if _is_redefined(one, redefined) else run} - {run, None}
                if later:
                    successors = max((by_run[other] for other in later if other), key=lambda some: some[0].number)
                    found[one, channel_address] = successors[min(place, len(successors) - 1)]
                elif last_run[run.of] != run:
                    found[one, channel_address] = None
    return found


def _definition(one: DeclaredT) -> tuple[str, str]:
    # A decorator's result always has a `__name__`, but perhaps not these two.
    return str(getattr(one.fn, "__module__", "")), str(getattr(one.fn, "__qualname__", "<unknown>"))


def _is_redefined(older: DeclaredT, newer: DeclaredT) -> bool:
    """Say whether a function of a module or notebook was defined again, for example in a copy of its cell.

    An inner function may be declared any number of times by the outer one, and a lambda has no name to define again.
    """
    if "<" in _definition(older)[1]:
        return False
    if newer.run is not None and newer.run.is_part:
        # The older function has been given the newer one's code.
        return True
    codes = _code_of(older.fn), _code_of(newer.fn)
    return None not in codes and codes[0] is not codes[1]


def _code_of(fn: Any) -> object:
    try:
        return getattr(inspect.unwrap(fn), "__code__", None)
    except ValueError:  # it wraps itself
        return None
