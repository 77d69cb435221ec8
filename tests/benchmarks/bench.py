"""Speed as ratios: `make bench`, or `python tests/benchmarks/bench.py [--rounds 5] [--only WORDS]`.

Everything is compared inside one run of this program, so that the machine plays as small a part as it can: each
contender runs in a process of its own between two runs of its reference, in rounds of shuffled order. What takes long
and is nowhere near a goal (other libraries, brokers) takes part in the first three rounds only: it takes most of the
time, and its figures are of another size.

A virtual machine, also one that is idle, changes its speed by a factor of nearly two from one second to the next, with
what its neighbours do. That makes a run dearer and never cheaper. So what counts is the cheapest run over the cheapest
run of the reference; the median of the ratios and their range, of the same CPU time, show how quiet it was.
"""

from __future__ import annotations

import argparse
import ast
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from rounds import HERE, SELDOM, Case, Samples, play

BARE = Case("bare")
BARE_SUSPENDED = Case("bare", "--suspend")
OURS = Case("repid_nb")
ONE_ACTOR = Case("repid_nb", "--actors 1")
FEW_MIXED = Case("repid_nb", "--actors 5 --custom 4")
FEW_TASKS = Case("repid_nb", "--tasks-limit 10")
FEW_TASKS_SUSPENDED = Case("repid_nb", "--suspend --tasks-limit 10")
TEN_ACTORS = Case("repid_nb", "--actors 10 --messages 2000")
STEPS = Case("repid_nb", "--steps --actors 10 --messages 2000")
FEW_WAITING = Case("repid_nb", "--steps --messages 300 --waiting 10")
ASYNCIO = Case("import", "asyncio")
SIMULATED = Case("simulation", "--messages 100000")
SUSPENDED = Case("repid_nb", "--suspend")

OTHERS = ("huey", "taskiq", "dramatiq", "repid", "celery")
BROKERS = ["redis", "nats"]
if (HERE.parents[1] / ".rabbitmq" / "root").exists():  # where the system offers none it is not fetched
    BROKERS += ["rabbit-classic", "rabbit-quorum"]


@dataclass(frozen=True)
class Row:
    """One line of the table: a case over its reference, and what it should be at most."""

    what: str
    case: Case
    over: Case
    goal: float | None = None
    phase: str = "total"
    # Of several things at once, what each adds: the difference to another case, shared out.
    beyond: Case | None = None
    shared_by: int = 1

    @property
    def is_seldom(self) -> bool:
        """Whether the first rounds are enough."""
        return self.case.contender in (*OTHERS, "brokers", "simulation")

    @property
    def contests(self) -> list[tuple[Case, Case]]:
        """What has to be run for it."""
        cases = [self.case] if self.beyond is None else [self.case, self.beyond]
        return [(case, self.over) for case in cases]


TABLE: dict[str, tuple[Row, ...]] = {
    "End to end in memory, over bare (asyncio.Queue, json, a pydantic-core validator, await)": (
        Row("repid_nb", OURS, BARE, 1.5),
        Row("huey, immediate", Case("huey"), BARE),
        Row("huey, consumer", Case("huey", "--consumer"), BARE),
        Row("taskiq", Case("taskiq", "--messages 5000"), BARE),
        Row("dramatiq", Case("dramatiq", "--messages 5000"), BARE),
        Row("repid", Case("repid", "--messages 5000"), BARE),
        Row("celery, eager", Case("celery", "--messages 2000"), BARE),
        Row("celery, memory transport", Case("celery", "--messages 2000 --transport"), BARE),
    ),
    "The same with BasicConverter": (
        Row("repid_nb", Case("repid_nb", "--basic"), BARE, 1.5),
        Row("repid", Case("repid", "--basic --messages 5000"), BARE),
    ),
    "The same with an actor that suspends once, over bare with such an actor": (
        Row("repid_nb", Case("repid_nb", "--suspend"), BARE_SUSPENDED, 2.0),
        Row("taskiq", Case("taskiq", "--suspend --messages 5000"), BARE_SUSPENDED),
        Row("repid", Case("repid", "--suspend --messages 5000"), BARE_SUSPENDED),
    ),
    "Each further middleware adds, over bare": (
        Row("repid_nb", Case("repid_nb", "--middlewares 5"), BARE, 0.05, beyond=OURS, shared_by=5),
    ),
    "Publish JSON, over put_nowait of encoded JSON": (
        Row("repid_nb", OURS, BARE, 1.3, phase="publish"),
        Row("repid", Case("repid", "--messages 5000"), BARE, phase="publish"),
    ),
    "Actors on the channel, the last one matches, over 1 actor": (
        *(
            Row(f"{actors:,} actors", Case("repid_nb", f"--actors {actors}"), ONE_ACTOR, 1.1, phase="work")
            for actors in (10, 100, 1000, 10_000)
        ),
        Row(
            "10,000 with 4 custom, over 5 with 4 custom",
            Case("repid_nb", "--actors 10000 --custom 4"),
            FEW_MIXED,
            1.1,
            phase="work",
        ),
        Row(
            "repid, 10,000 actors, over its 1",
            Case("repid", "--actors 10000 --messages 100 --tasks-limit 5"),
            Case("repid", "--actors 1 --messages 2000 --tasks-limit 5"),
            phase="work",
        ),
    ),
    "tasks_limit, over 10": (
        Row("1,000", OURS, FEW_TASKS, 1.2, phase="work"),
        Row("20,000", Case("repid_nb", "--tasks-limit 20000"), FEW_TASKS, 1.2, phase="work"),
        Row(
            "20,000, actors that suspend once",
            Case("repid_nb", "--suspend --tasks-limit 20000"),
            FEW_TASKS_SUSPENDED,
            1.2,
            phase="work",
        ),
        Row(
            "repid, 20,000",
            Case("repid", "--tasks-limit 20000"),
            Case("repid", "--tasks-limit 10 --messages 5000"),
            phase="work",
        ),
    ),
    "Waiting messages behind the 20,000 that run, over none": (
        Row("100,000 waiting", Case("repid_nb", "--waiting 100000"), OURS, 1.1, phase="work"),
    ),
    "Steps": (
        Row("recorded, 10 actors, over run_worker", STEPS, TEN_ACTORS, phase="work"),
        Row(
            "1,000 actors explained, over 10",
            Case("repid_nb", "--steps --actors 1000 --messages 50"),
            STEPS,
            phase="work",
        ),
        Row(
            "100,000 waiting, over 10",
            Case("repid_nb", "--steps --messages 300 --waiting 100000"),
            FEW_WAITING,
            1.1,
            phase="work",
        ),
    ),
    "5,000 messages through run_worker on a real broker, over repid's own worker": tuple(
        Row(
            f"{broker}{', actors of 10 ms' if sleep else ''}",
            Case("brokers", f"--broker {broker} --library repid_nb --milliseconds {sleep}"),
            Case("brokers", f"--broker {broker} --library repid --milliseconds {sleep}"),
            1.1,
            phase="work",
        )
        for broker in BROKERS
        for sleep in (0, 10)
    ),
    "A simulation of 100,000 messages through two workers, recorded, over run_worker": (
        Row("repid_nb, whose actor takes its time", SIMULATED, OURS, 3.0),
        Row("over an actor that suspends once", SIMULATED, SUSPENDED),
    ),
    "Import, over import asyncio": (
        Row("repid_nb", Case("import", "repid_nb"), ASYNCIO, 1.3),
        Row("repid_nb, with what an app needs", Case("import", "repid_nb.app"), ASYNCIO),
        Row("repid", Case("import", "repid"), ASYNCIO),
        Row("pydantic", Case("import", "pydantic"), ASYNCIO),
    ),
}
MEMORY = Case("repid_nb", "--memory")
MEMORY_GOAL = 90
RECORDED = Case("simulation", "--memory --messages 20000")
RECORDED_GOAL = 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="measure only the sections with these words in their title")
    given = parser.parse_args()
    table = {title: rows for title, rows in TABLE.items() if given.only.lower() in title.lower()}
    asked = [row for rows in table.values() for row in rows]
    contests = [contest for row in asked for contest in row.contests]
    seldom = {contest for row in asked if row.is_seldom for contest in row.contests}
    samples, began = Samples(), time.monotonic()
    for number, samples in enumerate(play(contests, given.rounds, seldom), start=1):  # noqa: B007  (the last is the table)
        print(f"round {number} of {given.rounds}, {(time.monotonic() - began) / 60:.1f} minutes", file=sys.stderr)
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {given.rounds} rounds")
    print(f"(other libraries, brokers and simulations: {min(given.rounds, SELDOM)})\n")
    print(f"{'times the reference':50} {'goal':>6} {'wall':>7} {'CPU':>7} {'CPU: median (range)':>24} {'us':>9}")
    for title, rows in table.items():
        print(f"\n{title}")
        for row in rows:
            print(_line(row, samples))
    if not given.only:
        weight = MEMORY.run()["bytes"]
        print(f"\nA queued message beside its payload and headers: {weight:.0f} bytes (goal: at most {MEMORY_GOAL})")
        weight = RECORDED.run()["bytes"]
        print(f"A message of a run, its payload included: {weight:.0f} bytes (goal: at most {RECORDED_GOAL})\n")
        print("\n".join(_about()))


def _line(row: Row, samples: Samples) -> str:
    wall, cpu = (samples.least(row.case, row.over, row.phase, kind) for kind in ("wall", "cpu"))
    all_cpu = samples.ratio(row.case, row.over, row.phase, "cpu")
    if row.beyond is not None:
        wall, cpu = (
            (least - samples.least(row.beyond, row.over, row.phase, kind)) / row.shared_by
            for least, kind in ((wall, "wall"), (cpu, "cpu"))
        )
        all_cpu = all_cpu.beyond(samples.ratio(row.beyond, row.over, row.phase, "cpu"), row.shared_by)
    goal = "" if row.goal is None else f"{row.goal:.2f}"
    met = "" if row.goal is None else "met" if wall <= row.goal else "MISSED"
    each = samples.microseconds(row.case, row.over, row.phase, "wall")
    return f"  {row.what:48} {goal:>6} {wall:7.2f} {cpu:7.2f} {all_cpu!s:>24} {each:9,.1f} {met}"


def _about() -> Iterator[str]:
    """Yield what each contender says of itself: what it does that others do not."""
    for script in sorted(HERE.glob("with_*.py")):
        yield f"{script.stem.removeprefix('with_'):10} {ast.get_docstring(ast.parse(script.read_text()))}"


if __name__ == "__main__":
    main()
