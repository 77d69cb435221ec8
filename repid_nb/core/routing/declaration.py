"""An actor as it was declared, and what it inherits (repid 2.1.4, `repid.router`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast, get_args

from repid_nb.core.actor import ActorData, ConfirmationModeT, ConverterT, ManualActionT, OnErrorT
from repid_nb.core.arguments.converter import DefaultConverter
from repid_nb.core.callables import UnresolvedAnnotationError, asyncify, name_of
from repid_nb.core.checks import as_channel
from repid_nb.core.description import ActorMessageMetadata, Channel, CorrelationId, ExternalDocs, Tag
from repid_nb.core.errors import DeclarationError
from repid_nb.core.message import BaseMessageT
from repid_nb.core.middleware import ActorMiddlewareT, pipeline
from repid_nb.core.routing.strategies import RoutingStrategyT

__all__ = ["ActorOptions", "Declaration", "Inherited", "check_options", "check_running"]

DEFAULT_TIMEOUT = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorOptions:
    """What `Router.actor` was called with. None where the router decides."""

    name: str | None
    confirmation_mode: ConfirmationModeT
    routing_strategy: RoutingStrategyT
    channel: Channel | str | None
    middlewares: Sequence[ActorMiddlewareT] | None
    timeout: float | None
    keep_alive: bool | float | None
    title: str | None
    summary: str | None
    description: str | None
    run_in_process: bool | None
    pool_executor: Executor | None
    converter: type[ConverterT] | None
    security: Sequence[Any] | None
    tags: Sequence[Tag] | None
    external_docs: ExternalDocs | None
    bindings: Any | None
    deprecated: bool
    on_error: OnErrorT | None
    correlation_id: CorrelationId | None
    message_schema: ActorMessageMetadata | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What a router hands down to its actors and to the routers it includes."""

    channel: Channel = field(default_factory=partial(Channel, address="default"))
    middlewares: tuple[ActorMiddlewareT, ...] = ()
    timeout: float | None = DEFAULT_TIMEOUT
    keep_alive: bool | float | None = True
    run_in_process: bool = False
    pool_executor: Executor | None = None
    converter: type[ConverterT] = DefaultConverter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Declaration:
    """An actor as it was declared, before it is known what it inherits."""

    fn: Callable[..., Any]
    options: ActorOptions
    fn_locals: dict[str, Any] | None
    strategy: Callable[[BaseMessageT], bool]

    @property
    def name(self) -> str:
        return self.options.name or self.fn.__name__

    @property
    def origin(self) -> tuple[str, str, str]:
        """What it has in common with another declaration by the same lines of code, as when a cell runs twice."""
        return self.name, self.fn.__module__, self.fn.__qualname__

    def channel(self, inherited: Inherited) -> Channel:
        """Return the channel it listens on: its own, or else the inherited one."""
        own = self.options.channel
        return inherited.channel if own is None else as_channel(own)

    def reader(self, converter: type[ConverterT]) -> ConverterT:
        """Return what reads the arguments: the actor's own converter, or else one of the class that is given.

        Raises:
            DeclarationError: It cannot read this function's arguments; the message names the actor.
        """
        own = self.options.converter
        try:
            return (converter if own is None else own)(
                self.fn, fn_locals=self.fn_locals, correlation_id=self.options.correlation_id
            )
        except (TypeError, ValueError, NameError) as error:
            why = str(error).removeprefix(f"{name_of(self.fn)}: ")
            kind = UnresolvedAnnotationError if isinstance(error, NameError) else DeclarationError
            raise kind(f"Actor {self.name!r}: {why} In a notebook, mend it and run its cell again.") from error

    def build(self, inherited: Inherited) -> ActorData:
        """Settle every option: the actor's own, or else what it inherits.

        Raises:
            DeclarationError: The function's arguments cannot be read.
        """
        own = self.options
        middlewares = (*inherited.middlewares, *(own.middlewares or ()))
        run_in_process = inherited.run_in_process if own.run_in_process is None else own.run_in_process
        executor = inherited.pool_executor if own.pool_executor is None else own.pool_executor
        words = (word.capitalize() for word in self.fn.__name__.split("_"))
        return ActorData(
            fn=asyncify(self.fn, run_in_process=run_in_process, executor=executor),
            name=self.name,
            confirmation_mode=own.confirmation_mode,
            routing_strategy=self.strategy,
            middleware_pipeline=pipeline(middlewares),
            channel_address=self.channel(inherited).address,
            converter=self.reader(inherited.converter),
            on_error=cast("OnErrorT", own.on_error),
            timeout=inherited.timeout if own.timeout is None else own.timeout,
            keep_alive=inherited.keep_alive if own.keep_alive is None else own.keep_alive,
            title=own.title,
            summary=own.summary or " ".join(words),
            description=own.description or self.fn.__doc__,
            security=None if own.security is None else tuple(own.security),
            tags=None if own.tags is None else tuple(own.tags),
            external_docs=own.external_docs,
            bindings=own.bindings,
            deprecated=own.deprecated,
            message_schema=own.message_schema,
        )


def check_running(
    label: str,
    *,
    middlewares: object,
    timeout: object,
    keep_alive: object,
    pool_executor: object,
) -> None:
    """Refuse what no actor could run with, for a router as for an actor. None is for who decides later.

    Args:
        label: What an error calls the router or the actor.
        middlewares: Functions around the actor.
        timeout: Seconds.
        keep_alive: Seconds, or whether.
        pool_executor: A pool.

    Raises:
        DeclarationError: One of them is something else.
    """
    if middlewares is not None:
        functions = list(middlewares) if isinstance(middlewares, Collection) else [middlewares]
        wrong = [one for one in functions if not callable(one)]
        if wrong or not isinstance(middlewares, Iterable):
            raise DeclarationError(
                f"{label}: the middleware must be a list of functions of (call_next, message, actor), "
                f"not {middlewares!r}.",
            )
    for name, seconds in (("timeout", timeout), ("keep_alive", keep_alive)):
        if not (seconds is None or _can_be_seconds(seconds)):
            raise DeclarationError(f"{label}: {name} must be a number of seconds, such as 5.0, not {seconds!r}.")
    if pool_executor is not None and not hasattr(pool_executor, "submit"):
        raise DeclarationError(
            f"{label}: pool_executor must be an Executor, such as ThreadPoolExecutor(), not {pool_executor!r}.",
        )


def _can_be_seconds(value: Any) -> bool:
    try:
        return isinstance(0.0 + value, float)
    except TypeError:
        return False


def check_options(fn: Callable[..., Any], options: ActorOptions) -> ActorOptions:
    """Refuse options that do not go together; fill in `on_error`."""
    label = f"Actor {options.name or getattr(fn, '__name__', fn)!r}"
    if not callable(fn):
        raise DeclarationError(f"router.actor decorates a function, not {fn!r}. To name an actor: actor(name=...).")
    if not (hasattr(fn, "__name__") and hasattr(fn, "__globals__")):
        raise DeclarationError(f"router.actor decorates a function, not {fn!r}. Write a def around it.")
    if not isinstance(options.name, str | None):
        raise DeclarationError(f"{label}: the name must be a str, not {options.name!r}.")
    if options.channel is not None:
        as_channel(options.channel, f"{label}: the channel")
    check_running(
        label,
        middlewares=options.middlewares,
        timeout=options.timeout,
        keep_alive=options.keep_alive,
        pool_executor=options.pool_executor,
    )
    modes = get_args(ConfirmationModeT)
    if options.confirmation_mode not in modes:
        raise DeclarationError(
            f"{label}: confirmation_mode must be one of {', '.join(modes)}, not {options.confirmation_mode!r}.",
        )
    if options.run_in_process is True and options.pool_executor is not None:
        raise DeclarationError(f"{label}: Specify either 'run_in_process' or 'pool_executor', not both.")
    manual = options.confirmation_mode in ("manual", "manual_explicit")
    if options.on_error is None:
        return replace(options, on_error="no_action" if manual else "nack")
    if options.confirmation_mode in ("ack_first", "always_ack"):
        raise DeclarationError(
            f"{label}: on_error has no meaning with confirmation_mode={options.confirmation_mode!r}, "
            "because the message is acked in any case. Leave on_error out, or use 'auto'.",
        )
    actions = get_args(ManualActionT)
    if not callable(options.on_error) and options.on_error not in actions:
        raise DeclarationError(
            f"{label}: on_error must be one of {', '.join(actions)}, or a function of the exception that returns one, "
            f"not {options.on_error!r}.",
        )
    return options
