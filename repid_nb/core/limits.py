"""Limits: how much may be in work at once, and what happens to what has to wait.

Names, fields, defaults and refusals are repid 2.2.0a1's (`repid.limits`; its page "Concurrency Limits"). What enforces
them is `limits/gate.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, get_args

from repid_nb.core.errors import DeclarationError
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.naming import a_kind
from repid_nb.core.record import Record

__all__ = [
    "ActorLimits",
    "ActorLimitsPropagation",
    "BackpressureFallback",
    "BackpressurePolicy",
    "BackpressureResource",
    "BackpressureStrategy",
    "LimitPolicyT",
    "Limits",
    "MessageLimits",
    "OnOversizedPayloadT",
    "OversizedPayloadAction",
    "OversizedPayloadPolicyT",
    "ReservationLeaseT",
    "Wait",
    "action_on_oversized",
    "check_limits",
    "checked_policies",
    "each_once",
    "limits_of",
    "policies_of",
]

T = TypeVar("T")

OversizedPayloadAction: TypeAlias = Literal["run_alone", "nack", "reject"]
ActorLimitsPropagation: TypeAlias = Literal["sum", "off"]
BackpressureResource: TypeAlias = Literal["messages", "payload_bytes"]
BackpressureStrategy: TypeAlias = Literal["native", "channel_pause", "worker_pause", "resubscribe"]
BackpressureFallback: TypeAlias = Literal["buffer", "error"]


class OversizedPayloadPolicyT(Protocol):
    """Chooses what happens to one message whose payload is larger than a limit; a plain function."""

    def __call__(self, message: ReceivedMessageT) -> OversizedPayloadAction: ...


OnOversizedPayloadT: TypeAlias = OversizedPayloadAction | OversizedPayloadPolicyT


class ReservationLeaseT(Protocol):
    """What a limit policy gives a message that may run."""

    async def release(self) -> None:
        """Give the capacity back; a second call does nothing."""


class LimitPolicyT(Protocol):
    """A limit of your own: it says of each message when it may run, and what that costs."""

    async def reserve(
        self,
        message: ReceivedMessageT,
        actor: Any,
        on_wait: Callable[[], Awaitable[None]],
    ) -> ReservationLeaseT:
        """Take capacity for a message, and return the lease that gives it back.

        Args:
            actor: The `ActorData` of the actor that won it.
            on_wait: Awaited once before this waits for capacity, so that the worker can stop to take more.

        Returns:
            The lease. The worker releases it when the message is done, however that ends.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class BackpressurePolicy:
    """Says what a worker does with its channels while a message waits for an actor's limit.

    Attributes:
        strategies: The first that is available is used. `channel_pause` takes nothing more from the channel,
            `worker_pause` and `resubscribe` from no channel; `native` is a broker's own flow control, which no server
            has here. Empty for none: the worker takes more, as far as its other limits let it.
        on_unavailable: What happens where no strategy is available: `buffer` takes more, `error` refuses to run.
        resume_at: After a pause a message starts only once the limit is used to this part of it or less, 0 to 1.

    Raises:
        DeclarationError: A word is unknown, or `resume_at` is no number from 0 to 1.
    """

    strategies: Sequence[BackpressureStrategy] = ("native", "channel_pause", "worker_pause")
    on_unavailable: BackpressureFallback = "buffer"
    resume_at: float = 0.75

    def __post_init__(self) -> None:
        known = get_args(BackpressureStrategy)
        is_several = isinstance(self.strategies, Iterable) and not isinstance(self.strategies, str)
        if not is_several or any(one not in known for one in self.strategies):
            raise DeclarationError(
                f"strategies must be some of {', '.join(map(repr, known))}, in a list or a tuple, "
                f"not {self.strategies!r}.",
            )
        if self.on_unavailable not in get_args(BackpressureFallback):
            raise DeclarationError(f"on_unavailable must be 'buffer' or 'error', not {self.on_unavailable!r}.")
        is_number = isinstance(self.resume_at, (int, float)) and not isinstance(self.resume_at, bool)
        if not (is_number and 0 <= self.resume_at <= 1):
            raise DeclarationError(f"resume_at must be a number from 0 to 1, not {self.resume_at!r}.")
        object.__setattr__(self, "strategies", tuple(dict.fromkeys(self.strategies)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """How much may be in work at once. One object in two places is one limit, shared; two objects are two limits.

    Attributes:
        max_messages: How many messages, at least 1; None for no limit.
        max_payload_bytes: How many bytes their payloads have in all, at least 1; None for no limit.
        on_oversized_payload: What happens to a message whose payload alone is larger than `max_payload_bytes`:
            `run_alone` lets it run while nothing else of this limit does, `nack` and `reject` settle it without
            running it; or a function of the message that returns one of the three words.

    Raises:
        DeclarationError: A number is not a whole one of at least 1, or the word is unknown.
    """

    max_messages: int | None = None
    max_payload_bytes: int | None = None
    on_oversized_payload: OnOversizedPayloadT = "run_alone"

    def __post_init__(self) -> None:
        for name in ("max_messages", "max_payload_bytes"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise DeclarationError(f"{name} must be a whole number of at least 1, or None, not {value!r}.")
        if not callable(self.on_oversized_payload):
            _checked_action(self.on_oversized_payload)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ActorLimits(Limits):
    """The limit of an actor, or of all actors of a router; the attributes are those of `Limits`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MessageLimits(Limits):
    """The limit of a worker or of a channel: how much of it the worker takes off the queues at once.

    Attributes:
        backpressure: What happens to the channel while a message waits for an actor's limit; None for the worker's own,
            and there for `BackpressurePolicy()`. The other attributes are those of `Limits`.

    Raises:
        DeclarationError: As for `Limits`, or `backpressure` is something else.
    """

    backpressure: BackpressurePolicy | None = None

    def __post_init__(self) -> None:
        Limits.__post_init__(self)
        if self.backpressure is not None and not isinstance(self.backpressure, BackpressurePolicy):
            raise DeclarationError(f"backpressure must be a BackpressurePolicy or None, not {self.backpressure!r}.")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Wait(Record):
    """Why a message is not started yet.

    Attributes:
        message: The id of the message; None for all that wait on the channel's queue.
        limit: The limit that it waits for, such as `limit 4 of send_email`.
        reason: Why, as a phrase, such as `limit 4 of send_email is full`.
        holders: The ids of the messages that hold the limit, at most eight: when one of them is done, another may
            start. Empty where the limit does not say.
        held: How many messages hold it in all.
    """

    channel: str
    message: str | None
    limit: str
    reason: str
    holders: tuple[str, ...] = ()
    held: int = 0


def action_on_oversized(limits: Limits, message: ReceivedMessageT) -> OversizedPayloadAction | None:
    """Say what happens to a message because of its size; None where it is no larger than the limit.

    Raises:
        DeclarationError: The function answers with none of the words, or is asynchronous.
        Exception: What the function raised.
    """
    if limits.max_payload_bytes is None or len(message.payload) <= limits.max_payload_bytes:
        return None
    choice: Any = limits.on_oversized_payload
    if not callable(choice):
        return _checked_action(choice)
    action = choice(message)
    if inspect.iscoroutine(action):
        action.close()
    if inspect.isawaitable(action):
        raise DeclarationError("on_oversized_payload is called and not awaited: write it without async.")
    return _checked_action(action)


def _checked_action(action: Any) -> OversizedPayloadAction:
    words = get_args(OversizedPayloadAction)
    if action not in words:
        raise DeclarationError(f"on_oversized_payload must be one of {', '.join(map(repr, words))}, not {action!r}.")
    known: OversizedPayloadAction = action
    return known


def check_limits(label: str, limits: Any, kind: type[Limits]) -> None:
    """Refuse limits of another kind; an error calls their owner `label`.

    Raises:
        DeclarationError: They are neither None nor of that kind.
    """
    if limits is not None and not isinstance(limits, kind):
        raise DeclarationError(f"{label}: limits must be {kind.__name__}(...), not {a_kind(limits)}.")


def checked_policies(label: str, policies: Any) -> tuple[LimitPolicyT, ...]:
    """Return limit policies, each once; an error calls their owner `label`.

    Raises:
        DeclarationError: It is not a list of objects that can `reserve`.
    """
    found = each_once(policies) if isinstance(policies, Iterable) else ()
    if not isinstance(policies, Iterable) or not all(callable(getattr(one, "reserve", None)) for one in found):
        raise DeclarationError(
            f"{label}: limit_policies must be a list of objects with async def reserve(self, message, actor, on_wait), "
            f"not {policies!r}.",
        )
    return found


def each_once(things: Iterable[T]) -> tuple[T, ...]:
    """Return the things in order, each object once; equal objects are not the same."""
    return tuple({id(one): one for one in things}.values())


def limits_of(owner: Any) -> Any:
    """Return the limits of an actor or a channel; of one of repid 2.1.4, which knows none, None."""
    return getattr(owner, "limits", None)


def policies_of(owner: Any) -> tuple[LimitPolicyT, ...]:
    """Return the limit policies of an actor or a channel; of one of repid 2.1.4, which knows none, none."""
    return tuple(getattr(owner, "limit_policies", ()))
