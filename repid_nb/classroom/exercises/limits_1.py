"""Protect a database without stalling the rest."""

import asyncio
import math
from dataclasses import dataclass

from repid_nb.classroom.answers import Function, Refused
from repid_nb.classroom.exercise import Case, Exercise, Trial
from repid_nb.classroom.records import Finding
from repid_nb.core.naming import nearest_name
from repid_nb.simulation.arrivals import burst, every
from repid_nb.simulation.run import Run
from repid_nb.simulation.simulation import Simulation

__all__ = ["EXERCISE", "AllDone", "Database", "FewInHand", "FullyUsed", "Prompt", "Protected", "day"]

ROOM = 3
ACTORS = ("save_order", "make_report", "send_mail")
MAIL = 0.1
PROMPT = 0.5
MOST_IN_HAND = 20
LATEST_START = 0.5
MOST_PULLS = 5000


@dataclass(frozen=True)
class Day:
    """What comes: orders and reports at the beginning, mails at the beginning and then one a second."""

    orders: int = 0
    reports: int = 0
    mails: int = 0
    mails_a_second: int = 0


class Database:
    """Serves three at once, a second each.

    Attributes:
        at_once: How many it serves now.
        most: How many it had to serve at once, at most.
    """

    def __init__(self) -> None:
        self.at_once = 0
        self.most = 0

    async def work(self) -> None:
        """Serve one order or report.

        Raises:
            ConnectionError: It serves three already.
        """
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            if self.at_once > ROOM:
                raise ConnectionError(f"too many connections: the database serves {ROOM}")
            await asyncio.sleep(1)
        finally:
            self.at_once -= 1


class _Want:
    """A requirement on what the database and the run say."""

    def judge(self, trial: Trial) -> Finding | None:
        """Return the finding where it does not hold, otherwise None."""
        return self.found(trial.notes["database"], trial.notes["run"])

    def found(self, database: Database, run: Run) -> Finding | None:
        """Return the finding where it does not hold, otherwise None."""
        raise NotImplementedError


@dataclass(frozen=True)
class Protected(_Want):
    """The database never has to serve more than it can."""

    def found(self, database: Database, run: Run) -> Finding | None:
        if database.most <= ROOM:
            return None
        return Finding(
            happened=f"While the database was serving {ROOM} orders and reports, another one came.",
            wanted=f"It serves {ROOM} at once, orders and reports together.",
            shown=run,
        )


@dataclass(frozen=True)
class AllDone(_Want):
    """Each message is done, once."""

    def found(self, database: Database, run: Run) -> Finding | None:  # noqa: ARG002  (the run says it all)
        wrong = next((one for one in run.messages if one.outcome != "acked"), None)
        if wrong is None:
            return None
        return Finding(
            happened=f"{wrong.id} for {wrong.topic} is {wrong.outcome}.",
            wanted="Each order, report and mail should be done.",
            shown=run.step(wrong.id) if wrong.pulls else wrong,
        )


@dataclass(frozen=True)
class Prompt(_Want):
    """No mail waits for the database."""

    def found(self, database: Database, run: Run) -> Finding | None:  # noqa: ARG002  (the run says it all)
        mails = [one for one in run.messages if one.topic == "send_mail"]
        slowest = max(mails, key=lambda mail: mail.waited + mail.worked, default=None)
        if slowest is None or slowest.waited + slowest.worked < PROMPT:
            return None
        return Finding(
            happened=f"The mail {slowest.id} was sent {slowest.waited + slowest.worked:.1f} s after it came.",
            wanted="A mail has nothing to do with the database: it should be sent in less than half a second.",
            shown=run,
        )


@dataclass(frozen=True)
class FullyUsed(_Want):
    """As long as work waits for it, the database is not idle."""

    def found(self, database: Database, run: Run) -> Finding | None:  # noqa: ARG002  (the run says it all)
        work = [one for one in run.messages if one.topic != "send_mail"]
        due = math.ceil(len(work) / ROOM) + LATEST_START
        end = max((one.settled or math.inf for one in work), default=0)
        if end <= due:
            return None
        return Finding(
            happened=f"The last of {len(work)} orders and reports was done after {end:.0f} s.",
            wanted=f"Three at once, a second each: it should take {math.ceil(len(work) / ROOM)} s.",
            shown=run,
        )


@dataclass(frozen=True)
class FewInHand(_Want):
    """What cannot start yet stays on its queue."""

    def found(self, database: Database, run: Run) -> Finding | None:  # noqa: ARG002  (the run says it all)
        curve = run.working_over_time()
        if curve.highest <= MOST_IN_HAND:
            return None
        return Finding(
            happened=f"The worker held {curve.highest} messages at once, most of which could not start.",
            wanted=f"At most {MOST_IN_HAND}: what it holds comes again when it crashes, and no other worker gets it.",
            shown=run,
        )


async def arrange(trial: Trial) -> None:
    """Let the answer declare the three actors, and play a day."""
    database = Database()

    async def save_order() -> None:
        await database.work()

    async def make_report() -> None:
        await database.work()

    async def send_mail() -> None:
        await asyncio.sleep(MAIL)

    trial.include(await trial.call(save_order, make_report, send_mail))
    channels = {actor.name: actor.channel_address for actor in trial.app.router.actors}
    for name in ACTORS:
        if name not in channels:
            raise Refused(f"There is no actor {name!r}.{nearest_name(name, channels)}")
    (day,) = trial.given
    simulation = Simulation(trial.app, seed=1)
    for name, count in zip(ACTORS, (day.orders, day.reports, day.mails), strict=True):
        if count:
            simulation.produce(channels[name], topic=name, arrivals=burst(count, at=0), name=f"{name} at once")
    if day.mails_a_second:
        arrivals = every(1, count=day.mails_a_second)
        simulation.produce(channels["send_mail"], topic="send_mail", arrivals=arrivals, name="mails")
    simulation.worker()
    trial.notes["run"] = simulation.run(until="idle", max_messages=MOST_PULLS, max_real_seconds=60)
    trial.notes["database"] = database
    trial.played = len(trial.notes["run"].messages)


def day(*, orders: int = 0, reports: int = 0, mails: int = 0, mails_a_second: int = 0, because: str = "") -> Case:
    """Make a case of one day."""
    given = [Day(orders, reports, mails, mails_a_second)]
    return Case(Protected(), AllDone(), Prompt(), FullyUsed(), FewInHand(), given=given, because=because)


EXERCISE = Exercise(
    name="limits-1",
    level=3,
    chapter=14,
    limit=20.0,
    title="Protect a database without stalling the rest",
    asks="Pass a function that takes three functions, and returns a Router with an actor for each.",
    answer=Function("def make_router(save_order, make_report, send_mail)"),
    channel="shop",
    arrange=arrange,
    cases=(
        day(orders=1, reports=1, mails=1),
        day(orders=9),
        day(orders=6, reports=6),
        day(mails=15),
        day(orders=30, mails_a_second=5),
        day(reports=30, mails_a_second=5),
        day(orders=60, reports=30, mails_a_second=20),
    ),
    hints=(
        "A worker takes up to a thousand messages at once. Which two actors need the database? Give them `limits=`.",
        (
            "Two limits of three are six. One object in two places is one limit, shared: make the `ActorLimits` once, "
            "and give it to both."
        ),
        (
            "While a message waits for its actor's limit, nothing more is taken from its channel: what must not wait "
            "belongs on another one. Each actor may have a `channel=` of its own."
        ),
    ),
)
