"""Middleware: functions around a publish or around an actor's run (repid 2.1.4, `repid.middlewares`)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from inspect import isawaitable
from typing import Any, Protocol

from repid_nb.core.actor import ActorData, CallNextT
from repid_nb.core.message import MessageData, MessagePublisherT, ReceivedMessageT

__all__ = ["ActorMiddlewareT", "ProducerMiddlewareT", "compose"]


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
        call_next = partial(_through, middleware, call_next)
    return call_next


async def _through(middleware: Callable[..., Any], call_next: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    result = middleware(call_next, *args, **kwargs)
    return await result if isawaitable(result) else result
