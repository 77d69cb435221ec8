"""Pulling from a server that only pushes, through a subscription."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT, ServerT, SubscriberT

__all__ = ["SubscriptionPuller"]

# Enough turns of the loop for a server in this process to bring in what it has in hand, one message a channel.
TURNS_BEFORE_CLOSE = 100


class SubscriptionPuller:
    """Pulls from any `ServerT` through a subscription, for servers that only push.

    A callback waits until its message is done with, so the server's own concurrency limit bounds what is held.
    """

    def __init__(self) -> None:
        self._inbox: asyncio.Queue[ReceivedMessageT | None] = asyncio.Queue()
        self._held: dict[int, asyncio.Event] = {}
        self._stopped = False
        self._subscriber: SubscriberT | None = None

    async def open(self, server: ServerT, channels: Sequence[str], concurrency_limit: int | None) -> None:
        """Subscribe to the channels."""
        self._subscriber = await server.subscribe(
            channels_to_callbacks=dict.fromkeys(channels, self._receive),
            concurrency_limit=concurrency_limit,
        )
        self._subscriber.task.add_done_callback(self._ended)

    def pull_nowait(self) -> ReceivedMessageT | None:
        """Return None: what the server pushes is waited for."""
        return None

    async def pull(self) -> ReceivedMessageT | None:
        """Wait for a message and return it; None once the puller was stopped or the subscription ended."""
        if self._stopped:
            return None
        message = await self._inbox.get()
        if message is None:
            self._inbox.put_nowait(None)
        return message

    def done(self, message: ReceivedMessageT) -> None:
        """Let the server count a message as dealt with."""
        held = self._held.pop(id(message), None)
        if held is not None:
            held.set()

    async def stop(self) -> None:
        """Hand out nothing more; those who wait get None. What was never handed out is rejected."""
        self._stopped = True
        if self._subscriber is not None:
            await _attempt(self._subscriber.pause())
        while not self._inbox.empty():
            message = self._inbox.get_nowait()
            if message is not None:
                await _attempt(message.reject())
                self.done(message)
        self._inbox.put_nowait(None)

    async def close(self) -> None:
        """Stop, and close the subscription. What was handed out and not settled is up to the server."""
        await self.stop()
        for held in self._held.values():
            held.set()
        if self._subscriber is None:
            return
        # repid's InMemoryServer loses, on close, a message that it has taken and not yet brought.
        for _ in range(TURNS_BEFORE_CLOSE):
            await asyncio.sleep(0)
        await _attempt(self._subscriber.close())

    async def _receive(self, message: ReceivedMessageT) -> None:
        if self._stopped:
            await message.reject()
            return
        held = self._held[id(message)] = asyncio.Event()
        self._inbox.put_nowait(message)
        await held.wait()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not self._stopped:
            error = None if task.cancelled() else task.exception()
            logger.critical("worker.subscription_ended", exc_info=error)
            self._stopped = True
            self._inbox.put_nowait(None)


async def _attempt(action: Coroutine[Any, Any, None]) -> None:
    """Do it if it can be done: on the way out, a broken connection must not keep the rest from ending."""
    try:
        await action
    except Exception:
        logger.exception("worker.shutdown.error")
