"""Giving back what is held when the Stepper, or the whole program, is gone without a close."""

from __future__ import annotations

import asyncio
import atexit
import socket
import weakref
from typing import Any, Protocol

from repid_nb.core.logger import logger
from repid_nb.core.tasks import start

__all__ = ["HolderT", "closed", "watch"]

# Seconds for giving back what a program holds when it ends.
AT_EXIT = 3.0


class HolderT(Protocol):
    """What holds messages of a broker."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that the connection belongs to."""

    @property
    def holds(self) -> bool:
        """Whether a message is held."""

    async def close(self) -> None: ...

    async def rescue(self) -> None:
        """Give back what is held, on connections of their own: the loop that it was pulled on has ended."""


_holders: weakref.WeakSet[HolderT] = weakref.WeakSet()
_abandoned: set[HolderT] = set()


def watch(holder: HolderT, owner: object) -> weakref.finalize[..., object]:
    """Close a holder when its owner is collected as garbage, and rescue what it holds when the program ends."""
    _holders.add(holder)
    finalizer = weakref.finalize(owner, _abandon, holder)
    finalizer.atexit = False
    return finalizer


def closed(holder: HolderT) -> None:
    """Forget a holder: it gives back by itself."""
    _holders.discard(holder)


def _abandon(holder: HolderT) -> None:
    loop = holder.loop
    if loop is None or loop.is_closed():
        return
    _abandoned.add(holder)

    def close() -> None:
        start(holder.close()).add_done_callback(lambda _: _abandoned.discard(holder))

    # A finalizer may run anywhere, also in another thread.
    loop.call_soon_threadsafe(close)


async def _rescue_all() -> None:
    for holder in list(_holders):
        try:
            async with asyncio.timeout(AT_EXIT):
                await holder.rescue()
        except Exception:
            logger.warning("stepper.rescue.error", exc_info=True)


@atexit.register
def _at_exit() -> None:
    """Give back what is still held: by a kernel that is restarted, or a script without a close."""
    if not any(holder.holds for holder in _holders):
        return
    loop = asyncio.new_event_loop()

    async def look_up(*args: Any, **options: Any) -> list[Any]:
        # asyncio would ask a thread, and no thread starts any more.
        return socket.getaddrinfo(*args, **options)

    loop.getaddrinfo = look_up  # type: ignore[method-assign]
    loop.run_until_complete(_rescue_all())
    loop.close()
