"""Split a catch-all without changing what becomes of any message."""

import random
import string
from dataclasses import dataclass

from repid_nb.classroom.answers import Function
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.records import Finding
from repid_nb.classroom.wants import Returns, Wins

__all__ = ["EXERCISE", "TheseActors", "handled"]

# A new tax each time, so that no answer can have it in a list.
NEW = "".join(random.sample(string.ascii_lowercase, 6))

SENTENCES = {
    "marry": "a date for the wedding",
    "interpret": "an interpreter comes along",
    "collect_tax": "a letter from the tax office",
    "register_move": "a new address in the books",
    "put_on_pile": "on the pile",
}


@dataclass(frozen=True)
class TheseActors:
    """The app has no actors but the five."""

    def judge(self, trial: Trial) -> Finding | None:
        """Return the last step with an actor that should be gone, or None."""
        other = next((actor.name for actor in trial.app.router.actors if actor.name not in SENTENCES), None)
        if other is None:
            return None
        wanted = f"In the end there should be these actors only: {', '.join(SENTENCES)}."
        return Finding(happened=f"There is an actor {other}.", wanted=wanted, shown=trial.steps[-1])


async def arrange(trial: Trial) -> None:
    """Let the actors listen that the answer builds."""
    trial.include(await trial.call())


def handled(actor: str, topic: str | None = None, *, because: str = "", **headers: str) -> Case:
    """Make a case: a message with this topic and these headers goes to that actor, which returns its sentence."""
    send = Send(topic=topic, headers=headers or None)
    return Case(send, Wins(actor), Returns(SENTENCES[actor]), because=because)


EXERCISE = Exercise(
    name="routing-3",
    level=3,
    chapter=4,
    title="Split the clerk who does everything",
    asks="Pass a function that builds and returns the Router of the town hall, with five actors.",
    answer=Function("def build()"),
    channel="town_hall",
    arrange=arrange,
    cases=(
        handled("put_on_pile", because="It has no headers at all, and was always put on the pile."),
        handled("marry", "marry"),
        handled("collect_tax", "tax.dog", because="Its topic begins with `tax.`."),
        handled("collect_tax", "tax.house"),
        handled("collect_tax", f"tax.{NEW}", because="Its topic begins with `tax.`, and is new today."),
        handled("register_move", "move"),
        handled("register_move", "move_house"),
        handled("interpret", language="sign"),
        handled("put_on_pile", language="fi", because="An interpreter came for sign language only."),
        handled("put_on_pile", language="signed", because="An interpreter came for `sign`, and for just that."),
        handled("put_on_pile", "complain"),
        handled("put_on_pile", "taxi", because="Its topic does not begin with `tax.`, with the dot."),
        handled("put_on_pile", "tax"),
        handled("put_on_pile", "remove", because="Its topic is another word."),
        handled("put_on_pile", "move_car"),
        handled("put_on_pile", "house", because="Its topic is another word."),
        handled("put_on_pile", "marry_again", because="`marry` takes just that topic."),
        handled("put_on_pile", "interpret", because="There was no such topic, and it was always put on the pile."),
        handled("put_on_pile", "collect_tax", because="There was no such topic, and it was always put on the pile."),
        handled("interpret", "tax.dog", language="sign", because="The old clerk asked for the language first."),
        handled("interpret", "move", language="sign", because="The old clerk asked for the language first."),
        handled("marry", "marry", language="sign", because="It never came as far as the old clerk."),
        Case(Send(topic="complain"), TheseActors()),
    ),
    hints=(
        (
            "Write down a sample before you change anything: some messages with the sentence that each gets today, odd "
            "ones too. What about a message that fits two of the `if` lines?"
        ),
        (
            "A chain of `if` and `return` is itself a first match: the order of its lines says in which order your "
            "actors have to be asked. And where was `marry`?"
        ),
        (
            "Each `if` becomes a routing strategy that says yes to just what the `if` said yes to; what is left after "
            "the last `if` is the fallback. Mind the message that has no headers."
        ),
    ),
)
