"""Abilities that a server or a message may have beyond repid's protocols, and how each is used.

A worker and a Stepper ask for an ability, never for a class: a server without it still works.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT

__all__ = ["PullerT", "give_back", "nack", "queued_of"]


class PullerT(Protocol):
    """Hands out one message at a time."""

    def pull_nowait(self) -> ReceivedMessageT | None:
        """Return a message that has arrived, or None."""

    async def pull(self) -> ReceivedMessageT | None:
        """Wait for a message and return it; None once the puller was stopped."""

    async def stop(self) -> None:
        """Hand out nothing more; pulls that wait return None."""

    async def close(self) -> None:
        """Stop, and give back what was pulled and not settled."""

    def release(self) -> None:
        """Do what `close` does, as far as it can be done without waiting."""


def nack(message: ReceivedMessageT, reason: str) -> Coroutine[Any, Any, None]:
    """Nack a message, with the reason where its server keeps one with the dead letter (`keeps_reason`)."""
    if getattr(message, "keeps_reason", False):
        return message.nack(reason=reason)  # type: ignore[call-arg]  # the ability is just this argument
    return message.nack()


async def give_back(message: ReceivedMessageT) -> None:
    """Give back a message that is not settled, as it can: at once, by its own `give_back`, or else by a reject.

    It never raises, because it runs while another exception is on its way.
    """
    try:
        release = getattr(message, "release", None)
        if release is not None:
            release()
        elif not message.is_acted_on:
            await getattr(message, "give_back", message.reject)()
    except Exception:
        logger.exception("message.give_back.error", extra={"channel": message.channel})


def queued_of(message: ReceivedMessageT) -> object | None:
    """Return the object that stands for a message each time that it is pulled; None where the server has none."""
    return getattr(message, "queued", None)
