"""The Stepper: a worker that takes one pull at a time and keeps a history."""

from __future__ import annotations

from asyncio import Lock
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from types import TracebackType
from typing import Any, Self

from repid_nb.app import Repid
from repid_nb.core.abilities import give_back
from repid_nb.core.actor import OnErrorT
from repid_nb.core.errors import DeclarationError, InvalidMessageError, SteppingError
from repid_nb.core.limits import Wait
from repid_nb.core.naming import a_kind
from repid_nb.core.registry import standing_in
from repid_nb.core.worker.worker import MAX_UNROUTED_RETRIES
from repid_nb.given import check_number
from repid_nb.limits.gate import MustWaitError
from repid_nb.printable import one_line
from repid_nb.stepping.editable import Editable
from repid_nb.stepping.fork import Fork, OtherRules, copied_server, forked_app
from repid_nb.stepping.memory import in_memory
from repid_nb.stepping.pictured import Filmed
from repid_nb.stepping.record import Idle, Sent, Step, Steps
from repid_nb.stepping.recorder import WINDOW, Gate
from repid_nb.stepping.rewindable import Rewindable
from repid_nb.stepping.sending import Outgoing, with_topic
from repid_nb.stepping.source import PulledMessageT, Source

__all__ = ["Stepper"]


class Stepper(Editable, Rewindable, Filmed):
    """Takes messages off an app's queues one at a time and records how each was decided.

    It is a worker of the app, the same code as `run_worker`, with one memory of sightings for its whole life. It
    connects to the server when first used, and keeps the connection open until it is closed.

    It steps the queues of an `InMemoryServer`, and those of a broker through repid's server objects: one message is
    held at a time, by the broker's own count. What a broker does not tell is None in a snapshot, and is said in a note;
    `knows` says what is known there.

    Args:
        app: The app, with a server registered.
        server_name: The server; None for the default.
        max_unrouted_retries: At which sighting without a match a message is nacked as poison; repid's own is 10.
        explain_all: Whether actors after the first match are asked too, for the explanation; they never run. One whose
            strategy may keep state, such as a counter, is not asked: it decides as in a worker.
        history_limit: How many steps are kept, at least 1.
        name: What its steps call this worker, where there are several.

    Attributes:
        gate: Awaited at each phase of a step, with the name of the phase (see `Phase`) and a function that builds the
            Step so far. Until it returns the message is held; cancelled meanwhile, the step gives it back. None for no
            stop.

    Raises:
        UnknownNameError: There is no such server.
        NotPullableError: What is registered is not a server.
        DeclarationError: `max_unrouted_retries` or `history_limit` is not a number of at least 1.
    """

    def __init__(
        self,
        app: Repid,
        server_name: str | None = None,
        max_unrouted_retries: int = MAX_UNROUTED_RETRIES,
        explain_all: bool = True,
        *,
        history_limit: int = 1000,
        name: str = "",
        _fork: Fork | None = None,
    ) -> None:
        check_number("max_unrouted_retries", max_unrouted_retries, "a number of sightings, at least 1", least=1)
        check_number("history_limit", history_limit, "a number of steps, at least 1", least=1)
        if not isinstance(app, Repid):
            raise DeclarationError(f"A Stepper takes a Repid app of repid_nb, not {a_kind(app)}.")
        super().__init__(
            app,
            server_name,
            max_unrouted_retries=max_unrouted_retries,
            explain_all=explain_all,
            history_limit=history_limit,
            fork=_fork,
        )
        self.name = name

    async def step(self, channel: str | None = None) -> Step | Idle:
        """Pull one message, deliver it, and record the delivery.

        Args:
            channel: The channel to pull from; None for each channel with actors in turn.

        Returns:
            The Step; or an Idle, which is falsy, when nothing waits, or what waits has no room in a limit policy.

        Raises:
            UnknownNameError: No actor listens on that channel.
            InvalidMessageError: The channel is not a str.
            ClosedError: The Stepper was closed.
            SteppingError: An actor tries to step the Stepper that runs it, or a message is held in its step.
            NotConnectedError: The broker does not answer.
            NotPullableError: The broker lacks what a step needs, such as the queue; the message says what.
            KeyboardInterrupt: The step was interrupted; the message is back at its place in the queue, or as near to it
                as the broker can put it.
        """
        async with self._stepping() as source:
            self._check_channel(channel)
            before = await self._recorder.look(WINDOW, () if channel is None else (channel,))
            self._timeline.begin(source.turn)
            waits: dict[str, Wait] = {}
            while True:
                message: PulledMessageT | None = await source.pull(channel)
                try:
                    if message is None:
                        return await self._idle(channel, waits.values())
                    step = await self._recorder.deliver(
                        message,
                        worker=self.name,
                        number=self._timeline.newest + 1,
                        before=before,
                        explain_all=self.explain_all,
                    )
                    self._timeline.add(step, message, seen_before=step.sightings - 1, turn=source.turn)
                    break
                except MustWaitError as no_room:
                    # It is back. The other channels are tried, each once.
                    if no_room.wait.channel in waits or channel is not None:
                        return await self._idle(channel, {**waits, no_room.wait.channel: no_room.wait}.values())
                    waits[no_room.wait.channel] = no_room.wait
                except BaseException:
                    # Once more, because an interrupt may have cut the recorder's own clean-up short.
                    if message is not None:
                        await give_back(message)
                    raise
            if self.gate is not None:
                await self.gate("settled", lambda: step)
            return step

    async def run(self, max_steps: int = 100, channel: str | None = None) -> Steps:
        """Step until nothing waits, at most `max_steps` times.

        Args:
            max_steps: The largest number of steps, at least 1.
            channel: The channel to pull from; None for each channel with actors in turn.

        Returns:
            The steps, and whether the empty queue or the bound ended the run.

        Raises:
            InvalidMessageError: `max_steps` is not a number of at least 1.
        """
        check_number("max_steps", max_steps, "at least 1", least=1, error=InvalidMessageError)
        steps: list[Step] = []
        while len(steps) < max_steps:
            step = await self.step(channel)
            if isinstance(step, Idle):
                return Steps(tuple(steps), "idle", len(step.waits))
            steps.append(step)
        counts = [self._source.waiting(one) for one in (self._routes.by_channel if channel is None else [channel])]
        known = [count for count in counts if count is not None]
        waiting = sum(known) if len(known) == len(counts) else None
        return Steps(tuple(steps), "idle" if waiting == 0 else "max_steps", waiting)

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
            What was sent; None when producer middleware kept it back. Messages that a Stepper sends in memory are
            called m1, m2, ... to make them easy to follow; a broker gives ids of its own.

        Raises:
            DestinationError: Both of channel and operation id, or neither.
            InvalidMessageError: `topic` and `headers['topic']` differ, a header is not a str, or the priority is out of
                range.
            SerializationError: The payload has no JSON form.
            SteppingError: The app has another server now, so this Stepper would never see the message.
            NotConnectedError, NotPullableError: As in `step`.
        """
        await self._open()
        if self.app.servers.get_server(self._server_name) is not self._server:
            raise SteppingError(
                "The app has another server by now, so this Stepper would never see the message. "
                "Make a new one: stepper = Stepper(app)."
            )
        return await self._source.send(
            self.app,
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

    def fork(
        self,
        step: int | None = None,
        *,
        order: Sequence[str] = (),
        on_error: OnErrorT | Mapping[str, OnErrorT] | None = None,
        priority: Mapping[str, int] | None = None,
    ) -> Stepper:
        """Make a second world: the same messages on queues of their own, with other rules. What if?

        The actors are the same functions, and strategies that keep state are shared with the first world. What the
        actors of the second one send stays there. For several workers, make more Steppers of its app:
        `Stepper(fork.app)`.

        Args:
            step: The number of the step after which the worlds part; None for now. Steps are numbered on from it.
            order: Names of actors that are asked first, in this order.
            on_error: What becomes of a message whose actor raised, for all actors or by their names.
            priority: Other priorities of waiting messages, 0 to 9, by their names: `{"m3": 9}`.

        Returns:
            The Stepper of the second world; it is closed like any other.

        Raises:
            UnknownNameError: There is no such actor, or no way back to that step.
            InvalidMessageError: A priority is out of range.
            DeclarationError: The order is not a list of names, or what `on_error` says is no action.
            SteppingError: The messages are on a broker, or a step is under way.
        """
        self._check_rewind()
        source = in_memory(self._source, "fork")
        router = OtherRules(self.app.router, order, on_error)
        restore = None
        if step is not None:
            restore = self.checkpoint()
            self._rewind(step)
        try:
            server, copies = copied_server(source.queues, self._names.of, priority or {})
            fork = Fork(self._timeline.newest, self._names, self._recorder.sightings, copies)
            made = Stepper(
                forked_app(self.app, self._server, server, router),
                self._server_name,
                self.max_unrouted_retries,
                self.explain_all,
                history_limit=self._timeline.limit,
                name=self.name,
                _fork=fork,
            )
            made._source.hold()
            made._source.turn = source.turn
        finally:
            if restore is not None:
                restore()
        return made

    @property
    def gate(self) -> Gate | None:
        return self._recorder.gate

    @gate.setter
    def gate(self, gate: Gate | None) -> None:
        self._recorder.gate = gate

    async def close(self) -> None:
        """Give back the messages that are not settled, and close the connection. The history stays.

        A step that is under way ends first.

        Raises:
            SteppingError: An actor tries to close the Stepper that runs it, or a message is held in its step.
        """
        async with self._turn("close"):
            if self._closed:
                return
            self._closed = True
            try:
                await self._source.close()
            finally:
                self._recorder.close()
                self._timeline.close()
                self._names.let_go(self)

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _idle(self, channel: str | None, waits: Iterable[Wait]) -> Idle:
        queues = await self._recorder.look(WINDOW)
        unheard = ((one.channel, one.waiting) for one in queues.channels if one.channel not in self._routes.by_channel)
        return Idle(
            channels=tuple(self._routes.by_channel) if channel is None else (channel,),
            unheard=tuple((name, waiting) for name, waiting in unheard if waiting),
            queues=queues,
            note=self._source.idle_note(),
            waits=tuple(waits),
        )

    def _turn(self, purpose: str) -> Lock:
        """Return the lock that no step holds when its block begins; `purpose` is "step" or "close"."""
        if self._turns.is_taken and self._recorder.is_around_current_task:
            raise SteppingError(f"This Stepper is in the middle of a step: an actor cannot {purpose} what runs it.")
        if self._recorder.held is not None:
            raise SteppingError(
                f"Message {one_line(self._recorder.held, 60)} is held in the middle of its step. In the "
                "workbench, press Finish the step or Put it back."
            )
        return self._turns.lock()

    @asynccontextmanager
    async def _stepping(self) -> AsyncIterator[Source]:
        async with self._turn("step"):
            self._check_open()
            self._refresh()
            with self._recorder.owning_tasks(), self._in_its_world():
                await self._open()
                yield self._source

    def _in_its_world(self) -> AbstractContextManager[None]:
        """Let actors of a copied app, such as a fork's, which know the app of the original, send to its own server."""
        original = self.app.original_server(self._server_name)
        return nullcontext() if original is None else standing_in(self._server, original)
