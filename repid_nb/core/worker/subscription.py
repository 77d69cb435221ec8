"""Pulling from a server that only pushes, through a subscription."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol
from weakref import WeakSet

from repid_nb.core.abilities import PullerT
from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT, ServerT, SubscriberT
from repid_nb.core.tasks import start
from repid_nb.core.worker.subscribing import end, subscribe

__all__ = ["PausablePullerT", "SubscriptionPuller", "open_puller"]

# Turns of the loop in which a server in this process can deliver what it has already taken, one message a channel.
TURNS_BEFORE_CLOSE = 100
# Seconds that a server has to pause, to reject or to close: one that does not answer must not keep the worker.
CLOSING_TIME = 2.0


class PausablePullerT(PullerT, Protocol):
    """A puller that leaves a channel, or for None all of them, alone for a while; pulls go on waiting meanwhile."""

    def pause(self, channel: str | None) -> None: ...

    def resume(self, channel: str | None) -> None: ...


async def open_puller(
    server: ServerT, channels: Sequence[str], concurrency_limit: int | None, *, pausable: bool = False
) -> PullerT:
    """Return the puller of a server that `hands_out` messages, or else one through a subscription.

    Args:
        pausable: Whether it has to be a `PausablePullerT`.
    """
    # The class is asked: a proxy that passes unknown names on to a server does not have the server's abilities.
    if getattr(type(server), "hands_out", False):
        puller: PullerT = server.puller(channels, pausable=pausable)  # type: ignore[attr-defined]  # the ability
        return puller
    subscription = SubscriptionPuller()
    await subscription.open(server, channels, concurrency_limit)
    return subscription


class SubscriptionPuller:
    """Pulls from any `ServerT` through a subscription, for servers that only push.

    A callback waits until its message is handed out, so that the server's own concurrency limit bounds how many
    messages wait here, kept from other workers. It does not wait for the actor: some servers read nothing from their
    connection while a callback runs, and an actor that sends a message would wait for an answer that is never read.
    On such a server, where one task brings all messages, only the first callback waits: the next message may come
    while every slot has an actor in it that sends. There the broker bounds what is delivered and not settled.

    What is asked of the server on the way out runs in tasks of its own, and is seen through: a worker may be cancelled
    a second time while it closes, and a message that is half rejected would belong to nothing any more.
    """

    def __init__(self) -> None:
        # Each message with what its callback waits for, if that waits.
        self._inbox: deque[tuple[ReceivedMessageT, asyncio.Future[None] | None]] = deque()
        # The pulls that wait, the oldest first: a message wakes one of them, and not a hundred to no purpose.
        self._pulls: deque[asyncio.Future[None]] = deque()
        # What comes after the stop goes back once nothing more can come: rejected at once, it would come again.
        self._late: deque[ReceivedMessageT] = deque()
        # Tasks that have brought a message: who brings a second one reads the connection for all.
        self._readers: WeakSet[asyncio.Task[Any]] = WeakSet()
        self._held_back: set[str | None] = set()
        self._stopped = False
        self._is_paused = False
        self._pause_is_over = asyncio.Event()
        self._closing = asyncio.Event()
        self._closed: asyncio.Task[None] | None = None
        self._rejections: set[asyncio.Task[bool]] = set()
        self._subscriber: SubscriberT | None = None

    async def open(self, server: ServerT, channels: Sequence[str], concurrency_limit: int | None) -> None:
        """Subscribe to the channels."""
        self._subscriber = await subscribe(server, dict.fromkeys(channels, self._receive), concurrency_limit)
        self._subscriber.task.add_done_callback(self._ended)

    def pull_nowait(self) -> ReceivedMessageT | None:
        """Return a message that is at hand, or None."""
        if self._stopped or not self._inbox or None in self._held_back:
            return None
        if self._held_back:
            return self._first_not_held_back()
        message, handed_out = self._inbox.popleft()
        _end(handed_out)
        return message

    async def pull(self) -> ReceivedMessageT | None:
        """Wait for a message and return it; None once the puller was stopped or the subscription ended."""
        while not self._stopped:
            if (message := self.pull_nowait()) is not None:
                return message
            waiting = asyncio.get_running_loop().create_future()
            self._pulls.append(waiting)
            try:
                await waiting
            except asyncio.CancelledError:
                if waiting.done() and not waiting.cancelled():
                    # Woken, and cancelled in the same turn: the message is for another pull.
                    self._wake()
                raise
        return None

    def pause(self, channel: str | None) -> None:
        """Hand out nothing of a channel, or for None of any, until `resume`; the server stops at its limit then."""
        self._held_back.add(channel)

    def resume(self, channel: str | None) -> None:
        """Go on after `pause`."""
        self._held_back.discard(channel)
        self._wake_all()

    async def stop(self) -> None:
        """Hand out nothing more; pulls that wait return None. What was never handed out is rejected."""
        is_first = not self._stopped
        self._stopped = True
        self._wake_all()
        if is_first and self._subscriber is not None:
            pausing = start(self._pause(self._subscriber))
            # Also where it never began: `asyncio.run` cancels every task when it ends.
            pausing.add_done_callback(lambda _: self._pause_is_over.set())
        if self._subscriber is not None:
            await self._pause_is_over.wait()
        await self._reject_inbox()

    async def close(self) -> None:
        """Stop, and close the subscription. What was handed out and not settled is up to the server."""
        if self._closed is None:
            self._closed = start(self._close())
        try:
            await asyncio.wait({self._closed})
        except asyncio.CancelledError:
            # One cancellation does not cut the closing short. After a second one it goes on alone.
            await asyncio.wait({self._closed})
            raise

    def release(self) -> None:
        """Do nothing: to give a message back takes an answer of the server, and `close` waits for it."""

    async def _close(self) -> None:
        await self.stop()
        self._closing.set()
        if self._subscriber is None:
            return
        try:
            # repid's InMemoryServer loses, on close, a message that it has taken and not yet brought.
            for _ in range(TURNS_BEFORE_CLOSE):
                await asyncio.sleep(0)
        finally:
            await _answered(end(self._subscriber))
            if self._is_paused:
                # A message that came in the pause may wait in it still, and some connections read nothing meanwhile.
                await _answered(self._subscriber.resume())
            while self._late:
                self._reject(self._late.popleft())
            if self._rejections:
                await asyncio.wait(self._rejections)

    async def _pause(self, subscriber: SubscriberT) -> None:
        self._is_paused = await _answered(subscriber.pause())

    async def _receive(self, message: ReceivedMessageT) -> None:
        may_wait = self._may_wait()
        if self._stopped:
            self._late.append(message)
            if not may_wait:
                return
            await self._pause_is_over.wait()
            if not self._is_paused:
                # Held until the end, so that a server that cannot pause brings no more than its own limit.
                await self._closing.wait()
            return
        handed_out = asyncio.get_running_loop().create_future() if may_wait else None
        self._inbox.append((message, handed_out))
        self._wake()
        if handed_out is not None:
            await handed_out

    def _wake(self) -> None:
        """Wake the oldest pull that waits."""
        while self._pulls:
            waiting = self._pulls.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return

    def _wake_all(self) -> None:
        while self._pulls:
            self._wake()

    def _may_wait(self) -> bool:
        """Return whether the task that brings a message may wait; not while it is to read the answer to `subscribe`."""
        reader = asyncio.current_task()
        is_reader = reader in self._readers
        if reader is not None:
            self._readers.add(reader)
        return self._subscriber is not None and not is_reader

    def _first_not_held_back(self) -> ReceivedMessageT | None:
        for place, (message, handed_out) in enumerate(self._inbox):
            if message.channel not in self._held_back:
                del self._inbox[place]
                _end(handed_out)
                return message
        return None

    async def _reject_inbox(self) -> None:
        while self._inbox:
            message, handed_out = self._inbox.popleft()
            self._reject(message)
            _end(handed_out)
        if self._rejections:
            await asyncio.wait(self._rejections)

    def _reject(self, message: ReceivedMessageT) -> None:
        rejection = start(_answered(message.reject()))
        self._rejections.add(rejection)
        rejection.add_done_callback(self._rejections.discard)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not self._stopped:
            error = None if task.cancelled() else task.exception()
            logger.critical("worker.subscription_ended", exc_info=error)
            self._stopped = True
            self._pause_is_over.set()
            self._wake_all()


def _end(waiting: asyncio.Future[None] | None) -> None:
    # The task that waits may have been cancelled.
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


async def _answered(action: Coroutine[Any, Any, None]) -> bool:
    """Await a server's answer, for so long at most; return whether it came, and log why not."""
    try:
        async with asyncio.timeout(CLOSING_TIME):
            await action
    except TimeoutError:
        logger.error("worker.shutdown.timeout", extra={"seconds": CLOSING_TIME})
        return False
    except Exception:
        logger.exception("worker.shutdown.error")
        return False
    finally:
        # Nothing, unless it never began: Python warns of a coroutine that was never awaited.
        action.close()
    return True
