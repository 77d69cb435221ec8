"""A matched message's way through its actor: read the arguments, run inside the middleware, settle.

The order of things is repid 2.1.4's (`repid._runner`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from repid_nb.core import reasons
from repid_nb.core.actor import ActorData, ActorExecutionContext, CallNextT
from repid_nb.core.errors import ActorTimeoutError
from repid_nb.core.events import Confirming, Ended, Finished, Observer, Settled, Started, Watcher
from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.middleware import NO_MIDDLEWARE, PipelineT, around
from repid_nb.core.tasks import CancelRequests, is_running_in
from repid_nb.core.worker.at_work import at_work_here
from repid_nb.core.worker.confirmation import AFTER_RETURN, after_error, after_return, settlement
from repid_nb.core.worker.deadlines import Deadline, Deadlines
from repid_nb.core.worker.keep_alive import KeepAlive, keep_alive

__all__ = ["Delivery"]


class Delivery:
    """Takes one message after another through the actor that won it, in the task where it is made.

    Args:
        tell: Tells the watcher, and cannot break the delivery.
        deadlines: The timer of actors' timeouts, which deliveries side by side share.
        requests: The requests to end that count as an interruption; None for those to the current task.
    """

    def __init__(
        self,
        context: ActorExecutionContext,
        watcher: Watcher | None,
        tell: Observer | None,
        deadlines: Deadlines,
        requests: CancelRequests | None,
    ) -> None:
        self._context = context
        self._watcher = watcher
        self._tell = tell
        self._deadline = Deadline(deadlines)
        self._requests = requests or CancelRequests()
        self._task = asyncio.current_task()
        self._keeps_alive = context.server.capabilities["supports_keep_alive"]
        self._inside: PipelineT = NO_MIDDLEWARE
        self._call = self._around(NO_MIDDLEWARE)
        self.is_settling = False
        self._at_work = at_work_here()

    def is_interruption(self, error: BaseException) -> bool:
        """Say whether an exception ends the delivery from outside; otherwise what runs in it raised it by itself."""
        if isinstance(error, asyncio.CancelledError):
            return self._requests.came()
        if isinstance(error, GeneratorExit):
            return not is_running_in(self._task)
        return isinstance(error, (KeyboardInterrupt, SystemExit))

    def gives_back(self, error: BaseException) -> bool:
        """Say whether a message goes back to its queue after an exception.

        It stays in work where a strategy or an actor raised a BaseException by itself: it would come back at once and
        do the same again, for ever.
        """
        return isinstance(error, Exception) or self.is_interruption(error)

    async def run(self, message: ReceivedMessageT, actor: ActorData) -> tuple[Any, BaseException | None]:
        """Run the actor and settle the message by the confirmation mode.

        Returns:
            What the actor and its middleware returned, and the exception that they raised or None. An exception ends
            the run, never the worker.
        """
        self.is_settling = False
        inside = actor.middleware_pipeline
        # Mostly the next message is for an actor inside the same middleware.
        if inside is not self._inside:
            self._inside, self._call = inside, self._around(inside)
        result: Any = None
        error: BaseException | None = None
        self._at_work.message = message
        try:
            if actor.confirmation_mode == "ack_first" and message.action is None:
                await self._ack_first(message)
            result = await self._call(message, actor)
        except (Exception, asyncio.CancelledError) as raised:
            if isinstance(raised, asyncio.CancelledError) and self._requests.came():
                raise
            error = raised
            logger.debug("actor.run.error", extra={"actor_name": actor.name}, exc_info=raised)
        finally:
            self._at_work.message = None
        if actor.confirmation_mode == "manual" and message.action is None:
            logger.warning("actor.unsettled", extra={"actor_name": actor.name, "message_id": message.message_id})
        if self._tell is not None:
            self._tell(Finished(message, actor, result, error))
            self._tell(Settled(message, message.action, ""))
        return result, error

    def _around(self, inside: PipelineT) -> CallNextT:
        return around(inside, self._run_and_settle)

    async def _ack_first(self, message: ReceivedMessageT) -> None:
        try:
            await self._settle(message, "ack", reasons.ACKED_FIRST)
            self.is_settling = False
        except Exception:
            # A run that failed. Given back at once, the message would come at once, and fail again, for ever.
            logger.exception("message.settle.error", extra={"channel": message.channel})
            raise

    async def _run_and_settle(self, message: ReceivedMessageT, actor: ActorData) -> Any:
        called = False
        try:
            # Only middleware can have started another task for this, and to ask for the current task costs a lot.
            own = actor.middleware_pipeline is NO_MIDDLEWARE
            deadline = self._deadline if own else self._deadline.of_current_task()
            deadline.begin(actor.timeout)
            keeping_alive = keep_alive(message, actor) if self._keeps_alive else None
            try:
                args, kwargs = await actor.converter.convert_inputs(
                    message=message, actor=actor, actor_context=self._context
                )
                if self._watcher is not None:
                    await self._reach(Started(message, actor, tuple(args), kwargs), deadline, self._watcher)
                called = True
                result = await actor.fn(*args, **kwargs)
            except asyncio.CancelledError as error:
                if deadline.end():
                    raise ActorTimeoutError(f"the actor took longer than its timeout of {actor.timeout:g} s") from error
                raise
            finally:
                deadline.end()
                if self._tell is not None or keeping_alive is not None:
                    await self._call_over(message, actor, keeping_alive)
        except Exception as error:
            if self._watcher is not None:
                await self._watcher.reached(Finished(message, actor, None, error))
            if message.action is None:
                await self._settle_after_error(message, actor, error, called=called)
            raise
        if self._watcher is not None:
            await self._watcher.reached(Finished(message, actor, result, None))
        if message.action is None:
            word, reason = AFTER_RETURN.get(actor.confirmation_mode) or after_return(actor, result)
            await self._settle(message, word, reason)
            self.is_settling = False
        return result

    async def _reach(self, call: Started, deadline: Deadline, watcher: Watcher) -> None:
        if self._tell is not None:
            self._tell(call)
        # The actor's time does not run while its message is held.
        left = deadline.pause()
        await watcher.reached(call)
        deadline.begin(left)

    async def _call_over(self, message: ReceivedMessageT, actor: ActorData, keeping_alive: KeepAlive | None) -> None:
        if self._tell is not None:
            self._tell(Ended(message, actor))
        if keeping_alive is not None:
            await keeping_alive.end()

    def _settle(self, message: ReceivedMessageT, word: str, reason: str) -> Coroutine[Any, Any, None]:
        self.is_settling = True
        if self._tell is not None:
            return self._settle_and_tell(message, word, reason, self._tell)
        return message.ack() if word == "ack" else settlement(message, word, reason)

    async def _settle_after_error(
        self, message: ReceivedMessageT, actor: ActorData, error: Exception, *, called: bool
    ) -> None:
        try:
            word, reason = after_error(actor, error, called=called)
        except Exception as failure:
            await self._settle(message, "nack", reasons.on_error_raised(error, failure))
            raise
        await self._settle(message, word, reason)

    async def _settle_and_tell(self, message: ReceivedMessageT, word: str, reason: str, tell: Observer) -> None:
        tell(Confirming(message, word, reason))
        try:
            await settlement(message, word, reason)
        except Exception as error:
            # Some servers' messages say "acked" before the broker has heard of it.
            tell(Confirming(message, "no_action", reasons.settlement_failed(reason, error)))
            raise
