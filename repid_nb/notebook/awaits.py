"""Saying that a coroutine was not awaited, or a method not called, where IPython would show an address.

In a script Python's own RuntimeWarning stays as it is.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from types import CoroutineType, MethodType
from typing import Any

from repid_nb.notebook.cells import in_kernel, ipython_shell

__all__ = ["answer_forgotten_awaits", "forgotten_await", "forgotten_call"]

LONGEST = 60
MAGIC = re.compile(r"get_ipython\(\)\.run_(?:line_magic\('(\w+)'|cell_magic\('(\w+)', '.*'), ('.*'|\".*\")\)\s*$")
NEVER_AWAITED = re.compile(r"coroutine '(?:.*\.)?(\w+)' was never awaited")


def answer_forgotten_awaits() -> None:
    """Let a cell whose result is a coroutine of ours or of the notebook's, or a method of ours, say what is missing.

    Python's warning about one in the middle of a cell becomes one line, without the name of a temporary file.
    """
    formatters = getattr(getattr(ipython_shell(), "display_formatter", None), "formatters", {})
    if "text/plain" in formatters:
        plain = formatters["text/plain"]
        plain.for_type(CoroutineType, lambda made, printer, _: printer.text(forgotten_await(made)))
        plain.for_type(MethodType, lambda method, printer, _: printer.text(forgotten_call(method)))
    if in_kernel() and not hasattr(warnings.showwarning, "repid_nb_before"):
        warnings.showwarning = _in_words(warnings.showwarning)


def forgotten_await(made: CoroutineType[Any, Any, Any]) -> str:
    """Return what to write instead of the expression that made a coroutine; of others its usual text."""
    if inspect.getcoroutinestate(made) != inspect.CORO_CREATED:
        return repr(made)
    module = "" if made.cr_frame is None else str(made.cr_frame.f_globals.get("__name__"))
    if module != "__main__" and module.partition(".")[0] != "repid_nb":
        return repr(made)
    magic, call = _last_expression()
    call = call or f"{made.__name__}(...)"
    # Neither a magic such as %time can await what it runs, nor a notebook with `%autoawait off`.
    can_await = not magic and getattr(ipython_shell(), "autoawait", True)
    return f"Nothing was done yet: write `{f'await {call}' if can_await else f'{magic} run({call})'.lstrip()}`."


def forgotten_call(method: MethodType) -> str:
    """Return what to write instead of a method's name alone; of others than ours its usual text."""
    if type(method.__self__).__module__.partition(".")[0] != "repid_nb":
        return repr(method)
    name = _last_expression()[1] or method.__name__
    call = f"await {name}(...)" if inspect.iscoroutinefunction(method) else f"{name}(...)"
    return f"Nothing was done: `{name}` is the function itself. Write `{call}`."


def _last_expression() -> tuple[str, str]:
    """Return the expression whose value the running cell shows, and the magic before it; a long call without arguments.

    The cell is the one that IPython makes of what was typed: there a magic is a call.
    """
    magic = ""
    with suppress(Exception):
        source = str(ipython_shell().user_ns["In"][-1])
        if found := MAGIC.search(source):
            magic, source = f"%{found[1] or found[2]}", str(ast.literal_eval(found[3]))
        last = ast.parse(source).body[-1]
        if isinstance(last, ast.Expr):
            whole = ast.unparse(last.value)
            if len(whole) <= LONGEST or not isinstance(last.value, ast.Call):
                return magic, whole
            return magic, f"{ast.unparse(last.value.func)}(...)"
    return magic, ""


def _in_words(before: Callable[..., None]) -> Callable[..., None]:
    def show(message: Any, category: Any, *rest: Any, **named: Any) -> None:
        found = NEVER_AWAITED.fullmatch(str(message)) if category is RuntimeWarning else None
        if found is None:
            before(message, category, *rest, **named)
        else:
            sys.stderr.write(f"⚠ `{found[1]}` was called without `await` in front of it, so it did nothing.\n")

    show.__dict__["repid_nb_before"] = before
    return show
