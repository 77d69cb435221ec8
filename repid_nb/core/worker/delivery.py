"""A matched message's way through its actor: read the arguments, run inside the middleware, settle.

The order of things and the confirmation modes are repid 2.1.4's (`repid._runner`).
"""

from __future__ import annotations

import asyncio
import inspect
import reprlib
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, TypeAlias, get_args

from repid_nb.core.abilities import nack
from repid_nb.core.actor import ActorData, ActorExecutionContext, AutoActionT, CallNextT, ManualActionT
from repid_nb.core.errors import ActorTimeoutError
from repid_nb.core.events import Event, Finished, Observer, Settled, Started
from repid_nb.core.logger import logger
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.middleware import NO_MIDDLEWARE, PipelineT, around
from repid_nb.core.worker.deadlines import Deadline, Deadlines

__all__ = ["INTERRUPTIONS", "Delivery", "Gate", "is_task_cancelled"]

# These end whatever runs. Any other exception, a BaseException of somebody's own too, is the failure of one run.
INTERRUPTIONS = (asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit)

SETTLEMENT_WORDS = get_args(ManualActionT)
ACTIONS = frozenset(get_args(AutoActionT))
# The mode leaves it to the actor, and it is not known yet whether that or the middleware around it settles.
UNDECIDED = ("no_action", "")

# Who had a message when it was settled, as a reason says it.
NOT_YET_CALLED = "settled before the actor was called"
ACTOR = "the actor settled it itself"
MIDDLEWARE = "middleware settled it after the actor"
NOBODY = "nobody settled it"

# Awaited with what was just reached: Pulled, Matched, Started, and a Finished that is not settled yet.
Gate: TypeAlias = Callable[[Event], Awaitable[None]]


def is_task_cancelled() -> bool:
    """Say whether somebody has asked the current task to end."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


class Delivery:
    """A message's way through the actor that won it; for one message after another, in one task.

    Args:
        context: What the actor's dependencies may use.
        observer: Told of the start, the end and the settlement; None for nobody.
        is_interrupted: Says of a cancellation whether it came from outside; otherwise the actor cancelled itself.
        gate: Awaited before the actor is called and before its message is settled; None for no stop.
        deadlines: What enforces actors' timeouts, shared by deliveries side by side; None for one of its own.
    """

    __slots__ = (
        "_call",
        "_context",
        "_deadline",
        "_gate",
        "_inside",
        "_is_interrupted",
        "_is_watched",
        "_keeps_alive",
        "_observer",
    )

    _call: CallNextT

    def __init__(
        self,
        context: ActorExecutionContext,
        observer: Observer | None = None,
        is_interrupted: Callable[[], bool] = is_task_cancelled,
        gate: Gate | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._context = context
        self._observer = observer
        self._is_interrupted = is_interrupted
        self._gate = gate
        self._deadline = Deadline(deadlines or Deadlines())
        self._is_watched = observer is not None or gate is not None
        self._keeps_alive = context.server.capabilities["supports_keep_alive"]
        self._inside: PipelineT | None = None

    async def run(self, message: ReceivedMessageT, actor: ActorData) -> tuple[Any, BaseException | None]:
        """Run the actor and settle the message by its confirmation mode.

        Args:
            message: The message.
            actor: The actor that won it.

        Returns:
            What the actor and its middleware returned, and the exception that they raised or None. An exception ends
            the run, never the worker.
        """
        account = None if self._observer is None else _Account(message, actor)
        if actor.confirmation_mode == "ack_first" and message.action is None:
            await _settle(message, "ack", "acked before the actor ran (ack_first)", account)
        inside = actor.middleware_pipeline
        result: Any = None
        error: BaseException | None = None
        try:
            if account is not None:
                result = await inside(partial(self._run_and_settle, account=account), message, actor)
            else:
                # Mostly the next message is for an actor inside the same middleware.
                if inside is not self._inside:
                    self._inside, self._call = inside, around(inside, self._run_and_settle)
                result = await self._call(message, actor)
        except (Exception, asyncio.CancelledError) as raised:
            if isinstance(raised, asyncio.CancelledError) and self._is_interrupted():
                raise
            error = raised
            logger.debug("actor.run.error", extra={"actor_name": actor.name}, exc_info=raised)
        if actor.confirmation_mode == "manual" and message.action is None:
            logger.warning("actor.unsettled", extra={"actor_name": actor.name, "message_id": message.message_id})
        if self._observer is not None and account is not None:
            self._observer(Finished(message, actor, result, error))
            self._observer(Settled(message, message.action, account.close(error)))
        return result, error

    async def _run_and_settle(
        self, message: ReceivedMessageT, actor: ActorData, account: _Account | None = None
    ) -> Any:
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
                if self._is_watched:
                    await self._reach(Started(message, actor, tuple(args), kwargs), deadline, account)
                called = True
                result = await actor.fn(*args, **kwargs)
            except asyncio.CancelledError as error:
                if deadline.end():
                    raise ActorTimeoutError(f"the actor took longer than its timeout of {actor.timeout:g} s") from error
                raise
            finally:
                deadline.end()
                if account is not None or keeping_alive is not None:
                    await _call_ended(account, keeping_alive)
        except Exception as error:
            if self._gate is not None:
                await self._gate(Finished(message, actor, None, error))
            if message.action is None:
                await _settle_after_error(message, actor, error, account, called=called)
            raise
        if self._gate is not None:
            await self._gate(Finished(message, actor, result, None))
        if message.action is None:
            word, reason = _after_return(actor, result)
            await _settle(message, word, reason, account)
        return result

    async def _reach(self, call: Started, deadline: Deadline, account: _Account | None) -> None:
        if self._observer is not None:
            self._observer(call)
        if self._gate is not None:
            # The actor's time does not run while its message is held.
            left = deadline.pause()
            await self._gate(call)
            deadline.begin(left)
        if account is not None:
            account.hand_to(ACTOR)


class _Account:
    """Who settled a message: whoever had it when it was settled first, for who is told.

    Args:
        message: The message.
        actor: The actor that won it.
    """

    __slots__ = ("_by_mode", "_holder", "_left_open", "_message", "_mode", "_settled")

    def __init__(self, message: ReceivedMessageT, actor: ActorData) -> None:
        self._message = message
        self._mode = actor.confirmation_mode
        self._holder = NOT_YET_CALLED
        self._by_mode = ""
        self._left_open = ""
        self._settled = ""

    def hand_to(self, holder: str) -> None:
        """Put down a settlement to who had the message until now, and let another one have it."""
        action = self._message.action
        if action is not None and not self._settled:
            self._settled = self._by_mode or f"{self._holder}: {action.value} ({self._mode})"
        self._holder = holder

    def decide(self, word: str, reason: str) -> None:
        """Take note of what the confirmation mode is about to do."""
        if word == "no_action":
            self._left_open = reason
        else:
            self._by_mode = reason

    def close(self, error: BaseException | None) -> str:
        """Return the reason why the message is settled as it is now.

        Args:
            error: What the actor or its middleware raised.
        """
        self.hand_to("")
        if self._message.action is not None:
            return self._settled
        if self._by_mode:
            return f"{NOBODY}: it had gone back to its place when {self._by_mode}"
        raised = "" if error is None else f": {type(error).__name__} was raised"
        return self._left_open or f"{NOBODY}{raised} ({self._mode})"


async def _call_ended(account: _Account | None, keeping_alive: asyncio.Task[None] | None) -> None:
    if account is not None:
        account.hand_to(MIDDLEWARE)
    if keeping_alive is not None:
        keeping_alive.cancel()
        await asyncio.wait({keeping_alive})


async def _settle_after_error(
    message: ReceivedMessageT, actor: ActorData, error: Exception, account: _Account | None, *, called: bool
) -> None:
    try:
        word, reason = _after_error(actor, error, called=called)
    except Exception as failure:
        both = f"{type(error).__name__} was raised, and then on_error raised {type(failure).__name__}"
        await _settle(message, "nack", both, account)
        raise
    await _settle(message, word, reason, account)


def _after_error(actor: ActorData, error: Exception, *, called: bool) -> tuple[str, str]:
    """Return how to settle a message whose run raised, and why."""
    name = type(error).__name__
    raised = f"the actor raised {name}" if called else f"reading the arguments raised {name}"
    if isinstance(error, ActorTimeoutError):
        raised = str(error)
    mode = actor.confirmation_mode
    if mode == "always_ack":
        return "ack", f"{raised} (always_ack)"
    if mode == "ack_first":
        return UNDECIDED
    if not callable(actor.on_error):
        return _decided(actor.on_error, f"{raised} (on_error is {actor.on_error!r})")
    action = actor.on_error(error)
    if isinstance(action, str) and action in SETTLEMENT_WORDS:
        return _decided(action, f"{raised} (on_error returned {action!r})")
    if inspect.iscoroutine(action):
        action.close()
    words = ", ".join(SETTLEMENT_WORDS)
    return "nack", f"{raised}, and on_error returned {reprlib.repr(action)}, not one of {words}"


def _settle(message: ReceivedMessageT, word: str, reason: str, account: _Account | None) -> Coroutine[Any, Any, None]:
    if account is not None:
        account.decide(word, reason)
    if word == "ack":
        return message.ack()
    if word == "nack":
        return nack(message, reason)
    if word == "reject":
        return message.reject()
    return _leave_it()


async def _leave_it() -> None:
    pass


def _decided(word: str, why: str) -> tuple[str, str]:
    return (word, why) if word in ACTIONS else ("no_action", f"{NOBODY}: {why}")


def _after_return(actor: ActorData, result: Any) -> tuple[str, str]:
    """Return how to settle a message whose run returned, and why."""
    mode = actor.confirmation_mode
    if mode == "auto":
        return "ack", "the actor returned (auto)"
    if mode == "always_ack":
        return "ack", "the actor returned (always_ack)"
    if mode != "manual_explicit":
        return UNDECIDED
    if not isinstance(result, str) or result not in SETTLEMENT_WORDS:
        raise ValueError(
            f"Actor '{actor.name}' with confirmation_mode='manual_explicit' returned an invalid value: "
            f"{result!r}. Expected one of: {', '.join(map(repr, SETTLEMENT_WORDS))}.",
        )
    return _decided(result, f"the actor returned {result!r} (manual_explicit)")


def _keep_alive(message: ReceivedMessageT, actor: ActorData) -> asyncio.Task[None] | None:
    if actor.keep_alive is False:
        return None
    # By identity: an interval of one second equals True.
    by_server = actor.keep_alive is None or actor.keep_alive is True
    interval = message.keep_alive_interval if by_server else actor.keep_alive
    return None if interval is None else asyncio.create_task(_keep_telling(message, interval))


async def _keep_telling(message: ReceivedMessageT, interval: float) -> None:
    while True:
        await asyncio.sleep(interval)
        if message.is_acted_on:
            return
        try:
            await message.keep_alive()
        except Exception:
            logger.warning("message.keep_alive.error", extra={"message_id": message.message_id}, exc_info=True)
