"""A worker whose way with each message is recorded as a Step."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from repid_nb.core.actor import ActorData, ActorExecutionContext
from repid_nb.core.events import Event, Finished
from repid_nb.core.memory.queue import InMemoryReceivedMessage
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.memory.snapshot import QueuesSnapshot
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.routing.routes import Routes
from repid_nb.core.worker.sightings import Sightings
from repid_nb.core.worker.tasks import in_own_task
from repid_nb.core.worker.worker import Worker
from repid_nb.notebook import interruptible
from repid_nb.stepping.captured_output import caught_printing
from repid_nb.stepping.gate import PHASES, Gate
from repid_nb.stepping.record import Step
from repid_nb.stepping.step_builder import Recording
from repid_nb.stepping.verdicts import Inquiry

__all__ = ["WINDOW", "Recorder"]

# How many messages of each kind a Step shows of a queue: what a step costs must not grow with the queue.
WINDOW = 20

# Set by a step, and so in all that its actor starts.
_at_work_here: ContextVar[Recorder | None] = ContextVar("repid_nb_at_work_here", default=None)


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """What is known of the message that is delivered now."""

    message: InMemoryReceivedMessage
    recording: Recording
    so_far: Callable[[], Step]
    is_interrupted: Callable[[], bool]


class Recorder:
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

    def __init__(self, server: InMemoryServer, context: ActorExecutionContext, max_unrouted_retries: int) -> None:
        self.gate: Gate | None = None
        self.held: str | None = None
        self._server = server
        self._max_unrouted_retries = max_unrouted_retries
        self._routes = Routes()
        self._under_way: _UnderWay | None = None
        self._worker = Worker(
            context,
            self._routes.by_channel,
            max_unrouted_retries=max_unrouted_retries,
            observer=self._hear,
            ask=self._ask,
            gate=self._pass,
            is_interrupted=self._is_interrupted,
        )

    @property
    def routes(self) -> Routes:
        return self._routes

    @routes.setter
    def routes(self, routes: Routes) -> None:
        self._routes = routes
        self._worker.actors = routes.by_channel

    @property
    def sightings(self) -> Sightings:
        """The worker's memory of messages that nobody wanted."""
        return self._worker.sightings

    @property
    def is_at_work_here(self) -> bool:
        """Whether who asks is an actor that this worker runs, or was started by one."""
        return _at_work_here.get() is self

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let all that is started inside the block know whose work it is."""
        token = _at_work_here.set(self)
        try:
            yield
        finally:
            _at_work_here.reset(token)

    def snapshot(self, window: int | None) -> QueuesSnapshot:
        """Return what is on the queues now, with at most `window` messages of each kind a channel."""
        return self._server.snapshot(window, self.sightings.of_queued)

    async def deliver(
        self, message: InMemoryReceivedMessage, *, number: int, before: QueuesSnapshot, explain_all: bool
    ) -> Step:
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
        stepping = asyncio.current_task()
        # A task may have been asked to end before, and have gone on.
        asked_before = 0 if stepping is None else stepping.cancelling()
        end_observing = self._server.observe(self._hear_published)
        try:
            with interruptible() as was_pressed, caught_printing() as printed:

                def is_interrupted() -> bool:
                    return was_pressed() or stepping is None or stepping.cancelling() > asked_before

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
                        after=self.snapshot(WINDOW),
                    )

                self._under_way = _UnderWay(message, recording, so_far, is_interrupted)
                # In a task of its own the actor's context variables, and its cancelling itself, stay its own.
                await in_own_task(self._worker.deliver(message))
        except BaseException:
            # The worker gives back what it was delivering, but a step may be cancelled before that begins.
            message.release()
            self.sightings.set(message, seen_before)
            raise
        finally:
            self._under_way = None
            end_observing()
        return so_far()

    def _is_interrupted(self) -> bool:
        return self._now.is_interrupted()

    def _ask(self, actor: ActorData, message: ReceivedMessageT) -> bool:
        return self._now.recording.inquiry.ask(actor, message)

    def _hear(self, event: Event) -> None:
        self._now.recording.hear(event)

    def _hear_published(self, event: Event) -> None:
        # Others may publish meanwhile.
        if self.is_at_work_here:
            self._hear(event)

    async def _pass(self, event: Event) -> None:
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

    @property
    def _now(self) -> _UnderWay:
        assert self._under_way is not None  # noqa: S101  (this worker delivers only inside `deliver`)
        return self._under_way
