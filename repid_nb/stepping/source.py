"""The port between a Stepper and its messages: what a Stepper asks of the place that they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from repid_nb.app import Repid
from repid_nb.core.events import Observer
from repid_nb.core.memory.journal import Journal
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import ReceivedMessageT
from repid_nb.stepping.record import Sent
from repid_nb.stepping.sending import Outgoing

__all__ = ["CERTAIN", "Aftermath", "Knowledge", "PulledMessageT", "SightingsOf", "Source"]

SightingsOf = Callable[[Any], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known of a broker, and what can be done there.

    In the words about a place, `{channel}` stands for the channel; an empty text means the words for a queue in memory.

    Attributes:
        broker: Its name.
        rejected: Where a rejected message goes.
        nacked: Where a nacked message goes.
        given_back: Where a message goes that was pulled and is not decided.
        counts: Whether it is known how many messages wait.
        peeks: Whether it is known which messages wait.
        dead_letters: Whether dead letters can be read and sent again.
        keeps_ids: Whether a message that comes again has the same id, so that a worker can count its sightings.
        empty_is_certain: Whether nothing can come at once where no message is counted as waiting.
        priority: Whether a message can have a priority.
        rewind: Whether there is a way back in time.
        holds_more: Whether it may hold more than the message that is stepped.
    """

    broker: str
    rejected: str = ""
    nacked: str = ""
    given_back: str = ""
    counts: bool = False
    peeks: bool = False
    dead_letters: bool = False
    keeps_ids: bool = True
    empty_is_certain: bool = True
    priority: bool = False
    rewind: bool = False
    holds_more: bool = False

    @property
    def no_way_back(self) -> str:
        """Why there is no way back in time; empty where there is one."""
        return "" if self.rewind else f"no way back on {self.broker}: what is settled is settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What became of a message after its delivery, as far as the broker lets it be known.

    Attributes:
        doubt: Why it is not certain that the settlement reached the broker; empty where it is.
        reason: Why it was settled, where the worker knows less; otherwise empty.
        where: Where the message went; empty for the words of a queue in memory.
        note: A remark on the whole step; otherwise empty.
    """

    doubt: str = ""
    reason: str = ""
    where: str = ""
    note: str = ""


CERTAIN = Aftermath()


class PulledMessageT(ReceivedMessageT, Protocol):
    """A message that has a frozen record. `core.abilities.give_back` takes it back to its place."""

    def snapshot(self) -> MessageSnapshot: ...


class Source(Protocol):
    """Hands out one message at a time, and holds none beside it.

    Attributes:
        knows: What is known of the broker.
        journal: The log that a rewind goes back along; None where there is no way back.
        turn: The index of the channel that is pulled from next.
    """

    knows: Knowledge
    journal: Journal | None
    turn: int

    def hold(self) -> None:
        """Keep the connection open from its first use until `close`."""

    async def open(self, channels: Sequence[str]) -> None:
        """Get ready to pull from these channels.

        Raises:
            NotConnectedError: The broker does not answer.
            NotPullableError: A channel cannot be stepped; the message says what is missing.
        """

    async def pull(self, channel: str | None) -> PulledMessageT | None:
        """Take the next message of a channel, or of each in turn; None when there is none."""

    def seen(self, message: PulledMessageT, by_worker: int) -> int:
        """Return how often a message was sighted before this time, for the display.

        Args:
            by_worker: How often the worker has counted it, by its id.
        """

    def accounts_for(self, message: PulledMessageT, error: BaseException) -> bool:
        """Say whether what `finish` returns will tell of an error that ended a delivery: a settlement that failed."""

    async def finish(self, message: PulledMessageT, *, matched: bool, window: int) -> Aftermath:
        """Do what is to be done after the delivery of a message, and return what is known of its end.

        Args:
            matched: Whether an actor took it.
            window: How many messages of each kind will be asked for with `snapshot`.
        """

    def snapshot(self, window: int | None, sightings: SightingsOf, channels: Iterable[str]) -> QueuesSnapshot:
        """Return the queues: as they are, or where that takes a request, as they were seen last.

        Args:
            window: How many messages of each kind to show per channel; None for all.
            sightings: Says how often a waiting message was seen without a match.
            channels: The channels to show first, where there are many.
        """

    async def look(self, window: int | None, sightings: SightingsOf, channels: Iterable[str]) -> QueuesSnapshot:
        """Look at the queues now, which takes and changes nothing."""

    def waiting(self, channel: str) -> int | None:
        """Return how many messages wait on a channel; None where that is not known."""

    def idle_note(self) -> str:
        """Return what is to be said of a pull that found nothing; empty where that is certain."""

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` with a `Published` for each message that is sent; return a function that ends the calls."""

    async def send(self, app: Repid, outgoing: Outgoing) -> Sent | None:
        """Send a message through an app; return None when producer middleware kept it back."""

    def resend_nowait(self, channel: str, message_id: str | None) -> int:
        """Do what `resend` does, without waiting.

        Raises:
            SteppingError: It takes a request.
        """

    async def resend(self, channel: str, message_id: str | None) -> int:
        """Put one or all dead letters of a channel back on its queue; return how many.

        Raises:
            UnknownNameError: There is no dead letter with that id.
            NotPullableError: The dead letters cannot be reached.
        """

    async def close(self) -> None:
        """Give back what was pulled and is not settled, and let go of the connection."""
