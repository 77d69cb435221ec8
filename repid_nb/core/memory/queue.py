"""The queues of a server: what waits, in which order, what is in work, what is dead.

Order is AMQP 1.0's: a higher priority first, first in first out within one priority. A rejected message goes to the
tail (repid 2.1.4); a released one goes back to the place it was pulled from (AMQP 1.0's outcome "released").
"""

from __future__ import annotations

import heapq
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Protocol, TypeAlias

from repid_nb.core.events import Observer, Published
from repid_nb.core.logger import logger
from repid_nb.core.memory.journal import Journal
from repid_nb.core.memory.message import Dead, InMemoryReceivedMessage, Line, QueuedMessage, smallest
from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, QueuesSnapshot
from repid_nb.core.memory.undo import Buried, Change, Put, Released, Resent, Settled, Taken
from repid_nb.core.message import MessageAction

__all__ = [
    "CHANNEL_WINDOW",
    "DEFAULT_PRIORITY",
    "ChannelQueue",
    "ListenerT",
    "Queues",
    "SightingsOf",
    "never_sighted",
]

DEFAULT_PRIORITY = 4
JOURNAL_LIMIT = 50_000
# How many channels a snapshot with a window shows.
CHANNEL_WINDOW = 20
# From how many queues on the empty ones are forgotten, where nothing listens.
FORGET_FROM = 64
# Until Python 3.12 to look up a member of an enumeration costs as much as the rest of an ack.
_ACKED = MessageAction.acked

SightingsOf: TypeAlias = Callable[[QueuedMessage], int]


class ListenerT(Protocol):
    """What pulls from queues, as far as a queue knows it."""

    @property
    def waits(self) -> Iterable[int]:
        """The numbers of its waits for a message, counted over all listeners; the longest first."""

    def heard(self, channel: int) -> None:
        """Take in that its channel of that number may have a message."""

    def wake(self) -> None:
        """End its longest wait."""


@dataclass(frozen=True, slots=True)
class _Move:
    """What a settlement does beside taking a message out of work."""

    change: Change
    make: Callable[[], None]


def never_sighted(_message: QueuedMessage) -> int:
    """Return 0, where no worker counts sightings."""
    return 0


def _is_still(picture: MessageSnapshot, message: QueuedMessage, priority: int, sightings: int) -> bool:
    """Say whether a message still looks as on a record of it."""
    if (picture.priority, picture.sightings) != (priority, sightings):
        return False
    try:
        return picture.headers == message.headers
    except Exception:
        # An actor may have put anything among the headers, and some objects refuse to be compared.
        return False


class ChannelQueue:
    """One channel's messages.

    An interrupt may come between any two lines. So a message is in its new place before it leaves its old one, and a
    change that is cut short is taken back before the interrupt goes on.

    Attributes:
        listeners: What pulls from this queue, each with its own number for it.
        tells: Whether a listener has found the queue empty, and is to be told of the next message.
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
        self._by_priority: list[Line] = []
        self._taken = 0
        self._pictures: dict[QueuedMessage, MessageSnapshot] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_priority))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is here, and nothing listens."""
        return not (self.in_work or self.dead or self.dead_dropped or len(self) or self.listeners)

    @property
    def waiters(self) -> list[tuple[int, ListenerT]]:
        """The waits for a message of this queue, each with the listener that waits."""
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
        """Take the next message, for `owner`, or None when none waits."""
        for line in self._by_priority:
            returned = bool(line.returned)
            if returned:
                position, message = line.returned[0]
            elif line.ready:
                message, position = line.ready[0], self._taken + 1
            else:
                continue
            received = InMemoryReceivedMessage(self, message, line.priority, position, owner)
            try:
                if self._queues.is_journaled:
                    headers = None if message.headers is None else dict(message.headers)
                    self._queues.note(Taken(self, received, returned, headers).undo)
                self.in_work.add(received)
                if returned:
                    heapq.heappop(line.returned)
                else:
                    self._taken = position
                    line.ready.popleft()
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
        """Settle a message in work; one that is settled already, or was given back, is left alone."""
        if received.action is not None:
            return
        if received not in self.in_work:
            logger.warning("message.settled_after_release", extra={"channel": self.channel, "action": action.value})
            return
        move = None if action is _ACKED else self._move(received, action, reason, answer)
        try:
            if self._queues.is_journaled:
                self._queues.note(Settled(self, received).undo, len(received.payload))
            received.action = action
            if move is not None:
                move.make()
            self.in_work.remove(received)
        except BaseException:
            if move is not None:
                move.change.undo()
            Settled(self, received).undo()
            raise

    def release(self, received: InMemoryReceivedMessage) -> None:
        """Put a message in work back where it was pulled from; one that is settled is left alone."""
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

    def release_all(self, owner: object) -> None:
        """Put back everything that `owner` took and did not settle."""
        for received in [one for one in list(self.in_work) if one.owner is owner]:
            self.release(received)

    def resend(self, message_id: str | None) -> int:
        """Move dead letters to the tail of their priority again: all, or those of one id. Returns how many."""
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
        return len(chosen)

    def tell(self) -> None:
        """Tell the listeners that there may be a message, and wake the one that has waited longest."""
        for listener, channel in list(self.listeners.items()):
            listener.heard(channel)
        waiters = self.waiters
        if waiters:
            min(waiters, key=itemgetter(0))[1].wake()
        self.tells = len(waiters) > 1

    def picture(self, message: QueuedMessage, priority: int, sightings: int = 0) -> MessageSnapshot:
        """Return one message as a frozen record."""
        return MessageSnapshot(
            id=message.message_id,
            channel=self.channel,
            payload=message.payload,
            headers=message.headers,
            content_type=message.content_type,
            reply_to=message.reply_to,
            priority=priority,
            sightings=sightings,
        )

    def dead_letters(self, window: int | None) -> tuple[DeadLetter, ...]:
        """Return the newest dead letters, at most `window` of them, oldest first."""
        newest = list(islice(self.dead, 0 if window is None else max(0, len(self.dead) - window), None))
        return tuple(
            DeadLetter(message=self.picture(dead.message, dead.priority), reason=dead.reason) for dead in newest
        )

    def snapshot(self, window: int | None, sightings: SightingsOf = never_sighted) -> ChannelSnapshot:
        """Return what is to be seen now, with at most `window` messages of each kind."""
        ready: list[tuple[QueuedMessage, int]] = []
        for line in self._by_priority:
            left = None if window is None else window - len(ready)
            ready += [(message, line.priority) for message in line.first(left)]
        in_work = smallest(window, self.in_work, key=lambda one: (-one.priority, one.position))
        return ChannelSnapshot(
            channel=self.channel,
            waiting=len(self),
            ready=self._pictures_of(ready, sightings),
            working=len(self.in_work),
            in_work=tuple(received.snapshot() for received in in_work),
            dead=len(self.dead),
            dead_letters=self.dead_letters(window),
            dead_dropped=self.dead_dropped,
        )

    def _pictures_of(
        self, ready: list[tuple[QueuedMessage, int]], sightings: SightingsOf
    ) -> tuple[MessageSnapshot, ...]:
        """Return the waiting messages as frozen records: the same ones as the last time, where nothing has changed."""
        former, self._pictures = self._pictures, {}
        for message, priority in ready:
            known, seen = former.get(message), sightings(message)
            if known is None or not _is_still(known, message, priority, seen):
                known = self.picture(message, priority, seen)
            self._pictures[message] = known
        return tuple(self._pictures.values())

    def _add_line(self, priority: int) -> Line:
        with self._queues.lock:
            line = self.lines.setdefault(priority, Line(priority))
            self._by_priority = [self.lines[one] for one in sorted(self.lines, reverse=True)]
        return line

    def _move(
        self,
        received: InMemoryReceivedMessage,
        action: MessageAction,
        reason: str,
        answer: tuple[str, QueuedMessage] | None,
    ) -> _Move | None:
        """Return where a settlement moves a message, or an answer, to."""
        queued, priority = received.queued, received.priority
        if action is MessageAction.rejected:
            return _Move(Put(self, queued, priority), partial(self.put, queued, priority))
        if action is MessageAction.nacked:
            dropped = self.dead[0] if len(self.dead) >= self._queues.dead_letter_limit else None
            burial = Buried(self, Dead(queued, priority, reason), dropped, self.dead_dropped)
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


class Queues:
    """The queues of one server, made when first asked for; an empty one to which nothing listens is forgotten."""

    def __init__(self, dead_letter_limit: int) -> None:
        self.dead_letter_limit = dead_letter_limit
        self.is_journaled = False
        self.observers: tuple[Observer, ...] = ()
        # Messages may be sent from any thread.
        self.lock = threading.Lock()
        self._journal: Callable[[], Journal | None] = lambda: None
        self._queues: dict[str, ChannelQueue] = {}
        # A queue that was forgotten is the same one again, as long as a way back leads to it.
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

    def publish(self, channel: str, message: QueuedMessage, priority: int) -> None:
        """Put a message on the queue of a channel, and tell the observers of it."""
        self.of(channel).put(message, priority)
        if self.observers:
            event = Published(channel, message)
            for observer in self.observers:
                observer(event)

    def release_all(self, owner: object) -> None:
        """Put back everything that `owner`, which will take nothing more, took and did not settle."""
        self._gone.add(owner)
        for queue in list(self._queues.values()):
            queue.release_all(owner)

    def abandon(self, owner: object) -> None:
        """Note that `owner` is gone without a word: what it took goes back before anything is pulled or shown.

        Safe in a finalizer, which may run in the middle of anything: it only notes.
        """
        self._abandoned.append(owner)

    def release_abandoned(self) -> None:
        """Put back what was taken by an owner that is gone."""
        while self._abandoned:
            self.release_all(self._abandoned[0])
            self._abandoned.popleft()

    def keep_journal(self) -> Journal:
        """Note every change from now on, as long as the journal that is returned is kept."""
        journal = self._journal()
        if journal is None:
            journal = Journal(JOURNAL_LIMIT, self._after_undo)
            self._journal = weakref.ref(journal)
            self.is_journaled = True
        return journal

    def note(self, undo: Callable[[], object], size: int = 0) -> None:
        """Note in the journal how to take a change back; ask `is_journaled` first, it costs less."""
        journal = self._journal()
        if journal is None:
            self.is_journaled = False
        else:
            journal.note(undo, size)

    def snapshot(
        self, window: int | None, sightings: SightingsOf = never_sighted, channels: Iterable[str] = ()
    ) -> QueuesSnapshot:
        """Return what is to be seen of the queues.

        Args:
            window: How many messages of each kind to show a channel, and how many other channels beside those that are
                named; None for all.
            sightings: Says of a waiting message how often a worker has seen it without a match.
            channels: Those that come first.
        """
        self.release_abandoned()
        more = 0
        if window is None or len(self._queues) <= CHANNEL_WINDOW:
            queues = list(self._queues.values())
        else:
            # What this costs must not grow with the number of channels.
            named = [self._queues[channel] for channel in islice(channels, CHANNEL_WINDOW) if channel in self._queues]
            first = list(islice(self._queues.values(), 2 * CHANNEL_WINDOW))
            queues = list(dict.fromkeys([*named, *first]))[:CHANNEL_WINDOW]
            more = len(self._queues) - len(queues)
        return QueuesSnapshot(tuple(queue.snapshot(window, sightings) for queue in queues), more)

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
        # Twice as many as are left: so the look through all of them costs each new one a constant.
        self._forget_at = max(FORGET_FROM, 2 * len(self._queues))

    def _after_undo(self) -> None:
        """Know the queues again that were forgotten, and put back what an undo has given to an owner that is gone."""
        for channel, forgotten in list(self._forgotten.items()):
            if not forgotten.is_idle:
                self._queues[channel] = forgotten
        for owner in self._gone:
            for queue in list(self._queues.values()):
                queue.release_all(owner)
