"""An exported lesson, opened from disk with the network off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import comm
import pytest
from playwright.sync_api import Browser, Page, expect
from stepping.bench import app_of
from support.axe import problems
from support.lab import PATIENCE, TOLD_AT_ONCE

from repid_nb import Router, Simulation, Stepper, Workbench, every
from repid_nb.widgets.export.saved import framed

pytestmark = pytest.mark.browser

HOSTILE = "</script><script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\">"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export a lesson of four steps: a match, poison at its second sighting, and a hostile payload."""
    router = Router(channel="orders")

    @router.actor
    async def ship(number: int) -> str:
        return f"order {number} is on its way"

    async def play() -> Path:
        async with Stepper(app_of(router), max_unrouted_retries=2) as stepper:
            workbench = Workbench(stepper)
            workbench.note("Who gets the first message?")
            await stepper.send("orders", {"number": 1}, topic="ship")
            await stepper.send("orders", HOSTILE.encode(), topic=HOSTILE)
            await stepper.run()
            workbench.note("Poison.", step=3)
            path = workbench.export(tmp_path_factory.mktemp("lesson") / "lesson.html", title="Two orders")
            workbench.close()
            return path

    # Playwright has a loop in this thread.
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor() as threads:
        patch.setattr(comm, "create_comm", comm.DummyComm)
        return threads.submit(lambda: asyncio.run(play())).result()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page without a network that has complained of nothing when the test ends."""
    context = browser.new_context(offline=True, reduced_motion="reduce", viewport={"width": 900, "height": 700})
    context.set_default_timeout(PATIENCE)
    context.add_init_script(TOLD_AT_ONCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def open_lesson(page: Page, exported: Path, hash_: str = "") -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{exported.as_uri()}{hash_}")
    expect(page.locator(".repid-wb")).to_be_visible()
    assert [url.partition("#")[0] for url in asked] == [exported.as_uri()]


def test_a_lesson_plays_from_disk_to_its_end(page: Page, exported: Path):
    open_lesson(page, exported)
    expect(page.locator("#lesson-note")).to_have_text("Who gets the first message?")
    step = page.get_by_role("button", name="Step", exact=True)
    for number in range(1, 4):
        step.click()
        page.wait_for_url(f"**#step={number}")
    expect(page.locator("#lesson-note")).to_have_text("Poison.")
    expect(page.locator(".repid-wb")).to_contain_text("nacked")
    step.click()
    expect(page.locator(".repid-wb")).to_contain_text("That was the last step of this lesson.")


def test_a_click_on_a_message_shows_its_whole_way(page: Page, exported: Path):
    open_lesson(page, exported, "#step=1")
    page.get_by_role("button", name="Follow m1").click()
    way = page.get_by_role("region", name="The way of m1")
    expect(way).to_contain_text("got it · ✓ acked")
    way.get_by_role("button", name="Open it").click()
    expect(page.locator(".wb-opened")).to_be_visible()
    way.get_by_role("button", name="Close").click()
    expect(way).to_have_count(0)


def test_a_lesson_is_played_by_keys(page: Page, exported: Path):
    open_lesson(page, exported)
    page.keyboard.press("s")
    page.wait_for_url("**#step=1")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**#step=0")


def test_in_a_frame_a_lesson_leaves_the_focus_to_the_page_around_it(page: Page, exported: Path):
    around = exported.with_name("around.html")
    around.write_text(f'<!doctype html><iframe src="{exported.name}"></iframe>', encoding="utf-8")
    page.goto(around.as_uri())
    expect(page.frame_locator("iframe").locator(".repid-wb")).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "BODY"


@pytest.mark.parametrize(("width", "most"), [(1000, 720), (640, 960), (400, 1350)])
def test_in_a_notebook_the_frame_of_a_lesson_is_as_high_as_its_width_asks_for(
    page: Page, exported: Path, width: int, most: int
):
    page.set_viewport_size({"width": width, "height": 700})
    page.set_content(framed(exported.read_text(encoding="utf-8"), "Two orders", "", name="repid-nb-saved"))
    frame = page.locator("iframe").evaluate("frame => frame.clientHeight")
    lesson = page.frame_locator("iframe").locator("body").evaluate("body => body.offsetHeight")
    assert lesson <= frame == most


def test_a_link_leads_to_a_moment(page: Page, exported: Path):
    open_lesson(page, exported, "#step=3")
    expect(page.locator("#lesson-note")).to_have_text("Poison.")
    expect(page.locator(".repid-wb")).to_contain_text("nacked")
    page.evaluate("location.hash = '#step=1'")
    expect(page.locator(".repid-wb")).to_contain_text("order 1 is on its way")


def test_a_hostile_payload_is_shown_and_not_run(page: Page, exported: Path):
    open_lesson(page, exported, "#step=2")
    expect(page.locator(".repid-wb")).to_contain_text("</script><script>document.title='hacked'")
    assert page.title() == "Two orders"
    assert page.locator("#lesson-stage img").count() == 0


def test_without_a_script_the_lesson_is_a_still(browser: Browser, exported: Path):
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(exported.as_uri())
    expect(page.locator("#lesson-still svg")).to_be_visible()
    context.close()


def test_a_drag_over_the_river_seeks(page: Page, exported: Path):
    open_lesson(page, exported)
    river = page.get_by_role("slider", name="Step, on the river")
    box = river.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 106, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 100 + 72 * 2.5, box["y"] + 20, steps=6)
    page.mouse.up()
    page.wait_for_url("**#step=3")
    expect(river).to_have_attribute("aria-valuetext", "Step 3: m2 of orders, ✗ nacked")
    river.press("ArrowLeft")
    page.wait_for_url("**#step=2")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_lesson_reads_well_in_both_themes(page: Page, exported: Path, scheme: Literal["light", "dark"]):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    open_lesson(page, exported, "#step=3")
    expect(page.locator(".repid-wb")).to_contain_text("nacked")
    assert problems(page, "main") == []


def test_printed_a_lesson_has_its_still(page: Page, exported: Path):
    open_lesson(page, exported)
    expect(page.locator("#lesson-still")).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator("#lesson-still svg")).to_be_visible()


def test_a_run_plays_too_with_a_river_that_counts_seconds(page: Page, tmp_path: Path):
    router = Router(channel="orders")

    @router.actor
    async def ship(number: int) -> None: ...

    simulation = Simulation(app_of(router))
    simulation.produce("orders", lambda number: {"number": number}, topic="ship", arrivals=every(1, count=10))
    simulation.takes("ship", 1.5)
    simulation.worker(tasks_limit=1)
    path = simulation.run(until="idle").export(tmp_path / "run.html", title="Ten orders")
    open_lesson(page, path, "#step=2")
    expect(page.get_by_role("status").first).to_have_text(
        "1.50 s: worker 1 takes m2, which has waited 0.5 s, and has it for 1.5 s."
    )
    river = page.get_by_role("slider", name="Step, on the river")
    expect(river).to_have_attribute("aria-valuetext", "1.5 s: 0 waiting")
    box = river.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 20, box["y"] + 20)
    page.wait_for_url("**#step=10")
    expect(page.locator(".repid-wb")).to_contain_text("ship got m10")
    assert problems(page, "main") == []
