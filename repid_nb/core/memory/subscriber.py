"""A running subscription: a callback is called for each message as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from repid_nb.core.logger import logger
from repid_nb.core.memory.pulling import InMemoryPuller
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.tasks import start, wait_for_end

__all__ = ["InMemorySubscriber"]

CANCELLATION_TIME = 1.0


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
        """Take nothing more until `resume`."""
        self._resumed.clear()
        await self._puller.stop()

    async def resume(self) -> None:
        """Go on after a pause."""
        self._puller.start()
        self._resumed.set()

    async def close(self) -> None:
        """End the subscription: cancel the running callbacks, and put back what they did not settle.

        A callback has a second to end; its message goes back either way.
        """
        # A callback that closes its own subscription goes on.
        ended = {task for task in (self._task, *self._running) if not task.done()} - {asyncio.current_task()}
        for task in ended:
            task.cancel()
        try:
            await wait_for_end(ended, CANCELLATION_TIME)
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

    async def _call(self, message: ReceivedMessageT) -> None:
        try:
            await self._callbacks[message.channel](message)
        except Exception:
            logger.exception("message.callback.error", extra={"channel": message.channel})

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._free_slot()
        self._release_if_over(self._task)

    def _release_if_over(self, serving: asyncio.Task[None]) -> None:
        # `asyncio.run` cancels the tasks of its loop without closing the subscription, and so may other code.
        if serving.done() and not self._running:
            self._puller.release()

    def _free_slot(self) -> None:
        if self._slots is not None:
            self._slots.release()
