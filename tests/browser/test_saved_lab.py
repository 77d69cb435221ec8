"""What a notebook keeps of a workbench: saved, exported, reopened without its kernel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, expect
from support.lab import PATIENCE, TOLD_AT_ONCE, Lab

pytestmark = pytest.mark.browser

CELL = """
from repid_nb import InMemoryServer, Repid, Router, Workbench

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
router = Router(channel="orders")
app.include_router(router)


@router.actor
async def ship(number: int) -> str:
    return f"order {number} is on its way"


workbench = Workbench(app)
for number in (1, 2):
    await workbench.stepper.send("orders", {"number": number}, topic="ship")
workbench
"""


@pytest.fixture
def saved(lab: Lab, jupyter_root: Path) -> Path:
    """Take two steps on the page, wait until the workbench is at rest, and save the notebook."""
    lab.page.emulate_media(reduced_motion="reduce")
    lab.run_cells(jupyter_root, "saved.ipynb", CELL)
    for number in (1, 2):
        lab.page.locator(".repid-wb").get_by_role("button", name="Step", exact=True).click()
        expect(lab.page.locator(".wb-headline")).to_contain_text(f"ship got m{number}")
    # Beneath a living widget it is out of sight.
    kept = lab.page.locator(".repid-nb-saved")
    expect(kept).to_be_hidden()
    expect(kept).to_contain_text("order 2 is on its way")
    lab.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    lab.wait_for("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    return jupyter_root / "saved.ipynb"


def test_a_saved_notebook_plays_the_lesson_and_leaves_a_still_where_no_script_runs(
    saved: Path, browser: Browser, tmp_path: Path
):
    page_file = tmp_path / "saved.html"
    page_file.write_text(HTMLExporter().from_filename(str(saved))[0], encoding="utf-8")
    context = browser.new_context(offline=True, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    context.add_init_script(TOLD_AT_ONCE)
    page = context.new_page()
    page.goto(page_file.as_uri())
    lesson = page.frame_locator(".repid-nb-saved iframe")
    lesson.get_by_role("button", name="Step", exact=True).click()
    expect(lesson.locator(".wb-headline")).to_contain_text("ship got m1")
    lesson.get_by_role("button", name="Step", exact=True).click()
    expect(lesson.locator(".repid-wb")).to_contain_text("order 2 is on its way")
    context.close()

    outputs = json.loads(saved.read_text(encoding="utf-8"))["cells"][0]["outputs"]
    assert not any("nothing was sent" in "".join(one["data"]["text/plain"]) for one in outputs)
    kept = "".join(outputs[-1]["data"]["text/html"])
    assert "<script" not in kept
    assert "m1" in kept[kept.rindex('class="repid-nb-still"') :]


def test_a_notebook_from_somebody_else_shows_a_still_and_once_it_is_trusted_the_lesson(
    saved: Path, lab: Lab, jupyter_root: Path
):
    # JupyterLab trusts a notebook that it has saved itself, and no other.
    notebook = json.loads(saved.read_text(encoding="utf-8"))
    notebook["metadata"]["from"] = "somebody else"
    (jupyter_root / "received.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    lab.open_notebook("received.ipynb")
    kept = lab.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .repid-nb-saved")
    expect(kept.locator(".repid-nb-still")).to_be_visible()
    expect(kept).to_contain_text("order 2 is on its way")
    expect(kept.locator("iframe")).to_have_count(0)

    lab.page.evaluate("jupyterapp.shell.currentWidget.content.widgets.forEach(cell => { cell.model.trusted = true; })")
    lesson = kept.frame_locator("iframe")
    lesson.get_by_role("button", name="Step", exact=True).click()
    expect(lesson.locator(".wb-headline")).to_contain_text("ship got m1")
    expect(kept.locator(".repid-nb-still")).to_be_hidden()
    expect(lab.page.get_by_text("Error displaying widget")).to_be_hidden()
