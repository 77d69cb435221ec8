"""The workbench in JupyterLab while others work: what they do is on the page at once, without a cell or a click."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.lab import Lab

APP = """
import asyncio, pathlib, time
from repid_nb import InMemoryServer, Repid, Router, Workbench

server = InMemoryServer()

def new_app():
    app, router = Repid(), Router(channel="tasks")
    app.servers.register_server("default", server, is_default=True)

    @router.actor
    async def quick(): ...

    @router.actor
    async def slow():
        await asyncio.sleep(0.2)

    @router.actor
    async def blocking():
        while not pathlib.Path("seen").exists():
            time.sleep(0.01)

    app.include_router(router)
    return app

app = new_app()
workbench = Workbench(app)
for _ in range(3):
    await workbench.stepper.send("tasks", topic="slow")
workbench
"""


@pytest.fixture
def page(lab: Lab, jupyter_root: Path) -> Iterator[Page]:
    lab.page.emulate_media(reduced_motion="reduce")
    lab.run_cells(jupyter_root, "live.ipynb", APP)
    expect(lab.page.locator(".repid-wb")).to_be_visible()
    yield lab.page
    assert lab.script_errors == []


def run_cell(lab: Lab, source: str) -> None:
    """Run a cell in the kernel of the notebook, and wait for its end."""
    lab.page.evaluate(
        """async source => {
            const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
            await kernel.requestExecute({ code: source }).done;
        }""",
        source,
    )


def messages(page: Page):
    return page.locator(".repid-wb .wb-message")


def test_what_a_worker_in_the_background_takes_leaves_the_page_at_once(page: Page, lab: Lab):
    expect(messages(page)).to_have_count(3)
    run_cell(lab, "task = asyncio.create_task(app.run_worker(messages_limit=3, register_signals=[]))")
    expect(messages(page)).to_have_count(0)


def test_a_second_app_on_the_same_server_is_seen(page: Page, lab: Lab):
    run_cell(
        lab,
        "other = Workbench(new_app())\nawait other.stepper.send('tasks', topic='quick')\nfor _ in range(3):\n"
        "    step = await other.stepper.step()",
    )
    expect(messages(page)).to_have_count(1)


def test_an_actor_that_blocks_is_shown_at_work(page: Page, lab: Lab, jupyter_root: Path):
    run_cell(lab, "workbench.stepper.empty()\nsent = await workbench.stepper.send('tasks', topic='blocking')")
    expect(messages(page)).to_have_count(1)
    page.locator(".repid-wb").get_by_role("button", name="Step", exact=True).click()
    expect(page.locator(".repid-wb .wb-headline")).to_contain_text("blocking works on m4")
    (jupyter_root / "seen").touch()
    expect(page.locator(".repid-wb .wb-settlement")).to_contain_text("acked")


def test_what_stands_for_the_widget_is_hidden_beside_it(page: Page):
    saved = page.locator(".repid-nb-saved")
    expect(saved).to_have_count(1)
    expect(saved).to_be_hidden()
