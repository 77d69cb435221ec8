"""Routes: the actors of each channel, with everything that they inherit settled.

A cell that runs again declares its actors again, and the older ones stay. But one run may also declare two actors of
one name on purpose, in a loop or a helper. The run tells these cases apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeAlias

from repid_nb.core.actor import ActorData, CallNextT
from repid_nb.core.description import Channel
from repid_nb.core.errors import DeclarationError
from repid_nb.core.limits import each_once, limits_of, policies_of
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.middleware import Pipeline, pipeline
from repid_nb.core.routing.declaration import Declaration, Inherited
from repid_nb.core.routing.reruns import Run, code_of

__all__ = ["ForeignRouterT", "LeftOver", "Route", "Routes", "left_over_of"]

DESCRIPTION = ("address", "title", "summary", "description", "bindings", "external_docs")

# An actor and its channel -> the actor of a later run that took its place, or None.
LeftOver: TypeAlias = Mapping[tuple[Declaration, str], Declaration | None]

# In order of registration, each with what it inherits.
Entries: TypeAlias = "tuple[tuple[Declaration | ForeignRouterT, Inherited], ...]"


class ForeignRouterT(Protocol):
    """A router of another library whose actors have repid's shape."""

    @property
    def actors(self) -> list[Any]: ...
    @property
    def channels(self) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Route:
    """One actor on its channel, and the declaration and options that it was built from."""

    actor: ActorData
    channel: Channel
    source: Declaration | ForeignRouterT
    inherited: Inherited


@dataclass(frozen=True, slots=True)
class Routes:
    """Everything that a router and the routers it includes declare, in order of registration.

    Where a cell ran again, its newest actors are in the places of the older ones, which are left out.

    Attributes:
        left_over: What only an earlier run of a cell declared, from `left_over_of`. `routes` has only those of them
            that no other actor replaces.
        parts: What they were made of; empty where a router of another library is among it: its actors may change.
        routes_by_channel, by_channel: The routes and the actors of each channel, in order of registration.
    """

    routes: tuple[Route, ...] = ()
    left_over: LeftOver = field(default_factory=dict)
    parts: Sequence[object] = ()
    routes_by_channel: Mapping[str, Sequence[Route]] = field(init=False)
    by_channel: Mapping[str, Sequence[ActorData]] = field(init=False)

    def __post_init__(self) -> None:
        grouped: dict[str, list[Route]] = {}
        for route in self.routes:
            grouped.setdefault(route.actor.channel_address, []).append(route)
        by_channel = {channel: [route.actor for route in there] for channel, there in grouped.items()}
        object.__setattr__(self, "routes_by_channel", grouped)
        object.__setattr__(self, "by_channel", by_channel)

    @classmethod
    def of(cls, entries: Entries, parts: Sequence[object], known: Routes | None) -> Routes:
        """Build the routes of entries in order of registration, each with what it inherits; see `Router.routes`."""
        earlier: dict[int, list[Route]] = {}
        for route in () if known is None else known.routes:
            earlier.setdefault(id(route.source), []).append(route)
        found: list[Route] = []
        left_over = left_over_of(entries)
        for entry, inherited in _newest(entries, left_over):
            before = earlier.get(id(entry), [])
            if not isinstance(entry, Declaration):
                found += _foreign_routes(entry, inherited, before)
            elif (known_route := _taken(before, inherited)) is not None:
                found.append(known_route)
            else:
                try:
                    found.append(Route(entry.build(inherited), entry.channel(inherited), entry, inherited))
                except Exception:
                    if (entry, entry.channel(inherited).address) not in left_over:
                        raise
        _refuse_conflicts(found)
        is_foreign = any(not isinstance(entry, Declaration) for entry, _ in entries)
        return cls(tuple(found), left_over, () if is_foreign else parts)

    @property
    def actors(self) -> list[ActorData]:
        return [route.actor for route in self.routes]

    @property
    def channels(self) -> list[Channel]:
        """Each channel once: of several descriptions of it the first that says something, with the limits of all."""
        channels: dict[str, Channel] = {}
        for route in self.routes:
            known = channels.setdefault(route.channel.address, route.channel)
            if known is not route.channel:
                channels[known.address] = _merged(known, route.channel)
        return list(channels.values())


def left_over_of(entries: Entries) -> LeftOver:
    """Return the actors among the entries that only an earlier run declared, without building them.

    Returns:
        For each the actor that took its place; None where its cell ran again without declaring it. The first actor of a
        loop goes with the first one of the loop's next run, and so on.
    """
    last_run: dict[str, Run] = {}
    groups: dict[tuple[str, str], dict[Run, list[Declaration]]] = {}
    declared = [
        (entry, entry.run, entry.channel(inherited).address)
        for entry, inherited in entries
        if isinstance(entry, Declaration) and entry.run is not None
    ]
    for one, run, channel in sorted(declared, key=lambda some: some[0].number):
        last_run[run.of] = run
        together = groups.setdefault((channel, one.name), {}).setdefault(run, [])
        # A router that is included in two others comes twice.
        if one not in together[-1:]:
            together.append(one)
    found: dict[tuple[Declaration, str], Declaration | None] = {}
    for (channel, _), by_run in groups.items():
        last_run_here = {run.of: run for run in by_run}
        last_defined = {_definition(one): one for together in by_run.values() for one in together}
        for run, together in by_run.items():
            for place, one in enumerate(together):
                redefined = last_defined[_definition(one)]
                later = {last_run_here[run.of], redefined.run if _is_redefined(one, redefined) else run} - {run, None}
                if later:
                    successors = max((by_run[other] for other in later if other), key=lambda some: some[0].number)
                    found[one, channel] = successors[min(place, len(successors) - 1)]
                elif last_run[run.of] != run:
                    found[one, channel] = None
    return found


def _newest(entries: Entries, left_over: LeftOver) -> Entries:
    """Leave out what was declared again; on the same router the newest takes the place of the oldest."""
    if not any(left_over.values()):
        return entries
    replaced: set[int] = set()
    places: dict[tuple[int, int], int] = {}
    for place, (entry, inherited) in enumerate(entries):
        if isinstance(entry, Declaration):
            successor = left_over.get((entry, entry.channel(inherited).address))
            if successor is not None:
                replaced.add(place)
                # What is inherited is made anew for each router.
                places.setdefault((id(successor), id(inherited)), place)
    order = sorted(
        range(len(entries)), key=lambda place: places.get((id(entries[place][0]), id(entries[place][1])), place)
    )
    return tuple(entries[place] for place in order if place not in replaced)


def _definition(one: Declaration) -> tuple[str, str]:
    # A decorator's result always has a `__name__`, but perhaps not these two.
    return str(getattr(one.fn, "__module__", "")), str(getattr(one.fn, "__qualname__", "<unknown>"))


def _is_redefined(older: Declaration, newer: Declaration) -> bool:
    """Say whether a function of a module or notebook was defined again, for example in a copy of its cell.

    An inner function may be declared any number of times by the outer one, and a lambda has no name to define again.
    """
    if "<" in _definition(older)[1]:
        return False
    if newer.run is not None and newer.run.is_part:
        # The older function has been given the newer one's code.
        return True
    codes = code_of(older.fn), code_of(newer.fn)
    return None not in codes and codes[0] is not codes[1]


def _is_described(channel: Channel) -> bool:
    return any((channel.title, channel.summary, channel.description, channel.bindings, channel.external_docs))


def _merged(known: Channel, other: Channel) -> Channel:
    described = other if _is_described(other) and not _is_described(known) else known
    limits = limits_of(known) or limits_of(other)
    policies = each_once((*policies_of(known), *policies_of(other)))
    if (limits_of(described), policies_of(described)) == (limits, policies):
        return described
    # A channel of repid 2.1.4 has no place for limits.
    described_by = {name: getattr(described, name) for name in DESCRIPTION}
    return Channel(**described_by, limits=limits, limit_policies=policies)


def _refuse_conflicts(routes: Iterable[Route]) -> None:
    limited: dict[str, Route] = {}
    for route in routes:
        limits = limits_of(route.channel)
        first = route if limits is None else limited.setdefault(route.channel.address, route)
        if first is not route and limits_of(first.channel) is not limits:
            raise DeclarationError(
                f"Conflicting limits for channel {route.channel.address!r}: actors {first.actor.name!r} and "
                f"{route.actor.name!r} declare different ones. Give both the same MessageLimits object, or limits to "
                f"one of them only."
            )


def _taken(routes: list[Route], inherited: Inherited) -> Route | None:
    """Remove and return the first route that inherits just this, so that an actor included twice has two routes."""
    place = next((place for place, route in enumerate(routes) if route.inherited == inherited), None)
    return None if place is None else routes.pop(place)


def _foreign_routes(router: ForeignRouterT, inherited: Inherited, before: list[Route]) -> list[Route]:
    channels = {channel.address: channel for channel in router.channels}
    outside = pipeline(inherited.middlewares)
    routes = []
    for actor in router.actors:
        around_it = partial(_run_outside, outside, actor.middleware_pipeline)
        wrapped = replace(actor, middleware_pipeline=around_it) if inherited.middlewares else actor
        routes.append(Route(wrapped, channels[actor.channel_address], router, inherited))
    same = [route for route in (_taken(before, inherited) for _ in routes) if route is not None]
    return same if [route.actor.name for route in same] == [route.actor.name for route in routes] else routes


async def _run_outside(
    outside: Pipeline, inside: Callable[..., Any], call_next: CallNextT, message: ReceivedMessageT, actor: ActorData
) -> Any:
    return await outside(partial(inside, call_next), message, actor)
