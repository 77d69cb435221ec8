"""The worker: pull, route, run, settle. For one message, and for as many as come."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import copy_context
from typing import Any

from repid_nb.core.actor import ActorData, ActorExecutionContext
from repid_nb.core.delivery import Delivery, Gate, is_task_cancelled, nack
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
        gate: Awaited after each phase of a delivery, for who wants to hold a message there; None for no stop.
    """

    def __init__(
        self,
        context: ActorExecutionContext,
        actors: Mapping[str, Sequence[ActorData]],
        *,
        max_unrouted_retries: int = MAX_UNROUTED_RETRIES,
        observer: Observer | None = None,
        ask: Asking = _ask,
        gate: Gate | None = None,
    ) -> None:
        self.actors = actors
        self.sightings = Sightings()
        self._context = context
        self._max_unrouted_retries = max_unrouted_retries
        self._observer = None if observer is None else guarded(observer)
        self._ask = ask
        self._gate = gate
        self._stopping = asyncio.Event()
        self._is_interrupted = is_task_cancelled

    async def deliver(self, message: ReceivedMessageT) -> bool:
        """Take one pulled message its whole way; if that is interrupted, it goes back to where it was.

        Args:
            message: The message.

        Returns:
            Whether an actor ran for it.
        """
        try:
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
            await self._reach(Matched(message, actor))
            self.sightings.forget(message)
            await Delivery(self._context, self._observer, self._is_interrupted, self._gate).run(message, actor)
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
                finished then is cancelled, and its message goes back to its place.

        Returns:
            How many messages an actor ran for.
        """
        puller = await self._open_puller(tasks_limit)
        lanes = _Lanes(self.deliver, puller, messages_limit, tasks_limit, ended=self._stopping)
        self._is_interrupted = lanes.is_interrupted
        try:
            lanes.start()
            await self._stopping.wait()
            await puller.stop()
            await lanes.end(graceful_shutdown_time)
        finally:
            try:
                await puller.stop()
                await lanes.end(0)
            finally:
                await puller.close()
        return lanes.processed

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

    async def _reach(self, event: Pulled | Matched) -> None:
        self._tell(event)
        if self._gate is not None:
            await self._gate(event)

    def _tell(self, event: Pulled | Matched | Settled) -> None:
        if self._observer is not None:
            self._observer(event)


class _Lanes:
    """Tasks that carry one message after another, at most `tasks_limit` of them, added only as messages need them.

    Args:
        deliver: Takes a message its whole way and says whether an actor ran for it.
        puller: Where messages come from.
        messages_limit: How many messages may run.
        tasks_limit: How many may run at once.
        ended: Set when there is no lane left.
    """

    def __init__(
        self,
        deliver: Callable[[ReceivedMessageT], Coroutine[Any, Any, bool]],
        puller: PullerT,
        messages_limit: float,
        tasks_limit: int,
        *,
        ended: asyncio.Event,
    ) -> None:
        self.processed = 0
        self._deliver = deliver
        self._puller = puller
        self._left = messages_limit
        self._tasks_limit = tasks_limit
        self._ended = ended
        self._lanes: set[asyncio.Task[None]] = set()
        self._pulling = 0
        self._ending = False
        self._owner = asyncio.current_task()
        self._context = copy_context()

    def start(self) -> None:
        """Start a lane."""
        self._pulling += 1
        lane = asyncio.create_task(self._carry_on(), context=self._context.copy())
        self._lanes.add(lane)
        lane.add_done_callback(self._lane_ended)

    async def end(self, within: float) -> None:
        """Wait `within` seconds for the lanes to end, then cancel them."""
        if self._lanes:
            await asyncio.wait(self._lanes, timeout=within)
        if self._lanes:
            self._ending = True
            for lane in self._lanes:
                lane.cancel()
            await asyncio.wait(self._lanes, timeout=CANCELLATION_TIME)

    def is_interrupted(self) -> bool:
        """Say of a cancellation in a lane whether the worker is ending; otherwise it is an actor's own."""
        return self._ending or (self._owner is not None and self._owner.cancelling() > 0)

    async def _carry_on(self) -> None:
        carried = 0
        # A place under the limit is taken before the pull, so that the limit is exact and nothing is held above it.
        while self._left > 0:
            self._left -= 1
            message = await self._puller.pull()
            self._pulling -= 1
            if message is None:
                return
            if not self._pulling and self._left > 0 and len(self._lanes) < self._tasks_limit:
                self.start()
            if await self._carry(message):
                self.processed += 1
            else:
                self._left += 1
            if self._is_marked():
                self._replace()
                return
            self._pulling += 1
            carried += 1
            if carried % MESSAGES_BETWEEN_YIELDS == 0:
                await asyncio.sleep(0)
        self._pulling -= 1

    async def _carry(self, message: ReceivedMessageT) -> bool:
        try:
            return await self._deliver(message)
        except Exception:
            logger.exception("message.delivery.error", extra={"channel": message.channel})
            return False
        finally:
            self._puller.done(message)

    def _is_marked(self) -> bool:
        """Say whether an actor has left marks on its lane: a cancellation, or a context variable."""
        lane = asyncio.current_task()
        try:
            return lane is None or lane.cancelling() > 0 or copy_context() != self._context
        except Exception:
            # Context variables are compared by their values, and some values refuse that.
            return True

    def _replace(self) -> None:
        """Let the next message have a lane without marks, as if each message had a task of its own."""
        if self._ending:
            return
        lane = asyncio.current_task()
        if lane is not None:
            self._lanes.discard(lane)
        self.start()

    def _lane_ended(self, lane: asyncio.Task[None]) -> None:
        self._lanes.discard(lane)
        if not lane.cancelled() and (error := lane.exception()) is not None:
            logger.critical("worker.lane.error", exc_info=error)
        if not self._lanes:
            self._ended.set()


async def _give_back(message: ReceivedMessageT) -> None:
    if isinstance(message, InMemoryReceivedMessage):
        message.release()
    elif not message.is_acted_on:
        await message.reject()


def _name(error: BaseException) -> str:
    return type(error).__name__
