"""The queues of one server, by channel; and the journal of what is done to them."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

from repid_nb.core.events import Observer, Published
from repid_nb.core.memory.journal import Journal
from repid_nb.core.memory.message import QueuedMessage
from repid_nb.core.memory.queue import ChannelQueue, SightingsOf, never_sighted
from repid_nb.core.memory.snapshot import QueuesSnapshot

__all__ = ["CHANNEL_WINDOW", "Queues"]

JOURNAL_LIMIT = 50_000
# How many channels a snapshot with a window shows.
CHANNEL_WINDOW = 20
# From how many queues on the empty ones are forgotten, where nothing listens.
FORGET_FROM = 64


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
            journal = Journal(JOURNAL_LIMIT, self._release_stranded)
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

    def _release_stranded(self) -> None:
        """Put back what an undo has given to an owner that is gone."""
        for owner in self._gone:
            for queue in list(self._queues.values()):
                queue.release_all(owner)
