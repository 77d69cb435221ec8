"""The line of code that says what a strategy or an actor does, with the cell or the file that it stands in."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from pathlib import PurePath
from typing import Any
from weakref import WeakKeyDictionary

from repid_nb.core.routing.strategies import CatchAllStrategy, TopicStrategy
from repid_nb.notebook.cells import ipython_shell
from repid_nb.printable import contained, cut_to_bytes

__all__ = ["actor_line", "strategy_line"]

TEXT = 80
WHERE = 32

Line = dict[str, str]

_known: WeakKeyDictionary[Any, Line | None] = WeakKeyDictionary()


def actor_line(fn: Callable[..., Any]) -> Line | None:
    """Return the line with `def` of an actor, and where it stands; None where its source is not known."""
    return _line_of(fn, _first_def)


def strategy_line(strategy: Callable[..., Any]) -> Line | None:
    """Return the line of a custom strategy that decides, and where it stands; None for one that is built in."""
    if type(strategy) in (TopicStrategy, CatchAllStrategy):
        return None
    own = strategy if hasattr(strategy, "__code__") else getattr(type(strategy), "__call__", None)  # noqa: B004
    return None if own is None else _line_of(own, _last_return)


def _line_of(fn: Callable[..., Any], choose: Callable[[list[str]], int]) -> Line | None:
    # A learner's function may be anything, and its source may be gone.
    with contained():
        code = inspect.unwrap(fn).__code__
        if code not in _known:
            _known[code] = None
            lines, first = inspect.getsourcelines(code)
            place = choose(lines)
            text = cut_to_bytes(lines[place].strip(), TEXT)
            _known[code] = {"where": _where(code.co_filename, first + place), "text": text}
        return _known[code]
    return None


def _first_def(lines: list[str]) -> int:
    return next((place for place, line in enumerate(lines) if line.lstrip().startswith(("def ", "async def "))), 0)


def _last_return(lines: list[str]) -> int:
    """Return the place of the one `return`; where there are several or none, that of the first line."""
    try:
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except SyntaxError:  # a lambda in the middle of a call
        return 0
    returns = [node.lineno - 1 for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return returns[0] if len(returns) == 1 else _first_def(lines)


def _where(filename: str, line: int) -> str:
    # IPython knows the files that it made for cells by the number of their run.
    compiler = getattr(ipython_shell(), "compile", None)
    cell = getattr(compiler, "_filename_map", {}).get(filename)
    place = f"cell {cell}" if cell is not None else PurePath(filename).name
    return cut_to_bytes(f"{place}, line {line}", WHERE)
