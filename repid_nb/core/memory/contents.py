"""All that a queue holds at one moment: to drop some of it, to have it back, and to copy it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from repid_nb.core.events import Moved
from repid_nb.core.memory.message import InMemoryReceivedMessage, QueueT
from repid_nb.core.memory.queue import ChannelQueue, Queues
from repid_nb.core.memory.queued import Dead, QueuedMessage, copied
from repid_nb.core.message import MessageAction

__all__ = ["Checkpoint", "Contents", "all_on", "copied_into", "drop"]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a queue held: a change is undone by putting it back as it was.

    Attributes:
        returned: Those that were given back, by priority, with their old positions.
    """

    queue: QueueT
    ready: dict[int, tuple[QueuedMessage, ...]]
    returned: dict[int, tuple[tuple[int, QueuedMessage], ...]]
    in_work: tuple[tuple[InMemoryReceivedMessage, MessageAction | None], ...]
    dead: tuple[Dead, ...]
    dead_dropped: int
    headers: tuple[tuple[QueuedMessage, dict[str, str] | None], ...]

    @classmethod
    def of(cls, queue: QueueT) -> Contents:
        """Return what a queue holds now."""
        in_work, dead = tuple(queue.in_work), tuple(queue.dead)
        return cls(
            queue,
            {priority: tuple(line.ready) for priority, line in queue.lines.items()},
            {priority: tuple(line.returned) for priority, line in queue.lines.items()},
            tuple((received, received.action) for received in in_work),
            dead,
            queue.dead_dropped,
            tuple((message, copied(message.headers)) for message in all_on(queue)),
        )

    def undo(self) -> None:
        """Put everything back."""
        queue = self.queue
        for priority, line in queue.lines.items():
            line.ready = deque(self.ready.get(priority, ()))
            line.returned = list(self.returned.get(priority, ()))
        for message, headers in self.headers:
            message.headers = copied(headers)
        queue.in_work.clear()
        for received, action in self.in_work:
            received.action = action
            queue.in_work.add(received)
        queue.dead.clear()
        queue.dead.extend(self.dead)
        queue.dead_dropped = self.dead_dropped
        queue.tell()


class Checkpoint:
    """All queues of a server, and their journal, as they are when it is made."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues
        self._contents = [Contents.of(queue) for queue in queues.all()]
        self._restore_journal = queues.keep_journal().saved()

    def restore(self) -> None:
        """Put everything back as it was; queues that came later are empty then."""
        known = {id(contents.queue) for contents in self._contents}
        for queue in self._queues.all():
            if id(queue) not in known:
                Contents(queue, {}, {}, (), (), 0, ()).undo()
        for contents in self._contents:
            contents.undo()
        self._restore_journal()
        self._queues.after_undo()


def drop(queue: ChannelQueue, queues: Queues, drops: Callable[[QueuedMessage], bool], *, dead: bool) -> int:
    """Drop those of the waiting messages, or for `dead` of the dead letters, that `drops` says; return how many."""
    meant = [one.message for one in queue.dead] if dead else _waiting_on(queue)
    dropped = [message for message in meant if drops(message)]
    if not dropped:
        return 0
    gone, before = set(map(id, dropped)), Contents.of(queue)
    try:
        if queues.is_journaled:
            queues.note(before.undo, sum(len(message.payload) for message in dropped))
        if dead:
            kept = [one for one in queue.dead if id(one.message) not in gone]
            queue.dead.clear()
            queue.dead.extend(kept)
        else:
            for line in queue.lines.values():
                line.ready = deque(message for message in line.ready if id(message) not in gone)
                line.returned = [entry for entry in line.returned if id(entry[1]) not in gone]
    except BaseException:
        before.undo()
        raise
    queues.notify(Moved("dropped", queue.channel))
    return len(gone)


def all_on(queue: QueueT) -> list[QueuedMessage]:
    """Return the messages of a queue: those that wait, those in work, and the dead letters."""
    return [*_waiting_on(queue), *(one.queued for one in queue.in_work), *(one.message for one in queue.dead)]


def copied_into(
    queues: Queues, others: Queues, priority: Callable[[QueuedMessage, int], int] = lambda _message, given: given
) -> dict[QueuedMessage, QueuedMessage]:
    """Copy what waits, what is dead, and what is in work as if it waited, onto other queues.

    Args:
        priority: Says which priority the copy of a message has, given the message and its own.

    Returns:
        Each message with its copy.
    """
    copies: dict[QueuedMessage, QueuedMessage] = {}

    def copy(message: QueuedMessage) -> QueuedMessage:
        made = QueuedMessage(
            message.payload, message.headers, message.content_type, message.reply_to, message.message_id
        )
        copies[message] = made
        return made

    for queue in queues.all():
        other = others.of(queue.channel)
        for line in queue.by_priority:
            back = [(one.position, one.queued) for one in queue.in_work if one.priority == line.priority]
            first = [message for _, message in sorted([*back, *line.returned], key=lambda entry: entry[0])]
            for message in (*first, *line.ready):
                other.put(copy(message), priority(message, line.priority))
        other.dead.extend(Dead(copy(one.message), one.priority, one.reason) for one in queue.dead)
        other.dead_dropped = queue.dead_dropped
    return copies


def _waiting_on(queue: QueueT) -> list[QueuedMessage]:
    lines = queue.lines.values()
    return [message for line in lines for message in (*line.ready, *(given_back for _, given_back in line.returned))]
