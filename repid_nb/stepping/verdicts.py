"""Asking the actors of a channel whether they take a message, and collecting their verdicts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from repid_nb.core.actor import ActorData
from repid_nb.core.checks import check_parts
from repid_nb.core.memory.message import InMemoryReceivedMessage
from repid_nb.core.memory.queue import DEFAULT_PRIORITY, Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.message import BaseMessageT, SerializerT
from repid_nb.core.routing.declaration import Declaration
from repid_nb.core.routing.routes import Route, Routes
from repid_nb.stepping.explain import NOT_ASKED, Answer, examine, strategy_name
from repid_nb.stepping.harmless import can_be_asked_again
from repid_nb.stepping.record import Verdict
from repid_nb.stepping.stale_actors import stale_notes

__all__ = ["VerdictCollector", "strategy_of", "unsent_message"]


def strategy_of(route: Route) -> str:
    """Return the name of the strategy of an actor, with its factory's name where the strategy is a custom one."""
    factory = route.source.options["routing_strategy"] if isinstance(route.source, Declaration) else None
    return strategy_name(route.actor.routing_strategy, factory)


def unsent_message(
    channel: str, payload: Any, headers: dict[str, str] | None, serializer: SerializerT
) -> InMemoryReceivedMessage:
    """Build the message that `Stepper.explain` asks about; it is on no real queue.

    Args:
        channel: The channel that it would come from.
        payload: Bytes as they are, anything else as JSON, None for an empty payload.
        headers: Its headers.
        serializer: Writes the JSON.

    Raises:
        InvalidMessageError: No queue could carry such a message.
    """
    is_raw = payload is None or isinstance(payload, bytes)
    body = payload or b"" if is_raw else serializer(payload)
    content_type = None if is_raw else "application/json"
    check_parts(channel, body, headers, content_type, None)
    queue = Queues(dead_letter_limit=1).of(channel)
    queue.put(QueuedMessage(body, headers, content_type), DEFAULT_PRIORITY)
    message = queue.take(owner=None)
    assert message is not None  # noqa: S101  (it was just put there)
    return message


# Steps share the verdicts that are the same in each: most are.
@lru_cache(maxsize=1024)
def _verdict(*values: Any) -> Verdict:
    return Verdict(**dict(zip(Verdict.__dataclass_fields__, values, strict=True)))


class VerdictCollector:
    """Asks the actors of a channel about one message, each at most once, and collects their verdicts.

    Args:
        told: See `stale_notes`.
    """

    def __init__(self, routes: Routes, channel: str, told: set[object] | None = None) -> None:
        self._routes = routes.routes_by_channel.get(channel, ())
        self._notes = stale_notes(routes, channel, told)
        self._answers: dict[int, Answer] = {}
        # A strategy raised when a worker asked it, so that no actor won.
        self._has_failed = False

    def ask(self, actor: ActorData, message: BaseMessageT) -> bool:
        """Ask one actor, as a worker does.

        Raises:
            BaseException: Whatever its strategy raised.
        """
        answer = self._answers[id(actor)] = examine(actor.routing_strategy, message)
        if answer.error is not None:
            self._has_failed = True
            raise answer.error
        return answer.answer

    def ask_rest(self, message: BaseMessageT) -> None:
        """Ask the actors that were not asked yet, for the explanation only; the message stays as it is.

        One whose strategy may keep state (a counter, say) is not asked: it would answer the next message differently.
        """
        for route in self._routes:
            if id(route.actor) not in self._answers:
                strategy = route.actor.routing_strategy
                self._answers[id(route.actor)] = (
                    examine(strategy, message, without_trace=True) if can_be_asked_again(strategy) else NOT_ASKED
                )

    def explain(self, message: BaseMessageT, *, ask_all: bool) -> tuple[tuple[Verdict, ...], str | None]:
        """Ask the actors as a worker would, and return the verdicts and the name of the winner or None.

        What a strategy raises is in its verdict; no later one would be asked then.

        Args:
            ask_all: Whether actors after the first match are asked too.
        """
        winner = None
        for route in self._routes:
            answer = self._answers[id(route.actor)] = examine(route.actor.routing_strategy, message)
            self._has_failed = answer.error is not None
            if answer.answer:
                winner = route.actor.name
            if answer.answer or self._has_failed:
                break
        asked = self.asked
        if ask_all:
            self.ask_rest(message)
        return self.verdicts(asked), winner

    def verdicts(self, asked: frozenset[int]) -> tuple[Verdict, ...]:
        """Return one verdict for each actor that was asked, in order of registration.

        Args:
            asked: The `id` of each actor that the worker itself asked.
        """
        verdicts: list[Verdict] = []
        decided = False
        for position, route in enumerate(self._routes, start=1):
            actor = route.actor
            answer = self._answers.get(id(actor))
            if answer is None:
                continue
            matched = answer.outcome == "match"
            role = ("shadowed" if decided else "winner") if matched and not self._has_failed else None
            note = self._notes.get(position, "")
            is_asked = id(actor) in asked
            # In the order of the fields: an argument that is named would be looked up with its name.
            verdicts.append(
                _verdict(position, actor.name, strategy_of(route), answer.outcome, answer.reason, role, is_asked, note)
            )
            decided = decided or matched
        return tuple(verdicts)

    def middlewares_around(self, actor: ActorData) -> tuple[str, ...]:
        """Return the names of the middleware that runs around an actor, the outermost first."""
        for route in self._routes:
            if route.actor is actor:
                own = route.source.options["middlewares"] if isinstance(route.source, Declaration) else None
                around = (*route.inherited.middlewares, *(own or ()))
                return tuple(getattr(one, "__name__", type(one).__name__) for one in around)
        return ()

    @property
    def asked(self) -> frozenset[int]:
        """The `id` of each actor that was asked so far."""
        return frozenset(self._answers)
