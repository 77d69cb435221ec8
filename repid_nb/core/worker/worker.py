"""The worker: pull, route, run, settle; for one message, or for as many as come."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence

from repid_nb.core import reasons
from repid_nb.core.abilities import PullerT, give_back, nack
from repid_nb.core.actor import ActorData, ActorExecutionContext
from repid_nb.core.events import Matched, Pulled, Settled, Watcher, guarded
from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.tasks import CancelRequests
from repid_nb.core.worker.deadlines import Deadlines
from repid_nb.core.worker.delivery import Delivery
from repid_nb.core.worker.sightings import Sightings
from repid_nb.core.worker.slots import Slots
from repid_nb.core.worker.subscription import open_puller
from repid_nb.core.worker.table import RoutingTable

__all__ = ["MAX_UNROUTED_RETRIES", "Worker"]

MAX_UNROUTED_RETRIES = 10
CANCELLATION_TIME = 1.0


class Worker:
    """Takes messages of some channels to their actors.

    Args:
        actors: The actors of each channel, in order of registration.
        max_unrouted_retries: At which sighting without a match a message is nacked as poison; repid's is 10.
    """

    def __init__(
        self,
        context: ActorExecutionContext,
        actors: Mapping[str, Sequence[ActorData]],
        *,
        max_unrouted_retries: int = MAX_UNROUTED_RETRIES,
        watcher: Watcher | None = None,
    ) -> None:
        self.actors = actors
        self.sightings = Sightings()
        self._context = context
        self._max_unrouted_retries = max_unrouted_retries
        self._watcher = watcher
        self._tell = None if watcher is None else guarded(watcher.told)
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

    def delivery(self, requests: CancelRequests | None = None) -> Delivery:
        """Make a Delivery for the current task; `requests` are those that end it, by default those to the task."""
        return Delivery(self._context, self._watcher, self._tell, self._deadlines, requests)

    async def deliver(self, message: ReceivedMessageT, delivery: Delivery | None = None) -> bool:
        """Take one pulled message its whole way; if that is interrupted or fails, put it back (`gives_back`).

        Returns:
            Whether an actor ran for it.
        """
        delivery = delivery or self.delivery()
        try:
            if self._watcher is not None:
                await self._reach(Pulled(message), self._watcher)
            try:
                actor = self.route(message)
            except (Exception, asyncio.CancelledError, GeneratorExit) as error:
                # A strategy is a plain function: even a CancelledError is its own, and no request to this task.
                logger.exception("actor.route.error", extra={"channel": message.channel})
                await self._leave(message, error)
                return False
            if actor is None:
                delivery.is_settling = True
                await self._settle_unrouted(message)
                return False
            if self._watcher is not None:
                await self._reach(Matched(message, actor), self._watcher)
            self.sightings.forget(message)
            await delivery.run(message, actor)
        except BaseException as error:
            if delivery.gives_back(error):
                await give_back(message)
            raise
        return True

    def route(self, message: ReceivedMessageT) -> ActorData | None:
        """Return the first actor of the message's channel, in order of registration, whose strategy says yes."""
        if self._watcher is not None:
            ask = self._watcher.ask
            return next((actor for actor in self.actors.get(message.channel, ()) if ask(actor, message)), None)
        table = self._tables.get(message.channel)
        if table is None:
            table = self._tables[message.channel] = RoutingTable(self.actors.get(message.channel, ()))
        return table.find(message)

    async def _leave(self, message: ReceivedMessageT, error: BaseException) -> None:
        if self._watcher is not None:
            await self._reach(Matched(message, None, error=error), self._watcher)
        self._told(Settled(message, None, reasons.strategy_raised(error)))

    async def _settle_unrouted(self, message: ReceivedMessageT) -> None:
        seen = self.sightings.count(message)
        if self._watcher is not None:
            await self._reach(Matched(message, None, seen), self._watcher)
        limit = self._max_unrouted_retries
        if seen < limit:
            reason = reasons.no_match(seen, limit)
            logger.warning("actor.route.not_found", extra={"channel": message.channel})
            await message.reject()
        else:
            self.sightings.forget(message)
            reason = reasons.poison(seen)
            logger.error("actor.route.poison_message", extra={"channel": message.channel, "sightings": seen})
            await nack(message, reason)
        self._told(Settled(message, message.action, reason))

    async def _reach(self, event: Pulled | Matched, watcher: Watcher) -> None:
        self._told(event)
        await watcher.reached(event)

    def _told(self, event: Pulled | Matched | Settled) -> None:
        if self._tell is not None:
            self._tell(event)

    async def run(
        self,
        *,
        messages_limit: float = math.inf,
        tasks_limit: int | None = 1000,
        graceful_shutdown_time: float = 25.0,
    ) -> int:
        """Work until `messages_limit` messages have run or `stop` is called. For one run only.

        Args:
            messages_limit: How many messages run, exactly; unrouted ones do not count.
            tasks_limit: How many run at once; None for no limit.
            graceful_shutdown_time: Seconds that running actors have to finish once the worker stops; then they are
                cancelled, have one more second to end, and their messages go back.

        Returns:
            How many messages an actor ran for.

        Raises:
            SystemExit, KeyboardInterrupt: An actor exited or the process was interrupted; the message goes back.
        """
        puller = await self._open_puller(list(self.actors), tasks_limit)
        try:
            slots = Slots(self.deliver, self.delivery, puller, messages_limit, tasks_limit, ended=self._stopping)
            return await self._run(puller, slots, graceful_shutdown_time)
        finally:
            # An interrupt may have cut the closing short; after a whole one this does nothing.
            puller.release()

    async def _open_puller(self, channels: Sequence[str], tasks_limit: int | None) -> PullerT:
        return await open_puller(self._context.server, channels, tasks_limit)

    async def _run(self, puller: PullerT, slots: Slots, graceful_shutdown_time: float) -> int:
        try:
            slots.start()
            await self._stopping.wait()
            await puller.stop()
            if slots.failure is None:
                await slots.wait(graceful_shutdown_time)
        finally:
            # Before anything is awaited: a second cancellation of this task must not leave actors running.
            slots.cancel()
            try:
                await puller.stop()
            finally:
                await self._end(puller, slots)
        if slots.failure is not None:
            raise slots.failure
        return slots.processed

    async def _end(self, puller: PullerT, slots: Slots) -> None:
        try:
            await slots.end(CANCELLATION_TIME)
        finally:
            self.close()
            await puller.close()

    def stop(self) -> None:
        """Pull nothing more, and let `run` end once the running actors have."""
        self._stopping.set()

    def close(self) -> None:
        """Take the timer for timeouts off the loop."""
        self._deadlines.close()
