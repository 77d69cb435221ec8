"""Why a message was settled as it was: every reason, worded once.

A reason is a phrase that a record shows after the settlement: `acked: the actor returned (auto)`.
"""

from __future__ import annotations

import reprlib
from collections.abc import Sequence

from repid_nb.core.errors import ActorTimeoutError
from repid_nb.core.message import MessageAction

__all__ = [
    "ACKED_FIRST",
    "ACTOR_NACKED",
    "NOT_SETTLED",
    "NO_REASON",
    "actor_returned",
    "actor_settled",
    "came_too_late",
    "left_open",
    "middleware_settled",
    "no_match",
    "on_error_raised",
    "on_error_without_answer",
    "poison",
    "raised",
    "settled_early",
    "settlement_failed",
    "strategy_raised",
    "with_rule",
]

NOT_SETTLED = "nobody settled it"
NO_REASON = "nacked without a reason"
ACKED_FIRST = "acked before the actor ran (ack_first)"
ACTOR_NACKED = "the actor nacked it itself"


def no_match(seen: int, limit: int) -> str:
    """Word a reject: no actor of the channel takes the message."""
    return f"no actor matched (sighting {seen} of {limit})"


def poison(seen: int) -> str:
    """Word the nack of a poison message."""
    return f"poison message: no actor matched in {seen} sightings"


def strategy_raised(error: BaseException) -> str:
    """Word a message that stays in work, because a routing strategy failed."""
    return f"{NOT_SETTLED}: a routing strategy raised {type(error).__name__}"


def raised(error: BaseException, *, called: bool) -> str:
    """Word what ended a run: reading the arguments failed, or the actor did.

    Args:
        error: What was raised.
        called: Whether the actor had been called.
    """
    if isinstance(error, ActorTimeoutError):
        return str(error)
    name = type(error).__name__
    return f"the actor raised {name}" if called else f"reading the arguments raised {name}"


def on_error_raised(error: BaseException, failure: BaseException) -> str:
    """Word the nack of a message whose `on_error` failed, too."""
    return f"{type(error).__name__} was raised, and then on_error raised {type(failure).__name__}"


def on_error_without_answer(reason: str, answer: object, words: Sequence[str]) -> str:
    """Word the nack of a message whose `on_error` returned no settlement."""
    return f"{reason}, and on_error returned {reprlib.repr(answer)}, not one of {', '.join(words)}"


def actor_returned(rule: str) -> str:
    """Word a run that returned, with the rule that settles it."""
    return f"the actor returned ({rule})"


def with_rule(reason: str, rule: str) -> str:
    """Add the rule that decided to a reason."""
    return f"{reason} ({rule})"


def left_open(reason: str) -> str:
    """Word a rule that leaves the message unsettled."""
    return f"{NOT_SETTLED}: {reason}"


def settlement_failed(reason: str, error: BaseException) -> str:
    """Word a settlement that the server refused."""
    return f"{NOT_SETTLED}: the server failed with {type(error).__name__} when {reason}"


def came_too_late(reason: str) -> str:
    """Word a settlement of a message that had gone back to its place before."""
    return f"{NOT_SETTLED}: it had gone back to its place when {reason}"


def settled_early(action: MessageAction, mode: str) -> str:
    """Word a settlement that came before the actor was called: by middleware or a dependency."""
    return f"settled before the actor was called: {action.value} ({mode})"


def actor_settled(action: MessageAction, mode: str) -> str:
    """Word a settlement by the actor itself."""
    return f"the actor settled it itself: {action.value} ({mode})"


def middleware_settled(action: MessageAction, mode: str) -> str:
    """Word a settlement by middleware, after the actor had ended."""
    return f"middleware settled it after the actor: {action.value} ({mode})"
