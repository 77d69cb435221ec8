"""Changing the queues by hand: delete, empty, settle, crash, start again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from repid_nb.core.checks import check_address
from repid_nb.core.errors import InvalidMessageError, SteppingError, UnknownNameError
from repid_nb.core.memory.contents import drop, held_by
from repid_nb.core.memory.journal import Journal, Mark
from repid_nb.core.memory.message import InMemoryReceivedMessage
from repid_nb.core.memory.queue import ChannelQueue, Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.snapshot import MessageSnapshot, snapshot_of
from repid_nb.core.memory.undo import Put
from repid_nb.core.message import MessageAction
from repid_nb.core.naming import nearest_name
from repid_nb.stepping.memory import MemorySource
from repid_nb.stepping.source import Source

__all__ = ["ByHand", "delete", "empty", "give_all_back", "in_memory", "put_again", "sent_since", "settle"]

ByHand: TypeAlias = Literal["ack", "nack", "reject", "release"]
"""How a message that a worker holds can be settled by hand; `release` puts it back where it was pulled from."""

ACTIONS = {"ack": MessageAction.acked, "nack": MessageAction.nacked, "reject": MessageAction.rejected}
REASON = "by hand"


def in_memory(source: Source, purpose: str) -> MemorySource:
    """Return a source whose queues are in this process.

    Args:
        purpose: What the caller wants to do, for the error: `delete messages`.

    Raises:
        SteppingError: They are on a broker.
    """
    if isinstance(source, MemorySource):
        return source
    raise SteppingError(f"There is no way to {purpose} on {source.knows.broker}: only queues in memory allow it.")


def delete(queues: Queues, channel: str, message: str) -> MessageSnapshot:
    """Delete a message that waits, or a dead letter, known by its id or its name; return what it was.

    Raises:
        InvalidMessageError: The channel is not a str.
        UnknownNameError: There is none.
    """
    check_address(channel)
    queue = queues.known(channel)
    names: list[str] = []
    for found, priority, is_dead in () if queue is None else [*_waiting(queue), *_dead(queue)]:
        assert queue is not None  # noqa: S101  (it is walked)
        name = queue.name_of(found)
        if message in (name, found.message_id):
            shown = snapshot_of(found, channel, priority, name=name)
            drop(queue, queues, lambda one: one is found, dead=is_dead)  # noqa: B023  (called at once)
            return shown
        names.append(name)
    hint = nearest_name(message, names, "No message is there.")
    raise UnknownNameError(f"No message {message!r} waits on {channel!r}, and none is dead there.{hint}")


def empty(queues: Queues, channel: str | None) -> int:
    """Delete all that waits and all dead letters, of one channel or of all; return how many messages that were."""
    if channel is not None:
        check_address(channel)
    chosen = [queue for queue in queues.all() if channel in (None, queue.channel)]
    return sum(drop(queue, queues, lambda _: True, dead=dead) for queue in chosen for dead in (False, True))


def settle(source: MemorySource, message: str, action: ByHand) -> MessageSnapshot:
    """Settle a message that the worker has pulled and not settled, known by its id or its name; return it.

    Raises:
        InvalidMessageError: The action is none of these.
        UnknownNameError: The worker holds no such message.
    """
    if not isinstance(action, str) or (action != "release" and action not in ACTIONS):
        raise InvalidMessageError(f"Settle a message with 'ack', 'nack', 'reject' or 'release', not {action!r}.")
    held = [(one, one.snapshot()) for one in held_by(source.queues, source.holder)]
    for received, shown in held:
        if message in (shown.id, shown.name):
            if action == "release":
                received.release()
            else:
                source.queues.of(received.channel).settle(received, ACTIONS[action], REASON)
            return shown
    names = [shown.name for _, shown in held]
    raise UnknownNameError(
        f"This worker does not hold a message {message!r}.{nearest_name(message, names, 'It holds none.')}"
    )


def give_all_back(source: MemorySource) -> tuple[MessageSnapshot, ...]:
    """Put back what the worker has pulled and not settled, each to its old place; return the messages."""
    held: list[InMemoryReceivedMessage] = [] if source.holder is None else held_by(source.queues, source.holder)
    for received in held:
        received.release()
    return tuple(received.snapshot() for received in held)


def sent_since(journal: Journal, mark: Mark) -> list[Put]:
    """Return how messages came onto the queues for the first time after a mark, in order; those of actors too."""
    puts = (getattr(undo, "__self__", None) for undo in journal.since(mark))
    first: dict[int, Put] = {}
    for put in puts:
        if isinstance(put, Put):
            first.setdefault(id(put.message), put)
    return list(first.values())


def put_again(queues: Queues, puts: Iterable[Put]) -> int:
    """Put messages on their queues as they came there, but for those that are there now; return how many."""
    here = {id(message) for queue in queues.all() for message, *_ in (*_waiting(queue), *_dead(queue))}
    here |= {id(received.queued) for queue in queues.all() for received in queue.in_work}
    missing = [put for put in puts if id(put.message) not in here]
    for put in missing:
        queues.publish(put.queue.channel, put.message, put.priority)
    return len(missing)


def _waiting(queue: ChannelQueue) -> Iterator[tuple[QueuedMessage, int, bool]]:
    for line in queue.by_priority:
        for message in (*(message for _, message in line.returned), *line.ready):
            yield message, line.priority, False


def _dead(queue: ChannelQueue) -> Iterator[tuple[QueuedMessage, int, bool]]:
    for letter in reversed(queue.dead):
        yield letter.message, letter.priority, True
