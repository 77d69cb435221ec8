"""Many messages at once: the tasks of a worker, each of which carries one message after another."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import Protocol

from repid_nb.core.abilities import PullerT
from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.worker.delivery import INTERRUPTIONS, Delivery

__all__ = ["Lanes"]

MESSAGES_BETWEEN_YIELDS = 32


class DelivererT(Protocol):
    """A worker, as far as lanes know it."""

    def delivery(self) -> Delivery: ...

    async def deliver(self, message: ReceivedMessageT, delivery: Delivery | None = None) -> bool: ...


class Lanes:
    """Tasks that carry one message after another, at most `tasks_limit` of them, added only as messages need them.

    Args:
        deliverer: Takes a message its whole way and says whether an actor ran for it.
        puller: Where messages come from.
        messages_limit: How many messages may run.
        tasks_limit: How many may run at once.
        ended: Set when there is no lane left.
    """

    def __init__(
        self,
        deliverer: DelivererT,
        puller: PullerT,
        messages_limit: float,
        tasks_limit: int,
        *,
        ended: asyncio.Event,
    ) -> None:
        self.processed = 0
        self._deliverer = deliverer
        self._puller = puller
        self._left = messages_limit
        self._tasks_limit = tasks_limit
        self._ended = ended
        self._lanes: set[asyncio.Task[None]] = set()
        # Lanes that wait for a message or have yet to begin.
        self._idle = 0
        self._ending = False
        self._owner = asyncio.current_task()
        self._cancelled_before = 0 if self._owner is None else self._owner.cancelling()
        self._context = copy_context()

    def start(self) -> None:
        """Start a lane."""
        self._idle += 1
        lane = asyncio.create_task(self._carry_on(), context=self._context.copy())
        self._lanes.add(lane)
        lane.add_done_callback(self._lane_ended)

    async def wait(self, within: float) -> None:
        """Wait for the lanes to end, for so many seconds at most."""
        if self._lanes and within > 0:
            await asyncio.wait(self._lanes, timeout=within)

    def cancel(self) -> None:
        """Cancel the lanes that have not ended."""
        self._ending = True
        for lane in self._lanes:
            lane.cancel()

    def is_interrupted(self) -> bool:
        """Say of a cancellation in a lane whether the worker is ending; otherwise it is an actor's own."""
        return self._ending or (self._owner is not None and self._owner.cancelling() > self._cancelled_before)

    async def _carry_on(self) -> None:
        self._idle -= 1
        lane = asyncio.current_task()
        assert lane is not None  # noqa: S101  (this runs as a task)
        puller, deliverer, delivery = self._puller, self._deliverer, self._deliverer.delivery()
        while self._left > 0:
            for _ in range(MESSAGES_BETWEEN_YIELDS):
                # A place under the limit is taken before the pull, so that the limit is exact and nothing is held
                # above it.
                self._left -= 1
                message = puller.pull_nowait() or await self._next()
                if message is None:
                    return
                if not self._idle and self._left > 0 and len(self._lanes) < self._tasks_limit:
                    self.start()
                try:
                    if await deliverer.deliver(message, delivery):
                        self.processed += 1
                    else:
                        self._left += 1
                except INTERRUPTIONS:
                    raise
                except BaseException as error:
                    self._note_failure(message, error)
                finally:
                    puller.done(message)
                if self._is_marked(lane):
                    self._replace(lane)
                    return
                if self._left <= 0:
                    return
            await asyncio.sleep(0)

    def _note_failure(self, message: ReceivedMessageT, error: BaseException) -> None:
        if isinstance(error, Exception):
            self._left += 1
            logger.error("message.delivery.error", extra={"channel": message.channel}, exc_info=error)
        else:
            # Its message stays in work: given back, it would come at once and do the same again, for ever.
            self.processed += 1
            logger.error("actor.run.abort", extra={"channel": message.channel}, exc_info=error)

    async def _next(self) -> ReceivedMessageT | None:
        self._idle += 1
        message = await self._puller.pull()
        self._idle -= 1
        return message

    def _is_marked(self, lane: asyncio.Task[None]) -> bool:
        """Say whether an actor has left marks on its lane: a cancellation, or a context variable."""
        try:
            return lane.cancelling() > 0 or copy_context() != self._context
        except Exception:
            # Context variables are compared by their values, and some values refuse that.
            return True

    def _replace(self, lane: asyncio.Task[None]) -> None:
        """Let the next message have a lane without marks, as if each message had a task of its own."""
        if not self._ending:
            self._lanes.discard(lane)
            self.start()

    def _lane_ended(self, lane: asyncio.Task[None]) -> None:
        self._lanes.discard(lane)
        if not lane.cancelled() and (error := lane.exception()) is not None:
            logger.critical("worker.lane.error", exc_info=error)
        if not self._lanes:
            self._ended.set()
