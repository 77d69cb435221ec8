"""What happens to a message on its way through a worker, and the Watcher that is told of it.

| the moment | event | phase of a Step |
|---|---|---|
| the message is off its queue | `Pulled` | pulled |
| routing has decided | `Matched` | decided |
| a limit has no room for it, before or after routing | `Waiting` | |
| the arguments are read | `Started` | about to run |
| the actor's call is over | `Ended` | |
| the actor and its middleware are done | `Finished` | ran |
| the confirmation mode is about to settle the message | `Confirming` | |
| the worker is done with the message | `Settled` | settled |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from repid_nb.core.actor import ActorData
from repid_nb.core.limits import Wait
from repid_nb.core.logger import logger
from repid_nb.core.message import MessageAction, ReceivedMessageT, SentMessageT

__all__ = [
    "Confirming",
    "Ended",
    "Event",
    "Finished",
    "Matched",
    "Moved",
    "Observer",
    "Published",
    "Pulled",
    "Settled",
    "Started",
    "Waiting",
    "Watcher",
    "guarded",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Published:
    """A message was put on a channel's queue.

    Attributes:
        priority: Its priority, where the server has priorities.
    """

    channel: str
    message: SentMessageT
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A message has left its place in the queues of a server; only observers of the server hear of it.

    Attributes:
        what: How: `taken` off its queue, `settled`, `released` to its place, `resent` from the dead letters, `dropped`;
            `rewound` where changes of any number of messages were taken back.
        channel: The channel of the queue; empty for all.
        message: The message on the queue; None where many have moved at once.
        owner: Stands for the worker that took it; None where no worker holds it.
    """

    what: Literal["taken", "settled", "released", "resent", "dropped", "rewound"]
    channel: str = ""
    message: SentMessageT | None = None
    owner: object = None
    action: MessageAction | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """A message was taken off its queue."""

    message: ReceivedMessageT


@dataclass(frozen=True, slots=True)
class Matched:
    """Routing has decided; `actor` is None when no actor takes the message.

    Attributes:
        sightings: How often this worker has seen the message without a match, this time included; 0 on a match.
        error: What a routing strategy raised; no actor was decided on then.
    """

    message: ReceivedMessageT
    actor: ActorData | None
    sightings: int = 0
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The message has to wait for a limit; `actor` has won it, or is None where it is not routed yet."""

    message: ReceivedMessageT
    actor: ActorData | None
    wait: Wait


@dataclass(frozen=True, slots=True)
class Started:
    """The arguments are read and the actor is about to be called with them."""

    message: ReceivedMessageT
    actor: ActorData
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """The actor's call is over, however it ended; the middleware around it goes on."""

    message: ReceivedMessageT
    actor: ActorData


@dataclass(frozen=True, slots=True)
class Confirming:
    """The confirmation mode has decided how the message will be settled.

    Attributes:
        action: `ack`, `nack`, `reject` or `no_action`; the last also where the server failed to settle it.
        reason: Why, as a phrase.
    """

    message: ReceivedMessageT
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The actor and its middleware are done; `exception` is what one of them raised."""

    message: ReceivedMessageT
    actor: ActorData
    result: Any
    exception: BaseException | None


@dataclass(frozen=True, slots=True)
class Settled:
    """The worker is done with the message.

    Attributes:
        action: How it is settled; None where it is not.
        reason: Why the worker settled it; empty where the worker did not.
    """

    message: ReceivedMessageT
    action: MessageAction | None
    reason: str


Event: TypeAlias = Published | Moved | Pulled | Matched | Waiting | Started | Ended | Confirming | Finished | Settled
Observer: TypeAlias = Callable[[Event], None]


class Watcher:
    """Watches one worker: is told of each event, may hold a message, and asks actors in the worker's place.

    Each method does here what happens without a watcher; a subclass replaces those that it needs. When `told` raises,
    that is logged, and the watcher is told no more.
    """

    def ask(self, actor: ActorData, message: ReceivedMessageT) -> bool:
        """Ask one actor whether it takes a message."""
        return actor.routing_strategy(message)

    def told(self, event: Event) -> None:
        """Hear of one event."""

    async def reached(self, event: Pulled | Matched | Started | Finished) -> None:
        """Hold the message at a phase for as long as this runs; Finished comes before the message is settled."""


def guarded(observer: Callable[[T], None]) -> Callable[[T], None]:
    """Wrap an observer so that it cannot break a delivery: when it raises, that is logged, and it is told no more."""
    working = True

    def tell(event: T) -> None:
        nonlocal working
        try:
            if working:
                observer(event)
        except Exception:
            working = False
            logger.exception("observer.dropped", extra={"event": type(event).__name__})

    return tell
