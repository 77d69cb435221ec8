"""Building a Step from the events of one delivery."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from repid_nb.core.events import Event, Finished, Matched, Published, Settled, Started
from repid_nb.core.message import MessageAction
from repid_nb.printable import contained
from repid_nb.stepping.arguments import read_arguments
from repid_nb.stepping.copies import copy_of
from repid_nb.stepping.exceptions import raised
from repid_nb.stepping.record import Argument, Raised, Settlement
from repid_nb.stepping.verdicts import Inquiry

__all__ = ["Recording"]

NOBODY = Settlement(action=None, reason="nobody settled it")


@dataclass(slots=True)
class Recording:
    """The parts of a Step, as far as the events of its delivery have come."""

    inquiry: Inquiry
    explain_all: bool
    winner: str | None = None
    middlewares: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    result: Any = None
    exception: Raised | None = None
    duration: float | None = None
    settlement: Settlement = NOBODY
    published: tuple[str, ...] = ()
    asked: frozenset[int] = frozenset()
    _started: float | None = None

    def hear(self, event: Event) -> None:
        """Take the parts of the Step from one event of the worker or the server."""
        match event:
            case Matched(message=message, actor=actor, error=error):
                self.asked = self.inquiry.asked
                # Before the actor runs: a change that it makes to the message must not change their answers.
                if self.explain_all:
                    self.inquiry.ask_rest(message)
                self.winner = None if actor is None else actor.name
                self.middlewares = () if actor is None else self.inquiry.middlewares_around(actor)
                self.exception = None if error is None else raised(error)
            case Started(message=message, actor=actor, args=args, kwargs=kwargs):
                # Arguments are a learner's objects: comparing or showing them may raise anything.
                with contained():
                    self.arguments = read_arguments(message, actor, args, kwargs)
                self._started = time.perf_counter()
            case Finished(result=result, exception=exception):
                if self._started is not None:
                    self.duration = time.perf_counter() - self._started
                self.result = copy_of(result)
                self.exception = None if exception is None else raised(exception)
            case Settled(action=action, reason=reason):
                self.settlement = Settlement(
                    action=None if action is None else MessageAction(action.value), reason=reason
                )
            case Published(channel=channel):
                self.published = (*self.published, channel)

    def leave_out(self, seconds: float) -> None:
        """Leave seconds out of the actor's duration: its step was paused meanwhile."""
        if self._started is not None:
            self._started += seconds
