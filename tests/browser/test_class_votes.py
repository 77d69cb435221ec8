"""A class that votes, in the real JupyterLab: a teacher's stage and the notebooks of two students."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from support.lab import Lab

pytestmark = pytest.mark.browser

TEACHER = """
from repid_nb import Repid, Router, Workbench, local_broker

server = local_broker("redis", share="127.0.0.1")
"""
STAGE = """
app = Repid()
app.servers.register_server("default", server, is_default=True)
router = Router(channel="orders")


@router.actor
async def ship(number: int): ...


@router.actor
async def refund(number: int): ...


app.include_router(router)
Workbench(app)
"""
STUDENT = """
from repid_nb import join

teacher = join({address!r}, {name!r})
"""
SEND = 'await teacher.send("orders", {{"number": {number}}}, topic={topic!r})'


def pressed(page: Locator, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def opened(lab: Lab, name: str) -> Locator:
    """Bring a notebook to the front, and return its widget."""
    lab.open_notebook(f"{name}.ipynb")
    return lab.page.locator(".repid-wb:visible")


def test_a_class_votes_in_its_notebooks_and_the_stage_shows_what_it_said(lab: Lab, jupyter_root: Path):
    lab.page.emulate_media(reduced_motion="reduce")
    lab.run_cells(jupyter_root, "teacher.ipynb", TEACHER, STAGE)
    output = lab.page.locator(".jp-OutputArea-output").first
    expect(output).to_contain_text("redis://class:")
    printed = output.inner_text()
    address = re.search(r"redis://class:\S+?:\d+", printed)
    assert address is not None
    for name in ("ada", "grace"):
        cells = STUDENT.format(address=address[0], name=name), SEND.format(number=len(name), topic="ship")
        lab.run_cells(jupyter_root, f"{name}.ipynb", *cells)
        ballot = lab.page.locator(".repid-wb:visible")
        expect(ballot).to_contain_text(f"You are {name}")
        expect(ballot).to_contain_text("Joined. The teacher's question comes here.")
    stage = opened(lab, "teacher")
    expect(stage).to_contain_text("2 waiting")
    expect(stage).to_contain_text("by ada")

    pressed(stage, "Predict")
    expect(stage).to_contain_text("nothing is asked yet")
    pressed(stage, "Step")
    expect(stage).to_contain_text("Who gets m1? 0 of 2 have answered.")
    for name, answer in (("ada", "ship"), ("grace", "refund")):
        ballot = opened(lab, name)
        expect(ballot).to_contain_text("Who gets m1?")
        expect(ballot).to_contain_text("topic 'ship' · {\"number\": 3}")
        pressed(ballot, answer)
        expect(ballot).to_contain_text("Answered. You may still change it.")
    lab.screenshot("class-ballot-asked")
    stage = opened(lab, "teacher")
    expect(stage).to_contain_text("2 of 2 have answered")
    lab.screenshot("class-asked")

    stage.get_by_role("group", name="Who will get m1?").get_by_role("button", name="ship").click()
    expect(stage).to_contain_text("It was ship: 1 of 2 were right.")
    for theme in lab.both_themes():
        lab.screenshot(f"class-told-{theme}")
    expect(opened(lab, "ada")).to_contain_text("✓ Right: ship")
    expect(opened(lab, "grace")).to_contain_text("✗ It was ship, and you said refund")
    lab.screenshot(f"class-ballot-told-{lab.theme}")
    assert lab.script_errors == []
