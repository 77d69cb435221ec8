"""The workbench as a learner meets it: real JupyterLab and Notebook, a real kernel, a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect
from support.axe import problems
from support.lab import PATIENCE, READY, Lab

pytestmark = pytest.mark.browser

APP = """
from repid_nb import InMemoryServer, Repid, Router, Workbench, catch_all_routing_strategy

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
router = Router(channel="user_tasks")
app.include_router(router)


@router.actor
async def send_sms(to: str) -> str:
    print("sms to", to)
    return "sent"


@router.actor
async def send_letter(to: str) -> str:
    return "posted"
"""
SHOW = "workbench = Workbench(app)\nworkbench"
LIVE = """
import gc
from ipywidgets.widgets.widget import _instances
from IPython import get_ipython
from repid_nb.widgets import workbench as module

listeners = get_ipython().events.callbacks["post_run_cell"]
print("widgets", len(_instances), "listeners", len(listeners), "open", len(module._open))
"""


def write_notebook(root: Path, name: str, *cells: str) -> str:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, root / name)
    return name


@pytest.fixture
def workbench(lab: Lab, jupyter_root: Path) -> Iterator[Page]:
    lab.open_notebook(write_notebook(jupyter_root, "workbench.ipynb", APP, SHOW))
    assert lab.run_all(), lab.failed_cells()
    expect(lab.page.locator(".repid-wb")).to_be_visible()
    yield lab.page
    assert lab.script_errors == []


def press(page: Page, name: str):
    page.locator(".repid-wb").get_by_role("button", name=name, exact=True).click()


def send(page: Page, topic: str, payload: str = '{"to": "ada"}'):
    if not page.get_by_label("Topic").is_visible():
        press(page, "Write one")
    page.get_by_label("Topic").fill(topic)
    page.get_by_label("Payload").fill(payload)
    press(page, "Send")
    expect(page.locator(".wb-notice")).to_contain_text("Sent")


def story(page: Page):
    return page.locator(".wb-story")


def test_a_whole_lesson(workbench: Page):
    page = workbench
    send(page, "send_fax")
    press(page, "Who would get this?")
    expect(page.locator(".wb-answerbox")).to_contain_text("Nobody would get it")
    press(page, "Step")
    expect(page.locator(".wb-settlement")).to_contain_text("↩ rejected")
    expect(page.locator(".wb-answerbox")).to_have_count(0)
    page.locator(".repid-wb [data-k=pace]").select_option("0")
    press(page, "Run")
    expect(page.locator(".wb-letter")).to_contain_text("poison message")
    expect(page.locator(".wb-headline")).to_have_text("Nobody got m1 ✗ nacked")
    send(page, "send_sms")
    press(page, "Step into")
    for button in ("Ask the actors", "Read the arguments", "Run send_sms", "Settle it"):
        expect(page.locator(".wb-held")).to_be_visible()
        press(page, button)
    expect(page.locator(".wb-is-winner")).to_contain_text("sms to ada")
    expect(page.locator(".wb-settlement")).to_contain_text("✓ acked")
    press(page, "Send again m1")
    expect(page.locator(".wb-message")).to_contain_text("m1")
    press(page, "Back")
    press(page, "Back")
    expect(page.locator(".wb-banner")).to_contain_text("You are looking at step 9 of 11")
    press(page, "Go on from here")
    expect(page.locator(".wb-notice")).to_contain_text("What the actors did stays done")
    press(page, "Predict")
    press(page, "Step")
    page.get_by_role("button", name="nobody: it becomes a dead letter").click()
    expect(page.locator(".wb-score")).to_contain_text("✓ Right.")
    expect(page.locator(".wb-score")).to_contain_text("1 of 1 right")


def test_by_keyboard_alone(workbench: Page):
    page = workbench
    page.locator(".repid-wb").focus()
    page.keyboard.press("n")
    page.keyboard.type('{"to": "ada"}')
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("send_sms")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-message")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    for phase in ("Ask the actors", "Read the arguments", "Run send_sms", "Settle it"):
        expect(page.get_by_role("button", name=phase)).to_be_visible()
        page.keyboard.press("i")
    expect(story(page)).to_contain_text("went to send_sms")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".wb-banner")).to_be_visible()
    page.keyboard.press("g")
    expect(page.locator(".wb-message")).to_be_visible()
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Predict")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("s")
    page.keyboard.press("1")
    expect(page.locator(".wb-score")).to_contain_text("1 of 1 right")
    page.keyboard.press("?")
    expect(page.locator(".wb-keys")).to_be_visible()
    # JupyterLab's own single keys, such as D D for deleting a cell, must not have seen any of it.
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.keyboard.press("d")
    page.keyboard.press("a")
    assert page.evaluate("jupyterapp.shell.currentWidget.content.widgets.length") == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800])
def test_nothing_for_axe_to_find(workbench: Page, lab: Lab, theme: str, width: int):
    page = workbench
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    lab.set_theme(theme)
    send(page, "send_sms")
    send(page, "send_fax")
    press(page, "Step")
    expect(page.locator(".wb-settlement")).to_contain_text("✓ acked")
    press(page, "Step")
    expect(page.locator(".wb-settlement")).to_contain_text("↩ rejected")
    assert page.locator(".wb-token").count() == 0
    assert problems(page, ".repid-wb") == []
    page.evaluate("document.querySelector('.repid-wb .wb-whyline').style.color = 'rgb(128,128,128,0.3)'")
    assert [one["id"] for one in problems(page, ".repid-wb")] == ["color-contrast"]
    page.evaluate("document.querySelector('.repid-wb .wb-whyline').style.color = ''")
    lab.screenshot(f"workbench-{theme}-{width}")


def test_what_a_cell_does_shows_when_the_cell_is_done(workbench: Page, lab: Lab):
    run_cell(lab, 'await workbench.stepper.send("user_tasks", {"to": "eve"}, topic="send_letter")')
    expect(workbench.locator(".wb-message")).to_contain_text("send_letter")
    run_cell(lab, "await workbench.stepper.step()")
    expect(story(workbench)).to_contain_text("went to send_letter")


def test_twenty_runs_of_the_cell_leave_one_workbench(workbench: Page, lab: Lab):
    run_cell(lab, LIVE)
    once = figures(lab)
    for _ in range(20):
        run_cell(lab, SHOW, index=1)
    run_cell(lab, LIVE)
    assert figures(lab) == once
    assert workbench.locator(".repid-wb").count() == 1
    send(workbench, "send_sms")
    press(workbench, "Step")
    expect(story(workbench)).to_contain_text("went to send_sms")


def test_running_everything_again_leaves_one_workbench(workbench: Page, lab: Lab):
    run_cell(lab, LIVE)
    once = figures(lab)
    for _ in range(3):
        assert lab.run_all()
    run_cell(lab, LIVE)
    assert figures(lab) == once


def test_the_interrupt_button_gives_the_message_back(workbench: Page, lab: Lab):
    send(workbench, "send_sms")
    press(workbench, "Step into")
    expect(workbench.locator(".wb-held")).to_be_visible()
    lab.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")
    expect(workbench.locator(".wb-notice")).to_contain_text("back at its place")
    expect(workbench.locator(".wb-message")).to_contain_text("send_sms")


def test_a_click_is_dealt_with_where_the_cells_run(workbench: Page, lab: Lab):
    run_cell(lab, "import threading\n@router.actor\nasync def where(): return threading.current_thread().name")
    send(workbench, "where", "")
    press(workbench, "Step")
    expect(workbench.locator(".wb-is-winner")).to_contain_text("'MainThread'")


def test_a_kernel_that_is_gone_is_said_in_words(workbench: Page, lab: Lab):
    lab.restart()
    expect(workbench.locator(".wb-error")).to_contain_text("Run its cell again", timeout=10_000)
    expect(workbench.locator(".wb-headline")).to_have_text("The kernel is gone")
    for key in ("step", "into", "run"):
        expect(workbench.locator(f"[data-k={key}]")).to_be_disabled()


def test_somebody_s_markup_is_text(workbench: Page):
    payload = '{"to": "<img src=x onerror=window.hacked=1>"}'
    send(workbench, "<b>send_sms</b>", payload)
    press(workbench, "Step")
    expect(workbench.locator(".wb-payloadblock")).to_contain_text("<img src=x onerror=window.hacked=1>")
    assert workbench.locator(".repid-wb img").count() == 0
    assert workbench.evaluate("window.hacked") is None


def test_the_same_in_notebook_7(browser: Browser, jupyter_address: str, jupyter_root: Path):
    name = write_notebook(jupyter_root, "notebook7.ipynb", APP, SHOW)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.goto(f"{jupyter_address}/notebooks/{name}")
    page.wait_for_function(READY)
    page.get_by_role("menuitem", name="Run").click()
    page.get_by_text("Run All Cells", exact=True).click()
    expect(page.locator(".repid-wb")).to_be_visible()
    send(page, "send_sms")
    press(page, "Step")
    expect(page.locator(".wb-settlement")).to_contain_text("✓ acked")
    page.close()


def run_cell(lab: Lab, source: str, index: int | None = None) -> None:
    """Run a cell of the notebook, a new one at the end unless an index is given."""
    lab.page.evaluate(
        """async ([source, index]) => {
            const { content, sessionContext } = jupyterapp.shell.currentWidget;
            if (index === null) {
                const { sharedModel } = content.model;
                sharedModel.insertCell(sharedModel.cells.length, {cell_type: 'code', source});
                index = sharedModel.cells.length - 1;
            }
            content.activeCellIndex = index;
            await new Promise(requestAnimationFrame);
            window.ran = false;
            jupyterapp.commands.execute('notebook:run-cell').finally(() => { window.ran = true; });
        }""",
        [source, index],
    )
    lab.page.wait_for_function("window.ran")
    lab.wait_idle()


def figures(lab: Lab) -> list[str]:
    """Return what the newest cell printed about what is alive."""
    text = lab.page.locator(".jp-OutputArea-output pre").last.inner_text()
    return re.findall(r"\d+", text)
