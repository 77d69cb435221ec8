"""How each change of a queue is taken back.

A change is noted in the journal before it is made, because a KeyboardInterrupt may come between any two lines: noted
afterwards, a change could be made and never taken back. So each `undo` looks at what is really there. It also works for
a change that was made by half or not at all, and a second `undo` does nothing. Changes are undone newest first, so each
finds the queue as it left it.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Protocol

from repid_nb.core.memory.message import InMemoryReceivedMessage, QueueT
from repid_nb.core.memory.queued import Dead, QueuedMessage, copied

__all__ = ["Buried", "Change", "Put", "Released", "Resent", "Settled", "Taken"]


class Change(Protocol):
    """One change of a queue."""

    def undo(self) -> None:
        """Take it back, as the newest change that is left."""


@dataclass(frozen=True, slots=True)
class Put:
    """A message was added at the tail of its priority."""

    queue: QueueT
    message: QueuedMessage
    priority: int

    def undo(self) -> None:
        line = self.queue.lines.get(self.priority)
        if line is not None and line.ready and line.ready[-1] is self.message:
            line.ready.pop()


@dataclass(frozen=True, slots=True)
class Taken:
    """A message was taken off its line.

    Attributes:
        returned: Whether it had been given back before, and so waited by its old position.
        headers: The headers as they were.
    """

    queue: QueueT
    received: InMemoryReceivedMessage
    returned: bool
    headers: dict[str, str] | None

    def undo(self) -> None:
        queue, received = self.queue, self.received
        if received not in queue.in_work:
            return
        message, line = received.queued, queue.lines[received.priority]
        # A copy once more: the same change can be taken back again, after a checkpoint.
        message.headers = copied(self.headers)
        entry = (received.position, message)
        if self.returned:
            if entry not in line.returned:
                heapq.heappush(line.returned, entry)
        elif not (line.ready and line.ready[0] is message):
            line.ready.appendleft(message)
        queue.in_work.discard(received)
        queue.tell()


@dataclass(frozen=True, slots=True)
class Settled:
    """A message in work was settled; where it went after that is a change of its own.

    Attributes:
        headers: The headers as its actor had left them: after a checkpoint, the way back may come here a second time.
    """

    queue: QueueT
    received: InMemoryReceivedMessage
    headers: dict[str, str] | None

    def undo(self) -> None:
        received = self.received
        received.headers = received.queued.headers = copied(self.headers)
        self.queue.in_work.add(received)
        received.action = None


@dataclass(frozen=True, slots=True)
class Released:
    """A message in work was given back to the place that it was pulled from."""

    queue: QueueT
    received: InMemoryReceivedMessage

    def undo(self) -> None:
        received = self.received
        line = self.queue.lines[received.priority]
        self.queue.in_work.add(received)
        entry = (received.position, received.queued)
        if entry in line.returned:
            line.returned.remove(entry)
            heapq.heapify(line.returned)


@dataclass(frozen=True, slots=True)
class Buried:
    """A message became the newest dead letter; the oldest may have given way.

    Attributes:
        headers: The headers of the one that gave way.
        dropped_before: How many had given way before: a count that is set, and not changed, can be set twice.
    """

    queue: QueueT
    dead: Dead
    dropped: Dead | None
    dropped_before: int
    headers: dict[str, str] | None

    def undo(self) -> None:
        letters = self.queue.dead
        if letters and letters[-1] is self.dead:
            letters.pop()
        if self.dropped is not None and not (letters and letters[0] is self.dropped):
            self.dropped.message.headers = copied(self.headers)
            letters.appendleft(self.dropped)
        self.queue.dead_dropped = self.dropped_before


@dataclass(frozen=True, slots=True)
class Resent:
    """A dead letter left its place among the dead letters, to be sent again."""

    queue: QueueT
    dead: Dead
    place: int

    def undo(self) -> None:
        letters = self.queue.dead
        if not any(letter is self.dead for letter in letters):
            letters.insert(self.place, self.dead)
