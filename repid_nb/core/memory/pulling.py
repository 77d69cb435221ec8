"""Taking messages off queues: one pull at a time, or as a running subscription."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine, Sequence
from itertools import count

from repid_nb.core.logger import logger
from repid_nb.core.memory.message import InMemoryReceivedMessage
from repid_nb.core.memory.queue import ChannelQueue, Queues
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.tasks import start

__all__ = ["InMemoryPuller", "InMemorySubscriber"]

CANCELLATION_TIME = 1.0

# Waits are numbered over all pullers, so that the longest is served first.
_waits = count()


class _Owner:
    """Stands for a puller on the messages that it holds, so that they do not keep it alive."""

    __slots__ = ("__weakref__",)


class InMemoryPuller:
    """Pulls from several queues in turn, so that a full one does not starve the others.

    A pull costs the same however many channels there are. A puller that is dropped without being closed gives back what
    it holds, as a closed one does.
    """

    def __init__(self, queues: Queues, channels: Sequence[str]) -> None:
        self._all = queues
        self._queues: list[ChannelQueue] = []
        self._stopped = False
        self._waits: dict[asyncio.Future[None], int] = {}
        self._turn = 0
        # One bit a channel: whether there may be a message. To find the next one takes a shift, and not a look at each.
        self._ready = 0
        self._owner = _Owner()
        weakref.finalize(self, queues.abandon, self._owner).atexit = False
        self.listen(channels)

    @property
    def turn(self) -> int:
        """Which of the channels is pulled from next; one that is not there any more is the first."""
        return self._turn

    @turn.setter
    def turn(self, turn: int) -> None:
        self._turn = turn if turn < len(self._queues) else 0

    @property
    def waits(self) -> list[int]:
        """The numbers of the waits for a message, the longest first."""
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
        """Take in that the channel of that number may have a message."""
        self._ready |= 1 << channel

    def pull_nowait(self) -> InMemoryReceivedMessage | None:
        """Return the next message, or None when none waits or the puller was stopped."""
        if self._stopped:
            return None
        queues = self._queues
        if len(queues) == 1:
            return queues[0].take(self._owner)
        while ready := self._ready:
            ahead = ready >> self._turn << self._turn or ready
            channel = (ahead & -ahead).bit_length() - 1
            message = queues[channel].take(self._owner)
            if message is not None:
                try:
                    self.turn = channel + 1
                    return message  # noqa: TRY300  (an interrupt may come at this line, too)
                except BaseException:
                    message.release()
                    raise
            self._ready &= ~(1 << channel)
        return None

    def pull_nowait_from(self, channel: str) -> InMemoryReceivedMessage | None:
        """Return the next message of one channel, or None when none waits or the puller was stopped."""
        return None if self._stopped else self._all.of(channel).take(self._owner)

    async def pull(self) -> InMemoryReceivedMessage | None:
        """Wait for a message and return it; None once the puller was stopped."""
        self._all.release_abandoned()
        message = None
        try:
            while (message := self.pull_nowait()) is None and not self._stopped:
                await self._something_new()
        finally:
            self._wake_others(message)
        return message

    def wake(self) -> None:
        """End the longest wait; from another thread, too."""
        waiter = next(iter(self._waits), None)
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
        """Hand out nothing more until started again; those who wait get None."""
        self._stopped = True
        while self._waits:
            self.wake()

    def start(self) -> None:
        """Hand out messages again after `stop`."""
        self._stopped = False

    def release(self) -> None:
        """Put back what was pulled and not settled, each message to its old place. For a puller that pulls no more."""
        self._stopped = True
        self._all.release_all(self._owner)

    async def close(self) -> None:
        """Stop, and put back what was pulled and not settled, each message to its old place."""
        await self.stop()
        self.release()

    async def _something_new(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waits[waiter] = next(_waits)
        try:
            await waiter
        finally:
            self._waits.pop(waiter, None)

    def _wake_others(self, taken: InMemoryReceivedMessage | None) -> None:
        """Wake others for what this one may have been woken for and did not take."""
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
        self._task = start(self._serve())
        self._task.add_done_callback(self._release_if_over)

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
        ended = {task for task in (self._task, *self._running) if not task.done()} - {asyncio.current_task()}
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
            task = start(self._call(message))
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
        self._release_if_over(self._task)

    def _release_if_over(self, serving: asyncio.Task[None]) -> None:
        # `asyncio.run` ends the tasks of its loop without closing the subscription, and so may other code.
        if serving.done() and not self._running:
            self._puller.release()

    def _free_slot(self) -> None:
        if self._slots is not None:
            self._slots.release()
