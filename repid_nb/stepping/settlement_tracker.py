"""Finding out what settled a message: the confirmation mode, the actor itself, middleware, or nothing."""

from __future__ import annotations

from collections.abc import Callable

from repid_nb.core import reasons
from repid_nb.core.actor import ActorData
from repid_nb.core.events import Confirming, Ended, Event, Finished, Settled, Started
from repid_nb.core.message import MessageAction, ReceivedMessageT

__all__ = ["SettlementTracker"]

_Wording = Callable[[MessageAction, str], str]


class SettlementTracker:
    """Tracks whether the worker, the actor or middleware settled a message: the first settlement counts."""

    def __init__(self) -> None:
        self._finished: Finished | None = None
        self._holder: _Wording = reasons.settled_early
        self._by_mode = ""
        self._left_open = ""
        self._has_failed = False
        self._settled: Callable[[str], str] | None = None

    def completed(self, event: Event) -> Event:
        """Return an event of the run: a Settled with its reason, which the worker does not know; others as they are."""
        match event:
            case Started(message=message):
                self._hand_over(message, reasons.actor_settled)
            case Ended(message=message):
                self._hand_over(message, reasons.middleware_settled)
            case Confirming(action=action, reason=reason):
                self._confirm(action, reason)
            case Finished():
                self._finished = event
            case Settled(message=message) if self._finished is not None:
                self._hand_over(message, reasons.middleware_settled)
                reason = self._reason(message.action, self._finished.actor, self._finished.exception)
                return Settled(message, None if self._has_failed else message.action, reason)
            case _:
                pass
        return event

    def _hand_over(self, message: ReceivedMessageT, holder: _Wording) -> None:
        """Attribute a settlement so far to the current holder; then change the holder."""
        action, by_mode, former = message.action, self._by_mode, self._holder
        if action is not None and self._settled is None:
            self._settled = lambda mode: by_mode or former(action, mode)
        self._holder = holder

    def _confirm(self, action: str, reason: str) -> None:
        if action != "no_action":
            self._by_mode = reason
            return
        self._has_failed = bool(self._by_mode)
        self._left_open = reason

    def _reason(self, action: MessageAction | None, actor: ActorData, error: BaseException | None) -> str:
        mode = actor.confirmation_mode
        if self._has_failed:
            return self._left_open
        if action is not None and self._settled is not None:
            return self._settled(mode)
        if self._by_mode:
            return reasons.came_too_late(self._by_mode)
        raised = "" if error is None else f": {type(error).__name__} was raised"
        return self._left_open or reasons.with_rule(f"{reasons.NOT_SETTLED}{raised}", mode)
