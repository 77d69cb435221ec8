"""Building a Step from the events of one delivery."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from repid_nb.core import reasons
from repid_nb.core.events import Event, Finished, Matched, Published, Settled, Started
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.notebook.tracebacks import let_debuggers_open
from repid_nb.printable import contained
from repid_nb.stepping.arguments import read_arguments
from repid_nb.stepping.copies import copy_of
from repid_nb.stepping.exceptions import raised
from repid_nb.stepping.record import Argument, Raised, Settlement, Step
from repid_nb.stepping.source import CERTAIN, Aftermath
from repid_nb.stepping.verdicts import VerdictCollector

__all__ = ["StepBuilder"]

NOT_SETTLED = Settlement(action=None, reason=reasons.NOT_SETTLED)


@dataclass(slots=True)
class StepBuilder:
    """Collects the parts of one Step from the events of its delivery.

    Attributes:
        worker: The name of the worker.
        number: The number of the step.
        message: The message as it lay in the queue, with its sightings before this one.
        sightings_limit: At which sighting without a match it is nacked as poison; 0 where a worker never counts so far.
        before: The queues before the pull.
        collector: Asks the actors of its channel.
        explain_all: Whether actors after the first match are asked too, for the explanation.
        name_of: Returns the name of a message that the actor published.
        aftermath: What became of the message after its delivery.
    """

    worker: str
    number: int
    message: MessageSnapshot
    sightings_limit: int
    before: QueuesSnapshot
    collector: VerdictCollector
    explain_all: bool
    name_of: Callable[[Any], str]
    aftermath: Aftermath = CERTAIN
    _winner: str | None = None
    _middlewares: tuple[str, ...] = ()
    _arguments: tuple[Argument, ...] = ()
    _result: Any = None
    _exception: Raised | None = None
    _started: float | None = None
    _duration: float | None = None
    _settlement: Settlement = NOT_SETTLED
    _published: tuple[str, ...] = ()
    _children: tuple[str, ...] = ()
    _asked: frozenset[int] = frozenset()

    @property
    def is_matched(self) -> bool:
        """Whether an actor took the message."""
        return self._winner is not None

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that the step has to do with: the one pulled from, then those that the actor sent to."""
        return (self.message.channel, *self._published)

    def add(self, event: Event) -> None:
        """Add the parts of the Step that one event of the worker or the server brings."""
        match event:
            case Matched(message=message, actor=actor, error=error):
                self._asked = self.collector.asked
                # Before the actor runs: a change that it makes to the message must not change their answers.
                if self.explain_all:
                    self.collector.ask_rest(message)
                self._winner = None if actor is None else actor.name
                self._middlewares = () if actor is None else self.collector.middlewares_around(actor)
                self._exception = None if error is None else _recorded(error)
            case Started(message=message, actor=actor, args=args, kwargs=kwargs):
                # Arguments are a learner's objects: comparing or showing them may raise anything.
                with contained():
                    self._arguments = read_arguments(message, actor, args, kwargs)
                self._started = time.perf_counter()
            case Finished(result=result, exception=exception):
                if self._started is not None:
                    self._duration = time.perf_counter() - self._started
                self._result = copy_of(result)
                self._exception = None if exception is None else _recorded(exception)
            case Settled(action=action, reason=reason):
                self._settlement = Settlement(
                    action=None if action is None else MessageAction(action.value), reason=reason
                )
            case Published(channel=channel, message=message):
                self._published = (*self._published, channel)
                self._children = (*self._children, self.name_of(message))

    def leave_out(self, seconds: float) -> None:
        """Leave seconds out of the actor's duration: its step was paused meanwhile."""
        if self._started is not None:
            self._started += seconds

    def build(self, *, printed: str, after: QueuesSnapshot) -> Step:
        """Build the Step, as far as its events have come.

        Args:
            printed: What was printed so far.
            after: The queues now.
        """
        return Step(
            worker=self.worker,
            number=self.number,
            channel=self.message.channel,
            message=self.message,
            sightings=self.message.sightings + 1,
            sightings_limit=self.sightings_limit,
            verdicts=self.collector.verdicts(self._asked),
            winner=self._winner,
            middlewares=self._middlewares,
            arguments=self._arguments,
            result=self._result,
            exception=self._exception,
            printed=printed,
            duration=self._duration,
            settlement=self._settled(),
            published=self._published,
            note=self.aftermath.note,
            children=self._children,
            before=self.before,
            after=after,
        )

    def _settled(self) -> Settlement:
        after, settled = self.aftermath, self._settlement
        if after is CERTAIN:
            return settled
        if after.doubt:
            return Settlement(action=None, reason=after.doubt, where=after.where)
        return replace(settled, reason=after.reason or settled.reason, where=after.where or settled.where)


def _recorded(error: BaseException) -> Raised:
    let_debuggers_open(error)
    return raised(error)
