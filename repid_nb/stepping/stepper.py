"""The Stepper: a worker that takes one pull at a time and keeps a history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from operator import itemgetter
from types import TracebackType
from typing import Any, Self
from weakref import WeakKeyDictionary

from repid_nb.app import Repid
from repid_nb.core.abilities import give_back, queued_of
from repid_nb.core.actor import OnErrorT
from repid_nb.core.checks import check_address
from repid_nb.core.errors import ClosedError, DeclarationError, InvalidMessageError, SteppingError, UnknownNameError
from repid_nb.core.events import Observer, guarded
from repid_nb.core.limits import Wait
from repid_nb.core.memory.contents import Checkpoint
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot, parent_name
from repid_nb.core.message import ReceivedMessageT, ServerT
from repid_nb.core.naming import a_kind, nearest_name
from repid_nb.core.registry import standing_in
from repid_nb.core.routing.routes import Routes
from repid_nb.core.worker.worker import MAX_UNROUTED_RETRIES
from repid_nb.given import check_number, check_window
from repid_nb.limits.gate import MustWaitError, gates_of
from repid_nb.printable import one_line
from repid_nb.stepping.brokers.choose import source_of
from repid_nb.stepping.editing import (
    ByHand,
    delete,
    empty,
    give_all_back,
    in_memory,
    put_again,
    sent_since,
    settle,
)
from repid_nb.stepping.fork import Fork, OtherRules, copied_server, forked_app
from repid_nb.stepping.names import names_of
from repid_nb.stepping.pictured import Filmed
from repid_nb.stepping.record import Explanation, History, Idle, Rewound, Sent, Step, Steps
from repid_nb.stepping.recorder import WINDOW, Gate, Recorder
from repid_nb.stepping.sending import Outgoing, with_topic
from repid_nb.stepping.source import Knowledge, PulledMessageT, Source
from repid_nb.stepping.stale_actors import StaleWatch
from repid_nb.stepping.timeline import Timeline
from repid_nb.stepping.trail import Trail, trail_of
from repid_nb.stepping.turns import Turns
from repid_nb.stepping.verdicts import VerdictCollector, strategy_of, unsent_message

__all__ = ["TRAIL_WINDOW", "Stepper"]


# How many messages of a channel a trail looks at.
TRAIL_WINDOW = 2_000

# In the order in which they were made, which a WeakSet does not keep.
_steppers: WeakKeyDictionary[Stepper, None] = WeakKeyDictionary()


class Stepper(Filmed):
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
        server = app.servers.find(server_name)
        self.app = app
        self.explain_all = explain_all
        self.max_unrouted_retries = max_unrouted_retries
        self.name = name
        self._server = server
        self._server_name = server_name
        self._routes: Routes = app.router.routes()
        self._stale = StaleWatch()
        self._turns = Turns()
        self._source: Source = source_of(server, app, self)
        self._names = names_of(server)
        self._names.listen(self._source.observe, self)
        self._recorder = Recorder(self._source, self._names, app.execution_context(server), max_unrouted_retries)
        first = 0 if _fork is None else _fork.step
        self._timeline = Timeline(self._source.journal, self._recorder.sightings, self._names, history_limit, first)
        self._closed = False
        self._fork = _fork
        if _fork is not None:
            self._names.go_on_from(_fork.names, _fork.copies)
            self._recorder.sightings.copy_from(_fork.sightings, _fork.copies)
        _steppers[self] = None

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

    def explain(
        self,
        channel: str,
        headers: Mapping[str, str] | None = None,
        payload: Any = None,
        *,
        topic: str | None = None,
    ) -> Explanation:
        """Return which actor would get a message, and why, without sending or pulling anything.

        Each strategy of the channel up to the first match is asked once, as for a real message: one that keeps state,
        such as a counter, counts this too. Later ones are asked as in a step.

        Args:
            channel: The channel that the message would come from.
            headers: Its headers.
            payload: Its payload; bytes as they are, anything else as JSON, None for an empty one.
            topic: The `topic` header.

        Returns:
            The verdict of each actor, and the winner.

        Raises:
            UnknownNameError: No actor listens on that channel.
            InvalidMessageError: The channel or a header is not a str, or `topic` and `headers['topic']` differ.
        """
        self._refresh()
        self._check_channel(channel)
        message = unsent_message(channel, payload, with_topic(headers, topic), self.app.default_serializer)
        verdicts, winner = VerdictCollector(self._routes, channel).explain(message, ask_all=self.explain_all)
        shown = replace(message.snapshot(), id=None, name="")
        waits = self._would_wait(channel, len(message.payload), winner)
        return Explanation(channel=channel, message=shown, verdicts=verdicts, winner=winner, waits=waits)

    @property
    def waits(self) -> tuple[Wait, ...]:
        """What the workers that run on this server in this process keep waiting now, and for which limit."""
        return tuple(wait for gate in gates_of(self._server) for wait in gate.waiting(self._name_of))

    def _would_wait(self, channel: str, size: int, winner: str | None) -> tuple[Wait, ...]:
        actor = next((one for one in self._routes.by_channel[channel] if one.name == winner), None)
        if actor is None:
            return ()
        found = (gate.would_wait(channel, size, actor, self._name_of) for gate in gates_of(self._server))
        return tuple(wait for wait in found if wait is not None)

    def _name_of(self, message: ReceivedMessageT) -> str:
        return self._names.of(queued_of(message) or message)

    @property
    def queues(self) -> QueuesSnapshot:
        """The queues now: the waiting messages in order, those in work, and the dead letters with their reasons.

        On a broker they are as they were seen last: by a step, a send or `look`.
        """
        return self.snapshot(None)

    async def look(self, window: int | None = WINDOW) -> QueuesSnapshot:
        """Look at the queues now, which takes and changes nothing; return what `snapshot` returns."""
        check_window(window)
        await self._open()
        return await self._recorder.look(window)

    @property
    def knows(self) -> Knowledge:
        """What is known of the broker, and what can be done there."""
        return self._source.knows

    @property
    def server(self) -> ServerT:
        """The server that the steps pull from."""
        return self._server

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` with a `Published` for each message that is sent; return a function that ends the calls.

        In memory these are all messages of the server; on a broker, those that this app sends.
        """
        return self._source.observe(observer)

    def on_step(self, heard: Callable[[Step], None]) -> Callable[[], None]:
        """Call `heard` with each step once it is recorded; return a function that ends the calls.

        When it raises, that is logged, and it is called no more.
        """
        guarded_listener = guarded(heard)
        self._timeline.listeners = (*self._timeline.listeners, guarded_listener)

        def end() -> None:
            left = (one for one in self._timeline.listeners if one is not guarded_listener)
            self._timeline.listeners = tuple(left)

        return end

    @property
    def gate(self) -> Gate | None:
        return self._recorder.gate

    @gate.setter
    def gate(self, gate: Gate | None) -> None:
        self._recorder.gate = gate

    @property
    def is_stepping(self) -> bool:
        """Whether a step is under way."""
        return self._turns.is_taken

    @property
    def next_channel(self) -> str | None:
        """The channel that the next `step()` will pull from; None when none with actors is known to have a message."""
        channels = list(self.app.router.routes(known=self._routes).by_channel)
        turn = self._source.turn
        return next(
            (channel for channel in (*channels[turn:], *channels[:turn]) if self._source.waiting(channel)), None
        )

    @property
    def listeners(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """The actors of each channel, in order of registration, each with the name of its strategy."""
        routes = self.app.router.routes(known=self._routes).routes_by_channel
        return {
            channel: tuple((route.actor.name, strategy_of(route)) for route in found)
            for channel, found in routes.items()
        }

    @property
    def history(self) -> History:
        """The steps so far; the oldest are dropped when there are more than `history_limit`."""
        return self._timeline.history

    @property
    def workers(self) -> Sequence[Stepper]:
        """The open Steppers of this server, the oldest first, and this one among them: each is a worker."""
        return tuple(one for one in _steppers if one._server is self._server and not one._closed)  # noqa: SLF001

    @property
    def moments(self) -> Sequence[tuple[int, Step]]:
        """The steps that are kept, each with its moment: a number by which steps of several Steppers come in order."""
        return self._timeline.kept

    def holds(self, owner: object) -> bool:
        """Return whether a `Moved` with this owner is about a message that this Stepper has pulled."""
        return owner is not None and owner is getattr(self._source, "holder", None)

    def trail(self, message: str) -> Trail:
        """Return the whole way of a message through all channels, with the messages that came of it.

        Args:
            message: Its name, such as m1 or m1.2, or its id.

        Returns:
            Each step that pulled it, of this and of other Steppers on the server, where it is now, and its children.

        Raises:
            UnknownNameError: No step that is kept and no queue has such a message.
        """
        timelines = [one._timeline for one in _steppers if one._server is self._server]  # noqa: SLF001
        steps = sorted((kept for timeline in timelines for kept in timeline.kept), key=itemgetter(0))
        return trail_of(message, [step for _, step in steps], self.snapshot(TRAIL_WINDOW))

    def rewind(self, to: int) -> Rewound:
        """Put the queues back as they were right after a step, as if what came later had never been sent or pulled.

        What the actors did (what they printed, changed or sent elsewhere) stays done.

        Args:
            to: The number of the step; 0 for the moment right before the first.

        Returns:
            Which steps were taken back, and the queues.

        Raises:
            UnknownNameError: There is no way back to that step; the message says how far there is one.
            SteppingError: A step is under way, or there is no way back on this broker.
        """
        self._check_rewind()
        return self._rewind(to)

    def restart(self) -> Rewound:
        """Go back to before the first step that is kept, and put all that was sent since on the queues again.

        What came from outside since then, from cells, pages or other apps, waits again in the order of its sending,
        with its names; what actors sent is gone.

        Returns:
            What `rewind` returns, with how many messages were put on their queues again.

        Raises:
            UnknownNameError: Too much has happened since.
            SteppingError: A step is under way, or there is no way back on this broker.
        """
        self._check_rewind()
        source, earliest = in_memory(self._source, "start again"), self._timeline.earliest
        assert source.journal is not None and earliest.mark is not None  # noqa: S101, PT018  (there is a way back)
        since = sent_since(source.journal, earliest.mark)
        rewound = self._rewind(earliest.number)
        from_outside = (put for put in since if parent_name(self._names.of(put.message)) is None)
        again = put_again(source.queues, from_outside)
        return replace(rewound, sent_again=again, queues=self.snapshot(WINDOW))

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
            DeclarationError: The order is not a list of names.
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
            fork = Fork(self._server, self._timeline.newest, self._names, self._recorder.sightings, copies)
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

    def delete(self, channel: str, message_id: str) -> MessageSnapshot:
        """Delete a message that waits, or a dead letter. A rewind brings it back.

        Args:
            channel: Its channel.
            message_id: Its id or its name.

        Returns:
            What it was.

        Raises:
            UnknownNameError: There is no such message.
            SteppingError: The messages are on a broker.
        """
        return delete(in_memory(self._source, "delete a message").queues, channel, message_id)

    def empty(self, channel: str | None = None) -> int:
        """Delete all messages that wait and all dead letters; return how many. A rewind brings them back.

        Args:
            channel: The channel; None for all.

        Raises:
            SteppingError: The messages are on a broker.
        """
        return empty(in_memory(self._source, "empty a channel").queues, channel)

    def settle(self, message_id: str, action: ByHand) -> MessageSnapshot:
        """Settle a message that a step has left in work, as one of an actor with `confirmation_mode="manual"`.

        Args:
            message_id: Its id or its name.
            action: `ack`, `nack`, `reject`; or `release`, which puts it back to its place.

        Returns:
            The message.

        Raises:
            UnknownNameError: This Stepper holds no such message.
            InvalidMessageError: There is no such action.
            SteppingError: The messages are on a broker, or a step is under way.
        """
        self._check_between_steps("settle a message")
        return settle(in_memory(self._source, "settle a message by hand"), message_id, action)

    def crash(self) -> tuple[MessageSnapshot, ...]:
        """Do what the end of a worker's process does: what it held goes back, and its sightings are forgotten.

        What its actors had done stays done. So they run again for the same message: delivery is at least once.

        Returns:
            The messages that went back.

        Raises:
            SteppingError: The messages are on a broker, or a step is under way: cancel its task first.
        """
        self._check_between_steps("crash the worker")
        source = in_memory(self._source, "crash the worker")
        self._timeline.crashed()
        return give_all_back(source)

    def checkpoint(self) -> Callable[[], None]:
        """Return a function that puts the queues, and all Steppers on them, back as they are now.

        Raises:
            SteppingError: The messages are on a broker.
        """
        queues = in_memory(self._source, "go back to a checkpoint").queues
        turns = [(one._source, one._source.turn) for one in self.workers]  # noqa: SLF001
        saved = [one._timeline.saved() for one in self.workers]  # noqa: SLF001
        restores = [Checkpoint(queues).restore, self._names.saved(), *saved]

        def restore() -> None:
            self._check_between_steps("go back to a checkpoint")
            for one in restores:
                one()
            for source, turn in turns:
                source.turn = turn

        return restore

    def _rewind(self, to: int) -> Rewound:
        self._source.hold()
        undone = self._timeline.rewind(to, self._source)
        moment = self._timeline.moment
        others = sum(
            len(one._timeline.forget_after(moment, one._source))  # noqa: SLF001
            for one in self.workers
            if one is not self
        )
        return Rewound(to=to, undone=undone, queues=self.snapshot(WINDOW), others=others)

    def resend(self, channel: str, message_id: str | None = None) -> int:
        """Put dead letters back on their queue, at the tail; their sightings start again.

        Args:
            channel: The channel of the dead letters.
            message_id: The id of the dead letter; None for all of them.

        Returns:
            How many were put back.

        Raises:
            UnknownNameError: There is no dead letter with that id.
            InvalidMessageError: The channel or the id is not a str.
            SteppingError: It takes a request to the broker: await `send_again`.
        """
        return self._source.resend_nowait(channel, message_id)

    async def send_again(self, channel: str, message_id: str | None = None) -> int:
        """Do what `resend` does, on a broker too, where it keeps dead letters that can be read.

        Raises:
            NotPullableError: The broker's dead letters cannot be reached.
        """
        await self._open()
        return await self._source.resend(channel, message_id)

    def keep_newest_actors(self) -> int:
        """Forget the actors that only an earlier run of their cell declared; return how many there were.

        An actor that a later run declared again is replaced already. One that its cell no longer declares, as when it
        was renamed, gets its messages until it is forgotten here. Actors of one name that one run declares (a loop, a
        helper) are all kept.
        """
        left_over = self.app.router.left_over()
        for (older, _), newest in reversed([*left_over.items()]):
            self.app.router.supersede(older, newest)
        self._refresh()
        return len(left_over)

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

    def snapshot(self, window: int | None = WINDOW) -> QueuesSnapshot:
        """Return a snapshot of the queues; on a broker, as they were seen last.

        Args:
            window: How many messages of each kind to show per channel; None for all. The totals always count all.

        Raises:
            InvalidMessageError: The window is not a number of messages.
        """
        check_window(window)
        return self._recorder.snapshot(window)

    @asynccontextmanager
    async def _turn(self, purpose: str) -> AsyncIterator[None]:
        """Wait until no step is under way, and let none begin inside the block.

        Args:
            purpose: What the caller does to the Stepper, for the error: "step" or "close".
        """
        if self._turns.is_taken and self._recorder.is_around_current_task:
            raise SteppingError(f"This Stepper is in the middle of a step: an actor cannot {purpose} what runs it.")
        if self._recorder.held is not None:
            raise SteppingError(
                f"Message {one_line(self._recorder.held, 60)} is held in the middle of its step. In the "
                "workbench, press Finish the step or Put it back."
            )
        async with self._turns.lock():
            yield

    @asynccontextmanager
    async def _stepping(self) -> AsyncIterator[Source]:
        async with self._turn("step"):
            self._check_open()
            self._refresh()
            with self._recorder.owning_tasks(), self._in_its_world():
                await self._open()
                yield self._source

    def _in_its_world(self) -> AbstractContextManager[None]:
        """Let actors of a fork, which know the app of the original, send to its own server."""
        return nullcontext() if self._fork is None else standing_in(self._server, self._fork.original)

    async def _open(self) -> None:
        self._check_open()
        self._source.hold()
        await self._source.open(list(self._routes.by_channel))

    def _check_rewind(self) -> None:
        self._check_open()
        if not self.knows.rewind:
            raise SteppingError(f"There is {self.knows.no_way_back}.")
        self._check_between_steps("rewind")

    def _check_between_steps(self, purpose: str) -> None:
        self._check_open()
        if any(one._turns.is_taken for one in _steppers if one._server is self._server):  # noqa: SLF001  (the same class)
            raise SteppingError(f"A Stepper of this server is in the middle of a step: {purpose} when it has ended.")

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("This Stepper is closed. Make a new one: stepper = Stepper(app).")

    def _check_channel(self, channel: str | None) -> None:
        if channel is None:
            return
        check_address(channel)
        if channel not in self._routes.by_channel:
            hint = nearest_name(channel, self._routes.by_channel)
            raise UnknownNameError(f"No actor listens on channel {channel!r}.{hint}")

    def _refresh(self) -> None:
        """Read the app's actors anew, and warn of those that are left over."""
        self._routes = self.app.router.routes(known=self._routes)
        if self._recorder.routes is not self._routes:
            self._recorder.routes = self._routes
            self._stale.warn(self._routes)
