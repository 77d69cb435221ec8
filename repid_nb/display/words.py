"""The words and symbols that all views use, so that no state is shown by colour alone."""

from __future__ import annotations

import codecs
import json
from collections.abc import Sequence
from itertools import islice
from typing import Any

from repid_nb.core.memory.snapshot import ChannelSnapshot, MessageSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.printable import LONGEST, counted, cut_to_bytes, one_line, short
from repid_nb.stepping.record import Argument, FieldError, Settlement, Step, Verdict
from repid_nb.stepping.stale_actors import CALM

__all__ = [
    "OUTCOMES",
    "SETTLEMENTS",
    "argument_rows",
    "argument_source",
    "argument_text",
    "duration_text",
    "field_text",
    "headers_text",
    "message_name",
    "most_telling",
    "note_text",
    "payload_beginning",
    "payload_text",
    "queue_text",
    "role_text",
    "sent_text",
    "settled_words",
    "settlement_text",
    "sighting",
    "step_title",
    "symbol",
    "topic_shown",
    "topic_text",
    "topic_value",
    "totals_text",
    "verdict_text",
    "waiting_text",
]

OUTCOMES = {"match": "✓ match", "no match": "✗ no match", "error": "⚠ error", "not asked": "○ not asked"}

SETTLEMENTS: dict[MessageAction | None, tuple[str, str]] = {
    MessageAction.acked: ("✓ acked", "done, it has left the queue"),
    MessageAction.replied: ("✓ replied", "done, the answer is sent"),
    MessageAction.rejected: ("↩ rejected", "back at the tail of the queue"),
    MessageAction.nacked: ("✗ nacked", "now a dead letter"),
    None: ("⚠ not settled", "still in work"),
}

# Of a longer id its end is shown: on some brokers all ids begin alike.
LONGEST_ID = 12
ID_LENGTH = 8
LONGEST_NAME = 40
VERDICTS = 10
SENT = 10


def payload_text(payload: bytes) -> str:
    """Return a payload as text: JSON on one line, other text as it is, other bytes by their size and beginning.

    The text may hold control characters and be as long as the payload; very long JSON stays as it was sent.
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


def payload_beginning(payload: bytes, limit: int) -> str:
    """Return the beginning of a payload as text, at most `limit` bytes long; the rest of a long one is not read."""
    if len(payload) <= LONGEST:
        return cut_to_bytes(payload_text(payload), limit)
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(payload[: 4 * limit])
    except UnicodeDecodeError:
        return cut_to_bytes(payload_text(payload), limit)
    return cut_to_bytes(text, limit - 1) if len(text) > limit else f"{cut_to_bytes(text, limit - 3)}…"


def message_name(message: MessageSnapshot) -> str:
    """Return the name of a message in a view; for one without a name its id, or the end of a long id."""
    if message.name:
        return one_line(message.name)
    name = one_line(message.id or "(no id)")
    return name if len(name) <= LONGEST_ID else f"…{name[-ID_LENGTH:]}"


def step_title(step: Step) -> str:
    """Return what a step is called: by its number, and by its worker where that has a name."""
    return f"Step {step.number} of {one_line(step.worker, LONGEST_NAME)}" if step.worker else f"Step {step.number}"


def sent_text(step: Step) -> str:
    """Return what the actor sent, and where to: `m1.1 to emails, m1.2 to audit`."""
    if len(step.children) != len(step.published):  # recorded before messages had names
        count = counted(len(step.published), "message")
        return f"{count} to {', '.join(map(one_line, dict.fromkeys(step.published)))}"
    pairs = zip(step.children, step.published, strict=True)
    sent = [f"{one_line(name)} to {one_line(channel)}" for name, channel in islice(pairs, SENT)]
    if len(step.published) > SENT:
        sent.append(f"... {len(step.published):,} in all")
    return ", ".join(sent)


def sighting(step: Step) -> str:
    """Return which sighting it is: "3 of 10", or "3" where there is no last one."""
    return f"{step.sightings} of {step.sightings_limit}" if step.sightings_limit else str(step.sightings)


def topic_value(message: MessageSnapshot) -> str | None:
    """Return a message's topic as Python would write it, or None."""
    headers = message.headers or {}
    return short(headers["topic"]) if "topic" in headers else None


def topic_shown(message: MessageSnapshot) -> str | None:
    """Return a message's topic as it is; one that does not show itself, such as a blank, as Python would write it."""
    topic = (message.headers or {}).get("topic")
    if topic is None:
        return None
    shows_itself = topic.isprintable() and topic == topic.strip() and topic
    return topic if shows_itself else short(topic)


def topic_text(message: MessageSnapshot) -> str:
    """Return a message's topic: `topic 'greet'`, or `no topic`."""
    topic = topic_value(message)
    return "no topic" if topic is None else f"topic {topic}"


def headers_text(message: MessageSnapshot) -> str:
    """Return a message's headers other than the topic: `event: order.paid, user: 7`; empty where there are none."""
    return ", ".join(f"{name}: {value}" for name, value in (message.headers or {}).items() if name != "topic")


def duration_text(seconds: float) -> str:
    """Return a duration with two figures; anything under 10 ms reads `under 10 ms`."""
    if seconds < 0.01:  # noqa: PLR2004
        return "under 10 ms"
    if seconds < 0.0995:  # noqa: PLR2004
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2g} s" if seconds < 99.5 else f"{seconds:,.0f} s"  # noqa: PLR2004


def most_telling(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that a view has room for, in order of registration.

    These are the first ten, the winner, the first shadowed one, and the first ten that failed.
    """
    winner = [verdict for verdict in verdicts if verdict.role == "winner"]
    shadowed = [verdict for verdict in verdicts if verdict.role == "shadowed"][:1]
    failed = [verdict for verdict in verdicts if verdict.outcome == "error"][:VERDICTS]
    shown = {verdict.position: verdict for verdict in (*verdicts[:VERDICTS], *winner, *shadowed, *failed)}
    return [shown[position] for position in sorted(shown)]


def role_text(verdict: Verdict, winner: int | None) -> str:
    """Return the result of a verdict: `shadowed by 2`, where 2 is the position of the winner."""
    if verdict.role == "winner":
        return "winner, the first match"
    if verdict.role == "shadowed":
        return "shadowed" if winner is None else f"shadowed by {winner}"
    return "" if verdict.asked or verdict.outcome == "not asked" else "not asked"


def symbol(verdict: Verdict) -> str:
    """Return the symbol of a verdict: a star for the winner, a ring for an actor that no worker would have asked."""
    if verdict.role == "winner":
        return "★"
    return OUTCOMES[verdict.outcome if verdict.asked else "not asked"][0]


def verdict_text(verdict: Verdict, winner: int | None) -> str:
    """Return the answer of an actor in a few words: `wants topic 'x'`, or `not asked (would say no)`.

    Args:
        winner: The position of the winner, or None.
    """
    is_custom = verdict.strategy not in ("topic", "catch-all")
    reason = f"{verdict.strategy}: {verdict.reason}" if is_custom else verdict.reason
    if verdict.asked:
        return f"failed: {reason}" if verdict.outcome == "error" else reason
    if verdict.outcome == "no match":
        return "not asked (would say no)"
    if verdict.outcome == "match":
        shadowed = f", {role_text(verdict, winner)}" if verdict.role == "shadowed" else ""
        return f"not asked (would say yes: {reason}){shadowed}"
    return f"not asked (would fail: {reason})" if verdict.outcome == "error" else f"not asked: {verdict.reason}"


def note_text(verdict: Verdict) -> str:
    """Return the note of a verdict, with a warning sign where it is a warning; empty where there is none."""
    is_warning = verdict.note and not verdict.note.startswith(CALM)
    return f"⚠ {verdict.note}" if is_warning else verdict.note


def argument_text(argument: Argument) -> str:
    """Return an argument with its source: `count = 3 (from the payload, which says '3')`."""
    source = argument_source(argument)
    return f"{argument.name} = {argument.value}{f' ({source})' if source else ''}"


def argument_source(argument: Argument) -> str:
    """Return where an argument came from: `from the payload, which says '3'`; empty for the message itself."""
    source = {"default": "the default", "dependency": "a dependency", "converter": "the converter"}.get(
        argument.source,
        f"from the {argument.source}",
    )
    if argument.source == "message":
        return ""
    return source if argument.coerced_from is None else f"{source}, which says {argument.coerced_from}"


def argument_rows(step: Step) -> list[tuple[str, str]]:
    """Return how the arguments were read, as pairs: what was given (`"seats": "3"`), and what was made of it.

    A field of the payload that no parameter takes is there too: it is `not used`.
    """
    payload = _json_object(step.message.payload)
    pairs = [(_given(one, payload, step.message), f"{one.name} = {one.value}") for one in step.arguments]
    if step.duration is None or any(one.source in MAY_TAKE_ANY_FIELD for one in step.arguments):
        return pairs
    used = {one.key for one in step.arguments if one.source == "payload"} | {one.name for one in step.arguments}
    return [*pairs, *((_field(name, payload), "not used") for name in payload if name not in used)]


# Sources that do not say which fields of the payload they read.
MAY_TAKE_ANY_FIELD = frozenset({"full payload", "message", "dependency", "converter"})


def _given(argument: Argument, payload: dict[str, Any], message: MessageSnapshot) -> str:
    if argument.source == "payload":
        return _field(argument.key or argument.name, payload)
    if argument.source.startswith("header"):
        return one_line(f"header {argument.key}: {(message.headers or {}).get(argument.key, '')}", 80)
    return {"default": "(not sent)", "dependency": "(a dependency)", "message": "(the message)"}.get(
        argument.source, f"({argument.source})"
    )


def _field(name: str, payload: dict[str, Any]) -> str:
    return one_line(f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(payload.get(name), ensure_ascii=False)}", 80)


def _json_object(payload: bytes) -> dict[str, Any]:
    if len(payload) > LONGEST:
        return {}
    try:
        read = json.loads(payload or b"{}")
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def field_text(field: FieldError) -> str:
    """Return a field that did not fit: `items.0.price: Input should be a valid number (given: 'x')`."""
    return f"{field.field}: {field.problem} (given: {field.given})"


def settled_words(settlement: Settlement) -> tuple[str, str]:
    """Return how a message was settled, and where it went: on a broker, where it really went."""
    what, where = SETTLEMENTS[settlement.action]
    return what, one_line(settlement.where) or where


def waiting_text(waiting: int | None) -> str:
    """Return how many messages wait on a channel: `7 waiting`."""
    return "how many wait is not known" if waiting is None else f"{waiting:,} waiting"


def settlement_text(step: Step) -> str:
    """Return how the message was settled, and why, in one line."""
    what, where = settled_words(step.settlement)
    took = "" if step.duration is None else f" · {duration_text(step.duration)}"
    return f"{what}: {one_line(step.settlement.reason)} · {where}{took}"


def queue_text(queue: ChannelSnapshot) -> str:
    """Return a queue's totals in one line, with its name."""
    return f"{one_line(queue.channel)}: {totals_text(queue)}"


def totals_text(queue: ChannelSnapshot) -> str:
    """Return a queue's totals: `1 waiting, 0 dead letters`."""
    parts = [waiting_text(queue.waiting)]
    if queue.working:
        parts.append(f"{queue.working:,} in work")
    parts.append(_dead_text(queue))
    note = f" ({queue.note})" if queue.note else ""
    return f"{', '.join(parts)}{note}"


def _dead_text(queue: ChannelSnapshot) -> str:
    if queue.dead is not None:
        return counted(queue.dead, "dead letter")
    seen = len(queue.dead_letters)
    return (
        f"{counted(seen, 'dead letter')} seen; whether there are more is not known"
        if seen
        else "dead letters not known"
    )
