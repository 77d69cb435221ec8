"""Routing strategies: who takes a message.

A strategy is made by a factory that is given the actor's name. The strategy is then asked of each message whether its
actor takes it (page "Routing Strategies" of the seeds; repid 2.1.4).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from repid_nb.core.errors import DeclarationError
from repid_nb.core.message import BaseMessageT

__all__ = [
    "CatchAllStrategy",
    "RoutingStrategyT",
    "TopicStrategy",
    "catch_all_routing_strategy",
    "make_strategy",
    "topic_based_routing_strategy",
]


class RoutingStrategyT(Protocol):
    """A factory: given an actor's name, it returns a function of a message that says whether the actor takes it."""

    def __call__(self, *, actor_name: str, **kwargs: Any) -> Callable[[BaseMessageT], bool]: ...


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


def make_strategy(factory: RoutingStrategyT, actor_name: str) -> Callable[[BaseMessageT], bool]:
    """Call the factory that an actor was declared with, check both ends of the call, and return the strategy.

    Raises:
        DeclarationError: The factory is not callable, takes no `actor_name`, or returned something not callable.
    """
    label = getattr(factory, "__name__", None) or repr(factory)
    shape = f"def {label}(*, actor_name, **kwargs) that returns a function of a message"
    if not callable(factory):
        raise DeclarationError(
            f"The routing strategy of actor {actor_name!r} is {factory!r}, which cannot be called. "
            "Give a factory: def my_strategy(*, actor_name, **kwargs) that returns a function of a message.",
        )
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):
        signature = None
    if signature is not None:
        try:
            signature.bind(actor_name=actor_name)
        except TypeError as error:
            raise DeclarationError(
                f"The routing strategy {label!r} of actor {actor_name!r} cannot be called with actor_name=... alone "
                f"({error}). A strategy is made by a factory; write {shape}.",
            ) from None
    strategy = factory(actor_name=actor_name)
    if not callable(strategy):
        raise DeclarationError(
            f"The routing strategy {label!r} of actor {actor_name!r} returned {strategy!r}, which cannot be called. "
            f"Write {shape}, and return that function instead of calling it.",
        )
    return strategy
