"""The Python half of a live page: it runs cells, shows what they give, completes names and lets widgets speak.

A worker of the page loads it into Pyodide. There is no IPython: a page is ready in a third of the time without it.
"""

from __future__ import annotations

import asyncio
import builtins
import importlib
import io
import json
import linecache
import os
import rlcompleter
import runpy
import shlex
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import js
from pyodide.code import eval_code_async
from pyodide.ffi import to_js

# The names of the page's cells.
names: dict[str, Any] = {"__name__": "__main__"}


class Cell:
    """The cell that runs.

    Attributes:
        number: Its number in the page, from 0; -1 before the first.
        run: How often a cell has run.
        task: The task in which it runs, or None.
        ends: Called when it is done: the verdict on a guess comes then.
    """

    number: int = -1
    run: int = 0
    task: asyncio.Task[Any] | None = None
    ends: Callable[[], None] = staticmethod(lambda: None)


async def run_cell(number: int, source: str) -> bool:
    """Run a cell and show its value; return whether it raised nothing."""
    Cell.number, Cell.run, Cell.task = number, Cell.run + 1, asyncio.current_task()
    file = f"<cell {number + 1}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    try:
        value = await eval_code_async(_without_magic(source), globals=names, filename=file)
    except BaseException as error:
        _tell("output", kind="error", text=_text_of(error, file))
        return False
    else:
        if value is not None:
            names["_"] = value
            display(value)
        return True
    finally:
        Cell.task = None
        Cell.ends()


def interrupt() -> None:
    """Stop the cell that runs, where it awaits; what is busy is stopped by the memory that it shares with the page."""
    if Cell.task is not None:
        Cell.task.cancel("stopped by the button")


def display(*values: Any) -> None:
    """Show values below the cell."""
    for value in values:
        if hasattr(value, "_esm") and getattr(value, "comm", None) is not None:
            _tell("output", kind="widget", text=value.comm.comm_id)
            continue
        kind, text = _shown(value)
        _tell("output", kind=kind, text=text)


def complete(source: str) -> str:
    """Return, as JSON, the names that could continue a text: those of the page's objects, as they are now."""
    start = max(source.rfind(one) for one in " \t\n()[]{},=+-*/:;!<>|&~^%@\"'") + 1
    word = source[start:]
    completer = rlcompleter.Completer(names)
    try:
        found = completer.attr_matches(word) if "." in word else completer.global_matches(word)
    except Exception:
        found = []
    # The worst of an object's names are those with underscores.
    fitting = dict.fromkeys(one.rstrip("( ") for one in found if "._" not in one or "._" in word)
    return json.dumps({"word": word, "names": list(fitting)[:50]})


def let_widgets_speak() -> None:
    """Send what a widget says to the page."""
    _stand_in_for_ipython()
    import comm  # noqa: PLC0415

    class PageComm(comm.base_comm.BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, *_: Any, **__: Any) -> None:
            _tell("comm", kind=msg_type, comm=self.comm_id, text=json.dumps(data or {}, default=str))

    comm.create_comm = PageComm


def hear(comm_id: str, data: str) -> None:
    """Give a widget what the page says to it."""
    import comm  # noqa: PLC0415

    message = {"content": {"comm_id": comm_id, "data": json.loads(data)}, "buffers": []}
    manager: Any = comm.get_comm_manager()
    manager.comm_msg(None, None, message)


def begin(notebook: str, kept: str) -> None:
    """Take the name of the page, and what the browser has kept of the reader's answers; what is new goes back to it."""
    from repid_nb.classroom.progress import keep_in_page  # noqa: PLC0415

    os.environ["JPY_SESSION_NAME"] = f"{notebook}.ipynb"
    keep_in_page(kept, lambda text: _tell("kept", text=text))


def know_cells() -> None:
    """Let an actor know the run of the cell that declared it: a cell that is run again replaces its actors."""
    from repid_nb.core.routing.reruns import where_cells_run  # noqa: PLC0415
    from repid_nb.notebook.cells import page_tells_ends  # noqa: PLC0415

    where_cells_run(lambda: (str(Cell.number), str(Cell.run)))
    Cell.ends = page_tells_ends()


def _stand_in_for_ipython() -> None:
    """Offer the names that ipywidgets takes from IPython, which would take longer to load than all the rest."""
    offered: dict[str, dict[str, object]] = {
        "IPython": {"get_ipython": lambda: None},
        "IPython.core": {},
        "IPython.core.interactiveshell": {"InteractiveShell": type("InteractiveShell", (), {})},
        "IPython.display": {"display": display, "clear_output": lambda **_: None, "HTML": _Html},
    }
    for name, values in offered.items():
        module = sys.modules[name] = ModuleType(name)
        vars(module).update(values)
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


class _Html:
    def __init__(self, data: str) -> None:
        self._repr_html_ = lambda: data


def _without_magic(source: str) -> str:
    """Return a cell with the two commands that the course writes in IPython's way as calls."""
    first, _, rest = source.partition("\n")
    if first.startswith("%%writefile "):
        return f"{_write_file.__name__}({first.split(maxsplit=1)[1]!r}, {rest!r})"
    lines = (
        f"{_run_file.__name__}({line.removeprefix('!python ')!r})" if line.startswith("!python ") else line
        for line in source.splitlines()
    )
    return "\n".join(lines)


def _write_file(name: str, text: str) -> None:
    word = "Overwriting" if Path(name).exists() else "Writing"
    Path(name).write_text(text, encoding="utf-8")
    importlib.invalidate_caches()
    print(f"{word} {name}")  # noqa: T201  (as IPython does)


def _run_file(command: str) -> None:
    """Run a file as a program: in this Python, because a browser starts no other."""
    file, *arguments = shlex.split(command)
    before, sys.argv = sys.argv, [file, *arguments]
    printed = io.StringIO()
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            runpy.run_path(file, run_name="__main__")
    except SystemExit as error:
        if error.code not in (None, 0):
            printed.write(f"{error.code}\n")
    except BaseException as error:
        printed.write(_text_of(error, file))
    finally:
        sys.argv = before
        print(printed.getvalue(), end="")  # noqa: T201  (it is what the program printed)


def _shown(value: Any) -> tuple[str, str]:
    bundle = getattr(value, "_repr_mimebundle_", None)
    data = bundle() if bundle is not None else {}
    data = data[0] if isinstance(data, tuple) else data or {}
    for kind, mime, method in (("html", "text/html", "_repr_html_"), ("html", "image/svg+xml", "_repr_svg_")):
        text = data.get(mime) or getattr(value, method, lambda: None)()
        if text:
            return kind, str(text)
    return "text", str(data.get("text/plain") or repr(value))


def _text_of(error: BaseException, file: str) -> str:
    """Return an error with its traceback, from the cell's own line on."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    if isinstance(error, asyncio.CancelledError):
        return "Stopped."
    if trace is None:
        # It never ran: a syntax error, of which the page's own lines say nothing.
        return "".join(traceback.format_exception_only(error))
    error.__traceback__ = trace
    if "repid_nb" in sys.modules:
        slips, tracebacks = (
            importlib.import_module(f"repid_nb.{one}") for one in ("stepping.slips", "notebook.tracebacks")
        )
        slips.add_fix(error)
        tracebacks.shorten(error)
    return "".join(traceback.format_exception(error))


def _tell(type: str, **message: Any) -> None:  # noqa: A002  (the name that messages have in the browser)
    js.postMessage(to_js({"type": type, "cell": Cell.number, **message}, dict_converter=js.Object.fromEntries))


# A cell imports the files that the page's cells have written, as a notebook's does.
sys.path.insert(0, "")
names[_write_file.__name__], names[_run_file.__name__] = _write_file, _run_file
builtins.display = display  # type: ignore[attr-defined]
