"""The connection of a Stepper to its server, which ends with the Stepper."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Protocol, cast

from repid_nb.core.abilities import PullerT
from repid_nb.core.errors import NotPullableError
from repid_nb.core.events import Observer
from repid_nb.core.memory.journal import Journal
from repid_nb.core.memory.snapshot import DeadLetter, MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import ReceivedMessageT, ServerT
from repid_nb.core.naming import a_kind

__all__ = ["Connection", "PulledMessageT", "SteppablePullerT", "SteppableServerT", "end_abandoned", "steppable"]

_abandoned: deque[Connection] = deque()


class PulledMessageT(ReceivedMessageT, Protocol):
    """A message that can go back to its place in the queue, and that has a frozen record."""

    def release(self) -> None: ...

    def snapshot(self) -> MessageSnapshot: ...


class SteppablePullerT(PullerT, Protocol):
    """Hands out one message at a time, from several channels in turn or from one of them."""

    turn: int

    def listen(self, channels: Sequence[str]) -> None: ...

    def pull_nowait(self) -> PulledMessageT | None: ...

    def pull_nowait_from(self, channel: str) -> PulledMessageT | None: ...


class SteppableServerT(ServerT, Protocol):
    """A server with the abilities that a Stepper needs beyond `ServerT`."""

    hands_out: ClassVar[bool]

    def puller(self, channels: Sequence[str]) -> SteppablePullerT: ...

    def snapshot(
        self, window: int | None, sightings: Callable[[Any], int], channels: Iterable[str]
    ) -> QueuesSnapshot: ...

    def waiting(self, channel: str) -> int: ...

    def dead_letters(self, channel: str) -> tuple[DeadLetter, ...]: ...

    def resend_dead_letters(self, channel: str, message_id: str | None = None) -> int: ...

    def keep_journal(self) -> Journal: ...

    def observe(self, observer: Observer) -> Callable[[], None]: ...

    def hold_open(self) -> Callable[[], None]: ...


def steppable(server: ServerT) -> SteppableServerT:
    """Return the server, typed as one that a Stepper can step.

    Raises:
        NotPullableError: It lacks an ability that a Stepper needs.
    """
    # The class is asked: a proxy that forwards attributes to a server does not have the server's abilities.
    names = [*vars(SteppableServerT), *SteppableServerT.__annotations__]
    if all(hasattr(type(server), name) for name in names if not name.startswith("_")):
        return cast("SteppableServerT", server)
    raise NotPullableError(
        f"A Stepper needs an InMemoryServer, not {a_kind(server)}: only that hands out one message at a time.",
    )


class Connection:
    """Keeps a server's connection open from its first use on, and pulls from its queues.

    Args:
        owner: The object that uses it. When the owner is collected as garbage, the connection is abandoned.

    Attributes:
        puller: The puller, once it was asked for; before that None.
    """

    def __init__(self, server: SteppableServerT, owner: object) -> None:
        self.puller: SteppablePullerT | None = None
        self._server = server
        self._let_go: Callable[[], None] | None = None
        # A finalizer may run in the middle of a queue update, so it only records the clean-up.
        self._finalizer = weakref.finalize(owner, _abandoned.append, self)
        self._finalizer.atexit = False

    def open(self) -> None:
        """Hold the connection open."""
        if self._let_go is None:
            self._let_go = self._server.hold_open()

    def pulling(self, channels: Sequence[str]) -> SteppablePullerT:
        """Return the puller; the first call makes it, for these channels."""
        if self.puller is None:
            self.open()
            self.puller = self._server.puller(channels)
        return self.puller

    def end(self) -> None:
        """Give back the messages that were pulled and not settled, and let go of the server's connection."""
        self._finalizer.detach()
        try:
            if self.puller is not None:
                self.puller.release()
        finally:
            if self._let_go is not None:
                self._let_go()


def end_abandoned() -> None:
    """End the connections whose owners are gone."""
    while _abandoned:
        _abandoned[0].end()
        _abandoned.popleft()
