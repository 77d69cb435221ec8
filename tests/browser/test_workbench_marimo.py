"""The workbench in marimo, which shows anywidgets without ipywidgets' manager."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

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
    pytest.importorskip("marimo")
    notebook = tmp_path / "workbench.py"
    notebook.write_text(NOTEBOOK)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["run", str(notebook), "--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port)]
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
            for _ in range(300):
                with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                    break
                with suppress(subprocess.TimeoutExpired):
                    server.wait(timeout=0.1)
                    raise AssertionError(log.read_text())
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=30)


def test_a_message_is_sent_and_stepped(browser: Browser, address: str):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    bench = page.locator(".repid-wb")
    expect(bench).to_be_visible(timeout=30_000)
    bench.get_by_label("Topic").fill("send_sms")
    bench.get_by_label("Payload").fill('{"to": "ada"}')
    bench.get_by_role("button", name="Send", exact=True).click()
    expect(bench.locator(".wb-message")).to_contain_text("send_sms")
    bench.get_by_role("button", name="Step", exact=True).click()
    expect(bench.locator(".wb-settlement")).to_contain_text("✓ acked")
    page.close()
