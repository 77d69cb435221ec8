"""Which actor of a channel gets a message: the first, in order of registration, whose strategy says yes."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence

from repid_nb.core.actor import ActorData
from repid_nb.core.message import BaseMessageT
from repid_nb.core.routing.strategies import TopicStrategy

__all__ = ["RoutingTable"]


class RoutingTable:
    """The actors of one channel, asked in order: the first whose strategy says yes wins (repid 2.1.4).

    To ask each of 10,000 actors takes long. Those with topic strategies are looked up by the message's topic; every
    other strategy may answer anything, and is asked in its place.
    """

    def __init__(self, actors: Sequence[ActorData]) -> None:
        # By place; the last place is that of no actor.
        self._actors: tuple[ActorData | None, ...] = (*actors, None)
        self._nowhere = (len(actors),)
        self._asked: list[tuple[int, ActorData]] = []
        places: dict[str | None, list[int]] = {}
        for place, actor in enumerate(actors):
            strategy = actor.routing_strategy
            # Exactly this class: one that inherits from it may answer differently.
            if type(strategy) is TopicStrategy:
                places.setdefault(strategy.topic, []).append(place)
            else:
                self._asked.append((place, actor))
        self._by_topic = {topic: (*found, len(actors)) for topic, found in places.items()}

    def find(self, message: BaseMessageT) -> ActorData | None:
        """Return the actor that gets a message, or None when no actor takes it."""
        topic = _topic_of(message)
        place = self._by_topic.get(topic, self._nowhere)[0]
        for asked, actor in self._asked:
            if asked > place:
                break
            if actor.routing_strategy(message):
                return actor
            changed = _topic_of(message)
            if changed is not topic:
                topic, places = changed, self._by_topic.get(changed, self._nowhere)
                place = places[bisect(places, asked)]
        return self._actors[place]


def _topic_of(message: BaseMessageT) -> str | None:
    headers = message.headers
    topic = None if headers is None else headers.get("topic")
    # An actor may have put anything there, also what no dict can look up.
    return topic if isinstance(topic, str) else None
