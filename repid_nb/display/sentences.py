"""Sentences that several views use: who got a message, how a step ended, what a rewind did.

Who got a message is worded in this module only. A cell of a table has room for a word, a first line for a phrase, the
workbench for a sentence, and a grader names the actor: so there are several wordings, side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from repid_nb.core.limits import Wait
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.core.naming import ALMOST, did_you_mean
from repid_nb.display import words
from repid_nb.printable import counted, one_line, short
from repid_nb.stepping.lookalikes import looks_like, told_apart
from repid_nb.stepping.record import Idle, Rewound, Step, Verdict
from repid_nb.stepping.trail import Trail

__all__ = [
    "NOBODY",
    "NO_ACTOR_LISTENS",
    "PREDICTED_NOBODY",
    "TrailRow",
    "channel_hint",
    "idle_lines",
    "idle_sentence",
    "lookalike_note",
    "rewound_sentence",
    "step_sentence",
    "topic_hint",
    "trail_rows",
    "who",
    "who_by_name",
    "who_got_it",
    "who_in_headline",
    "who_waits",
    "why_it_waits",
]

NAME = 30

WHEREABOUTS = {
    "waiting": "waits",
    "in work": "in work",
    "dead letter": "a dead letter",
    "gone": "not on a queue any more: another worker took it, or it was deleted",
}


class TrailRow(NamedTuple):
    """A row of a trail.

    Attributes:
        depth: How many messages lie between this one and the first.
        name: The message.
        step: The number of the step; None for where it is now.
        action: How it was settled there, or None.
    """

    depth: int
    name: str
    step: int | None
    text: str
    action: MessageAction | None


NOBODY = "nobody"
NO_ACTOR_LISTENS = "No actor listens on this channel"
# By what becomes of a message that no actor takes; the keys are what the page sends.
PREDICTED_NOBODY = {"back": "nobody: it goes back to the tail", "tray": "nobody: it becomes a dead letter"}


def who_by_name(winner: str | None) -> str:
    """Return the name of the actor that got a message, or `nobody`: for a cell of a table."""
    return NOBODY if winner is None else winner


def who(winner: str | None, verdicts: Sequence[Verdict], *, would: bool = False) -> str:
    """Return who gets a message, or would get it, and why, as a sentence: for the workbench."""
    gets = "would get" if would else "gets"
    if not verdicts:
        return f"{NO_ACTOR_LISTENS}."
    if winner is not None:
        return f"{one_line(winner, NAME)} {gets} it: the first match."
    if _is_still_to_begin(verdicts):
        return "No actor has begun it yet."
    failed = _failed(verdicts)
    if failed is not None:
        return f"Nobody {gets} it: the strategy of {one_line(failed.actor, NAME)} failed."
    return f"Nobody {gets} it: no actor matched."


def who_in_headline(
    message: MessageSnapshot, winner: str | None, verdicts: Sequence[Verdict], *, would: bool = False
) -> tuple[str, str, str]:
    """Return who got a message, or would get it: for the first line of a Step.

    Returns:
        The beginning; the winner's name, which a view prints in bold, or an empty text; and the rest.
    """
    name = "it" if would else words.message_name(message)
    if winner is not None:
        return f"{'It would go' if would else f'{name} went'} to ", winner, _the_first_match(verdicts)
    if not verdicts:
        return f"Nobody {'would get' if would else 'got'} {name}: no actor listens on this channel.", "", ""
    if _is_still_to_begin(verdicts):
        return f"No actor has begun {name} yet.", "", ""
    failed = _failed(verdicts)
    if failed is not None:
        return (
            f"Nobody {'would get' if would else 'got'} {name}: the strategy of {one_line(failed.actor, NAME)} failed.",
            "",
            "",
        )
    return f"Nobody {'would want' if would else 'wants'} {name}.{topic_hint(message, verdicts)}", "", ""


def _is_still_to_begin(verdicts: Sequence[Verdict]) -> bool:
    """Whether an actor would get a message that none got: a simulation ended when it had just been taken."""
    return any(verdict.role == "winner" for verdict in verdicts)


def _the_first_match(verdicts: Sequence[Verdict]) -> str:
    shadowed = sum(verdict.role == "shadowed" for verdict in verdicts)
    return f", the first of {shadowed + 1} matches" if shadowed else ", the first match"


def topic_hint(message: MessageSnapshot, verdicts: Sequence[Verdict]) -> str:
    """Return a question after the topic that was meant, where an actor waits for one that is almost the message's."""
    wanted = [verdict.actor for verdict in verdicts if verdict.strategy == "topic" and verdict.outcome == "no match"]
    meant = did_you_mean((message.headers or {}).get("topic"), wanted, near_from=ALMOST)
    return meant.replace("Did you mean", "Did you mean the topic")


def who_got_it(step: Step) -> str:
    """Return who got a step's message, without a full stop: for a grader."""
    if step.winner is not None:
        return f"{step.winner} got it"
    failed = _failed(step.verdicts)
    if failed is None:
        return "Nobody got it"
    ended = "failed" if step.exception is None else f"raised {step.exception.type}"
    return f"The strategy of {failed.actor} {ended}, so nobody got it"


def step_sentence(step: Step, phase: str | None = None) -> str:
    """Return a step in one or two short sentences, which a screen reader can read aloud.

    Args:
        step: The step, or the step so far.
        phase: How far it has come; None for the whole way.
    """
    name = words.message_name(step.message)
    topic = (step.message.headers or {}).get("topic")
    about = f"{name} ({f'topic {one_line(topic, NAME)}' if topic is not None else 'no topic'})"
    winner = one_line(step.winner or "", NAME)
    match phase:
        case "pulled":
            return f"The worker has taken {about} off {one_line(step.channel, NAME)}. Nobody has been asked yet."
        case "decided":
            return f"The actors were asked about {name}. {who(step.winner, step.verdicts)}"
        case "about to run":
            return f"{winner} is about to run for {name}."
        case "running":
            return f"{winner} is running for {name}."
        case "ran":
            return f"{winner} {_ended(step)}. {name} is not settled yet."
    settled, where = words.settled_words(step.settlement)
    if step.winner is not None:
        got = f"{about} went to {winner}, the first match, which {_ended(step)}."
    else:
        got = f"{about}: {who(None, step.verdicts)}"
    became = f"It was {settled[2:]}" if step.settlement.action is not None else f"It is {settled[2:]}"
    return f"{words.step_title(step)}: {got} {became}: {where}."


def idle_lines(idle: Idle) -> list[str]:
    """Return a line that nothing was waiting, and one for each channel with messages and without actors."""
    where = ", ".join(map(one_line, idle.channels)) or "any channel: no actor is registered yet"
    said = f"nothing came from {where}: {idle.note}" if idle.note else f"nothing is waiting on {where}"
    if idle.waits:
        said = f"nothing on {where} can start now"
    lines = [f"Idle · {said}", *map(who_waits, idle.waits)]
    for channel, waiting in idle.unheard:
        name = f"{one_line(repr(channel))}{lookalike_note(channel, idle.channels)}"
        lines.append(f"{counted(waiting, 'message')} on {name}, where no actor listens{channel_hint(channel, idle)}")
    return lines


def who_waits(wait: Wait) -> str:
    """Return which message waits, for which limit, and which messages hold it."""
    who = f"what is on {one_line(wait.channel)}" if wait.message is None else one_line(wait.message)
    return f"{who} waits: {why_it_waits(wait)}"


def why_it_waits(wait: Wait) -> str:
    """Return for which limit a message waits, and which messages hold it."""
    names = [one_line(name) for name in wait.holders]
    if wait.held > len(names):
        names.append(f"{wait.held - len(names)} more")
    if not names:
        return one_line(wait.reason)
    holders = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{one_line(wait.reason)}; {holders} {'holds' if wait.held == 1 else 'hold'} it"


def channel_hint(channel: str, idle: Idle) -> str:
    """Return a question after the channel that was meant, where actors listen on one that is almost this one."""
    meant = did_you_mean(channel, idle.channels, near_from=ALMOST)
    return f".{meant}" if meant else ""


def lookalike_note(channel: str, others: Sequence[str]) -> str:
    r"""Return the `ascii` of a channel that looks like another one, as in ` ('t\u0430sks')`; otherwise nothing."""
    other = next((one for one in others if looks_like(channel, one)), None)
    return "" if other is None else told_apart(channel, other)[0].removeprefix(short(channel))


def idle_sentence(idle: Idle) -> str:
    """Return the lines of `idle_lines` as one."""
    return ". ".join(idle_lines(idle))


def rewound_sentence(rewound: Rewound) -> str:
    """Return what a rewind undid and what it did not undo."""
    where = f"after step {rewound.to}" if rewound.to else "before step 1"
    if not rewound.undone:
        undone = "no step was taken back"
    elif len(rewound.undone) == 1:
        undone = f"step {rewound.undone[0]} is taken back"
    else:
        undone = f"steps {rewound.undone[0]} to {rewound.undone[-1]} are taken back"
    sentences = [f"The queues are as they were {where}: {undone}."]
    if rewound.others:
        were = "is" if rewound.others == 1 else "are"
        sentences.append(f"{counted(rewound.others, 'later step')} of other workers {were} taken back too.")
    if rewound.sent_again:
        were = "is" if rewound.sent_again == 1 else "are"
        sentences.append(f"{counted(rewound.sent_again, 'message')} sent since {were} on the queues again.")
    return " ".join([*sentences, "What the actors did stays done."])


def trail_rows(trail: Trail) -> Iterator[TrailRow]:
    """Yield the rows of a trail: one for each pull of a message, and one for where it is now, if that says more.

    The first row of a message says its channel.
    """
    for depth, one in trail.walk():
        name, start = words.message_name(one.message), f"{one_line(one.message.channel, NAME)}: "
        for stop in one.stops:
            settled = words.SETTLEMENTS[stop.settlement.action][0]
            text = f"{start}{one_line(who_by_name(stop.winner), NAME)} got it · {settled}"
            yield TrailRow(depth, name, stop.step, text, stop.settlement.action)
            start = ""
        if one.where != "done" and not (one.where == "dead letter" and one.stops):
            yield TrailRow(depth, name, None, f"{start}{WHEREABOUTS[one.where]}", None)


def _failed(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Return the verdict of the strategy that failed when a worker asked it."""
    return next((one for one in verdicts if one.outcome == "error" and one.asked), None)


def _ended(step: Step) -> str:
    return "returned" if step.exception is None else f"raised {one_line(step.exception.type, NAME)}"
