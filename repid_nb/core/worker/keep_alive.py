"""Telling a server, during a long run, that its message is still being worked on."""

from __future__ import annotations

import asyncio

from repid_nb.core.actor import ActorData
from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.tasks import start

__all__ = ["keep_alive"]


def keep_alive(message: ReceivedMessageT, actor: ActorData) -> asyncio.Task[None] | None:
    """Start a task that keeps the message alive until it is settled; None where the actor or the server wants none."""
    if actor.keep_alive is False:
        return None
    # By identity: an interval of one second equals True.
    by_server = actor.keep_alive is None or actor.keep_alive is True
    interval = message.keep_alive_interval if by_server else actor.keep_alive
    return None if interval is None else start(_keep_telling(message, interval))


async def _keep_telling(message: ReceivedMessageT, interval: float) -> None:
    while True:
        await asyncio.sleep(interval)
        if message.is_acted_on:
            return
        try:
            await message.keep_alive()
        except Exception:
            logger.warning("message.keep_alive.error", extra={"message_id": message.message_id}, exc_info=True)
