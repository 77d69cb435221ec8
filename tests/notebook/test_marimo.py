"""Cells that run again in marimo."""

import importlib
from pathlib import Path

import pytest

from repid_nb.core.routing import reruns
from repid_nb.notebook.cells import this_cell

SHARED = """
from repid_nb import Router

router = Router(channel="tasks")
"""

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    from shared_by_cells import router

    for _ in range(2):

        @router.actor
        async def greet(): ...

    return


@app.cell
def _():
    from shared_by_cells import router as same

    @same.actor
    async def welcome(): ...

    return
"""


def test_a_cell_that_runs_again_replaces_its_actors_and_a_loop_keeps_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "shared_by_cells.py").write_text(SHARED)
    (tmp_path / "cells_of_marimo.py").write_text(NOTEBOOK)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(reruns, "_this_cell", this_cell)
    notebook, shared = importlib.import_module("cells_of_marimo"), importlib.import_module("shared_by_cells")
    for _ in range(3):
        notebook.app.run()
    assert sorted(actor.name for actor in shared.router.actors) == ["greet", "greet", "welcome"]
    assert len(shared.router.left_over()) == 6
