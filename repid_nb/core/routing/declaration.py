"""Declarations: an actor's options as given and as inherited (repid 2.1.4, `repid.router`)."""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, get_args

from repid_nb.core.actor import ActorData, ConfirmationModeT, ConverterT, ManualActionT, OnErrorT
from repid_nb.core.arguments.converter import DefaultConverter
from repid_nb.core.callables import UnresolvedAnnotationError, asyncify, is_called_in_vain, name_of, never_runs
from repid_nb.core.description import Channel, as_channel
from repid_nb.core.errors import DeclarationError
from repid_nb.core.limits import ActorLimits, LimitPolicyT, check_limits, checked_policies
from repid_nb.core.message import BaseMessageT
from repid_nb.core.middleware import ActorMiddlewareT, check_middlewares, pipeline
from repid_nb.core.naming import PART_OF_A_NAME, a_kind, did_you_mean, is_of_repid
from repid_nb.core.routing.reruns import Run
from repid_nb.core.routing.strategies import (
    RoutingStrategyT,
    catch_all_routing_strategy,
    topic_based_routing_strategy,
)

__all__ = ["Declaration", "Inherited", "check_on_error", "check_options", "check_running", "make_strategy"]

DEFAULT_TIMEOUT = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What a router hands down to its actors and to the routers it includes."""

    channel: Channel = field(default_factory=partial(Channel, address="default"))
    limits: tuple[ActorLimits, ...] = ()
    limit_policies: tuple[LimitPolicyT, ...] = ()
    middlewares: tuple[ActorMiddlewareT, ...] = ()
    timeout: float | None = DEFAULT_TIMEOUT
    keep_alive: bool | float | None = True
    run_in_process: bool = False
    pool_executor: Executor | None = None
    converter: type[ConverterT] = DefaultConverter

    def inside(self, own: Mapping[str, Any]) -> Inherited:
        """Return the options of a router or an actor inside: its `own`, by name, and the others from here."""
        given = {name: own[name] for name in self.__dataclass_fields__ if name in own}
        # Inherited options are compared, and a str cannot be compared with a Channel.
        if "channel" in given:
            given["channel"] = as_channel(given["channel"])
        given["middlewares"] = (*self.middlewares, *(given.get("middlewares") or ()))
        given["limits"] = (*self.limits, given["limits"]) if given.get("limits") is not None else self.limits
        given["limit_policies"] = (*self.limit_policies, *given.get("limit_policies", ()))
        return replace(self, **given)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Declaration:
    """An actor as it was declared, before it inherits anything.

    Attributes:
        options: The arguments of `Router.actor`, by name; None where the router decides.
        fn_locals: The local names at the declaration.
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
        """Return the actor's own channel, or else the inherited one."""
        own = self.options["channel"]
        return inherited.channel if own is None else as_channel(own)

    def reader(self, converter: type[ConverterT]) -> ConverterT:
        """Make the converter that reads the arguments, or raise a DeclarationError that names the actor."""
        try:
            return converter(self.fn, fn_locals=self.fn_locals, correlation_id=self.options["correlation_id"])
        except Exception as error:
            # An error of pydantic ends with a link to its documentation.
            why = str(error).removeprefix(f"{name_of(self.fn)}: ").partition("\n\nFor further information")[0]
            kind = UnresolvedAnnotationError if isinstance(error, NameError) else DeclarationError
            raise kind(
                f"Actor {self.name!r}: {why.rstrip('.')}. In a notebook, mend it and run its cell again."
            ) from error

    def settled(self, inherited: Inherited) -> Inherited:
        """Return the options that a router could hand down: the actor's own, or else what it inherits."""
        return inherited.inside({name: value for name, value in self.options.items() if value is not None})

    def awaitable(self, settled: Inherited) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Return the function as one that is awaited, or raise a DeclarationError that names the actor."""
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
        """Settle every option, or raise a DeclarationError when the function's arguments cannot be read."""
        own = {name: value for name, value in self.options.items() if value is not None}
        settled = self.settled(inherited)
        words = (word.capitalize() for word in self.fn.__name__.split("_"))
        # First the options that ActorData has under the same name, then those that are made from others.
        fields = {name: own[name] for name in ActorData.__dataclass_fields__ if name in own}
        fields |= {
            "fn": self.awaitable(settled),
            "name": self.name,
            "routing_strategy": self.strategy,
            "middleware_pipeline": pipeline(settled.middlewares),
            "channel_address": settled.channel.address,
            "limits": settled.limits,
            "limit_policies": settled.limit_policies,
            "converter": self.reader(settled.converter),
            "timeout": settled.timeout,
            "keep_alive": settled.keep_alive,
            "summary": own.get("summary") or " ".join(words),
            "description": own.get("description") or self.fn.__doc__,
        }
        return ActorData(**fields | {name: tuple(own[name]) for name in ("security", "tags") if name in own})


BUILT_IN = (topic_based_routing_strategy.__name__, catch_all_routing_strategy.__name__)
SHAPE = "def my_strategy(*, actor_name, **kwargs) that returns a function of a message"


def make_strategy(factory: RoutingStrategyT, actor_name: str) -> Callable[[BaseMessageT], bool]:
    """Make an actor's strategy with its factory, and check both.

    Raises:
        DeclarationError: The factory is not callable, takes no `actor_name`, or returned something not callable.
    """
    label = getattr(factory, "__name__", None) or repr(factory)
    shape = f"def {label}(*, actor_name, **kwargs) that returns a function of a message"
    if not callable(factory):
        meant = did_you_mean(factory, BUILT_IN, near_from=PART_OF_A_NAME)
        raise DeclarationError(
            f"The routing strategy of actor {actor_name!r} is {factory!r}, which cannot be called."
            + (f"{meant} Import it, and leave the quotes out." if meant else f" Give a factory: {SHAPE}.")
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


def check_running(label: str, options: Mapping[str, Any]) -> None:
    """Refuse options of a router or an actor, which an error calls `label`, that have the wrong type.

    Raises:
        DeclarationError: The channel, a limit, the middleware, a time, the converter or the pool has the wrong type.
    """
    if "channel" in options:
        as_channel(options["channel"], f"{label}: the channel")
    check_limits(label, options.get("limits"), ActorLimits)
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
        # NaN is a number, and a timer that waits for it never ends.
        return not math.isnan(0.0 + value)
    except (TypeError, OverflowError):
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
            f"{label}: confirmation_mode must be one of {', '.join(modes)}, not {mode!r}.{did_you_mean(mode, modes)}",
        )
    if options["run_in_process"] is True and options["pool_executor"] is not None:
        raise DeclarationError(f"{label}: Specify either 'run_in_process' or 'pool_executor', not both.")
    return {
        **options,
        "limit_policies": checked_policies(label, options["limit_policies"]),
        "on_error": _checked_on_error(label, mode, on_error),
    }


def _checked_on_error(label: str, mode: ConfirmationModeT, on_error: OnErrorT | None) -> OnErrorT:
    if on_error is None:
        return "no_action" if mode in ("manual", "manual_explicit") else "nack"
    if mode in ("ack_first", "always_ack"):
        raise DeclarationError(
            f"{label}: on_error has no meaning with confirmation_mode={mode!r}, "
            "because the message is acked in any case. Leave on_error out, or use 'auto'.",
        )
    check_on_error(label, on_error)
    return on_error


def check_on_error(label: str, on_error: object) -> None:
    """Refuse what does not say how a message whose run raised is settled; an error begins with the `label`.

    Raises:
        DeclarationError: It is neither an action nor a plain function.
    """
    actions = get_args(ManualActionT)
    if not callable(on_error) and on_error not in actions:
        raise DeclarationError(
            f"{label}: on_error must be one of {', '.join(actions)}, or a function of the exception that returns one, "
            f"not {on_error!r}.{did_you_mean(on_error, actions)}",
        )
    if callable(on_error) and is_called_in_vain(on_error):
        raise DeclarationError(
            f"{label}: on_error is called and not awaited, so {name_of(on_error)!r} must be a plain function of the "
            f"exception: def, without async and without `yield`."
        )
