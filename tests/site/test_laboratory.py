"""The laboratory: JupyterLite on the site's own Python, with an interrupt button that works."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page
from support.lab import PATIENCE, READY
from support.static_host import StaticHost

# The cell that a test fills: the one below the first.
CELL = 1
OUTPUTS = f"""() => jupyterapp.shell.currentWidget.content.widgets[{CELL}].model.sharedModel.outputs
    .flatMap((one) => [one.text, one.data?.['text/plain'], one.ename, one.evalue].flat())
    .join(' ')"""

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
    await asyncio.sleep(600)
@router.actor
async def busy(n: int):
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
    # The cell says when it has begun: pressed before, the button would not be meant for it.
    start(page, f"print('begun', flush=True)\n{source}")
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
    page.wait_for_function("window.finished", timeout=PATIENCE)
    assert page.evaluate(FAILED) == []


def test_links_between_chapters_open_chapters(kernel: Page, host: StaticHost):
    link = kernel.locator(".jp-RenderedMarkdown a[href*='01_messages']").first
    with kernel.context.expect_page() as opened:
        link.click(modifiers=["Control"])
    opened.value.wait_for_load_state()
    assert "01_messages.ipynb" in opened.value.url
    opened.value.close()


def test_the_button_stops_a_busy_loop(kernel: Page):
    assert "KeyboardInterrupt" in interrupted(kernel, "i = 0\nwhile True:\n    i += 1")


def test_the_button_stops_an_await(kernel: Page):
    assert re.search("KeyboardInterrupt|CancelledError", interrupted(kernel, "await asyncio.sleep(600)"))


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
    assert "did not come to an end within 5 seconds" in shown
    assert "2" in run(kernel, "print(1 + 1)")
