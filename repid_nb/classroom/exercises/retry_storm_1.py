"""Try again without a storm."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from repid_nb.classroom.answers import Function
from repid_nb.classroom.exercise import Case, Exercise, Trial
from repid_nb.classroom.records import Finding
from repid_nb.core.record import Record
from repid_nb.simulation.arrivals import every
from repid_nb.simulation.run import Run
from repid_nb.simulation.simulation import Simulation

__all__ = ["EXERCISE", "Day", "GentleOnTheBank", "GivenUp", "Paid", "Prompt"]

PAYMENTS = 60
CALL = 0.1
CALLS_PER_PAYMENT = 20
PROMPT = 1.0
# More than any storm of half a minute; one that never ends, ends here.
MOST_PULLS = 5000


@dataclass(frozen=True)
class Day:
    """A day at the bank: a payment a second.

    Attributes:
        down: From which second on the bank does not answer, and until which.
        refused: The orders whose card is refused, however often it is tried.
    """

    down: tuple[float, float] = (0, 0)
    refused: tuple[int, ...] = ()


@dataclass
class Bank:
    """The bank that the actor calls.

    Attributes:
        calls: How often it was called for each order.
        paid: How often each order was paid.
        refusals: How often each order's card was refused.
    """

    day: Day
    calls: Counter[int] = field(default_factory=Counter)
    paid: Counter[int] = field(default_factory=Counter)
    refusals: Counter[int] = field(default_factory=Counter)

    async def pay(self, order: int) -> None:
        """Pay an order; that takes a tenth of a second.

        Raises:
            ConnectionError: The bank does not answer at present.
            ValueError: The card is refused.
        """
        self.calls[order] += 1
        await asyncio.sleep(CALL)
        begin, end = self.day.down
        if begin <= asyncio.get_running_loop().time() < end:
            raise ConnectionError("the bank does not answer")
        if order in self.day.refused:
            self.refusals[order] += 1
            raise ValueError("the card is refused")
        self.paid[order] += 1


class _Want:
    """A requirement on what the bank and the run say."""

    def judge(self, trial: Trial) -> Finding | None:
        """Return the finding where it does not hold, otherwise None."""
        return self.found(trial.notes["bank"], trial.notes["run"])

    def found(self, bank: Bank, run: Run) -> Finding | None:
        """Return the finding where it does not hold, otherwise None."""
        raise NotImplementedError


@dataclass(frozen=True)
class Paid(_Want):
    """Each order is paid once, but those whose card is refused."""

    def found(self, bank: Bank, run: Run) -> Finding | None:
        for order in range(1, PAYMENTS + 1):
            wanted = 0 if order in bank.day.refused else 1
            if bank.paid[order] != wanted:
                times = {0: "never paid", 1: "paid"}.get(bank.paid[order], f"paid {bank.paid[order]} times")
                return Finding(
                    happened=f"Order {order} was {times}.",
                    wanted="It should be paid once." if wanted else "It should not be paid.",
                    shown=_of(run, order),
                )
        return None


@dataclass(frozen=True)
class GentleOnTheBank(_Want):
    """The bank is not called all the time while it is down."""

    def found(self, bank: Bank, run: Run) -> Finding | None:
        calls, most = bank.calls.total(), CALLS_PER_PAYMENT * PAYMENTS
        if calls <= most:
            return None
        return Finding(
            happened=f"The bank was called {calls:,} times for {PAYMENTS} payments.",
            wanted=f"At most {most:,} calls: it does not recover while it is called all the time.",
            shown=run,
        )


@dataclass(frozen=True)
class GivenUp(_Want):
    """A payment whose card is refused is a dead letter, after one call."""

    def found(self, bank: Bank, run: Run) -> Finding | None:
        for order in bank.day.refused:
            message = run.messages[order - 1]
            if bank.refusals[order] != 1 or message.outcome != "nacked":
                refusals = bank.refusals[order]
                times = {0: "never tried", 1: "refused once"}.get(refusals, f"refused {refusals:,} times")
                return Finding(
                    happened=f"The card of order {order} was {times}; the message is {message.outcome}.",
                    wanted="A refused card stays refused: it should be a dead letter at once.",
                    shown=_of(run, order),
                )
        return None


@dataclass(frozen=True)
class Prompt(_Want):
    """Where the bank answers, nothing is put off."""

    def found(self, bank: Bank, run: Run) -> Finding | None:
        slowest = max(run.messages, key=lambda message: message.waited + message.worked)
        if bank.day.down != (0, 0) or slowest.waited + slowest.worked < PROMPT:
            return None
        return Finding(
            happened=f"{slowest.id} took {slowest.waited + slowest.worked:.1f} s, although the bank answered.",
            wanted="Where nothing is wrong, a payment should be done at once.",
            shown=run.step(slowest.id) if slowest.pulls else slowest,
        )


def _of(run: Run, order: int) -> Record:
    message = run.messages[order - 1]
    if not message.pulls:
        return message
    # Of a pull in which a storm was cut off there is nothing to see.
    ended = [place for place, pull in enumerate(message.pulls) if pull.ended is not None]
    return run.step(message.id, ended[-1] if ended else -1)


async def arrange(trial: Trial) -> None:
    """Let the answer's router take the payments of a day."""
    bank = Bank(trial.given[0])
    trial.include(await trial.call(bank))
    simulation = Simulation(trial.app, seed=1)
    simulation.produce("payments", lambda n: {"order": n}, topic="charge", arrivals=every(1, count=PAYMENTS))
    simulation.worker()
    trial.notes["run"] = simulation.run(until="idle", max_messages=MOST_PULLS, max_real_seconds=60)
    trial.notes["bank"] = bank
    trial.played = len(trial.notes["run"].messages)


def day(*, down: tuple[float, float] = (0, 0), refused: tuple[int, ...] = (), because: str = "") -> Case:
    """Make a case of one day."""
    wants = (GivenUp(), GentleOnTheBank(), Paid(), Prompt())
    return Case(*wants, given=[Day(down, refused)], because=because)


EXERCISE = Exercise(
    name="retry-storm-1",
    level=3,
    chapter=13,
    limit=20.0,
    title="Try again without a storm",
    asks="Pass a function that takes the bank, and returns a Router with an actor `charge`.",
    answer=Function("def make_router(bank)"),
    channel="payments",
    arrange=arrange,
    cases=(
        day(),
        day(refused=(3,)),
        day(down=(20, 23)),
        day(down=(10, 40), because="The bank is down for half a minute."),
        day(down=(10, 40), refused=(2, 15)),
        day(
            down=(10, 610),
            because="The bank is down for ten minutes, which is longer than an actor may take by default.",
        ),
    ),
    hints=(
        (
            "With `on_error='reject'` a payment comes again at once. How many calls are that in a second? What could "
            "the actor do with the time before the next try?"
        ),
        "`await asyncio.sleep(...)` costs nothing but time. Wait longer before each further try: 1, 2, 4, 8 seconds.",
        (
            "Two kinds of error need two ways: only a `ConnectionError` may go better later. And an actor has a "
            "`timeout`: 300 seconds if you say nothing."
        ),
    ),
)
