"""Simulations against what is known of queues. The seeds are fixed, so the figures are always the same.

An estimate is the mean over seeds; it has to be within its confidence interval of 99.9 % around the known value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import factorial, sqrt
from statistics import mean, stdev

import pytest
from simulation.queues import app_with, markovian

from repid_nb import Run, Simulation, constant, exponential, poisson, uniform

SEEDS = range(10)
# Student's t for 99.9 % and nine degrees of freedom.
QUANTILE = 4.781


def assert_estimates(values: Iterable[float], known: float) -> None:
    found = list(values)
    half = QUANTILE * stdev(found) / sqrt(len(found))
    assert abs(mean(found) - known) <= half, f"{mean(found):.4f} ± {half:.4f}, and theory says {known:.4f}"
    assert half < 0.35 * known, f"{half:.4f} is too wide an interval to say anything about {known:.4f}"


def over_seeds(run: Callable[[int], Run]) -> list[Run]:
    return [run(seed) for seed in SEEDS]


def test_random_arrivals_and_random_times_wait_as_in_m_m_1():
    runs = over_seeds(lambda seed: markovian(per_second=7, takes=exponential(mean=0.1), seed=seed))
    load = 0.7
    assert_estimates((run.total.waiting.mean for run in runs), load * 0.1 / (1 - load))
    assert_estimates((run.total.in_system.mean for run in runs), 0.1 / (1 - load))
    assert_estimates((run.total.mean_waiting for run in runs), load**2 / (1 - load))
    assert_estimates((run.workers["worker 1"].utilisation or 0 for run in runs), load)


def test_equal_times_halve_the_wait_as_in_m_d_1():
    runs = over_seeds(lambda seed: markovian(per_second=7, takes=constant(0.1), seed=seed))
    load = 0.7
    assert_estimates((run.total.waiting.mean for run in runs), load * 0.1 / (2 * (1 - load)))
    assert_estimates((run.total.mean_waiting for run in runs), load**2 / (2 * (1 - load)))


@pytest.mark.parametrize(("workers", "tasks"), [(3, 1), (1, 3)])
def test_three_at_once_wait_as_in_m_m_3(workers: int, tasks: int):
    runs = over_seeds(
        lambda seed: markovian(per_second=24, takes=exponential(mean=0.1), workers=workers, tasks=tasks, seed=seed)
    )
    offered, servers = 2.4, 3
    load = offered / servers
    waits = offered**servers / factorial(servers) / (1 - load)
    all_busy = waits / (sum(offered**k / factorial(k) for k in range(servers)) + waits)
    assert_estimates((run.total.waiting.mean for run in runs), all_busy * 0.1 / (servers * (1 - load)))
    assert_estimates((run.total.mean_waiting for run in runs), all_busy * load / (1 - load))


def test_priorities_wait_as_cobhams_formula_says():
    def run(seed: int) -> Run:
        simulation = Simulation(app_with(ship, wrap), seed=seed)
        for priority, rate in ((9, 3.0), (4, 4.0)):
            simulation.produce("orders", topic="ship", priority=priority, arrivals=poisson(per_second=rate))
        simulation.takes("ship", uniform(0.05, 0.15))
        simulation.worker(tasks_limit=1)
        return simulation.run(seconds=250)

    runs = over_seeds(run)
    second_moment = 0.1**2 + 0.1**2 / 12
    residual = 7.0 * second_moment / 2
    assert_estimates((run.priorities[9].waiting.mean for run in runs), residual / (1 - 0.3))
    assert_estimates((run.priorities[4].waiting.mean for run in runs), residual / ((1 - 0.3) * (1 - 0.7)))


@pytest.mark.parametrize("seconds", [13.7, 60])
def test_littles_law_holds_exactly_for_any_run(seconds: float):
    simulation = Simulation(app_with(ship, wrap), seed=3)
    simulation.produce("orders", topic="ship", arrivals=poisson(per_second=12))
    simulation.produce("orders", topic="wrap", arrivals=poisson(per_second=2), priority=9)
    simulation.produce("orders", topic="nobody's", arrivals=poisson(per_second=0.2))
    simulation.takes("ship", exponential(mean=0.2))
    simulation.worker("first", tasks_limit=2)
    simulation.worker("second", tasks_limit=1, starts=5, crashes=10)
    run = simulation.run(seconds=seconds)

    waited = sum(round(one.waited * 1e6) for one in run.messages)
    worked = sum(round(one.worked * 1e6) for one in run.messages)
    assert run.waiting_over_time().area == waited
    assert run.working_over_time().area == worked
    assert waited + worked == sum(
        round(((one.settled if one.settled is not None else run.seconds) - one.sent) * 1e6) for one in run.messages
    )
    assert sum(run.waiting_over_time(priority=priority).area for priority in run.priorities) == waited
    assert sum(run.working_over_time(worker).area for worker in run.workers) == worked


async def ship() -> None:
    pass


async def wrap() -> None:
    pass
