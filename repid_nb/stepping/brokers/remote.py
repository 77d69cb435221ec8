"""A broker as the source of a Stepper: one message at a time, and as much as can be known of the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from repid_nb.app import Repid
from repid_nb.core.errors import NotPullableError, SteppingError
from repid_nb.core.events import Event, Observer, Published, guarded
from repid_nb.core.memory.journal import Journal
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction, ReceivedMessageT, ServerT
from repid_nb.core.tasks import start
from repid_nb.notebook.interrupts import interruptible, take_error
from repid_nb.stepping.brokers.adapter import Adapter
from repid_nb.stepping.brokers.connecting import AT_MOST, Connection, answers, knock, raise_in_words, while_there
from repid_nb.stepping.brokers.endings import closed, watch
from repid_nb.stepping.brokers.fingerprints import Fingerprints, new_id_note, no_match
from repid_nb.stepping.brokers.holding import Holding, attempted
from repid_nb.stepping.brokers.labels import Labels
from repid_nb.stepping.brokers.looks import Looks
from repid_nb.stepping.brokers.publishing import publish
from repid_nb.stepping.brokers.pulls import Pull
from repid_nb.stepping.brokers.remote_message import RemoteMessage
from repid_nb.stepping.names import names_of
from repid_nb.stepping.record import Sent
from repid_nb.stepping.sending import Outgoing
from repid_nb.stepping.source import Aftermath, Knowledge, PulledMessageT, SightingsOf

__all__ = ["RemoteSource"]

T = TypeVar("T")

# Seconds that a step waits for a message where the broker cannot say that there is none.
PATIENCE = 1.0
# How many messages of each kind are asked for after a send.
SHOWN = 20
# How often, and after how many seconds, a broker that counts late is asked again about what was just sent.
LATE_LOOKS = 10
BETWEEN_LATE_LOOKS = 0.01


class RemoteSource:
    """Pulls from a broker, through an adapter for its kind.

    Two rules keep messages from being lost, however a step is interrupted: a pull that is under way is never cancelled,
    and a settlement that has begun is always seen through.

    Args:
        app: The app whose sent messages are told to observers.
        owner: The object that uses it. When the owner is collected as garbage, what it held goes back.
    """

    def __init__(self, adapter: Adapter, app: Repid, owner: object) -> None:
        self.knows: Knowledge = adapter.knows
        self.journal: Journal | None = None
        self.turn = 0
        self._adapter = adapter
        self._app = app
        self._patience = PATIENCE
        self._connection = Connection(adapter)
        self._opening = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pulls: dict[str, Pull] = {}
        self._labels = Labels(names_of(adapter.server))
        self._looks = Looks(adapter, self._labels)
        self._holding = Holding(adapter, self._told, self._labels.label)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._observers: tuple[Observer, ...] = ()
        self._fingerprints = Fingerprints()
        self._finalizer = watch(self, owner)

    def hold(self) -> None:
        pass

    async def open(self, channels: Sequence[str]) -> None:
        self._check_loop()
        self._looks.channels = list(channels)
        self.turn = self.turn if self.turn < len(channels) else 0
        await self._seen_through(self._open(channels))

    async def pull(self, channel: str | None) -> RemoteMessage | None:
        with interruptible():
            await self._end_other_pulls(channel)
            if channel is not None:
                return await self._pull(channel, self._time_for(channel, 1))
            for here in self._in_order():
                message = await self._pull(here, self._time_for(here, len(self._looks.channels)))
                if message is not None:
                    self.turn = (self._looks.channels.index(here) + 1) % len(self._looks.channels)
                    return message
            return None

    def seen(self, message: PulledMessageT, by_worker: int) -> int:
        return by_worker if self.knows.keeps_ids else self._fingerprints.of(message.snapshot())

    def accounts_for(self, message: PulledMessageT, error: BaseException) -> bool:
        return isinstance(message, RemoteMessage) and bool(message.failure) and isinstance(error, Exception)

    async def finish(self, message: PulledMessageT, *, matched: bool, window: int) -> Aftermath:
        assert isinstance(message, RemoteMessage)  # noqa: S101  (this source hands out nothing else)
        self._holding.end(message)
        if message.action is MessageAction.rejected and not self.knows.keeps_ids:
            self._labels.comes_again(message.snapshot())
        # It has happened: the step is told of first, also where a request to end comes now.
        finishing = self._start(self._finish(message, window))
        requests = 0
        while not finishing.done():
            try:
                await asyncio.shield(finishing)
            except asyncio.CancelledError:
                requests += 1
        task = asyncio.current_task()
        if requests and task is not None:
            for _ in range(requests):
                task.uncancel()
            task.cancel()
        return self._aftermath(message, matched=matched)

    def snapshot(self, window: int | None, _sightings: SightingsOf, channels: Iterable[str]) -> QueuesSnapshot:
        return self._looks.snapshot(window, channels)

    async def look(self, window: int | None, _sightings: SightingsOf, channels: Iterable[str]) -> QueuesSnapshot:
        await self._looks.look(window)
        return self._looks.snapshot(window, channels)

    def waiting(self, channel: str) -> int | None:
        return self._looks.waiting(channel)

    def idle_note(self) -> str:
        return self._looks.idle_note(self._patience)

    def observe(self, observer: Observer) -> Callable[[], None]:
        guarded_observer = guarded(observer)

        def tell(event: Event) -> None:
            if isinstance(event, Published):
                self._looks.note_channel(event.channel)
            guarded_observer(event)

        end_app = self._app.observe(tell, self._before_sending)
        self._observers = (*self._observers, tell)

        def end() -> None:
            end_app()
            self._observers = tuple(one for one in self._observers if one is not tell)

        return end

    async def send(self, app: Repid, outgoing: Outgoing) -> Sent | None:
        publishing = self._start(self._publish(app, outgoing))
        try:
            message = await while_there(self._adapter, publishing)
        except BaseException as error:
            publishing.cancel()
            if not isinstance(error, Exception) or isinstance(error, (TypeError, ValueError, LookupError)):
                raise
            await raise_in_words(self._adapter, error)
        if message is None:
            return None
        self._looks.note_channel(message.channel)
        for _ in range(LATE_LOOKS if self._adapter.counts_late else 1):
            await self._looks.look(SHOWN)
            if self.waiting(message.channel) != 0:
                break
            await asyncio.sleep(BETWEEN_LATE_LOOKS)
        return Sent(message=message, waiting=self.waiting(message.channel))

    def resend_nowait(self, channel: str, message_id: str | None) -> int:  # noqa: ARG002  (the port's)
        raise SteppingError(
            f"On {self.knows.broker} that takes a request: await stepper.send_again(channel, letter.message.id)."
        )

    async def resend(self, channel: str, message_id: str | None) -> int:
        try:
            sent = await while_there(self._adapter, self._start(self._adapter.resend(channel, message_id)))
        except Exception as error:
            await raise_in_words(self._adapter, error)
        await self._looks.look(SHOWN)
        return sent

    async def close(self) -> None:
        self._finalizer.detach()
        closed(self)
        # Also when the task that closes is cancelled: what is held has to go back.
        await asyncio.wait({self._start(self._close())}, timeout=2 * AT_MOST)

    async def rescue(self) -> None:
        """Give back what is held, on connections of their own: the loop that they were pulled on has ended."""
        for kept in self._adapter.kept():
            await self._adapter.rescue(kept)
        await self._holding.rescue()

    @property
    def holds(self) -> bool:
        """Whether a message is held."""
        return bool(self._holding) or bool(self._adapter.kept())

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that the connection belongs to."""
        return self._loop

    async def _publish(self, app: Repid, outgoing: Outgoing) -> MessageSnapshot | None:
        channel = outgoing.channel or app.address_of(None, outgoing.operation_id)
        await self._adapter.prepare(channel)
        try:
            return await publish(app, self._adapter, outgoing)
        except Exception as error:
            if refusal := self._adapter.refused(channel, error):
                raise refusal from error
            raise

    async def _before_sending(self, server: ServerT, channel: str) -> None:
        if server is self._adapter.server:
            await self._adapter.forewarn(channel)

    async def _open(self, channels: Sequence[str]) -> None:
        # A workbench looks while a step is under way.
        async with self._opening:
            if self._looks.has_failed:
                # Otherwise a request would take its time.
                await knock(self._adapter)
                self._looks.has_failed = False
            await self._connection.open()
            try:
                await while_there(self._adapter, self._start(self._adapter.open(channels)))
            except Exception as error:
                self._looks.forget()
                await raise_in_words(self._adapter, error)

    async def _close(self) -> None:
        others = self._tasks - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=AT_MOST)
        for pull in self._pulls.values():
            message = await pull.answer()
            if message is not None:
                await attempted(partial(self._adapter.leave, message))
        self._pulls.clear()
        await self._holding.leave()
        await attempted(self._adapter.close)
        await self._connection.close()

    def _in_order(self) -> list[str]:
        """Return the channels in turn, but first those where a message is known to wait."""
        channels = self._looks.channels
        order = [*channels[self.turn :], *channels[: self.turn]]
        return sorted(order, key=lambda channel: not (channel in self._pulls or self.waiting(channel)))

    def _time_for(self, channel: str, among: int) -> float:
        """Return how long to wait for a message: not at all where it is known that nothing is there."""
        if self._looks.is_empty(channel):
            return 0.0
        return self._patience if self.waiting(channel) else self._patience / among

    async def _pull(self, channel: str, within: float) -> RemoteMessage | None:
        # An interrupted step has left its pull: this one takes the answer.
        pull = self._pulls.get(channel)
        if pull is None or not await pull.take_over():
            pull = self._pulls[channel] = Pull(self._start(self._pull_once(channel, within)), self._adapter)
        try:
            message = await while_there(self._adapter, pull.task)
            if message is None and self._adapter.hides_loss:
                await knock(self._adapter)
        except asyncio.CancelledError:
            pull.leave()
            raise
        except Exception as error:
            self._looks.has_failed = True
            if isinstance(error, NotPullableError):
                self._looks.forget()
            # Where the broker is gone and the request goes on, the next step has its answer.
            if pull.task.done():
                self._pulls.pop(channel, None)
            await raise_in_words(self._adapter, error)
        self._pulls.pop(channel, None)
        return None if message is None else self._holding.take(message)

    async def _pull_once(self, channel: str, within: float) -> ReceivedMessageT | None:
        try:
            return await self._adapter.pull(channel, within)
        except Exception as error:
            if not self._adapter.lost(channel, error):
                raise
        await self._adapter.open([channel])
        return await self._adapter.pull(channel, within)

    async def _end_other_pulls(self, channel: str | None) -> None:
        """Wait until the answers of interrupted pulls on other channels are back: only one message is held."""
        for other, pull in list(self._pulls.items()):
            if channel is not None and other != channel:
                await pull.end()
                self._pulls.pop(other, None)

    async def _finish(self, message: RemoteMessage, window: int) -> None:
        if message.failure and not await answers(self._adapter):
            self._looks.lose()
            return
        if message.failure and not message.inner.is_acted_on:
            # The broker is there, and only this settlement could not be done.
            await attempted(partial(self._adapter.give_back, message.inner))
        elif message.action is not None:
            await attempted(partial(self._adapter.done, message.inner))
        await self._looks.look(window)

    def _aftermath(self, message: RemoteMessage, *, matched: bool) -> Aftermath:
        note = self._adapter.note(message.inner)
        if message.action is MessageAction.nacked:
            self._labels.nacked(message.snapshot())
        reason = ""
        if not self.knows.keeps_ids and not matched and message.action is MessageAction.rejected:
            reason = no_match(self._fingerprints.count(message.snapshot()))
            note = " ".join(filter(None, [note, new_id_note(self.knows.broker)]))
        elif not self.knows.keeps_ids:
            self._fingerprints.forget(message.snapshot())
        if message.failure:
            return Aftermath(doubt=message.failure, where="not confirmed", note=note)
        doubt = self._adapter.doubt(message.inner) if message.action is not None else ""
        if doubt:
            return Aftermath(doubt=doubt, where="sent, not confirmed", note=note)
        return Aftermath(reason=reason, where=self._adapter.where(message.action, message.channel), note=note)

    def _told(self, event: Event) -> None:
        for tell in self._observers:
            tell(event)

    def _check_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not loop:
            raise SteppingError(
                f"The connection to {self.knows.broker} belongs to another event loop. Make the server object, the app "
                "and the Stepper anew, and use them on one loop."
            )
        self._loop = loop

    async def _seen_through(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Await a request that goes on when the caller is cancelled: cut short, it would leave a broken connection."""
        return await asyncio.shield(self._start(coroutine))

    def _start(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = start(coroutine)
        # A loop keeps no reference to its tasks.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(take_error)
        return task
