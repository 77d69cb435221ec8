"""Which actor of a channel gets a message: the first, in order of registration, whose strategy says yes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from repid_nb.core.actor import ActorData
from repid_nb.core.message import BaseMessageT
from repid_nb.core.routing.strategies import TopicStrategy

__all__ = ["RoutingTable"]


class RoutingTable:
    """The actors of one channel, asked in order: the first whose strategy says yes wins (repid 2.1.4).

    To ask each of 10,000 actors takes long. Among neighbours with topic strategies the one that says yes is looked up
    by the message's topic. Every other strategy may answer anything, and is asked in its place.
    """

    def __init__(self, actors: Iterable[ActorData]) -> None:
        self._stages: list[dict[str | None, ActorData] | ActorData] = []
        for actor in actors:
            strategy = actor.routing_strategy
            # Exactly this class: one that inherits from it may answer differently.
            if type(strategy) is not TopicStrategy:
                self._stages.append(actor)
                continue
            if not self._stages or not isinstance(self._stages[-1], dict):
                self._stages.append({})
            by_topic = cast("dict[str | None, ActorData]", self._stages[-1])
            by_topic.setdefault(strategy.topic, actor)

    def find(self, message: BaseMessageT) -> ActorData | None:
        """Return the actor that gets a message, or None when no actor takes it."""
        for stage in self._stages:
            if isinstance(stage, dict):
                # Looked up afresh, because a custom strategy may have changed the headers.
                headers = message.headers
                if headers is not None and (actor := stage.get(headers.get("topic"))) is not None:
                    return actor
            elif stage.routing_strategy(message):
                return stage
        return None
