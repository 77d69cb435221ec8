"""An actor as it was declared, and what it inherits (repid 2.1.4, `repid.router`)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, get_args

from repid_nb.core.actor import ActorData, ConfirmationModeT, ConverterT, ManualActionT, OnErrorT
from repid_nb.core.arguments.converter import DefaultConverter
from repid_nb.core.callables import UnresolvedAnnotationError, asyncify, is_called_in_vain, name_of, never_runs
from repid_nb.core.checks import as_channel
from repid_nb.core.description import Channel
from repid_nb.core.errors import DeclarationError, a_kind, is_of_repid
from repid_nb.core.message import BaseMessageT
from repid_nb.core.middleware import ActorMiddlewareT, check_middlewares, pipeline
from repid_nb.core.routing.reruns import Run

__all__ = ["Declaration", "Inherited", "check_options", "check_running"]

DEFAULT_TIMEOUT = 300.0


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

    def inside(self, own: Mapping[str, Any]) -> Inherited:
        """Return what holds in a router, or for an actor, that has options of its own.

        Args:
            own: Those that it was given, by name; one that is not there is inherited.
        """
        given = {name: own[name] for name in self.__dataclass_fields__ if name in own}
        # A str and a Channel cannot be compared, and what is handed down is.
        if "channel" in given:
            given["channel"] = as_channel(given["channel"])
        given["middlewares"] = (*self.middlewares, *(given.get("middlewares") or ()))
        return replace(self, **given)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Declaration:
    """An actor as it was declared, before it is known what it inherits.

    Attributes:
        fn: Its function.
        options: What `Router.actor` was called with, by name; None where the router decides.
        fn_locals: The names local to where it is declared.
        strategy: Says of a message whether the actor takes it.
        run: The run of a cell or module that declared it; None in a script.
        number: Its place among all declarations, in order of time.
    """

    fn: Callable[..., Any]
    options: Mapping[str, Any]
    fn_locals: dict[str, Any] | None
    strategy: Callable[[BaseMessageT], bool]
    run: Run | None = None
    number: int = field(default_factory=itertools.count().__next__)

    @property
    def name(self) -> str:
        return self.options["name"] or self.fn.__name__

    def channel(self, inherited: Inherited) -> Channel:
        """Return the channel it listens on: its own, or else the inherited one."""
        own = self.options["channel"]
        return inherited.channel if own is None else as_channel(own)

    def reader(self, converter: type[ConverterT]) -> ConverterT:
        """Return what reads the arguments.

        Raises:
            DeclarationError: It cannot read this function's arguments; the message names the actor.
        """
        try:
            return converter(self.fn, fn_locals=self.fn_locals, correlation_id=self.options["correlation_id"])
        except Exception as error:
            # What pydantic raises also says where in its documentation to read on.
            why = str(error).removeprefix(f"{name_of(self.fn)}: ").partition("\n\nFor further information")[0]
            kind = UnresolvedAnnotationError if isinstance(error, NameError) else DeclarationError
            raise kind(
                f"Actor {self.name!r}: {why.rstrip('.')}. In a notebook, mend it and run its cell again."
            ) from error

    def settled(self, inherited: Inherited) -> Inherited:
        """Return the options that a router could hand down: the actor's own, or else what it inherits."""
        return inherited.inside({name: value for name, value in self.options.items() if value is not None})

    def awaitable(self, settled: Inherited) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Return the function as one that is awaited.

        Raises:
            DeclarationError: It cannot run where it should; the message names the actor.
        """
        try:
            return asyncify(
                self.fn,
                run_in_process=settled.run_in_process,
                executor=settled.pool_executor,
                may_return_generator=False,
            )
        except DeclarationError as error:
            raise DeclarationError(f"Actor {self.name!r}: {error}") from error.__cause__

    def build(self, inherited: Inherited) -> ActorData:
        """Settle every option: the actor's own, or else what it inherits.

        Raises:
            DeclarationError: The function's arguments cannot be read.
        """
        own = {name: value for name, value in self.options.items() if value is not None}
        settled = self.settled(inherited)
        words = (word.capitalize() for word in self.fn.__name__.split("_"))
        # What ActorData calls by the name of its option, and then what needs to be made of one.
        fields = {name: own[name] for name in ActorData.__dataclass_fields__ if name in own}
        fields |= {
            "fn": self.awaitable(settled),
            "name": self.name,
            "routing_strategy": self.strategy,
            "middleware_pipeline": pipeline(settled.middlewares),
            "channel_address": settled.channel.address,
            "converter": self.reader(settled.converter),
            "timeout": settled.timeout,
            "keep_alive": settled.keep_alive,
            "summary": own.get("summary") or " ".join(words),
            "description": own.get("description") or self.fn.__doc__,
        }
        return ActorData(**fields | {name: tuple(own[name]) for name in ("security", "tags") if name in own})


def check_running(label: str, options: Mapping[str, Any]) -> None:
    """Refuse what no actor could run with, for a router as for an actor.

    Args:
        label: What an error calls the router or the actor.
        options: Those that were given, by name.

    Raises:
        DeclarationError: The channel, the middleware, a time or the pool has the wrong type.
    """
    if "channel" in options:
        as_channel(options["channel"], f"{label}: the channel")
    check_middlewares(label, options.get("middlewares"), "(call_next, message, actor)")
    for name in ("timeout", "keep_alive"):
        seconds = options.get(name)
        if not (seconds is None or _can_be_seconds(seconds)):
            raise DeclarationError(f"{label}: {name} must be a number of seconds, such as 5.0, not {seconds!r}.")
    if is_of_repid(options.get("converter")):
        raise DeclarationError(f"{label}: the converter is {a_kind(options['converter'])}. Import it from repid_nb.")
    pool_executor = options.get("pool_executor")
    if pool_executor is not None and not hasattr(pool_executor, "submit"):
        raise DeclarationError(
            f"{label}: pool_executor must be an Executor, such as ThreadPoolExecutor(), not {pool_executor!r}.",
        )


def _can_be_seconds(value: Any) -> bool:
    try:
        return isinstance(0.0 + value, float)
    except TypeError:
        return False


def check_options(fn: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse options that do not go together; fill in `on_error`."""
    name, mode, on_error = options["name"], options["confirmation_mode"], options["on_error"]
    label = f"Actor {name or getattr(fn, '__name__', fn)!r}"
    if not callable(fn):
        raise DeclarationError(f"router.actor decorates a function, not {fn!r}. To name an actor: actor(name=...).")
    if not (hasattr(fn, "__name__") and hasattr(fn, "__globals__")):
        raise DeclarationError(f"router.actor decorates a function, not {fn!r}. Write a def around it.")
    if never_runs(fn):
        raise DeclarationError(
            f"{label}: a function with `yield` would never run, because calling it only makes a generator. Write one "
            f"that returns; to send several messages, ask for the Message and await message.send_message_json(...)."
        )
    if not isinstance(name, str | None):
        raise DeclarationError(f"{label}: the name must be a str, not {name!r}.")
    check_running(label, {name: value for name, value in options.items() if value is not None})
    modes = get_args(ConfirmationModeT)
    if mode not in modes:
        raise DeclarationError(
            f"{label}: confirmation_mode must be one of {', '.join(modes)}, not {mode!r}.",
        )
    if options["run_in_process"] is True and options["pool_executor"] is not None:
        raise DeclarationError(f"{label}: Specify either 'run_in_process' or 'pool_executor', not both.")
    return {**options, "on_error": _checked_on_error(label, mode, on_error)}


def _checked_on_error(label: str, mode: ConfirmationModeT, on_error: OnErrorT | None) -> OnErrorT:
    if on_error is None:
        return "no_action" if mode in ("manual", "manual_explicit") else "nack"
    if mode in ("ack_first", "always_ack"):
        raise DeclarationError(
            f"{label}: on_error has no meaning with confirmation_mode={mode!r}, "
            "because the message is acked in any case. Leave on_error out, or use 'auto'.",
        )
    actions = get_args(ManualActionT)
    if not callable(on_error) and on_error not in actions:
        raise DeclarationError(
            f"{label}: on_error must be one of {', '.join(actions)}, or a function of the exception that returns one, "
            f"not {on_error!r}.",
        )
    if callable(on_error) and is_called_in_vain(on_error):
        raise DeclarationError(
            f"{label}: on_error is called and not awaited, so {name_of(on_error)!r} must be a plain function of the "
            f"exception: def, without async and without `yield`."
        )
    return on_error
