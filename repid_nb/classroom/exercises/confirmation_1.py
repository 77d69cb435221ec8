"""Choose what becomes of a message when its actor fails."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from repid_nb.classroom.answers import Function
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.records import Finding
from repid_nb.classroom.wants import Settles
from repid_nb.printable import beginning

__all__ = ["EXERCISE", "Decides", "card"]

WORDS = "`on_error` has to return 'ack', 'nack' or 'reject'"
# How much is told of what a learner's function raised.
LONGEST = 200
ERRORS: dict[str, tuple[type[Exception], str]] = {
    "expired": (ValueError, "the card has expired"),
    "stolen": (PermissionError, "the card is reported stolen"),
    "unknown": (LookupError, "there is no such card"),
    "refused": (PermissionError, "the bank refuses this card"),
    "no line": (ConnectionError, "the bank cannot be reached"),
    "line lost": (ConnectionResetError, "the bank hung up"),
    "line broken": (BrokenPipeError, "the bank is gone"),
    "line refused": (ConnectionRefusedError, "the bank does not answer"),
}


def make_actor() -> Callable[[str], Awaitable[str]]:
    """Make an actor that fails as the card says; a broken line is mended at the second call."""
    seen: set[str] = set()

    async def charge(card: str) -> str:
        error, text = ERRORS.get(card, (None, ""))
        if error is None or (issubclass(error, ConnectionError) and card in seen):
            return "charged"
        seen.add(card)
        raise error(text)

    return charge


def card(name: str) -> Send:
    """Return a message that charges a card: a good one, or one of ERRORS."""
    return Send({"card": name}, topic="charge")


@dataclass(frozen=True)
class Decides(Settles):
    """The message is settled by this action, also where a function `on_error` decides it."""

    def judge(self, trial: Trial) -> Finding | None:
        """Return how it was settled instead, or that the function returned no word for it; otherwise None."""
        finding, step = super().judge(trial), trial.steps_of(self.message)[self.step - 1]
        if " was raised, and then on_error raised " in step.settlement.reason and step.exception is not None:
            failure = step.exception
            happened = f"`on_error` itself raised {failure.type}: {beginning(failure.message, LONGEST)}."
            return Finding(happened=happened, wanted=f"{WORDS} for every error, also for this one.", shown=step)
        if not trial.notes["on_error is a function"] or ", not one of " not in step.settlement.reason:
            return finding
        if finding is None:
            happened = "It was nacked, but only because `on_error` returned none of its words."
            return Finding(happened=happened, wanted=f"{WORDS} for every error, also for this one.", shown=step)
        return replace(finding, happened=f"{finding.happened} {WORDS}.")


async def arrange(trial: Trial) -> None:
    """Let the answer put the actor on a Router."""
    router = await trial.call(make_actor())
    trial.include(router)
    deciding = [actor.on_error for actor in router.actors if callable(actor.on_error)]
    trial.notes["on_error is a function"] = bool(deciding)


NOT_AGAIN = "Trying again would not help, and a person has to look at it."
AGAIN = "The bank will be back: the same message can succeed later."

EXERCISE = Exercise(
    name="confirmation-1",
    level=2,
    chapter=7,
    title="Lose no payment, and try none for ever",
    asks="Pass a function that takes the actor `charge` and returns a Router with it.",
    answer=Function("def build(charge)"),
    channel="payments",
    arrange=arrange,
    cases=(
        Case(card("good"), Settles("acked")),
        Case(card("expired"), Decides("nacked"), because=NOT_AGAIN),
        Case(card("stolen"), Decides("nacked"), because=NOT_AGAIN),
        Case(card("refused"), Decides("nacked"), because=f"The bank has answered. {NOT_AGAIN}"),
        Case(card("no line"), Decides("rejected"), Settles("acked", step=2), because=AGAIN),
        Case(card("line lost"), Decides("rejected"), because=f"{AGAIN} ConnectionResetError is a ConnectionError too."),
        Case(card("line broken"), Decides("rejected"), because=f"{AGAIN} BrokenPipeError is a ConnectionError too."),
    ),
    hints=(
        "Look at the last line of the Step: it says how the message was settled, and which rule decided it.",
        (
            "The mode `auto` acks after a good run, and asks `on_error` after a bad one. One word for every error "
            "is not enough here."
        ),
        "`on_error` may be a function: it gets the exception and returns `ack`, `nack` or `reject`.",
    ),
)
