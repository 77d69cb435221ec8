"""A worker with limits: each message goes through the gate before it takes its way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from repid_nb.core import reasons
from repid_nb.core.abilities import PullerT, give_back
from repid_nb.core.actor import ActorData, ActorExecutionContext, CallNextT
from repid_nb.core.events import Pulled, Settled, Watcher
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.middleware import PipelineT
from repid_nb.core.tasks import CancelRequests
from repid_nb.core.worker.confirmation import settlement
from repid_nb.core.worker.delivery import Delivery
from repid_nb.core.worker.keep_alive import keep_alive
from repid_nb.core.worker.slots import Slots
from repid_nb.core.worker.subscription import PausablePullerT, open_puller
from repid_nb.core.worker.worker import MAX_UNROUTED_RETRIES, Worker
from repid_nb.limits.capacity import Waiter
from repid_nb.limits.gate import Admission, Gate, Refusal

__all__ = ["GatedWorker", "worker_of"]


def worker_of(
    context: ActorExecutionContext,
    actors: Mapping[str, Sequence[ActorData]],
    gate: Gate | None,
    *,
    watcher: Watcher | None = None,
) -> Worker:
    """Make a worker; where nothing is limited, one that pays nothing for limits."""
    if gate is None:
        return Worker(context, actors, watcher=watcher)
    return GatedWorker(context, actors, watcher=watcher, gate=gate)


class GatedWorker(Worker):
    """A worker whose messages go through a gate.

    Args:
        gate: The limits; None where nothing is limited at present.

    Attributes:
        gate: The limits; they may change while nothing is delivered.
    """

    def __init__(
        self,
        context: ActorExecutionContext,
        actors: Mapping[str, Sequence[ActorData]],
        *,
        max_unrouted_retries: int = MAX_UNROUTED_RETRIES,
        watcher: Watcher | None = None,
        gate: Gate | None = None,
    ) -> None:
        super().__init__(context, actors, max_unrouted_retries=max_unrouted_retries, watcher=watcher)
        self.gate = gate
        if gate is not None:
            gate.failed = self.stop

    def delivery(self, requests: CancelRequests | None = None) -> Delivery:
        if self.gate is None:
            return super().delivery(requests)
        return _GatedDelivery(self.gate, self._context, self._watcher, self._tell, self._deadlines, requests)

    async def deliver(self, message: ReceivedMessageT, delivery: Delivery | None = None) -> bool:
        gate = self.gate
        if gate is None:
            return await super().deliver(message, delivery)
        delivery = delivery or self.delivery()
        try:
            # Before anything is awaited: between the pull and this no other message may come in.
            obstacle = gate.enter(message)
            if obstacle is not None and not await self._overcome(gate, obstacle, delivery):
                return False
            return await super().deliver(message, delivery)
        finally:
            gate.leave(message)

    def stop(self) -> None:
        super().stop()
        if self.gate is not None:
            self.gate.stop()

    async def _open_puller(self, channels: Sequence[str], tasks_limit: int | None) -> PullerT:
        is_limited = self.gate is not None
        return await open_puller(self._context.server, channels, tasks_limit, pausable=is_limited)

    async def _run(self, puller: PullerT, slots: Slots, graceful_shutdown_time: float) -> int:
        try:
            if self.gate is not None:
                self.gate.open(cast("PausablePullerT", puller), self._context.server)
            return await super()._run(puller, slots, graceful_shutdown_time)
        finally:
            if self.gate is not None:
                self.gate.close()

    async def _overcome(self, gate: Gate, obstacle: Refusal | Waiter, delivery: Delivery) -> bool:
        """Settle a message that must not run, or let it wait; say whether it may go on."""
        message = obstacle.message
        try:
            if isinstance(obstacle, Waiter):
                is_in = await gate.entered(obstacle, self._tell)
                if not is_in:
                    await give_back(message)
                return is_in
            if self._watcher is not None:
                await self._reach(Pulled(message), self._watcher)
            await settlement(message, obstacle.action, obstacle.reason)
        except BaseException as error:
            if delivery.gives_back(error):
                await give_back(message)
            raise
        self._told(Settled(message, message.action, obstacle.reason))
        if obstacle.error is not None:
            gate.fail(obstacle.error)
        await gate.give_way(message.channel)
        return False


class _GatedDelivery(Delivery):
    """A delivery whose runs begin once their actor's limits have room, around the middleware."""

    def __init__(self, gate: Gate, *args: Any) -> None:
        super().__init__(*args)
        self._gate = gate

    def _around(self, inside: PipelineT) -> CallNextT:
        return partial(self._run_admitted, super()._around(inside))

    async def _ack_first(self, message: ReceivedMessageT) -> None:
        # Where a message may be turned away at the gate, it is acked behind it.
        if self._gate.waits:
            await super()._ack_first(message)

    async def _run_admitted(self, call: CallNextT, message: ReceivedMessageT, actor: ActorData) -> Any:
        try:
            refusal = self._gate.refused(message, actor)
        except Exception as error:
            if message.action is None:
                await self._settle_after_error(message, actor, error, called=False)
            raise
        if refusal is not None:
            if message.action is None:
                await self._settle(message, refusal.action, refusal.reason)
            await self._gate.give_way(message.channel)
            return None
        admission = Admission(self._gate)
        try:
            if not await self._admitted(admission, message, actor):
                return None
            if actor.confirmation_mode == "ack_first" and message.action is None:
                await super()._ack_first(message)
            return await call(message, actor)
        finally:
            await admission.release()

    async def _admitted(self, admission: Admission, message: ReceivedMessageT, actor: ActorData) -> bool:
        """Wait for what the actor's message needs; False where a limit fails, and the message is rejected."""
        keeping_alive = keep_alive(message, actor) if self._keeps_alive else None
        try:
            await self._gate.reserve(admission, message, actor, self._tell)
        except (Exception, asyncio.CancelledError) as error:
            if self.is_interruption(error):
                raise
            self._gate.fail(error)
            if message.action is None:
                await self._settle(message, "reject", reasons.LIMIT_FAILED)
            return False
        else:
            return True
        finally:
            if keeping_alive is not None:
                await keeping_alive.end()
