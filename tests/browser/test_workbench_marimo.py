"""The workbench in marimo, which shows anywidgets without ipywidgets' manager."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from support.lab import PATIENCE

pytestmark = pytest.mark.browser

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo

    from repid_nb import InMemoryServer, Repid, Router, Workbench

    queue = Repid()
    queue.servers.register_server("default", InMemoryServer(), is_default=True)
    router = Router(channel="user_tasks")
    queue.include_router(router)

    @router.actor
    async def send_sms(to: str) -> str:
        return f"sms to {to}"

    mo.ui.anywidget(Workbench(queue))
    return


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    notebook = tmp_path / "workbench.py"
    notebook.write_text(NOTEBOOK)
    options = ["run", str(notebook), "--headless", "--no-token", "--host", "127.0.0.1"]
    log = tmp_path / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(  # noqa: S603  (the interpreter that runs the tests)
            [sys.executable, "-m", "marimo", *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "MARIMO_SKIP_UPDATE_CHECK": "1", "HOME": str(tmp_path)},
        )
        try:
            yield _address_once_it_answers(server, log)
        finally:
            server.terminate()
            server.wait(timeout=60)


def _address_once_it_answers(server: subprocess.Popen[bytes], log: Path) -> str:
    # A busy machine takes a minute over what else takes three seconds.
    give_up = time.monotonic() + 180
    while time.monotonic() < give_up:
        if printed := re.search(r"URL: (http://\S+)", log.read_text()):
            with suppress(OSError), urllib.request.urlopen(f"{printed[1]}/health", timeout=5):  # noqa: S310
                return printed[1]
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.1)
            break
    raise AssertionError(log.read_text())


def test_a_message_is_sent_and_stepped(browser: Browser, address: str):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    bench = page.locator(".repid-wb")
    expect(bench).to_be_visible()
    bench.get_by_role("button", name="Write one", exact=True).click()
    bench.get_by_label("Topic", exact=True).fill("send_sms")
    bench.get_by_label("Payload", exact=True).fill('{"to": "ada"}')
    bench.get_by_role("button", name="Send", exact=True).click()
    expect(bench.locator(".wb-message")).to_contain_text("send_sms")
    bench.get_by_role("button", name="Step", exact=True).click()
    expect(bench.locator(".wb-settlement")).to_contain_text("✓ acked")
    page.close()
