"""Find how many workers are enough."""

from dataclasses import dataclass

from repid_nb.app import Repid
from repid_nb.classroom.answers import Function, Refused, described
from repid_nb.classroom.exercise import Case, Exercise, Trial
from repid_nb.classroom.records import Finding
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.routing.router import Router
from repid_nb.simulation.arrivals import poisson
from repid_nb.simulation.durations import exponential
from repid_nb.simulation.run import Run
from repid_nb.simulation.simulation import Simulation

__all__ = ["EXERCISE", "Enough", "Traffic", "play"]

SECONDS = 100
AT_MOST = 1.0
MOST_WORKERS = 100


@dataclass(frozen=True)
class Traffic:
    """Photos that arrive.

    Attributes:
        per_second: How many arrive in a second, in the mean.
        takes: How many seconds one takes, in the mean.
        seed: The seed of the simulation.
    """

    per_second: float
    takes: float
    seed: int = 1


def play(traffic: Traffic, workers: int) -> Run:
    """Play the traffic with so many workers, each of which takes one photo after another."""
    if isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= MOST_WORKERS:
        raise ValueError(f"play wants a whole number of workers, 1 to {MOST_WORKERS}, not {workers!r}")
    app, photos = Repid(), Router(channel="photos")
    app.servers.register_server("default", InMemoryServer(), is_default=True)

    @photos.actor
    async def resize() -> None: ...

    app.include_router(photos)
    simulation = Simulation(app, seed=traffic.seed)
    simulation.produce("photos", topic="resize", arrivals=poisson(per_second=traffic.per_second))
    simulation.takes("resize", exponential(mean=traffic.takes))
    for _ in range(workers):
        simulation.worker(tasks_limit=1)
    return simulation.run(seconds=SECONDS)


@dataclass(frozen=True)
class Enough:
    """The number is the smallest with which one photo in twenty, at most, waits a second or longer.

    Attributes:
        for_fewer: What to think of where the number is too small, as a sentence.
    """

    for_fewer: str = ""

    def judge(self, trial: Trial) -> Finding | None:
        """Return a run in which photos wait too long, or in which fewer workers do; None for the right number."""
        answer, traffic = trial.notes["answer"], trial.given[0]
        if isinstance(answer, bool) or not isinstance(answer, int) or not 1 <= answer <= MOST_WORKERS:
            advice = " Is its `return` missing?" if answer is None else ""
            raise Refused(f"Your function returned {described(answer)}, not a whole number of workers.{advice}")
        run = play(traffic, answer)
        if run.total.waiting.p95 >= AT_MOST:
            return Finding(
                happened=f"With {_workers(answer)} one photo in twenty waits {run.total.waiting.p95:.1f} s or longer.",
                wanted=f"Fewer than one in twenty should wait a second or longer. {self.for_fewer}".rstrip(),
                shown=run,
            )
        fewer = play(traffic, answer - 1) if answer > 1 else None
        if fewer is None or fewer.total.waiting.p95 >= AT_MOST:
            return None
        return Finding(
            happened=f"{_workers(answer)} are enough, and {_workers(answer - 1)} would be, too.",
            wanted="It should be the smallest number that is enough.",
            shown=fewer,
        )


def _workers(number: int) -> str:
    return f"{number} worker{'' if number == 1 else 's'}"


async def arrange(trial: Trial) -> None:
    """Call the answer with a function that plays the traffic."""
    traffic = trial.given[0]

    def play_traffic(workers: int) -> Run:
        run = play(traffic, workers)
        trial.played += len(run.messages)
        return run

    trial.notes["answer"] = await trial.call(play_traffic)


EXERCISE = Exercise(
    name="queue-length-1",
    level=2,
    chapter=13,
    limit=20.0,
    title="How many workers are enough?",
    asks="Pass a function that takes `play`, and returns the smallest number of workers that is enough.",
    answer=Function("def enough(play)", or_async=True),
    channel="photos",
    arrange=arrange,
    cases=(
        Case(Enough(), given=[Traffic(0.5, 0.1)]),
        Case(Enough("A worker that has time left may still let photos wait."), given=[Traffic(2, 0.3)]),
        Case(Enough(), given=[Traffic(4, 0.5)]),
        Case(Enough(), given=[Traffic(6, 0.5, 2)]),
        Case(Enough("Where one photo takes long, the next waits long."), given=[Traffic(2, 2.0)]),
    ),
    hints=(
        "`play(3)` returns a run with three workers. What does `play(3).total.waiting` show?",
        "95 in 100 were taken within `p95` seconds. Begin with one worker, and add one as long as that is too long.",
        "A loop that begins with `workers = 1`, and ends once `play(workers).total.waiting.p95` is below 1.",
    ),
)
