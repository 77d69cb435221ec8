"""The laboratory: JupyterLite on the site's own Python, with an interrupt button that works."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from support.lab import PATIENCE, READY
from support.site_update import publish
from support.static_host import StaticHost

pytestmark = pytest.mark.timeout(900)

# The cell that a test fills: the one below the first.
CELL = 1
OUTPUTS = f"""() => jupyterapp.shell.currentWidget.content.widgets[{CELL}].model.sharedModel.outputs
    .flatMap((one) => [one.text, one.data?.['text/plain'], one.ename, one.evalue].flat())
    .join(' ')"""

OWN_COPIES = """async () => {
    const { contents } = jupyterapp.serviceManager;
    const content = async (path) => (await contents.get(path, { content: true })).content;
    const own = (await content('notebooks')).filter(({ name }) => name.includes('mine'));
    return Promise.all(own.map(async ({ path }) => [path, JSON.stringify(await content(path))]));
}"""

# The cells that were not run, or failed without being tagged that they may.
FAILED = """() => jupyterapp.shell.currentWidget.content.model.sharedModel.cells
    .filter((cell) => cell.cell_type === 'code' && cell.source.trim())
    .filter((cell) => cell.execution_count === null ||
        (cell.outputs.some((one) => one.output_type === 'error') && !cell.metadata.tags?.includes('raises-exception')))
    .map((cell) => cell.source)"""

SETUP = """
import asyncio
from repid_nb import InMemoryServer, Repid, Router, Stepper
app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
router = Router(channel="c")
@router.actor
async def waits(n: int):
    display('begun')
    await asyncio.sleep(600)
@router.actor
async def busy(n: int):
    display('begun')
    while True:
        n += 1
app.include_router(router)
stepper = Stepper(app)
"""
WAITING = "print([(one.channel, one.waiting, one.working) for one in stepper.queues.channels])"


def open_notebook(page: Page, host: StaticHost, name: str) -> None:
    page.goto(f"{host.base}/try/notebooks/index.html?path=notebooks/{name}.ipynb")
    page.wait_for_function(READY, timeout=PATIENCE)


def start(page: Page, source: str) -> None:
    page.evaluate(
        """([source, cell]) => {
            window.finished = false;
            const { content } = jupyterapp.shell.currentWidget;
            content.activeCellIndex = cell;
            content.activeCell.model.sharedModel.setSource(source);
            // What it showed before is nothing of this run.
            content.activeCell.model.clearExecution();
            jupyterapp.commands.execute('notebook:run-cell').finally(() => { window.finished = true; });
        }""",
        [source, CELL],
    )


def ends(page: Page) -> str:
    page.wait_for_function("window.finished", timeout=PATIENCE)
    page.wait_for_function(READY, timeout=PATIENCE)
    return page.evaluate(OUTPUTS)


def run(page: Page, source: str) -> str:
    start(page, source)
    return ends(page)


def interrupted(page: Page, source: str) -> str:
    # What is to be stopped says when it has begun: pressed before, the button would not be meant for it.
    start(page, source)
    page.wait_for_function(f"({OUTPUTS})().includes('begun')", timeout=PATIENCE)
    page.evaluate("jupyterapp.commands.execute('notebook:interrupt-kernel')")
    return ends(page)


@pytest.fixture(scope="module")
def kernel(reader: BrowserContext, host: StaticHost) -> Iterator[Page]:
    """A notebook of the laboratory whose first cell a test fills."""
    page = reader.new_page()
    open_notebook(page, host, "00_start")
    page.evaluate("jupyterapp.commands.execute('notebook:insert-cell-below')")
    run(page, SETUP)
    yield page
    page.close()


@pytest.mark.parametrize("name", ["00_start", "03_workbench", "exercises/routing-1"])
def test_a_notebook_runs_from_top_to_bottom(page: Page, host: StaticHost, name: str):
    open_notebook(page, host, name)
    page.evaluate(
        "() => { window.finished = false;"
        "jupyterapp.commands.execute('notebook:run-all-cells').finally(() => { window.finished = true; }); }"
    )
    ends(page)
    assert page.evaluate(FAILED) == []


def test_links_between_chapters_open_chapters(kernel: Page, host: StaticHost):
    link = kernel.locator(".jp-RenderedMarkdown a[href*='01_messages']").first
    with kernel.context.expect_page() as opened:
        link.click(modifiers=["Control"])
    opened.value.wait_for_load_state()
    assert "01_messages.ipynb" in opened.value.url
    opened.value.close()


def test_the_laboratory_is_dark_where_the_system_is(browser: Browser, host: StaticHost):
    with browser.new_context(color_scheme="dark") as visitor:
        visitor.set_default_timeout(PATIENCE)
        page = visitor.new_page()
        page.goto(f"{host.base}/try/lab/index.html")
        page.wait_for_selector("body[data-jp-theme-light=false]", state="attached", timeout=PATIENCE)


def test_the_button_stops_a_busy_loop(kernel: Page):
    assert "KeyboardInterrupt" in interrupted(kernel, "display('begun')\nwhile True:\n    pass")


def test_the_button_stops_an_await(kernel: Page):
    told = interrupted(kernel, "display('begun')\nawait asyncio.sleep(600)")
    assert re.search("KeyboardInterrupt|CancelledError", told)


def test_the_button_stops_a_step_and_the_message_is_back_in_its_place(kernel: Page):
    assert "KeyboardInterrupt" in interrupted(
        kernel, "await stepper.send('c', {'n': 1}, topic='waits')\nawait stepper.step()"
    )
    assert "('c', 1, 0)" in run(kernel, WAITING)


def test_the_button_stops_a_busy_actor_and_its_message_is_back_in_its_place(kernel: Page):
    run(kernel, SETUP)
    assert "KeyboardInterrupt" in interrupted(
        kernel, "await stepper.send('c', {'n': 1}, topic='busy')\nawait stepper.step()"
    )
    assert "('c', 1, 0)" in run(kernel, WAITING)


def test_an_endless_answer_is_stopped_and_told(kernel: Page):
    shown = run(
        kernel,
        "from repid_nb.classroom import check\n"
        "def takes(message):\n    while True:\n        pass\n"
        "check('routing-1', lambda *, actor_name, **options: takes)",
    )
    assert "did not finish within 5 seconds" in shown
    assert "2" in run(kernel, "print(1 + 1)")


def test_a_newer_chapter_is_offered_and_what_the_learner_wrote_is_kept(browser: Browser, own_site: Path):
    with StaticHost(own_site, "/course") as host:
        context = browser.new_context()
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        open_notebook(page, host, "02_routing")
        page.evaluate("jupyterapp.commands.execute('notebook:insert-cell-below')")
        start(page, "print('mine')")
        ends(page)
        page.evaluate("jupyterapp.commands.execute('docmanager:save')")
        chapter = "try/files/notebooks/02_routing.ipynb"
        newer = json.loads((own_site / chapter).read_text(encoding="utf-8"))
        newer["cells"][0]["source"] = "# A newer chapter"
        publish(own_site, chapter, json.dumps(newer))
        page.goto(f"{host.base}/")
        expect(page.get_by_text("The course has been updated.")).to_be_visible()
        open_notebook(page, host, "02_routing")
        expect(page.get_by_text("The site has a newer version of this chapter.")).to_be_visible()
        page.get_by_role("button", name="Open the newer one").click()
        expect(page.get_by_role("heading", name="A newer chapter")).to_be_visible()
        page.wait_for_function(READY, timeout=PATIENCE)
        kept = page.evaluate(OWN_COPIES)
        context.close()
    assert [("(mine, " in name, "print('mine')" in text) for name, text in kept] == [(True, True)]
