"""Records as small plain fields for the page.

Every text is cut and every list is a window, so that a step costs the same with ten messages waiting as with a hundred
thousand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from repid_nb.core.limits import Wait
from repid_nb.core.memory.queue import DEFAULT_PRIORITY
from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, QueuesSnapshot
from repid_nb.core.text import plain_text
from repid_nb.display import words
from repid_nb.display.sentences import step_sentence, who, who_waits
from repid_nb.printable import counted, cut_to_bytes, first_within, whole
from repid_nb.stepping.record import Argument, Explanation, Raised, Step, Verdict
from repid_nb.widgets.marks import TONES
from repid_nb.widgets.room import ROOMY, Room, size_of

__all__ = [
    "channel_fields",
    "explanation_fields",
    "key_of",
    "lane_fields",
    "message_fields",
    "named",
    "split_steady",
    "step_fields",
    "ticket_fields",
    "tray_fields",
]

Fields = dict[str, Any]

# In bytes of UTF-8, as they are sent.
NAME = 60
NOTE = 120
LANES = 6
WAITS = 2
# In bytes: of all messages on lanes, and below which a lane is only counted.
MESSAGES = 460
LEAST_MESSAGES = 40


def key_of(name: str) -> str:
    """Return the page's key for a name: the name itself, or a digest where the page cannot hold it as it is.

    A digest is longer than any name that the page can hold, so it is never taken for a name.
    """
    if cut_to_bytes(name, NAME) == name:
        return plain_text(name)
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def named(key: object, names: Iterable[str]) -> str:
    """Return the one of some names that has this key of the page; the key itself where none has it."""
    return plain_text(next((name for name in names if key_of(name) == key), str(key)))


def ticket_fields(message: MessageSnapshot) -> Fields:
    """Return the key and the name of a message."""
    whole = message.id or ""
    fields = {"id": key_of(whole), "name": words.message_name(message)}
    if fields["id"] != fields["name"]:
        fields["title"] = cut_to_bytes(whole, NAME)
    if message.parent is not None:
        fields["from"] = cut_to_bytes(message.parent, NAME)
    return fields


def channel_fields(name: str) -> Fields:
    """Return the key of a channel and its shown name."""
    return {"key": key_of(name), "channel": cut_to_bytes(name, NAME)}


def message_fields(message: MessageSnapshot, sightings_limit: int | None = None) -> Fields:
    """Return a message as a lane shows it."""
    fields: Fields = {
        **ticket_fields(message),
        "topic": cut_to_bytes((message.headers or {})["topic"], 40) if "topic" in (message.headers or {}) else None,
        "payload": words.payload_beginning(message.payload, 60),
    }
    # Who of a class has sent it; see hosting/guest.py.
    if sender := (message.headers or {}).get("from"):
        fields["by"] = cut_to_bytes(sender, 40)
    if message.priority != DEFAULT_PRIORITY:
        fields["priority"] = message.priority
    if message.sightings and sightings_limit:
        fields["seen"] = f"{message.sightings} of {sightings_limit}"
    return fields


def lane_fields(
    queues: QueuesSnapshot,
    actors: Mapping[str, int],
    sightings_limit: int,
    next_channel: str | None,
    *,
    waits: Sequence[Wait] = (),
    room: Room = ROOMY,
) -> list[Fields]:
    """Return the lanes: the channels with actors or messages, each with its messages in the order of their pulls.

    Args:
        queues: The queues, with more messages than will be shown.
        actors: How many actors listen on each channel.
        sightings_limit: At which sighting a message becomes poison.
        next_channel: The channel that the next step pulls from, or None.
        waits: What the workers that run now keep waiting, and for which limit.
        room: What the lanes may take.
    """
    known = dict(queues.items())
    channels = [*actors, *(name for name in known if name not in actors)]
    if not channels:
        return []
    # The lane of the next pull is always shown; lanes with messages share what is left.
    channels.sort(key=lambda name: (name != next_channel, not _used(known.get(name))))
    lanes: list[Fields] = []
    shown: list[ChannelSnapshot] = []
    left = room.lanes
    for name in channels[:LANES]:
        queue = known.get(name, ChannelSnapshot(channel=name))
        lane = _lane(queue, actors.get(name, 0), [wait for wait in waits if wait.channel == name])
        lane["next"] = name == next_channel
        left -= size_of(lane)
        if left < 0 and lanes:
            break
        lanes.append(lane)
        shown.append(queue)
    share = max(0, min(left, MESSAGES)) // (sum(map(_used, shown)) or 1)
    for lane, queue in zip(lanes, shown, strict=True):
        if share > LEAST_MESSAGES or lane["next"]:
            lane["messages"] = first_within((message_fields(one, sightings_limit) for one in queue.ready), share)
    order = {key_of(name): place for place, name in enumerate(dict.fromkeys([*actors, *known]))}
    lanes.sort(key=lambda lane: order.get(lane["key"], 0))
    if len(channels) > len(lanes):
        lanes[-1]["more_channels"] = len(channels) - len(lanes)
    return lanes


def _lane(queue: ChannelSnapshot, actors: int, waits: Sequence[Wait]) -> Fields:
    fields: Fields = {
        **channel_fields(queue.channel),
        "actors": actors,
        "waiting": queue.waiting,
        "next": False,
        "messages": [],
        "working": [ticket_fields(one) for one in queue.in_work[:2]],
        "in_work": queue.working,
    }
    if queue.note:
        fields["note"] = cut_to_bytes(queue.note, NOTE)
    if waits:
        fields["waits"] = [cut_to_bytes(who_waits(wait), NOTE) for wait in waits[:WAITS]]
        fields["more_waits"] = max(0, len(waits) - WAITS)
    return fields


def _used(queue: ChannelSnapshot | None) -> bool:
    return queue is not None and bool(queue.waiting or queue.in_work)


def _total(counts: Iterable[int | None]) -> int | None:
    """Return the sum; None where one of the counts is not known."""
    known = list(counts)
    return None if None in known else sum(count or 0 for count in known)


def tray_fields(queues: QueuesSnapshot, room: Room = ROOMY) -> Fields:
    """Return the dead letters, the newest first, with how many there are."""
    letters = [letter for queue in queues.channels for letter in reversed(queue.dead_letters)]
    return {
        "dead": _total(queue.dead for queue in queues.channels),
        "letters": first_within((_letter_fields(letter, room) for letter in letters), room.tray),
    }


def _letter_fields(letter: DeadLetter, room: Room) -> Fields:
    return {
        **message_fields(letter.message),
        "key": key_of(letter.message.channel),
        "reason": cut_to_bytes(letter.reason, min(NOTE, room.reason)),
    }


def _verdict_fields(verdict: Verdict, winner: int | None, room: Room) -> Fields:
    fields: Fields = {
        "position": verdict.position,
        "actor": cut_to_bytes(verdict.actor, NAME),
        "strategy": cut_to_bytes(verdict.strategy, 40),
        "outcome": verdict.outcome,
        "answer": words.OUTCOMES[verdict.outcome],
        "reason": cut_to_bytes(verdict.reason, room.reason),
        "asked": verdict.asked,
    }
    if verdict.role:
        fields["role"] = verdict.role
    if led_to := words.role_text(verdict, winner):
        fields["led_to"] = led_to
    if verdict.note:
        fields["note"] = cut_to_bytes(verdict.note, room.reason)
    return fields


def verdict_fields(verdicts: Sequence[Verdict], room: Room = ROOMY) -> Fields:
    """Return verdicts in order of registration; where they are too many, the first ones and the winner."""
    place, found = next(((place, one) for place, one in enumerate(verdicts) if one.role == "winner"), (0, None))
    winner = None if found is None else found.position
    shown = first_within((_verdict_fields(one, winner, room) for one in verdicts), room.verdicts)
    if found is not None and place >= len(shown):
        shown[-1] = _verdict_fields(found, winner, room)
    return {"verdicts": shown, "more_verdicts": len(verdicts) - len(shown)}


def explanation_fields(explanation: Explanation) -> Fields:
    """Return the sentence who would get a message, with the verdicts."""
    return {
        "channel": cut_to_bytes(explanation.channel, NAME),
        "who": who(explanation.winner, explanation.verdicts, would=True),
        **verdict_fields(explanation.verdicts),
    }


def step_fields(step: Step, phase: str | None = None, room: Room = ROOMY) -> Fields:
    """Return a step as the page shows it.

    Args:
        step: The step; while it is paused, the step so far.
        phase: How far it has come; None for the whole way.
        room: What its parts may take.
    """
    fields: Fields = {
        "number": step.number,
        "phase": phase,
        **channel_fields(step.channel),
        "message": _whole_message(step.message, room),
        "sighting": words.sighting(step) if step.sightings > 1 or (step.winner is None and phase != "pulled") else None,
        "sightings": [step.sightings, step.sightings_limit],
        "winner": None if step.winner is None else cut_to_bytes(step.winner, NAME),
        **verdict_fields(step.verdicts, room),
        "arguments": first_within(map(_argument, step.arguments), room.arguments),
        "printed": _lines(step.printed, room.text),
        "result": None if step.result is None or step.exception is not None else _result(step, phase, room.text),
        "raised": None if step.exception is None else raised_fields(step.exception, room),
        "published": [cut_to_bytes(name, NAME) for name in list(dict.fromkeys(step.published))[:3]],
        "sent": len(step.published),
        "children": [
            {"name": cut_to_bytes(name, NAME), "channel": cut_to_bytes(channel, NAME)}
            for name, channel in islice(zip(step.children, step.published, strict=False), room.children)
        ],
        "story": step_sentence(step, phase),
        **({"note": cut_to_bytes(step.note, room.text)} if step.note else {}),
    }
    if phase is None:
        word, where = words.settled_words(step.settlement)
        fields["settlement"] = {
            "action": None if step.settlement.action is None else step.settlement.action.value,
            "tone": TONES[step.settlement.action],
            "word": word,
            "where": where,
            "reason": cut_to_bytes(step.settlement.reason, room.reason),
            "took": None if step.duration is None else words.duration_text(step.duration),
        }
    return fields


def _whole_message(message: MessageSnapshot, room: Room) -> Fields:
    others = [(name, value) for name, value in (message.headers or {}).items() if name != "topic"]
    headers = first_within(([cut_to_bytes(name, NAME), cut_to_bytes(value, NAME)] for name, value in others), room.text)
    return {
        **message_fields(message),
        "payload": words.payload_beginning(message.payload, room.text),
        "size": counted(len(message.payload), "byte"),
        "headers": headers,
        "more_headers": len(others) - len(headers),
        "content_type": cut_to_bytes(message.content_type or "", NAME),
    }


def _argument(argument: Argument) -> list[str]:
    text = f"{argument.name} = {argument.value}"
    return [cut_to_bytes(text, 100), cut_to_bytes(words.argument_source(argument), 60)]


def _result(step: Step, phase: str | None, limit: int) -> str | None:
    return (
        None if phase in ("pulled", "decided", "about to run", "running") else cut_to_bytes(whole(step.result), limit)
    )


def _lines(text: str, limit: int) -> str:
    """Return the first lines of what was printed."""
    lines = text.rstrip("\n")[: limit + 1].split("\n")
    shown = "\n".join(cut_to_bytes(line, 120) for line in lines[:4])
    return shown if len(text) <= limit and len(lines) <= 4 else f"{shown}\n…"  # noqa: PLR2004


def raised_fields(error: Raised, room: Room) -> Fields:
    """Return an exception: its type and text, the fields that did not fit, and whether there is a traceback."""
    return {
        "type": cut_to_bytes(error.type, NAME),
        "message": cut_to_bytes(error.message, min(200, room.text)),
        "fields": first_within((cut_to_bytes(words.field_text(one), room.reason) for one in error.fields), room.text),
        "traceback": bool(error.traceback),
        "hint": cut_to_bytes(error.hint, min(200, room.text)),
    }


# What stays while the rest of a trait changes: it is a trait of its own, and sent once.
OF_MESSAGE = ("message", "sighting", "sightings")
OF_ACTORS = ("verdicts", "more_verdicts", "arguments", "code", "acked_first")
STEADY = {"step": ("pulled", OF_MESSAGE + OF_ACTORS), "status": ("desk", ("breaks", "undo"))}


# Parts of a step that are not sent as long as there is nothing in them.
LEFT_OUT = ("printed", "result", "raised", "published", "sent", "children")


def split_steady(state: dict[str, Fields]) -> dict[str, Fields]:
    """Return a state with the steady parts of a step and of the status as traits of their own."""
    split = dict(state)
    for name, (steady, parts) in STEADY.items():
        if name in state:
            fields = state[name]
            split[steady] = {part: fields[part] for part in parts if part in fields}
            split[name] = {
                part: value for part, value in fields.items() if part not in parts and (value or part not in LEFT_OUT)
            }
    return split
