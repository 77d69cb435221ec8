"""The ways of many messages through channels and workers, as plain data that pictures and the page lay out.

Time is a number: for a history the number of steps that were taken, for a simulated run seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.display import words
from repid_nb.display.colours import hue_of
from repid_nb.printable import one_line
from repid_nb.stepping.record import Step

__all__ = ["Passage", "River", "Visit", "gist", "river_of_steps", "shown_passages"]

WORKER = "worker"
# In bytes; a longer payload is not read for its gist.
MOST_READ = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One time that a message waited on a channel, and what came of it.

    Attributes:
        channel: The channel.
        since: When it began to wait.
        taken: When a worker took it; None where it still waits.
        worker: The worker that took it.
        done: When the worker was done with it; None where it is still in work.
        action: How it was settled; None where it was not, or not yet.
        given_back: Whether it went back because its worker was gone.
        step: The number of the step, where this was one.
    """

    channel: str
    since: float
    taken: float | None = None
    worker: str = ""
    done: float | None = None
    action: MessageAction | None = None
    given_back: bool = False
    step: int | None = None

    @property
    def is_back(self) -> bool:
        """Whether the message went back to its queue after it."""
        return self.given_back or self.action is MessageAction.rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The way of one message: its visits, oldest first.

    Attributes:
        name: Its name.
        topic: Its topic; empty without one.
        payload: What its payload says, in few words.
        parent: The name of the message whose actor sent it; empty without one.
        priority: 0 (last) to 9 (first).
        visits: Each time that it waited.
    """

    name: str
    topic: str = ""
    payload: str = ""
    parent: str = ""
    priority: int = 4
    visits: tuple[Visit, ...]

    @property
    def hue(self) -> int:
        """The place of its colour in `colours.HUES`."""
        return hue_of(self.name)

    @property
    def begin(self) -> float:
        """When it was sent, or first seen."""
        return self.visits[0].since


@dataclass(frozen=True, slots=True, kw_only=True)
class River:
    """The ways of many messages.

    Attributes:
        channels: The channels, in the order of their lanes.
        workers: The workers, in the order of their lanes.
        passages: The messages, in the order in which they were sent.
        begin, end: The first and the last moment.
        unit: What time counts: `step` or `second`.
    """

    channels: tuple[str, ...]
    workers: tuple[str, ...]
    passages: tuple[Passage, ...]
    begin: float
    end: float
    unit: Literal["step", "second"] = "step"


def river_of_steps(steps: Sequence[Step], now: QueuesSnapshot | None = None, *, says_what: bool = True) -> River:
    """Return the river of steps: step 7 lies between the moments 6 and 7.

    Args:
        steps: The steps, oldest first.
        now: The queues now; None for those after the last step.
        says_what: Whether topics and payloads are read; a page that is drawn with each step does without.
    """
    seen = _Seen()
    for step in steps:
        seen.step(step)
    if now is None and steps:
        now = steps[-1].after
    end = steps[-1].number if steps else 0
    seen.still_waiting(now, end)
    found = [(one, seen.parents.get(key, "")) for key, one in seen.passages.items() if one.visits]
    return River(
        channels=tuple(seen.channels),
        workers=tuple(dict.fromkeys(step.worker or WORKER for step in steps)),
        passages=tuple(_in_order(_closed(one, parent, says_what=says_what) for one, parent in found)),
        begin=steps[0].number - 1 if steps else 0,
        end=end,
    )


class _Seen:
    """What the steps so far have shown of messages.

    Attributes:
        channels: The channels, in the order in which they came.
        passages: What is known of each message.
        parents: The message whose actor sent it, for each that an actor sent.
        since: When each message that waits began to, by its channel and name.
    """

    def __init__(self) -> None:
        self.channels: dict[str, None] = {}
        self.passages: dict[str, _Open] = {}
        self.parents: dict[str, str] = {}
        self.since: dict[tuple[str, str], float] = {}

    def queues(self, queues: QueuesSnapshot, moment: float) -> None:
        """See the queues at a moment."""
        for queue in queues.channels:
            if queue.ready or queue.waiting:
                self.channels.setdefault(queue.channel)
            for one in queue.ready:
                key = one.channel, _key_of(one)
                # Nearly all have been seen before.
                if key not in self.since:
                    self.since[key] = moment
                    self.passages.setdefault(key[1], _Open(one, []))

    def step(self, step: Step) -> None:
        """See a step, with the queues before and after it."""
        self.queues(step.before, step.number - 1)
        self.channels.setdefault(step.channel)
        key = _key_of(step.message)
        began = self.since.pop((step.channel, key), step.number - 1)
        self.passages.setdefault(key, _Open(step.message, [])).visits.append(_visit_of(step, began))
        self.parents.update((child, key) for child in step.children)
        self.queues(step.after, step.number)

    def still_waiting(self, queues: QueuesSnapshot | None, end: float) -> None:
        """See the queues at the end: what waits there has a visit that is not over."""
        if queues is None:
            return
        self.queues(queues, end)
        for queue in queues.channels:
            for one in queue.ready:
                key = _key_of(one)
                began = self.since.get((queue.channel, key), end)
                self.passages[key].visits.append(Visit(channel=queue.channel, since=began))


def _visit_of(step: Step, since: float) -> Visit:
    return Visit(
        channel=step.channel,
        since=since,
        taken=step.number - 1,
        worker=step.worker or WORKER,
        done=step.number,
        action=step.settlement.action,
        step=step.number,
    )


@dataclass(slots=True)
class _Open:
    message: MessageSnapshot
    visits: list[Visit]


def _key_of(message: MessageSnapshot) -> str:
    return message.name or words.message_name(message)


def _closed(found: _Open, parent: str, *, says_what: bool) -> Passage:
    headers = found.message.headers or {}
    return Passage(
        name=words.message_name(found.message),
        topic=one_line(headers["topic"], 60) if says_what and "topic" in headers else "",
        payload=gist(found.message.payload) if says_what else "",
        parent=one_line(parent),
        priority=found.message.priority,
        visits=tuple(found.visits),
    )


def gist(payload: bytes, limit: int = 60) -> str:
    """Return what a payload says, in few words: of a JSON object its values, of anything else the beginning."""
    if not payload:
        return ""
    try:
        read = json.loads(payload) if len(payload) <= MOST_READ else None
    except (ValueError, RecursionError):
        read = None
    if isinstance(read, dict) and read and not any(isinstance(value, dict | list) for value in read.values()):
        return one_line(", ".join(str(value) for value in read.values()), limit)
    return words.payload_beginning(payload, limit)


def _in_order(passages: Iterable[Passage]) -> list[Passage]:
    """Return passages in the order in which they were sent; those of one moment in the order of their numbers."""

    def key(passage: Passage) -> tuple[float, list[int]]:
        return passage.begin, [int(number) for number in re.findall(r"[0-9]{1,9}", passage.name)]

    return sorted(passages, key=key)


def shown_passages(passages: Iterable[Passage], most: int) -> tuple[list[Passage], int]:
    """Return the first passages, and how many are left out."""
    every = list(passages)
    return every[:most], max(0, len(every) - most)
