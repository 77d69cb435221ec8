"""The messages that are held: kept alive from the pull on, and given back in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from repid_nb.core.events import Observer
from repid_nb.core.logger import logger
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.tasks import start
from repid_nb.stepping.brokers.adapter import Adapter, pictured
from repid_nb.stepping.brokers.connecting import AT_MOST
from repid_nb.stepping.brokers.remote_message import RemoteMessage

__all__ = ["Holding", "attempted"]


class Holding:
    """Holds messages of one broker: the one that is stepped, and those that an actor left unsettled.

    Args:
        tell: Is told of replies.
        label: Gives the record of a message its name.
    """

    def __init__(self, adapter: Adapter, tell: Observer, label: Callable[[MessageSnapshot], MessageSnapshot]) -> None:
        self._adapter = adapter
        self._tell = tell
        self._label = label
        self._held: dict[RemoteMessage, asyncio.Task[None] | None] = {}

    def __bool__(self) -> bool:
        return any(message.is_open for message in self._held)

    def take(self, message: ReceivedMessageT) -> RemoteMessage:
        """Hold a message that was pulled, and keep it alive, also while no actor runs."""
        remote = RemoteMessage(message, self._label(pictured(message)), self._adapter, self._tell)
        interval = self._adapter.alive_every(message)
        self._held[remote] = None if interval is None else start(_keep_alive(remote, interval))
        return remote

    def end(self, message: RemoteMessage) -> None:
        """Keep a message alive no longer; one that is not settled is still held."""
        alive = self._held.get(message)
        if alive is not None:
            alive.cancel()
        if not message.is_open:
            self._held.pop(message, None)

    async def leave(self) -> None:
        """Give everything back for good."""
        for message in list(self._held):
            await attempted(message.leave)
            self.end(message)

    async def rescue(self) -> None:
        """Give everything back on connections of their own: the loop that it was pulled on has ended."""
        for message in self._held:
            if message.is_open:
                await self._adapter.rescue(message.inner)


async def attempted(action: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Await something that may fail, for so long at most."""
    try:
        async with asyncio.timeout(AT_MOST):
            await action()
    except Exception:
        logger.warning("stepper.broker.error", exc_info=True)


async def _keep_alive(message: RemoteMessage, interval: float) -> None:
    while message.is_open:
        await asyncio.sleep(interval)
        try:
            if message.is_open:
                await message.keep_alive()
        except Exception:
            logger.warning("message.keep_alive.error", extra={"message_id": message.message_id}, exc_info=True)
