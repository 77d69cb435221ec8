"""Why a message was settled as it was: every reason, worded once.

A reason is a phrase that a record shows after the settlement: `acked: the actor returned (always_ack)`.
"""

from __future__ import annotations

import reprlib
from collections.abc import Sequence

from repid_nb.core.error_words import error_words
from repid_nb.core.errors import ActorTimeoutError
from repid_nb.core.message import MessageAction

NOT_SETTLED = "nobody settled it"
NO_REASON = "nacked without a reason"
ACKED_FIRST = "acked before the actor ran (ack_first)"
ACTOR_NACKED = "the actor nacked it itself"
LIMIT_FAILED = "one of its limits failed, so the worker stops"
ACTOR_RETURNED = "the actor returned"

# What holds where an actor says nothing else is not worth a word.
DEFAULT_RULES = ("auto", "on_error is 'nack'")


def no_match(seen: int, limit: int) -> str:
    return f"no actor matched (sighting {seen} of {limit})"


def poison(seen: int) -> str:
    return f"poison message: no actor matched in {seen} sightings"


def strategy_raised(error: BaseException) -> str:
    return f"{NOT_SETTLED}: a routing strategy raised {type(error).__name__}"


def too_large(size: int, limit: int, action: str) -> str:
    return f"its payload of {size:,} bytes is larger than the limit of {limit:,} (on_oversized_payload is {action!r})"


def raised(error: BaseException, *, called: bool) -> str:
    """Word what ended a run: reading the arguments failed, or, where the actor was `called`, the actor did."""
    if isinstance(error, ActorTimeoutError):
        return str(error)
    said = error_words(error)
    return f"{'the actor' if called else 'reading the arguments'} raised {type(error).__name__}{said and f': {said}'}"


def on_error_raised(error: BaseException, failure: BaseException) -> str:
    return f"{type(error).__name__} was raised, and then on_error raised {type(failure).__name__}"


def on_error_without_answer(reason: str, answer: object, words: Sequence[str]) -> str:
    return f"{reason}, and on_error returned {reprlib.repr(answer)}, not one of {', '.join(words)}"


def with_rule(reason: str, rule: str) -> str:
    """Add the rule that decided, a confirmation mode or what `on_error` said, where it is not the default one."""
    return reason if rule in DEFAULT_RULES else f"{reason} ({rule})"


def left_open(reason: str) -> str:
    """Word a rule that leaves the message unsettled."""
    return f"{NOT_SETTLED}: {reason}"


def settlement_failed(reason: str, error: BaseException) -> str:
    return f"{NOT_SETTLED}: the server failed with {type(error).__name__} when {reason}"


def came_too_late(reason: str) -> str:
    return f"{NOT_SETTLED}: it had gone back to its place when {reason}"


def settled_early(action: MessageAction, mode: str) -> str:
    """Word a settlement by middleware or a dependency."""
    return with_rule(f"settled before the actor was called: {action.value}", mode)


def actor_settled(action: MessageAction, mode: str) -> str:
    return with_rule(f"the actor settled it itself: {action.value}", mode)


def middleware_settled(action: MessageAction, mode: str) -> str:
    return with_rule(f"middleware settled it after the actor: {action.value}", mode)
