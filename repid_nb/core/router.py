"""Routers: where actors are declared, and in which order they are asked (repid 2.1.4, `repid.router`)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeVar, cast, overload

from repid_nb.core.actor import ActorData, CallNextT, ConfirmationModeT, ConverterT, OnErrorT
from repid_nb.core.declaration import ActorOptions, Declaration, Inherited, check_options, check_running
from repid_nb.core.dependencies import validate_dependency
from repid_nb.core.errors import DeclarationError
from repid_nb.core.message import ReceivedMessageT
from repid_nb.core.metadata import ActorMessageMetadata, Channel, CorrelationId, ExternalDocs, Tag, as_channel
from repid_nb.core.middleware import ActorMiddlewareT, compose
from repid_nb.core.routing import RoutingStrategyT, make_strategy, topic_based_routing_strategy
from repid_nb.core.signatures import signature_of

__all__ = ["ForeignRouterT", "Route", "Router", "Routes"]

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


class _NotSet:
    def __repr__(self) -> str:
        return "NotSet"


NOT_SET: Any = _NotSet()


class ForeignRouterT(Protocol):
    """A router of another library whose actors have repid's shape."""

    @property
    def actors(self) -> list[Any]: ...

    @property
    def channels(self) -> list[Any]: ...


def _given(option: Any) -> Any:
    return None if option is NOT_SET else option


@dataclass(frozen=True, slots=True)
class Route:
    """One actor on its channel, with what it was built from."""

    actor: ActorData
    channel: Channel
    source: Declaration | ForeignRouterT
    inherited: Inherited


@dataclass(frozen=True, slots=True)
class Routes:
    """Everything that a router and the routers it includes declare, in order of registration."""

    routes: tuple[Route, ...] = ()
    by_channel: Mapping[str, Sequence[ActorData]] = field(default_factory=dict)

    @classmethod
    def of(cls, routes: Iterable[Route]) -> Routes:
        """Return the routes, with their actors by channel."""
        kept = tuple(routes)
        by_channel: dict[str, list[ActorData]] = {}
        for route in kept:
            by_channel.setdefault(route.actor.channel_address, []).append(route.actor)
        return cls(kept, by_channel)

    @property
    def actors(self) -> list[ActorData]:
        return [route.actor for route in self.routes]

    @property
    def channels(self) -> list[Channel]:
        """Each channel once; where it was described more than once, the first with a description counts."""
        channels: dict[str, Channel] = {}
        for route in self.routes:
            known = channels.get(route.channel.address)
            if known is None or (not _is_described(known) and _is_described(route.channel)):
                channels[route.channel.address] = route.channel
        return list(channels.values())


def _is_described(channel: Channel) -> bool:
    return any((channel.title, channel.summary, channel.description, channel.bindings, channel.external_docs))


class Router:
    """Declares actors; can be included in an app or in another router, and hands its options down.

    Args:
        channel: The channel of actors that name none; without it, `default`.
        middlewares: Run around each actor, outside the actor's own.
        timeout: Seconds a run may take, by default 300; 0 or infinity for no limit.
        keep_alive: Whether long runs tell the server that they go on; a number of seconds sets how often.
        run_in_process: Whether plain functions run in another process instead of a thread.
        pool_executor: Where plain functions run, instead of either.
        converter: How arguments are read; by default validated with pydantic.

    Raises:
        DeclarationError: The channel, middleware, time or pool is none.
    """

    def __init__(
        self,
        *,
        channel: str | Channel = NOT_SET,
        middlewares: Sequence[ActorMiddlewareT] | None = None,
        timeout: float = NOT_SET,
        keep_alive: bool | float | None = NOT_SET,
        run_in_process: bool = NOT_SET,
        pool_executor: Executor | None = NOT_SET,
        converter: type[ConverterT] = NOT_SET,
    ) -> None:
        if channel is not NOT_SET:
            as_channel(channel, "Router: the channel")
        check_running(
            "Router",
            middlewares=middlewares,
            timeout=_given(timeout),
            keep_alive=_given(keep_alive),
            pool_executor=_given(pool_executor),
        )
        self._entries: list[Declaration | Router | ForeignRouterT] = []
        self.channel = channel
        self.middlewares = middlewares
        self.timeout = timeout
        self.keep_alive = keep_alive
        self.run_in_process = run_in_process
        self.pool_executor = pool_executor
        self.converter = converter

    @property
    def actors(self) -> list[ActorData]:
        """The actors of this router and of those it includes, in order of registration."""
        return self.routes().actors

    @property
    def channels(self) -> list[Channel]:
        """The channels that its actors listen on."""
        return self.routes().channels

    def include_router(self, router: Router | ForeignRouterT) -> None:
        """Add another router's actors at this place in the order. The same router a second time adds nothing.

        Args:
            router: A Router of repid_nb or of repid itself.

        Raises:
            DeclarationError: It is no router, or it includes this one.
        """
        if isinstance(router, Router):
            if router is self or router.contains(self):
                raise DeclarationError(
                    "Including this router would create a cycle: it already includes the router it should go into.",
                )
        elif not (hasattr(router, "actors") and hasattr(router, "channels")):
            raise DeclarationError(f"include_router takes a Router, not {router!r}.")
        if not any(entry is router for entry in self._entries):
            self._entries.append(router)

    def contains(self, router: Router) -> bool:
        """Say whether `router` is included here, at any depth."""
        return any(isinstance(entry, Router) and (entry is router or entry.contains(router)) for entry in self._entries)

    def routes(self, inherited: Inherited | None = None, *, known: Routes | None = None) -> Routes:
        """Settle what every actor inherits.

        Args:
            inherited: What the including router hands down.
            known: Routes from before: an actor that is still the same is kept, with all the state of its strategy.

        Returns:
            The routes, in order of registration.
        """
        earlier: dict[int, list[Route]] = {}
        for route in () if known is None else known.routes:
            earlier.setdefault(id(route.source), []).append(route)
        return Routes.of(self._walk(inherited or Inherited(), earlier))

    def supersede(self, older: Declaration, newer: Declaration) -> None:
        """Forget a declaration, here and in the routers it includes; `newer` takes its place beside it."""
        if older in self._entries:
            if newer in self._entries:
                self._entries.remove(newer)
                self._entries.insert(self._entries.index(older), newer)
            self._entries.remove(older)
        for entry in self._entries:
            if isinstance(entry, Router):
                entry.supersede(older, newer)

    def _walk(self, inherited: Inherited, earlier: dict[int, list[Route]]) -> Iterable[Route]:
        handed_down = self._merge(inherited)
        for entry in self._entries:
            if isinstance(entry, Router):
                yield from entry._walk(handed_down, earlier)  # noqa: SLF001  (another instance of this class)
                continue
            known = [route for route in earlier.get(id(entry), ()) if route.inherited == handed_down]
            if isinstance(entry, Declaration):
                fresh = known[:1] or [Route(entry.build(handed_down), entry.channel(handed_down), entry, handed_down)]
            else:
                fresh = _foreign_routes(entry, handed_down)
                if [route.actor.name for route in known] == [route.actor.name for route in fresh]:
                    fresh = known
            yield from fresh

    def _merge(self, inherited: Inherited) -> Inherited:
        own = {
            name: value
            for name in ("channel", "timeout", "keep_alive", "run_in_process", "pool_executor", "converter")
            if not isinstance(value := getattr(self, name), _NotSet)
        }
        # A str and a Channel cannot be compared, and what is handed down is.
        if "channel" in own:
            own["channel"] = as_channel(own["channel"])
        return replace(inherited, middlewares=(*inherited.middlewares, *(self.middlewares or ())), **own)

    @overload
    def actor(self, fn: AnyFunction, /) -> AnyFunction: ...

    @overload
    def actor(
        self,
        fn: None = None,
        /,
        name: str | None = None,
        **options: Any,
    ) -> Callable[[AnyFunction], AnyFunction]: ...

    def actor(  # type: ignore[misc]  # the options are listed once, here, where `router.actor?` shows them
        self,
        fn: AnyFunction | None = None,
        /,
        name: str | None = None,
        *,
        confirmation_mode: ConfirmationModeT = "auto",
        routing_strategy: RoutingStrategyT = topic_based_routing_strategy,
        channel: Channel | str | None = None,
        middlewares: Sequence[ActorMiddlewareT] | None = None,
        timeout: float | None = None,
        keep_alive: bool | float | None = None,
        title: str | None = None,
        summary: str | None = None,
        description: str | None = None,
        run_in_process: bool | None = None,
        pool_executor: Executor | None = None,
        converter: type[ConverterT] | None = None,
        security: Sequence[Any] | None = None,
        tags: Sequence[Tag] | None = None,
        external_docs: ExternalDocs | None = None,
        bindings: Any | None = None,
        deprecated: bool = False,
        on_error: OnErrorT | None = None,
        correlation_id: CorrelationId | None = None,
        message_schema: ActorMessageMetadata | None = None,
    ) -> AnyFunction | Callable[[AnyFunction], AnyFunction]:
        """Declare an actor: `@router.actor` or `@router.actor(...)` above a function, async or plain.

        The function itself is returned unchanged (repid 2.1.4; page "Routing Strategies" of the seeds).

        Args:
            fn: The function. A plain one runs in a thread, so that it does not hold up the others.
            name: The actor's name and, with the default strategy, its topic; by default the function's name.
            confirmation_mode: When a message is settled: `auto` acks after a good run and follows `on_error` after a
                bad one, `always_ack` acks either way, `ack_first` acks before the run, `manual` leaves it to the
                actor, `manual_explicit` does what the actor returns.
            routing_strategy: The factory of the strategy that says which messages the actor takes.
            channel: The channel it listens on; by default the router's.
            middlewares: Run around the actor, inside the router's.
            timeout: Seconds a run may take; 0 or infinity for no limit.
            keep_alive: Whether a long run tells the server that it goes on; a number of seconds sets how often.
            title: What the AsyncAPI document calls the actor; so too the next.
            summary: In one line; by default the function's name in words.
            description: At length; by default the function's docstring.
            run_in_process: Whether a plain function runs in another process instead of a thread.
            pool_executor: Where a plain function runs, instead of either.
            converter: How the arguments are read.
            security: Security schemes.
            tags: Labels.
            external_docs: A link.
            bindings: What is particular to a protocol.
            deprecated: Whether new messages should no longer be sent to it.
            on_error: `ack`, `nack`, `reject`, for the manual modes also `no_action`, or a function of the exception
                that returns one of them. By default `nack`, in the manual modes `no_action`.
            correlation_id: Where the correlation id stands in its messages.
            message_schema: What the AsyncAPI document says of its messages.

        Returns:
            The function, or the decorator that returns it.

        Raises:
            DeclarationError: The options do not go together, the strategy is not one, or the converter that the router
                or the actor names cannot read such arguments.
        """
        given = {key: value for key, value in locals().items() if key not in ("self", "fn")}
        if fn is None:
            return cast("Callable[[AnyFunction], AnyFunction]", partial(self.actor, **given))
        options = check_options(fn, ActorOptions(**given))
        # Annotations may name types that are local to the function in which the actor is declared.
        fn_locals = sys._getframe(1).f_locals  # noqa: SLF001
        for parameter in signature_of(fn, fn_locals).parameters.values():
            validate_dependency(parameter.annotation, parameter.default)
        strategy = make_strategy(routing_strategy, name or fn.__name__)
        declaration = Declaration(fn=fn, options=options, fn_locals=fn_locals, strategy=strategy)
        converter = self.converter if converter is None else converter
        if not isinstance(converter, _NotSet):
            converter(fn, fn_locals=fn_locals, correlation_id=correlation_id)
        self._entries.append(declaration)
        return fn


def _foreign_routes(router: ForeignRouterT, inherited: Inherited) -> list[Route]:
    channels = {channel.address: channel for channel in router.channels}
    routes = []
    for actor in router.actors:
        inside = partial(_run_outside, inherited.middlewares, actor.middleware_pipeline)
        wrapped = replace(actor, middleware_pipeline=inside) if inherited.middlewares else actor
        routes.append(Route(wrapped, channels[actor.channel_address], router, inherited))
    return routes


async def _run_outside(
    middlewares: tuple[ActorMiddlewareT, ...],
    pipeline: Callable[..., Any],
    call_next: CallNextT,
    message: ReceivedMessageT,
    actor: ActorData,
) -> Any:
    return await compose(middlewares, partial(pipeline, call_next))(message, actor)
