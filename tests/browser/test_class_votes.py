"""A class that votes, in the real JupyterLab: a teacher's stage and the notebooks of two students."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect
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


@pytest.fixture
def students(browser: Browser, jupyter_address: str) -> Iterator[list[Lab]]:
    """Two more pages of the same JupyterLab, each with a kernel of its own."""
    with ExitStack() as ending:
        pages = [browser.new_page() for _ in range(2)]
        labs = [Lab(page, jupyter_address) for page in pages]
        for lab, page in zip(labs, pages, strict=True):
            ending.callback(page.close)
            ending.callback(lab.close)
        yield labs


def pressed(page: Locator, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_class_votes_in_its_notebooks_and_the_stage_shows_what_it_said(
    lab: Lab, students: list[Lab], jupyter_root: Path
):
    lab.page.emulate_media(reduced_motion="reduce")
    lab.run_cells(jupyter_root, "teacher.ipynb", TEACHER, STAGE)
    printed = lab.page.locator(".jp-OutputArea-output").first.inner_text()
    address = re.search(r"redis://class:\S+?:\d+", printed)
    assert address is not None
    for name, student in zip(("ada", "grace"), students, strict=True):
        cells = STUDENT.format(address=address[0], name=name), SEND.format(number=len(name), topic="ship")
        student.run_cells(jupyter_root, f"{name}.ipynb", *cells)
    stage = lab.page.locator(".repid-wb")
    ballots = [student.page.locator(".repid-wb") for student in students]
    expect(ballots[0]).to_contain_text("You are ada")
    expect(ballots[0]).to_contain_text("Joined. The teacher's question comes here.")
    expect(stage).to_contain_text("2 waiting")
    expect(stage).to_contain_text("by ada")

    pressed(stage, "Predict")
    expect(stage).to_contain_text("nothing is asked yet")
    pressed(stage, "Step")
    for ballot in ballots:
        expect(ballot).to_contain_text("Who gets m1?")
        expect(ballot).to_contain_text("topic 'ship' · {\"number\": 3}")
    expect(stage).to_contain_text("Who gets m1? 0 of 2 have answered.")
    pressed(ballots[0], "ship")
    expect(stage).to_contain_text("1 of 2 have answered")
    pressed(ballots[1], "refund")
    expect(stage).to_contain_text("2 of 2 have answered")
    lab.screenshot("class-asked")
    students[0].screenshot("class-ballot-asked")

    stage.get_by_role("group", name="Who will get m1?").get_by_role("button", name="ship").click()
    expect(stage).to_contain_text("It was ship: 1 of 2 were right.")
    expect(ballots[0]).to_contain_text("✓ Right: ship")
    expect(ballots[1]).to_contain_text("✗ It was ship, and you said refund")
    for theme in ("light", "dark"):
        lab.set_theme(theme)
        lab.screenshot(f"class-told-{theme}")
        students[1].set_theme(theme)
        students[1].screenshot(f"class-ballot-told-{theme}")
    assert [one.script_errors for one in (lab, *students)] == [[], [], []]
