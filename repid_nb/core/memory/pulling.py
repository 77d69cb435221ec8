"""Taking messages off queues, one pull at a time."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Sequence
from itertools import count

from repid_nb.core.memory.message import InMemoryReceivedMessage
from repid_nb.core.memory.queue import ChannelQueue, Queues

__all__ = ["InMemoryPuller"]

# Waits are numbered over all pullers, so that the oldest is served first.
_waits = count()


class _Owner:
    """Stands for a puller on the messages that it holds: they must not keep it alive, or it could never be dropped."""

    __slots__ = ("__weakref__",)


class InMemoryPuller:
    """Pulls from several queues in turn, so that a full one does not starve the others.

    A puller that is dropped without being closed gives back what it holds, as a closed one does.

    Attributes:
        owner: Stands for the puller on the messages that it holds.
    """

    def __init__(self, queues: Queues, channels: Sequence[str]) -> None:
        self._all = queues
        self._queues: list[ChannelQueue] = []
        self._stopped = False
        self._waits: dict[asyncio.Future[None], int] = {}
        self._turn = 0
        # One bit a channel: whether it may have a message. A pull among 10,000 channels must not look at each of them,
        # and the lowest bit of a whole number is found without a loop of ours. A bit that is set may be wrong, and then
        # costs one look at an empty queue; one that is not set is right, because a queue that was found empty tells of
        # its next message (`ChannelQueue.tells`).
        self._ready = 0
        self.owner = _Owner()
        weakref.finalize(self, queues.abandon, self.owner).atexit = False
        self.listen(channels)

    @property
    def turn(self) -> int:
        """The number of the channel that is pulled from next; the first one where that channel is gone."""
        return self._turn

    @turn.setter
    def turn(self, turn: int) -> None:
        self._turn = turn if turn < len(self._queues) else 0

    @property
    def waits(self) -> list[int]:
        """The numbers of the waits for a message, the oldest first."""
        return list(self._waits.values())

    def listen(self, channels: Sequence[str]) -> None:
        """Pull from these channels from now on."""
        for queue in self._queues:
            queue.listeners.pop(self, None)
        self._queues = [self._all.of(channel) for channel in channels]
        for channel, queue in enumerate(self._queues):
            queue.listeners[self] = channel
        self._ready = (1 << len(self._queues)) - 1
        self.turn = self._turn
        while self._waits:
            self.wake()

    def heard(self, channel: int) -> None:
        """Note that the channel of that number may have a message."""
        self._ready |= 1 << channel

    def pull_nowait(self) -> InMemoryReceivedMessage | None:
        """Return the next message, or None when none waits or the puller was stopped."""
        if self._stopped:
            return None
        queues = self._queues
        if len(queues) == 1:
            return queues[0].take(self.owner)
        while ready := self._ready:
            # The bits from the turn on, or all of them where none of those is set; of them the lowest.
            ahead = ready >> self._turn << self._turn or ready
            channel = (ahead & -ahead).bit_length() - 1
            message = queues[channel].take(self.owner)
            if message is not None:
                try:
                    self.turn = channel + 1
                    return message  # noqa: TRY300  (an interrupt may come at this line, too)
                except BaseException:
                    message.release()
                    raise
            self._ready &= ~(1 << channel)
            if len(queues[channel]):
                # Another thread has sent since the look, and its bit has just been cleared.
                self._ready |= 1 << channel
        return None

    def pull_nowait_from(self, channel: str) -> InMemoryReceivedMessage | None:
        """Return the next message of one channel, or None when none waits or the puller was stopped."""
        return None if self._stopped else self._all.of(channel).take(self.owner)

    async def pull(self) -> InMemoryReceivedMessage | None:
        """Wait for a message and return it; None once the puller was stopped."""
        self._all.release_abandoned()
        message = None
        try:
            while (message := self.pull_nowait()) is None and not self._stopped:
                waiter = asyncio.get_running_loop().create_future()
                self._waits[waiter] = next(_waits)
                try:
                    # Looked for again, now that the wait is known: another thread may have sent before, and woken none.
                    if (message := self.pull_nowait()) is not None:
                        break
                    await waiter
                finally:
                    self._waits.pop(waiter, None)
        finally:
            self._wake_others(message)
        return message

    def wake(self) -> None:
        """End the oldest wait, also from another thread."""
        # A list, because another thread may add a wait meanwhile.
        waiter = next(iter(list(self._waits)), None)
        if waiter is None:
            return
        self._waits.pop(waiter, None)
        loop = waiter.get_loop()
        if asyncio._get_running_loop() is loop:  # noqa: SLF001  (the public one raises where none runs, and costs more)
            _end(waiter)
        else:
            try:
                loop.call_soon_threadsafe(_end, waiter)
            except RuntimeError:  # the loop is closed, and what waited there is gone
                self.wake()

    async def stop(self) -> None:
        """Hand out nothing more until `start`; pulls that wait return None."""
        self._stopped = True
        while self._waits:
            self.wake()

    def start(self) -> None:
        """Hand out messages again after `stop`."""
        self._stopped = False

    def release(self) -> None:
        """Stop for good, and put back what was pulled and not settled, each message to its old place."""
        self._stopped = True
        self._all.release_all(self.owner)

    async def close(self) -> None:
        """Do what `release` does, and end the pulls that wait."""
        await self.stop()
        self.release()

    def _wake_others(self, taken: InMemoryReceivedMessage | None) -> None:
        """Wake other pullers for what this one may have been woken for and did not take."""
        ready = self._ready
        while ready:
            channel = (ready & -ready).bit_length() - 1
            ready &= ready - 1
            queue = self._queues[channel]
            if queue.tells and (taken is None or taken.channel != queue.channel) and len(queue):
                queue.tell()


def _end(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
