"""Asking actors who takes a message, and writing down what each says."""

from __future__ import annotations

from typing import Any

from repid_nb.core.actor import ActorData
from repid_nb.core.checks import check_parts
from repid_nb.core.memory.message import InMemoryReceivedMessage, QueuedMessage
from repid_nb.core.memory.queue import DEFAULT_PRIORITY, Queues
from repid_nb.core.message import BaseMessageT, SerializerT
from repid_nb.core.routing.declaration import Declaration
from repid_nb.core.routing.routes import Route, Routes
from repid_nb.stepping.explain import NOT_ASKED, Answer, examine, strategy_name
from repid_nb.stepping.harmless import can_be_asked_again
from repid_nb.stepping.record import Verdict
from repid_nb.stepping.stale_actors import stale_notes

__all__ = ["Inquiry", "imagined"]


def imagined(
    channel: str, payload: Any, headers: dict[str, str] | None, serializer: SerializerT
) -> InMemoryReceivedMessage:
    """Return a message as it would be pulled if it were sent, from a queue of nobody.

    Args:
        channel: Its channel.
        payload: Bytes as they are, anything else as JSON, None for an empty payload.
        headers: Its headers.
        serializer: What writes the JSON.

    Raises:
        InvalidMessageError: No queue could carry it.
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


class Inquiry:
    """Asks the actors of a channel about one message, each at most once, and writes down what they say."""

    def __init__(self, routes: Routes, channel: str) -> None:
        self._routes = routes.routes_by_channel.get(channel, ())
        self._notes = stale_notes(routes, channel)
        self._findings: dict[int, Answer] = {}

    def ask(self, actor: ActorData, message: BaseMessageT) -> bool:
        """Ask one actor, as a worker does.

        Raises:
            Exception: Whatever its strategy raised.
        """
        finding = self._findings[id(actor)] = examine(actor.routing_strategy, message)
        if finding.error is not None:
            raise finding.error
        return finding.answer

    def ask_rest(self, message: BaseMessageT) -> None:
        """Ask those whom the worker does not ask, for the explanation only; the message stays as it is.

        One that may keep state (a counter, say) is not asked, because it would answer the next message otherwise.
        """
        for route in self._routes:
            if id(route.actor) not in self._findings:
                strategy = route.actor.routing_strategy
                self._findings[id(route.actor)] = (
                    examine(strategy, message, without_trace=True) if can_be_asked_again(strategy) else NOT_ASKED
                )

    def explain(self, message: BaseMessageT, *, everybody: bool) -> tuple[tuple[Verdict, ...], str | None]:
        """Ask as a worker would, and say who would win.

        Args:
            message: The message.
            everybody: Whether those after the first match are asked too.

        Returns:
            The verdicts, and the name of the winner or None.
        """
        winner = None
        for route in self._routes:
            try:
                takes_it = self.ask(route.actor, message)
            except Exception:
                break  # it is in the verdict
            if takes_it:
                winner = route.actor.name
                break
        asked = self.asked
        if everybody:
            self.ask_rest(message)
        return self.verdicts(asked), winner

    def verdicts(self, asked: frozenset[int]) -> tuple[Verdict, ...]:
        """Return one verdict for each actor that was asked, in order of registration.

        Args:
            asked: The `id` of each actor that the worker itself asked.
        """
        verdicts: list[Verdict] = []
        decided = False
        nobody_won = self._broken(asked)
        for position, route in enumerate(self._routes, start=1):
            finding = self._findings.get(id(route.actor))
            if finding is None:
                continue
            matched = finding.outcome == "match"
            verdicts.append(
                Verdict(
                    position=position,
                    actor=route.actor.name,
                    strategy=strategy_name(route.actor.routing_strategy, _factory(route)),
                    outcome=finding.outcome,
                    reason=finding.reason,
                    role=("shadowed" if decided else "winner") if matched and not nobody_won else None,
                    asked=id(route.actor) in asked,
                    note=self._notes.get(position, ""),
                ),
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
        return frozenset(self._findings)

    def _broken(self, asked: frozenset[int]) -> bool:
        """Whether a strategy raised before any other said yes, so that nobody won."""
        return any(finding.error is not None for actor, finding in self._findings.items() if actor in asked)


def _factory(route: Route) -> Any:
    return route.source.options["routing_strategy"] if isinstance(route.source, Declaration) else None
