"""The worker: pull, route, run, settle. For one message, and for as many as come."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence

from repid_nb.core.actor import ActorData, ActorExecutionContext
from repid_nb.core.delivery import Delivery, is_task_cancelled, nack
from repid_nb.core.errors import NotConnectedError
from repid_nb.core.events import Matched, Observer, Pulled, Settled, guarded
from repid_nb.core.in_memory import InMemoryServer
from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.pulling import InMemoryPuller, PullerT, SubscriptionPuller
from repid_nb.core.queue import InMemoryReceivedMessage
from repid_nb.core.sightings import Sightings

__all__ = ["MAX_UNROUTED_RETRIES", "Asking", "Worker"]

MAX_UNROUTED_RETRIES = 10
CANCELLATION_TIME = 1.0
MESSAGES_BETWEEN_YIELDS = 32

Asking = Callable[[ActorData, ReceivedMessageT], bool]


def _ask(actor: ActorData, message: ReceivedMessageT) -> bool:
    return actor.routing_strategy(message)


class Worker:
    """Takes messages of some channels to their actors.

    Args:
        context: The server, and what actors' dependencies may use.
        actors: The actors of each channel, in order of registration.
        max_unrouted_retries: At which sighting without a match a message is nacked as poison; repid's is 10.
        observer: Told of each message's way; None for nobody.
        ask: Asks one actor whether it takes a message, for who wants to listen in; by default its strategy is called.
    """

    def __init__(
        self,
        context: ActorExecutionContext,
        actors: Mapping[str, Sequence[ActorData]],
        *,
        max_unrouted_retries: int = MAX_UNROUTED_RETRIES,
        observer: Observer | None = None,
        ask: Asking = _ask,
    ) -> None:
        self.actors = actors
        self.sightings = Sightings()
        self._context = context
        self._max_unrouted_retries = max_unrouted_retries
        self._observer = None if observer is None else guarded(observer)
        self._ask = ask
        self._stopping = asyncio.Event()
        self._is_interrupted = is_task_cancelled
        self._lanes: set[asyncio.Task[None]] = set()
        self._cancelling_lanes = False
        self._pulling = 0
        self._processed = 0

    async def deliver(self, message: ReceivedMessageT) -> bool:
        """Take one pulled message its whole way; if that is interrupted, it goes back to where it was.

        Args:
            message: The message.

        Returns:
            Whether an actor ran for it.
        """
        try:
            self._tell(Pulled(message))
            try:
                actor = self.route(message)
            except Exception as error:
                logger.exception("actor.route.error", extra={"channel": message.channel})
                self._tell(Matched(message, None, error=error))
                self._tell(Settled(message, None, f"nobody settled it: a routing strategy raised {_name(error)}"))
                return False
            if actor is None:
                await self._settle_unrouted(message)
                return False
            self._tell(Matched(message, actor))
            self.sightings.forget(message)
            await Delivery(self._context, self._observer, self._is_interrupted).run(message, actor)
        except BaseException:
            await _give_back(message)
            raise
        return True

    def route(self, message: ReceivedMessageT) -> ActorData | None:
        """Return the first actor of the message's channel, in order of registration, whose strategy says yes."""
        for actor in self.actors.get(message.channel, ()):
            if self._ask(actor, message):
                return actor
        return None

    async def _settle_unrouted(self, message: ReceivedMessageT) -> None:
        seen = self.sightings.count(message)
        self._tell(Matched(message, None, seen))
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
                finished then is cancelled, and its message goes back to its place.

        Returns:
            How many messages an actor ran for.
        """
        puller = await self._open_puller(tasks_limit)
        self._is_interrupted = self._is_lane_interrupted
        budget = _Budget(messages_limit)
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            self._start_lane(puller, budget, tasks_limit)
            await asyncio.wait({stopping})
            puller.stop()
            await self._end_lanes(graceful_shutdown_time)
        finally:
            stopping.cancel()
            puller.stop()
            await self._end_lanes(0)
            await puller.close()
        return self._processed

    def stop(self) -> None:
        """Pull nothing more, and let `run` end once what runs is done."""
        self._stopping.set()

    async def _open_puller(self, tasks_limit: int) -> PullerT:
        server = self._context.server
        if isinstance(server, InMemoryServer):
            if not server.is_connected:
                raise NotConnectedError(
                    "Server is not connected, so the worker cannot pull. "
                    "Run it inside: async with app.servers.default.connection(): ...",
                )
            return InMemoryPuller(server.queues, list(self.actors))
        puller = SubscriptionPuller()
        await puller.open(server, list(self.actors), tasks_limit)
        return puller

    def _start_lane(self, puller: PullerT, budget: _Budget, tasks_limit: int) -> None:
        """Start a lane, which carries one message after another; lanes are added only as messages need them."""
        self._pulling += 1
        lane = asyncio.create_task(self._lane(puller, budget, tasks_limit))
        self._lanes.add(lane)
        lane.add_done_callback(self._lane_ended)

    def _lane_ended(self, lane: asyncio.Task[None]) -> None:
        self._lanes.discard(lane)
        if not lane.cancelled() and (error := lane.exception()) is not None:
            logger.critical("worker.lane.error", exc_info=error)
        if not self._lanes:
            self._stopping.set()

    async def _lane(self, puller: PullerT, budget: _Budget, tasks_limit: int) -> None:
        carried = 0
        # A place in the budget is taken before the pull, so that the limit is exact and nothing is held above it.
        while budget.take():
            message = await puller.pull()
            self._pulling -= 1
            if message is None:
                return
            if not self._pulling and budget and len(self._lanes) < tasks_limit:
                self._start_lane(puller, budget, tasks_limit)
            try:
                ran = await self.deliver(message)
            finally:
                puller.done(message)
            if ran:
                self._processed += 1
            else:
                budget.give_back()
            self._pulling += 1
            carried += 1
            if carried % MESSAGES_BETWEEN_YIELDS == 0:
                await asyncio.sleep(0)
        self._pulling -= 1

    async def _end_lanes(self, within: float) -> None:
        if self._lanes:
            await asyncio.wait(self._lanes, timeout=within)
        self._cancelling_lanes = bool(self._lanes)
        for lane in self._lanes:
            lane.cancel()
        if self._lanes:
            await asyncio.wait(self._lanes, timeout=CANCELLATION_TIME)

    def _is_lane_interrupted(self) -> bool:
        lane = asyncio.current_task()
        if self._cancelling_lanes or lane is None:
            return True
        # Only this worker ends lanes: any other cancellation is an actor's own, and the lane goes on without it.
        while lane.cancelling():
            lane.uncancel()
        return False

    def _tell(self, event: Pulled | Matched | Settled) -> None:
        if self._observer is not None:
            self._observer(event)


class _Budget:
    """How many more messages may run."""

    def __init__(self, limit: float) -> None:
        self._left = limit

    def __bool__(self) -> bool:
        return self._left > 0

    def take(self) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        return True

    def give_back(self) -> None:
        self._left += 1


async def _give_back(message: ReceivedMessageT) -> None:
    if isinstance(message, InMemoryReceivedMessage):
        message.release()
    elif not message.is_acted_on:
        await message.reject()


def _name(error: BaseException) -> str:
    return type(error).__name__
