"""The notebooks as a learner meets them: in a real JupyterLab, in a real browser, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.files import EXERCISES, NOTEBOOKS, TUTORIALS, name_of
from support.lab import Lab

pytestmark = pytest.mark.browser

# What a person is to read on the page, in no particular place.
WORDS = {"02_routing": ["winner", "no match"]}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_runs_from_top_to_bottom_and_reads_well(lab: Lab, path: Path):
    lab.open_notebook(f"notebooks/{name_of(path)}")
    lab.page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    assert lab.run_all(), lab.failed_cells()
    with lab.in_sight():
        for theme in ("light", "dark"):
            lab.set_theme(theme)
            outputs = lab.page.locator(".jp-OutputArea-output")
            for word in WORDS.get(path.stem, []):
                assert outputs.get_by_text(word).first.is_visible()
            lab.screenshot(f"{path.stem}-{theme}")
    assert lab.page.get_by_text("Error displaying widget").count() == 0
    assert lab.script_errors == []


def test_runs_again_after_a_restart(lab: Lab):
    lab.open_notebook("notebooks/01_messages.ipynb")
    assert lab.run_all(), lab.failed_cells()
    lab.restart()
    assert lab.run_all(), lab.failed_cells()


@pytest.mark.parametrize("target", [TUTORIALS[1], EXERCISES[-1]], ids=name_of)
def test_a_link_of_the_start_page_opens_its_notebook(lab: Lab, target: Path):
    lab.open_notebook("notebooks/00_start.ipynb")
    lab.page.locator(f'.jp-RenderedMarkdown a[href*="{name_of(target)}"]').first.click()
    expect(lab.page.locator(".jp-NotebookPanel:visible h1").first).to_be_visible()
    lab.page.wait_for_function(
        "path => jupyterapp.shell.currentWidget.context.path === path", arg=f"notebooks/{name_of(target)}"
    )
    lab.wait_idle()
