"""Middleware: functions around a publish or around an actor's run (repid 2.1.4, `repid.middlewares`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Protocol, TypeAlias

from repid_nb.core.actor import ActorData, CallNextT
from repid_nb.core.callables import name_of, never_runs
from repid_nb.core.errors import DeclarationError
from repid_nb.core.message import MessageData, MessagePublisherT, ReceivedMessageT

__all__ = [
    "NO_MIDDLEWARE",
    "ActorMiddlewareT",
    "Pipeline",
    "PipelineT",
    "ProducerMiddlewareT",
    "around",
    "check_middlewares",
    "pipeline",
]

PipelineT: TypeAlias = Callable[[CallNextT, ReceivedMessageT, ActorData], Coroutine[Any, Any, Any]]


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


def check_middlewares(label: str, middlewares: Any, arguments: str) -> None:
    """Refuse middleware that could not run as functions of the `arguments`; an error begins with the `label`.

    Raises:
        DeclarationError: It is not a list of functions, or one of them has a `yield`.
    """
    if middlewares is None:
        return
    functions = list(middlewares) if isinstance(middlewares, Collection) else [middlewares]
    if not isinstance(middlewares, Iterable) or not all(callable(one) for one in functions):
        raise DeclarationError(
            f"{label}: the middleware must be a list of functions of {arguments}, not {middlewares!r}."
        )
    for one in functions:
        if never_runs(one):
            raise DeclarationError(
                f"{label}: the middleware {name_of(one)!r} has a `yield`, so it would never run. Write an async def "
                f"that returns what `await call_next{arguments.replace('(call_next, ', '(')}` returns."
            )


def _awaited(middleware: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    return middleware if iscoroutinefunction(middleware) else partial(_through, middleware)


async def _through(middleware: Callable[..., Any], call_next: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    result = middleware(call_next, *args, **kwargs)
    return await result if isawaitable(result) else result


class Pipeline:
    """Middleware around a coroutine function that is known only later; the first of the sequence is the outermost.

    Args:
        middlewares: Functions of `(call_next, *arguments)`; a plain one is called without awaiting.
    """

    __slots__ = ("_inside_out",)

    def __init__(self, middlewares: Sequence[Callable[..., Any]]) -> None:
        self._inside_out = [_awaited(middleware) for middleware in reversed(middlewares)]

    def around(self, call_next: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Return a coroutine function of the same arguments that calls `call_next` inside the middleware."""
        for middleware in self._inside_out:
            call_next = partial(middleware, call_next)
        return call_next

    def __call__(self, call_next: CallNextT, message: ReceivedMessageT, actor: ActorData) -> Coroutine[Any, Any, Any]:
        """Call `call_next(message, actor)` inside the middleware."""
        return self.around(call_next)(message, actor)


# The pipeline of an actor without middleware.
NO_MIDDLEWARE = Pipeline(())


def pipeline(middlewares: Sequence[Callable[..., Any]]) -> Pipeline:
    """Return the pipeline of this middleware."""
    return Pipeline(middlewares) if middlewares else NO_MIDDLEWARE


def around(run_inside: PipelineT, call_next: CallNextT) -> CallNextT:
    """Put a pipeline, of repid_nb or of another library, around `call_next`, once for many messages."""
    return run_inside.around(call_next) if isinstance(run_inside, Pipeline) else partial(run_inside, call_next)
