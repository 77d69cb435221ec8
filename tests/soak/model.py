"""The model: where each message has to be, and in which order, told by what was done and not by the package."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from repid_nb import InMemoryServer, MessageAction

__all__ = ["DEFAULT_PRIORITY", "Letter", "Mirror", "Moment", "serial_of"]

DEFAULT_PRIORITY = 4
NEVER = -1_000
TERMINAL = (MessageAction.acked, MessageAction.replied)
_SERIAL = re.compile(rb"#(\d+)#")


def serial_of(payload: bytes) -> int | None:
    """Return the serial number that a message of a history carries in its payload."""
    found = _SERIAL.search(payload)
    return None if found is None else int(found[1])


@dataclass(eq=False)
class Letter:
    """One message of a history.

    Attributes:
        serial: Its number, from 1.
        channel: Where it was sent.
        priority: Its priority.
        topic: Which actor it is for; None for no topic.
        scripts: What its actor does, at the first run, at the second, and so on; after these it only returns.
        payload: Its bytes.
        message_id: Its id, where the sender gave one.
        place: Its place in the line of its priority: a smaller one comes first.
        asked: How often its channel's first actor was asked about it.
        answer: The number of the answer that its actor tried to give; 0 for none.
        answers: Which message it answers; None for none.
        taken: Each pull of it that anyone was shown.
        runs: Each run of an actor for it.
    """

    serial: int
    channel: str
    priority: int
    topic: str | None
    scripts: tuple[Any, ...]
    payload: bytes = b""
    message_id: str | None = None
    place: int = 0
    asked: int = 0
    answer: int = 0
    answers: Letter | None = None
    taken: list[Any] = field(default_factory=list)
    runs: list[Any] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether it has left the queues for good."""
        return any(message.action in TERMINAL for message in self.taken)

    @property
    def is_replied(self) -> bool:
        """Whether it was settled by an answer."""
        return any(message.action == MessageAction.replied for message in self.taken)

    def script(self) -> tuple[Any, ...]:
        """Return what the run that has just begun is to do."""
        number = len(self.runs) - 1
        return self.scripts[number] if number < len(self.scripts) else ()


@dataclass(frozen=True)
class Moment:
    """A server's model at one moment, to come back to."""

    places: dict[int, int]
    dead: dict[str, list[int]]
    dropped: frozenset[int]
    published: int
    shown: dict[str, tuple[Counter[int], tuple[int, ...]]]


class Mirror:
    """What one server has to hold.

    Args:
        server: The server.
        dead_letter_limit: How many dead letters a channel keeps.

    Attributes:
        rewinds: How often its queues have gone back.
        rewound_at: In which turn of the loop they last did.
    """

    def __init__(self, server: InMemoryServer, dead_letter_limit: int) -> None:
        self.server = server
        self.rewinds = 0
        self.rewound_at = NEVER
        self.letters: dict[int, Letter] = {}
        self.published: list[int] = []
        self.dead: dict[str, list[int]] = defaultdict(list)
        self.dropped: set[int] = set()
        self.gone: set[int] = set()
        self._dead_letter_limit = dead_letter_limit
        self._tail = 0

    def publish(self, letter: Letter) -> None:
        """Take in that a message was put on a queue."""
        self.letters[letter.serial] = letter
        self.published.append(letter.serial)
        self.to_tail(letter)

    def to_tail(self, letter: Letter) -> None:
        """Take in that a message now stands behind all others of its priority."""
        self._tail += 1
        letter.place = self._tail

    def bury(self, letter: Letter) -> None:
        """Take in that a message became a dead letter; the oldest gives way when there are too many."""
        dead = self.dead[letter.channel]
        if len(dead) >= self._dead_letter_limit:
            self.dropped.add(dead.pop(0))
        dead.append(letter.serial)

    def settled(self, letter: Letter, action: MessageAction | None) -> None:
        """Take in how a message was settled."""
        if action == MessageAction.rejected:
            self.to_tail(letter)
        elif action == MessageAction.nacked:
            self.bury(letter)

    def resend(self, channel: str, message_id: str | None) -> int:
        """Take in that dead letters are sent again; return how many."""
        dead = self.dead[channel]
        chosen = [serial for serial in dead if message_id in (None, self.letters[serial].message_id)]
        for serial in chosen:
            dead.remove(serial)
            self.to_tail(self.letters[serial])
        return len(chosen)

    def moment(self) -> Moment:
        """Return the present moment."""
        return Moment(
            places={serial: letter.place for serial, letter in self.letters.items()},
            dead={channel: list(dead) for channel, dead in self.dead.items()},
            dropped=frozenset(self.dropped),
            published=len(self.published),
            shown=self.shown(),
        )

    def rewind(self, to: Moment) -> None:
        """Take in that the queues stand again as at that moment: what was sent since is gone."""
        self.rewinds += 1
        for serial, place in to.places.items():
            self.letters[serial].place = place
        self.dead = defaultdict(list, {channel: list(dead) for channel, dead in to.dead.items()})
        self.dropped = set(to.dropped)
        self.gone.update(self.published[to.published :])
        del self.published[to.published :]

    def shown(self) -> dict[str, tuple[Counter[int], tuple[int, ...]]]:
        """Return what each channel that is not empty holds: all that waits or is in work, and the dead letters."""
        return {
            queue.channel: (
                Counter(_serial(message) for message in (*queue.ready, *queue.in_work)),
                tuple(_serial(letter.message) for letter in queue.dead_letters),
            )
            for queue in self.server.snapshot().channels
            if queue.waiting or queue.working or queue.dead
        }

    def first_waiting(self, channel: str) -> Letter | None:
        """Return the message that the queue of a channel would hand out next."""
        first = self.server.snapshot(1)[channel].ready
        return self.letters[_serial(first[0])] if first else None

    def left_behind(self) -> Iterator[str]:
        """Yield what is still there though all that pulled has ended, and the server is disconnected."""
        if self.server.is_connected:
            yield "a server stays connected"
        for queue in self.server.snapshot(0).channels:
            if queue.working:
                yield f"{queue.working} messages stay in work on {queue.channel!r}"
            if waiters := self.server.queues.of(queue.channel).waiters:
                yield f"{len(waiters)} still wait for a message on {queue.channel!r}"
        # One is the history's own.
        if len(self.server.queues.observers) > 1:
            yield "observers are left"

    def faults(self) -> Iterator[str]:
        """Yield what is wrong now: each message is in one place, in its order."""
        yield from self.faults_of_order()
        yield from self.lost_or_doubled()

    def lost_or_doubled(self) -> Iterator[str]:
        """Yield the messages that are nowhere, or in two places."""
        places = self.places()
        for serial, letter in self.letters.items():
            # An answer that is cut short is taken back, and what it answers is still in work.
            is_taken_back = letter.answers is not None and not letter.answers.is_replied
            is_elsewhere = serial in self.gone or serial in self.dropped or letter.is_done or is_taken_back
            wanted = 0 if is_elsewhere else 1
            if places[serial] != wanted:
                yield f"message {serial} is in {places[serial]} places, and should be in {wanted}"
            answer = letter.answer
            if answer and answer not in self.letters and not places[answer] and letter.is_replied:
                yield f"message {serial} is replied to, and the answer {answer} is nowhere"

    def places(self) -> Counter[int]:
        """Return in how many places each message is: it waits, is in work, or is dead."""
        return Counter(
            _serial(message)
            for queue in self.server.snapshot().channels
            for message in (*queue.ready, *queue.in_work, *(letter.message for letter in queue.dead_letters))
        )

    def faults_of_order(self) -> Iterator[str]:
        """Yield what is not in its order, or not what was sent."""
        for queue in self.server.snapshot().channels:
            ready = [_serial(message) for message in queue.ready]
            dead = [_serial(letter.message) for letter in queue.dead_letters]
            if (len(ready), len(queue.in_work), len(dead)) != (queue.waiting, queue.working, queue.dead):
                yield f"{queue.channel!r} counts {queue.waiting}, {queue.working}, {queue.dead} and shows otherwise"
            known = [self.letters[serial] for serial in ready if serial in self.letters]
            order = [(-letter.priority, letter.place) for letter in known]
            if order != sorted(order):
                yield f"{queue.channel!r} waits in the order {ready}, whose places are {order}"
            if dead != self.dead[queue.channel]:
                yield f"{queue.channel!r} has the dead letters {dead}, and should have {self.dead[queue.channel]}"
            for message in (*queue.ready, *queue.in_work):
                letter = self.letters.get(_serial(message))
                if letter is None:
                    yield f"{queue.channel!r} holds {message.payload!r}, which was never sent"
                elif (message.priority, message.payload, letter.channel) != (
                    letter.priority,
                    letter.payload,
                    queue.channel,
                ):
                    yield f"message {letter.serial} is not what was sent"


def _serial(message: Any) -> int:
    return serial_of(message.payload) or 0
