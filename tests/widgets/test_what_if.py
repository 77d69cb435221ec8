"""Two worlds side by side on the page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from widgets.page import Page, new_app

from repid_nb import Stepper, catch_all_routing_strategy


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    app, router = new_app()

    @router.actor
    async def ship() -> None: ...

    @router.actor
    async def fail() -> None:
        raise ValueError

    @router.actor(routing_strategy=catch_all_routing_strategy)
    async def all_of_it() -> None: ...

    async with Stepper(app) as stepper:
        shown = Page(stepper)
        yield shown
        shown.session.close()


async def test_without_one_there_is_no_second_world(page: Page):
    assert page.state["what_if"] == {"on": False}
    assert "no second world" in (await page.do("step_worlds"))["status"]["error"]


async def test_both_worlds_are_stepped_and_the_first_difference_is_marked(page: Page):
    for topic in ("ship", "fail", "ship"):
        await page.send(topic=topic)
    state = await page.do("fork", on_error={"fail": "ack"})
    assert state["status"]["notice"].startswith("A second world parts after step 0: on_error of fail is ack.")
    for _ in range(3):
        state = await page.do("step_worlds")
    worlds = state["what_if"]
    assert worlds["differs"] == 2
    assert [(row["number"], row["same"]) for row in worlds["rows"]] == [(1, True), (2, False), (3, True)]
    assert (worlds["rows"][1]["here"]["tone"], worlds["rows"][1]["there"]["tone"]) == ("bad", "good")
    assert state["status"]["notice"] == "The worlds differ from step 2 on."
    assert len(page.stepper.history) == 3


async def test_steps_that_the_first_world_has_taken_already_are_compared_as_they_are(page: Page):
    await page.send(topic="ship", count="2")
    await page.do("run")
    await page.do("fork", at=0, order=["all_of_it"])
    state = await page.do("step_worlds")
    assert state["what_if"]["rows"] == [
        {
            "number": 1,
            "here": {"number": 1, "message": "m1", "winner": "ship", "settled": "✓ acked", "tone": "good"},
            "there": {"number": 1, "message": "m1", "winner": "all_of_it", "settled": "✓ acked", "tone": "good"},
            "same": False,
        }
    ]
    assert len(page.stepper.history) == 2


async def test_the_second_world_can_have_more_workers(page: Page):
    await page.send(topic="ship", count="3")
    await page.do("fork", workers=2)
    for _ in range(3):
        await page.do("step_worlds")
    rows = page.state["what_if"]["rows"]
    assert [row["there"]["message"] for row in rows] == ["m1", "m2", "m3"]
    assert page.state["what_if"]["change"] == "2 workers"


async def test_another_priority_is_said_and_goes_first(page: Page):
    await page.send(topic="ship", count="2")
    await page.do("fork", priority={"m2": 9})
    state = await page.do("step_worlds")
    assert state["what_if"]["rows"][0]["there"]["message"] == "m2"
    assert state["what_if"]["change"] == "m2 has priority 9"


async def test_when_nothing_is_left_that_is_said(page: Page):
    await page.do("fork")
    assert (await page.do("step_worlds"))["status"]["notice"] == "Nothing is left to pull in either world."


async def test_a_second_world_ends(page: Page):
    await page.do("fork")
    assert (await page.do("end_fork"))["what_if"] == {"on": False}


@pytest.mark.parametrize(("rules", "said"), [({"order": ["nobody"]}, "'nobody'"), ({"workers": 9}, "1 to 4 workers")])
async def test_rules_that_cannot_be_are_refused_in_words(page: Page, rules, said):
    assert said in (await page.do("fork", **rules))["status"]["error"]
    assert page.state["what_if"] == {"on": False}
