"""The built site on a server of its own under a sub-path, and a browser that reaches nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from support.files import ROOT
from support.lab import PATIENCE, chromium_for_tests, launched_chromium
from support.missing import skip_or_fail
from support.static_host import StaticHost

# Python starts in the page; on a busy machine that takes its time.
expect.set_options(timeout=PATIENCE)

SITE = ROOT / "build" / "site"


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site."""
    if not (SITE / "sw.js").exists():
        skip_or_fail("The site is not built. Build it: make site")
    return SITE


@pytest.fixture
def own_site(site: Path, tmp_path: Path) -> Path:
    """A copy of the built site, of which a test may publish another edition."""
    copy = tmp_path / "site"
    shutil.copytree(site, copy, copy_function=shutil.copy)
    return copy


@pytest.fixture(scope="session")
def host(site: Path) -> Iterator[StaticHost]:
    with StaticHost(site, "/sub/path") as running:
        yield running


@pytest.fixture(scope="session")
def executable() -> str:
    """The path of Chromium."""
    return chromium_for_tests()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright, executable: str) -> Iterator[Browser]:
    hosts = "MAP class.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    running = launched_chromium(playwright, executable, [f"--host-resolver-rules={hosts}"])
    yield running
    running.close()


@pytest.fixture(scope="session")
def reader(browser: Browser, host: StaticHost) -> Iterator[BrowserContext]:
    """A visitor who has been here before, and whose requests all go to the site's own host."""
    visitor = browser.new_context(viewport={"width": 1280, "height": 900})
    visitor.set_default_timeout(PATIENCE)
    elsewhere = watched(visitor, host)
    first = visitor.new_page()
    first.goto(f"{host.base}/")
    # Until then a page loads itself once more, at any moment.
    first.wait_for_function("navigator.serviceWorker.controller")
    first.close()
    yield visitor
    visitor.close()
    assert elsewhere == []


@pytest.fixture
def page(reader: BrowserContext) -> Iterator[Page]:
    opened = reader.new_page()
    yield opened
    opened.close()


def watched(context: BrowserContext, host: StaticHost) -> list[str]:
    """Return the list in which requests to other hosts will be."""
    elsewhere: list[str] = []
    own = (host.origin, "data:", "blob:")
    context.on("request", lambda request: None if request.url.startswith(own) else elsewhere.append(request.url))
    return elsewhere
