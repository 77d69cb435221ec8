"""A worker whose way with each message is recorded as a Step."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, TypeAlias

from repid_nb.core.abilities import give_back, queued_of
from repid_nb.core.actor import ActorData, ActorExecutionContext
from repid_nb.core.events import Event, Finished, Matched, Published, Pulled, Started, Watcher
from repid_nb.core.memory.snapshot import QueuesSnapshot
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.routing.routes import Routes
from repid_nb.core.tasks import CancelRequests, in_own_task
from repid_nb.core.worker.sightings import Sightings
from repid_nb.limits.gate import gate_of
from repid_nb.limits.gated_worker import GatedWorker
from repid_nb.limits.limited import Declared
from repid_nb.notebook.exits import exit_raises
from repid_nb.notebook.interrupts import interruptible
from repid_nb.stepping.captured_output import caught_display, caught_printing
from repid_nb.stepping.names import Names
from repid_nb.stepping.record import Step
from repid_nb.stepping.settlement_tracker import SettlementTracker
from repid_nb.stepping.source import PulledMessageT, Source
from repid_nb.stepping.step_builder import StepBuilder
from repid_nb.stepping.verdicts import VerdictCollector

__all__ = ["PHASES", "WINDOW", "Gate", "Phase", "Recorder"]

# How many messages of each kind a Step shows of a queue: what a step costs must not grow with the queue.
WINDOW = 20

Phase: TypeAlias = Literal["pulled", "decided", "about to run", "ran", "settled"]
"""How far a step has come: the message is off its queue; routing has decided; the arguments are read; the actor is done
and the worker has not settled the message yet; the step is complete and in the history."""

Gate: TypeAlias = Callable[[Phase, Callable[[], Step]], Awaitable[None]]
"""Awaited with the phase and a function that builds the Step so far, whose settlement is meaningless before the last
phase."""

PHASES: Mapping[type[Event], Phase] = {
    Pulled: "pulled",
    Matched: "decided",
    Started: "about to run",
    Finished: "ran",
}

# Set by a step, and so in every task that its actor starts. The last one runs the actor; where that steps another
# Stepper, the others run the actor around it.
_task_owners: ContextVar[tuple[Recorder, ...]] = ContextVar("repid_nb_task_owners", default=())


@dataclass(frozen=True, slots=True)
class _CurrentStep:
    """The step that is being recorded.

    Attributes:
        message: The message that is being delivered.
        builder: Collects the parts of the Step.
        tracker: Knows which code settled the message.
        build: Builds the Step so far.
    """

    message: PulledMessageT
    builder: StepBuilder
    tracker: SettlementTracker
    build: Callable[[], Step]


class _StepRequests(CancelRequests):
    """The requests to end a step: to the task that awaits it, or by the notebook's interrupt button."""

    __slots__ = ("_was_pressed",)

    def __init__(self, was_pressed: Callable[[], bool]) -> None:
        super().__init__()
        self._was_pressed = was_pressed

    def came(self) -> bool:
        return self._was_pressed() or super().came()


class Recorder(Watcher):
    """Delivers one message at a time with a worker, and records the delivery as a Step.

    Args:
        source: Where the messages come from.
        names: The names of messages.
        context: What actors' dependencies may use.
        max_unrouted_retries: At which sighting without a match a message is nacked as poison.

    Attributes:
        routes: The actors, by channel.
        gate: Awaited at each phase; None for no stop.
        held: The id of the message that is held at the gate, or None.
    """

    def __init__(self, source: Source, names: Names, context: ActorExecutionContext, max_unrouted_retries: int) -> None:
        self.gate: Gate | None = None
        self.held: str | None = None
        self._source = source
        self._names = names
        self._max_unrouted_retries = max_unrouted_retries
        self._routes = Routes()
        # The actors of which a Step has said that their cell ran again: once is enough.
        self._told: set[object] = set()
        self._current: _CurrentStep | None = None
        self._worker = GatedWorker(
            context, self._routes.by_channel, max_unrouted_retries=max_unrouted_retries, watcher=self
        )

    @property
    def routes(self) -> Routes:
        return self._routes

    @routes.setter
    def routes(self, routes: Routes) -> None:
        self._worker.actors = routes.by_channel
        # A step never waits for a limit: a policy without room ends it.
        self._worker.gate = gate_of(Declared(routes.by_channel, routes.channels), waits=False)
        if self._worker.gate is not None:
            self._worker.gate.name_of = lambda message: self._names.of(queued_of(message) or message)
        # Last: routes whose limits are refused are refused at the next step, too.
        self._routes = routes

    @property
    def sightings(self) -> Sightings:
        """The worker's memory of messages that no actor takes."""
        return self._worker.sightings

    @property
    def owns_current_task(self) -> bool:
        """Whether the caller is an actor that this worker runs, or was started by one."""
        return _task_owners.get()[-1:] == (self,)

    @property
    def is_around_current_task(self) -> bool:
        """Whether the caller is such an actor, or one of another Stepper that such an actor steps."""
        return self in _task_owners.get()

    @contextmanager
    def owning_tasks(self) -> Iterator[None]:
        """Mark tasks started in this block as this worker's."""
        token = _task_owners.set((*_task_owners.get(), self))
        try:
            yield
        finally:
            _task_owners.reset(token)

    def snapshot(self, window: int | None, channels: Iterable[str] = ()) -> QueuesSnapshot:
        """Return a snapshot of the queues.

        Args:
            window: How many messages of each kind to show per channel; None for all.
            channels: The channels to show first, where there are many; those with actors come next.
        """
        return self._source.snapshot(window, self.sightings.of_queued, chain(channels, self._routes.by_channel))

    async def look(self, window: int | None, channels: Iterable[str] = ()) -> QueuesSnapshot:
        """Look at the queues now, and return what `snapshot` returns."""
        return await self._source.look(window, self.sightings.of_queued, chain(channels, self._routes.by_channel))

    def close(self) -> None:
        """Remove the worker's timers from the loop."""
        self._worker.close()

    async def deliver(
        self, message: PulledMessageT, *, worker: str, number: int, before: QueuesSnapshot, explain_all: bool
    ) -> Step:
        """Deliver a message and return the Step.

        Where that is interrupted or cancelled, the message is back at its place, sighted as often as before.

        Args:
            worker: The name of the worker.
            number: The number of the Step.
            before: The queues before the pull.
            explain_all: Whether actors after the first match are asked too, for the explanation.
        """
        seen_before = self.sightings.of(message)
        shown, seen = message.snapshot(), self._source.seen(message, seen_before)
        builder = StepBuilder(
            worker=worker,
            number=number,
            message=replace(shown, sightings=seen) if seen else shown,
            sightings_limit=self._max_unrouted_retries if self._source.knows.keeps_ids else 0,
            before=before,
            collector=VerdictCollector(self._routes, message.channel, self._told),
            explain_all=explain_all,
            name_of=self._names.of,
        )
        end_observing = self._source.observe(self._on_published)
        try:
            with interruptible() as was_pressed, exit_raises(), caught_printing() as printed, caught_display(printed):

                def build() -> Step:
                    return builder.build(printed=printed.getvalue(), after=self.snapshot(WINDOW, builder.channels))

                self._current = _CurrentStep(message, builder, SettlementTracker(), build)
                # In a task of its own the actor's context variables, and its cancelling itself, stay its own.
                await in_own_task(self._deliver(message, _StepRequests(was_pressed)))
        except BaseException as error:
            if not self._source.accounts_for(message, error):
                # The worker gives back what it was delivering, but a step may be cancelled before that begins.
                await give_back(message)
                self.sightings.set(message, seen_before)
                raise
        finally:
            self._current = None
            end_observing()
        builder.aftermath = await self._source.finish(message, matched=builder.is_matched, window=WINDOW)
        return build()

    async def _deliver(self, message: PulledMessageT, requests: CancelRequests) -> None:
        await self._worker.deliver(message, self._worker.delivery(requests))

    def ask(self, actor: ActorData, message: ReceivedMessageT) -> bool:
        return self._current_step.builder.collector.ask(actor, message)

    def told(self, event: Event) -> None:
        current = self._current
        # What middleware left running may end when its step is long over.
        if current is not None and not isinstance(event, Published) and event.message is current.message:
            current.builder.add(current.tracker.completed(event))

    async def reached(self, event: Pulled | Matched | Started | Finished) -> None:
        """Let the gate, if there is one, hold the message at what was just reached."""
        if self.gate is None:
            return
        current = self._current_step
        if isinstance(event, Finished):
            current.builder.add(event)
        reached = time.perf_counter()
        self.held = current.message.message_id
        try:
            await self.gate(PHASES[type(event)], current.build)
        finally:
            self.held = None
        current.builder.leave_out(time.perf_counter() - reached)

    def _on_published(self, event: Event) -> None:
        # Code outside the step may publish meanwhile.
        if self.owns_current_task and self._current is not None:
            self._current.builder.add(event)

    @property
    def _current_step(self) -> _CurrentStep:
        assert self._current is not None  # noqa: S101  (this worker delivers only inside `deliver`)
        return self._current
