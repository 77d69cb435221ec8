"""A simulated run on the stage: what is played, what is said, how large it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from repid_nb import InMemoryServer, Message, MessageLimits, Repid, Router, Run, Simulation, burst, every, poisson
from repid_nb.core.errors import InvalidMessageError, SimulationError


async def ship(number: int = 0) -> None: ...


async def order(message: Message) -> None:
    await message.send_message_json(channel="mails", payload={}, headers={"topic": "mail"})


async def mail() -> None: ...


def shop_app() -> Repid:
    app, router = Repid(), Router(channel="orders")
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    router.actor(ship)
    router.actor(order)
    router.actor(channel="mails")(mail)
    app.include_router(router)
    return app


def shop(*, count: int = 200, workers: int = 2) -> Run:
    simulation = Simulation(shop_app(), seed=1)
    simulation.produce("orders", lambda n: {"number": n}, topic="ship", arrivals=poisson(per_second=4, count=count))
    simulation.produce("orders", topic="order", arrivals=every(2, count=20), priority=9)
    simulation.takes("ship", 0.5)
    for number in range(workers):
        simulation.worker(f"worker {number + 1}", limits=MessageLimits(max_messages=2))
    return simulation.run(until="idle")


@pytest.fixture(scope="module")
def run() -> Run:
    return shop()


def lesson_in(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="lesson-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    lesson: dict[str, Any] = json.loads(found[1])
    return lesson


def test_some_time_of_a_run_is_its_pulls_as_steps_which_have_all_queues(run: Run):
    steps = run.steps(10, 12)
    assert steps
    assert all(10 <= run.columns.pulled[step.number - 1] / 1e6 <= 12 for step in steps)
    assert [step.number for step in steps] == list(range(steps[0].number, steps[0].number + len(steps)))
    assert {step.worker for step in steps} == {"worker 1", "worker 2"}
    for step in steps:
        assert list(step.before) == ["orders", "mails"]
        at = run.columns.pulled[step.number - 1] / 1e6
        # Right before the pull, so what happens in its very moment may be on either side of it.
        assert abs(step.before["orders"].waiting - run.waiting_over_time("orders").at(at)) <= 2
    sent = next(step for step in steps if step.winner == "order")
    assert (sent.published, sent.children) == (("mails",), (f"{sent.message.name}.1",))
    assert [one.name for one in sent.after["mails"].ready] in ([], [sent.children[0]])


def test_steps_begin_where_they_are_asked_to_and_are_as_many_as_are_asked_for(run: Run):
    assert [step.number for step in run.steps(most=3)] == [1, 2, 3]
    assert run.steps(most=3).ended_by == "max_steps"
    assert len(run.steps()) == 60
    assert len(run.steps(most=10_000)) == len(run.columns.message)
    assert not run.steps(1e6)
    assert run.steps(20, most=1)[0] == run.step(run.steps(20, most=1)[0].message.name)


def test_a_step_alone_is_what_it_is_among_others(run: Run):
    whole = run.steps(most=10_000)
    for step in (whole[0], whole[70], whole[-1]):
        assert run.step(step.message.name) == step


def test_a_run_is_a_film(run: Run):
    film = run.film(10, 12, title="Two seconds")
    assert "Two seconds" in film.svg
    assert "@keyframes" in film.svg


def test_each_pull_is_a_moment_with_its_time_in_words_and_on_the_river(run: Run):
    lesson = lesson_in(run.play(10, 12).page())
    steps = run.steps(10, 12)
    assert lesson["first"] == steps[0].number - 1
    assert len(lesson["moments"]) == len(steps) + 1
    times = lesson["river"]["times"]
    assert times == [10, *(run.columns.pulled[step.number - 1] / 1e6 for step in steps)]
    assert lesson["river"]["unit"] == "second"
    assert lesson["river"]["workers"] == ["worker 1", "worker 2"]
    told = lesson["notes"][str(steps[0].number)]
    assert told.startswith(f"{times[1]:.2f} s: {steps[0].worker} takes {steps[0].message.name}")
    assert lesson["notes"][str(lesson["first"])].startswith("From 10 s to 12.")
    assert [one["name"] for one in lesson["traits"]["workers"][0]["workers"]] == ["worker 1", "worker 2"]


def test_notes_of_the_authors_come_first(run: Run):
    first = run.steps(10)[0].number
    lesson = lesson_in(run.play(10, notes={first: "Look at the queue."}, title="A rush").page())
    assert lesson["notes"][str(first)].startswith("Look at the queue.\n")
    assert "<h1>A rush</h1>" in run.play(10, title="A rush").page()


def test_in_a_cell_it_is_a_frame_and_where_frames_are_taken_away_the_river(run: Run):
    html = run.play(10, 12)._repr_html_()
    assert 'sandbox="allow-scripts"' in html
    assert '<div class="repid-nb-still"><svg' in html
    assert repr(run.play(10, 12)).startswith("From 10 s to 12.")


def test_it_is_as_large_for_many_messages_as_for_few():
    many = shop(count=4000)
    few, much = (len(one.play(until=60).page()) for one in (shop(), many))
    assert much < 500_000
    assert much < 1.5 * few


def test_a_run_of_one_worker_and_one_from_a_file_play_too(tmp_path: Path):
    alone = shop(workers=1)
    assert lesson_in(alone.play().page())["traits"]["workers"] == [{"workers": []}]
    back = Run.from_json_lines(alone.to_json_lines())
    path = back.export(tmp_path / "run.html", 5, 8)
    assert path == tmp_path / "run.html"
    assert len(lesson_in(path.read_text(encoding="utf-8"))["moments"]) == len(alone.steps(5, 8)) + 1


def test_a_time_without_a_pull_and_a_folder_that_is_not_there_are_told_in_words(run: Run, tmp_path: Path):
    with pytest.raises(SimulationError, match="Nothing was pulled from 1e\\+06 s on"):
        run.play(1e6)
    with pytest.raises(SimulationError, match="there is nothing to play"):
        Simulation(shop_app()).run(seconds=1).play()
    with pytest.raises(InvalidMessageError, match="There is no folder"):
        run.export(tmp_path / "nowhere" / "run.html")


def test_a_burst_of_messages_that_wait_leaves_the_river_in_bounds():
    app, router = Repid(), Router(channel="orders")
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    router.actor(ship)
    app.include_router(router)
    simulation = Simulation(app)
    simulation.produce("orders", topic="ship", arrivals=burst(5000))
    simulation.takes("ship", 1)
    simulation.worker(tasks_limit=1)
    run = simulation.run(seconds=100)
    lesson = lesson_in(run.play().page())
    assert len(json.dumps(lesson["river"])) < 70_000
