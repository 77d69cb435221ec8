"""The actors of a channel as the page shows them: each with a sample of what it takes, and its line of code."""

from __future__ import annotations

from typing import Any

from repid_nb.core.routing.routes import Route, Routes
from repid_nb.printable import cut_to_bytes, first_within
from repid_nb.stepping.stale_actors import CALM, stale_notes
from repid_nb.stepping.verdicts import strategy_of
from repid_nb.widgets.code_lines import actor_line, strategy_line
from repid_nb.widgets.room import ROOMY, Room
from repid_nb.widgets.samples import Samples
from repid_nb.widgets.wire import key_of

__all__ = ["ActorFields", "add_code"]


class ActorFields:
    """Makes the fields of actors; a sample is made once."""

    def __init__(self) -> None:
        self._samples = Samples()

    def fields(self, routes: Routes, channel: str | None, room: Room = ROOMY) -> dict[str, Any]:
        """Return the actors of a channel, in order of registration, with how many more there are."""
        listening = routes.routes_by_channel.get(channel or "", ())
        notes = stale_notes(routes, channel or "")
        shown = first_within(
            (self._actor(position, route, notes.get(position)) for position, route in enumerate(listening, start=1)),
            room.actors,
        )
        return {
            "channel": cut_to_bytes(channel or "", 60),
            "key": key_of(channel or ""),
            "actors": shown,
            "more": len(listening) - len(shown),
            "stale": any(not note.startswith(CALM) for note in notes.values()),
        }

    def _actor(self, position: int, route: Route, note: str | None) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "position": position,
            "actor": cut_to_bytes(route.actor.name, 60),
            "strategy": cut_to_bytes(strategy_of(route), 40),
        }
        _add(fields, "sample", self._samples.of(route.actor))
        _add(fields, "code", strategy_line(route.actor.routing_strategy))
        _add(fields, "note", None if note is None else cut_to_bytes(note, 160))
        return fields


def add_code(fields: dict[str, Any], channel: str, routes: Routes) -> None:
    """Add to the fields of a step the lines of code of its actors, and whether the winner acks first."""
    listening = routes.routes_by_channel.get(channel, ())
    for verdict in fields["verdicts"]:
        place = verdict["position"] - 1
        actor = listening[place].actor if place < len(listening) else None
        # The actors may be others by now.
        if actor is None or cut_to_bytes(actor.name, 60) != verdict["actor"]:
            continue
        _add(verdict, "code", strategy_line(actor.routing_strategy))
        if verdict.get("role") == "winner":
            _add(fields, "code", actor_line(actor.fn))
            _add(fields, "acked_first", actor.confirmation_mode == "ack_first")


def _add(fields: dict[str, Any], name: str, value: object) -> None:
    if value:
        fields[name] = value
