"""What an observer is told of a message on its way through a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from repid_nb.core.actor import ActorData
from repid_nb.core.logger import logger
from repid_nb.core.message import MessageAction, ReceivedMessageT, SentMessageT

__all__ = ["Event", "Finished", "Matched", "Observer", "Published", "Pulled", "Settled", "Started", "guarded"]


@dataclass(frozen=True, slots=True)
class Published:
    """A message was put on a channel's queue."""

    channel: str
    message: SentMessageT


@dataclass(frozen=True, slots=True)
class Pulled:
    """A message was taken off its queue."""

    message: ReceivedMessageT


@dataclass(frozen=True, slots=True)
class Matched:
    """Routing has decided; `actor` is None when nobody wanted the message.

    Attributes:
        sightings: How often this worker has now seen the message without a match, this time included; 0 on a match.
        error: What a routing strategy raised; then nobody was decided on.
    """

    message: ReceivedMessageT
    actor: ActorData | None
    sightings: int = 0
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The arguments are read and the actor is about to be called with them."""

    message: ReceivedMessageT
    actor: ActorData
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """The actor and its middleware are done. `exception` is what was raised, by whichever of them."""

    message: ReceivedMessageT
    actor: ActorData
    result: Any
    exception: BaseException | None


@dataclass(frozen=True, slots=True)
class Settled:
    """The worker is done with the message. `action` is None when nobody settled it."""

    message: ReceivedMessageT
    action: MessageAction | None
    reason: str


Event: TypeAlias = Published | Pulled | Matched | Started | Finished | Settled
Observer: TypeAlias = Callable[[Event], None]


def guarded(observer: Observer) -> Observer:
    """Return `observer` so wrapped that it can never break a delivery.

    Args:
        observer: A function of one event.

    Returns:
        A function that passes events on until the observer first raises; that is logged, and it hears no more.
    """
    working = True

    def tell(event: Event) -> None:
        nonlocal working
        if not working:
            return
        try:
            observer(event)
        except Exception:
            working = False
            logger.exception("observer.dropped", extra={"event": type(event).__name__})

    return tell
