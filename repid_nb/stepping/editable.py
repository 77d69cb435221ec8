"""Changing the queues by hand: delete, empty, settle, crash, send dead letters again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from repid_nb.core.checks import check_address
from repid_nb.core.errors import InvalidMessageError, UnknownNameError
from repid_nb.core.memory.contents import drop
from repid_nb.core.memory.queue import ChannelQueue
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.snapshot import MessageSnapshot, snapshot_of
from repid_nb.core.message import MessageAction
from repid_nb.core.naming import nearest_name
from repid_nb.stepping.memory import in_memory
from repid_nb.stepping.overview import Overview

__all__ = ["ByHand", "Editable"]

ByHand: TypeAlias = Literal["ack", "nack", "reject", "release"]
"""How a message that a worker holds can be settled by hand; `release` puts it back where it was pulled from."""

ACTIONS = {"ack": MessageAction.acked, "nack": MessageAction.nacked, "reject": MessageAction.rejected}
REASON = "by hand"


class Editable(Overview):
    """Queues that can be changed by hand, and actors that can be forgotten."""

    def delete(self, channel: str, message_id: str) -> MessageSnapshot:
        """Delete a message that waits, or a dead letter. A rewind brings it back.

        Args:
            channel: Its channel.
            message_id: Its id or its name.

        Returns:
            What it was.

        Raises:
            UnknownNameError: There is no such message.
            SteppingError: The messages are on a broker.
        """
        queues = in_memory(self._source, "delete a message").queues
        check_address(channel)
        queue = queues.known(channel)
        names: list[str] = []
        if queue is not None:
            for message, priority, is_dead in _waiting_or_dead(queue):
                name = queues.snapshots.name_of(message)
                if message_id in (name, message.message_id):
                    shown = snapshot_of(message, channel, priority, name=name)
                    drop(queue, queues, lambda one: one is message, dead=is_dead)  # noqa: B023  (called at once)
                    return shown
                names.append(name)
        hint = nearest_name(message_id, names, "No message is there.")
        raise UnknownNameError(f"No message {message_id!r} waits on {channel!r}, and none is dead there.{hint}")

    def empty(self, channel: str | None = None) -> int:
        """Delete all messages that wait and all dead letters; return how many. A rewind brings them back.

        Args:
            channel: The channel; None for all.

        Raises:
            UnknownNameError: No actor listens on that channel, and no message is there.
            InvalidMessageError: The channel is not a str.
            SteppingError: The messages are on a broker.
        """
        queues = in_memory(self._source, "empty a channel").queues
        if channel is not None:
            check_address(channel)
            known = {*self.listeners, *(queue.channel for queue in queues.all())}
            if channel not in known:
                hint = nearest_name(channel, known)
                raise UnknownNameError(f"No actor listens on channel {channel!r}, and no message is there.{hint}")
        chosen = [queue for queue in queues.all() if channel in (None, queue.channel)]
        return sum(drop(queue, queues, lambda _: True, dead=dead) for queue in chosen for dead in (False, True))

    def settle(self, message_id: str, action: ByHand) -> MessageSnapshot:
        """Settle a message that a step has left in work, as one of an actor with `confirmation_mode="manual"`.

        Args:
            message_id: Its id or its name.
            action: `ack`, `nack`, `reject`; or `release`, which puts it back to its place.

        Returns:
            The message.

        Raises:
            UnknownNameError: This Stepper holds no such message.
            InvalidMessageError: There is no such action.
            SteppingError: The messages are on a broker, or a step is under way.
        """
        self._check_between_steps("settle a message")
        source = in_memory(self._source, "settle a message by hand")
        if not isinstance(action, str) or (action != "release" and action not in ACTIONS):
            raise InvalidMessageError(f"Settle a message with 'ack', 'nack', 'reject' or 'release', not {action!r}.")
        held = [(one, one.snapshot()) for one in source.queues.held_by(source.holder)]
        for received, shown in held:
            if message_id in (shown.id, shown.name):
                if action == "release":
                    received.release()
                else:
                    source.queues.of(received.channel).settle(received, ACTIONS[action], REASON)
                return shown
        hint = nearest_name(message_id, [shown.name for _, shown in held], "It holds none.")
        raise UnknownNameError(f"This worker does not hold a message {message_id!r}.{hint}")

    def crash(self) -> tuple[MessageSnapshot, ...]:
        """Do what the end of a worker's process does: what it held goes back, and its sightings are forgotten.

        What its actors had done stays done. So they run again for the same message: delivery is at least once.

        Returns:
            The messages that went back.

        Raises:
            SteppingError: The messages are on a broker, or a step is under way: cancel its task first.
        """
        self._check_between_steps("crash the worker")
        source = in_memory(self._source, "crash the worker")
        self._timeline.crashed()
        held = [] if source.holder is None else source.queues.held_by(source.holder)
        for received in held:
            received.release()
        return tuple(received.snapshot() for received in held)

    def resend(self, channel: str, message_id: str | None = None) -> int:
        """Put dead letters back on their queue, at the tail; their sightings start again.

        Args:
            channel: The channel of the dead letters.
            message_id: The id of the dead letter; None for all of them.

        Returns:
            How many were put back.

        Raises:
            UnknownNameError: There is no dead letter with that id.
            InvalidMessageError: The channel or the id is not a str.
            SteppingError: It takes a request to the broker: await `send_again`.
        """
        return self._source.resend_nowait(channel, message_id)

    async def send_again(self, channel: str, message_id: str | None = None) -> int:
        """Do what `resend` does, on a broker too, where it keeps dead letters that can be read.

        Raises:
            NotPullableError: The broker's dead letters cannot be reached.
        """
        await self._open()
        return await self._source.resend(channel, message_id)

    def keep_newest_actors(self) -> int:
        """Forget the actors that only an earlier run of their cell declared; return how many there were.

        An actor that a later run declared again is replaced already. One that its cell no longer declares, as when it
        was renamed, gets its messages until it is forgotten here. Actors of one name that one run declares (a loop, a
        helper) are all kept.
        """
        left_over = self.app.router.left_over()
        for (older, _), newest in reversed([*left_over.items()]):
            self.app.router.supersede(older, newest)
        self._refresh()
        return len(left_over)


def _waiting_or_dead(queue: ChannelQueue) -> Iterator[tuple[QueuedMessage, int, bool]]:
    """Yield each message that waits, and each dead letter, the newest first; its priority; and whether it is dead."""
    for line in queue.by_priority:
        for message in (*(message for _, message in line.returned), *line.ready):
            yield message, line.priority, False
    for letter in reversed(queue.dead):
        yield letter.message, letter.priority, True
