"""Routers: declaring actors, and the order in which they are asked (repid 2.1.4, `repid.router`)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from operator import attrgetter, is_
from typing import Any, TypeVar, cast, overload

from repid_nb.core.actor import ActorData, ConfirmationModeT, ConverterT, OnErrorT
from repid_nb.core.arguments.dependencies import validate_dependency
from repid_nb.core.callables import UnresolvedAnnotationError, signature_of
from repid_nb.core.description import ActorMessageMetadata, Channel, CorrelationId, ExternalDocs, Tag
from repid_nb.core.errors import DeclarationError
from repid_nb.core.limits import ActorLimits, LimitPolicyT, checked_policies
from repid_nb.core.middleware import ActorMiddlewareT
from repid_nb.core.routing.declaration import Declaration, Inherited, check_options, check_running, make_strategy
from repid_nb.core.routing.reruns import run_now
from repid_nb.core.routing.routes import ForeignRouterT, LeftOver, Routes, left_over_of
from repid_nb.core.routing.strategies import RoutingStrategyT, topic_based_routing_strategy
from repid_nb.core.uncopied import Uncopied

__all__ = ["Router"]

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


class _NotSet:
    def __repr__(self) -> str:
        return "NotSet"


NOT_SET: Any = _NotSet()
_options_of = attrgetter(*Inherited.__dataclass_fields__)


class Router(Uncopied):
    """Declares actors; can be included in an app or in another router, and hands its options down.

    Args:
        channel: The channel of actors that name none; without it, `default`.
        limits: How much all its actors together run at once, beside the actors' own limits (repid 2.2).
        limit_policies: Limits of your own for all its actors (repid 2.2).
        middlewares: Run around each actor, outside the actor's own.
        timeout: Seconds a run may take, by default 300; 0 or infinity for no limit.
        keep_alive: Whether long runs tell the server that they go on; a number of seconds sets how often.
        run_in_process: Whether plain functions run in another process instead of a thread.
        pool_executor: Where plain functions run, instead of either.
        converter: How arguments are read; by default validated with pydantic.

    Raises:
        DeclarationError: The channel, a limit, the middleware, a time or the pool has the wrong type.
    """

    _instead = "Declare its actors on another router too: other.actor(function)."

    def __init__(
        self,
        *,
        channel: str | Channel = NOT_SET,
        limits: ActorLimits | None = None,
        limit_policies: Sequence[LimitPolicyT] = (),
        middlewares: Sequence[ActorMiddlewareT] | None = None,
        timeout: float = NOT_SET,
        keep_alive: bool | float | None = NOT_SET,
        run_in_process: bool = NOT_SET,
        pool_executor: Executor | None = NOT_SET,
        converter: type[ConverterT] = NOT_SET,
    ) -> None:
        self._entries: list[Declaration | Router | ForeignRouterT] = []
        self.channel = channel
        self.limits = limits
        self.limit_policies = checked_policies("Router", limit_policies)
        self.middlewares = middlewares
        self.timeout = timeout
        self.keep_alive = keep_alive
        self.run_in_process = run_in_process
        self.pool_executor = pool_executor
        self.converter = converter
        check_running("Router", self._own())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.listed()}>"

    def listed(self) -> str:
        """Return the channels with the names of their actors, in one line, without building any."""
        found: dict[str, list[str]] = {}
        entries = tuple(self._walk(Inherited()))
        left_over = left_over_of(entries)
        for entry, inherited in entries:
            if isinstance(entry, Declaration):
                channel = entry.channel(inherited).address
                if left_over.get((entry, channel)) is None:
                    found.setdefault(channel, []).append(entry.name)
            else:
                found.setdefault("another library's", []).extend(one.name for one in entry.actors)
        return "; ".join(f"{channel}: {', '.join(names)}" for channel, names in found.items()) or "without actors"

    @property
    def actors(self) -> list[ActorData]:
        """The actors of this router and of those it includes, in order of registration."""
        return self.routes().actors

    @property
    def channels(self) -> list[Channel]:
        """The channels that its actors listen on."""
        return self.routes().channels

    def include_router(self, router: Router | ForeignRouterT) -> None:
        """Add the actors of a router of repid_nb or repid at this place in the order; a second time adds nothing.

        Raises:
            DeclarationError: It is not a router, or it includes this one.
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
        """Return the routes of all actors, in order of registration, with everything that they inherit settled.

        Args:
            known: Earlier routes: an actor that is still the same is kept, with all the state of its strategy. Where
                nothing has changed, they are returned themselves.

        Raises:
            DeclarationError: An actor's arguments cannot be read, and its cell has not run again.
        """
        parts = (inherited, *self._parts())
        if known is not None and len(parts) == len(known.parts) and all(map(is_, parts, known.parts)):
            return known
        return Routes.of(tuple(self._walk(inherited or Inherited())), parts, known)

    def left_over(self) -> LeftOver:
        """Return what only an earlier run of a cell declared, here and in included routers, without building it."""
        return left_over_of(tuple(self._walk(Inherited())))

    def supersede(self, older: Declaration, newer: Declaration | None) -> None:
        """Forget a declaration, here and in included routers, and move `newer`, if it is here, to its place."""
        if older in self._entries:
            if newer is not None and newer in self._entries:
                self._entries.remove(newer)
                self._entries.insert(self._entries.index(older), newer)
            self._entries.remove(older)
        for entry in self._entries:
            if isinstance(entry, Router):
                entry.supersede(older, newer)

    def _walk(self, inherited: Inherited) -> Iterator[tuple[Declaration | ForeignRouterT, Inherited]]:
        """Yield the entries of this router and of included routers, each with what it inherits."""
        handed_down = inherited.inside(self._own())
        for entry in self._entries:
            if isinstance(entry, Router):
                yield from entry._walk(handed_down)  # noqa: SLF001  (another instance of this class)
            else:
                yield entry, handed_down

    def _parts(self) -> tuple[object, ...]:
        """Return what the routes are made of, here and in included routers: the same objects make the same routes."""
        # Also what lists hold, because they may change where they are. The router itself stands between two lists.
        own = (self, *_options_of(self), *(self.middlewares or ()), self, *self.limit_policies, self, *self._entries)
        return sum((one._parts() for one in self._entries if isinstance(one, Router)), own)  # noqa: SLF001  (the same class)

    def _own(self) -> dict[str, Any]:
        """Return the options that this router was given; the others it inherits."""
        return {name: value for name in Inherited.__dataclass_fields__ if (value := getattr(self, name)) is not NOT_SET}

    @overload
    def actor(self, fn: AnyFunction, /) -> AnyFunction: ...

    @overload
    def actor(
        self,
        fn: None = None,
        /,
        name: str | None = None,
        *,
        confirmation_mode: ConfirmationModeT = "auto",
        routing_strategy: RoutingStrategyT = topic_based_routing_strategy,
        channel: Channel | str | None = None,
        limits: ActorLimits | None = None,
        limit_policies: Sequence[LimitPolicyT] = (),
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
    ) -> Callable[[AnyFunction], AnyFunction]: ...

    def actor(
        self,
        fn: AnyFunction | None = None,
        /,
        name: str | None = None,
        *,
        confirmation_mode: ConfirmationModeT = "auto",
        routing_strategy: RoutingStrategyT = topic_based_routing_strategy,
        channel: Channel | str | None = None,
        limits: ActorLimits | None = None,
        limit_policies: Sequence[LimitPolicyT] = (),
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

        The function itself is returned unchanged (repid 2.1.4).

        Args:
            fn: The function. A plain one runs in a thread, so that it does not block other actors.
            name: The actor's name and, with the default strategy, its topic; by default the function's name.
            confirmation_mode: When a message is settled: `auto` acks after a good run and follows `on_error` after a
                bad one, `always_ack` acks either way, `ack_first` acks before the run, `manual` leaves it to the
                actor, `manual_explicit` does what the actor returns.
            routing_strategy: The factory of the strategy that says which messages the actor takes.
            channel: The channel it listens on; by default the router's.
            limits: How much of it runs at once, inside the router's limits; one object for several actors is one limit
                that they share (repid 2.2).
            limit_policies: Limits of your own, beside the router's (repid 2.2).
            middlewares: Run around the actor, inside the router's.
            timeout: Seconds a run may take; 0 or infinity for no limit.
            keep_alive: Whether a long run tells the server that it goes on; a number of seconds sets how often.
            title: What the AsyncAPI document says of the actor, as with the other arguments without a line here.
            summary: By default the function's name in words.
            description: By default the function's docstring.
            run_in_process: Whether a plain function runs in another process instead of a thread.
            pool_executor: Where a plain function runs, instead of either.
            on_error: `ack`, `nack`, `reject`, for the manual modes also `no_action`, or a function of the exception
                that returns one of them. By default `nack`, in the manual modes `no_action`.

        Returns:
            The function, or the decorator that returns it.

        Raises:
            DeclarationError: The options do not go together, the strategy is invalid, or the converter cannot read the
                arguments. `routes` raises the last where neither the actor nor this router has a converter.
        """
        given = {key: value for key, value in locals().items() if key not in ("self", "fn")}
        if fn is None:
            return cast("Callable[[AnyFunction], AnyFunction]", partial(self.actor, **given))
        options = check_options(fn, given)
        # Annotations may name types that are local to the function in which the actor is declared.
        frame = sys._getframe(1)  # noqa: SLF001
        fn_locals = frame.f_locals
        try:
            parameters = signature_of(fn, fn_locals).parameters
        except UnresolvedAnnotationError as error:
            raise UnresolvedAnnotationError(f"Actor {name or fn.__name__!r}: {error}") from error.__cause__
        for parameter in parameters.values():
            validate_dependency(parameter.annotation, parameter.default)
        strategy = make_strategy(routing_strategy, name or fn.__name__)
        declaration = Declaration(fn=fn, options=options, fn_locals=fn_locals, strategy=strategy, run=run_now(frame))
        declaration.awaitable(declaration.settled(Inherited().inside(self._own())))
        converter = self.converter if converter is None else converter
        # Without one the routers that will include this one decide.
        if converter is not NOT_SET:
            declaration.reader(converter)
        self._entries.append(declaration)
        return fn
