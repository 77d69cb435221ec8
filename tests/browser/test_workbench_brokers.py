"""The workbench on real brokers, in the real JupyterLab: what the page says is what the broker counts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from support.brokers import BROKERS, Broker, Counts
from support.lab import Lab
from support.missing import skip_or_fail
from support.servers import NotHere

pytestmark = pytest.mark.browser

SERVERS = {"redis": "RedisServer", "nats": "NatsServer", "rabbit-quorum": "AmqpServer"}
CELL = """
from repid import {server}
from repid_nb import Repid, Router, Workbench

app = Repid()
app.servers.register_server("default", {server}({dsn!r}), is_default=True)
router = Router(channel="orders")


@router.actor
async def ship(number: int) -> str:
    return "on its way"


app.include_router(router)
workbench = Workbench(app)
for number, topic in enumerate(["ship", "nobody", "ship"], start=1):
    await workbench.stepper.send("orders", {{"number": number}}, topic=topic)
workbench
"""


@pytest.fixture(params=SERVERS)
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    kind, made = BROKERS[request.param]
    process = kind()
    try:
        process.start()
    except NotHere as reason:
        skip_or_fail(str(reason))
    yield made(process)
    process.stop()


def asked(question: Coroutine[Any, Any, None]) -> None:
    """Ask the broker itself, in another thread: in this one Playwright has its loop."""
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, question).result()


def test_a_broker_is_stepped_on_the_page_which_says_what_the_broker_counts(
    broker: Broker, lab: Lab, jupyter_root: Path
):
    asked(broker.declare("orders"))
    lab.page.emulate_media(reduced_motion="reduce")
    cell = CELL.format(server=SERVERS[broker.name], dsn=broker.dsn)
    lab.run_cells(jupyter_root, f"{broker.name}.ipynb", cell)
    page = lab.page.locator(".repid-wb")
    expect(page).to_contain_text("3 waiting")
    asked(broker.comes_to("orders", Counts(ready=3, held=0)))
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page).to_contain_text("2 waiting")
    asked(broker.comes_to("orders", Counts(ready=2, held=0)))
    page.get_by_role("button", name="Step", exact=True).click()
    # Of ten, or where a rejected message gets a new id, of no certain number.
    expect(page.locator(".wb-sightingword")).to_contain_text("sighting 1")
    for theme in lab.both_themes():
        lab.screenshot(f"workbench-{broker.name}-{theme}")
    assert lab.script_errors == []
