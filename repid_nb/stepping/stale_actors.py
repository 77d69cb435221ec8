"""Actors that are registered twice because their cell ran again: the older function keeps winning, as in repid."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Mapping, Sequence

from repid_nb.core.routing.declaration import Declaration
from repid_nb.core.routing.router import Router
from repid_nb.core.routing.routes import Route

__all__ = ["CURE", "StaleActorWarning", "StaleWatch", "declared_again", "stale_notes"]

CURE = "stepper.keep_newest_actors()"


class StaleActorWarning(UserWarning):
    """An actor is registered more than once, and an older function still gets its messages."""


def _twins(sources: Sequence[object]) -> Iterable[list[tuple[int, Declaration]]]:
    """Yield the actors of one channel that were declared by the same lines of code, with their positions."""
    groups: dict[tuple[str, str, str], list[tuple[int, Declaration]]] = {}
    for position, source in enumerate(sources, start=1):
        if isinstance(source, Declaration):
            groups.setdefault(source.origin, []).append((position, source))
    return (group for group in groups.values() if len({id(declaration.fn) for _, declaration in group}) > 1)


def stale_notes(routes: Sequence[Route]) -> dict[int, str]:
    """Return what to say of those actors of one channel, by position."""
    notes: dict[int, str] = {}
    for twins in _twins([route.source for route in routes]):
        oldest, newest = twins[0][0], twins[-1][0]
        for position, _ in twins:
            notes[position] = (
                f"the same actor as {oldest}, registered again: {CURE} keeps only the newest"
                if position == newest
                else f"an older function: registered again as {newest}, but this one comes first"
            )
    return notes


def _stale_declarations(sources: Sequence[object]) -> list[tuple[Declaration, Declaration]]:
    """Return what of one channel was declared again later, oldest last, each with the newest.

    Args:
        sources: What the channel's actors come from, in order of registration.
    """
    return [(older, twins[-1][1]) for twins in _twins(sources) for _, older in reversed(twins[:-1])]


def declared_again(router: Router) -> list[tuple[str, Declaration, Declaration]]:
    """Return what a router and those it includes declare again: the channel, the older one and the newest.

    Args:
        router: The router; nothing of it is built, so it may hold what cannot be.
    """
    on_channels: dict[str, list[Declaration]] = {}
    for declaration, channel in router.declarations():
        on_channels.setdefault(channel.address, []).append(declaration)
    return [(channel, *pair) for channel, declared in on_channels.items() for pair in _stale_declarations(declared)]


class StaleWatch:
    """Warns of each stale actor once."""

    def __init__(self) -> None:
        self._warned: set[tuple[str, Declaration]] = set()

    def warn(self, routes: Mapping[str, Sequence[Route]]) -> None:
        """Warn of the stale actors that were not there the last time.

        Args:
            routes: The routes of each channel.
        """
        for channel, on_channel in routes.items():
            for older, newest in reversed(_stale_declarations([route.source for route in on_channel])):
                if (channel, older) in self._warned:
                    continue
                self._warned.add((channel, older))
                newest_code = inspect.unwrap(newest.fn).__code__
                warnings.warn_explicit(
                    f"Actor {older.name!r} is registered again on channel {channel!r}, as when its cell runs "
                    "twice. The older function comes first and gets the messages, as in repid. "
                    f"To keep only the newest: {CURE}",
                    StaleActorWarning,
                    # Where the actor is declared, which is the cell to look at, and not here.
                    filename=newest_code.co_filename,
                    lineno=newest_code.co_firstlineno,
                )
