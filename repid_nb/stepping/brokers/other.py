"""Any other server: what its subscription brings, by the public protocol alone."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from repid_nb.core.message import ReceivedMessageT, SubscriberT
from repid_nb.core.worker.subscribing import end, subscribe
from repid_nb.stepping.brokers.adapter import Adapter
from repid_nb.stepping.brokers.places import Place
from repid_nb.stepping.source import Knowledge

__all__ = ["OtherAdapter"]

SHORTEST_WAIT = 0.2
# Turns of the loop in which a server in this process can deliver what it has already taken.
TURNS_BEFORE_CLOSE = 100


class OtherAdapter(Adapter):
    """Subscribes to one channel at a time, and pauses the subscription as soon as a message is there.

    A server may have taken a message more by then. Nothing else is known of it: the protocol has no question for that.
    """

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        name = type(server).__name__
        self.knows = Knowledge(
            broker=name,
            rejected=f"where {name} puts it",
            nacked=f"where {name} puts it",
            given_back=f"rejected, so it is where {name} puts it",
            empty_is_certain=False,
            holds_more=True,
        )
        self._subscriptions: dict[str, _Subscription] = {}

    @property
    def place(self) -> Place | None:
        # What a server calls its host need not be a place that can be connected to.
        return None

    def forget(self) -> None:
        self._subscriptions.clear()

    async def pull(self, channel: str, within: float) -> ReceivedMessageT | None:
        subscription = self._subscriptions.get(channel)
        if subscription is None:
            subscription = self._subscriptions[channel] = _Subscription()
            await subscription.open(self.server, channel)
        return await subscription.take(max(within, SHORTEST_WAIT))

    def note(self, message: ReceivedMessageT) -> str:  # noqa: ARG002  (true of any)
        return (
            f"{self.knows.broker} is stepped by its subscription alone: it may hold a further message, and does not "
            "tell what waits."
        )

    async def close(self) -> None:
        for subscription in self._subscriptions.values():
            await subscription.close()
        self._subscriptions.clear()


class _Subscription:
    """A subscription to one channel, which is paused except while a step waits."""

    def __init__(self) -> None:
        self._inbox: deque[tuple[ReceivedMessageT, asyncio.Event]] = deque()
        self._arrived = asyncio.Event()
        self._is_closed = False
        self._subscriber: SubscriberT | None = None

    async def open(self, server: Any, channel: str) -> None:
        self._subscriber = await subscribe(server, {channel: self._receive}, 1)

    async def take(self, within: float) -> ReceivedMessageT | None:
        """Return the next message; None when none came within so many seconds."""
        subscriber = self._subscriber
        assert subscriber is not None  # noqa: S101  (it is opened before)
        if not self._inbox:
            self._arrived.clear()
            await subscriber.resume()
            arriving = asyncio.ensure_future(self._arrived.wait())
            await asyncio.wait({arriving, subscriber.task}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            arriving.cancel()
            await subscriber.pause()
            if not self._inbox and subscriber.task.done():
                error = None if subscriber.task.cancelled() else subscriber.task.exception()
                raise error or ConnectionError("the subscription ended")
        if not self._inbox:
            return None
        message, handed_out = self._inbox.popleft()
        # Not until the message is settled: some servers read nothing more while a callback runs.
        handed_out.set()
        return message

    async def close(self) -> None:
        """Reject what was never handed out, and end the subscription."""
        if self._subscriber is None:
            return
        self._is_closed = True
        await _attempt(self._subscriber.pause())
        await self._reject_inbox()
        # repid's InMemoryServer loses, on close, a message that it has taken and not yet brought.
        for _ in range(TURNS_BEFORE_CLOSE):
            await asyncio.sleep(0)
        await _attempt(end(self._subscriber))
        await self._reject_inbox()

    async def _receive(self, message: ReceivedMessageT) -> None:
        handed_out = asyncio.Event()
        self._inbox.append((message, handed_out))
        self._arrived.set()
        if not self._is_closed:
            await handed_out.wait()

    async def _reject_inbox(self) -> None:
        while self._inbox:
            message, handed_out = self._inbox.popleft()
            await _attempt(message.reject())
            handed_out.set()


async def _attempt(action: Coroutine[Any, Any, None]) -> None:
    with suppress(Exception):
        await action
