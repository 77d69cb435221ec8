"""What a server or a message may be able to do beyond repid's own protocols, and how it is asked for.

A worker and a Stepper ask for an ability, never for a class: a server that has one is used in the better way, and one
that has none still works.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, runtime_checkable

from repid_nb.core.message import ReceivedMessageT

__all__ = ["PullableServerT", "PullerT", "give_back", "nack", "queued_of"]


class PullerT(Protocol):
    """Hands out one message at a time."""

    def pull_nowait(self) -> ReceivedMessageT | None:
        """Return a message that is at hand, or None."""

    async def pull(self) -> ReceivedMessageT | None:
        """Wait for a message and return it; None once the puller was stopped."""

    def done(self, message: ReceivedMessageT) -> None:
        """Say that nothing more will be done with a pulled message."""

    async def stop(self) -> None:
        """Hand out nothing more; those who wait get None."""

    async def close(self) -> None:
        """Stop, and give back what was pulled and not settled."""


@runtime_checkable
class PullableServerT(Protocol):
    """A server that hands out one message at a time, when it is asked for one."""

    def puller(self, channels: Sequence[str]) -> PullerT: ...


def nack(message: ReceivedMessageT, reason: str) -> Coroutine[Any, Any, None]:
    """Nack a message, with the reason where its server keeps one."""
    if getattr(message, "keeps_reason", False):
        return message.nack(reason=reason)  # type: ignore[call-arg]  # the ability is just this argument
    return message.nack()


async def give_back(message: ReceivedMessageT) -> None:
    """Give back a message that is not settled: to its old place where its server can, otherwise by a reject."""
    release = getattr(message, "release", None)
    if release is not None:
        release()
    elif not message.is_acted_on:
        await message.reject()


def queued_of(message: ReceivedMessageT) -> object | None:
    """Return what a message is on its queue, the same object each time that it is pulled; None where none is kept."""
    return getattr(message, "queued", None)
