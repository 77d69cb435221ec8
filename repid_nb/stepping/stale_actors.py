"""Notes and warnings about actors whose cell ran again: the newest replaces the older, a renamed one is left over.

So too about those whose module was loaded again, while the app still has the router of the earlier load.
"""

from __future__ import annotations

import inspect
import warnings

from repid_nb.core.routing.declaration import Declaration
from repid_nb.core.routing.reruns import is_of_an_earlier_load
from repid_nb.core.routing.routes import Routes

__all__ = ["CALM", "CURE", "StaleActorWarning", "StaleWatch", "stale_notes"]

CURE = "stepper.keep_newest_actors()"

# A note that begins with this sign does not warn.
CALM = "↻"


class StaleActorWarning(UserWarning):
    """An actor is left over from an earlier run of its cell, and still gets its messages."""


def stale_notes(routes: Routes, channel: str, told: set[object] | None = None) -> dict[int, str]:
    """Return the notes on actors of a channel whose cell ran again, by position.

    Args:
        told: The actors whose calm note was given already and is not given again; the others are added. None for all.
    """
    newest = set(map(id, routes.left_over.values()))
    notes: dict[int, str] = {}
    for position, route in enumerate(routes.routes_by_channel.get(channel, ()), start=1):
        source = route.source
        if not isinstance(source, Declaration) or source.run is None:
            continue
        if (source, channel) in routes.left_over:
            notes[position] = f"left over: {source.run.again} without it; {CURE} forgets it"
        elif is_of_an_earlier_load(source.run, source.fn):
            notes[position] = f"older: module {source.run.module} was loaded again; include its router in the app again"
        elif id(source) in newest and source not in (told or ()):
            if told is not None:
                told.add(source)
            notes[position] = f"{CALM} {source.run.again}: this is the newest function, in the place of the older one"
    return notes


class StaleWatch:
    """Warns once of each actor that is left over."""

    def __init__(self) -> None:
        self._warned: set[tuple[Declaration, str]] = set()

    def warn(self, routes: Routes) -> None:
        """Warn of the actors that are newly left over."""
        here = {route.source for route in routes.routes} if routes.left_over else set()
        for (older, channel), newest in routes.left_over.items():
            if newest is not None or older not in here or (older, channel) in self._warned:
                continue
            self._warned.add((older, channel))
            code = getattr(inspect.unwrap(older.fn), "__code__", None)
            again = "" if older.run is None else older.run.again
            warnings.warn_explicit(
                f"Actor {older.name!r} is still on channel {channel!r}, but {again} without it, as when it is renamed. "
                f"To forget it: {CURE}",
                StaleActorWarning,
                # The warning points at the declaration of the actor.
                filename="<unknown>" if code is None else code.co_filename,
                lineno=1 if code is None else code.co_firstlineno,
            )
