"""The Stepper: one worker, one history, one pull at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from repid_nb.core.actor import ActorData
from repid_nb.core.app import Repid
from repid_nb.core.delivery import is_task_cancelled
from repid_nb.core.errors import (
    ClosedError,
    DeclarationError,
    InvalidMessageError,
    NotPullableError,
    SteppingError,
    UnknownNameError,
    nearest_name,
)
from repid_nb.core.events import Event, Finished
from repid_nb.core.in_memory import InMemoryServer
from repid_nb.core.message import MessageData, ReceivedMessageT, check_message
from repid_nb.core.pulling import InMemoryPuller
from repid_nb.core.queue import InMemoryReceivedMessage
from repid_nb.core.router import Route, Routes
from repid_nb.core.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.worker import MAX_UNROUTED_RETRIES, Worker
from repid_nb.notebook import interruptible
from repid_nb.stepping.apart import apart
from repid_nb.stepping.gate import PHASES, Gate
from repid_nb.stepping.inquiry import Inquiry
from repid_nb.stepping.printing import caught_printing
from repid_nb.stepping.record import Explanation, History, Idle, Rewound, Sent, Step, Steps
from repid_nb.stepping.recording import Recording
from repid_nb.stepping.sending import Outgoing, send, with_topic
from repid_nb.stepping.stale import StaleWatch, stale_declarations
from repid_nb.stepping.timeline import Timeline

__all__ = ["Stepper"]

# How many messages of each kind a Step shows of a queue: what a step costs must not grow with the queue.
WINDOW = 20

_stepping: ContextVar[Stepper | None] = ContextVar("repid_nb_stepping", default=None)


class Stepper:
    """Takes messages off an app's queues one at a time and records how each was decided.

    It is a worker of the app, the same code as `run_worker`, with one memory of sightings for its whole life. It
    connects to the server when first used, and keeps the connection open until it is closed.

    Args:
        app: The app, with a server registered.
        server_name: The server; None for the default. It must be an `InMemoryServer`.
        max_unrouted_retries: At which sighting without a match a message is nacked as poison; repid's own is 10.
        explain_all: Whether actors after the first match are asked too, for the explanation; they never run.
        history_limit: How many steps are kept, at least 1.

    Attributes:
        gate: Awaited with the name of each phase that a step has reached (see `Phase`) and a function that
            makes the Step so far. While it waits the message is held; cancelled there, the step gives it back. None for
            no stop.

    Raises:
        UnknownNameError: There is no such server.
        NotPullableError: The server cannot hand out one message at a time.
        DeclarationError: `max_unrouted_retries` or `history_limit` is below 1.
    """

    def __init__(
        self,
        app: Repid,
        server_name: str | None = None,
        max_unrouted_retries: int = MAX_UNROUTED_RETRIES,
        explain_all: bool = True,
        *,
        history_limit: int = 1000,
    ) -> None:
        if max_unrouted_retries < 1 or history_limit < 1:
            raise DeclarationError("max_unrouted_retries and history_limit must be at least 1.")
        server = app.servers.find(server_name)
        if not isinstance(server, InMemoryServer):
            raise NotPullableError(
                f"A Stepper needs an InMemoryServer, not {type(server).__name__}: "
                "only that hands out one message at a time.",
            )
        self.app = app
        self.explain_all = explain_all
        self.gate: Gate | None = None
        self.max_unrouted_retries = max_unrouted_retries
        self._server = server
        self._server_name = server_name
        self._routes: Routes = app.router.routes()
        self._stale = StaleWatch()
        self._lock = asyncio.Lock()
        self._worker = Worker(
            app.execution_context(server),
            self._routes.by_channel,
            max_unrouted_retries=max_unrouted_retries,
            observer=self._hear,
            ask=self._ask,
            gate=self._pass,
            is_interrupted=self._is_interrupted,
        )
        self._interrupted: Callable[[], bool] = is_task_cancelled
        self._recording: Recording | None = None
        self._so_far: Callable[[], Step] | None = None
        self._timeline = Timeline(server.keep_journal(), self._worker.sightings, history_limit)
        self._puller: InMemoryPuller | None = None
        self._let_go: Callable[[], None] | None = None
        self._closed = False

    async def step(self, channel: str | None = None) -> Step | Idle:
        """Pull one message, take it its whole way, and record it.

        Args:
            channel: The channel to pull from; None for each channel with actors in turn.

        Returns:
            The Step; or an Idle, which is falsy, when nothing waits.

        Raises:
            UnknownNameError: No actor listens on that channel.
            ClosedError: The Stepper was closed.
            SteppingError: An actor tries to step the Stepper that runs it.
            KeyboardInterrupt: The run was interrupted; the message is back at its place in the queue.
        """
        async with self._stepping() as puller:
            self._check_channel(channel)
            before = self.snapshot(WINDOW)
            self._timeline.begin(puller.turn)
            message = puller.pull_nowait() if channel is None else puller.pull_nowait_from(channel)
            if message is None:
                return self._idle(channel)
            seen_before = self._worker.sightings.of(message)
            try:
                with interruptible() as was_pressed, self._heeding(was_pressed):
                    step = await self._deliver(message, before, seen_before)
            except BaseException:
                message.release()
                self._worker.sightings.set(message, seen_before)
                raise
            self._timeline.add(step, message, seen_before=seen_before, turn=puller.turn)
            if self.gate is not None:
                await self.gate("settled", lambda: step)
            return step

    async def run(self, max_steps: int = 100, channel: str | None = None) -> Steps:
        """Step until nothing waits, at most `max_steps` times.

        Args:
            max_steps: The bound, at least 1.
            channel: The channel to pull from; None for each channel with actors in turn.

        Returns:
            The steps, and which of the two ended the run.

        Raises:
            InvalidMessageError: `max_steps` is below 1.
        """
        if max_steps < 1:
            raise InvalidMessageError(f"max_steps must be at least 1, not {max_steps}.")
        steps: list[Step] = []
        while len(steps) < max_steps:
            step = await self.step(channel)
            if isinstance(step, Idle):
                return Steps(tuple(steps), "idle")
            steps.append(step)
        pulled_from = self._routes.by_channel if channel is None else {channel}
        waiting = sum(one.waiting for name, one in self.snapshot(0).items() if name in pulled_from)
        return Steps(tuple(steps), "max_steps" if waiting else "idle", waiting)

    async def send(
        self,
        channel: str | None = None,
        payload: Any = None,
        *,
        topic: str | None = None,
        headers: Mapping[str, str] | None = None,
        priority: int | None = None,
        operation_id: str | None = None,
        content_type: str | None = None,
    ) -> Sent | None:
        """Send a message through the app, its producer middleware included.

        Args:
            channel: The channel; or None and an operation id.
            payload: Bytes are sent as they are, None is an empty payload, anything else is sent as JSON.
            topic: The `topic` header.
            headers: Further headers.
            priority: 0 (last) to 9 (first); None for the server's default, 4.
            operation_id: A registered operation, which names the channel.
            content_type: The media type of a payload of bytes.

        Returns:
            What was sent; None when producer middleware kept it back. Messages that a Stepper sends are called m1, m2,
            ... to make them easy to follow.

        Raises:
            DestinationError: Both of channel and operation id, or neither.
            InvalidMessageError: `topic` and `headers['topic']` differ, a header is no str, or the priority is out of
                range.
            SerializationError: The payload has no JSON form.
        """
        self._connect()
        return await send(
            self.app,
            self._server,
            Outgoing(
                channel=channel,
                operation_id=operation_id,
                payload=payload,
                headers=with_topic(headers, topic),
                priority=priority,
                content_type=content_type,
                server_name=self._server_name,
            ),
        )

    def explain(
        self,
        channel: str,
        headers: Mapping[str, str] | None = None,
        payload: Any = None,
        *,
        topic: str | None = None,
    ) -> Explanation:
        """Say who would get a message, without sending or pulling anything.

        Each strategy of the channel is asked once, as for a real message.

        Args:
            channel: The channel it would come from.
            headers: Its headers.
            payload: Its payload; bytes as they are, anything else as JSON, None for an empty one.
            topic: The `topic` header, if that is all there is.

        Returns:
            The verdict of each actor, and the winner.

        Raises:
            UnknownNameError: No actor listens on that channel.
            InvalidMessageError: A header is no str, or `topic` and `headers['topic']` differ.
        """
        self._refresh()
        self._check_channel(channel)
        body = payload if isinstance(payload, bytes) else b""
        if payload is not None and not isinstance(payload, bytes):
            body = self.app.default_serializer(payload)
        message = MessageData(payload=body, headers=with_topic(headers, topic))
        check_message(channel, message)
        verdicts, winner = Inquiry(self._routes_of(channel)).explain(message, everybody=self.explain_all)
        shown = MessageSnapshot(id=None, channel=channel, payload=body, headers=message.headers)
        return Explanation(channel=channel, message=shown, verdicts=verdicts, winner=winner)

    @property
    def queues(self) -> QueuesSnapshot:
        """What is on the queues now: who waits, in order, who is in work, and the dead letters with their reasons."""
        return self.snapshot(None)

    @property
    def server(self) -> InMemoryServer:
        """The server that it pulls from."""
        return self._server

    @property
    def next_channel(self) -> str | None:
        """The channel that a step without one will pull from; None when nothing waits where an actor listens."""
        channels = list(self.app.router.routes(known=self._routes).by_channel)
        turn = 0 if self._puller is None else self._puller.turn
        queues = self.snapshot(0)
        in_turn = (channels[(turn + offset) % len(channels)] for offset in range(len(channels)))
        return next((channel for channel in in_turn if channel in queues and queues[channel].waiting), None)

    @property
    def history(self) -> History:
        """The steps so far; the oldest are dropped when there are more than `history_limit`."""
        return self._timeline.history

    def rewind(self, to: int) -> Rewound:
        """Put the queues back as they were right after a step, as if what came later had never been sent or pulled.

        What the actors did (what they printed, changed or sent elsewhere) stays done.

        Args:
            to: The number of the step; 0 for the moment right before the first.

        Returns:
            Which steps were taken back, and the queues.

        Raises:
            InvalidMessageError: There is no way back to that step; the message says how far there is one.
            SteppingError: A step is under way.
        """
        self._check_open()
        if self._lock.locked():
            raise SteppingError("This Stepper is in the middle of a step: rewind when it has ended.")
        undone = self._timeline.rewind(to, self._open_puller())
        return Rewound(to=to, undone=undone, queues=self.snapshot(WINDOW))

    def resend(self, channel: str, message_id: str | None = None) -> int:
        """Put dead letters back on their queue, at the tail; their sightings start again.

        Args:
            channel: The channel.
            message_id: Which one; None for all of them.

        Returns:
            How many were put back.

        Raises:
            UnknownNameError: There is no dead letter of that id.
        """
        dead = {letter.message.id or "" for letter in self._server.dead_letters(channel)}
        if message_id is not None and message_id not in dead:
            raise UnknownNameError(f"No dead letter {message_id!r} on {channel!r}.{nearest_name(message_id, dead)}")
        return self._server.resend_dead_letters(channel, message_id)

    def keep_newest_actors(self) -> int:
        """Forget the older of actors that were registered again by running their cell again.

        The newest takes the place of the oldest on its router, as if the cells had been run once, from the top.

        Returns:
            How many were forgotten.
        """
        self._routes = self.app.router.routes(known=self._routes)
        stale = [pair for channel in self._routes.by_channel for pair in stale_declarations(self._routes_of(channel))]
        for older, newest in stale:
            self.app.router.supersede(older, newest)
        self._refresh()
        return len(stale)

    async def close(self) -> None:
        """Give back what is not settled, and hold the connection open no longer. The history stays."""
        if self._closed:
            return
        self._closed = True
        if self._puller is not None:
            await self._puller.close()
        if self._let_go is not None:
            self._let_go()

    async def __aenter__(self) -> Self:
        self._connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @contextmanager
    def _heeding(self, was_pressed: Callable[[], bool]) -> Iterator[None]:
        """Take a cancellation for an interrupt when the button was pressed or the current task is cancelled."""
        stepping = asyncio.current_task()
        self._interrupted = lambda: was_pressed() or stepping is None or stepping.cancelling() > 0
        try:
            yield
        finally:
            self._interrupted = is_task_cancelled

    def _is_interrupted(self) -> bool:
        return self._interrupted()

    async def _deliver(self, message: InMemoryReceivedMessage, before: QueuesSnapshot, seen_before: int) -> Step:
        shown = replace(message.snapshot(), sightings=seen_before)
        recording = self._recording = Recording(Inquiry(self._routes_of(message.channel)), self.explain_all)
        end_observing = self._server.observe(self._hear_published)
        try:
            with caught_printing() as printed:
                self._so_far = lambda: self._record(recording, shown, before, printed.getvalue())
                # In a task of its own the actor's context variables, and its cancelling itself, stay its own.
                await apart(self._worker.deliver(message))
        finally:
            self._recording = self._so_far = None
            end_observing()
        return self._record(recording, shown, before, printed.getvalue())

    def _record(self, recording: Recording, message: MessageSnapshot, before: QueuesSnapshot, printed: str) -> Step:
        return Step(
            number=self._timeline.newest + 1,
            channel=message.channel,
            message=message,
            sightings=message.sightings + 1,
            sightings_limit=self.max_unrouted_retries,
            verdicts=recording.inquiry.verdicts(recording.asked),
            winner=recording.winner,
            middlewares=recording.middlewares,
            arguments=recording.arguments,
            result=recording.result,
            exception=recording.exception,
            printed=printed,
            duration=recording.duration,
            settlement=recording.settlement,
            published=recording.published,
            before=before,
            after=self.snapshot(WINDOW),
        )

    async def _pass(self, event: Event) -> None:
        """Let the gate, if there is one, hold the message at what was just reached."""
        if self.gate is None or self._recording is None or self._so_far is None:
            return
        recording = self._recording
        if isinstance(event, Finished):
            recording.hear(event)
        reached = time.perf_counter()
        await self.gate(PHASES[type(event)], self._so_far)
        recording.leave_out(time.perf_counter() - reached)

    def _idle(self, channel: str | None) -> Idle:
        queues = self.snapshot(WINDOW)
        unheard = ((name, one.waiting) for name, one in queues.items() if name not in self._routes.by_channel)
        return Idle(
            channels=tuple(self._routes.by_channel) if channel is None else (channel,),
            unheard=tuple((name, waiting) for name, waiting in unheard if waiting),
            queues=queues,
        )

    def snapshot(self, window: int | None = WINDOW) -> QueuesSnapshot:
        """Return what is on the queues now.

        Args:
            window: How many messages of each kind to show a channel; None for all. The totals are always whole.
        """
        return self._server.snapshot(window, self._worker.sightings.of_queued)

    def _ask(self, actor: ActorData, message: ReceivedMessageT) -> bool:
        assert self._recording is not None  # noqa: S101  (this worker delivers only inside a step)
        return self._recording.inquiry.ask(actor, message)

    def _hear(self, event: Event) -> None:
        if self._recording is not None:
            self._recording.hear(event)

    def _hear_published(self, event: Event) -> None:
        # Others may publish meanwhile; what the actor starts has its context.
        if _stepping.get() is self:
            self._hear(event)

    @asynccontextmanager
    async def _stepping(self) -> AsyncIterator[InMemoryPuller]:
        if self._lock.locked() and _stepping.get() is self:
            raise SteppingError("This Stepper is in the middle of a step: an actor cannot step what runs it.")
        async with self._lock:
            self._connect()
            self._refresh()
            token = _stepping.set(self)
            try:
                yield self._open_puller()
            finally:
                _stepping.reset(token)

    def _connect(self) -> None:
        self._check_open()
        if self._let_go is None:
            self._let_go = self._server.hold_open()

    def _open_puller(self) -> InMemoryPuller:
        if self._puller is None:
            self._puller = InMemoryPuller(self._server.queues, list(self._routes.by_channel))
        return self._puller

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("This Stepper is closed. Make a new one: stepper = Stepper(app).")

    def _check_channel(self, channel: str | None) -> None:
        if channel is not None and channel not in self._routes.by_channel:
            hint = nearest_name(channel, self._routes.by_channel)
            raise UnknownNameError(f"No actor listens on channel {channel!r}.{hint}")

    def _refresh(self) -> None:
        """Take in what was registered since, and point out what was registered twice."""
        before = list(self._routes.by_channel)
        self._routes = self.app.router.routes(known=self._routes)
        self._worker.actors = self._routes.by_channel
        if self._puller is not None and list(self._routes.by_channel) != before:
            self._puller.listen(list(self._routes.by_channel))
        self._stale.warn({channel: self._routes_of(channel) for channel in self._routes.by_channel})

    def _routes_of(self, channel: str) -> Sequence[Route]:
        return [route for route in self._routes.routes if route.actor.channel_address == channel]
