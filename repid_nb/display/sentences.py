"""A step as one sentence, to be read or heard."""

from __future__ import annotations

from collections.abc import Sequence

from repid_nb.display import words
from repid_nb.display.text_view import as_text
from repid_nb.printable import one_line
from repid_nb.stepping.record import Idle, Step, Verdict

__all__ = ["idle_sentence", "story", "who"]

NAME = 30


def who(winner: str | None, verdicts: Sequence[Verdict], *, would: bool = False) -> str:
    """Say who got a message, or would get it, and why."""
    gets = "would get" if would else "gets"
    if not verdicts:
        return "No actor listens on this channel."
    if winner is not None:
        return f"{one_line(winner, NAME)} {gets} it: the first match."
    failed = next((one for one in verdicts if one.outcome == "error" and one.asked), None)
    if failed is not None:
        return f"Nobody {gets} it: the strategy of {one_line(failed.actor, NAME)} failed."
    return f"Nobody {gets} it: no actor matched."


def story(step: Step, phase: str | None = None) -> str:
    """Tell a step, or how far it has come, in one or two short sentences."""
    name = words.message_name(step.message)
    topic = (step.message.headers or {}).get("topic")
    about = f"{name} ({f'topic {one_line(topic, NAME)}' if topic is not None else 'no topic'})"
    match phase:
        case "pulled":
            return f"The worker has taken {about} off {one_line(step.channel, NAME)}. Nobody has been asked yet."
        case "decided":
            return f"The actors were asked about {name}. {who(step.winner, step.verdicts)}"
        case "about to run":
            return f"{one_line(step.winner or '', NAME)} is about to run for {name}."
        case "ran":
            return f"{one_line(step.winner or '', NAME)} {_ended(step)}. {name} is not settled yet."
    settled, where = words.SETTLEMENTS[step.settlement.action]
    if step.winner is not None:
        got = f"{about} went to {one_line(step.winner, NAME)}, the first match, which {_ended(step)}."
    else:
        got = f"{about}: {who(None, step.verdicts)}"
    became = f"It was {settled[2:]}" if step.settlement.action is not None else f"It is {settled[2:]}"
    return f"Step {step.number}: {got} {became}: {where}."


def idle_sentence(idle: Idle) -> str:
    """Tell that there was nothing to pull."""
    return as_text(idle).replace("\n  ", ". ")


def _ended(step: Step) -> str:
    return "returned" if step.exception is None else f"raised {one_line(step.exception.type, NAME)}"
