"""The site as a whole: nothing from elsewhere, readable by all, kept for when there is no network, updated in parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect
from support.axe import problems
from support.lab import CHROMIUM_FLAGS, PATIENCE, READY
from support.site_update import publish
from support.static_host import StaticHost

from repid_nb.classroom import course

pytestmark = pytest.mark.timeout(900)

PAGES = ["index.html", "book/index.html", "book/notebooks/02_routing.html", "book/reference/step.html"]
KEPT = "✓ The whole course works without a network now."
MOST_MEGABYTES = 50


@pytest.fixture(scope="module", params=PAGES)
def opened(request: pytest.FixtureRequest, browser: Browser, host: StaticHost) -> Iterator[Page]:
    """A page of the site, which a test makes narrow or dark."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{host.base}/{request.param}")
    yield page
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(opened: Page, scheme: Literal["light", "dark"]):
    opened.emulate_media(color_scheme=scheme)
    assert problems(opened, "body") == []


@pytest.mark.parametrize("width", [390, 900, 1100, 1400])
def test_no_page_scrolls_sideways(opened: Page, width: int):
    opened.set_viewport_size({"width": width, "height": 800})
    # What looks after its own width does so a moment later.
    opened.wait_for_function("document.documentElement.scrollWidth <= innerWidth")


def test_the_landing_page_plays_a_lesson(page: Page, host: StaticHost):
    page.goto(f"{host.base}/")
    lesson = page.frame_locator("iframe")
    expect(lesson.get_by_text("Five orders, three actors").first).to_be_visible()


@pytest.mark.parametrize("width", [390, 1400])
def test_the_lesson_of_the_landing_page_is_seen_whole_and_leaves_the_focus_alone(
    page: Page, host: StaticHost, width: int
):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{host.base}/")
    expect(page.frame_locator("iframe").get_by_role("button", name="Stop")).to_be_visible()
    page.wait_for_function(
        """() => {
            const frame = document.querySelector("iframe");
            return frame.contentDocument.documentElement.scrollHeight <= frame.clientHeight;
        }"""
    )
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_two_clicks_after_the_first_page_a_message_is_stepped(page: Page, host: StaticHost):
    page.goto(f"{host.base}/")
    page.get_by_role("link", name="Try it here").click()
    stage = page.locator(".repid-wb").first
    stage.get_by_role("button", name="Ada signs up").first.click()
    stage.get_by_role("button", name="Step", exact=True).click()
    expect(stage.get_by_role("heading").filter(has_text="got")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_button_for_the_theme_chooses_for_the_whole_page(browser: Browser, host: StaticHost, theme: str):
    other: Literal["light", "dark"] = "light" if theme == "dark" else "dark"
    visit = browser.new_context(color_scheme=other)
    visit.set_default_timeout(PATIENCE)
    visit.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    page = visit.new_page()
    page.goto(f"{host.base}/book/notebooks/02_routing.html")
    picture = page.locator(".cell_output img").first
    assert picture.evaluate("picture => getComputedStyle(picture).colorScheme") == theme
    page.emulate_media(media="print")
    assert picture.evaluate("picture => getComputedStyle(picture).colorScheme") == "light"
    visit.close()


def test_printed_no_line_of_code_is_cut_off(page: Page, host: StaticHost):
    page.set_viewport_size({"width": 700, "height": 900})
    page.goto(f"{host.base}/book/notebooks/08_arguments.html")
    page.emulate_media(media="print")
    cut = "all => all.filter(pre => pre.scrollWidth > pre.clientWidth + 1).length"
    assert page.locator("article .highlight pre").evaluate_all(cut) == 0
    page.emulate_media(media="screen")


def test_the_exercises_are_listed_in_the_order_of_the_course(page: Page, host: StaticHost):
    page.goto(f"{host.base}/book/index.html")
    links = page.locator(".toctree-wrapper a[href*='exercises/']").evaluate_all("all => all.map(one => one.href)")
    in_order = [one.name for chapter in course().chapters for one in chapter.exercises]
    assert [link.rpartition("/")[2].removesuffix(".html") for link in links] == in_order


def test_a_search_finds_the_chapter_before_the_names_of_the_reference(page: Page, host: StaticHost):
    page.goto(f"{host.base}/book/search.html?q=priority")
    expect(page.locator("ul.search li a").first).to_have_text("5 · Priority")


def test_every_link_of_the_book_leads_somewhere(site: Path):
    links = (
        (file, link)
        for file in (site / "book").rglob("*.html")
        for link in re.findall(r'href="([^"#?]+)', file.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:", link)
    )
    dead = {f"{file.relative_to(site)}: {link}" for file, link in links if not (file.parent / link).exists()}
    assert dead == set()


def test_the_site_is_small_enough(site: Path):
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) / 1e6
    assert size <= MOST_MEGABYTES


def test_without_a_network_everything_works_that_worked_with_one(
    playwright: Playwright, executable: str, site: Path, tmp_path: Path
):
    def visit() -> AbstractContextManager[Page]:
        return restarted(playwright, executable, tmp_path)

    with StaticHost(site, "/course") as host:
        with visit() as page:
            page.goto(f"{host.base}/")
            expect(page.get_by_text(KEPT)).to_be_visible(timeout=PATIENCE)
        host.go_away()
        with visit() as page:
            page.goto(f"{host.base}/book/notebooks/01_messages.html")
            page.get_by_role("button", name="Make this page live").click()
            expect(page.get_by_text("Ready. Change a cell")).to_be_visible()
            assert page.evaluate("window.live.cells[0].run()")
            page.goto(f"{host.base}/book/reference/step.html")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            page.goto(f"{host.base}/try/notebooks/index.html?path=notebooks/02_routing.ipynb")
            page.wait_for_function(READY, timeout=PATIENCE)


@contextmanager
def restarted(playwright: Playwright, executable: str, profile: Path) -> Iterator[Page]:
    """A browser that is started for one visit, and finds again what it kept in its profile."""
    context = playwright.chromium.launch_persistent_context(profile, executable_path=executable, args=CHROMIUM_FLAGS)
    context.set_default_timeout(PATIENCE)
    yield context.pages[0]
    context.close()


def test_without_https_pages_run_and_say_what_is_missing(browser: Browser, host: StaticHost):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    base = host.base.replace("127.0.0.1", "class.test")
    page.goto(f"{base}/")
    expect(page.get_by_text("This address has no https")).to_be_visible()
    page.goto(f"{base}/book/notebooks/01_messages.html")
    page.get_by_role("button", name="Make this page live").click()
    expect(page.get_by_text("Stop ends only what awaits here")).to_be_visible()
    assert page.evaluate("window.live.cells[0].run()")
    page.close()


def test_an_update_fetches_what_has_changed_and_says_so(browser: Browser, own_site: Path):
    with StaticHost(own_site, "/course") as host:
        context = browser.new_context()
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{host.base}/")
        expect(page.get_by_text(KEPT)).to_be_visible(timeout=PATIENCE)
        landing = (own_site / "index.html").read_text(encoding="utf-8")
        publish(own_site, "index.html", landing.replace("<h1>See how a message queue", "<h1>See how a queue, newly,"))
        host.asked.clear()
        page.reload()
        expect(page.get_by_text("The course has been updated.")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="See how a queue, newly, decides")).to_be_visible()
        expect(page.get_by_text(KEPT)).to_be_visible(timeout=PATIENCE)
        context.close()
    assert set(host.asked) <= {"index.html", "sw.js"}
