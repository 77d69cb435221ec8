"""Taking messages off queues: one pull at a time, or as a running subscription."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from repid_nb.core.logger import logger
from repid_nb.core.memory.queue import ChannelQueue, InMemoryReceivedMessage, Queues
from repid_nb.core.message import ReceivedMessageT

__all__ = ["InMemoryPuller", "InMemorySubscriber"]


CANCELLATION_TIME = 1.0


class InMemoryPuller:
    """Pulls from several queues in turn, so that a full one does not starve the others."""

    def __init__(self, queues: Queues, channels: Sequence[str]) -> None:
        self._all = queues
        self._queues: list[ChannelQueue] = []
        self._stopped = False
        self._waiters: set[asyncio.Future[None]] = set()
        self._turn = 0
        self.listen(channels)

    @property
    def turn(self) -> int:
        """Which of the channels is pulled from next; one that is not there any more is the first."""
        return self._turn

    @turn.setter
    def turn(self, turn: int) -> None:
        self._turn = turn if turn < len(self._queues) else 0

    def listen(self, channels: Sequence[str]) -> None:
        """Pull from these channels from now on."""
        self._queues = [self._all.of(channel) for channel in channels]
        self.turn = self._turn

    def pull_nowait(self) -> InMemoryReceivedMessage | None:
        """Return the next message, or None when none waits or the puller was stopped."""
        if self._stopped:
            return None
        queues = self._queues
        for _ in queues:
            queue = queues[self._turn]
            self._turn = (self._turn + 1) % len(queues)
            message = queue.take(self)
            if message is not None:
                return message
        return None

    def pull_nowait_from(self, channel: str) -> InMemoryReceivedMessage | None:
        """Return the next message of one channel, or None when none waits or the puller was stopped."""
        return None if self._stopped else self._all.of(channel).take(self)

    async def pull(self) -> InMemoryReceivedMessage | None:
        """Wait for a message and return it; None once the puller was stopped."""
        message = None
        try:
            while (message := self.pull_nowait()) is None and not self._stopped:
                await self._something_new()
        finally:
            self._wake_others(message)
        return message

    def done(self, message: ReceivedMessageT) -> None:
        """Nothing to do: what is not settled stays in work until the puller is closed."""

    async def stop(self) -> None:
        """Hand out nothing more until started again; those who wait get None."""
        self._stopped = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def start(self) -> None:
        """Hand out messages again after `stop`."""
        self._stopped = False

    async def close(self) -> None:
        """Stop, and put back what was pulled and not settled, each message to its old place."""
        await self.stop()
        self._all.release_all(self)

    async def _something_new(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        queues = self._queues
        self._waiters.add(waiter)
        for queue in queues:
            queue.waiters[waiter] = None
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            for queue in queues:
                queue.waiters.pop(waiter, None)

    def _wake_others(self, taken: InMemoryReceivedMessage | None) -> None:
        """Wake others for what this one may have been woken for and did not take."""
        for queue in self._queues:
            if queue.waiters and (taken is None or taken.channel != queue.channel) and len(queue):
                queue.wake()


class InMemorySubscriber:
    """Calls a callback for each message; can be paused, resumed and closed (repid 2.1.4, `SubscriberT`)."""

    def __init__(
        self,
        *,
        puller: InMemoryPuller,
        channels_to_callbacks: dict[str, Callable[[ReceivedMessageT], Coroutine[None, None, None]]],
        concurrency_limit: int | None,
    ) -> None:
        self._puller = puller
        self._callbacks = channels_to_callbacks
        self._slots = asyncio.Semaphore(concurrency_limit) if concurrency_limit and concurrency_limit > 0 else None
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._running: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._serve())

    @property
    def is_active(self) -> bool:
        return not self._task.done()

    @property
    def task(self) -> asyncio.Task[None]:
        return self._task

    async def pause(self) -> None:
        """Take nothing more until resumed; what waits stays where it is."""
        self._resumed.clear()
        await self._puller.stop()

    async def resume(self) -> None:
        """Go on after a pause."""
        self._puller.start()
        self._resumed.set()

    async def close(self) -> None:
        """End the subscription: callbacks that run are cancelled, and what they did not settle goes back.

        A callback has a second to end by its cancellation; its message goes back either way.
        """
        # A callback may close the subscription that it runs for; it goes on.
        ended = {self._task, *self._running} - {asyncio.current_task()}
        for task in ended:
            task.cancel()
        try:
            if ended:
                await asyncio.wait(ended, timeout=CANCELLATION_TIME)
        finally:
            await self._puller.close()

    async def _serve(self) -> None:
        while True:
            await self._resumed.wait()
            if self._slots is not None:
                await self._slots.acquire()
            message = await self._puller.pull()
            if message is None:
                self._free_slot()
                continue
            task = asyncio.create_task(self._call(message))
            self._running.add(task)
            task.add_done_callback(self._ended)
            # The callback starts before the next message is taken, so that it can pause or close in time.
            await asyncio.sleep(0)

    async def _call(self, message: InMemoryReceivedMessage) -> None:
        try:
            await self._callbacks[message.channel](message)
        except Exception:
            logger.exception("message.callback.error", extra={"channel": message.channel})

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._free_slot()

    def _free_slot(self) -> None:
        if self._slots is not None:
            self._slots.release()
