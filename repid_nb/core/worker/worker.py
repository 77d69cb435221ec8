"""The worker: pull, route, run, settle. For one message, and for as many as come."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence

from repid_nb.core.abilities import PullerT, give_back, nack
from repid_nb.core.actor import ActorData, ActorExecutionContext
from repid_nb.core.events import Matched, Observer, Pulled, Settled, guarded
from repid_nb.core.logger import logger
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.worker.deadlines import Deadlines
from repid_nb.core.worker.delivery import INTERRUPTIONS, Delivery, Gate, is_task_cancelled
from repid_nb.core.worker.sightings import Sightings
from repid_nb.core.worker.slots import Lanes
from repid_nb.core.worker.subscription import SubscriptionPuller
from repid_nb.core.worker.table import RoutingTable

__all__ = ["MAX_UNROUTED_RETRIES", "Asking", "Worker"]

MAX_UNROUTED_RETRIES = 10
CANCELLATION_TIME = 1.0

Asking = Callable[[ActorData, ReceivedMessageT], bool]


class Worker:
    """Takes messages of some channels to their actors.

    Args:
        context: The server, and what actors' dependencies may use.
        actors: The actors of each channel, in order of registration.
        max_unrouted_retries: At which sighting without a match a message is nacked as poison; repid's is 10.
        observer: Told of each message's way; None for nobody.
        ask: Asks one actor whether it takes a message, for who wants to listen in; None for nobody.
        gate: Awaited after each phase of a delivery, for who wants to hold a message there; None for no stop.
        is_interrupted: Says of a cancellation of a delivery whether it came from outside; otherwise the actor cancelled
            itself. In `run` the worker knows that itself.
    """

    def __init__(
        self,
        context: ActorExecutionContext,
        actors: Mapping[str, Sequence[ActorData]],
        *,
        max_unrouted_retries: int = MAX_UNROUTED_RETRIES,
        observer: Observer | None = None,
        ask: Asking | None = None,
        gate: Gate | None = None,
        is_interrupted: Callable[[], bool] = is_task_cancelled,
    ) -> None:
        self.actors = actors
        self.sightings = Sightings()
        self._context = context
        self._max_unrouted_retries = max_unrouted_retries
        self._observer = None if observer is None else guarded(observer)
        self._ask = ask
        self._gate = gate
        self._is_watched = observer is not None or gate is not None
        self._is_interrupted = is_interrupted
        self._deadlines = Deadlines()
        self._stopping = asyncio.Event()

    @property
    def actors(self) -> Mapping[str, Sequence[ActorData]]:
        """The actors of each channel, in order of registration."""
        return self._actors

    @actors.setter
    def actors(self, actors: Mapping[str, Sequence[ActorData]]) -> None:
        self._actors = actors
        self._tables: dict[str, RoutingTable] = {}

    def delivery(self) -> Delivery:
        """Return what takes one message after another through the actors that win them, in one task."""
        return Delivery(self._context, self._observer, self._is_interrupted, self._gate, self._deadlines)

    async def deliver(self, message: ReceivedMessageT, delivery: Delivery | None = None) -> bool:
        """Take one pulled message its whole way; if that is interrupted or fails, it goes back to where it was.

        What only an actor can have raised, a BaseException that is no interruption, leaves the message in work.

        Args:
            message: The message.
            delivery: The current task's, where it has one.

        Returns:
            Whether an actor ran for it.
        """
        try:
            if self._is_watched:
                await self._reach(Pulled(message))
            try:
                actor = self.route(message)
            except Exception as error:
                logger.exception("actor.route.error", extra={"channel": message.channel})
                await self._reach(Matched(message, None, error=error))
                self._tell(Settled(message, None, f"nobody settled it: a routing strategy raised {_name(error)}"))
                return False
            if actor is None:
                await self._settle_unrouted(message)
                return False
            if self._is_watched:
                await self._reach(Matched(message, actor))
            self.sightings.forget(message)
            await (delivery or self.delivery()).run(message, actor)
        except (Exception, *INTERRUPTIONS):
            await give_back(message)
            raise
        return True

    def route(self, message: ReceivedMessageT) -> ActorData | None:
        """Return the first actor of the message's channel, in order of registration, whose strategy says yes."""
        if self._ask is not None:
            return next((actor for actor in self.actors.get(message.channel, ()) if self._ask(actor, message)), None)
        table = self._tables.get(message.channel)
        if table is None:
            table = self._tables[message.channel] = RoutingTable(self.actors.get(message.channel, ()))
        return table.find(message)

    async def _settle_unrouted(self, message: ReceivedMessageT) -> None:
        seen = self.sightings.count(message)
        await self._reach(Matched(message, None, seen))
        limit = self._max_unrouted_retries
        if seen < limit:
            reason = f"no actor matched (sighting {seen} of {limit})"
            logger.warning("actor.route.not_found", extra={"channel": message.channel})
            await message.reject()
        else:
            self.sightings.forget(message)
            reason = f"poison message: no actor matched in {seen} sightings"
            logger.error("actor.route.poison_message", extra={"channel": message.channel, "sightings": seen})
            await nack(message, reason)
        self._tell(Settled(message, message.action, reason))

    async def run(
        self,
        *,
        messages_limit: float = math.inf,
        tasks_limit: int = 1000,
        graceful_shutdown_time: float = 25.0,
    ) -> int:
        """Work until `messages_limit` messages have run or `stop` is called. For one run only.

        Args:
            messages_limit: How many messages run, exactly; unrouted ones do not count.
            tasks_limit: How many run at once.
            graceful_shutdown_time: Seconds that running actors have to finish once the worker stops; what is not
                finished then is cancelled, has one more second to end by that, and its message goes back to its place.

        Returns:
            How many messages an actor ran for.
        """
        puller = await self._open_puller(tasks_limit)
        lanes = Lanes(self, puller, messages_limit, tasks_limit, ended=self._stopping)
        self._is_interrupted = lanes.is_interrupted
        try:
            lanes.start()
            await self._stopping.wait()
            await puller.stop()
            await lanes.wait(graceful_shutdown_time)
        finally:
            # Before anything is awaited: a second cancellation of this task must not leave actors running.
            lanes.cancel()
            try:
                await puller.stop()
                await lanes.wait(CANCELLATION_TIME)
            finally:
                self._deadlines.close()
                await puller.close()
        return lanes.processed

    def stop(self) -> None:
        """Pull nothing more, and let `run` end once what runs is done."""
        self._stopping.set()

    async def _open_puller(self, tasks_limit: int) -> PullerT:
        server = self._context.server
        # A subclass that subscribes in its own way is to be asked for its messages in that way.
        if isinstance(server, InMemoryServer) and type(server).subscribe is InMemoryServer.subscribe:
            return server.puller(list(self.actors))
        puller = SubscriptionPuller()
        await puller.open(server, list(self.actors), tasks_limit)
        return puller

    async def _reach(self, event: Pulled | Matched) -> None:
        self._tell(event)
        if self._gate is not None:
            await self._gate(event)

    def _tell(self, event: Pulled | Matched | Settled) -> None:
        if self._observer is not None:
            self._observer(event)


def _name(error: BaseException) -> str:
    return type(error).__name__
