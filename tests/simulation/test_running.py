"""A simulation's run: what plays in it, where it ends, and what it leaves alone."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from math import nan
from random import Random
from time import sleep
from typing import Any

import pytest
from simulation.queues import app_with

from repid_nb import (
    InMemoryServer,
    Message,
    MessageLimits,
    Repid,
    Router,
    Simulation,
    burst,
    constant,
    every,
    exponential,
    lognormal,
    one_of,
    poisson,
    uniform,
)
from repid_nb.core.errors import DeclarationError, SimulationError, UnknownNameError
from repid_nb.simulation.loop import JumpingLoop, Moment


async def ship(number: int = 0) -> int:
    return number


STUCK = (
    "m1 is in work for ever: wait_for_ever, in only, waits for what neither a timer nor a message will bring, or has "
    "left it unsettled."
)


def simulation_of(*actors: Any, seed: int = 1, **options: Any) -> Simulation:
    return Simulation(app_with(*actors, **options), seed=seed)


def test_the_example_of_the_documentation_plays_ten_minutes():
    async def ship_order(number: int) -> None: ...

    async def refund(number: int) -> None: ...

    simulation = simulation_of(ship_order, refund)
    simulation.produce("orders", {"number": 7}, topic="ship_order", arrivals=poisson(per_second=8))
    simulation.produce("orders", lambda n: {"number": n}, topic="refund", arrivals=burst(200, at=60), priority=9)
    simulation.takes("ship_order", exponential(mean=0.4))
    simulation.worker("first", limits=MessageLimits(max_messages=4))
    simulation.worker("second", starts=120, crashes=300)
    run = simulation.run(seconds=600)

    assert (run.seconds, run.ended_by, run.notes) == (600, "seconds", ())
    assert run.sources["orders/refund"].messages == 200
    assert abs(run.sources["orders/ship_order"].messages - 8 * 600) < 4 * (8 * 600) ** 0.5
    assert run.total.done == run.total.messages - run.total.unfinished
    assert run.working_over_time("first").highest == 4


def test_a_messages_moments_are_what_the_clock_says():
    simulation = simulation_of(ship)
    simulation.produce("orders", {"number": 1}, topic="ship", arrivals=[1, 1.5, 10])
    simulation.takes("ship", 2)
    simulation.worker("one", tasks_limit=1)
    run = simulation.run(until="idle")

    first, second, third = run.messages
    assert [(one.sent, one.pulled, one.started, one.settled) for one in run.messages] == [
        (1, 1, 1, 3),
        (1.5, 3, 3, 5),
        (10, 10, 10, 12),
    ]
    assert (first.waited, second.waited, third.worked) == (0, 1.5, 2)
    assert (first.worker, first.actor, first.outcome, first.sightings) == ("one", "ship", "acked", 1)
    assert first.pulls[0].reason == "the actor returned"
    assert (run.seconds, run.ended_by) == (12, "idle")


def test_an_actors_own_waiting_takes_simulated_time_and_no_other():
    async def nap() -> None:
        await asyncio.sleep(3600)

    simulation = simulation_of(nap, timeout=float("inf"))
    simulation.produce("orders", topic="nap", arrivals=burst(3))
    simulation.takes("nap", constant(60))
    run = simulation.run(until="idle")

    assert [one.worked for one in run.messages] == [3660, 3660, 3660]


def test_a_timeout_ends_an_actor_at_its_simulated_second():
    simulation = simulation_of(ship, timeout=5)
    simulation.produce("orders", topic="ship", arrivals=burst(1, at=1))
    simulation.takes("ship", 60)
    run = simulation.run(until="idle")

    (message,) = run.messages
    assert (message.settled, message.outcome) == (6, "nacked")
    assert "timeout of 5 s" in message.pulls[0].error
    assert run.total.dead == 1


def test_middleware_and_dependencies_take_part():
    seen = []

    async def around(call_next: Any, message: Any, actor: Any) -> Any:
        seen.append(actor.name)
        await asyncio.sleep(1)
        return await call_next(message, actor)

    async def on_the_way(call_next: Any, channel: str, message: Any, parameters: Any) -> Any:
        await asyncio.sleep(0.25)
        return await call_next(channel, message, parameters)

    app = Repid(actor_middlewares=[around], producer_middlewares=[on_the_way])
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    router = Router(channel="orders")
    router.actor(ship)
    app.include_router(router)
    simulation = Simulation(app)
    simulation.produce("orders", {"number": 1}, topic="ship", arrivals=every(1, count=2), name="customers")
    simulation.takes("ship", 1)
    run = simulation.run(until="idle")

    assert [(one.sent, one.pulled, one.started, one.settled, one.source) for one in run.messages] == [
        (0.25, 0.25, 1.25, 2.25, "customers"),
        (1.25, 1.25, 2.25, 3.25, "customers"),
    ]
    assert seen == ["ship", "ship"]


def test_the_apps_own_queues_stay_as_they_are_and_their_messages_are_worked_on_as_copies():
    app = app_with(ship)
    server = app.servers.default
    assert isinstance(server, InMemoryServer)
    server.hold_open()
    server.publish_nowait(
        "orders", b'{"number": 3}', headers={"topic": "ship"}, server_specific_parameters={"priority": 7}
    )
    before = server.snapshot()
    run = Simulation(app).run(until="idle")

    assert [(one.priority, one.source, one.outcome) for one in run.messages] == [
        (7, "messages that waited before", "acked")
    ]
    assert app.servers.default is server
    assert server.snapshot() == before


def test_what_actors_send_by_any_way_is_sent_in_the_simulation():
    app: Repid | None = None

    async def order(message: Message) -> None:
        await message.send_message_json(channel="orders", payload={"number": 1}, headers={"topic": "ship"})
        assert app is not None
        await app.send_message_json(channel="orders", payload={"number": 2}, headers={"topic": "ship"})

    app = app_with(order, ship)
    simulation = Simulation(app)
    simulation.produce("orders", topic="order", arrivals=burst(1))
    run = simulation.run(until="idle")

    assert [(one.id, one.source, one.actor) for one in run.messages] == [
        ("m1", "orders/order", "order"),
        ("m1.1", "actors", "ship"),
        ("m1.2", "actors", "ship"),
    ]
    assert app.servers.default.snapshot(None).channels == ()  # type: ignore[attr-defined]


def test_plain_functions_run_at_once_and_without_a_thread():
    threads = set()

    def plain(number: int) -> None:
        threads.add(threading.get_ident())
        if number > 2:
            raise ValueError("too many")

    simulation = simulation_of(plain)
    simulation.produce("orders", lambda n: {"number": n}, topic="plain", arrivals=burst(3))
    simulation.takes("plain", 0.5)
    simulation.worker(tasks_limit=1)
    run = simulation.run(until="idle")

    assert threads == {threading.get_ident()}
    assert [one.outcome for one in run.messages] == ["acked", "acked", "nacked"]
    assert run.messages[2].pulls[0].error == "ValueError: too many"
    assert run.messages[2].pulls[0].reason == "the actor raised ValueError: too many"
    assert run.seconds == 1.5


def test_it_runs_inside_a_running_loop_which_goes_on_afterwards():
    async def cell() -> tuple[float, bool]:
        ticks = asyncio.create_task(asyncio.sleep(0))
        run = waiting_line().run(until="idle")
        await ticks
        await asyncio.sleep(0)
        return run.seconds, asyncio.current_task() is not None

    alone = waiting_line().run(until="idle").seconds
    assert asyncio.run(cell()) == (alone, True)


def test_it_runs_in_a_thread():
    found: list[float] = []
    thread = threading.Thread(target=lambda: found.append(waiting_line().run(until="idle").seconds))
    thread.start()
    thread.join()
    assert found == [waiting_line().run(until="idle").seconds]


def waiting_line() -> Simulation:
    simulation = simulation_of(ship)
    simulation.produce("orders", topic="ship", arrivals=poisson(per_second=5, count=20))
    simulation.takes("ship", uniform(0.1, 0.3))
    simulation.worker(tasks_limit=1)
    return simulation


def test_a_worker_that_crashes_loses_nothing_and_what_it_held_comes_again():
    done = []

    async def pack(number: int) -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            done.append("cleaned up too late")
            raise
        done.append(number)

    simulation = simulation_of(pack)
    simulation.produce("orders", lambda n: {"number": n}, topic="pack", arrivals=burst(6))
    simulation.worker("first", tasks_limit=3, crashes=5)
    simulation.worker("second", tasks_limit=1, starts=20)
    run = simulation.run(until="idle")

    assert sorted(one for one in done if isinstance(one, int)) == [1, 2, 3, 4, 5, 6]
    assert [one.sightings for one in run.messages] == [2, 2, 2, 1, 1, 1]
    assert [pull.outcome for pull in run.messages[0].pulls] == ["given back", "acked"]
    # Back at its old place, before those that came later.
    assert [one.settled for one in run.messages] == [30, 40, 50, 60, 70, 80]
    assert [(life.name, life.state) for life in run.lives] == [("first", "crashed"), ("second", "running")]
    assert run.total.done == 6


def test_nothing_that_a_crashed_worker_still_does_reaches_a_queue():
    async def stubborn(message: Message) -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            await message.ack()

    simulation = simulation_of(stubborn)
    simulation.produce("orders", topic="stubborn", arrivals=burst(1))
    simulation.worker("first", crashes=5)
    simulation.worker("second", starts=5)
    run = simulation.run(until="idle")

    assert [pull.outcome for pull in run.messages[0].pulls] == ["given back", "acked"]
    assert run.messages[0].settled == 15


def test_a_worker_that_stops_ends_what_it_has_begun_and_takes_no_more():
    simulation = simulation_of(ship)
    simulation.produce("orders", topic="ship", arrivals=every(1, count=10))
    simulation.takes("ship", 3)
    simulation.worker("first", tasks_limit=1, stops=4)
    run = simulation.run(seconds=100)

    assert [one.settled for one in run.messages[:3]] == [3, 6, None]
    assert run.lives[0].state == "stopped"
    assert run.lives[0].ended == 6_000_000
    assert run.notes == ("8 messages on 'orders' wait, and no worker runs any more: first (stopped).",)


def test_a_message_that_no_actor_takes_goes_round_ten_times_and_dies():
    simulation = simulation_of(ship)
    simulation.produce("orders", topic="unknown", arrivals=burst(1))
    run = simulation.run(until="idle")

    (message,) = run.messages
    assert (message.sightings, message.outcome, message.actor) == (10, "nacked", None)
    assert message.pulls[0].reason == "no actor matched (sighting 1 of 10)"
    assert message.pulls[9].reason == "poison message: no actor matched in 10 sightings"


def test_arrivals_end_at_the_given_second_and_what_waits_is_worked_off():
    simulation = simulation_of(ship)
    simulation.produce("orders", topic="ship", arrivals=every(1))
    simulation.takes("ship", 5)
    simulation.worker(tasks_limit=1)
    run = simulation.run(seconds=3, until="idle")

    assert [one.sent for one in run.messages] == [0, 1, 2]
    assert (run.seconds, run.ended_by, run.total.unfinished) == (15, "idle", 0)


def test_a_run_that_nothing_can_move_any_more_says_what_waits_for_what():
    async def wait_for_ever() -> None:
        await asyncio.Event().wait()

    simulation = simulation_of(wait_for_ever, timeout=float("inf"))
    simulation.produce("orders", topic="wait_for_ever", arrivals=burst(2))
    simulation.produce("letters", topic="post", arrivals=burst(3))
    simulation.worker("only", tasks_limit=1)
    run = simulation.run(until="idle")

    assert run.ended_by == "stuck"
    assert run.notes == (
        "3 messages on 'letters' wait for ever: no actor listens there.",
        "1 message on 'orders' waits for a worker, and each is held up by what it has in work.",
        STUCK,
    )


def test_a_message_that_comes_again_and_again_in_one_moment_ends_the_run():
    async def refuse() -> None:
        raise ValueError("never")

    simulation = simulation_of(refuse, on_error="reject")
    simulation.produce("orders", topic="refuse", arrivals=burst(1))
    run = simulation.run(until="idle")

    assert run.ended_by == "stuck"
    assert "came again and again without any time passing" in run.notes[0]


def test_what_comes_again_and_again_is_told_with_its_own_reason():
    async def shy(message: Message) -> None:
        await message.reject()

    async def broken() -> None:
        raise ValueError("never")

    simulation = Simulation(app_with(shy, broken, on_error="reject"))
    simulation.worker("only", tasks_limit=1)
    for topic in ("broken", "shy"):
        simulation.produce("orders", topic=topic, arrivals=burst(1))
    run = simulation.run(until="idle")
    (note,) = (note for note in run.notes if "again and again" in note)
    assert run.step(note.partition(" ")[0], pull=-2).settlement.reason[:30] in note


def test_a_message_that_its_actor_puts_back_at_once_is_not_said_to_be_in_work_for_ever():
    async def shy(message: Message) -> None:
        await message.reject()

    simulation = simulation_of(shy)
    simulation.produce("orders", topic="shy", arrivals=burst(1))
    (note,) = simulation.run(until="idle").notes
    assert note.endswith("the actor settled it itself: rejected.")


def test_a_worker_that_starts_after_the_end_is_not_said_to_run_no_more():
    simulation = simulation_of(ship)
    simulation.produce("orders", topic="ship", arrivals=burst(1))
    simulation.worker("late", starts=60)
    assert simulation.run(seconds=10).notes == (
        "1 message on 'orders' waits, and no worker runs yet: late (not started).",
    )


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (lambda: poisson(per_second=1e-320), "per_second must be at least 1e-09"),
        (lambda: poisson(per_second=1, start=1e300), r"start must be at most 1e\+09"),
        (lambda: every(1e300), r"the seconds must be at most 1e\+09"),
        (lambda: uniform(0, 1e308), r"high must be at most 1e\+09"),
        (lambda: lognormal(mean=1, sigma=1000), "sigma must be at most 10"),
        (lambda: Simulation(app_with(), seed=True), "The seed must be a whole number, not True"),
        (lambda: Simulation(app_with(), seed=None), "The seed must be a whole number, not None"),  # type: ignore[arg-type]
        (
            lambda: Simulation(app_with()).run(seconds=1, max_messages=0),
            "max_messages must be a whole number, at least 1",
        ),
        (lambda: Simulation(app_with()).run(seconds=1, max_real_seconds=nan), "max_real_seconds must be a number"),
    ],
)
def test_a_number_that_no_run_can_work_with_is_refused_where_it_is_given(refused: Callable[[], object], said: str):
    with pytest.raises(SimulationError, match=said):
        refused()


def test_bounds_on_messages_and_on_real_seconds_end_a_run():
    simulation = simulation_of(ship)
    simulation.produce("orders", topic="ship", arrivals=burst(10_000))
    run = simulation.run(until="idle", max_messages=50)
    assert (run.ended_by, len(run.messages)) == ("max_messages", 50)
    assert run.notes[0] == "The run ended at 50 messages: run(max_messages=...) sets another bound."

    async def refuse():
        await asyncio.sleep(1)
        raise ValueError("never")

    simulation = simulation_of(refuse, on_error="reject")
    simulation.produce("orders", topic="refuse", arrivals=burst(2))
    run = simulation.run(until="idle", max_messages=50)
    assert run.notes[0] == "The run ended at 50 pulls of 2 messages: run(max_messages=...) sets another bound."

    simulation = simulation_of(ship)
    simulation.produce("orders", topic="ship", arrivals=every(0.01))
    run = simulation.run(seconds=1e9, max_real_seconds=0.05)
    assert run.ended_by == "max_real_seconds"
    assert run.seconds < 1e9


def test_the_interrupt_button_ends_a_run_and_leaves_it_up_to_there():
    async def press() -> None:
        signal.raise_signal(signal.SIGINT)

    former = signal.getsignal(signal.SIGINT)
    simulation = simulation_of(press)
    simulation.produce("orders", topic="press", arrivals=every(10))
    run = simulation.run(seconds=1e6)

    assert run.ended_by == "interrupted"
    assert run.total.messages == 1
    assert run.notes[0] == "The run was interrupted: this is how far it had come."
    assert signal.getsignal(signal.SIGINT) is former


def test_an_actor_that_exits_ends_its_worker_and_not_the_run():
    async def leave(number: int) -> None:
        if number == 2:
            raise SystemExit(1)

    simulation = simulation_of(leave)
    simulation.produce("orders", lambda n: {"number": n}, topic="leave", arrivals=every(1, count=3))
    simulation.worker("first")
    run = simulation.run(seconds=10)

    assert run.lives[0].state == "ended by SystemExit"
    assert [one.outcome for one in run.messages] == ["acked", "waiting", "waiting"]


class Odd(BaseException):
    """What no confirmation mode settles."""


@pytest.mark.parametrize(
    ("raised", "text"), [(Odd("no more"), "Odd: no more"), (asyncio.CancelledError(), "CancelledError")]
)
def test_what_is_no_exception_leaves_its_message_in_work_and_is_told(raised: BaseException, text: str):
    async def odd(number: int) -> None:
        if number == 2:
            raise raised

    simulation = simulation_of(odd)
    simulation.produce("orders", lambda n: {"number": n}, topic="odd", arrivals=every(1, count=3))
    simulation.worker("first")
    run = simulation.run(seconds=10)

    assert [one.outcome for one in run.messages] == ["acked", "not settled", "acked"]
    assert run.notes == (f"m2 stays in work: odd, in first, raised {text}. Only an Exception settles a message.",)


def test_an_actor_that_raises_a_keyboard_interrupt_ends_its_worker_and_not_the_run():
    async def press(number: int) -> None:
        if number == 2:
            raise KeyboardInterrupt

    simulation = simulation_of(press)
    simulation.produce("orders", lambda n: {"number": n}, topic="press", arrivals=every(1, count=3))
    simulation.worker("first")
    run = simulation.run(seconds=10)

    assert run.lives[0].state == "ended by KeyboardInterrupt"
    assert run.notes == (
        "2 messages on 'orders' wait, and no worker runs any more: first (ended by KeyboardInterrupt).",
    )


def test_messages_that_lead_to_messages_for_ever_end_at_the_bound_and_it_is_said_who_sent_them():
    async def again(message: Message) -> None:
        await message.send_message_json(channel="orders", payload={}, headers={"topic": "again"})

    simulation = simulation_of(again)
    simulation.produce("orders", topic="again", arrivals=burst(1))
    run = simulation.run(until="idle", max_messages=500)
    assert run.notes[0].startswith("The run ended at 500 messages, of which actors sent 499: run(max_messages=...)")


def test_actors_that_take_real_time_do_not_stretch_the_bound_on_it():
    def busy() -> None:
        until = time.perf_counter() + 0.01
        while time.perf_counter() < until:
            pass

    simulation = simulation_of(busy)
    simulation.produce("orders", topic="busy", arrivals=every(1))
    simulation.worker(tasks_limit=1)
    run = simulation.run(seconds=1e6, max_real_seconds=0.3)
    assert run.ended_by == "max_real_seconds"
    assert "more than 0.3 s of real time and ended at" in run.notes[0]
    # Without a look before so many turns, there would be thousands.
    assert len(run.messages) < 400


async def naps_for_real(number: int = 0) -> None:
    time.sleep(3600)  # noqa: ASYNC251


async def naps_under_another_name() -> None:
    sleep(3600)  # noqa: ASYNC251


@pytest.mark.parametrize("actor", [naps_for_real, naps_under_another_name])
def test_an_actor_that_really_sleeps_is_refused_in_words(actor: Callable[..., Any]):
    simulation = simulation_of(actor)
    simulation.produce("orders", topic=actor.__name__, arrivals=burst(5))
    with pytest.raises(SimulationError, match=r"(?s)naps_.*sleep.*simulation.takes"):
        simulation.run(until="idle")
    assert time.sleep is sleep


def test_a_thread_and_a_process_are_told_of():
    def start_something() -> None:
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()

    simulation = simulation_of(start_something)
    simulation.produce("orders", topic="start_something", arrivals=burst(2))
    run = simulation.run(until="idle")
    assert [one.pulls[0].error for one in run.messages] == ["", ""]
    assert run.notes[0].startswith("Code of the run started a thread (2 times): that takes real time")


async def test_the_network_is_refused_in_words():
    async def call_out() -> None:
        await asyncio.open_connection("localhost", 9)

    simulation = simulation_of(call_out)
    simulation.produce("orders", topic="call_out", arrivals=burst(1))
    run = simulation.run(until="idle")
    assert "No network in a simulation: localhost:9 was to be reached." in run.messages[0].pulls[0].error


def test_what_actors_print_is_kept_with_the_run(capsys: pytest.CaptureFixture[str]):
    def talk() -> None:
        print("hello")

    simulation = simulation_of(talk)
    simulation.produce("orders", topic="talk", arrivals=burst(2))
    run = simulation.run(until="idle")

    assert run.printed == "hello\nhello\n"
    assert run.notes == ("Actors printed 2 lines: see run.printed.",)
    assert capsys.readouterr().out == ""


def test_an_actors_random_numbers_come_from_the_seed_and_the_learners_own_go_on():
    import random  # noqa: PLC0415

    async def dice() -> float:
        rolled.append(random.random())  # noqa: S311  (no secret)
        return rolled[-1]

    rolled: list[float] = []
    simulation = simulation_of(dice)
    simulation.produce("orders", topic="dice", arrivals=burst(3))
    random.seed(5)
    state = random.getstate()
    simulation.run(until="idle")
    first, rolled = rolled, []
    simulation.run(until="idle")
    assert (rolled, random.getstate()) == (first, state)


@pytest.mark.parametrize(
    ("arrivals", "moments"),
    [
        (every(2, start=1, stop=6), [1, 3, 5]),
        (every(0.1, count=3), [0, 0.1, 0.2]),
        (burst(2, at=3), [3, 3]),
        ([4, 2], [2, 4]),
        (poisson(per_second=1, stop=0.001), []),
    ],
    ids=str,
)
def test_messages_arrive_when_they_are_said_to(arrivals: Any, moments: list[float]):
    simulation = simulation_of(ship)
    simulation.produce("orders", topic="ship", arrivals=arrivals)
    assert [one.sent for one in simulation.run(until="idle").messages] == moments


@pytest.mark.parametrize(
    ("duration", "mean"),
    [
        (constant(0.5), 0.5),
        (uniform(0.2, 0.8), 0.5),
        (exponential(mean=0.5), 0.5),
        (lognormal(mean=0.5, sigma=0.5), 0.5),
        (one_of([0.25, 0.75]), 0.5),
        (0.5, 0.5),
        (lambda random: random.uniform(0.4, 0.6), 0.5),
    ],
    ids=["constant", "uniform", "exponential", "lognormal", "one_of", "number", "function"],
)
def test_durations_have_the_mean_that_they_say(duration: Any, mean: float):
    simulation = simulation_of(ship)
    simulation.produce("orders", topic="ship", arrivals=burst(1000))
    simulation.takes("ship", duration)
    run = simulation.run(until="idle")
    assert run.total.working.mean == pytest.approx(mean, rel=0.1)
    assert getattr(duration, "mean", mean) == mean


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda s: s.run(), SimulationError, "Say how long to run"),
        (lambda s: s.run(until="done"), SimulationError, "until is 'idle'"),
        (lambda s: s.run(seconds=-1), SimulationError, "seconds must be a number, 0 or more"),
        (lambda s: (s.produce("orders", arrivals=every(1)), s.run(until="idle")), SimulationError, "never end"),
        (lambda s: s.produce("orders", arrivals=3), SimulationError, "poisson\\(per_second=8\\)"),
        (lambda s: s.takes("shp", 1), SimulationError, "Did you mean 'ship'"),
        (lambda s: s.takes("ship", "long"), SimulationError, "exponential\\(mean=0.4\\)"),
        (lambda s: s.worker(tasks_limit=0), SimulationError, "at least 1"),
        (lambda s: s.worker(starts=5, stops=3), SimulationError, "starts at 5 s and stops at 3 s"),
        (lambda s: (s.worker("a"), s.worker("a")), SimulationError, "another name"),
        (lambda s: poisson(per_second=0), SimulationError, "above 0"),
        (lambda s: burst(-1), SimulationError, "whole number"),
        (lambda s: uniform(2, 1), SimulationError, "at least low"),
        (lambda s: one_of([]), SimulationError, "at least one"),
        (lambda s: Simulation(3), DeclarationError, "takes a Repid app"),  # type: ignore[arg-type]
        (lambda s: Simulation(Repid()).run(seconds=1), UnknownNameError, "No default server"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_makes_no_sense_is_refused_in_words(ask: Callable[[Simulation], Any], error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        ask(simulation_of(ship))


class Broken:
    """Arrivals that cannot be made."""

    ends = True

    def times(self, _random: Random) -> Iterator[int]:
        raise ZeroDivisionError("no arrivals")
        yield 0


def test_arrivals_that_cannot_be_made_end_the_run_with_their_error():
    simulation = simulation_of(ship)
    simulation.produce("orders", topic="ship", arrivals=Broken(), name="broken")
    with pytest.raises(ZeroDivisionError, match="no arrivals"):
        simulation.run(until="idle")


def test_a_duration_that_cannot_be_drawn_ends_the_run_with_its_error_and_is_not_the_actors():
    simulation = simulation_of(ship)
    simulation.produce("orders", topic="ship", arrivals=every(1))
    simulation.takes("ship", lambda random: "long")
    with pytest.raises(SimulationError, match="a draw must be a number, 0 or more, not 'long'"):
        simulation.run(seconds=10)


def test_an_error_that_cannot_be_shown_is_named_by_its_class():
    class UnspeakableError(Exception):
        def __str__(self) -> str:
            raise ValueError

    async def odd() -> None:
        raise UnspeakableError

    simulation = simulation_of(odd)
    simulation.produce("orders", topic="odd", arrivals=every(1, count=2))
    run = simulation.run(until="idle")
    assert [one.pulls[-1].error for one in run.messages] == [
        "UnspeakableError: <UnspeakableError, which cannot be shown>"
    ] * 2


def test_a_payload_that_cannot_be_sent_ends_the_run_with_its_error_and_the_app_has_its_server_back():
    app = app_with(ship)
    server = app.servers.default
    simulation = Simulation(app)
    simulation.produce("orders", lambda n: {"number": object()}, topic="ship", arrivals=burst(1))
    with pytest.raises(TypeError, match="JSON"):
        simulation.run(until="idle")
    assert app.servers.default is server


def test_a_moment_that_is_cancelled_wakes_its_task_once():
    loop = JumpingLoop()
    moment, woken = Moment(loop, 10), []
    moment.add_done_callback(woken.append, context=Context())
    assert [moment.cancel(), moment.cancel()] == [True, False]
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    assert woken == [moment]
