"""The exercises: where they are, what their cells do, and how a learner's copy is made of a source notebook.

Run as a program (`make exercises`) it makes every learner's copy afresh. A second run changes nothing.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from support.files import ROOT
from support.notebooks import KERNEL, executed

__all__ = [
    "COPIES",
    "EXERCISES",
    "LEVELS",
    "SOURCES",
    "STUB",
    "cells",
    "copied",
    "learner",
    "outline",
    "ran",
    "solution",
    "source",
    "start",
    "untouched",
]

SOURCES = ROOT / "notebooks" / "nbgrader" / "source"
COPIES = ROOT / "notebooks" / "exercises"

# In the order in which they are to be done.
LEVELS = {
    "level-1": ("reading-1", "routing-1", "routing-2", "operations-1", "priority-1"),
    "level-2": (
        "confirmation-1",
        "headers-1",
        "dead-letters-1",
        "dependencies-1",
        "middleware-1",
        "queue-length-1",
        "starvation-1",
    ),
    "level-3": ("parsing-1", "routing-3", "testing-1", "broken-app-1", "retry-storm-1", "limits-1"),
}
EXERCISES = tuple(name for names in LEVELS.values() for name in names)

# What is left of a solution; nbgrader_config.py gives nbgrader the same line.
STUB = "# Your turn: change the lines above, or write yours here."
SOLUTION = re.compile(r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION$", re.DOTALL | re.MULTILINE)

LEARNERS_CELLS = ("statement", "setup", "answer", "check", "hint", "explained")
EXPLAINED = "## The solution, explained"
FOLDED = """\
<details><summary>The solution, explained: open it after your own try</summary>

{explained}

</details>"""
START = "00_start.ipynb"
MAP = f"[The map](../{START})"
CHAPTER = re.compile(r"\(\.\./(\d\d_\w+\.ipynb)\)")


def source(name: str) -> Path:
    """Return where the source notebook of an exercise is: the one with its solution, for teachers."""
    level = next(level for level, names in LEVELS.items() if name in names)
    return SOURCES / level / f"{name}.ipynb"


def learner(name: str) -> Path:
    """Return where the learner's copy of an exercise is."""
    return COPIES / f"{name}.ipynb"


def solution(name: str) -> dict[str, Any]:
    """Return the names that a learner has who runs setup and answer, with the solution in it."""
    return ran(cells(name), "setup", "answer")


def start(name: str) -> dict[str, Any]:
    """Return the names that a learner has who runs setup and answer as they stand at the start."""
    return ran(untouched(name), "setup", "answer")


def cells(name: str) -> dict[str, str]:
    """Return the text of each cell of a source notebook, by the cell's id."""
    return {cell.id: cell.source for cell in nbformat.read(source(name), as_version=4).cells}


def untouched(name: str) -> dict[str, str]:
    """Return the same with the stub where the solution was."""
    return {id_: _without_solution(text) if id_ == "answer" else text for id_, text in cells(name).items()}


def ran(texts: dict[str, str], *ids: str, names: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run those cells that there are, one after the other, and return the names that they made.

    Args:
        texts: The cells' texts by their ids.
        ids: Which cells, in which order.
        names: The names of cells that were run before.
    """
    names = {"__name__": "__main__"} if names is None else names
    for id_ in ids:
        # Not with this module's own `from __future__ import annotations`: no notebook has it.
        exec(compile(texts.get(id_, ""), id_, "exec", dont_inherit=True), names)  # noqa: S102  (this repository's own)
    return names


def _without_solution(text: str) -> str:
    """Return a cell's text as nbgrader would hand it out."""
    return SOLUTION.sub(rf"\1{STUB}", text)


def outline(name: str) -> nbformat.NotebookNode:
    """Return a learner's copy that has not been run: the source without its solution and its marked cells."""
    kept = [cell for cell in nbformat.read(source(name), as_version=4).cells if cell.id in LEARNERS_CELLS]
    for cell in kept:
        cell.metadata = nbformat.from_dict({})
        if cell.id == "answer":
            cell.source = _without_solution(cell.source)
        elif cell.id == "explained":
            cell.source = FOLDED.format(explained=cell.source.removeprefix(EXPLAINED).strip())
    kept.append(nbformat.v4.new_markdown_cell(_way_on(name), id="next"))
    return nbformat.v4.new_notebook(cells=kept, metadata=KERNEL)


def _way_on(name: str) -> str:
    """Return the link to where the course goes on: the chapter after the one that the statement sends to."""
    chapters = sorted(SOURCES.parents[1].glob("[0-9]*.ipynb"))
    read_first = CHAPTER.findall(cells(name)["statement"])[0]
    if read_first == START:
        return f"**Back to:** {MAP}"
    following = next((one for one in chapters if one.name > read_first), None)
    if following is None:
        return f"**Back to:** {MAP}"
    title = nbformat.read(following, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")
    return f"**Go on:** [{title}](../{following.name}) · {MAP}"


def copied(name: str, python: Path = Path(sys.executable)) -> str:
    """Return the file of a learner's copy, run by an interpreter.

    It shows what check says of the untouched start: so much is known before the first try, and a failed check is
    nothing to be afraid of.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.ipynb")
        nbformat.write(outline(name), path)
        notebook = executed(path, python)
    return nbformat.writes(notebook) + "\n"


def main() -> None:
    """Make every learner's copy."""
    COPIES.mkdir(exist_ok=True)
    for name in EXERCISES:
        path = learner(name)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = copied(name)
        if after != before:
            path.write_text(after, encoding="utf-8")
        sys.stdout.write(f"{path.name}: {'unchanged' if after == before else 'written'}\n")


if __name__ == "__main__":
    main()
