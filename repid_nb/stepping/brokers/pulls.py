"""A request for one message, which is never cancelled: the answer of a cancelled one would go to no reader."""

from __future__ import annotations

import asyncio

from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.tasks import start
from repid_nb.stepping.brokers.adapter import Adapter

__all__ = ["Pull"]


class Pull:
    """A pull that is under way, or whose answer no step has taken yet."""

    def __init__(self, task: asyncio.Task[ReceivedMessageT | None], adapter: Adapter) -> None:
        self.task = task
        self._adapter = adapter
        self._is_left = False
        self._returning: asyncio.Task[None] | None = None

    def leave(self) -> None:
        """Give the answer back once it comes, unless another step takes over before."""
        self._is_left = True
        self.task.add_done_callback(lambda _: self._give_back())

    async def take_over(self) -> bool:
        """Wait for the answer in place of the step that was interrupted; return whether it is there."""
        self._is_left = False
        if self._returning is None and not self.task.done():
            return True
        await self.end()
        return False

    async def answer(self) -> ReceivedMessageT | None:
        """Return the message that the pull brings, unless it has gone back."""
        self._is_left = False
        await asyncio.wait({self.task})
        if self._returning is not None:
            await asyncio.wait({self._returning})
            return None
        return None if self.task.cancelled() or self.task.exception() else self.task.result()

    async def end(self) -> None:
        """Wait until the answer has come and is back."""
        await asyncio.wait({self.task})
        self._is_left = True
        self._give_back()
        if self._returning is not None:
            await asyncio.wait({self._returning})

    def _give_back(self) -> None:
        if not self._is_left or self._returning is not None or self.task.cancelled() or self.task.exception():
            return
        message = self.task.result()
        if message is not None:
            self._returning = start(self._adapter.give_back(message))
            self._returning.add_done_callback(_log_error)


def _log_error(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.error("stepper.give_back.error", exc_info=task.exception())
