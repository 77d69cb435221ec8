"""One seed, one run; and what one part draws does not depend on another part."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from hashlib import sha256
from types import FrameType

from simulation.queues import app_with

from repid_nb import (
    ActorLimits,
    InMemoryServer,
    Message,
    MessageLimits,
    Repid,
    Router,
    Run,
    Simulation,
    burst,
    every,
    exponential,
    poisson,
)

PLAIN = """
from simulation.test_seeds import rush
print(rush(seed=5).run(seconds=60, until="idle").to_json_lines())
"""
# As in a notebook: inside a running loop, and with the tasks of nest_asyncio2, which are written in Python.
NESTED = """
import asyncio
import nest_asyncio2
from simulation.test_seeds import rush

async def cell():
    print(rush(seed=5).run(seconds=60, until="idle").to_json_lines())

loop = asyncio.new_event_loop()
nest_asyncio2.apply(loop)
assert asyncio.Task is asyncio.tasks._PyTask or __import__("sys").version_info >= (3, 14)
loop.run_until_complete(cell())
"""
# Of the moments of that run. It changes when the worker's own order of events does.
ON_ANY_MACHINE = "3da2983820471f64"


async def ship(number: int) -> None: ...


async def refund(number: int) -> None: ...


def shop(*, seed: int = 1, workers: int = 1, refunds: int = 50) -> Simulation:
    simulation = Simulation(app_with(ship, refund), seed=seed)
    simulation.produce("orders", lambda n: {"number": n}, topic="ship", arrivals=poisson(per_second=8))
    simulation.produce("orders", lambda n: {"number": n}, topic="refund", arrivals=burst(refunds, at=3), priority=9)
    simulation.takes("ship", exponential(mean=0.1))
    simulation.takes("refund", exponential(mean=0.02))
    for _ in range(workers):
        simulation.worker(tasks_limit=1)
    return simulation


def rush(*, seed: int) -> Simulation:
    """Return a simulation in which much happens at the same moments: what then comes first must be the same, too."""
    app = Repid()
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    router = Router()
    shared = ActorLimits(max_messages=3)
    refused: list[bytes] = []

    @router.actor(channel="orders", limits=shared)
    async def save(number: int) -> None:
        await asyncio.sleep(1)
        if number % 5 == 0:
            raise ValueError(number)

    @router.actor(channel="orders", on_error="reject")
    async def refund(message: Message) -> None:
        await asyncio.gather(*(asyncio.sleep(0.5) for _ in range(3)))
        await message.send_message_json(channel="mails", payload={}, headers={"topic": "mail"})
        if message.payload not in refused:
            refused.append(message.payload)
            raise LookupError

    @router.actor(channel="mails", limits=shared, timeout=3)
    async def mail() -> None:
        try:
            await asyncio.sleep(0.5)
        finally:
            print("a mail less")

    app.include_router(router)
    simulation = Simulation(app, seed=seed)
    simulation.produce("orders", lambda n: {"number": n}, topic="save", arrivals=burst(40, at=1))
    simulation.produce("orders", lambda n: {"number": n}, topic="refund", arrivals=every(0.5, count=20), priority=9)
    simulation.produce("mails", topic="mail", arrivals=poisson(per_second=3, stop=20))
    simulation.takes("mail", exponential(mean=0.2))
    simulation.worker("first", limits=MessageLimits(max_messages=6))
    simulation.worker("second", starts=1, stops=4, graceful_shutdown_time=0)
    simulation.worker("third", starts=2, crashes=5)
    return simulation


def in_a_process(script: str, hash_seed: str) -> Run:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return Run.from_json_lines(done.stdout)


def test_one_seed_is_one_run_in_a_script_and_in_a_notebook_whatever_the_hash_seed():
    assert in_a_process(PLAIN, "0").to_dict() == in_a_process(NESTED, "42").to_dict()


def test_one_seed_is_one_run_on_any_machine_and_version_of_python():
    columns = rush(seed=5).run(seconds=60, until="idle").columns
    moments = (columns.sent, columns.message, columns.pulled, columns.started, columns.ended, columns.worker)
    assert sha256(repr([list(one) for one in moments]).encode()).hexdigest()[:16] == ON_ANY_MACHINE


def test_the_same_simulation_runs_the_same_again_and_another_seed_differently():
    simulation = shop()
    assert simulation.run(seconds=30) == simulation.run(seconds=30)
    assert shop(seed=2).run(seconds=30) != simulation.run(seconds=30)


def test_more_workers_change_neither_the_arrivals_nor_the_work_in_a_message():
    one, three = shop().run(seconds=60, until="idle"), shop(workers=3).run(seconds=60, until="idle")
    assert arrivals(one) == arrivals(three)
    assert [message.worked for message in one.messages] == [message.worked for message in three.messages]
    assert three.total.waiting.mean < one.total.waiting.mean


def test_another_producer_changes_no_arrival_of_the_first():
    few, many = shop(refunds=0).run(seconds=30), shop(refunds=500).run(seconds=30)
    assert arrivals(few) == [moment for moment in arrivals(many) if moment[0] == "orders/ship"]


def arrivals(run: Run) -> list[tuple[str, float]]:
    return [(message.source, message.sent) for message in run.messages]


def test_actors_whose_time_is_over_together_end_in_the_order_in_which_they_began():
    async def slow(number: int) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            print(number)
            raise

    simulation = Simulation(app_with(slow, timeout=1))
    simulation.produce("orders", lambda number: {"number": number}, topic="slow", arrivals=burst(40))
    run = simulation.run(until="idle")
    assert run.printed.split() == [str(number) for number in range(1, 41)]


def test_what_keeps_a_frame_of_the_loop_keeps_no_task():
    frames = []

    async def look() -> None:
        frame: FrameType | None = sys._getframe()
        while frame is not None and frame.f_code.co_name != "_run_once":
            frame = frame.f_back
        frames.append(frame)

    simulation = Simulation(app_with(look))
    simulation.produce("orders", topic="look", arrivals=burst(1))
    simulation.run(until="idle")
    # A worker takes a reference to its task for a trace that an actor has left, and so would start another task.
    assert frames[0].f_locals["handle"] is None
