"""Subscribing to servers of repid 2.1 and of 2.2, which takes a dispatcher and ends a subscription in two calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping
from importlib import import_module
from typing import Any

from repid_nb.core.message import ReceivedMessageT, ServerT, SubscriberT

__all__ = ["end", "subscribe"]


async def subscribe(
    server: ServerT,
    callbacks: Mapping[str, Callable[[ReceivedMessageT], Coroutine[None, None, None]]],
    concurrency_limit: int | None,
) -> SubscriberT:
    """Subscribe to the channels of `callbacks`, with at most so many callbacks at once."""
    wanted = dict(callbacks)
    if "dispatcher" not in inspect.signature(server.subscribe).parameters:
        return await server.subscribe(channels_to_callbacks=wanted, concurrency_limit=concurrency_limit)
    # A server that takes one was written for repid 2.2, so that is installed.
    repid = import_module("repid")
    limits = repid.MessageLimits(max_messages=concurrency_limit) if concurrency_limit else None
    dispatcher = import_module("repid.connections").SubscriberDispatcher(limits)
    subscribing: Any = server.subscribe
    subscriber: SubscriberT = await subscribing(channels_to_callbacks=wanted, dispatcher=dispatcher)
    return subscriber


async def end(subscriber: SubscriberT) -> None:
    """End a subscription."""
    ending: Any = subscriber
    if hasattr(ending, "close"):
        await ending.close()
    else:
        await ending.stop()
        await ending.finish()
