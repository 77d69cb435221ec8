"""The tutorials, executed top to bottom in a fresh real kernel each."""

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
