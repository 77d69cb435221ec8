"""The words and symbols that every view uses. No state is told by colour alone."""

from __future__ import annotations

import json

from repid_nb.core.message import MessageAction
from repid_nb.core.snapshot import ChannelSnapshot, MessageSnapshot
from repid_nb.stepping.record import Argument, Step, Verdict

__all__ = [
    "OUTCOMES",
    "SETTLEMENTS",
    "argument_text",
    "counted",
    "duration_text",
    "message_name",
    "payload_text",
    "printable",
    "queue_text",
    "role_text",
    "settlement_text",
    "topic_text",
]

OUTCOMES = {"match": "✓ match", "no match": "✗ no match", "error": "⚠ error"}

SETTLEMENTS: dict[MessageAction | None, tuple[str, str]] = {
    MessageAction.acked: ("✓ acked", "done, it has left the queue"),
    MessageAction.replied: ("✓ replied", "done, the answer is sent"),
    MessageAction.rejected: ("↩ rejected", "back at the tail of the queue"),
    MessageAction.nacked: ("✗ nacked", "now a dead letter"),
    None: ("⚠ not settled", "still in work"),
}

ID_LENGTH = 8


def printable(text: str) -> str:
    r"""Return text in which every control character but the line feed is written out, as in `\x1b`."""
    return "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in text)


def payload_text(payload: bytes) -> str:
    """Return a payload as text: JSON on one line, other text as it is, other bytes by their size and beginning."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        beginning = " ".join(f"{byte:02x}" for byte in payload[:16])
        return f"{counted(len(payload), 'byte')}, not text: {beginning}{' ...' if len(payload) > 16 else ''}"  # noqa: PLR2004
    try:
        text = json.dumps(json.loads(text), ensure_ascii=False)
    except (ValueError, RecursionError):
        return printable(text)
    return printable(text)


def message_name(message: MessageSnapshot) -> str:
    """Return what to call a message: its id, a long one cut."""
    name = printable(message.id or "(no id)")
    return name if len(name) <= ID_LENGTH else f"{name[:ID_LENGTH]}…"


def topic_text(message: MessageSnapshot) -> str:
    """Return a message's topic as Python would write it, or that there is none."""
    headers = message.headers or {}
    return f"topic {headers['topic']!r}" if "topic" in headers else "no topic"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it belongs: `1 step`, `2,000 steps`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration_text(seconds: float) -> str:
    """Return a duration with two figures; what nobody would notice is not told apart."""
    if seconds < 0.01:  # noqa: PLR2004
        return "under 10 ms"
    return f"{seconds * 1000:.2g} ms" if seconds < 0.1 else f"{seconds:.2g} s"  # noqa: PLR2004


def role_text(verdict: Verdict, winner: int | None) -> str:
    """Return what an actor's verdict led to, in a few words.

    Args:
        verdict: The verdict.
        winner: The position of the winner, or None.
    """
    if verdict.role == "winner":
        return "winner, the first match"
    if verdict.role == "shadowed":
        return f"shadowed by {winner}"
    return "" if verdict.asked else "not asked"


def argument_text(argument: Argument) -> str:
    """Return an argument with where it came from: `count = 3, from the payload, there '3'`."""
    source = {"default": "the default", "dependency": "a dependency", "converter": "the converter"}.get(
        argument.source,
        f"from the {argument.source}",
    )
    if argument.source == "message":
        return f"{argument.name} = {argument.value}"
    was = "" if argument.coerced_from is None else f", which says {argument.coerced_from}"
    return f"{argument.name} = {argument.value} ({source}{was})"


def settlement_text(step: Step) -> str:
    """Return what became of the message and why, in one line."""
    what, where = SETTLEMENTS[step.settlement.action]
    took = "" if step.duration is None else f" · {duration_text(step.duration)}"
    return f"{what}: {step.settlement.reason} · {where}{took}"


def queue_text(queue: ChannelSnapshot) -> str:
    """Return a queue's totals in one line."""
    parts = [f"{queue.waiting:,} waiting"]
    if queue.in_work:
        parts.append(f"{len(queue.in_work):,} in work")
    parts.append(counted(queue.dead, "dead letter"))
    return f"{printable(queue.channel)}: {', '.join(parts)}"
