"""Telling a server, during a long run, that its message is still being worked on."""

from __future__ import annotations

import asyncio

from repid_nb.core.actor import ActorData
from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.tasks import start

__all__ = ["KeepAlive", "keep_alive"]


class KeepAlive:
    """Tells the server again and again, from the first interval on.

    Nearly all runs are over before that, and cost a timer that is taken off, but no task.
    """

    __slots__ = ("_interval", "_message", "_telling", "_timer")

    def __init__(self, message: ReceivedMessageT, interval: float) -> None:
        self._message = message
        self._interval = interval
        self._telling: asyncio.Task[None] | None = None
        # Pyodide's loop refuses a time that has passed.
        self._timer = asyncio.get_running_loop().call_later(max(interval, 0.0), self._begin)

    async def end(self) -> None:
        """Tell no more."""
        self._timer.cancel()
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait({self._telling})

    def _begin(self) -> None:
        self._telling = start(_keep_telling(self._message, self._interval))


def keep_alive(message: ReceivedMessageT, actor: ActorData) -> KeepAlive | None:
    """Keep the message alive until `end` is called; None where the actor or the server wants none."""
    if actor.keep_alive is False:
        return None
    # By identity: an interval of one second equals True.
    by_server = actor.keep_alive is None or actor.keep_alive is True
    interval = message.keep_alive_interval if by_server else actor.keep_alive
    return None if interval is None else KeepAlive(message, interval)


async def _keep_telling(message: ReceivedMessageT, interval: float) -> None:
    while not message.is_acted_on:
        try:
            await message.keep_alive()
        except Exception:
            logger.warning("message.keep_alive.error", extra={"message_id": message.message_id}, exc_info=True)
        await asyncio.sleep(interval)
