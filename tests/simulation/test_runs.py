"""A run as a record: its figures, its messages, as data and back, as Steps; and what it weighs."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import tracemalloc
from typing import Any

import pytest
from simulation.queues import app_with, markovian

from repid_nb import (
    ActorLimits,
    Message,
    MessageLimits,
    Repid,
    Router,
    Run,
    Simulation,
    Stepper,
    burst,
    catch_all_routing_strategy,
    constant,
    every,
    exponential,
    poisson,
)
from repid_nb.core.errors import SimulationError, UnknownNameError

LONGEST_ROW = 400


async def ship(number: int) -> int:
    if number % 7 == 0:
        raise ValueError("no seven")
    return number


async def wrap(number: int = 0) -> int:
    return number


def shop(*, workers: int = 2, seed: int = 1) -> Simulation:
    simulation = Simulation(app_with(ship, wrap), seed=seed)
    simulation.produce("orders", lambda n: {"number": n}, topic="ship", arrivals=poisson(per_second=5), priority=7)
    simulation.produce("orders", topic="wrap", headers={"colour": "red"}, arrivals=every(1))
    simulation.produce("orders", b"\xff\x00", topic="unknown", arrivals=burst(1, at=2))
    simulation.takes("ship", exponential(mean=0.3))
    simulation.takes("wrap", constant(0.5))
    for number in range(workers):
        simulation.worker(f"worker {number + 1}", tasks_limit=1)
    return simulation


@pytest.fixture(scope="module")
def run() -> Run:
    return shop().run(seconds=30)


def test_the_figures_of_a_group_are_those_of_its_messages(run: Run):
    for name, figures in run.channels.items():
        assert_figures(figures, [one for one in run.messages if one.channel == name], run)
    for priority, figures in run.priorities.items():
        assert_figures(figures, [one for one in run.messages if one.priority == priority], run)
    assert list(run.priorities) == [7, 4]
    for name, figures in run.sources.items():
        assert_figures(figures, [one for one in run.messages if one.source == name], run)
    assert_figures(run.total, list(run.messages), run)


def assert_figures(figures: Any, messages: list[Any], run: Run) -> None:
    waits = sorted(one.waited for one in messages)
    done = [one for one in messages if one.outcome in ("acked", "replied")]
    assert (figures.messages, figures.done) == (len(messages), len(done))
    assert figures.dead == sum(one.outcome == "nacked" for one in messages)
    assert figures.unfinished == sum(one.settled is None for one in messages)
    assert figures.done + figures.dead + figures.unfinished == figures.messages
    assert figures.throughput == pytest.approx(len(done) / run.seconds)
    assert figures.waiting.longest == waits[-1]
    assert figures.waiting.median == waits[-(-len(waits) // 2) - 1]
    assert figures.waiting.mean == pytest.approx(sum(waits) / len(waits))
    assert figures.mean_waiting == pytest.approx(sum(waits) / run.seconds)


def test_the_figures_of_actors_and_workers_are_those_of_their_pulls(run: Run):
    pulls = [pull for one in run.messages for pull in one.pulls]
    assert {name: figures.messages for name, figures in run.actors.items()} == {
        name: sum(pull.actor == name for pull in pulls) for name in ("ship", "wrap")
    }
    assert sum(figures.messages for figures in run.workers.values()) == len(pulls)
    for name, figures in run.workers.items():
        worked = sum((pull.ended or run.seconds) - pull.pulled for pull in pulls if pull.worker == name)
        assert figures.utilisation == pytest.approx(worked / run.seconds)
        # One message after another, so that the share of the time and of the capacity are the same.
        assert figures.busy == pytest.approx(figures.utilisation)


def test_a_curve_says_how_many_there_were_at_each_moment(run: Run):
    curve = run.waiting_over_time()
    for moment in (0.0, 0.7, 3.3, 12.0, 29.99):
        waited = sum(pull.since <= moment < pull.pulled for one in run.messages for pull in one.pulls)
        still = [one for one in run.messages if one.outcome == "waiting"]
        waited += sum((one.pulls[-1].ended if one.pulls else one.sent) <= moment for one in still)
        assert curve.at(moment) == waited
    assert curve.highest == max(curve.counts)
    assert curve.at(curve.highest_at) == curve.highest
    seconds, counts = curve.points(most=50)
    assert len(seconds) == len(counts) <= 52
    assert max(counts) == curve.highest


def test_a_run_becomes_json_lines_and_a_dict_and_comes_back_the_same(run: Run, tmp_path: Any):
    lines = run.to_json_lines(tmp_path / "run.jsonl")
    assert len(lines.splitlines()) == 1 + len(run.messages)
    for back in (
        Run.from_json_lines(lines),
        Run.from_json_lines(tmp_path / "run.jsonl"),
        Run.from_dict(json.loads(json.dumps(run.to_dict()))),
    ):
        assert back == run
        assert back.total == run.total
        assert back.workers == run.workers
        assert list(map(str, back.messages)) == list(map(str, run.messages))
    assert Run.from_json_lines(lines).step("m5").winner == run.step("m5").winner


def test_a_run_that_comes_back_shows_its_actors_in_the_order_of_registration_as_before():
    simulation = Simulation(app_with(ship, wrap))
    simulation.produce("orders", topic="wrap", arrivals=burst(1))
    simulation.produce("orders", {"number": 1}, topic="ship", arrivals=burst(1, at=1))
    run = simulation.run(until="idle")
    assert list(run.actors) == ["ship", "wrap"]
    assert repr(Run.from_json_lines(run.to_json_lines())) == repr(run)


def test_texts_with_line_separators_and_half_characters_come_back_from_json_lines(tmp_path: Any):
    async def work() -> None: ...

    simulation = Simulation(app_with(work, channel="one\u2028two", routing_strategy=catch_all_routing_strategy))
    simulation.produce("one\u2028two", "a\x85b", topic="half \ud800", arrivals=burst(2))
    run = simulation.run(until="idle")
    assert len(run.messages) == 2
    run.to_json_lines(tmp_path / "run.jsonl")
    assert Run.from_json_lines(tmp_path / "run.jsonl") == Run.from_json_lines(run.to_json_lines()) == run


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version": 9}', "what", '{"version": 1, "seed": 1}'])
def test_what_is_no_run_is_refused_in_words(text: str):
    with pytest.raises(SimulationError, match=r"This is not the|version 9"):
        Run.from_json_lines(text)


@pytest.mark.parametrize(
    "change", [{"sent_for": 7}, {"sent_for": -2}, {"sent": 2**70}, {"priority": 1000}, {"pulls": 3}]
)
def test_a_run_whose_data_was_changed_is_refused_in_words(run: Run, change: dict[str, Any]):
    data = run.to_dict()
    data["messages"][3] |= change
    with pytest.raises(SimulationError, match="This is not the data of a run"):
        Run.from_dict(data)


def test_a_run_can_be_pickled_as_another_process_does_that_simulates(run: Run):
    back = pickle.loads(pickle.dumps(run))  # noqa: S301  (its own)
    assert back == run
    assert back.step("m5").message == run.step("m5").message
    assert copy.copy(run).step("m5").winner == run.step("m5").winner


def test_a_run_becomes_a_data_frame(run: Run):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed here")
    frame = run.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert len(frame) == len(run.messages)
    assert frame.waited.max() == run.total.waiting.longest
    assert list(frame.id[:2]) == ["m1", "m2"]


def test_two_runs_are_compared_and_it_is_said_whether_the_same_messages_arrived(run: Run):
    more = shop(workers=4).run(seconds=30)
    comparison = run.compare(more)
    assert (comparison.before, comparison.after) == (run.total, more.total)
    assert comparison.same_arrivals
    assert not run.compare(shop(seed=2).run(seconds=30)).same_arrivals
    with pytest.raises(SimulationError, match="compared with another Run"):
        run.compare(3)  # type: ignore[arg-type]


def test_a_message_is_found_by_its_id_and_its_place(run: Run):
    assert run.message("m3") == run.message(2) == run.messages[2]
    assert run.messages[-1].id == f"m{len(run.messages)}"
    assert [one.id for one in run.messages[1:3]] == ["m2", "m3"]
    for wrong in ("m0", "m999999", "three", 10**6):
        with pytest.raises(UnknownNameError, match="There is no message"):
            run.message(wrong)
    with pytest.raises(UnknownNameError, match=r"no channel 'order' in this run\. Did you mean"):
        run.waiting_over_time("order")
    with pytest.raises(UnknownNameError, match=r"never pulled|was pulled"):
        run.step("m1", pull=5)


async def test_a_pull_as_a_step_is_what_a_stepper_records():
    async def refuse(number: int) -> None:
        raise ValueError(f"not {number}")

    def app() -> Repid:
        return app_with(wrap, refuse)

    sends = [("wrap", 4), ("refuse", 9), ("unknown", 4), ("wrap", 4)]
    stepper = Stepper(app())
    for number, (topic, priority) in enumerate(sends):
        await stepper.send("orders", {"number": number}, topic=topic, priority=priority)
    stepped = await stepper.run()
    simulation = Simulation(app())
    for number, (topic, priority) in enumerate(sends):
        simulation.produce(
            "orders", {"number": number}, topic=topic, priority=priority, arrivals=burst(1), name=str(number)
        )
    simulation.worker(tasks_limit=1)
    run = simulation.run(until="idle")

    pulls = {one.id: iter(range(one.sightings)) for one in run.messages}
    for step in stepped:
        ours = run.step(step.message.id or "", pull=next(pulls[step.message.id or ""]))
        for name in ("number", "channel", "message", "sightings", "verdicts", "winner", "settlement"):
            assert getattr(ours, name) == getattr(step, name), name
        assert [(one.waiting, one.working, one.dead) for one in ours.before.values()] == [
            (one.waiting, one.working, one.dead) for one in step.before.values()
        ]
        assert [one.id for one in ours.after["orders"].ready] == [one.id for one in step.after["orders"].ready]
        assert (ours.exception is None) == (step.exception is None)
        assert [argument.name for argument in ours.arguments] == [argument.name for argument in step.arguments]
    await stepper.close()


async def test_what_an_actor_sends_has_the_name_that_a_stepper_gives_it():
    async def order(message: Message) -> None:
        for topic in ("wrap", "bill"):
            await message.send_message_json(channel="orders", payload={}, headers={"topic": topic})

    async def bill(message: Message) -> None:
        await message.send_message_json(channel="orders", payload={}, headers={"topic": "wrap"})

    app = app_with(order, bill, wrap)
    stepper = Stepper(app)
    simulation = Simulation(app)
    for number in (1, 2):
        await stepper.send("orders", topic="order")
        simulation.produce("orders", topic="order", arrivals=burst(1), name=str(number))
    stepped = [step.message.name for step in await stepper.run()]
    await stepper.close()
    simulation.worker(tasks_limit=1)
    run = simulation.run(until="idle")

    assert sorted(one.id for one in run.messages) == sorted(stepped)
    assert [one.topic for one in run.messages if one.id.startswith("m1.")] == ["wrap", "bill", "wrap"]
    assert run.message("m1.2.1").topic == "wrap"
    assert run.step("m2.2").message.name == "m2.2"
    back = Run.from_json_lines(run.to_json_lines())
    assert [one.id for one in back.messages] == [one.id for one in run.messages]


def test_names_of_what_leads_to_more_and_more_do_not_grow_for_ever():
    async def again(message: Message) -> None:
        await message.send_message_json(channel="orders", payload={}, headers={"topic": "again"})

    simulation = Simulation(app_with(again))
    simulation.produce("orders", topic="again", arrivals=burst(1))
    simulation.takes("again", 1)
    run = simulation.run(seconds=100)
    assert len(run.messages) == 100
    assert max(len(one.id.split(".")) for one in run.messages) == 31
    assert len({one.id for one in run.messages}) == 100
    assert Run.from_dict(run.to_dict()) == run


def test_limits_of_workers_and_actors_are_never_exceeded_and_are_used():
    app = Repid()
    router = Router(channel="orders")
    app.servers.register_server("default", app_with().servers.default, is_default=True)
    router.actor(limits=ActorLimits(max_messages=2))(ship)
    router.actor(wrap)
    app.include_router(router)
    simulation = Simulation(app, seed=4)
    simulation.produce("orders", lambda n: {"number": 7 * n + 1}, topic="ship", arrivals=poisson(per_second=6))
    simulation.produce("orders", topic="wrap", arrivals=poisson(per_second=6))
    simulation.takes("ship", exponential(mean=0.3))
    simulation.takes("wrap", exponential(mean=0.3))
    simulation.worker("limited", limits=MessageLimits(max_messages=4))
    run = simulation.run(seconds=60)

    assert run.working_over_time("limited").highest == 4
    running = sorted(
        moment
        for one in run.messages
        for pull in one.pulls
        if pull.actor == "ship" and pull.started is not None
        for moment in ((pull.started, 1), (pull.ended or run.seconds, -1))
    )
    at_once = [sum(change for _, change in running[: place + 1]) for place in range(len(running))]
    assert max(at_once) == 2
    assert run.lives[0].at_once == 4


def test_limits_and_tasks_limit_are_not_given_together():
    simulation = Simulation(app_with(wrap))
    with pytest.raises(SimulationError, match="either limits or tasks_limit"):
        simulation.worker(limits=MessageLimits(max_messages=3), tasks_limit=3)


def test_a_message_takes_at_most_four_hundred_bytes_its_payload_included():
    markovian(per_second=9, takes=exponential(mean=0.1), count=10)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    run = markovian(per_second=9, takes=exponential(mean=0.1), count=5000)
    gc.collect()
    each = (tracemalloc.get_traced_memory()[0] - before) / 5000
    tracemalloc.stop()
    assert len(run.messages) == 5000
    assert each <= LONGEST_ROW


def test_a_run_of_no_message_and_of_no_time_has_figures_too():
    run = Simulation(app_with(wrap)).run(seconds=0)
    assert (run.total.messages, run.total.waiting.p95, run.seconds) == (0, 0, 0)
    assert run.waiting_over_time().highest == 0
    assert Run.from_json_lines(run.to_json_lines()) == run
