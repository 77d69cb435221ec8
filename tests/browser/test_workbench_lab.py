"""The workbench as a learner meets it: real JupyterLab and Notebook, a real kernel, a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from support.axe import CONTRAST, problems
from support.lab import PATIENCE, READY, Lab, write_notebook
from support.shop import SHOP
from support.stage import OUTPUT_CSS

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
# The first message is for the second actor, which sends two more.
STORY = (
    SHOP
    + """
workbench = Workbench(app)
for number, topic in enumerate(["ship_order", "refund", "slow_report"], start=1):
    await workbench.stepper.send("orders", {"number": number}, topic=topic, headers=HEADERS if number == 1 else None)
workbench
"""
)
HEADERS = {"x-original-message-identifier": "7f3b0c1e-9d2a-4f0e-8a53-2f9b1c7d6e5f", "x-correlation-id": "b1c7d6e5"}
STORY = STORY.replace("HEADERS", repr(HEADERS))

# The page in numbers: its size, the rows of its columns, its letters, and whether the headline has the largest.
MEASURES = """root => {
    const seen = [...root.querySelectorAll('*')].filter(one => one.checkVisibility() && !one.closest('.wb-hidden')
        && [...one.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim()));
    const body = root.querySelector('.wb-body');
    return {
        height: root.getBoundingClientRect().height,
        width: root.getBoundingClientRect().width,
        hidden: body.scrollHeight - body.clientHeight,
        tops: new Set([...root.querySelectorAll('.wb-column')].map(one => one.offsetTop)).size,
        smallest: Math.min(...seen.map(one => parseFloat(getComputedStyle(one).fontSize))),
        largest: seen.sort((one, other) => parseFloat(getComputedStyle(other).fontSize)
            - parseFloat(getComputedStyle(one).fontSize))[0].closest('.wb-headline') !== null,
    };
}"""

# The rules of style sheets for the elements of an output, without those of the widget itself.
OUTPUT_RULES = """root => {
    const probe = root.appendChild(document.createElement('div'));
    for (const tag of ['dl', 'dt', 'dd', 'pre', 'code', 'kbd', 'ol', 'ul', 'li', 'p', 'h2', 'h3', 'b', 'i', 'bdi', 'a',
        'button', 'input', 'select', 'textarea', 'details', 'summary', 'section', 'label', 'fieldset', 'legend']) {
        probe.append(document.createElement(tag));
    }
    const rulesOf = rules => [...rules].flatMap(rule => rule.selectorText ?? rulesOf(rule.cssRules ?? []));
    const found = [...document.styleSheets].flatMap(sheet => rulesOf(sheet.cssRules))
        .filter(selector => !selector.includes('repid-wb') && [...probe.children].some(one => one.matches(selector)));
    probe.remove();
    return found;
}"""
LIVE = """
import gc
from ipywidgets.widgets.widget import _instances
from IPython import get_ipython
from repid_nb.widgets import workbench as module

listeners = get_ipython().events.callbacks["post_run_cell"]
print("widgets", len(_instances), "listeners", len(listeners), "open", len(module._open))
"""


@pytest.fixture
def story_page(lab: Lab, jupyter_root: Path) -> Iterator[Page]:
    """The workbench of the story, in an output that is 830 pixels wide, where nothing moves."""
    lab.page.emulate_media(reduced_motion="reduce")
    lab.page.set_viewport_size({"width": 998, "height": 900})
    lab.run_cells(jupyter_root, "story.ipynb", STORY)
    expect(lab.page.locator(".repid-wb")).to_be_visible()
    yield lab.page
    assert lab.script_errors == []


@pytest.fixture
def workbench(lab: Lab, jupyter_root: Path) -> Iterator[Page]:
    lab.run_cells(jupyter_root, "workbench.ipynb", APP, SHOW)
    expect(lab.page.locator(".repid-wb")).to_be_visible()
    yield lab.page
    assert lab.script_errors == []


def button(page: Page, name: str):
    return page.locator(".repid-wb").get_by_role("button", name=name, exact=True)


def press(page: Page, name: str):
    button(page, name).click()


def write(page: Page):
    """Open the form, which stays open."""
    press(page, "Write one")


def send(page: Page, topic: str, payload: str = '{"to": "ada"}'):
    bench = page.locator(".repid-wb")
    bench.get_by_label("Topic", exact=True).fill(topic)
    bench.get_by_label("Payload", exact=True).fill(payload)
    press(page, "Send")
    expect(bench.locator(".wb-notice")).to_contain_text("Sent")


def story(page: Page):
    return page.locator(".wb-story")


def test_a_whole_lesson(workbench: Page):
    page = workbench
    write(page)
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
    press(page, "nobody: it becomes a dead letter")
    expect(page.locator(".wb-score")).to_contain_text("✓ Right.")
    expect(page.locator(".wb-score")).to_contain_text("1 of 1 right")


def measures(page: Page) -> dict[str, Any]:
    measured: dict[str, Any] = page.locator(".repid-wb").evaluate(MEASURES)
    return measured


def test_the_whole_story_of_a_step_is_seen_in_one_look(story_page: Page):
    press(story_page, "Step")
    expect(story_page.locator(".wb-headline")).to_have_text("ship_order got m1 ✓ acked")
    for width, columns in ((998, 1), (868, 1), (768, 2)):
        story_page.set_viewport_size({"width": width, "height": 900})
        # It lays itself out anew a moment after the window has changed.
        story_page.wait_for_function(
            """([width, most]) => {
                const { clientWidth, clientHeight } = document.querySelector('.repid-wb');
                return clientWidth === width && clientHeight <= most;
            }""",
            arg=[width - 168, 520 if columns == 1 else 900],
        )
        seen = measures(story_page)
        assert seen["tops"] == columns
        assert seen["smallest"] >= 13
        assert seen["largest"]
    # Values of headers and printed words are whole: JupyterLab's own rules would give them a letter a line, or none.
    lines = story_page.locator(".wb-headers dd, .wb-lines dd")
    assert min(lines.evaluate_all("all => all.map(one => one.clientWidth)")) > 40
    assert max(lines.evaluate_all("all => all.map(one => one.clientHeight)")) < 45


def test_on_a_projector_the_stage_fills_the_screen_and_nothing_scrolls(story_page: Page):
    press(story_page, "Step")
    expect(story_page.locator(".wb-settlement")).to_be_visible()
    for width, height in ((1024, 768), (1280, 800), (1920, 1080)):
        story_page.set_viewport_size({"width": width, "height": height})
        press(story_page, "Stage only")
        story_page.wait_for_function(
            "height => document.querySelector('.repid-wb.wb-filling')?.clientHeight === height", arg=height
        )
        seen = measures(story_page)
        assert (seen["width"], seen["height"], seen["hidden"], seen["tops"]) == (width, height, 0, 1)
        assert seen["smallest"] >= height / 56
        press(story_page, "Leave the stage")
        expect(story_page.locator(".repid-wb")).not_to_have_class(re.compile("wb-filling"))
    press(story_page, "Stage only")
    expect(story_page.locator(".repid-wb.wb-filling")).to_be_focused()
    story_page.keyboard.press("PageDown")
    expect(story_page.locator(".wb-headline")).to_contain_text("send_email got m1.1")
    press(story_page, "Leave the stage")


def test_what_jupyterlab_says_of_an_output_is_what_the_other_tests_load(story_page: Page):
    rules = story_page.locator(".repid-wb").evaluate(OUTPUT_RULES)
    loaded = re.findall(r"^([^/{]+?) \{", OUTPUT_CSS, re.MULTILINE)
    assert rules == loaded


def test_the_history_is_dragged_and_goes_by_arrow_keys(story_page: Page, lab: Lab):
    page = story_page
    run_cell(lab, "for _ in range(5):\n    await workbench.stepper.send('orders', {'number': 7}, topic='refund')")
    page.locator(".repid-wb [data-k=pace]").select_option("0")
    press(page, "Run")
    expect(page.locator(".wb-notice")).to_contain_text("Ran 10 steps")
    strip = page.locator(".repid-wb").get_by_role("slider", name="Step", exact=True)
    expect(strip).to_have_attribute("aria-valuenow", "10")
    marks = {place: page.locator(f"[data-step='{place}']") for place in (10, 9, 6, 3)}
    middle = {place: mark.bounding_box() for place, mark in marks.items()}
    seen = []
    for place, box in middle.items():
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
        if place == 10:
            page.mouse.down()
        expect(strip).to_have_attribute("aria-valuenow", str(place))
        seen.append(strip.get_attribute("aria-valuenow"))
    page.mouse.up()
    assert seen == ["10", "9", "6", "3"]
    expect(page.locator(".wb-banner")).to_contain_text("step 3 of 10")
    expect(strip).to_be_focused()
    for key, at in (("ArrowLeft", 2), ("ArrowRight", 3), ("ArrowRight", 4), ("End", 10), ("Home", 0)):
        page.keyboard.press(key)
        expect(strip).to_have_attribute("aria-valuenow", str(at))
    expect(strip).to_be_focused()
    assert page.evaluate("jupyterapp.shell.currentWidget.content.mode") == "command"


def test_the_focus_goes_to_what_takes_the_place_and_never_to_the_page(story_page: Page):
    page = story_page
    press(page, "Step")
    expect(page.locator(".wb-settlement")).to_be_visible()
    page.keyboard.press("i")
    expect(button(page, "Ask the actors")).to_be_focused()
    page.keyboard.press("f")
    expect(button(page, "Step")).to_be_focused()
    page.locator(".repid-wb [data-k=pace]").select_option("0")
    press(page, "Run")
    expect(page.locator(".wb-notice")).to_contain_text("Ran")
    assert page.evaluate("document.querySelector('.repid-wb').contains(document.activeElement)")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".wb-banner")).to_be_visible()


LONG = """
finished = asyncio.Event()


@orders.actor
async def long_report(number: int) -> None:
    await finished.wait()


await workbench.stepper.send("orders", {"number": 4}, topic="long_report", priority=9)
"""


def test_an_actor_that_runs_has_a_clock(story_page: Page, lab: Lab):
    run_cell(lab, LONG)
    press(story_page, "Step")
    expect(story_page.locator(".wb-headline")).to_have_text("long_report works on m4")
    story_page.wait_for_function("parseFloat(document.querySelector('[data-clock]')?.textContent) > 0.1")
    run_cell(lab, "finished.set()")
    expect(story_page.locator(".wb-headline")).to_have_text("long_report got m4 ✓ acked")


CLASSROOM = """
workbench = Workbench(app, messages=[
    {"topic": "ship_order", "payload": {"number": 1}},
    {"label": "to nobody", "topic": "nobody", "payload": {"number": 2}},
])
workbench
"""


def test_a_lesson_in_front_of_a_class(story_page: Page, lab: Lab):
    page = story_page
    run_cell(lab, CLASSROOM)
    bench = page.locator(".repid-wb")
    # The one before is closed when this one is made.
    expect(bench).to_have_count(1)
    expect(button(page, "to nobody")).to_be_visible()
    # Everything is back to the start in one press, and that is taken back by another.
    press(page, "More")
    press(page, "Empty the queues")
    expect(bench.locator(".wb-lanes [data-message]")).to_have_count(0)
    press(page, "Undo reset")
    expect(bench.locator(".wb-lanes [data-message]")).to_have_count(3)
    press(page, "Empty the queues")
    bench.get_by_label("before the reveal", exact=True).check()
    press(page, "More")
    # A prepared message is sent by one click; the step stops before the reveal, and a clicker goes on.
    press(page, 'ship_order {"number": 1}')
    expect(bench.locator(".wb-lanes [data-message]")).to_have_count(1)
    press(page, "Step")
    expect(bench.locator(".wb-notice")).to_contain_text("who gets it?")
    press(page, "Crash the worker")
    expect(bench.locator(".wb-notice")).to_contain_text("The worker crashed")
    expect(bench.locator(".wb-lanes [data-message]")).to_have_count(1)
    press(page, "Step")
    expect(button(page, "Ask the actors")).to_be_visible()
    press(page, "Finish the step")
    expect(bench.locator(".wb-headline")).to_contain_text("ship_order got m")
    # The whole way of a message, with what came of it.
    bench.locator(".wb-slot .wb-current").click()
    expect(bench.locator(".wb-trailrow")).to_have_count(3)
    press(page, "Edit and send again")
    expect(bench.get_by_label("Payload", exact=True)).to_have_value('{"number":1}')
    page.keyboard.press("Escape")
    expect(bench.locator(".wb-trailpanel")).to_have_count(0)


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
        expect(button(page, phase)).to_be_visible()
        page.keyboard.press("i")
    expect(story(page)).to_contain_text("went to send_sms")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".wb-banner")).to_be_visible()
    page.keyboard.press("g")
    expect(page.locator(".wb-message")).to_be_visible()
    page.keyboard.press("p")
    expect(button(page, "Predict")).to_have_attribute("aria-pressed", "true")
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


def test_nothing_for_axe_to_find(workbench: Page, lab: Lab):
    page = workbench
    page.emulate_media(reduced_motion="reduce")
    write(page)
    send(page, "send_sms")
    send(page, "send_fax")
    press(page, "Step")
    expect(page.locator(".wb-settlement")).to_contain_text("✓ acked")
    press(page, "Step")
    expect(page.locator(".wb-settlement")).to_contain_text("↩ rejected")
    expect(page.locator(".wb-token")).to_have_count(0)
    for number, theme in enumerate(lab.both_themes()):
        for width in (1280, 800):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function("width => innerWidth === width", arg=width)
            assert problems(page, ".repid-wb", [CONTRAST] if number else []) == []
            lab.screenshot(f"workbench-{theme}-{width}")
    page.evaluate("document.querySelector('.repid-wb .wb-whyline').style.color = 'rgb(128,128,128,0.3)'")
    assert [one["id"] for one in problems(page, ".repid-wb", [CONTRAST])] == [CONTRAST]


def test_what_a_cell_does_shows_when_the_cell_is_done(workbench: Page, lab: Lab):
    run_cell(lab, 'await workbench.stepper.send("user_tasks", {"to": "eve"}, topic="send_letter")')
    expect(workbench.locator(".wb-message")).to_contain_text("send_letter")
    run_cell(lab, "await workbench.stepper.step()")
    expect(story(workbench)).to_contain_text("went to send_letter")


def test_five_runs_of_the_cell_leave_one_workbench(workbench: Page, lab: Lab):
    run_cell(lab, LIVE)
    once = figures(lab)
    for _ in range(5):
        run_cell(lab, SHOW, index=1)
    run_cell(lab, LIVE)
    assert figures(lab) == once
    expect(workbench.locator(".repid-wb")).to_have_count(1)
    write(workbench)
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
    write(workbench)
    send(workbench, "send_sms")
    press(workbench, "Step into")
    expect(workbench.locator(".wb-held")).to_be_visible()
    lab.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")
    expect(workbench.locator(".wb-notice")).to_contain_text("back at its place")
    expect(workbench.locator(".wb-message")).to_contain_text("send_sms")


def test_a_click_is_dealt_with_where_the_cells_run(workbench: Page, lab: Lab):
    run_cell(lab, "import threading\n@router.actor\nasync def where(): return threading.current_thread().name")
    write(workbench)
    send(workbench, "where", "")
    press(workbench, "Step")
    expect(workbench.locator(".wb-is-winner")).to_contain_text("'MainThread'")


def test_a_kernel_that_is_gone_is_said_in_words(workbench: Page, lab: Lab):
    lab.restart()
    expect(workbench.locator(".wb-error")).to_contain_text("Run its cell again")
    expect(workbench.locator(".wb-headline")).to_have_text("The kernel is gone")
    for key in ("step", "into", "run"):
        expect(workbench.locator(f"[data-k={key}]")).to_be_disabled()


def test_somebody_s_markup_is_text(workbench: Page):
    payload = '{"to": "<img src=x onerror=window.hacked=1>"}'
    write(workbench)
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
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    expect(page.locator(".repid-wb")).to_be_visible()
    write(page)
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
    text: str = lab.page.evaluate(
        "jupyterapp.shell.currentWidget.content.widgets.at(-1).model.sharedModel.outputs.map(one => one.text).join('')"
    )
    return re.findall(r"\d+", text)
