"""The tutorials as a learner meets them: in a real JupyterLab, in a real browser, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.lab import Lab
from support.notebooks import TUTORIALS

pytestmark = pytest.mark.browser

# What a person is to read on the page, in no particular place.
WORDS = {"02_routing": ["winner", "no match"]}


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_runs_from_top_to_bottom_and_reads_well(lab: Lab, path: Path):
    lab.open_notebook(f"notebooks/{path.name}")
    lab.page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    assert lab.run_all(), lab.failed_cells()
    for theme in ("light", "dark"):
        lab.set_theme(theme)
        outputs = lab.page.locator(".jp-OutputArea-output")
        for word in WORDS.get(path.stem, []):
            assert outputs.get_by_text(word).first.is_visible()
        lab.screenshot(f"{path.stem}-{theme}")
    assert lab.page.get_by_text("Error displaying widget").count() == 0
    assert lab.script_errors == []


@pytest.mark.parametrize("path", TUTORIALS[:1], ids=lambda path: path.stem)
def test_runs_again_after_a_restart(lab: Lab, path: Path):
    lab.open_notebook(f"notebooks/{path.name}")
    assert lab.run_all(), lab.failed_cells()
    lab.restart()
    assert lab.run_all(), lab.failed_cells()
