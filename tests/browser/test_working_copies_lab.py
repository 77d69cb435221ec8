"""Working copies and guesses in JupyterLab: opened, closed, begun anew; a guess by mouse and by key."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect
from support.lab import Lab

from repid_nb.classroom.working_copies import lay_out

pytestmark = pytest.mark.browser

DIRTY = "() => jupyterapp.shell.currentWidget.context.model.dirty"
CELLS = "() => jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map(cell => cell.source)"

SHOP = """
from repid_nb import InMemoryServer, Repid, Router, Stepper
from repid_nb.classroom import guess, questions, start_over

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
router = Router(channel="orders")
app.include_router(router)


@router.actor
async def ship(): ...


@router.actor
async def log(): ...


stepper = Stepper(app)
await stepper.send("orders", topic="log")
"""


@pytest.fixture
def copies(jupyter_root: Path) -> Path:
    """A course of one chapter, laid out as `make lab` does."""
    originals, folder = jupyter_root / "originals", jupyter_root / "my_course"
    for one in (originals, folder):
        shutil.rmtree(one, ignore_errors=True)
    originals.mkdir()
    sources = (SHOP, "guess(stepper)", "await stepper.step()", 'questions("messages")', 'start_over("shop")')
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{place}") for place, source in enumerate(sources)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    nbformat.write(notebook, originals / "01_shop.ipynb")
    assert lay_out(originals, folder) == []
    return folder


def run_cell(lab: Lab, place: int) -> None:
    lab.page.evaluate(f"jupyterapp.shell.currentWidget.content.activeCellIndex = {place}")
    lab.page.evaluate("jupyterapp.commands.execute('notebook:run-cell')")
    lab.wait_for(
        "place => jupyterapp.shell.currentWidget.content.model.sharedModel.cells[place].execution_count !== null", place
    )
    lab.wait_idle()


def test_an_opened_copy_is_not_unsaved_and_closes_without_a_question(lab: Lab, copies: Path):
    lab.open_notebook("my_course/01_shop.ipynb")
    assert not lab.page.evaluate(DIRTY)
    before = (copies / "01_shop.ipynb").read_bytes()
    lab.page.evaluate("() => { jupyterapp.commands.execute('application:close') }")
    lab.wait_for("() => !jupyterapp.shell.currentWidget?.context?.path?.includes('my_course')")
    expect(lab.page.locator(".jp-Dialog")).to_have_count(0)
    assert (copies / "01_shop.ipynb").read_bytes() == before


def test_a_guess_is_made_by_key_and_told_by_the_step(lab: Lab, copies: Path):
    lab.open_notebook("my_course/01_shop.ipynb")
    run_cell(lab, 0)
    run_cell(lab, 1)
    card = lab.page.get_by_role("region", name="Your guess")
    group = card.get_by_role("group", name="Who gets the next message, m1 with the topic log?")
    expect(lab.page.locator(".repid-nb-asked")).to_be_hidden()
    group.get_by_role("button", name="log").focus()
    lab.page.keyboard.press("Enter")
    expect(group.get_by_role("button", name="log")).to_have_attribute("aria-pressed", "true")
    expect(group.get_by_role("status")).to_have_text(
        "Your guess is kept; you may still change it. The next step tells."
    )
    run_cell(lab, 2)
    expect(group.get_by_role("status")).to_have_text("✓ Right. It is the first one that says yes.")
    expect(card).to_contain_text("Guesses in this notebook: 1 of 1 right.")
    expect(group.get_by_role("button", name="ship")).to_have_attribute("aria-disabled", "true")
    lab.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    lab.wait_for(f"() => !({DIRTY})()")
    lab.page.evaluate(
        """async () => {
            const panel = jupyterapp.shell.currentWidget;
            await panel.sessionContext.shutdown();
            panel.dispose();
        }"""
    )
    lab.open_notebook("my_course/01_shop.ipynb")
    expect(lab.page.locator(".repid-nb-asked")).to_contain_text("You said log. ✓ Right.")
    for gone in ("Loading widget...", "Error displaying widget"):
        expect(lab.page.get_by_text(gone).filter(visible=True)).to_have_count(0)


def test_after_a_click_shift_enter_goes_on_from_cell_to_cell_and_the_guess_stays(lab: Lab, copies: Path):
    lab.open_notebook("my_course/01_shop.ipynb")
    run_cell(lab, 0)
    run_cell(lab, 1)
    group = lab.page.get_by_role("region", name="Your guess").get_by_role("group")
    group.get_by_role("button", name="log").click()
    expect(group.get_by_role("button", name="log")).to_have_attribute("aria-pressed", "true")
    # The click has made the cell of the guess the active one, so that it runs once more.
    for place in (2, 3):
        lab.page.keyboard.press("Shift+Enter")
        lab.wait_for("place => jupyterapp.shell.currentWidget.content.activeCellIndex === place", place)
        lab.wait_idle()
    expect(group.get_by_role("status")).to_contain_text("✓ Right.")


def test_the_closing_questions_are_answered_at_once_on_a_narrow_page(lab: Lab, copies: Path):
    lab.page.set_viewport_size({"width": 390, "height": 800})
    lab.open_notebook("my_course/01_shop.ipynb")
    run_cell(lab, 0)
    run_cell(lab, 3)
    card = lab.page.get_by_role("region", name="Three questions")
    expect(card.get_by_role("group")).to_have_count(3)
    for group in card.get_by_role("group").all():
        group.get_by_role("button").first.click()
        expect(group.get_by_role("status")).not_to_be_empty()
    expect(card).to_contain_text("of 3 right.")
    assert card.evaluate("card => card.scrollWidth <= card.clientWidth")
    card.get_by_role("button", name="Take them again").click()
    expect(card.get_by_role("button", name="Take them again")).to_be_hidden()


def test_a_chapter_begins_anew_from_a_cell_and_by_reload(lab: Lab, copies: Path):
    lab.open_notebook("my_course/01_shop.ipynb")
    lab.page.evaluate("() => { jupyterapp.shell.currentWidget.content.widgets[2].model.sharedModel.source = 'mine' }")
    lab.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    lab.wait_for(f"() => !({DIRTY})()")
    run_cell(lab, 0)
    run_cell(lab, 4)
    expect(lab.page.locator(".jp-OutputArea-output").last).to_contain_text("01_shop.ipynb begins anew.")
    lab.page.evaluate("() => { jupyterapp.commands.execute('docmanager:reload') }")
    lab.page.locator(".jp-Dialog").get_by_role("button", name="Reload").click()
    lab.wait_for(f"() => ({CELLS})().includes('await stepper.step()')")
    kept = [path for path in copies.glob("*.ipynb") if "kept" in path.name]
    assert "mine" in kept[0].read_text()


def test_the_workbench_goes_beside_the_notebook_by_a_press(lab: Lab, copies: Path):
    lab.open_notebook("my_course/01_shop.ipynb")
    run_cell(lab, 0)
    lab.page.evaluate(
        """() => {
            const cell = jupyterapp.shell.currentWidget.content.widgets[1];
            cell.model.sharedModel.source = 'from repid_nb import Workbench; Workbench(stepper)';
        }"""
    )
    run_cell(lab, 1)
    lab.page.locator(".repid-wb").get_by_role("button", name="Beside").click()
    beside = lab.page.locator(".jupyterlab-sidecar .repid-wb")
    beside.get_by_role("button", name="Step", exact=True).click()
    expect(beside.locator(".wb-headline")).to_contain_text("log got m1")
    expect(beside.get_by_role("button", name="Beside")).to_be_hidden()
    # The notebook is in front again, for the next test.
    lab.page.evaluate(
        """() => [...jupyterapp.shell.widgets('main')]
            .filter(one => one.title.label === 'Workbench')
            .forEach(one => one.dispose())"""
    )
    lab.wait_for("() => jupyterapp.shell.currentWidget?.context?.path === 'my_course/01_shop.ipynb'")
