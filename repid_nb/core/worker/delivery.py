"""A matched message's way through its actor: read the arguments, run inside the middleware, settle.

The order of things and the confirmation modes are repid 2.1.4's (`repid._runner`).
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine
from typing import Any, get_args

from repid_nb.core import reasons
from repid_nb.core.abilities import nack
from repid_nb.core.actor import ActorData, ActorExecutionContext, AutoActionT, CallNextT, ManualActionT
from repid_nb.core.errors import ActorTimeoutError
from repid_nb.core.events import Confirming, Ended, Finished, Observer, Settled, Started, Watcher, guarded
from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.middleware import NO_MIDDLEWARE, PipelineT, around
from repid_nb.core.tasks import CancelRequests, is_running_in, start
from repid_nb.core.worker.deadlines import Deadline, Deadlines

__all__ = ["Delivery"]

SETTLEMENT_WORDS = get_args(ManualActionT)
ACTIONS = frozenset(get_args(AutoActionT))
# The mode leaves it to the actor.
UNDECIDED = ("no_action", "")
AFTER_RETURN = {mode: ("ack", reasons.actor_returned(mode)) for mode in ("auto", "always_ack")}


class Delivery:
    """A message's way through the actor that won it; for one message after another, in the task where it is made.

    Args:
        context: What the actor's dependencies may use.
        watcher: Told of each moment; may hold the message before the actor is called and before it is settled.
        tell: How the watcher is told, where it is shared; by default its own `told`, guarded.
        deadlines: What enforces actors' timeouts, shared by deliveries side by side; by default one of its own.
        requests: The requests to end that count as an interruption; by default those to the current task.
    """

    __slots__ = ("_call", "_context", "_deadline", "_inside", "_keeps_alive", "_requests", "_task", "_tell", "_watcher")

    _call: CallNextT

    def __init__(
        self,
        context: ActorExecutionContext,
        watcher: Watcher | None = None,
        *,
        tell: Observer | None = None,
        deadlines: Deadlines | None = None,
        requests: CancelRequests | None = None,
    ) -> None:
        self._context = context
        self._watcher = watcher
        self._tell = guarded(watcher.told) if tell is None and watcher is not None else tell
        self._deadline = Deadline(deadlines or Deadlines())
        self._requests = requests or CancelRequests()
        self._task = asyncio.current_task()
        self._keeps_alive = context.server.capabilities["supports_keep_alive"]
        self._inside: PipelineT | None = None

    def is_interruption(self, error: BaseException) -> bool:
        """Say whether an exception ends the delivery from outside; otherwise what runs in it raised it by itself."""
        if isinstance(error, asyncio.CancelledError):
            return self._requests.came()
        if isinstance(error, GeneratorExit):
            return not is_running_in(self._task)
        return isinstance(error, (KeyboardInterrupt, SystemExit))

    async def run(self, message: ReceivedMessageT, actor: ActorData) -> tuple[Any, BaseException | None]:
        """Run the actor and settle the message by its confirmation mode.

        Args:
            message: The message.
            actor: The actor that won it.

        Returns:
            What the actor and its middleware returned, and the exception that they raised or None. An exception ends
            the run, never the worker.
        """
        inside = actor.middleware_pipeline
        # Mostly the next message is for an actor inside the same middleware.
        if inside is not self._inside:
            self._inside, self._call = inside, around(inside, self._run_and_settle)
        result: Any = None
        error: BaseException | None = None
        try:
            if actor.confirmation_mode == "ack_first" and message.action is None:
                await self._ack_first(message)
            result = await self._call(message, actor)
        except (Exception, asyncio.CancelledError) as raised:
            if isinstance(raised, asyncio.CancelledError) and self._requests.came():
                raise
            error = raised
            logger.debug("actor.run.error", extra={"actor_name": actor.name}, exc_info=raised)
        if actor.confirmation_mode == "manual" and message.action is None:
            logger.warning("actor.unsettled", extra={"actor_name": actor.name, "message_id": message.message_id})
        if self._tell is not None:
            self._tell(Finished(message, actor, result, error))
            self._tell(Settled(message, message.action, ""))
        return result, error

    async def _ack_first(self, message: ReceivedMessageT) -> None:
        try:
            await self._settle(message, "ack", reasons.ACKED_FIRST)
        except Exception:
            # A run that failed. Given back at once, the message would come at once, and fail again, for ever.
            logger.exception("message.settle.error", extra={"channel": message.channel})
            raise

    async def _run_and_settle(self, message: ReceivedMessageT, actor: ActorData) -> Any:
        called = False
        try:
            # Only middleware can have put this into a task of its own, and to ask which task it is costs a lot.
            own = actor.middleware_pipeline is NO_MIDDLEWARE
            deadline = self._deadline if own else self._deadline.of_current_task()
            deadline.begin(actor.timeout)
            keeping_alive = _keep_alive(message, actor) if self._keeps_alive else None
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
            await self._settle(message, *(AFTER_RETURN.get(actor.confirmation_mode) or _after_return(actor, result)))
        return result

    async def _reach(self, call: Started, deadline: Deadline, watcher: Watcher) -> None:
        if self._tell is not None:
            self._tell(call)
        # The actor's time does not run while its message is held.
        left = deadline.pause()
        await watcher.reached(call)
        deadline.begin(left)

    async def _call_over(
        self, message: ReceivedMessageT, actor: ActorData, keeping_alive: asyncio.Task[None] | None
    ) -> None:
        if self._tell is not None:
            self._tell(Ended(message, actor))
        if keeping_alive is not None:
            keeping_alive.cancel()
            await asyncio.wait({keeping_alive})

    def _settle(self, message: ReceivedMessageT, word: str, reason: str) -> Coroutine[Any, Any, None]:
        if self._tell is not None:
            return self._settle_and_tell(message, word, reason, self._tell)
        return message.ack() if word == "ack" else _settlement(message, word, reason)

    async def _settle_after_error(
        self, message: ReceivedMessageT, actor: ActorData, error: Exception, *, called: bool
    ) -> None:
        try:
            word, reason = _after_error(actor, error, called=called)
        except Exception as failure:
            await self._settle(message, "nack", reasons.on_error_raised(error, failure))
            raise
        await self._settle(message, word, reason)

    async def _settle_and_tell(self, message: ReceivedMessageT, word: str, reason: str, tell: Observer) -> None:
        tell(Confirming(message, word, reason))
        try:
            await _settlement(message, word, reason)
        except Exception as error:
            # Some servers' messages say "acked" before the broker has heard of it.
            tell(Confirming(message, "no_action", reasons.settlement_failed(reason, error)))
            raise


def _settlement(message: ReceivedMessageT, word: str, reason: str) -> Coroutine[Any, Any, None]:
    if word == "ack":
        return message.ack()
    if word == "nack":
        return nack(message, reason)
    if word == "reject":
        return message.reject()
    return _leave_it()


async def _leave_it() -> None:
    pass


def _after_error(actor: ActorData, error: Exception, *, called: bool) -> tuple[str, str]:
    """Return how to settle a message whose run raised, and why."""
    raised = reasons.raised(error, called=called)
    mode = actor.confirmation_mode
    if mode == "always_ack":
        return "ack", reasons.with_rule(raised, mode)
    if mode == "ack_first":
        return UNDECIDED
    if not callable(actor.on_error):
        return _decided(actor.on_error, reasons.with_rule(raised, f"on_error is {actor.on_error!r}"))
    action = actor.on_error(error)
    if isinstance(action, str) and action in SETTLEMENT_WORDS:
        return _decided(action, reasons.with_rule(raised, f"on_error returned {action!r}"))
    if inspect.iscoroutine(action):
        action.close()
    return "nack", reasons.on_error_without_answer(raised, action, SETTLEMENT_WORDS)


def _after_return(actor: ActorData, result: Any) -> tuple[str, str]:
    """Return how to settle a message whose run returned, and why, in the modes that do not always ack."""
    mode = actor.confirmation_mode
    if mode != "manual_explicit":
        return UNDECIDED
    if not isinstance(result, str) or result not in SETTLEMENT_WORDS:
        raise ValueError(
            f"Actor '{actor.name}' with confirmation_mode='manual_explicit' returned an invalid value: "
            f"{result!r}. Expected one of: {', '.join(map(repr, SETTLEMENT_WORDS))}.",
        )
    return _decided(result, reasons.with_rule(f"the actor returned {result!r}", mode))


def _decided(word: str, why: str) -> tuple[str, str]:
    return (word, why) if word in ACTIONS else ("no_action", reasons.left_open(why))


def _keep_alive(message: ReceivedMessageT, actor: ActorData) -> asyncio.Task[None] | None:
    if actor.keep_alive is False:
        return None
    # By identity: an interval of one second equals True.
    by_server = actor.keep_alive is None or actor.keep_alive is True
    interval = message.keep_alive_interval if by_server else actor.keep_alive
    return None if interval is None else start(_keep_telling(message, interval))


async def _keep_telling(message: ReceivedMessageT, interval: float) -> None:
    while True:
        await asyncio.sleep(interval)
        if message.is_acted_on:
            return
        try:
            await message.keep_alive()
        except Exception:
            logger.warning("message.keep_alive.error", extra={"message_id": message.message_id}, exc_info=True)
