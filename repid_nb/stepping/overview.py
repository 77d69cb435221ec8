"""What a Stepper shows: the queues, its history, and what can be known of its server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any, Self, cast
from weakref import WeakKeyDictionary

from repid_nb.app import Repid
from repid_nb.core.abilities import queued_of
from repid_nb.core.checks import check_address
from repid_nb.core.errors import ClosedError, SteppingError, UnknownNameError
from repid_nb.core.events import Observer, guarded
from repid_nb.core.limits import Wait
from repid_nb.core.memory.snapshot import QueuesSnapshot
from repid_nb.core.message import ReceivedMessageT, ServerT
from repid_nb.core.naming import nearest_name
from repid_nb.core.routing.routes import Routes
from repid_nb.core.uncopied import Uncopied
from repid_nb.given import check_window
from repid_nb.limits.gate import gates_of
from repid_nb.printable import counted
from repid_nb.stepping.brokers.choose import source_of
from repid_nb.stepping.fork import Fork
from repid_nb.stepping.names import names_of
from repid_nb.stepping.record import Explanation, History, Step
from repid_nb.stepping.recorder import WINDOW, Recorder
from repid_nb.stepping.sending import with_topic
from repid_nb.stepping.source import Knowledge, Source
from repid_nb.stepping.stale_actors import StaleWatch
from repid_nb.stepping.timeline import Timeline
from repid_nb.stepping.trail import TRAIL_WINDOW, Trail, trail_of
from repid_nb.stepping.turns import Turns
from repid_nb.stepping.verdicts import VerdictCollector, strategy_of, unsent_message

__all__ = ["Overview"]

# In the order in which they were made, which a WeakSet does not keep.
_steppers: WeakKeyDictionary[Overview, None] = WeakKeyDictionary()


class Overview(Uncopied):
    """What a Stepper is made of, and all that can be seen there; nothing here takes or changes a message.

    Args:
        fork: Where this world parts from another one; None where it does not. The others are those of a Stepper.
    """

    _instead = "stepper.fork() is a second world; stepper.history can be copied and pickled."
    name: str = ""

    def __init__(
        self,
        app: Repid,
        server_name: str | None,
        *,
        max_unrouted_retries: int,
        explain_all: bool,
        history_limit: int,
        fork: Fork | None,
    ) -> None:
        server = app.servers.find(server_name)
        self.app = app
        self.explain_all = explain_all
        self.max_unrouted_retries = max_unrouted_retries
        self._server = server
        self._server_name = server_name
        self._routes: Routes = app.router.routes()
        self._stale = StaleWatch()
        self._turns = Turns()
        self._source: Source = source_of(server, app, self)
        self._names = names_of(server)
        self._names.listen(self._source.observe, self)
        self._recorder = Recorder(self._source, self._names, app.execution_context(server), max_unrouted_retries)
        first = 0 if fork is None else fork.step
        self._timeline = Timeline(self._source.journal, self._recorder.sightings, self._names, history_limit, first)
        self._closed = False
        self._fork = fork
        if fork is not None:
            self._names.go_on_from(fork.names, fork.copies)
            self._recorder.sightings.copy_from(fork.sightings, fork.copies)
        _steppers[self] = None

    def __repr__(self) -> str:
        queues = [one for one in self.snapshot(0).channels if one.waiting is not None]
        told = [counted(len(self.history), "step"), *(f"{one.channel}: {one.waiting} waiting" for one in queues)]
        return f"<{type(self).__name__}{self.name and f' {self.name!r}'} {'; '.join(told)}>"

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

    def snapshot(self, window: int | None = WINDOW) -> QueuesSnapshot:
        """Return a snapshot of the queues; on a broker, as they were seen last.

        Args:
            window: How many messages of each kind to show per channel; None for all. The totals always count all.

        Raises:
            InvalidMessageError: The window is not a number of messages.
        """
        check_window(window)
        return self._recorder.snapshot(window)

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

    @property
    def knows(self) -> Knowledge:
        """What is known of the broker, and what can be done there."""
        return self._source.knows

    @property
    def server(self) -> ServerT:
        """The server that the steps pull from."""
        return self._server

    @property
    def listeners(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """The actors of each channel, in order of registration, each with the name of its strategy."""
        routes = self.app.router.routes(known=self._routes).routes_by_channel
        return {
            channel: tuple((route.actor.name, strategy_of(route)) for route in found)
            for channel, found in routes.items()
        }

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
    def history(self) -> History:
        """The steps so far; the oldest are dropped when there are more than `history_limit`."""
        return self._timeline.history

    @property
    def moments(self) -> Sequence[tuple[int, Step]]:
        """The steps that are kept, each with its moment: a number by which steps of several Steppers come in order."""
        return self._timeline.kept

    @property
    def workers(self) -> Sequence[Self]:
        """The open Steppers of this server, the oldest first, and this one among them: each is a worker."""
        return tuple(cast("Self", one) for one in self._all_here() if not one._closed)  # noqa: SLF001  (the same class)

    def trail(self, message: str) -> Trail:
        """Return the whole way of a message through all channels, with the messages that came of it.

        Args:
            message: Its name, such as m1 or m1.2, or its id.

        Returns:
            Each step that pulled it, of this and of other Steppers on the server, where it is now, and its children.

        Raises:
            UnknownNameError: No step that is kept and no queue has such a message.
        """
        steps = sorted((kept for one in self._all_here() for kept in one.moments), key=itemgetter(0))
        return trail_of(message, [step for _, step in steps], self.snapshot(TRAIL_WINDOW))

    def holds(self, owner: object) -> bool:
        """Return whether a `Moved` with this owner is about a message that this Stepper has pulled."""
        return owner is not None and owner is getattr(self._source, "holder", None)

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

    def _would_wait(self, channel: str, size: int, winner: str | None) -> tuple[Wait, ...]:
        actor = next((one for one in self._routes.by_channel[channel] if one.name == winner), None)
        if actor is None:
            return ()
        found = (gate.would_wait(channel, size, actor, self._name_of) for gate in gates_of(self._server))
        return tuple(wait for wait in found if wait is not None)

    def _name_of(self, message: ReceivedMessageT) -> str:
        return self._names.of(queued_of(message) or message)

    def _all_here(self) -> list[Overview]:
        """Return the Steppers of this server, the oldest first, the closed ones too."""
        return [one for one in _steppers if one.server is self._server]

    async def _open(self) -> None:
        self._check_open()
        self._source.hold()
        await self._source.open(list(self._routes.by_channel))

    def _refresh(self) -> None:
        """Read the app's actors anew, and warn of those that are left over."""
        self._routes = self.app.router.routes(known=self._routes)
        if self._recorder.routes is not self._routes:
            self._recorder.routes = self._routes
            self._stale.warn(self._routes)

    def _check_channel(self, channel: str | None) -> None:
        if channel is None:
            return
        check_address(channel)
        if channel not in self._routes.by_channel:
            hint = nearest_name(channel, self._routes.by_channel)
            raise UnknownNameError(f"No actor listens on channel {channel!r}.{hint}")

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("This Stepper is closed. Make a new one: stepper = Stepper(app).")

    def _check_between_steps(self, purpose: str) -> None:
        self._check_open()
        if any(one.is_stepping for one in self._all_here()):
            raise SteppingError(f"A Stepper of this server is in the middle of a step: {purpose} when it has ended.")
