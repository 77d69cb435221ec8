"""The workbench on real brokers, in the real JupyterLab: what the page says is what the broker counts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import expect
from support.brokers import BROKERS, Broker, Counts
from support.lab import Lab
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
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(reason))
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
    cell = nbformat.v4.new_code_cell(CELL.format(server=SERVERS[broker.name], dsn=broker.dsn))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, jupyter_root / f"{broker.name}.ipynb")
    lab.page.emulate_media(reduced_motion="reduce")
    lab.open_notebook(f"{broker.name}.ipynb")
    assert lab.run_all(), lab.failed_cells()
    page = lab.page.locator(".repid-wb")
    expect(page).to_contain_text("3 waiting")
    asked(broker.comes_to("orders", Counts(ready=3, held=0)))
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page).to_contain_text("2 waiting")
    asked(broker.comes_to("orders", Counts(ready=2, held=0)))
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page).to_contain_text("sighting 1 of 10")
    for theme in ("light", "dark"):
        lab.set_theme(theme)
        lab.screenshot(f"workbench-{broker.name}-{theme}")
    assert lab.script_errors == []
