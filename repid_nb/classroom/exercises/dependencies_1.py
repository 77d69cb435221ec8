"""Let actors share a dependency."""

from dataclasses import dataclass

from repid_nb.classroom.answers import Function
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.wants import Returns, Settles, WantOfMessage
from repid_nb.stepping.record import Step

__all__ = ["EXERCISE", "Depended", "NotCalled", "desk", "served"]

NAMES = {"7": "Ada", "12": "Bob", "007": "Cy"}


@dataclass(frozen=True)
class Depended(WantOfMessage):
    """A dependency found this value, so the actor had it when it began."""

    value: str

    @property
    def wanted(self) -> str:
        return f"A dependency should find {self.value!r} before the actor begins."

    def differs(self, step: Step) -> str | None:
        found = [argument.value for argument in step.arguments if argument.source == "dependency"]
        if repr(self.value) in found:
            return None
        return f"Dependencies found {', '.join(found)}." if found else f"No dependency gave {step.winner} anything."


@dataclass(frozen=True)
class NotCalled(WantOfMessage):
    """The arguments could not be read, so the actor was not called."""

    @property
    def wanted(self) -> str:
        return "The actor should not even begin."

    def differs(self, step: Step) -> str | None:
        return None if step.duration is None else f"{step.winner} had begun when it came out."


def desk(topic: str, book: str, card: str | None = None) -> Send:
    """Return a message from one of the library's desks, with or without a card."""
    return Send({"book": book}, topic=topic, headers=None if card is None else {"x-card": card})


async def arrange(trial: Trial) -> None:
    """Let the answer put its actors on a Router."""
    trial.include(await trial.call(*trial.given))


def served(send: Send, result: str, reader: str, because: str = "") -> Case:
    """Return a case in which the actor returns the result, for a reader that a dependency found."""
    return Case(send, Returns(result), Depended(reader), given=[NAMES], because=because)


def unknown(send: Send, because: str = "The card is not in `names`.") -> Case:
    """Return a case with a card that has no owner."""
    return Case(send, Settles("nacked"), NotCalled(), given=[NAMES], because=because)


VISITOR = "Without the header `x-card` it is a visitor."

EXERCISE = Exercise(
    name="dependencies-1",
    level=2,
    chapter=8,
    title="Whose card is this?",
    asks="Pass a function that takes the names by card and returns a Router with `lend` and `reserve`.",
    answer=Function("def build(names)"),
    channel="library",
    arrange=arrange,
    cases=(
        served(desk("lend", "Emma", "7"), "Ada takes Emma home", "Ada"),
        served(desk("reserve", "Emma", "7"), "Emma is kept for Ada", "Ada"),
        served(desk("lend", "Ulysses", "12"), "Bob takes Ulysses home", "Bob"),
        served(
            desk("lend", "Goldfinger", "007"),
            "Cy takes Goldfinger home",
            "Cy",
            because="A number on a card is text: `007` and `7` are two cards.",
        ),
        served(desk("lend", "Dracula"), "a visitor takes Dracula home", "a visitor", because=VISITOR),
        served(desk("reserve", "Dracula"), "Dracula is kept for a visitor", "a visitor", because=VISITOR),
        unknown(desk("lend", "Middlemarch", "99")),
        unknown(desk("lend", "Middlemarch", ""), because="A card without a number is a card, and not in `names`."),
        unknown(desk("reserve", "Middlemarch", "99")),
    ),
    hints=(
        "Look at the arguments in the Step, or at `what did not fit`: where does `reader` come from?",
        (
            "Write a function inside `build` that asks for the header, as an actor would, and returns the name. "
            "`Depends` beside the type of `reader` calls it."
        ),
        (
            "A header that may be missing needs a default. An unknown card is another matter: what raises "
            "while the arguments are read keeps the actor from beginning."
        ),
    ),
)
