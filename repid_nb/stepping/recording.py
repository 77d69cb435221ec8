"""Listening to a worker while it delivers one message."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from repid_nb.core.actor import ActorData
from repid_nb.core.events import Event, Finished, Matched, Published, Settled, Started
from repid_nb.core.message import BaseMessageT, MessageAction, ReceivedMessageT
from repid_nb.core.router import Route
from repid_nb.stepping.explain import Finding, examine, strategy_name
from repid_nb.stepping.raised import raised
from repid_nb.stepping.record import Argument, Raised, Settlement, Verdict
from repid_nb.stepping.shorten import short
from repid_nb.stepping.stale import stale_notes

__all__ = ["Inquiry", "Recording"]


class Inquiry:
    """Asks the actors of a channel about one message, each at most once, and writes down what they say."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes
        self._findings: dict[int, Finding] = {}

    def ask(self, actor: ActorData, message: BaseMessageT) -> bool:
        """Ask one actor, as a worker does.

        Raises:
            Exception: Whatever its strategy raised.
        """
        finding = self._findings[id(actor)] = examine(actor.routing_strategy, message)
        if finding.error is not None:
            raise finding.error
        return bool(finding.answer)

    def ask_rest(self, message: BaseMessageT) -> None:
        """Ask those whom the worker did not ask, for the explanation only."""
        for route in self._routes:
            if id(route.actor) not in self._findings:
                self._findings[id(route.actor)] = examine(route.actor.routing_strategy, message)

    def verdicts(self, asked: frozenset[int]) -> tuple[Verdict, ...]:
        """Return one verdict for each actor that was asked, in order of registration.

        Args:
            asked: The `id` of each actor that the worker itself asked.
        """
        notes = stale_notes(self._routes)
        verdicts: list[Verdict] = []
        decided = False
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
                    role=("shadowed" if decided else "winner") if matched and not self._broken(asked) else None,
                    asked=id(route.actor) in asked,
                    note=notes.get(position, ""),
                ),
            )
            decided = decided or matched
        return tuple(verdicts)

    @property
    def asked(self) -> frozenset[int]:
        """The `id` of each actor that was asked so far."""
        return frozenset(self._findings)

    def _broken(self, asked: frozenset[int]) -> bool:
        """Whether a strategy raised before any other said yes, so that nobody won."""
        return any(finding.error is not None for actor, finding in self._findings.items() if actor in asked)


NOBODY = Settlement(action=None, reason="nobody settled it")


@dataclass(slots=True)
class Recording:
    """What is heard of one delivery."""

    inquiry: Inquiry
    winner: str | None = None
    arguments: tuple[Argument, ...] = ()
    result: Any = None
    exception: Raised | None = None
    duration: float | None = None
    settlement: Settlement = NOBODY
    published: tuple[str, ...] = ()
    asked: frozenset[int] = frozenset()
    _started: float | None = None

    def hear(self, event: Event) -> None:
        """Take in one event of the worker or the server."""
        match event:
            case Matched(actor=actor, error=error):
                self.asked = self.inquiry.asked
                self.winner = None if actor is None else actor.name
                self.exception = None if error is None else raised(error)
            case Started(message=message, actor=actor, args=args, kwargs=kwargs):
                # Values are somebody's objects: comparing or showing them may raise anything.
                with suppress(Exception):
                    self.arguments = read_arguments(message, actor, args, kwargs)
                self._started = time.perf_counter()
            case Finished(result=result, exception=exception):
                if self._started is not None:
                    self.duration = time.perf_counter() - self._started
                self.result = result
                self.exception = None if exception is None else raised(exception)
            case Settled(action=action, reason=reason):
                self.settlement = Settlement(
                    action=None if action is None else MessageAction(action.value), reason=reason
                )
            case Published(channel=channel):
                self.published = (*self.published, channel)


def read_arguments(
    message: ReceivedMessageT,
    actor: ActorData,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> tuple[Argument, ...]:
    """Say where each argument of an actor came from.

    Args:
        message: The message.
        actor: The actor, whose converter knows where it reads.
        args: What is given by position.
        kwargs: What is given by name.

    Returns:
        The arguments, in the order of the function's parameters; those of a foreign converter without their source.
    """
    sources: dict[str, Any] = getattr(actor.converter, "argument_sources", dict)()
    values = {**dict(zip(sources, args, strict=False)), **kwargs}
    payload, headers = _json_object(message.payload), message.headers or {}
    arguments = []
    for name in [*(one for one in sources if one in values), *(one for one in values if one not in sources)]:
        source, given = _origin(sources.get(name), payload, headers)
        arguments.append(
            Argument(
                name=name,
                source=source,
                value=short(values[name]),
                coerced_from=None if given is _ABSENT or _same(given, values[name]) else short(given),
            ),
        )
    return tuple(arguments)


_ABSENT = object()


def _origin(source: Any, payload: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[str, Any]:
    if source is None:
        return "converter", _ABSENT
    if source.kind == "payload":
        return ("payload", payload[source.field]) if source.field in payload else ("default", _ABSENT)
    if source.kind == "header":
        known = source.field in headers
        return (f"header {source.field!r}", headers[source.field]) if known else ("default", _ABSENT)
    return source.kind, _ABSENT


def _same(given: Any, value: Any) -> bool:
    return type(given) is type(value) and bool(given == value)


def _json_object(payload: bytes) -> dict[str, Any]:
    try:
        read = json.loads(payload or b"{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _factory(route: Route) -> Any:
    options = getattr(route.source, "options", None)
    return getattr(options, "routing_strategy", None)
