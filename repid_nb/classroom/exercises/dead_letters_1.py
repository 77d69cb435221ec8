"""Rescue the dead letters that can be rescued."""

import json
from dataclasses import dataclass, field
from typing import Any

from repid_nb.classroom.answers import Function, Refused
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.records import Finding
from repid_nb.core.message import MessageAction
from repid_nb.core.routing.router import Router

__all__ = ["EXERCISE", "LeftAlone", "Rescued", "cinema", "weekend"]

CHANNEL = "cinema"


@dataclass
class Office:
    """The resources of the cinema's actors.

    Attributes:
        paper: How many sheets the printer has; it ran out of them before the weekend.
        paid: To whom money was paid back.
    """

    paper: int = 0
    paid: list[str] = field(default_factory=list)

    def print_out(self) -> None:
        """Use a sheet.

        Raises:
            RuntimeError: The paper is used up.
        """
        if not self.paper:
            raise RuntimeError("the printer is out of paper")
        self.paper -= 1


def cinema(office: Office) -> Router:
    """Make the actors that the notebook shows."""
    made = Router(channel=CHANNEL)

    @made.actor
    async def print_ticket(row: int, seat: int) -> str:
        office.print_out()
        return f"a ticket for row {row}, seat {seat}"

    @made.actor
    async def pay_back(guest: str) -> str:
        office.paid.append(guest)
        office.print_out()
        return "paid back, and the receipt is printed"

    return made


def _name(trial: Trial, letter: int) -> str:
    """Return a name for a dead letter: its id says little, because it differs in each case."""
    send: Send = trial.given[letter - 1]
    return f"`{send.topic}` `{json.dumps(send.payload)}`"


@dataclass(frozen=True)
class Rescued:
    """This dead letter is sent again, and comes through."""

    letter: int

    def judge(self, trial: Trial) -> Finding | None:
        """Return how it failed again, or that it was not sent again; None when it came through."""
        name, steps = _name(trial, self.letter), trial.steps_of(self.letter)
        wanted = f"The dead letter {name} should be sent again, and come through."
        if not steps:
            happened = f"{name} was not sent again: it is still a dead letter."
            return Finding(happened=happened, wanted=wanted, shown=trial.queues.get(CHANNEL))
        if steps[-1].settlement.action is MessageAction.acked:
            return None
        failed = f"{steps[-1].winner} failed over it" if steps[-1].winner else "no actor got it"
        return Finding(happened=f"{name} was sent again, and {failed}.", wanted=wanted, shown=steps[-1])


@dataclass(frozen=True)
class LeftAlone:
    """This dead letter is not sent again."""

    letter: int

    def judge(self, trial: Trial) -> Finding | None:
        """Return the Step that it made when it was sent again, or None."""
        name, steps = _name(trial, self.letter), trial.steps_of(self.letter)
        wanted = f"The dead letter {name} should stay where it is."
        if steps:
            return Finding(happened=f"{name} was sent again.", wanted=wanted, shown=steps[0])
        queue = trial.queues.get(CHANNEL)
        if queue is None or all(letter.message.id != f"m{self.letter}" for letter in queue.dead_letters):
            return Finding(happened=f"{name} is no longer a dead letter.", wanted=wanted, shown=queue)
        return None


async def arrange(trial: Trial) -> None:
    """Let the messages of a weekend die, fill the printer, and call the answer."""
    office = Office()
    router = cinema(office)
    trial.include(router)
    await trial.send(*trial.given)
    await trial.stepper.run(max_steps=1000)
    office.paper = 1000
    trial.forget_steps()
    steps = tuple(trial.stepper.history)
    try:
        await trial.call(trial.stepper, router)
    except Exception as error:
        letters = " and ".join(_name(trial, number) for number, _ in enumerate(trial.given, start=1))
        error.add_note(f"This Monday began with other letters than the table: {letters}.")
        raise
    if tuple(trial.stepper.history)[: len(steps)] != steps:
        raise Refused("Your function went back in time with `rewind`. A worker cannot do that: rescue, going forward.")


def weekend(*parts: Send | Rescued | LeftAlone, because: str = "") -> Case:
    """Make a case of messages that were sent at the weekend, and what is to become of each."""
    sends = [part for part in parts if isinstance(part, Send)]
    return Case(*(part for part in parts if not isinstance(part, Send)), given=sends, because=because)


def message(topic: str, **payload: Any) -> Send:
    """Return a message of the cinema."""
    return Send(payload, topic=topic)


PAID = "The guest was paid back before the printer failed, and must not be paid twice."
WRONG = "The message itself is wrong, and sending it again repairs nothing."

EXERCISE = Exercise(
    name="dead-letters-1",
    level=2,
    chapter=6,
    title="Monday morning at the cinema",
    asks="Pass a function that takes a Stepper with dead letters and the cinema's Router, and rescues what it may.",
    answer=Function("def rescue(stepper, router)", or_async=True),
    channel=CHANNEL,
    arrange=arrange,
    cases=(
        weekend(message("print_ticket", row=3, seat=7), Rescued(1), because="The printer has paper again."),
        weekend(message("remind", guest="ada"), Rescued(1), because="An actor `remind` was all that was missing."),
        weekend(message("print_ticket", row="front", seat=7), LeftAlone(1), because=WRONG),
        weekend(message("print_tiket", row=3, seat=7), LeftAlone(1), because=WRONG),
        weekend(message("pay_back", guest="ada"), LeftAlone(1), because=PAID),
        weekend(
            message("print_ticket", row="front", seat=1),
            message("print_ticket", row=3, seat=7),
            Rescued(2),
            LeftAlone(1),
        ),
        weekend(
            message("print_ticket", row=3, seat=7),
            message("pay_back", guest="ada"),
            message("remind", guest="bob"),
            message("print_ticket", row=4, seat="aisle"),
            message("print_ticket", row=3, seat=8),
            message("remnid", guest="cy"),
            *(Rescued(letter) for letter in (1, 3, 5)),
            *(LeftAlone(letter) for letter in (2, 4, 6)),
        ),
    ),
    hints=(
        (
            "Take the letters of `stepper.queues` one by one. Each has a `reason`, and a `message` with its topic in "
            "the headers: which of the two do you need to decide?"
        ),
        (
            "The same reason can stand on two letters of which only one may be sent again; and so can the same topic. "
            "Both together decide."
        ),
        (
            "For a reminder the actor has to be there before its letter is pulled. For a ticket read the reason: did "
            "the actor raise, or did it never run because its arguments could not be read?"
        ),
    ),
)
