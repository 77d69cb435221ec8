"""A second world: the same messages on queues of their own, with other rules, to be stepped beside the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from repid_nb.app import Repid
from repid_nb.core.actor import OnErrorT
from repid_nb.core.errors import InvalidMessageError, UnknownNameError
from repid_nb.core.memory.contents import copied_into
from repid_nb.core.memory.queue import Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.server import InMemoryServer, checked_priority
from repid_nb.core.message import ServerT
from repid_nb.core.naming import nearest_name
from repid_nb.core.routing.declaration import Inherited, check_on_error
from repid_nb.core.routing.router import Router
from repid_nb.core.routing.routes import Route, Routes
from repid_nb.core.worker.sightings import Sightings
from repid_nb.given import check_names
from repid_nb.printable import short
from repid_nb.stepping.names import Names
from repid_nb.stepping.record import Step

__all__ = ["Fork", "OtherRules", "copied_server", "first_difference", "forked_app"]


class OtherRules(Router):
    """The actors of another router in another order, or with another `on_error`; they stay the same functions.

    Args:
        router: The other router.
        order: Names of actors that are asked first, in this order; the others follow as they were.
        on_error: What becomes of a message whose actor raised: for all actors, or by their names.

    Raises:
        UnknownNameError: There is no actor of a name that is given.
        DeclarationError: The order is not a list of names, or what `on_error` says is no action.
    """

    def __init__(
        self, router: Router, order: Sequence[str] = (), on_error: OnErrorT | Mapping[str, OnErrorT] | None = None
    ) -> None:
        super().__init__()
        check_names("order", order, "['refund', 'ship']")
        self._router = router
        self._order = {name: place for place, name in enumerate(order)}
        self._on_error = on_error
        self._known: Routes | None = None
        self._made = Routes()
        self._changed: dict[int, tuple[Route, Route]] = {}
        names = {route.actor.name for route in self.routes().routes}
        for name in (*order, *(on_error if isinstance(on_error, Mapping) else ())):
            if name not in names:
                raise UnknownNameError(f"There is no actor {name!r}.{nearest_name(name, sorted(names))}")
        for rule in on_error.values() if isinstance(on_error, Mapping) else (on_error,):
            if rule is not None:
                check_on_error("fork", rule)

    def listed(self) -> str:
        return self._router.listed()

    def routes(self, inherited: Inherited | None = None, *, known: Routes | None = None) -> Routes:  # noqa: ARG002  (its own)
        base = self._router.routes(inherited, known=self._known)
        if base is self._known:
            return self._made
        self._known = base
        # Channel by channel: their order is that of the pulls.
        channels = {channel: place for place, channel in enumerate(base.by_channel)}
        order = sorted(base.routes, key=lambda route: (channels[route.actor.channel_address], self._place(route)))
        self._made = Routes(tuple(map(self._with_rules, order)), base.left_over)
        return self._made

    def _place(self, route: Route) -> int:
        return self._order.get(route.actor.name, len(self._order))

    def _with_rules(self, route: Route) -> Route:
        on_error = self._on_error
        if isinstance(on_error, Mapping):
            on_error = on_error.get(route.actor.name)
        if on_error is None:
            return route
        known = self._changed.get(id(route))
        if known is None or known[0] is not route:
            known = self._changed[id(route)] = (route, replace(route, actor=replace(route.actor, on_error=on_error)))
        return known[1]


@dataclass(frozen=True, slots=True)
class Fork:
    """Where a second world parts from the first.

    Attributes:
        step: The number of the step after which they part.
        names: The names of messages in the first.
        sightings: How often its worker has seen them.
        copies: Each message of the first with its copy.
    """

    step: int
    names: Names
    sightings: Sightings
    copies: Mapping[QueuedMessage, QueuedMessage]


def copied_server(
    queues: Queues, name_of: Callable[[QueuedMessage], str], priority: Mapping[str, int]
) -> tuple[InMemoryServer, dict[QueuedMessage, QueuedMessage]]:
    """Return a server with copies of all messages, what is in work as if it waited; and each message with its copy.

    Args:
        queues: The queues that are copied.
        name_of: The names of messages.
        priority: Other priorities, by the names of messages.

    Raises:
        InvalidMessageError: A priority is out of range, or they are not by names.
    """
    if not isinstance(priority, Mapping):
        raise InvalidMessageError(f"priority must be a dict, such as {{'m3': 9}}, not {short(priority)}.")
    for given in priority.values():
        checked_priority(given)
    server = InMemoryServer(dead_letter_limit=queues.dead_letter_limit)
    copies = copied_into(queues, server.queues, lambda message, given: priority.get(name_of(message), given))
    return server, copies


def forked_app(app: Repid, original: ServerT, server: ServerT, router: Router) -> Repid:
    """Return an app like this one, with another server in place of one of its own, and another router."""
    other = app.copy(router)
    for name, one in app.servers.list_servers().items():
        is_default = app.servers.get_default_server() is one
        other.servers.register_server(name, server if one is original else one, is_default=is_default)
    return other


def first_difference(steps: Sequence[Step], others: Sequence[Step]) -> int | None:
    """Return the number of the first step that went another way in two worlds; None where none did.

    Steps are compared by their numbers: which message it was, who got it, and what became of it.
    """
    by_number = {step.number: step for step in others}
    for step in steps:
        other = by_number.get(step.number)
        if other is not None and _way(step) != _way(other):
            return step.number
    return None


def _way(step: Step) -> tuple[object, ...]:
    return (step.message.name, step.channel, step.winner, step.settlement.action)
