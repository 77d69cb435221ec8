from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support.files import ROOT
from support.lab import TOLD_AT_ONCE, Lab, chromium_for_tests, jupyter_server, launched_chromium

# On a busy machine the first view of a widget takes longer than Playwright's five seconds.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = chromium_for_tests()
    with sync_playwright() as playwright:
        running = launched_chromium(playwright, executable)
        yield running
        running.close()


@pytest.fixture(scope="session")
def jupyter_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab shows: a copy of the tutorials, so that a test can save what it likes."""
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    return root


@pytest.fixture(scope="session")
def jupyter_address(jupyter_root: Path) -> Iterator[str]:
    with jupyter_server(jupyter_root) as address:
        yield address


@pytest.fixture(scope="session")
def lab_page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.add_init_script(TOLD_AT_ONCE)
    yield page
    page.close()


@pytest.fixture
def lab(lab_page: Page, jupyter_address: str) -> Iterator[Lab]:
    opened = Lab(lab_page, jupyter_address)
    yield opened
    opened.close()
