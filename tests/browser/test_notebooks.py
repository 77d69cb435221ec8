"""The notebooks as a learner meets them: in a real JupyterLab, in a real browser, light and dark."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, expect
from playwright.sync_api import TimeoutError as StillTooWide
from support.axe import problems
from support.files import EXERCISES, NOTEBOOKS, TUTORIALS, name_of
from support.lab import Lab

pytestmark = pytest.mark.browser

# What a person is to read on the page, in no particular place.
WORDS = {"02_routing": ["first yes, gets it", "not asked (would say no)"]}

# Pixels of a window with the side bar open; and of one without it, on a page that is magnified to 200 %.
WITH_SIDE_BAR = (1400, 1200, 1024, 900)
MAGNIFIED = 700

# What cells say in a pink box, errors that are announced left out.
PINK = """() => jupyterapp.shell.currentWidget.content.model.sharedModel.cells
    .flatMap(cell => cell.outputs ?? [])
    .filter(output => output.name === 'stderr')
    .map(output => output.text)"""

# Milliseconds after which a page has laid itself out, on a busy machine too.
SETTLED = 10_000

# The outputs that are wider than their place, or have a part that is; code that a learner folds out may scroll.
TOO_WIDE = """() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output')]
    .filter(output => [output, ...output.querySelectorAll(':not(svg *)')].some(one =>
        // A table of ten figures scrolls by itself.
        one.getAttribute('aria-label') !== 'figures'
        && one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1
        && ['auto', 'scroll'].includes(getComputedStyle(one).overflowX)))
    .map(output => output.innerText.slice(0, 80))"""

FITS = f"() => {{ window.looks = ({TOO_WIDE})().length ? 0 : window.looks + 1; return window.looks > 2; }}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_runs_from_top_to_bottom_and_reads_well_at_any_width(lab: Lab, jupyter_root: Path, path: Path):
    lab.open_notebook(without_outputs(jupyter_root, path))
    assert lab.run_all(), lab.failed_cells()
    for theme in lab.both_themes():
        outputs = lab.page.locator(".jp-OutputArea-output")
        for word in WORDS.get(path.stem, []):
            expect(outputs.get_by_text(word).first).to_be_visible()
        lab.screenshot(f"{path.stem}-{theme}")
    assert too_wide(lab) == {}
    assert lab.page.evaluate(PINK) == []
    assert lab.page.get_by_text("Error displaying widget").count() == 0
    assert lab.script_errors == []


def without_outputs(root: Path, path: Path) -> str:
    """Take the outputs out of the copy in the server's folder, as in a learner's, and return its name there."""
    name = f"notebooks/{name_of(path)}"
    notebook = nbformat.read(root / name, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    nbformat.write(notebook, root / name)
    return name


def too_wide(lab: Lab) -> dict[int, list[str]]:
    """Return the beginnings of the outputs that scroll sideways, by the width of the window in pixels."""
    found = {width: too_wide_at(lab, width) for width in (*WITH_SIDE_BAR, MAGNIFIED)}
    return {width: outputs for width, outputs in found.items() if outputs}


def too_wide_at(lab: Lab, width: int, settled: int = SETTLED) -> list[str]:
    """Return the beginnings of the outputs that still scroll sideways so many milliseconds after it is that wide."""
    lab.page.evaluate(f"jupyterapp.shell.{'collapse' if width == MAGNIFIED else 'expand'}Left()")
    lab.page.set_viewport_size({"width": width, "height": 900})
    # JupyterLab and the workbench lay themselves out anew some time after the window has changed: what fits has to
    # fit several looks long.
    lab.page.evaluate("window.looks = 0")
    try:
        lab.page.wait_for_function(FITS, timeout=settled, polling=100)
    except StillTooWide:
        return list(lab.page.evaluate(TOO_WIDE))
    return []


def test_a_wide_output_would_be_seen(lab: Lab):
    lab.open_notebook("notebooks/02_routing.ipynb")
    assert lab.run_all(), lab.failed_cells()
    lab.page.locator(".jp-OutputArea-output").first.evaluate(
        "output => { output.firstElementChild.style.minWidth = '800px'; output.style.overflowX = 'auto'; }"
    )
    assert too_wide_at(lab, 1400) == []
    # It would stay so for as long as anybody waits.
    narrower = [1200, 1024, 900, MAGNIFIED]
    assert [width for width in narrower if too_wide_at(lab, width, settled=1_000)] == narrower


def test_axe_finds_nothing_wrong_with_steps_runs_and_queues(lab: Lab):
    lab.open_notebook("notebooks/06_dead_letters.ipynb")
    assert lab.run_all(), lab.failed_cells()
    for _ in lab.both_themes():
        assert problems(lab.page, ".jp-OutputArea-output [role=group]") == []
    named = "went to deliver, the first match, which returned"
    assert lab.page.locator(f".jp-OutputArea-output [role=group][aria-label*='{named}']").count() >= 1


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


RUN_CELL = """id => {
    const { content } = jupyterapp.shell.currentWidget;
    content.activeCellIndex = content.widgets.findIndex(cell => cell.model.id === id);
    content.deselectAll();
    return jupyterapp.commands.execute('notebook:run-cell');
}"""


def opened_stage(lab: Lab, name: str, *cells: str) -> Locator:
    """Open a chapter, run its first cells, and return its workbench, which tells a step at once."""
    lab.page.emulate_media(reduced_motion="reduce")
    lab.open_notebook(f"notebooks/{name}.ipynb")
    for cell in cells:
        lab.page.evaluate(RUN_CELL, cell)
        lab.wait_idle()
    stage = lab.page.locator(".repid-wb:visible").first
    stage.get_by_label("Pace").select_option("at full speed")
    return stage


def press(stage: Locator, *buttons: str) -> None:
    for button in buttons:
        stage.get_by_role("button", name=button, exact=button != "Send again").first.click()


def expect_headline(stage: Locator, *words: str) -> None:
    for word in words:
        expect(stage.locator(".wb-headline")).to_contain_text(word)


def test_the_start_page_plays_as_it_says(lab: Lab):
    stage = opened_stage(lab, "00_start", "first")
    for message, *told in (
        ("Ada signs up", "send_email got", "acked"),
        ("Bob pays 12", "send_receipt got", "acked"),
        ("Cleo wants an SMS", "Nobody got", "rejected"),
    ):
        press(stage, message, "Step")
        expect_headline(stage, *told)
    lab.page.evaluate(RUN_CELL, "ask")
    lab.page.evaluate(RUN_CELL, "step")
    expect_headline(stage, "send_receipt got", "acked")


def test_the_chapter_on_the_workbench_plays_as_it_says(lab: Lab):
    stage = opened_stage(lab, "03_workbench", "app", "workbench")
    press(stage, "SMS to Bob", "Step into")
    expect(stage.get_by_text("in work:")).to_be_visible()
    press(stage, "Ask the actors", "Read the arguments", "Run send_sms", "Settle it")
    expect_headline(stage, "send_sms got", "acked")
    lab.page.evaluate(RUN_CELL, "fax")
    press(stage, "Predict", "Step", "nobody: it goes back to the tail")
    expect(stage.get_by_text("1 of 1 right")).to_be_visible()
    press(stage, "Predict", "Run")
    expect_headline(stage, "Nobody got", "nacked")
    lab.page.evaluate(RUN_CELL, "send-fax")
    press(stage, "Send again", "Step")
    expect_headline(stage, "send_fax got", "acked")
    stage.get_by_role("button", name="m2").first.click()
    expect(stage.get_by_text("The way of m2")).to_be_visible()
    press(stage, "River")
    expect(stage.get_by_role("button", name="Beside")).to_be_visible()
    press(stage, "Ada signs up", "SMS to Bob", "Ada signs up")
    stage.get_by_role("button", name="More").click()
    stage.get_by_label("goes first").select_option("m5")
    press(stage, "Part here", "Step both")
    expect(stage.get_by_text("first difference")).to_have_count(1)


# Of a page in a frame: whether it is dark, and how much of it is out of sight at the side.
IS_DARK = "matchMedia('(prefers-color-scheme: dark)').matches"
OUT_OF_SIGHT = "document.documentElement.scrollWidth - innerWidth"

FRAMED = """
from repid_nb import InMemoryServer, Repid, Router, Simulation, every

app, router = Repid(), Router(channel="orders")
app.servers.register_server("default", InMemoryServer(), is_default=True)
router.actor(lambda: None, name="ship")
app.include_router(router)
simulation = Simulation(app, seed=1)
simulation.produce("orders", topic="ship", arrivals=every(1, count=3))
simulation.worker()
"""


def test_pages_in_frames_are_as_dark_as_the_notebook_and_scroll_sideways_nowhere(lab: Lab, jupyter_root: Path):
    # Playwright's own emulation, which is on by default, would be stronger than a frame's colour scheme.
    lab.page.emulate_media(color_scheme="null")
    try:
        cells = (f"{FRAMED}app.asyncapi_html(sidebar=False)", "simulation.run(until='idle').play()")
        lab.run_cells(jupyter_root, "page.ipynb", *cells)
        shown = [lab.page.wait_for_selector(frame) for frame in ("iframe.repid-nb-page", ".repid-nb-run iframe")]
        for theme in lab.both_themes():
            for frame in filter(None, (element.content_frame() for element in shown)):
                frame.wait_for_function(f"{IS_DARK} === {'true' if theme == 'dark' else 'false'}")
                assert frame.evaluate(OUT_OF_SIGHT) <= 0
    finally:
        lab.page.emulate_media(color_scheme="light")


def test_a_link_to_the_glossary_opens_it_at_its_word(lab: Lab):
    lab.open_notebook("notebooks/12_production.ipynb")
    lab.page.get_by_role("link", name="idempotent").first.click()
    expect(lab.page.locator(".jp-MarkdownViewer h3", has_text="idempotent")).to_be_in_viewport()
