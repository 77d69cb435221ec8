"""Routing strategies: whether an actor takes a message (repid 2.1.4).

A factory is given the actor's name and makes the strategy. The strategy is then asked about each message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from repid_nb.core.message import BaseMessageT

__all__ = [
    "CatchAllStrategy",
    "RoutingStrategyT",
    "TopicStrategy",
    "catch_all_routing_strategy",
    "topic_based_routing_strategy",
]


class RoutingStrategyT(Protocol):
    """A factory: given an actor's name, it returns a function that says whether the actor takes a message."""

    def __call__(self, *, actor_name: str) -> Callable[[BaseMessageT], bool]: ...


@dataclass(frozen=True, slots=True)
class TopicStrategy:
    """Takes the messages whose `topic` header is `topic`."""

    topic: str

    def __call__(self, message: BaseMessageT) -> bool:
        headers = message.headers
        return headers is not None and headers.get("topic") == self.topic


@dataclass(frozen=True, slots=True)
class CatchAllStrategy:
    """Takes every message."""

    def __call__(self, message: BaseMessageT) -> bool:  # noqa: ARG002  (whatever the message is, the answer is yes)
        return True


def topic_based_routing_strategy(*, actor_name: str, **_: Any) -> Callable[[BaseMessageT], bool]:
    """Make the default strategy: the actor takes messages whose `topic` header is its name."""
    return TopicStrategy(actor_name)


def catch_all_routing_strategy(*, actor_name: str, **_: Any) -> Callable[[BaseMessageT], bool]:  # noqa: ARG001
    """Make the strategy of an actor that takes every message of its channel."""
    return CatchAllStrategy()
