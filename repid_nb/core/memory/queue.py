"""The queues of an in-memory server: who waits, in which order, who is in work, who is dead.

Order is AMQP 1.0's: a higher priority first, first in first out within one priority. A rejected message goes to the
tail (repid 2.1.4); a released one goes back to the place it was pulled from (AMQP 1.0's outcome "released").
"""

from __future__ import annotations

import asyncio
import heapq
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

from repid_nb.core.checks import answer_channel, check_parts, in_one_line
from repid_nb.core.events import Observer, Published
from repid_nb.core.logger import logger
from repid_nb.core.memory.journal import Journal
from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction

__all__ = [
    "DEFAULT_PRIORITY",
    "ChannelQueue",
    "InMemoryReceivedMessage",
    "QueuedMessage",
    "Queues",
    "SightingsOf",
    "never_sighted",
]

DEFAULT_PRIORITY = 4
JOURNAL_LIMIT = 50_000
# Until Python 3.12 to look up a member of an enumeration costs as much as the rest of an ack.
_ACKED = MessageAction.acked

T = TypeVar("T")
SightingsOf: TypeAlias = "Callable[[QueuedMessage], int]"


class QueuedMessage:
    """A message as a queue keeps it, known by its identity: two with equal content are two."""

    __slots__ = ("__weakref__", "_id", "content_type", "headers", "payload", "reply_to")

    def __init__(
        self,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        reply_to: str | None = None,
        message_id: str | None = None,
    ) -> None:
        self.payload = payload
        # A sender that fills one dict again and again must not change what it has already sent.
        self.headers = None if headers is None else dict(headers)
        self.content_type = content_type
        self.reply_to = reply_to
        self._id = message_id

    @property
    def message_id(self) -> str:
        if self._id is None:
            self._id = str(uuid4())
        return self._id


class InMemoryReceivedMessage:
    """A message that was pulled and has to be settled once; a second settlement is ignored (repid 2.1.4)."""

    __slots__ = (
        "_queue",
        "action",
        "channel",
        "content_type",
        "headers",
        "owner",
        "payload",
        "position",
        "priority",
        "queued",
        "reply_to",
    )

    keeps_reason = True

    def __init__(self, queue: ChannelQueue, queued: QueuedMessage, priority: int, position: int, owner: object) -> None:
        self._queue = queue
        self.action: MessageAction | None = None
        self.channel = queue.channel
        self.queued = queued
        self.payload = queued.payload
        self.headers = queued.headers
        self.content_type = queued.content_type
        self.reply_to = queued.reply_to
        self.priority = priority
        self.position = position
        self.owner = owner

    def __repr__(self) -> str:
        return in_one_line(self)

    @property
    def message_id(self) -> str:
        return self.queued.message_id

    @property
    def is_acted_on(self) -> bool:
        return self.action is not None

    @property
    def keep_alive_interval(self) -> int | None:
        return None

    async def keep_alive(self) -> None:
        """Do nothing: nothing in memory expires."""

    async def ack(self) -> None:
        """Say that the message is dealt with: it leaves the queue."""
        self._queue.settle(self, _ACKED)

    async def nack(self, *, reason: str = "nacked without a reason") -> None:
        """Give the message up: it goes to the dead letters.

        Args:
            reason: What the dead letter says of why.
        """
        self._queue.settle(self, MessageAction.nacked, reason)

    async def reject(self) -> None:
        """Send the message back to the tail of its queue."""
        self._queue.settle(self, MessageAction.rejected)

    async def reply(
        self,
        *,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        channel: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,  # noqa: ARG002  (repid's own ignores it too)
    ) -> None:
        """Put an answer on a channel and be done with the message, in one.

        Args:
            payload: The answer.
            headers: Its headers.
            content_type: The media type of the answer.
            channel: Where it goes; by default the message's `reply_to`.
            server_specific_parameters: Not used.

        Raises:
            DestinationError: There is neither a channel nor a `reply_to`.
            InvalidMessageError: The payload is not bytes, or the headers are not str to str.
        """
        if self.action is not None:
            return
        target = answer_channel(channel or self.reply_to)
        check_parts(target, payload, headers, content_type, None)
        answer = QueuedMessage(payload, headers, content_type)
        self._queue.settle(self, MessageAction.replied, answer=(target, answer))

    def release(self) -> None:
        """Give the message back unread: to the place it was pulled from, as if it had not been pulled."""
        self._queue.release(self)

    def snapshot(self) -> MessageSnapshot:
        """Return the message as a frozen record."""
        return self._queue.picture(self.queued, self.priority)


def _smallest(window: int | None, things: Collection[T], *, key: Callable[[T], Any]) -> list[T]:
    """Return the smallest things in order, at most `window` of them, without sorting the others."""
    if window is None or window >= len(things):
        return sorted(things, key=key)
    return heapq.nsmallest(window, things, key=key)


@dataclass(slots=True)
class _Line:
    """The waiting messages of one priority: those given back come first, by their old positions."""

    priority: int
    ready: deque[QueuedMessage] = field(default_factory=deque)
    returned: list[tuple[int, QueuedMessage]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ready) + len(self.returned)

    def first(self, window: int | None) -> Iterator[QueuedMessage]:
        """Return those that come first, at most `window` of them."""
        returned = _smallest(window, self.returned, key=itemgetter(0))
        return islice(chain((message for _, message in returned), self.ready), window)


@dataclass(slots=True)
class _Dead:
    message: QueuedMessage
    priority: int
    reason: str


def never_sighted(_message: QueuedMessage) -> int:
    """Return 0: nobody counts."""
    return 0


class ChannelQueue:
    """One channel's messages. Every change notes in the journal, if one is kept, how to take it back."""

    def __init__(self, channel: str, queues: Queues) -> None:
        self.channel = channel
        self._queues = queues
        self._lines: dict[int, _Line] = {}
        self._by_priority: list[_Line] = []
        self._taken = 0
        self._in_work: set[InMemoryReceivedMessage] = set()
        self._dead: deque[_Dead] = deque()
        self._dead_dropped = 0
        self.waiters: OrderedDict[asyncio.Future[None], None] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def put(self, message: QueuedMessage, priority: int) -> None:
        """Add a message at the tail of its priority."""
        line = self._lines.get(priority)
        if line is None:
            line = self._add_line(priority)
        line.ready.append(message)
        if self._queues.is_journaled:
            self._queues.note(line.ready.pop)
        if self.waiters:
            self.wake()

    def take(self, owner: object) -> InMemoryReceivedMessage | None:
        """Take the next message, for `owner`, or None when none waits."""
        for line in self._by_priority:
            if line.returned:
                position, message = heapq.heappop(line.returned)
                untake = self._untake_returned
            elif line.ready:
                message = line.ready.popleft()
                self._taken = position = self._taken + 1
                untake = self._untake_ready
            else:
                continue
            received = InMemoryReceivedMessage(self, message, line.priority, position, owner)
            self._in_work.add(received)
            if self._queues.is_journaled:
                # Whoever runs it may change its headers.
                headers = None if message.headers is None else dict(message.headers)
                self._queues.note(partial(untake, received, line, headers))
            return received
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
        if received not in self._in_work:
            logger.warning("message.settled_after_release", extra={"channel": self.channel, "action": action.value})
            return
        self._in_work.remove(received)
        received.action = action
        if self._queues.is_journaled:
            self._queues.note(partial(self._unsettle, received))
        if action is _ACKED:
            return
        if action is MessageAction.rejected:
            self.put(received.queued, received.priority)
        elif action is MessageAction.nacked:
            self._bury(_Dead(received.queued, received.priority, reason))
        elif answer is not None:
            self._queues.publish(*answer, DEFAULT_PRIORITY)

    def release(self, received: InMemoryReceivedMessage) -> None:
        """Put a message in work back where it was pulled from; one that is settled is left alone."""
        if received not in self._in_work:
            return
        self._in_work.remove(received)
        line = self._lines[received.priority]
        entry = (received.position, received.queued)
        heapq.heappush(line.returned, entry)
        if self._queues.is_journaled:
            self._queues.note(partial(self._unrelease, received, line, entry))
        self.wake()

    def release_all(self, owner: object) -> None:
        """Put back everything that `owner` took and did not settle."""
        for received in [one for one in self._in_work if one.owner is owner]:
            self.release(received)

    def resend(self, message_id: str | None) -> int:
        """Move dead letters to the tail of their priority again: all, or those of one id. Returns how many."""
        chosen = [dead for dead in self._dead if message_id in (None, dead.message.message_id)]
        for dead in chosen:
            place = self._dead.index(dead)
            del self._dead[place]
            if self._queues.is_journaled:
                self._queues.note(partial(self._dead.insert, place, dead))
            self.put(dead.message, dead.priority)
        return len(chosen)

    def wake(self) -> None:
        """Tell one of those who wait for a message that there may be one."""
        while self.waiters:
            waiter, _ = self.waiters.popitem(last=False)
            if not waiter.done():
                waiter.set_result(None)
                return

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
        newest = islice(self._dead, 0 if window is None else max(0, len(self._dead) - window), None)
        return tuple(
            DeadLetter(message=self.picture(dead.message, dead.priority), reason=dead.reason) for dead in newest
        )

    def snapshot(self, window: int | None, sightings: SightingsOf = never_sighted) -> ChannelSnapshot:
        """Return what is to be seen now, with at most `window` messages of each kind."""
        ordered = ((message, line.priority) for line in self._by_priority for message in line.first(window))
        first = islice(ordered, window)
        in_work = _smallest(window, self._in_work, key=lambda one: (-one.priority, one.position))
        return ChannelSnapshot(
            channel=self.channel,
            waiting=len(self),
            ready=tuple(self.picture(message, priority, sightings(message)) for message, priority in first),
            working=len(self._in_work),
            in_work=tuple(received.snapshot() for received in in_work),
            dead=len(self._dead),
            dead_letters=self.dead_letters(window),
            dead_dropped=self._dead_dropped,
        )

    def _add_line(self, priority: int) -> _Line:
        line = self._lines[priority] = _Line(priority)
        self._by_priority = [self._lines[one] for one in sorted(self._lines, reverse=True)]
        return line

    def _bury(self, dead: _Dead) -> None:
        dropped = self._dead.popleft() if len(self._dead) >= self._queues.dead_letter_limit else None
        self._dead_dropped += dropped is not None
        self._dead.append(dead)
        if self._queues.is_journaled:
            self._queues.note(partial(self._unbury, dropped))

    def _untake_ready(self, received: InMemoryReceivedMessage, line: _Line, headers: dict[str, str] | None) -> None:
        self._in_work.discard(received)
        received.queued.headers = headers
        line.ready.appendleft(received.queued)
        self.wake()

    def _untake_returned(self, received: InMemoryReceivedMessage, line: _Line, headers: dict[str, str] | None) -> None:
        self._in_work.discard(received)
        received.queued.headers = headers
        heapq.heappush(line.returned, (received.position, received.queued))
        self.wake()

    def _unsettle(self, received: InMemoryReceivedMessage) -> None:
        received.action = None
        self._in_work.add(received)

    def _unrelease(self, received: InMemoryReceivedMessage, line: _Line, entry: tuple[int, QueuedMessage]) -> None:
        line.returned.remove(entry)
        heapq.heapify(line.returned)
        self._in_work.add(received)

    def _unbury(self, dropped: _Dead | None) -> None:
        self._dead.pop()
        if dropped is not None:
            self._dead.appendleft(dropped)
            self._dead_dropped -= 1


class Queues:
    """The queues of one server, made when first asked for."""

    def __init__(self, dead_letter_limit: int) -> None:
        self.dead_letter_limit = dead_letter_limit
        self.is_journaled = False
        self._journal: Callable[[], Journal | None] = lambda: None
        self.observers: tuple[Observer, ...] = ()
        self._queues: dict[str, ChannelQueue] = {}
        self._gone: weakref.WeakSet[object] = weakref.WeakSet()

    def of(self, channel: str) -> ChannelQueue:
        """Return the queue of a channel."""
        queue = self._queues.get(channel)
        if queue is None:
            queue = self._queues[channel] = ChannelQueue(channel, self)
        return queue

    def known(self, channel: str) -> ChannelQueue | None:
        """Return the queue of a channel, or None when nobody has asked for it yet."""
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
        for queue in self._queues.values():
            queue.release_all(owner)

    def _release_stranded(self) -> None:
        """Put back what an undo has given to somebody who is gone."""
        for owner in self._gone:
            for queue in self._queues.values():
                queue.release_all(owner)

    def keep_journal(self) -> Journal:
        """Note every change from now on, as long as somebody keeps the journal that is returned."""
        journal = self._journal()
        if journal is None:
            journal = Journal(JOURNAL_LIMIT, self._release_stranded)
            self._journal = weakref.ref(journal)
            self.is_journaled = True
        return journal

    def note(self, undo: Callable[[], object]) -> None:
        """Note in the journal how to take back what was just done; ask `is_journaled` first, it costs less."""
        journal = self._journal()
        if journal is None:
            self.is_journaled = False
        else:
            journal.note(undo)

    def snapshot(self, window: int | None, sightings: SightingsOf = never_sighted) -> QueuesSnapshot:
        """Return what is to be seen of every queue, at most `window` messages of each kind a channel."""
        return QueuesSnapshot(tuple(queue.snapshot(window, sightings) for queue in self._queues.values()))
