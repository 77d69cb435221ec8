"""What a Stepper holds of its server, and what becomes of it when the Stepper is dropped without being closed."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Sequence

from repid_nb.core.memory.pulling import InMemoryPuller
from repid_nb.core.memory.server import InMemoryServer

__all__ = ["Connection", "end_abandoned"]

_abandoned: deque[Connection] = deque()


class Connection:
    """Keeps a server's connection open from its first use on, and pulls from its queues.

    Args:
        server: The server.
        owner: Who uses it. When the owner is collected as garbage, the connection is abandoned.

    Attributes:
        puller: What pulls, once it was asked for.
    """

    def __init__(self, server: InMemoryServer, owner: object) -> None:
        self.puller: InMemoryPuller | None = None
        self._server = server
        self._let_go: Callable[[], None] | None = None
        # Garbage is collected anywhere, also in the middle of a queue's bookkeeping: here is only noted what is to do.
        self._finalizer = weakref.finalize(owner, _abandoned.append, self)
        self._finalizer.atexit = False

    def open(self) -> None:
        """Hold the connection open."""
        if self._let_go is None:
            self._let_go = self._server.hold_open()

    def pulling(self, channels: Sequence[str]) -> InMemoryPuller:
        """Return what pulls, made for these channels when it is first asked for."""
        if self.puller is None:
            self.puller = InMemoryPuller(self._server.queues, channels)
        return self.puller

    def end(self) -> None:
        """Give back what was pulled and not settled, and hold the connection open no longer."""
        self._finalizer.detach()
        if self.puller is not None:
            self._server.queues.release_all(self.puller)
        if self._let_go is not None:
            self._let_go()


def end_abandoned() -> None:
    """End the connections whose owners are gone."""
    while _abandoned:
        _abandoned.popleft().end()
