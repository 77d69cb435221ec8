"""Requirements on the Steps of a case. Each is data with a sentence; none says how to meet it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

from repid_nb.classroom.answers import described
from repid_nb.classroom.exercise import Trial, payload_of, read_payload
from repid_nb.classroom.records import Finding
from repid_nb.core.errors import DeclarationError
from repid_nb.core.memory.queue import DEFAULT_PRIORITY
from repid_nb.core.message import MessageAction
from repid_nb.display.sentences import who_got_it
from repid_nb.printable import short
from repid_nb.stepping.record import Step

__all__ = ["DeadLetters", "NobodyWins", "PulledInOrder", "Raises", "Returns", "Settles", "WantOfMessage", "Wins"]

SETTLED = {
    MessageAction.acked: "acked",
    MessageAction.nacked: "nacked",
    MessageAction.rejected: "rejected",
    MessageAction.replied: "replied to",
    None: "not settled",
}
SETTLED_WANTED = {
    MessageAction.acked: "acked: done",
    MessageAction.nacked: "nacked: a dead letter",
    MessageAction.rejected: "rejected: back on the queue",
    MessageAction.replied: "replied to",
    None: "left unsettled",
}


@dataclass(frozen=True, kw_only=True)
class WantOfMessage(ABC):
    """A requirement on one step of one message. Inherit from it for one of your own.

    Attributes:
        message: The number of the message in the case, from 1.
        step: The number of the message's step: 1 for the first time that it was pulled, -1 for the last.
    """

    message: int = 1
    step: int = 1

    @property
    @abstractmethod
    def wanted(self) -> str:
        """The requirement, as a sentence."""

    @abstractmethod
    def differs(self, step: Step) -> str | None:
        """Return what happened instead, as a sentence; None when the requirement holds."""

    def judge(self, trial: Trial) -> Finding | None:
        """Return the finding where the requirement does not hold, otherwise None."""
        steps = trial.steps_of(self.message)
        if len(steps) < abs(self.step):
            happened = "It was not pulled again." if steps else "It was never pulled."
            return Finding(happened=happened, wanted=self.wanted, shown=steps[-1] if steps else trial.idle)
        step = steps[self.step - 1 if self.step > 0 else self.step]
        differs = self.differs(step)
        return None if differs is None else Finding(happened=differs, wanted=self.wanted, shown=step)


@dataclass(frozen=True)
class Wins(WantOfMessage):
    """This actor gets the message."""

    actor: str

    def __post_init__(self) -> None:
        if not isinstance(self.actor, str):
            raise DeclarationError(f"Wins takes an actor's name, as in Wins('ship'), not {described(self.actor)}.")

    @property
    def wanted(self) -> str:
        return f"{self.actor} should get it."

    def differs(self, step: Step) -> str | None:
        return None if step.winner == self.actor else f"{who_got_it(step)}."


@dataclass(frozen=True)
class NobodyWins(WantOfMessage):
    """No actor takes the message, and none fails over it."""

    @property
    def wanted(self) -> str:
        return "No actor should take it."

    def differs(self, step: Step) -> str | None:
        failed = any(verdict.outcome == "error" and verdict.asked for verdict in step.verdicts)
        return None if step.winner is None and not failed else f"{who_got_it(step)}."


@dataclass(frozen=True)
class Settles(WantOfMessage):
    """The message is settled by this action; None where it is not settled."""

    action: Literal["acked", "nacked", "rejected", "replied"] | None

    def __post_init__(self) -> None:
        if self.action not in (None, *MessageAction):
            words = ", ".join(f"{action.value!r}" for action in MessageAction)
            raise DeclarationError(f"Settles takes one of {words} or None, not {described(self.action)}.")

    @property
    def wanted(self) -> str:
        return f"It should be {SETTLED_WANTED[_action(self.action)]}."

    def differs(self, step: Step) -> str | None:
        if step.settlement.action == _action(self.action):
            return None
        return f"{_outcome(step)}, and the message was {SETTLED[step.settlement.action]}."


@dataclass(frozen=True)
class Returns(WantOfMessage):
    """The actor returns this value."""

    value: Any

    @property
    def wanted(self) -> str:
        return f"The actor should return {short(self.value)}."

    def differs(self, step: Step) -> str | None:
        as_wanted = step.winner is not None and step.exception is None and step.result == self.value
        return None if as_wanted else f"{_outcome(step)}."


@dataclass(frozen=True)
class Raises(WantOfMessage):
    """The run ends with an exception of this class."""

    type: str

    def __post_init__(self) -> None:
        if not isinstance(self.type, str):
            raise DeclarationError(
                f"Raises takes the name of a class, as in Raises('ValueError'), not {described(self.type)}."
            )

    @property
    def wanted(self) -> str:
        return f"It should end with {self.type}."

    def differs(self, step: Step) -> str | None:
        return None if step.exception is not None and step.exception.type == self.type else f"{_outcome(step)}."


@dataclass(frozen=True, init=False)
class PulledInOrder:
    """The messages are pulled in this order, each once, and each finds an actor.

    Attributes:
        payloads: The payloads, or the value of `field` in each.
        field: A field of JSON payloads to compare; empty for the whole payload.
    """

    payloads: tuple[Any, ...]
    field: str

    def __init__(self, *payloads: Any, field: str = "") -> None:
        object.__setattr__(self, "payloads", payloads)
        object.__setattr__(self, "field", field)

    def judge(self, trial: Trial) -> Finding | None:
        """Return the first message that was pulled out of order, or None."""
        pulled = [self._told(step) for step in trial.steps]
        for place, (wanted, found) in enumerate(zip(self.payloads, pulled, strict=False), start=1):
            step = trial.steps[place - 1]
            if found != wanted:
                reason = self._why_so(step, wanted)
                return Finding(
                    happened=f"Pull {place} brought {short(found)}.{reason}",
                    wanted=f"{short(wanted)} was due then.",
                    shown=step,
                    before=step.before.get(step.channel) if reason else None,
                )
            if step.winner is None:
                return Finding(happened=f"{who_got_it(step)}.", wanted="An actor should get it.", shown=step)
        number = len(self.payloads)
        wanted_in_all = f"{number} messages should" if number > 1 else "One message should"
        wanted_in_all += " be sent to where an actor listens, and pulled once."
        if len(pulled) > number:
            happened = f"Pull {number + 1} brought {short(pulled[number])}."
            return Finding(happened=happened, wanted=wanted_in_all, shown=trial.steps[number])
        if len(pulled) < number:
            happened = f"After {len(pulled)} nothing was left to pull." if pulled else "There was nothing to pull."
            return Finding(happened=happened, wanted=wanted_in_all, shown=trial.idle)
        return None

    def _why_so(self, step: Step, wanted: Any) -> str:
        """Return why the queue handed out this message before the wanted one, where both were waiting."""
        queue = step.before.get(step.channel)
        waiting = [] if queue is None else [one for one in queue.ready if self._part(read_payload(one)) == wanted]
        if not waiting:
            return ""
        if "priority" in (step.message.headers or {}) or "priority" in (waiting[0].headers or {}):
            return " A header `priority` travels with the message, and the server does not read it."
        there, due = step.message.priority, waiting[0].priority
        if there > due:
            return f" It has priority {there} and the other one {due}: the higher number is pulled first."
        named = f"Both have priority {there}" if there != DEFAULT_PRIORITY else "Both have the usual priority, 4"
        return f" {named}, so the one that was sent first is pulled first."

    def _told(self, step: Step) -> Any:
        return self._part(payload_of(step))

    def _part(self, payload: Any) -> Any:
        return payload.get(self.field) if self.field and isinstance(payload, dict) else payload


@dataclass(frozen=True)
class DeadLetters:
    """This number of dead letters is left at the end.

    Attributes:
        number: How many dead letters.
        channel: The channel; empty for the exercise's own.
    """

    number: int
    channel: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.number, bool) or not isinstance(self.number, int):
            raise DeclarationError(f"DeadLetters takes how many are left, a number, not {described(self.number)}.")

    def judge(self, trial: Trial) -> Finding | None:
        """Return the queue with another number of dead letters, or None."""
        queue = trial.queues.get(self.channel or trial.channel)
        dead = 0 if queue is None else queue.dead
        if dead == self.number:
            return None
        left = "one dead letter was" if dead == 1 else f"{dead or 'no'} dead letters were"
        return Finding(happened=f"At the end {left} left.", wanted=f"There should be {self.number}.", shown=queue)


def _action(action: str | None) -> MessageAction | None:
    return None if action is None else MessageAction(action)


def _outcome(step: Step) -> str:
    if step.winner is None:
        return who_got_it(step)
    if step.exception is not None:
        return f"{step.winner} raised {step.exception.type}"
    return f"{step.winner} returned {short(step.result)}"
