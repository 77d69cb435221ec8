"""Pictures and films as a browser draws them, and in the real JupyterLab."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from display.samples import records
from playwright.sync_api import Browser, expect
from support.lab import Lab

from repid_nb import Picture, as_picture
from repid_nb.display.html_view import as_html
from repid_nb.stepping.record import Steps

pytestmark = pytest.mark.browser

CELLS = [
    """
from repid_nb import InMemoryServer, Repid, Router, Stepper

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
router = Router(channel="orders")
app.include_router(router)


@router.actor
async def ship(number: int) -> str:
    return "on its way"


stepper = Stepper(app)
for number in range(3):
    await stepper.send("orders", {"number": number}, topic="ship")
""",
    "stepper.picture()",
    "(await stepper.step()).picture()",
    "(await stepper.run()).film()",
    "stepper.history.picture()",
    'stepper.history.picture("river")',
]


@pytest.fixture
def opened(lab: Lab, jupyter_root: Path) -> Lab:
    """Run a notebook of pictures."""
    lab.run_cells(jupyter_root, "pictures.ipynb", *CELLS)
    return lab


def test_pictures_are_shown_in_a_notebook(opened: Lab):
    shown = opened.page.locator(".jp-OutputArea-output svg.rnb")
    expect(shown).to_have_count(5)
    assert {shown.nth(number).bounding_box()["width"] for number in range(5)} == {560}
    for theme in opened.both_themes():
        opened.screenshot(f"pictures-{theme}")


def test_a_picture_is_as_dark_as_its_page_and_as_narrow(opened: Lab):
    picture = opened.page.locator(".jp-OutputArea-output svg.rnb").first
    colour = "svg => getComputedStyle(svg.querySelector('rect')).fill"
    colours = set()
    for _ in opened.both_themes():
        expect(picture).to_be_visible()
        colours.add(picture.evaluate(colour))
    assert len(colours) == 2
    opened.page.set_viewport_size({"width": 600, "height": 700})
    opened.wait_for("document.querySelector('.jp-OutputArea-output svg.rnb').getBoundingClientRect().width < 500")
    output = opened.page.locator(".jp-OutputArea-output", has=opened.page.locator("svg.rnb")).first
    assert output.evaluate("one => one.scrollWidth <= one.clientWidth")


# Each text that gets out of its picture, and each two texts of one picture that lie on each other.
ASTRAY = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
    const room = svg.viewBox.baseVal;
    const boxes = [...svg.querySelectorAll('text')]
        .filter(one => one.textContent.trim() && !one.closest('[opacity="0"]'))
        .map(one => ({text: one.textContent, box: one.getBoundingClientRect(), svg: svg.getBoundingClientRect()}));
    const out = boxes.filter(({box, svg}) => box.left < svg.left || box.top < svg.top || box.right > svg.right
        || box.bottom > svg.bottom).map(one => one.text);
    const onEachOther = boxes.flatMap((one, place) => boxes.slice(place + 1).filter(other =>
        Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left) > -2
        && Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top) > 6)
        .map(other => `${one.text} / ${other.text}`));
    return [...out, ...onEachOther];
})"""
LONG = ["WWWWWWWWWWWWWWWW_MMMMMMMMMMMMM", "漢字" * 20]


async def pictures(text: str) -> list[Picture]:
    """Draw everything that has a picture, with `text` wherever a name can be."""
    found = await records(text)
    made = [as_picture(one) for kind in ("Step", "Explanation", "QueuesSnapshot", "Steps") for one in found[kind]]
    ran = next(step for step in found["Step"] if step.winner is not None)
    history = found["History"][0]
    urgent = tuple(replace(step, message=replace(step.message, priority=9)) for step in history.steps)
    return [
        *made,
        ran.picture("middleware"),
        ran.picture("settling"),
        history.picture(),
        Steps(urgent, "idle").picture(),
        history.picture("river"),
        history.film({1: text}, title=text),
    ]


@pytest.mark.parametrize("text", ["plain", *LONG])
def test_every_text_stays_in_its_place(browser: Browser, text: str):
    # Playwright has a loop in this thread.
    with ThreadPoolExecutor() as threads:
        drawn = threads.submit(lambda: asyncio.run(pictures(text))).result()
    page = browser.new_page(viewport={"width": 450, "height": 600}, reduced_motion="reduce")
    page.set_content("".join(f"<div>{picture.svg}</div>" for picture in drawn))
    assert page.evaluate(ASTRAY) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 450
    page.close()


# The words of a row that a line break cuts in two: each is told by the rectangles of its letters.
BROKEN = """() => [...document.querySelectorAll('tr')].flatMap(row => {
    const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    const broken = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode())
        for (const word of node.data.matchAll(/[^ ]+/g)) {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            if (new Set([...range.getClientRects()].map(one => Math.round(one.top))).size > 1) broken.push(word[0]);
        }
    return broken;
})"""


def test_on_a_narrow_page_no_word_of_a_row_is_broken_and_the_rows_stand_in_line(browser: Browser):
    with ThreadPoolExecutor() as threads:
        found = threads.submit(lambda: asyncio.run(records("send_welcome_email"))).result()
    page = browser.new_page(viewport={"width": 300, "height": 600})
    page.set_content("".join(as_html(step) for step in found["Step"]))
    assert page.locator("tr").count() > 3
    assert page.evaluate(BROKEN) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 300
    page.set_viewport_size({"width": 900, "height": 600})
    edges = "table => [...table.rows].map(row => Math.round(row.cells[2].getBoundingClientRect().left))"
    for table in page.locator("table").all():
        assert len(set(table.evaluate(edges))) == 1
    page.close()
