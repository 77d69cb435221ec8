"""What a worker knows of an actor. Names, fields and defaults are repid 2.1.4's (`repid.data.actor`)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from repid_nb.core.description import ActorMessageMetadata, ConverterInputSchema, CorrelationId, ExternalDocs, Tag
from repid_nb.core.limits import ActorLimits, LimitPolicyT
from repid_nb.core.message import BaseMessageT, MessagePublisherT, ReceivedMessageT, SerializerT, ServerT

__all__ = [
    "ActorData",
    "ActorExecutionContext",
    "AutoActionT",
    "CallNextT",
    "ConfirmationModeT",
    "ConverterT",
    "FnParams",
    "ManualActionT",
    "OnErrorAutoT",
    "OnErrorManualT",
    "OnErrorT",
]

AutoActionT: TypeAlias = Literal["ack", "nack", "reject"]
OnErrorAutoT: TypeAlias = AutoActionT | Callable[[BaseException], AutoActionT]
ManualActionT: TypeAlias = Literal["ack", "nack", "reject", "no_action"]
OnErrorManualT: TypeAlias = ManualActionT | Callable[[BaseException], ManualActionT]
OnErrorT: TypeAlias = OnErrorAutoT | OnErrorManualT
ConfirmationModeT: TypeAlias = Literal["auto", "always_ack", "ack_first", "manual", "manual_explicit"]

FnParams: TypeAlias = tuple[list[Any], dict[str, Any]]
CallNextT: TypeAlias = Callable[[ReceivedMessageT, "ActorData"], Coroutine[Any, Any, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ActorExecutionContext:
    """What an actor's dependencies may use: the server, the way to publish, and the serializer.

    Attributes:
        publish: Publishes through the producer middleware.
        default_serializer: Turns payloads into bytes where no other serializer is given.
    """

    server: ServerT
    publish: MessagePublisherT
    default_serializer: SerializerT


class ConverterT(Protocol):
    """Reads an actor's arguments from a message."""

    def __init__(
        self,
        fn: Callable[..., Any],
        *,
        fn_locals: dict[str, Any] | None = None,
        correlation_id: CorrelationId | None,
    ) -> None: ...

    async def convert_inputs(
        self,
        *,
        message: ReceivedMessageT,
        actor: ActorData,
        actor_context: ActorExecutionContext,
    ) -> FnParams: ...

    def get_input_schema(self) -> ConverterInputSchema: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ActorData:
    """One actor on one channel, with every option settled.

    Attributes:
        fn: The function, as a coroutine function; its arguments come from `converter`.
        name: The actor's name and, with the default strategy, its topic.
        routing_strategy: Says of a message whether this actor takes it.
        middleware_pipeline: Runs `call_next(message, actor)` inside the actor's middleware.
        on_error: How a message whose run raised is settled, or a function of the exception that returns it.
        limits, limit_policies: Those of its routers, the outermost first, then its own (repid 2.2).
        timeout: Seconds a run may take; 0, infinity and None mean no limit.
        keep_alive: Whether, or every how many seconds, a long run tells the server that it goes on.
    """

    fn: Callable[..., Coroutine[Any, Any, Any]]
    name: str
    confirmation_mode: ConfirmationModeT
    routing_strategy: Callable[[BaseMessageT], bool]
    middleware_pipeline: Callable[[CallNextT, ReceivedMessageT, ActorData], Coroutine[Any, Any, Any]]
    channel_address: str
    converter: ConverterT
    limits: tuple[ActorLimits, ...] = ()
    limit_policies: tuple[LimitPolicyT, ...] = ()
    on_error: OnErrorT = "nack"
    timeout: float | None = 300.0
    keep_alive: bool | float | None = True
    title: str | None = None
    summary: str | None = None
    description: str | None = None
    security: tuple[Any, ...] | None = None
    tags: tuple[Tag, ...] | None = None
    external_docs: ExternalDocs | None = None
    bindings: Any | None = None
    deprecated: bool = False
    message_schema: ActorMessageMetadata | None = None
