"""The worker of a run: the worker itself, whose deliveries are written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from repid_nb.core import reasons
from repid_nb.core.actor import ActorData, ActorExecutionContext, CallNextT, FnParams
from repid_nb.core.errors import ActorTimeoutError
from repid_nb.core.events import Matched, Pulled, Settled
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.middleware import NO_MIDDLEWARE
from repid_nb.core.worker.confirmation import AFTER_RETURN
from repid_nb.core.worker.delivery import Delivery
from repid_nb.core.worker.worker import Worker
from repid_nb.limits.gated_worker import GatedWorker
from repid_nb.simulation.columns import NOT_YET
from repid_nb.simulation.ledger import Ledger
from repid_nb.simulation.loop import MICROSECONDS, JumpingLoop, Moment
from repid_nb.simulation.randomness import WorkTimes

__all__ = ["RecordedGatedWorker", "RecordedWorker"]


class RecordedWorker(Worker):
    """Writes down each message's way, and lets actors take their time.

    A Watcher would hear more, and cost twice as much as the run itself. So the worker's own steps are noted where they
    begin and end: the delivery, the routing, the reading of the arguments, and the actor's function.

    Args:
        ledger: Where it is written down.
        number: The number of the worker in the run.
        times: How long actors take.
    """

    def __init__(
        self,
        context: ActorExecutionContext,
        actors: Mapping[str, Sequence[ActorData]],
        *,
        ledger: Ledger,
        number: int,
        times: WorkTimes,
        loop: JumpingLoop,
        **limits: Any,
    ) -> None:
        self._ledger = ledger
        self._number = number
        self._rows: dict[ReceivedMessageT, int] = {}
        timed = {
            channel: [_Timed(actor, ledger, self._rows, times, loop).actor for actor in there]
            for channel, there in actors.items()
        }
        super().__init__(context, timed, **limits)
        # Looked up once: before Python 3.12 `super()` in each delivery costs as much as the notes on it.
        self._deliver = super().deliver

    async def deliver(self, message: ReceivedMessageT, delivery: Delivery | None = None) -> bool:
        """Do what a worker does, and write it down."""
        ledger, delivery = self._ledger, delivery or self.delivery()
        row = self._rows[message] = ledger.pulled(message, self._number)
        try:
            return await self._deliver(message, delivery)
        except BaseException as error:
            if delivery.gives_back(error):
                ledger.came_back(row)
            raise
        finally:
            if message.action is not None:
                del self._rows[message]
            ledger.ended(row, message)

    def _told(self, event: Pulled | Matched | Settled) -> None:
        """Write down why a message is settled that no actor got."""
        if isinstance(event, Settled):
            self._ledger.reasoned(self._rows.get(event.message, NOT_YET), event.reason)
        super()._told(event)

    def gone(self) -> None:
        """Write down that the worker is gone: what it held is back on its queue."""
        for row in self._rows.values():
            self._ledger.came_back(row)
        self._rows.clear()


class RecordedGatedWorker(RecordedWorker, GatedWorker):
    """The same with limits: `gate` is the further argument."""


class _Timed:
    """An actor that takes its time before its code runs, and whose runs are written down.

    It is the actor's converter too: only there is the message at hand, and between the reading of the arguments and the
    call of the function nothing else happens. Where there is middleware, it comes before both.
    """

    def __init__(
        self,
        actor: ActorData,
        ledger: Ledger,
        rows: dict[ReceivedMessageT, int],
        times: WorkTimes,
        loop: JumpingLoop,
    ) -> None:
        self._ledger = ledger
        self._rows = rows
        self._times = times if actor.name in times.durations else None
        self._loop = loop
        self._called = actor
        self._number = ledger.columns.actors.number(actor.name)
        self._convert = actor.converter.convert_inputs
        self._function: Callable[..., Coroutine[Any, Any, Any]] = actor.fn
        self._row = NOT_YET
        self._message: ReceivedMessageT | None = None
        self._pipeline = actor.middleware_pipeline
        self.actor = replace(
            actor,
            fn=self._run,
            converter=self,
            middleware_pipeline=NO_MIDDLEWARE if self._pipeline is NO_MIDDLEWARE else self._enter,
        )
        word = AFTER_RETURN.get(actor.confirmation_mode, ("", ""))[1]
        returned = word or reasons.with_rule(reasons.ACTOR_RETURNED, actor.confirmation_mode)
        self._returned = ledger.columns.reasons.number(returned)

    def _enter(self, call_next: CallNextT, message: ReceivedMessageT, actor: ActorData) -> Coroutine[Any, Any, Any]:
        self._ledger.matched(self._rows.get(message, NOT_YET), self._number)
        return self._pipeline(call_next, message, actor)

    async def convert_inputs(
        self, *, message: ReceivedMessageT, actor: ActorData, actor_context: ActorExecutionContext
    ) -> FnParams:
        row = self._rows.get(message, NOT_YET)
        try:
            read = await self._convert(message=message, actor=actor, actor_context=actor_context)
        except Exception as error:
            self._ledger.matched(row, self._number)
            self._fail(row, message, error, called=False)
            raise
        self._row, self._message = row, message
        return read

    def get_input_schema(self) -> Any:
        return self._called.converter.get_input_schema()

    async def _run(self, *args: Any, **kwargs: Any) -> Any:
        ledger, row, message = self._ledger, self._row, self._message
        assert message is not None  # noqa: S101  (its arguments have just been read)
        ledger.started(row, self._number, self._returned)
        try:
            if self._times is not None:
                await Moment(self._loop, self._loop.micros + ledger.work(row, self._called.name, self._times))
            result = await self._function(*args, **kwargs)
        except GeneratorExit:
            raise
        except BaseException as error:
            self._fail(row, message, self._timed_out(row, error), called=True)
            raise
        if message.action is not None:
            ledger.reasoned(row, reasons.actor_settled(message.action, self._called.confirmation_mode))
        return result

    def _timed_out(self, row: int, error: BaseException) -> BaseException:
        """Return the error that the worker will raise in the place of a cancellation: the actor's time is over."""
        timeout = self._called.timeout
        is_over = timeout and self._ledger.lasted(row) >= round(timeout * MICROSECONDS)
        if not is_over or not isinstance(error, asyncio.CancelledError):
            return error
        return ActorTimeoutError(f"the actor took longer than its timeout of {timeout:g} s")

    def _fail(self, row: int, message: ReceivedMessageT, error: BaseException, *, called: bool) -> None:
        raised, actor = reasons.raised(error, called=called), self._called
        rule: str = actor.confirmation_mode
        if message.action is None and rule not in ("always_ack", "ack_first"):
            rule = "on_error decides" if callable(actor.on_error) else f"on_error is {actor.on_error!r}"
        self._ledger.failed(row, error, reasons.with_rule(raised, rule))
