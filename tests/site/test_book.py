"""The live book: each page's cells run in the page, and show what the book shows."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from support.axe import problems
from support.files import NOTEBOOKS, ROOT
from support.static_host import StaticHost

from repid_nb.display.words import duration_text

pytestmark = pytest.mark.timeout(900)

# What differs from run to run.
CHANGING = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"[0-9a-f]{8}…|…[0-9a-f]{7,8}", "ID"),
    (r"\b(under )?\d+([.,]\d+)?\s*(µs|us|ms|s|seconds?|minutes?)\b", "TIME"),
    (r"0x[0-9a-f]+", "ADDRESS"),
    (r"\b\d\d:\d\d:\d\d\b", "CLOCK"),
]
NOT_HERE = "not-in-a-browser"
WIDGET = re.compile('class="repid-nb-(saved|asked)"')
ERROR = "Error:"
SOLUTION = """
from repid_nb.classroom import check

def order_events(*, actor_name, **options):
    return lambda message: (message.headers or {}).get("event", "").startswith("order.")

check("routing-1", order_events)
"""
ANSWERS = "from repid_nb.classroom.progress import progress\nprint(progress().answers)"
SHOWN = """() => window.live.cells.map((cell) => [...cell.output.children].map((one) => ({
    html: one.innerHTML,
})))"""


def open_live(page: Page, host: StaticHost, name: str) -> None:
    page.goto(f"{host.base}/book/notebooks/{name}.html")
    page.get_by_role("button", name="Make this page live").click()
    expect(page.get_by_text("Ready. Change a cell")).to_be_visible()


def committed(path: Path) -> Iterator[tuple[str, list[str] | None]]:
    """Yield each cell's source and what it shows; None where the page shows that in another way."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            is_other = NOT_HERE in cell.metadata.get("tags", ()) or any(map(is_widget, cell.outputs))
            yield cell.source, None if is_other else [normal(text_of(output)) for output in cell.outputs]


def is_widget(output: Any) -> bool:
    """Whether this stands for a widget where no script runs."""
    return WIDGET.search(output.get("data", {}).get("text/html", "")) is not None


def text_of(output: Any) -> str:
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return ERROR + str(output.evalue)
    data = output.data
    markup = data.get("text/html") or data.get("image/svg+xml")
    return data.get("text/plain", "") if markup is None else text_of_markup(markup)


def text_of_markup(markup: str) -> str:
    without = re.sub(r"<(style|script|title|desc)\b.*?</\1>|<!--.*?-->", "", markup, flags=re.DOTALL)
    # A word ends where its element does.
    return html.unescape(re.sub(r"<[^>]*>", " ", without))


def is_the_same(was: str, now: str) -> bool:
    """Whether a page shows what was committed; beside an error it says in its own words where that was raised."""
    return was == now or (was.startswith(ERROR) and was.removeprefix(ERROR) in now)


def normal(text: str) -> str:
    for pattern, name in CHANGING:
        text = re.sub(pattern, name, text)
    return "".join(text.split())


@pytest.mark.parametrize("seconds", [0.025, 1.25, 130])
def test_a_step_that_a_busy_machine_takes_its_time_over_shows_what_is_committed(seconds: float):
    slow, quick = (f"<b>acked</b> · {duration_text(time)}<b>m3</b>" for time in (seconds, 0.001))
    assert normal(text_of_markup(slow)) == normal(text_of_markup(quick))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_cell_of_a_page_shows_in_the_page_what_is_committed(page: Page, host: StaticHost, path: Path):
    open_live(page, host, str(path.relative_to(ROOT / "notebooks").with_suffix("")))
    assert page.evaluate("window.live.runAll()")
    expect(page.locator(".live-widget:not(:has(*))")).to_have_count(0)
    now = page.evaluate(SHOWN)
    different = []
    for (source, was), shown in zip(committed(path), now, strict=True):
        texts = [normal(text_of_markup(one["html"])) for one in shown]
        if was is not None and not (len(texts) == len(was) and all(map(is_the_same, was, texts))):
            different.append({"source": source[:200], "was": was, "now": texts})
    assert different == [], "\n".join(f"{one}" for one in different)


def cell(page: Page, number: int) -> Locator:
    return page.get_by_role("textbox", name=f"Cell {number}", exact=True)


def write(page: Page, number: int, source: str) -> None:
    cell(page, number).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(source)


def test_a_changed_cell_runs_by_shift_enter_and_is_there_after_a_reload(page: Page, host: StaticHost):
    open_live(page, host, "01_messages")
    write(page, 1, "print('mine')")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("pre.live-stream").first).to_have_text("mine\n")
    open_live(page, host, "01_messages")
    expect(cell(page, 1)).to_have_text("print('mine')")
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("button", name="Really?").click()
    expect(cell(page, 1)).not_to_have_text("print('mine')")


def test_lines_that_are_dropped_or_dictated_into_a_cell_stay_lines(page: Page, host: StaticHost):
    open_live(page, host, "01_messages")
    write(page, 1, "for number in (1, 2):\n    print(number)")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("pre.live-stream").first).to_have_text("1\n2\n")


LOOK = """() => [...document.querySelectorAll('.cell_input pre')].map((pre) => [
    pre.getBoundingClientRect().height,
    ...['k', 'kn', 'mi', 's2', 'nf', 'keyword', 'number', 'string', 'function'].flatMap((name) => {
        const found = pre.querySelector(`.${name}`);
        return found ? [getComputedStyle(found).color] : [];
    }),
]).map(([height, ...colours]) => [height, [...new Set(colours)].sort()])"""


def test_code_looks_the_same_in_the_editor_as_in_print(page: Page, host: StaticHost):
    page.goto(f"{host.base}/book/notebooks/00_start.html")
    printed = page.evaluate(LOOK)
    open_live(page, host, "00_start")
    assert page.evaluate(LOOK) == printed


def test_tab_completes_a_name_of_the_page_and_escape_lets_tab_leave(page: Page, host: StaticHost):
    open_live(page, host, "01_messages")
    write(page, 1, "import asyncio")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_role("button", name="▶ Run", exact=True).first).to_be_enabled()
    write(page, 1, "asyncio.create_ta")
    page.keyboard.press("Tab")
    expect(cell(page, 1)).to_have_text("asyncio.create_task")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(cell(page, 1)).not_to_be_focused()


def test_the_stop_button_stops_what_is_busy_and_what_awaits(page: Page, host: StaticHost):
    open_live(page, host, "01_messages")
    for number, endless in enumerate(("while True:\n    pass", "import asyncio\nawait asyncio.sleep(600)")):
        source = f"print('begun', {number})\n{endless}"
        page.evaluate("(source) => live.cells[0].editor.set(source)", source)
        cell(page, 1).press("Shift+Enter")
        expect(page.locator("pre.live-stream").first).to_have_text(f"begun {number}\n")
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("pre.live-error").first).to_be_visible()
        expect(page.get_by_role("button", name="Stop")).to_be_disabled()


def test_a_solved_exercise_is_ticked_in_the_contents(page: Page, host: StaticHost):
    open_live(page, host, "exercises/routing-1")
    page.evaluate("(source) => live.cells[0].editor.set(source)", SOLUTION)
    cell(page, 1).press("Shift+Enter")
    expect(page.get_by_role("img", name="solved").first).to_be_visible()


def test_an_answer_stands_behind_a_guess_until_the_reader_asks(page: Page, host: StaticHost):
    page.goto(f"{host.base}/book/notebooks/02_routing.html")
    fold = page.locator("details.guess").first
    expect(fold.locator(".cell_output")).to_be_hidden()
    fold.get_by_text("What happens?").click()
    expect(fold.locator(".cell_output")).to_be_visible()


def test_a_guess_is_told_by_the_cell_that_answers_it_and_kept_over_a_reload(page: Page, host: StaticHost):
    page.goto(host.base)
    # What a reader has changed is kept, what another test has, too.
    page.evaluate("localStorage.clear()")
    open_live(page, host, "01_messages")
    for number in range(3):
        assert page.evaluate(f"live.cells[{number}].run()")
    page.get_by_text("m1, sent first").click()
    assert page.evaluate("live.cells[3].run()")
    expect(page.get_by_text("✓ Right.")).to_be_visible()
    open_live(page, host, "01_messages")
    page.evaluate("(source) => live.cells[0].editor.set(source)", ANSWERS)
    cell(page, 1).press("Shift+Enter")
    expect(page.locator("pre.live-stream").first).to_have_text("{'messages': {'guess 1': True}}\n")


@pytest.mark.parametrize("name", ["teachers", "glossary", "differences", "celery"])
def test_a_page_without_cells_offers_no_python(page: Page, host: StaticHost, name: str):
    page.goto(f"{host.base}/book/notebooks/{name}.html")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Make this page live")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_workbench_steps_in_the_page(reader: BrowserContext, host: StaticHost, scheme: str):
    page = reader.new_page()
    page.emulate_media(color_scheme=scheme)
    open_live(page, host, "03_workbench")
    page.evaluate("(async () => { await live.cells[0].run(); await live.cells[1].run(); })()")
    stage = page.locator(".repid-wb").first
    stage.get_by_role("button", name="SMS to Bob").first.click()
    stage.get_by_role("button", name="Step", exact=True).click()
    expect(stage.get_by_role("heading").filter(has_text="got")).to_be_visible()
    # The theme's own rules for lists do not reach into it.
    expect(stage.locator(".wb-run dd").first).to_have_css("margin", "0px")
    assert problems(page, ".repid-wb") == []
    page.close()
