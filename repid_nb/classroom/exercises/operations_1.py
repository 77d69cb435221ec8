"""Send by operation id, so that the queue can be moved."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from repid_nb.classroom.answers import Function, Refused, described
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial, payload_of
from repid_nb.classroom.records import Finding
from repid_nb.core.errors import UnknownNameError
from repid_nb.core.message import MessageAction
from repid_nb.core.routing.router import Router

__all__ = ["EXERCISE", "Receipt", "moved", "other_program", "register", "send"]

OPERATION = "send_receipt"

TOTALS = {"ada": 30, "bob": 12, "dan": 7, "eve": 99}


@dataclass(frozen=True)
class Pair:
    """Two functions in parentheses."""

    kinds: tuple[Function, Function]

    def refuse(self, answer: Any) -> None:
        """Raise Refused unless the answer is these two."""
        if not isinstance(answer, tuple) or len(answer) != len(self.kinds):
            wanted = "both functions in one pair of parentheses: (register, send_receipt)"
            raise Refused(f"check got {described(answer)}. It wants {wanted}.")
        for kind, function in zip(self.kinds, answer, strict=True):
            kind.refuse(function)


Action = tuple[str, str]


def register(queue: str) -> Action:
    """Let the answer register the operation on a queue."""
    return "register", queue


def send(to: str) -> Action:
    """Let the answer send a customer a receipt."""
    return "send", to


def moved(queue: str) -> Action:
    """Let another program register the operation on a queue."""
    return "moved", queue


def other_program(to: str) -> Action:
    """Let another program send a customer a receipt, by operation id."""
    return "other program", to


@dataclass(frozen=True)
class Receipt:
    """One receipt waits on this queue, and the actor there gets it."""

    to: str
    queue: str

    def judge(self, trial: Trial) -> Finding | None:
        """Return where it went instead, or None."""
        wanted = f"The receipt for {self.to} should go to {self.queue}, and mail_receipt should get it there."
        steps = [step for step in trial.steps if self._is_in(payload_of(step))]
        if not steps:
            happened = f"No actor was asked about a receipt for {self.to}."
            return Finding(happened=happened, wanted=wanted, shown=trial.idle)
        step = steps[0]
        if step.channel != self.queue:
            return Finding(happened=f"It went to {step.channel}.", wanted=wanted, shown=step)
        if step.settlement.action is not MessageAction.acked:
            got = f"{step.winner} got it, but could not deal with it." if step.winner else "Nobody got it."
            return Finding(happened=f"It went to {step.channel}. {got}", wanted=wanted, shown=step)
        if payload_of(step).get("total") != TOTALS[self.to]:
            wanted = f"{self.to} paid {TOTALS[self.to]}, and the receipt should say so."
            return Finding(happened="It says another total.", wanted=wanted, shown=step)
        if len(steps) > 1:
            happened = f"{len(steps)} receipts for {self.to} were sent."
            return Finding(happened=happened, wanted="It should be sent once.", shown=steps[1])
        return None

    def _is_in(self, payload: Any) -> bool:
        return isinstance(payload, dict) and payload.get("to") == self.to


def queues_of(given: Iterable[Action]) -> Iterator[str]:
    """Yield each queue on which the shop has an actor, once."""
    named = (name for action, name in given if action in ("register", "moved"))
    yield from dict.fromkeys(["mails", *named])


async def arrange(trial: Trial) -> None:
    """Let an actor listen on each queue, and do one action of the case after the other."""
    router = Router()
    for queue in queues_of(trial.given):

        @router.actor(channel=queue)
        async def mail_receipt(to: str, total: int) -> str:
            return f"{to} paid {total}"

    trial.include(router)
    register, send_receipt = trial.answer
    registered = ""
    for action, name in trial.given:
        match action:
            case "register":
                register(trial.app, name)
                registered = f'`register(app, "{name}")`'
            case "send":
                try:
                    await send_receipt(trial.app, name, TOTALS[name])
                except UnknownNameError as error:
                    error.add_note(f"Before that, the check had called {registered} with this app.")
                    raise
            case "moved":
                trial.app.messages.register_operation(operation_id=OPERATION, channel=name)
            case "other program":
                receipt = Send({"to": name, "total": TOTALS[name]}, topic="mail_receipt", operation_id=OPERATION)
                try:
                    await trial.send(receipt)
                except UnknownNameError as error:
                    raise Refused(
                        f"After {registered} another program sent a receipt under the operation id {OPERATION!r}, and "
                        f"the app said: {error} What `register` notes down must be where other programs see it, too."
                    ) from None


EXERCISE = Exercise(
    name="operations-1",
    level=1,
    chapter=10,
    title="Move a queue without telling the senders",
    asks="Pass both functions in parentheses: (register, send_receipt).",
    answer=Pair((Function("def register(app, queue)"), Function("async def send_receipt(app, to, total)"))),
    channel="mails",
    arrange=arrange,
    cases=(
        Case(Receipt("ada", "mails"), given=[register("mails"), send("ada")]),
        Case(
            Receipt("ada", "night"),
            given=[register("night"), send("ada")],
            because='`register(app, "night")` had been called before it was sent.',
        ),
        Case(
            Receipt("ada", "mails"),
            given=[register("mails"), other_program("ada")],
            because="Another program sent it with `operation_id`.",
        ),
        Case(
            Receipt("ada", "night"),
            given=[register("mails"), moved("night"), send("ada")],
            because="Another program had moved the operation `send_receipt` there before it was sent.",
        ),
        Case(
            Receipt("ada", "mails"),
            Receipt("bob", "night"),
            given=[register("mails"), send("ada"), register("night"), send("bob")],
            because="Ada's was sent before the move from mails to night, and Bob's after it.",
        ),
    ),
    hints=(
        (
            "Two things must be decided for a message: to which queue it goes, and which actor takes it there. Which "
            "of the two does the operation id decide?"
        ),
        (
            "Only `register` may know a queue. Whatever `send_receipt` says about a queue, in its own lines or in a "
            "variable, is out of date after a move."
        ),
        (
            "The chapter on describing the system registers an operation and sends by it: look up "
            '"What the app sends". Registering an operation again replaces its queue.'
        ),
    ),
)
