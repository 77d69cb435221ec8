"""Middleware: functions around a publish or around an actor's run (repid 2.1.4, `repid.middlewares`)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Protocol

from repid_nb.core.actor import ActorData, CallNextT
from repid_nb.core.message import MessageData, MessagePublisherT, ReceivedMessageT

__all__ = ["NO_MIDDLEWARE", "ActorMiddlewareT", "ProducerMiddlewareT", "compose", "pipeline"]

# The pipeline of an actor without middleware.
NO_MIDDLEWARE = operator.call


class ActorMiddlewareT(Protocol):
    """Runs around an actor: `await call_next(message, actor)` runs what is inside and returns its result."""

    async def __call__(self, call_next: CallNextT, message: ReceivedMessageT, actor: ActorData) -> Any: ...


class ProducerMiddlewareT(Protocol):
    """Runs around a publish: `await call_next(channel, message, server_specific_parameters)` publishes."""

    async def __call__(
        self,
        call_next: MessagePublisherT,
        channel: str,
        message: MessageData,
        server_specific_parameters: dict[str, Any] | None,
    ) -> Any: ...


def compose(
    middlewares: Sequence[Callable[..., Any]] | None,
    call_next: Callable[..., Coroutine[Any, Any, Any]],
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Put middleware around a coroutine function; the first of the sequence is the outermost.

    Args:
        middlewares: Functions of `(call_next, *arguments)`; one that is no coroutine function is called as it is.
        call_next: What the innermost of them calls.

    Returns:
        A coroutine function of the same arguments as `call_next`.
    """
    for middleware in reversed(middlewares or ()):
        call_next = partial(_awaited(middleware), call_next)
    return call_next


def pipeline(middlewares: Sequence[Callable[..., Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Put middleware around a coroutine function that is known only later, and another one with each call.

    Args:
        middlewares: As for `compose`.

    Returns:
        A function of `(call_next, message, actor)` that calls `call_next(message, actor)` inside the middleware.
    """
    if not middlewares:
        return NO_MIDDLEWARE
    inside_out = [_awaited(middleware) for middleware in reversed(middlewares)]

    def run_inside(call_next: CallNextT, message: ReceivedMessageT, actor: ActorData) -> Coroutine[Any, Any, Any]:
        for middleware in inside_out:
            call_next = partial(middleware, call_next)
        return call_next(message, actor)

    return run_inside


def _awaited(middleware: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    return middleware if iscoroutinefunction(middleware) else partial(_through, middleware)


async def _through(middleware: Callable[..., Any], call_next: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    result = middleware(call_next, *args, **kwargs)
    return await result if isawaitable(result) else result
