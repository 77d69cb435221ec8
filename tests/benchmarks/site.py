"""What a first visit to the built site costs: seconds until text, Python and a first cell are there, and bytes.

Run: make site, then .venv/bin/python tests/benchmarks/site.py
Each line is a visitor of its own, with nothing kept, who reaches no other host. `make test-site` prints it at its end.
"""

from __future__ import annotations

import gzip
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.files import ROOT
from support.lab import PATIENCE, READY, chromium, launched_chromium
from support.static_host import StaticHost

SITE = ROOT / "build" / "site"
CHAPTER = "notebooks/02_routing"


def main() -> None:
    """Print the table."""
    executable = chromium()
    if executable is None or not (SITE / "sw.js").exists():
        sys.exit("It takes Chromium, and the site: make site")
    files = [path for path in SITE.rglob("*") if path.is_file()]
    say("the whole site", f"{len(files)} files, {megabytes(files)}")
    with sync_playwright() as playwright, StaticHost(SITE, "/course") as host:
        browser = launched_chromium(
            playwright, executable, ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        )
        visit_book(browser, host)
        step_a_message(browser, host)
        visit_laboratory(browser, host)
        browser.close()


def visit_book(browser: Browser, host: StaticHost) -> None:
    with visitor(browser, host) as page:
        began = time.perf_counter()
        page.goto(f"{host.base}/book/{CHAPTER}.html")
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0") / 1000
        say("book, text readable", f"{painted:.1f} s (all of the page {since(began)})")
        began = time.perf_counter()
        page.get_by_role("button", name="Make this page live").click()
        page.get_by_text("Ready. Change a cell").wait_for(timeout=PATIENCE)
        say("book, Python ready", since(began))
        page.evaluate("window.live.cells[0].run()")
        say("book, first cell done", since(began))
        page.evaluate("window.live.runAll()")
        say("book, a whole chapter run", since(began))
        say("book, fetched for it", fetched(host))


def step_a_message(browser: Browser, host: StaticHost) -> None:
    with visitor(browser, host) as page:
        page.goto(f"{host.base}/")
        began = time.perf_counter()
        page.get_by_role("link", name="Try it here").click()
        stage = page.locator(".repid-wb").first
        stage.get_by_role("button", name="Ada signs up").first.click(timeout=PATIENCE)
        stage.get_by_role("button", name="Step", exact=True).click()
        stage.get_by_role("heading").filter(has_text="got").wait_for(timeout=PATIENCE)
        say("first page, a message stepped", since(began))


def visit_laboratory(browser: Browser, host: StaticHost) -> None:
    with visitor(browser, host) as page:
        began = time.perf_counter()
        page.goto(f"{host.base}/try/notebooks/index.html?path={CHAPTER}.ipynb")
        page.wait_for_function(READY, timeout=PATIENCE)
        say("laboratory, Python ready", since(began))
        say("laboratory, fetched for it", fetched(host))


@contextmanager
def visitor(browser: Browser, host: StaticHost) -> Iterator[Page]:
    host.asked.clear()
    # What a page keeps for later is no part of what it needs.
    context = browser.new_context()
    context.add_init_script("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    yield context.new_page()
    context.close()


def fetched(host: StaticHost) -> str:
    files = {SITE / (path or "index.html") for path in host.asked}
    return f"{len(host.asked)} requests, {megabytes([path for path in files if path.is_file()])}"


def megabytes(files: list[Path]) -> str:
    contents = [path.read_bytes() for path in files]
    size, packed = (sum(map(len, some)) / 1e6 for some in (contents, [gzip.compress(one, 6) for one in contents]))
    return f"{size:.1f} MB ({packed:.1f} MB gzip)"


def since(began: float) -> str:
    return f"{time.perf_counter() - began:.1f} s"


def say(what: str, figure: str) -> None:
    sys.stdout.write(f"{what:31}{figure}\n")


if __name__ == "__main__":
    main()
