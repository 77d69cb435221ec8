"""One seed, one run; and what one part draws does not depend on another part."""

from __future__ import annotations

import os
import subprocess
import sys

from simulation.queues import app_with

from repid_nb import Run, Simulation, burst, exponential, poisson

SCRIPT = """
from hashlib import sha256
from simulation.test_seeds import shop
print(sha256(shop(seed=5).run(seconds=60).to_json_lines().encode()).hexdigest())
"""


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


def test_one_seed_is_one_run_in_any_process_whatever_its_hash_seed():
    hashes = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "42")
    }
    assert len(hashes) == 1


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
