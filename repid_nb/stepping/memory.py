"""The queues of this process as the source of a Stepper: everything is known at once, and there is a way back."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Protocol, cast

from repid_nb.app import Repid
from repid_nb.core.abilities import PullerT
from repid_nb.core.errors import InvalidMessageError, SteppingError, UnknownNameError
from repid_nb.core.events import Observer
from repid_nb.core.memory.journal import Journal
from repid_nb.core.memory.queue import Queues
from repid_nb.core.memory.snapshot import DeadLetter, QueuesSnapshot
from repid_nb.core.message import ServerT
from repid_nb.core.naming import did_you_mean, nearest_name
from repid_nb.stepping.names import names_of
from repid_nb.stepping.record import Sent
from repid_nb.stepping.sending import Outgoing, send
from repid_nb.stepping.source import CERTAIN, Aftermath, Knowledge, PulledMessageT, SightingsOf, Source

__all__ = ["MemoryServerT", "MemorySource", "as_memory", "in_memory"]

_abandoned: deque[_Hold] = deque()


class MemoryPullerT(PullerT, Protocol):
    """Hands out one message at a time, from several channels in turn or from one of them."""

    turn: int
    owner: object

    def listen(self, channels: Sequence[str]) -> None: ...

    def pull_nowait(self) -> Any: ...

    def pull_nowait_from(self, channel: str) -> Any: ...


class MemoryServerT(ServerT, Protocol):
    """A server of this process: its queues can be seen, and gone back in, at once."""

    hands_out: ClassVar[bool]

    @property
    def queues(self) -> Queues: ...

    def puller(self, channels: Sequence[str]) -> MemoryPullerT: ...

    def snapshot(
        self, window: int | None, sightings: Callable[[Any], int], channels: Iterable[str]
    ) -> QueuesSnapshot: ...

    def waiting(self, channel: str) -> int: ...

    def dead_letters(self, channel: str) -> tuple[DeadLetter, ...]: ...

    def resend_dead_letters(self, channel: str, message_id: str | None = None) -> int: ...

    def keep_journal(self) -> Journal: ...

    def name_messages(self, name_of: Callable[[Any], str]) -> None: ...

    def observe(self, observer: Observer) -> Callable[[], None]: ...

    def hold_open(self) -> Callable[[], None]: ...


def as_memory(server: ServerT) -> MemoryServerT | None:
    """Return a server of this process, typed as one; None where the server lacks one of the abilities."""
    # The class is asked: a proxy that forwards attributes to a server does not have the server's abilities.
    names = [*vars(MemoryServerT), *MemoryServerT.__annotations__]
    if all(hasattr(type(server), name) for name in names if not name.startswith("_")):
        return cast("MemoryServerT", server)
    return None


class MemorySource:
    """Pulls from the queues of a server in this process.

    Args:
        owner: The object that uses it. When the owner is collected as garbage, what it held goes back.

    Attributes:
        queues: The queues themselves.
    """

    knows: Knowledge = Knowledge(
        broker="in memory", counts=True, peeks=True, dead_letters=True, priority=True, rewind=True
    )

    def __init__(self, server: MemoryServerT, owner: object) -> None:
        self.journal: Journal | None = server.keep_journal()
        server.name_messages(names_of(server).of)
        self.queues: Queues = server.queues
        self._server = server
        self._channels: list[str] = []
        self._hold = _Hold(server)
        # A finalizer may run in the middle of a queue update, so it only records the clean-up.
        self._finalizer = weakref.finalize(owner, _abandoned.append, self._hold)
        self._finalizer.atexit = False

    @property
    def turn(self) -> int:
        return 0 if self._hold.puller is None else self._hold.puller.turn

    @turn.setter
    def turn(self, turn: int) -> None:
        self._hold.pulling(self._channels).turn = turn

    @property
    def holder(self) -> object | None:
        """What stands for this source on the messages that it has pulled; None before the first pull."""
        return None if self._hold.puller is None else self._hold.puller.owner

    def hold(self) -> None:
        _end_abandoned()
        self._hold.open()

    async def open(self, channels: Sequence[str]) -> None:
        if list(channels) != self._channels:
            self._channels = list(channels)
            if self._hold.puller is not None:
                self._hold.puller.listen(self._channels)

    async def pull(self, channel: str | None) -> PulledMessageT | None:
        puller = self._hold.pulling(self._channels)
        pulled: PulledMessageT | None = puller.pull_nowait() if channel is None else puller.pull_nowait_from(channel)
        return pulled

    def seen(self, _message: PulledMessageT, by_worker: int) -> int:
        return by_worker

    def accounts_for(self, _message: PulledMessageT, _error: BaseException) -> bool:
        return False

    async def finish(self, _message: PulledMessageT, *, matched: bool, window: int) -> Aftermath:  # noqa: ARG002  (the port's)
        return CERTAIN

    def snapshot(self, window: int | None, sightings: SightingsOf, channels: Iterable[str]) -> QueuesSnapshot:
        _end_abandoned()
        return self._server.snapshot(window, sightings, channels)

    async def look(self, window: int | None, sightings: SightingsOf, channels: Iterable[str]) -> QueuesSnapshot:
        # With a puller the channels have their queues, also those that nothing was sent to.
        self._hold.pulling(self._channels)
        return self.snapshot(window, sightings, channels)

    def waiting(self, channel: str) -> int | None:
        _end_abandoned()
        return self._server.waiting(channel)

    def idle_note(self) -> str:
        return ""

    def observe(self, observer: Observer) -> Callable[[], None]:
        return self._server.observe(observer)

    async def send(self, app: Repid, outgoing: Outgoing) -> Sent | None:
        return await send(app, self._server, outgoing)

    def resend_nowait(self, channel: str, message_id: str | None) -> int:
        dead = {letter.message.id or "" for letter in self._server.dead_letters(channel)}
        if message_id is not None and not isinstance(message_id, str):
            raise InvalidMessageError("Give the id of the dead letter: stepper.resend(channel, letter.message.id).")
        if message_id is not None and message_id not in dead:
            others = [one.channel for one in self.snapshot(0, lambda _: 0, ()).channels if one.dead]
            hint = "" if dead else did_you_mean(channel, others)
            hint = hint or nearest_name(message_id, dead, "No dead letter is there.")
            raise UnknownNameError(f"No dead letter {message_id!r} on {channel!r}.{hint}")
        return self._server.resend_dead_letters(channel, message_id)

    async def resend(self, channel: str, message_id: str | None) -> int:
        return self.resend_nowait(channel, message_id)

    async def close(self) -> None:
        self._finalizer.detach()
        # It keeps alive what was settled.
        self.journal = None
        self._hold.end()


def in_memory(source: Source, purpose: str) -> MemorySource:
    """Return a source whose queues are in this process.

    Args:
        purpose: What the caller wants to do, for the error: `delete messages`.

    Raises:
        SteppingError: They are on a broker.
    """
    if isinstance(source, MemorySource):
        return source
    raise SteppingError(f"There is no way to {purpose} on {source.knows.broker}: only queues in memory allow it.")


class _Hold:
    """What a source holds of its server: the open connection, and the puller with what it has pulled.

    Attributes:
        puller: The puller, once it was asked for; before that None.
    """

    def __init__(self, server: MemoryServerT) -> None:
        self.puller: MemoryPullerT | None = None
        self._server = server
        self._let_go: Callable[[], None] | None = None

    def open(self) -> None:
        """Hold the connection open."""
        if self._let_go is None:
            self._let_go = self._server.hold_open()

    def pulling(self, channels: Sequence[str]) -> MemoryPullerT:
        """Return the puller; the first call makes it, for these channels."""
        if self.puller is None:
            self.open()
            self.puller = self._server.puller(channels)
        return self.puller

    def end(self) -> None:
        """Give back the messages that were pulled and not settled, and let go of the server's connection."""
        try:
            if self.puller is not None:
                self.puller.release()
        finally:
            if self._let_go is not None:
                self._let_go()


def _end_abandoned() -> None:
    """End the holds whose owners are gone."""
    while _abandoned:
        _abandoned[0].end()
        _abandoned.popleft()
