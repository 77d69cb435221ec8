"""The tutorials, executed top to bottom in a fresh real kernel each; with their answers, in test_binder.py."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from support.files import TUTORIALS
from support.notebooks import executed


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.name)
def test_runs_without_an_error_and_shows_what_is_committed(path: Path):
    committed = nbformat.read(path, as_version=4)
    changed = [was.source for was, now in zip(committed.cells, executed(path).cells, strict=True) if was != now]
    assert changed == [], f"These cells of {path.name} show something else now. Look at it, then run `make notebooks`."


@pytest.mark.parametrize("path", TUTORIALS[:5], ids=lambda path: path.name)
def test_no_warning_and_no_error_is_seen_when_each_cell_runs_twice(path: Path, tmp_path: Path):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [
        twice for cell in notebook.cells for twice in (cell, nbformat.from_dict({**cell, "id": f"{cell.id}-2"}))
    ]
    nbformat.write(notebook, tmp_path / path.name)
    shown = [output for cell in executed(tmp_path / path.name).cells for output in cell.get("outputs", [])]
    assert [output.text for output in shown if output.get("name") == "stderr"] == []
