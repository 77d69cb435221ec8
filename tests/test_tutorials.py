"""The tutorials, executed top to bottom in a fresh real kernel each."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest
from support.files import TUTORIALS
from support.notebooks import executed

ANSWER = re.compile(r"<details>.*?</details>", re.DOTALL)
CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.name)
def test_runs_without_an_error_and_shows_what_is_committed(path: Path):
    committed = nbformat.read(path, as_version=4)
    changed = [was.source for was, now in zip(committed.cells, executed(path).cells, strict=True) if was != now]
    assert changed == [], f"These cells of {path.name} show something else now. Look at it, then run `make notebooks`."


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.name)
def test_goes_on_as_before_for_somebody_who_runs_the_answers_too(path: Path, tmp_path: Path):
    notebook = nbformat.read(path, as_version=4)
    lines = {cell.id: lines_of(cell) for cell in notebook.cells if cell.cell_type == "code"}
    notebook.cells = [cell for told in notebook.cells for cell in (told, *answers_in(told))]
    nbformat.write(notebook, tmp_path / path.name)
    now = {cell.id: lines_of(cell) for cell in executed(tmp_path / path.name).cells if cell.id in lines}
    gone = {id_: list(was - now[id_]) for id_, was in lines.items() if was - now[id_]}
    assert gone == {}, f"After the answers of {path.name} these cells do not show this any more."


@pytest.mark.parametrize("path", TUTORIALS[:5], ids=lambda path: path.name)
def test_no_warning_and_no_error_is_seen_when_each_cell_runs_twice(path: Path, tmp_path: Path):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [
        twice for cell in notebook.cells for twice in (cell, nbformat.from_dict({**cell, "id": f"{cell.id}-2"}))
    ]
    nbformat.write(notebook, tmp_path / path.name)
    shown = [output for cell in executed(tmp_path / path.name).cells for output in cell.get("outputs", [])]
    assert [output.text for output in shown if output.get("name") == "stderr"] == []


def answers_in(cell: Any) -> list[Any]:
    """Return the code of the answers that are folded away in a cell, as cells."""
    if cell.cell_type != "markdown":
        return []
    return [nbformat.v4.new_code_cell(code) for answer in ANSWER.findall(cell.source) for code in CODE.findall(answer)]


def lines_of(cell: Any) -> Counter[str]:
    """Return what a code cell shows, without the numbers of steps and messages and the width of columns."""
    shown = (output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
    numberless = re.sub(r"\b(?:[0-9a-f]{8}…|m?\d+\b)", "#", "\n".join(shown)).replace("letters", "letter")
    # How many would have taken it depends on the actors that an answer has added.
    numberless = numberless.replace("the first of # matches", "the first match")
    return Counter(" ".join(line.split()) for line in numberless.splitlines())
