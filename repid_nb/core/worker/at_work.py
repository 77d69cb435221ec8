"""Which message the running code works for: what an actor sends comes of that message."""

from __future__ import annotations

from contextvars import ContextVar

from repid_nb.core.message import ReceivedMessageT

__all__ = ["AtWork", "at_work_here", "message_at_work"]


class AtWork:
    """The message that a delivery runs an actor for. Apart from the delivery, which a context would keep alive."""

    __slots__ = ("message",)

    def __init__(self) -> None:
        self.message: ReceivedMessageT | None = None


# Set in each task that delivers, and so in every task that its actors start.
_here: ContextVar[AtWork | None] = ContextVar("repid_nb_at_work", default=None)


def at_work_here() -> AtWork:
    """Return a place where the current task says which message it works for."""
    place = AtWork()
    _here.set(place)
    return place


def message_at_work() -> ReceivedMessageT | None:
    """Return the message whose actor or middleware runs the caller, or started its task; None outside a delivery."""
    place = _here.get()
    return None if place is None else place.message
