"""Writing down what happens to each message of a run."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from repid_nb.core.abilities import queued_of
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.message import MessageAction
from repid_nb.core.text import text_of
from repid_nb.core.worker.at_work import message_at_work
from repid_nb.printable import one_line
from repid_nb.simulation.columns import BY_ACTORS, NOT_YET, OUTCOMES, Columns
from repid_nb.simulation.loop import JumpingLoop
from repid_nb.simulation.randomness import WorkTimes

__all__ = ["Ledger"]

LONGEST_ERROR = 200
PULLS_BETWEEN_LOOKS = 512
# The producer for which this task sends.
_sender: ContextVar[int] = ContextVar("repid_nb_sender", default=0)

_CODES = {
    action: OUTCOMES.index(word)
    for action, word in {
        MessageAction.acked: "acked",
        MessageAction.nacked: "nacked",
        MessageAction.rejected: "rejected",
        MessageAction.replied: "replied",
        None: "not settled",
    }.items()
}
_REJECTED = _CODES[MessageAction.rejected]
_NOT_SETTLED = _CODES[None]
_GIVEN_BACK = OUTCOMES.index("given back")


class Ledger:
    """Fills the columns of a run, from what queues and workers tell.

    Args:
        most: How many messages there may be, and how many pulls; at that many `on_full` is called.

    Attributes:
        unfinished: How many messages were sent and are not done.
        last_event: When something happened last, in microseconds.
        sender: The number of the producer whose message is being sent; 0 where it is none that sends at once.
        places: The place of each message among those of its producer, from 0.
        pulled_before: How often messages were pulled before their last pull; those that came once are left out.
        on_look: Called at every few hundred pulls: a turn of the loop may have many thousands.
        is_open: Whether things are still written down.
        is_full: Whether there are as many messages or pulls as there may be.
    """

    def __init__(
        self, loop: JumpingLoop, most: int, *, on_done: Callable[[], object], on_full: Callable[[], object]
    ) -> None:
        self.columns = Columns()
        self.unfinished = 0
        self.last_event = 0
        self.columns.sources.number(BY_ACTORS)
        self.sender = 0
        self.places = array("i")
        self.pulled_before: dict[int, int] = {}
        self.on_look: Callable[[], object] = list
        self.is_open = True
        self.is_full = False
        self._loop = loop
        self._most = most
        self._on_done = on_done
        self._on_full = on_full
        self._sent_by: dict[int, int] = {}
        self._number_of: dict[object, int] = {}

    @contextmanager
    def sent_by(self, source: int) -> Iterator[None]:
        """Let what this task sends inside the block be of a producer."""
        token = _sender.set(source)
        try:
            yield
        finally:
            _sender.reset(token)

    def published(self, channel: str, queued: QueuedMessage, priority: int) -> None:
        """Take in that a message was put on a queue."""
        if not self.is_open:
            return
        columns, source = self.columns, self.sender or _sender.get()
        now = self.last_event = self._loop.micros
        parent = NOT_YET if source else self._at_work()
        number = columns.add_message(now, source, channel, queued, priority, parent=parent)
        queued.name(columns.name(number))
        self._number_of[queued] = number
        place = self._sent_by[source] = self._sent_by.get(source, -1) + 1
        self.places.append(place)
        self.unfinished += 1
        if number + 1 >= self._most:
            self._fill()

    def pulled(self, message: Any, worker: int) -> int:
        """Take in that a worker pulled a message; return the row of the pull."""
        number, columns = self._number_of.get(message.queued, NOT_YET), self.columns
        if not self.is_open or number == NOT_YET:
            return NOT_YET
        now = self.last_event = self._loop.micros
        before = columns.last_pull[number]
        if before != NOT_YET:
            self.pulled_before[number] = self.pulled_before.get(number, 0) + 1
            if columns.ended[before] == NOT_YET:
                # It has come back without a word of the worker that held it.
                self.came_back(before)
        row = columns.add_pull(number, now, worker)
        if row + 1 >= self._most:
            self._fill()
        if row % PULLS_BETWEEN_LOOKS == 0:
            self.on_look()
        return row

    def matched(self, row: int, actor: int) -> None:
        """Take in which actor a message goes to."""
        if self.is_open and row != NOT_YET:
            self.columns.actor[row] = actor

    def started(self, row: int, actor: int, reason: int) -> None:
        """Take in that the actor is called, and why the message is settled where it returns."""
        if self.is_open and row != NOT_YET:
            columns = self.columns
            columns.started[row] = self._loop.micros
            columns.actor[row] = actor
            columns.reason[row] = reason

    def reasoned(self, row: int, reason: str) -> None:
        """Take in why a message is settled as it is."""
        if self.is_open and row != NOT_YET:
            self.columns.reason[row] = self.columns.reasons.number(reason)

    def failed(self, row: int, error: BaseException, reason: str) -> None:
        """Take in what was raised."""
        if self.is_open and row != NOT_YET:
            said = one_line(text_of(error), LONGEST_ERROR)
            text = f"{type(error).__name__}: {said}" if said else type(error).__name__
            self.columns.error[row] = self.columns.errors.number(text)
            self.reasoned(row, reason)

    def lasted(self, row: int) -> int:
        """Return how long ago the actor was called, in microseconds."""
        return 0 if row == NOT_YET else self._loop.micros - self.columns.started[row]

    def work(self, row: int, actor: str, times: WorkTimes) -> int:
        """Return how long an actor takes over the message of a pull, in microseconds."""
        if not self.is_open or row == NOT_YET:
            return 0
        columns = self.columns
        number = columns.message[row]
        attempt = self.pulled_before.get(number, 0)
        return times.micros(actor, columns.source[number], columns.sources, self.places[number], attempt)

    def ended(self, row: int, message: Any) -> None:
        """Take in that a worker is done with a message."""
        columns = self.columns
        if not self.is_open or row == NOT_YET or columns.ended[row] != NOT_YET:
            return
        code = columns.outcome[row] = _CODES[message.action]
        now = self.last_event = self._loop.micros
        if code == _NOT_SETTLED:
            # It stays in work for as long as the worker lives.
            return
        columns.ended[row] = now
        if code == _REJECTED:
            columns.waits_since[columns.message[row]] = now
        else:
            self._done(message.queued)

    def came_back(self, row: int) -> None:
        """Take in that a message is back on its queue: the worker that held it is gone, or was cut short."""
        columns, now = self.columns, self._loop.micros
        if not self.is_open or row == NOT_YET:
            return
        number = columns.message[row]
        if columns.last_pull[number] != row or columns.waits_since[number] != NOT_YET:
            return
        if columns.ended[row] != NOT_YET:
            return
        columns.ended[row] = now
        if columns.outcome[row] != _NOT_SETTLED:
            columns.outcome[row] = _GIVEN_BACK
            columns.reason[row] = columns.error[row] = 0
        columns.waits_since[number] = self.last_event = now

    def _at_work(self) -> int:
        """Return the message whose actor is sending; NOT_YET where none is."""
        message = message_at_work()
        return NOT_YET if message is None else self._number_of.get(queued_of(message), NOT_YET)

    def _fill(self) -> None:
        self.is_full = True
        self._on_full()

    def _done(self, queued: Any) -> None:
        self._number_of.pop(queued, None)
        self.unfinished -= 1
        if not self.unfinished:
            self._on_done()
