"""What the workbench costs: bytes a step, click to painted, 5,000 steps, memory.

Run: .venv/bin/python tests/benchmarks/workbench.py
It drives a real JupyterLab in a real Chromium and takes about three minutes. The figures mean something on a machine
that does nothing else.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import statistics
import sys
import tempfile
import threading
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, WebSocket, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.lab import TOLD_AT_ONCE, Lab, chromium, jupyter_server, launched_chromium

from repid_nb import InMemoryServer, Repid, Router, Stepper
from repid_nb.core.memory import journal
from repid_nb.widgets.session import Session

STEPS = 40
RUN = 5_000

CELL = """
import logging
from repid_nb import InMemoryServer, Repid, Router, Workbench

logging.disable(logging.CRITICAL)
app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
router = Router(channel="tasks")
app.include_router(router)


@router.actor
async def greet(number: int) -> str:
    print("hello", number)
    return f"greeted {number}"


@router.actor
async def part(number: int) -> None: ...


workbench = Workbench(app)
async with app.servers.default.connection():
    for number in range(WAITING):
        await app.send_message_json(channel="tasks", payload={"number": number}, headers={"topic": "greet"})
workbench
"""

# From the click until the frame is painted in which the new step stands on the page: the page draws before a frame is
# painted, so the next task comes after the paint.
CLICK = """async number => {
    const root = document.querySelector('.repid-wb');
    const began = performance.now();
    const painted = new Promise(done => {
        const watch = new MutationObserver(() => {
            if (root.querySelector('.wb-stepname')?.textContent !== `Step ${number}`) return;
            if (!root.querySelector('.wb-settlement')) return;
            watch.disconnect();
            setTimeout(() => done(performance.now() - began));
        });
        watch.observe(root, {childList: true, subtree: true});
    });
    root.querySelector('[data-k=step]').click();
    return painted;
}"""


class Wire:
    """Counts what comes from the server."""

    def __init__(self, page: Page) -> None:
        self.received = 0
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._count)

    def _count(self, payload: Any) -> None:
        self.received += len(payload if isinstance(payload, bytes) else payload.encode())


def in_the_lab(waiting: int, page: Page, address: str, root: Path) -> dict[str, float]:
    """Measure single steps and one long run with so many messages waiting."""
    name = f"bench{waiting}.ipynb"
    wire, lab = Wire(page), Lab(page, address)
    # What moves would be measured too: without motion, and without stills, the page shows the end at once.
    page.emulate_media(reduced_motion="reduce")
    lab.run_cells(root, name, CELL.replace("WAITING", str(waiting)))
    page.wait_for_selector(".wb-message")
    times, sizes = [], []
    steps = min(STEPS, waiting)
    for number in range(1, steps + 1):
        page.wait_for_function("document.querySelector('.repid-wb [data-k=step]').ariaDisabled === 'false'")
        lab.wait_idle()
        before = wire.received
        times.append(page.evaluate(CLICK, number))
        lab.wait_idle()
        sizes.append(wire.received - before)
    figures = {
        "median click to painted, ms": statistics.median(times),
        "p95 click to painted, ms": sorted(times)[max(0, round(0.95 * len(times)) - 1)],
        "largest step on the wire, bytes": max(sizes),
    }
    if waiting > RUN:
        page.locator("[data-k=pace]").select_option("0")
        page.locator("[data-k=menu]").click()
        page.locator("[data-k=most]").fill(str(RUN))
        began = time.perf_counter()
        page.locator(".repid-wb [data-k=run]").click()
        page.wait_for_function(
            f"document.querySelector('.wb-notice').textContent.startsWith('Ran {RUN:,}')", timeout=180e3
        )
        figures[f"{RUN:,} steps, seconds"] = time.perf_counter() - began
        last = page.locator(".wb-stepname").inner_text()
        assert last == f"Step {steps + RUN}", last
    return figures


async def memory() -> dict[str, float]:
    """Measure how Python's memory grows beyond the bound of the history."""
    app, router = Repid(), Router(channel="tasks")
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    app.include_router(router)

    @router.actor
    async def greet() -> None: ...

    # What is kept has bounds, which have to be reached first: here 1,000 changes, not 50,000, and 10,000 calls.
    journal.JOURNAL_LIMIT = 1_000
    session = Session([Stepper(app, history_limit=100)], lambda _after=0.0: None, lambda _reply: None)

    async def steps(count: int) -> None:
        for _ in range(count):
            await session.stepper.send("tasks", topic="greet")
            session.handle({"type": "step"})
            await session.wait()
            json.dumps(session.state())

    # From the beginning: otherwise what takes the place of something older counts as growth.
    tracemalloc.start()
    await steps(5_500)
    gc.collect()
    first = tracemalloc.get_traced_memory()[0]
    await steps(2_000)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - first
    tracemalloc.stop()
    session.close()
    return {"growth over 2,000 further steps, kB": grown / 1000}


def _memory_in_a_thread() -> dict[str, float]:
    found: dict[str, float] = {}
    thread = threading.Thread(target=lambda: found.update(asyncio.run(memory())))
    thread.start()
    thread.join()
    return found


def main() -> None:
    """Measure everything, and print a table."""
    logging.disable(logging.CRITICAL)
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}\n")
    rows = {"memory": _memory_in_a_thread()}
    executable = chromium()
    assert executable is not None, "Chromium is missing"
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as folder,
        jupyter_server(Path(folder)) as address,
    ):
        browser = launched_chromium(playwright, executable)
        for waiting in (10, 10_000, 100_000):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.add_init_script(TOLD_AT_ONCE)
            rows[f"{waiting:,} waiting"] = in_the_lab(waiting, page, address, Path(folder))
            page.close()
        browser.close()
    for name, figures in rows.items():
        for what, value in figures.items():
            sys.stdout.write(f"{name:16} {what:40} {value:12,.1f}\n")


if __name__ == "__main__":
    main()
