"""The words and symbols that every view uses. No state is told by colour alone."""

from __future__ import annotations

import json
from collections.abc import Sequence

from repid_nb.core.memory.snapshot import ChannelSnapshot, MessageSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.printable import LONGEST, counted, one_line, short
from repid_nb.stepping.record import Argument, FieldError, Step, Verdict
from repid_nb.stepping.stale_actors import CALM

__all__ = [
    "OUTCOMES",
    "SETTLEMENTS",
    "argument_text",
    "duration_text",
    "field_text",
    "headers_text",
    "message_name",
    "most_telling",
    "note_text",
    "payload_text",
    "queue_text",
    "role_text",
    "settlement_text",
    "topic_text",
    "topic_value",
]

OUTCOMES = {"match": "✓ match", "no match": "✗ no match", "error": "⚠ error", "not asked": "○ not asked"}

SETTLEMENTS: dict[MessageAction | None, tuple[str, str]] = {
    MessageAction.acked: ("✓ acked", "done, it has left the queue"),
    MessageAction.replied: ("✓ replied", "done, the answer is sent"),
    MessageAction.rejected: ("↩ rejected", "back at the tail of the queue"),
    MessageAction.nacked: ("✗ nacked", "now a dead letter"),
    None: ("⚠ not settled", "still in work"),
}

ID_LENGTH = 8
VERDICTS = 10


def payload_text(payload: bytes) -> str:
    """Return a payload as text: JSON on one line, other text as it is, other bytes by their size and beginning.

    It may hold control characters and be as long as the payload is; a very long one is as it was sent.
    """
    if not payload:
        return "(empty)"
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        beginning = " ".join(f"{byte:02x}" for byte in payload[:16])
        return f"{counted(len(payload), 'byte')}, not text: {beginning}{' ...' if len(payload) > 16 else ''}"  # noqa: PLR2004
    if len(text) > LONGEST:
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def message_name(message: MessageSnapshot) -> str:
    """Return what to call a message: its id, a long one cut."""
    name = one_line(message.id or "(no id)")
    return name if len(name) <= ID_LENGTH else f"{name[:ID_LENGTH]}…"


def topic_value(message: MessageSnapshot) -> str | None:
    """Return a message's topic as Python would write it; None where there is none."""
    headers = message.headers or {}
    return short(headers["topic"]) if "topic" in headers else None


def topic_text(message: MessageSnapshot) -> str:
    """Return a message's topic in words, or that there is none."""
    topic = topic_value(message)
    return "no topic" if topic is None else f"topic {topic}"


def headers_text(message: MessageSnapshot) -> str:
    """Return a message's headers other than the topic: `event: order.paid, user: 7`; nothing where there are none."""
    return ", ".join(f"{name}: {value}" for name, value in (message.headers or {}).items() if name != "topic")


def duration_text(seconds: float) -> str:
    """Return a duration with two figures; what nobody would notice is not told apart."""
    if seconds < 0.01:  # noqa: PLR2004
        return "under 10 ms"
    if seconds < 0.0995:  # noqa: PLR2004
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2g} s" if seconds < 99.5 else f"{seconds:,.0f} s"  # noqa: PLR2004


def most_telling(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return those verdicts of one message that a view has room for, in their order.

    These are the first ones, the winner, the first that is shadowed, and the first that failed.
    """
    winner = [verdict for verdict in verdicts if verdict.role == "winner"]
    shadowed = [verdict for verdict in verdicts if verdict.role == "shadowed"][:1]
    failed = [verdict for verdict in verdicts if verdict.outcome == "error"][:VERDICTS]
    shown = {verdict.position: verdict for verdict in (*verdicts[:VERDICTS], *winner, *shadowed, *failed)}
    return [shown[position] for position in sorted(shown)]


def role_text(verdict: Verdict, winner: int | None) -> str:
    """Return what an actor's verdict led to, in a few words.

    Args:
        verdict: The verdict.
        winner: The position of the winner, or None.
    """
    if verdict.role == "winner":
        return "winner, the first match"
    if verdict.role == "shadowed":
        return "shadowed" if winner is None else f"shadowed by {winner}"
    return "" if verdict.asked or verdict.outcome == "not asked" else "not asked"


def note_text(verdict: Verdict) -> str:
    """Return what else there is to know of a verdict, with a sign before it; empty for nothing."""
    is_warning = verdict.note and not verdict.note.startswith(CALM)
    return f"⚠ {verdict.note}" if is_warning else verdict.note


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


def field_text(field: FieldError) -> str:
    """Return what did not fit: `items.0.price: Input should be a valid number (given: 'x')`."""
    return f"{field.field}: {field.problem} (given: {field.given})"


def settlement_text(step: Step) -> str:
    """Return what became of the message and why, in one line."""
    what, where = SETTLEMENTS[step.settlement.action]
    took = "" if step.duration is None else f" · {duration_text(step.duration)}"
    return f"{what}: {one_line(step.settlement.reason)} · {where}{took}"


def queue_text(queue: ChannelSnapshot) -> str:
    """Return a queue's totals in one line."""
    parts = [f"{queue.waiting:,} waiting"]
    if queue.working:
        parts.append(f"{queue.working:,} in work")
    parts.append(counted(queue.dead, "dead letter"))
    return f"{one_line(queue.channel)}: {', '.join(parts)}"
