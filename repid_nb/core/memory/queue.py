"""The queues of a server: what waits, in which order, what is in work, what is dead.

Order is AMQP 1.0's: a higher priority first, first in first out within one priority. A rejected message goes to the
tail (repid 2.1.4); a released one goes back to its old place (AMQP 1.0's outcome "released").
"""

from __future__ import annotations

import heapq
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter, itemgetter
from typing import Protocol

from repid_nb.core.events import Moved, Observer, Published
from repid_nb.core.logger import logger
from repid_nb.core.memory.inspection import SightingsOf, Snapshots, never_sighted
from repid_nb.core.memory.journal import Journaled
from repid_nb.core.memory.message import ACKED, InMemoryReceivedMessage
from repid_nb.core.memory.queued import Dead, Line, QueuedMessage, copied
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.memory.undo import Buried, Change, Put, Released, Resent, Settled, Taken
from repid_nb.core.message import MessageAction

__all__ = ["DEFAULT_PRIORITY", "ChannelQueue", "ListenerT", "Queues"]

DEFAULT_PRIORITY = 4
# With so many queues, the empty ones to which nothing listens are forgotten.
FORGET_FROM = 64


class ListenerT(Protocol):
    """What a queue needs of a puller."""

    @property
    def waits(self) -> Iterable[int]:
        """The numbers of its waits for a message, counted over all listeners; the oldest first."""

    def heard(self, channel: int) -> None:
        """Note that its channel of that number may have a message."""

    def wake(self) -> None:
        """End its oldest wait."""


@dataclass(frozen=True, slots=True)
class _Move:
    """What a settlement does beside taking a message out of work."""

    change: Change
    make: Callable[[], None]


class ChannelQueue:
    """One channel's messages.

    A KeyboardInterrupt may come between any two lines, and no message may be lost by it or be there twice. So each
    change is noted in the journal first, a message is in its new place before it leaves its old one, and a change that
    is cut short is taken back before the interrupt goes on.

    Attributes:
        by_priority: The lines, the highest priority first.
        listeners: The pullers of this queue, each with its own number for the channel.
        tells: Whether a listener found the queue empty, and has to be told of the next message. Without one `put` tells
            no listener, and so costs the same for any number of them.
    """

    def __init__(self, channel: str, queues: Queues) -> None:
        self.channel = channel
        self.lines: dict[int, Line] = {}
        self.in_work: set[InMemoryReceivedMessage] = set()
        self.dead: deque[Dead] = deque()
        self.dead_dropped = 0
        self.listeners: weakref.WeakKeyDictionary[ListenerT, int] = weakref.WeakKeyDictionary()
        self.tells = False
        self._queues = queues
        self.by_priority: list[Line] = []
        self._taken = 0

    def __len__(self) -> int:
        return sum(map(len, self.by_priority))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is here, and nothing listens."""
        return not (self.in_work or self.dead or self.dead_dropped or len(self) or self.listeners)

    @property
    def waiters(self) -> list[tuple[int, ListenerT]]:
        """The waits for a message of this queue: the number and the listener of each."""
        return [(wait, listener) for listener in list(self.listeners) for wait in listener.waits]

    def put(self, message: QueuedMessage, priority: int) -> None:
        """Add a message at the tail of its priority."""
        line = self.lines.get(priority)
        if line is None:
            line = self._add_line(priority)
        try:
            if self._queues.is_journaled:
                self._queues.note(Put(self, message, priority).undo)
            line.ready.append(message)
            if self.tells:
                self.tell()
        except BaseException:
            Put(self, message, priority).undo()
            raise

    def take(self, owner: object) -> InMemoryReceivedMessage | None:
        """Take the next message for `owner`; None when none waits."""
        for line in self.by_priority:
            if line.returned:
                (position, message), returned = line.returned[0], True
            elif line.ready:
                message, position, returned = line.ready[0], self._taken + 1, False
            else:
                continue
            received = InMemoryReceivedMessage(self, message, line.priority, position, owner)
            try:
                if self._queues.is_journaled:
                    self._queues.note(Taken(self, received, returned, copied(message.headers)).undo)
                self.in_work.add(received)
                if returned:
                    heapq.heappop(line.returned)
                else:
                    self._taken = position
                    line.ready.popleft()
                if self._queues.observers:
                    self._queues.notify(Moved("taken", self.channel, message, owner))
                return received  # noqa: TRY300  (an interrupt may come at this line, too)
            except BaseException:
                Taken(self, received, returned, message.headers).undo()
                raise
        self.tells = True
        return None

    def settle(
        self,
        received: InMemoryReceivedMessage,
        action: MessageAction,
        reason: str = "",
        *,
        answer: tuple[str, QueuedMessage] | None = None,
    ) -> None:
        """Settle a message in work; one that is settled or was given back stays as it is."""
        if received.action is not None:
            return
        if received not in self.in_work:
            logger.warning("message.settled_after_release", extra={"channel": self.channel, "action": action.value})
            return
        move = None if action is ACKED else self._move(received, action, reason, answer)
        try:
            if self._queues.is_journaled:
                self._queues.note(Settled(self, received, copied(received.queued.headers)).undo, len(received.payload))
            received.action = action
            if move is not None:
                move.make()
            self.in_work.remove(received)
            if self._queues.observers:
                self._queues.notify(Moved("settled", self.channel, received.queued, received.owner, action))
        except BaseException:
            if move is not None:
                move.change.undo()
            self.in_work.add(received)
            received.action = None
            raise

    def release(self, received: InMemoryReceivedMessage) -> None:
        """Put a message in work back where it was pulled from; one that is settled stays as it is."""
        if received not in self.in_work:
            return
        try:
            if self._queues.is_journaled:
                self._queues.note(Released(self, received).undo)
            heapq.heappush(self.lines[received.priority].returned, (received.position, received.queued))
            self.in_work.remove(received)
        except BaseException:
            Released(self, received).undo()
            raise
        self.tell()
        self._queues.notify(Moved("released", self.channel, received.queued, received.owner))

    def resend(self, message_id: str | None) -> int:
        """Move dead letters, all or those of one id, to the tail of their priority; return how many."""
        chosen = [dead for dead in list(self.dead) if message_id in (None, dead.message.message_id)]
        for dead in chosen:
            place = self.dead.index(dead)
            try:
                if self._queues.is_journaled:
                    self._queues.note(Resent(self, dead, place).undo)
                self.put(dead.message, dead.priority)
                del self.dead[place]
            except BaseException:
                Put(self, dead.message, dead.priority).undo()
                Resent(self, dead, place).undo()
                raise
            self._queues.notify(Moved("resent", self.channel, dead.message))
        return len(chosen)

    def tell(self) -> None:
        """Tell the listeners that there may be a message, and wake the one that has waited longest."""
        for listener, channel in list(self.listeners.items()):
            listener.heard(channel)
        waiters = self.waiters
        if waiters:
            min(waiters, key=itemgetter(0))[1].wake()
        self.tells = len(waiters) > 1

    def record(self, message: QueuedMessage, priority: int) -> MessageSnapshot:
        """Return a record of one of its messages as it is now, not sighted."""
        return self._queues.snapshots.record(self.channel, message, priority)

    def _add_line(self, priority: int) -> Line:
        with self._queues.lock:
            line = self.lines.setdefault(priority, Line(priority))
            self.by_priority = [self.lines[one] for one in sorted(self.lines, reverse=True)]
        return line

    def _move(
        self,
        received: InMemoryReceivedMessage,
        action: MessageAction,
        reason: str,
        answer: tuple[str, QueuedMessage] | None,
    ) -> _Move | None:
        """Return where a settlement moves the message or an answer to; None for an ack."""
        queued, priority = received.queued, received.priority
        if action is MessageAction.rejected:
            return _Move(Put(self, queued, priority), partial(self.put, queued, priority))
        if action is MessageAction.nacked:
            dropped = self.dead[0] if len(self.dead) >= self._queues.dead_letter_limit else None
            headers = None if dropped is None else copied(dropped.message.headers)
            burial = Buried(self, Dead(queued, priority, reason), dropped, self.dead_dropped, headers)
            return _Move(burial, partial(self._bury, burial))
        if answer is not None:
            channel, message = answer
            publishing = partial(self._queues.publish, channel, message, DEFAULT_PRIORITY)
            return _Move(Put(self._queues.of(channel), message, DEFAULT_PRIORITY), publishing)
        return None

    def _bury(self, burial: Buried) -> None:
        if self._queues.is_journaled:
            self._queues.note(burial.undo)
        self.dead.append(burial.dead)
        if burial.dropped is not None:
            self.dead_dropped = burial.dropped_before + 1
            self.dead.popleft()


class Queues(Journaled):
    """The queues of one server, made when first asked for; an empty one to which nothing listens is forgotten."""

    def __init__(self, dead_letter_limit: int) -> None:
        super().__init__()
        self.dead_letter_limit = dead_letter_limit
        self.observers: tuple[Observer, ...] = ()
        self.snapshots = Snapshots()
        # Messages may be sent from any thread. It may be taken twice: garbage that is collected inside it may close a
        # coroutine that gives its message back.
        self.lock = threading.RLock()
        self._queues: dict[str, ChannelQueue] = {}
        # As long as the journal or a message refers to a forgotten queue, the same one is known again.
        self._forgotten: weakref.WeakValueDictionary[str, ChannelQueue] = weakref.WeakValueDictionary()
        self._forget_at = FORGET_FROM
        self._gone: weakref.WeakSet[object] = weakref.WeakSet()
        self._abandoned: deque[object] = deque()

    def of(self, channel: str) -> ChannelQueue:
        """Return the queue of a channel."""
        queue = self._queues.get(channel)
        return self._remembered(channel) if queue is None else queue

    def known(self, channel: str) -> ChannelQueue | None:
        """Return the queue of a channel, or None where there is none yet."""
        return self._queues.get(channel)

    def all(self) -> list[ChannelQueue]:
        """Return the queues that are known now."""
        return list(self._queues.values())

    def publish(self, channel: str, message: QueuedMessage, priority: int) -> None:
        """Put a message on the queue of a channel, and tell the observers."""
        queue = self._queues.get(channel)
        if queue is None:
            queue = self._remembered(channel)
        queue.put(message, priority)
        if self.observers:
            self.notify(Published(channel, message, priority))

    def notify(self, event: Published | Moved) -> None:
        """Tell the observers of a change that was made."""
        for observer in self.observers:
            observer(event)

    def held_by(self, owner: object) -> list[InMemoryReceivedMessage]:
        """Return what `owner` took and did not settle, queue by queue, in the order of their places there."""
        held = ([one for one in queue.in_work if one.owner is owner] for queue in self.all())
        return [one for there in held for one in sorted(there, key=attrgetter("position"))]

    def release_all(self, owner: object) -> None:
        """Put back everything that `owner` took and did not settle; it takes nothing more."""
        self._gone.add(owner)
        for received in self.held_by(owner):
            received.release()

    def abandon(self, owner: object) -> None:
        """Note that `owner` was dropped without being closed: what it took goes back before the next pull or snapshot.

        Garbage collection calls this, and may come in the middle of a change of a queue, so nothing is moved here.
        """
        self._abandoned.append(owner)

    def release_abandoned(self) -> None:
        """Put back what abandoned owners took."""
        while self._abandoned:
            self.release_all(self._abandoned[0])
            self._abandoned.popleft()

    def snapshot(
        self, window: int | None, sightings: SightingsOf = never_sighted, channels: Iterable[str] = ()
    ) -> QueuesSnapshot:
        """Return a record of the queues now; the arguments are those of `InMemoryServer.snapshot`."""
        self.release_abandoned()
        return self.snapshots.of(self._queues, window, sightings, channels)

    def _remembered(self, channel: str) -> ChannelQueue:
        with self.lock:
            if len(self._queues) >= self._forget_at:
                self._forget_idle()
            queue = self._forgotten.get(channel)
            if queue is None:
                queue = ChannelQueue(channel, self)
            return self._queues.setdefault(channel, queue)

    def _forget_idle(self) -> None:
        for channel, queue in list(self._queues.items()):
            if queue.is_idle:
                self._forgotten[channel] = self._queues.pop(channel)
        # At twice as many as are left, so that the search costs each new queue a constant.
        self._forget_at = max(FORGET_FROM, 2 * len(self._queues))

    def after_undo(self) -> None:
        """Know forgotten queues again that an undo has filled, and put back what it gave to an owner that is gone."""
        for channel, forgotten in list(self._forgotten.items()):
            if not forgotten.is_idle:
                self._queues[channel] = forgotten
        for owner in list(self._gone):
            self.release_all(owner)
        self.notify(Moved("rewound"))
