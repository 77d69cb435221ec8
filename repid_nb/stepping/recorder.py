"""A worker whose way with each message is recorded as a Step."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal, TypeAlias

from repid_nb.core.actor import ActorData, ActorExecutionContext
from repid_nb.core.events import Event, Finished, Matched, Published, Pulled, Started, Watcher
from repid_nb.core.memory.snapshot import QueuesSnapshot
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.routing.routes import Routes
from repid_nb.core.tasks import CancelRequests, in_own_task
from repid_nb.core.worker.sightings import Sightings
from repid_nb.core.worker.worker import Worker
from repid_nb.notebook.exits import exit_raises
from repid_nb.notebook.interrupts import interruptible
from repid_nb.stepping.captured_output import caught_printing
from repid_nb.stepping.connection import PulledMessageT, SteppableServerT
from repid_nb.stepping.record import Step
from repid_nb.stepping.settlement_tracker import SettlementTracker
from repid_nb.stepping.step_builder import Recording
from repid_nb.stepping.verdicts import Inquiry

__all__ = ["PHASES", "WINDOW", "Gate", "Phase", "Recorder"]

# How many messages of each kind a Step shows of a queue: what a step costs must not grow with the queue.
WINDOW = 20

Phase: TypeAlias = Literal["pulled", "decided", "about to run", "ran", "settled"]
"""How far a step has come: the message is off its queue; routing has decided; the arguments are read; the actor is done
and the message is not settled by the worker yet; the step is complete and in the history."""

Gate: TypeAlias = Callable[[Phase, Callable[[], Step]], Awaitable[None]]
"""Awaited with the phase and a function that makes the Step so far; its settlement says nothing before the last
phase."""

PHASES: Mapping[type[Event], Phase] = {
    Pulled: "pulled",
    Matched: "decided",
    Started: "about to run",
    Finished: "ran",
}

# Set by a step, and so in all that its actor starts.
_at_work_here: ContextVar[Recorder | None] = ContextVar("repid_nb_at_work_here", default=None)


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """What is known of the message that is delivered now."""

    message: PulledMessageT
    recording: Recording
    tracker: SettlementTracker
    so_far: Callable[[], Step]


class _StepRequests(CancelRequests):
    """The requests to end a step: to the task that awaits it, or by the notebook's interrupt button."""

    __slots__ = ("_was_pressed",)

    def __init__(self, was_pressed: Callable[[], bool]) -> None:
        super().__init__()
        self._was_pressed = was_pressed

    def came(self) -> bool:
        return self._was_pressed() or super().came()


class Recorder(Watcher):
    """A worker that takes one message at a time to its actor, and makes a Step of it.

    Args:
        server: Where the messages come from.
        context: What actors' dependencies may use.
        max_unrouted_retries: At which sighting without a match a message is nacked as poison.

    Attributes:
        routes: Where messages may go.
        gate: Awaited at each phase; None for no stop.
        held: The id of the message that waits at the gate, or None.
    """

    def __init__(self, server: SteppableServerT, context: ActorExecutionContext, max_unrouted_retries: int) -> None:
        self.gate: Gate | None = None
        self.held: str | None = None
        self._server = server
        self._max_unrouted_retries = max_unrouted_retries
        self._routes = Routes()
        self._under_way: _UnderWay | None = None
        self._worker = Worker(context, self._routes.by_channel, max_unrouted_retries=max_unrouted_retries, watcher=self)

    @property
    def routes(self) -> Routes:
        return self._routes

    @routes.setter
    def routes(self, routes: Routes) -> None:
        self._routes = routes
        self._worker.actors = routes.by_channel

    @property
    def sightings(self) -> Sightings:
        """The worker's memory of messages that no actor takes."""
        return self._worker.sightings

    @property
    def is_at_work_here(self) -> bool:
        """Whether the caller is an actor that this worker runs, or was started by one."""
        return _at_work_here.get() is self

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Mark what is started inside the block as this worker's."""
        token = _at_work_here.set(self)
        try:
            yield
        finally:
            _at_work_here.reset(token)

    def snapshot(self, window: int | None, channels: Iterable[str] = ()) -> QueuesSnapshot:
        """Return what is on the queues now.

        Args:
            window: How many messages of each kind to show a channel; None for all.
            channels: The channels to show first, where there are many; the Stepper's own come next.
        """
        return self._server.snapshot(window, self.sightings.of_queued, chain(channels, self._routes.by_channel))

    def close(self) -> None:
        """Leave no timer on the loop."""
        self._worker.close()

    async def deliver(self, message: PulledMessageT, *, number: int, before: QueuesSnapshot, explain_all: bool) -> Step:
        """Take a message its whole way; interrupted or cancelled, it is back at its place, sighted as often as before.

        Args:
            message: The message.
            number: The number of the Step.
            before: The queues before the pull.
            explain_all: Whether actors after the first match are asked too, for the explanation.

        Returns:
            The Step.
        """
        seen_before = self.sightings.of(message)
        blank = replace(message.snapshot(), sightings=seen_before)
        recording = Recording(Inquiry(self._routes, message.channel), explain_all)
        end_observing = self._server.observe(self._hear_published)
        try:
            with interruptible() as was_pressed, exit_raises(), caught_printing() as printed:

                def so_far() -> Step:
                    return Step(
                        number=number,
                        channel=message.channel,
                        message=blank,
                        sightings=seen_before + 1,
                        sightings_limit=self._max_unrouted_retries,
                        verdicts=recording.inquiry.verdicts(recording.asked),
                        winner=recording.winner,
                        middlewares=recording.middlewares,
                        arguments=recording.arguments,
                        result=recording.result,
                        exception=recording.exception,
                        printed=printed.getvalue(),
                        duration=recording.duration,
                        settlement=recording.settlement,
                        published=recording.published,
                        before=before,
                        after=self.snapshot(WINDOW, (message.channel, *recording.published)),
                    )

                self._under_way = _UnderWay(message, recording, SettlementTracker(), so_far)
                # In a task of its own the actor's context variables, and its cancelling itself, stay its own.
                await in_own_task(self._deliver(message, _StepRequests(was_pressed)))
        except BaseException:
            # The worker gives back what it was delivering, but a step may be cancelled before that begins.
            message.release()
            self.sightings.set(message, seen_before)
            raise
        finally:
            self._under_way = None
            end_observing()
        return so_far()

    async def _deliver(self, message: PulledMessageT, requests: CancelRequests) -> None:
        await self._worker.deliver(message, self._worker.delivery(requests))

    def ask(self, actor: ActorData, message: ReceivedMessageT) -> bool:
        return self._now.recording.inquiry.ask(actor, message)

    def told(self, event: Event) -> None:
        now = self._under_way
        # What middleware left running may end when its step is long over.
        if now is not None and not isinstance(event, Published) and event.message is now.message:
            now.recording.hear(now.tracker.completed(event))

    async def reached(self, event: Pulled | Matched | Started | Finished) -> None:
        """Let the gate, if there is one, hold the message at what was just reached."""
        if self.gate is None:
            return
        now = self._now
        if isinstance(event, Finished):
            now.recording.hear(event)
        reached = time.perf_counter()
        self.held = now.message.message_id
        try:
            await self.gate(PHASES[type(event)], now.so_far)
        finally:
            self.held = None
        now.recording.leave_out(time.perf_counter() - reached)

    def _hear_published(self, event: Event) -> None:
        # Others may publish meanwhile.
        if self.is_at_work_here and self._under_way is not None:
            self._under_way.recording.hear(event)

    @property
    def _now(self) -> _UnderWay:
        assert self._under_way is not None  # noqa: S101  (this worker delivers only inside `deliver`)
        return self._under_way
