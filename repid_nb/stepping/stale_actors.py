"""Actors that an earlier run of a cell left behind: the older function keeps winning, as in repid."""

from __future__ import annotations

import inspect
import warnings

from repid_nb.core.routing.declaration import Declaration
from repid_nb.core.routing.routes import Routes

__all__ = ["CURE", "StaleActorWarning", "StaleWatch", "stale_notes"]

CURE = "stepper.keep_newest_actors()"


class StaleActorWarning(UserWarning):
    """An actor is left over from an earlier run of its cell, and still gets its messages."""


def stale_notes(routes: Routes, channel: str) -> dict[int, str]:
    """Return what to say of the actors that an earlier run left on a channel, and of their newest, by position."""
    notes: dict[int, str] = {}
    if not routes.left_over:
        return notes
    sources = [*enumerate((route.source for route in routes.routes_by_channel.get(channel, ())), start=1)]
    places = {id(source): position for position, source in reversed(sources)}
    replaces: dict[int, int] = {}
    for position, source in sources:
        if not isinstance(source, Declaration) or (source, channel) not in routes.left_over:
            continue
        newest = routes.left_over[source, channel]
        if newest is None:
            notes[position] = f"left over: its cell ran again without it; {CURE} forgets it"
            continue
        place = places[id(newest)]
        replaces.setdefault(id(newest), position)
        first = "this one comes first" if position < place else "that one comes first"
        notes[position] = f"an older function: registered again as {place}, but {first}"
    for position, source in sources:
        if id(source) in replaces:
            older = replaces[id(source)]
            notes[position] = f"the same actor as {older}, registered again: {CURE} keeps only the newest"
    return notes


class StaleWatch:
    """Warns of each stale actor once."""

    def __init__(self) -> None:
        self._warned: set[tuple[str, Declaration]] = set()

    def warn(self, routes: Routes) -> None:
        """Warn of the stale actors that were not there the last time."""
        for (older, channel), newest in routes.left_over.items():
            if (channel, older) in self._warned:
                continue
            self._warned.add((channel, older))
            code = getattr(inspect.unwrap((newest or older).fn), "__code__", None)
            warnings.warn_explicit(
                _warning(older.name, channel, is_replaced=newest is not None),
                StaleActorWarning,
                # Where the actor is declared, which is the cell to look at, and not here.
                filename=(newest or older).fn.__module__ if code is None else code.co_filename,
                lineno=1 if code is None else code.co_firstlineno,
            )


def _warning(name: str, channel: str, *, is_replaced: bool) -> str:
    if is_replaced:
        return (
            f"Actor {name!r} is registered again on channel {channel!r}, as when its cell runs twice. The older "
            f"function comes first and gets the messages, as in repid. To keep only the newest: {CURE}"
        )
    return (
        f"Actor {name!r} is still on channel {channel!r}, but its cell ran again without it, as when it is renamed. "
        f"To forget it: {CURE}"
    )
