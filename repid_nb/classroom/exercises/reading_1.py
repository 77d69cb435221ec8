"""Read how messages will be routed, before they are."""

from dataclasses import dataclass
from typing import Any

from repid_nb.classroom.answers import Refused, described
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.records import Finding
from repid_nb.core.message import BaseMessageT
from repid_nb.core.routing.router import Router
from repid_nb.core.routing.strategies import catch_all_routing_strategy
from repid_nb.printable import short

__all__ = ["EXERCISE", "Predicted", "router"]

MESSAGES = (
    Send(topic="answer"),
    Send(topic="pay_back"),
    Send(topic="refund"),
    Send(topic="answer", headers={"severity": "high"}),
    Send(headers={"severity": "high"}),
    Send(topic="Answer"),
    Send(topic="answer", channel="archive"),
)

BECAUSE = (
    "Its topic is the name of an actor.",
    "With `name=` an actor no longer goes by the name of its function.",
    "An actor with `name=` goes by that name.",
    "Two actors would say yes. The first one is asked first, and no other after it.",
    "Without a topic no actor takes it that goes by topic. One of them does not.",
    "Capital and small letters are different letters.",
    "The worker asks only the actors of the channel that a message waits on.",
)


def router() -> Router:
    """Make the actors that the notebook shows."""
    made = Router(channel="support")

    def severe(*, actor_name: str) -> Any:  # noqa: ARG001
        def strategy(message: BaseMessageT) -> bool:
            return (message.headers or {}).get("severity") == "high"

        return strategy

    @made.actor
    async def answer() -> None: ...

    @made.actor(name="refund")
    async def pay_back() -> None: ...

    @made.actor(routing_strategy=severe)
    async def wake_somebody() -> None: ...

    @made.actor(channel="archive", routing_strategy=catch_all_routing_strategy)
    async def keep() -> None: ...

    return made


@dataclass(frozen=True)
class PredictedWinners:
    """A dict with the name of an actor, or None, for each message."""

    messages: tuple[str, ...]

    def refuse(self, answer: Any) -> None:
        """Raise Refused unless the answer is such a dict."""
        example = f"{{{self.messages[0]!r}: 'answer', {self.messages[1]!r}: None, ...}}"
        if not isinstance(answer, dict):
            raise Refused(f"check got {described(answer)}, not a dict. Write your predictions as in `{example}`.")
        for message in self.messages:
            if message not in answer or answer[message] is ...:
                raise Refused(f"There is no prediction for {message} yet: an actor's name, or None for nobody.")
            if not isinstance(answer[message], str | None):
                given = described(answer[message])
                raise Refused(f"The prediction for {message} is {given}. It wants an actor's name in quotation marks.")
            if isinstance(answer[message], str) and answer[message].lower() in ("none", "nobody"):
                raise Refused(
                    f"For {message} you wrote the text {answer[message]!r}; nobody is None, without quotation marks."
                )
        unknown = next((message for message in answer if message not in self.messages), None)
        if unknown is not None:
            raise Refused(f"There is no message {short(unknown)}: they are {', '.join(self.messages)}.")


@dataclass(frozen=True)
class Predicted:
    """The winner of a message is the one that the answer predicts; `because` says why it wins."""

    message: int
    because: str = ""

    def judge(self, trial: Trial) -> Finding | None:
        """Return the Step with another winner, or None."""
        name, step = f"m{self.message}", trial.steps_of(self.message)[0]
        predicted = trial.answer[name]
        if predicted == step.winner:
            return None
        said = "nobody" if predicted is None else short(predicted)
        return Finding(
            happened=f"For {name} you predicted {said}, and {step.winner or 'nobody'} got it.",
            wanted=f"The name of the actor that gets {name}. {self.because}".strip(),
            shown=step,
        )


async def arrange(trial: Trial) -> None:
    """Let the actors of the notebook listen."""
    trial.include(router())


EXERCISE = Exercise(
    name="reading-1",
    level=1,
    chapter=2,
    title="Who gets which message?",
    asks="Pass a dict: for each message the name of the actor that will get it, or None for nobody.",
    answer=PredictedWinners(tuple(f"m{number}" for number, _ in enumerate(MESSAGES, start=1))),
    channel="support",
    arrange=arrange,
    cases=(Case(*MESSAGES, *(Predicted(number, because) for number, because in enumerate(BECAUSE, start=1))),),
    hints=(
        "The worker asks only the actors of the message's own channel, from top to bottom, and stops at the first yes.",
        (
            "With the default strategy the topic must be the actor's name, letter for letter. What is the name of an "
            "actor declared with `name=`?"
        ),
        "For each message, write down the answer of every actor of its channel: yes or no. The first yes gets it.",
    ),
)
