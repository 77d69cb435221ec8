"""Confirmation modes: how the end of a run settles its message, and why (repid 2.1.4, `repid._runner`).

A decision is a pair: `ack`, `nack`, `reject` or `no_action`, and the reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from typing import Any, get_args

from repid_nb.core import reasons
from repid_nb.core.abilities import nack
from repid_nb.core.actor import ActorData, AutoActionT, ManualActionT
from repid_nb.core.message import ReceivedMessageT

__all__ = ["AFTER_RETURN", "after_error", "after_return", "settlement"]

SETTLEMENT_WORDS = get_args(ManualActionT)
ACTIONS = frozenset(get_args(AutoActionT))
# The mode leaves the message to the actor.
UNDECIDED = ("no_action", "")
# Looked up before `after_return` is called: in these modes what the actor returned does not matter.
AFTER_RETURN = {mode: ("ack", reasons.with_rule(reasons.ACTOR_RETURNED, mode)) for mode in ("auto", "always_ack")}


def after_return(actor: ActorData, result: object) -> tuple[str, str]:
    """Decide on a message whose run returned, in the modes that are not in `AFTER_RETURN`.

    Raises:
        ValueError: The mode is `manual_explicit`, and `result` is none of the four words.
    """
    mode = actor.confirmation_mode
    if mode != "manual_explicit":
        return UNDECIDED
    if not isinstance(result, str) or result not in SETTLEMENT_WORDS:
        raise ValueError(
            f"Actor '{actor.name}' with confirmation_mode='manual_explicit' returned an invalid value: "
            f"{result!r}. Expected one of: {', '.join(map(repr, SETTLEMENT_WORDS))}.",
        )
    return _decided(result, reasons.with_rule(f"{reasons.ACTOR_RETURNED} {result!r}", mode))


def after_error(actor: ActorData, error: Exception, *, called: bool) -> tuple[str, str]:
    """Decide on a message whose run raised; `called` says whether the actor had been called.

    Raises:
        Exception: What the actor's `on_error` raised.
    """
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


def settlement(message: ReceivedMessageT, word: str, reason: str) -> Coroutine[Any, Any, None]:
    """Return the coroutine that carries a decision out."""
    if word == "ack":
        return message.ack()
    if word == "nack":
        return nack(message, reason)
    return message.reject() if word == "reject" else _leave_it()


async def _leave_it() -> None:
    pass


def _decided(word: str, reason: str) -> tuple[str, str]:
    return (word, reason) if word in ACTIONS else ("no_action", reasons.left_open(reason))
