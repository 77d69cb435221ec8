"""Data types that describe a system in its AsyncAPI document.

Names, fields and defaults are repid 2.1.4's (`repid.data`), a channel's limits 2.2's; their meaning is the AsyncAPI 3.0
specification's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from repid_nb.core.errors import DeclarationError
from repid_nb.core.limits import LimitPolicyT, MessageLimits, check_limits, checked_policies
from repid_nb.core.naming import is_of_repid

__all__ = [
    "ActorMessageMetadata",
    "Channel",
    "Contact",
    "ConverterInputSchema",
    "CorrelationId",
    "ExternalDocs",
    "License",
    "MessageExample",
    "MessageSchema",
    "RunnerInfo",
    "SendOperation",
    "Tag",
    "as_channel",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalDocs:
    """A link to further documentation."""

    url: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A label to group things by."""

    name: str
    description: str | None = None
    external_docs: ExternalDocs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The contact for questions about the application."""

    name: str | None = None
    url: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class License:
    """The licence of the application."""

    name: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Channel:
    """A queue, by its address. Two channels are equal when their addresses are.

    Comparing a channel with anything else raises ValueError, as in repid.

    Attributes:
        limits: How much of it a worker takes at once (repid 2.2).
        limit_policies: Limits of your own for its messages (repid 2.2).

    Raises:
        DeclarationError: The limits or the policies have the wrong type.
    """

    address: str
    title: str | None = None
    summary: str | None = None
    description: str | None = None
    bindings: Any | None = None
    external_docs: ExternalDocs | None = None
    limits: MessageLimits | None = None
    limit_policies: Sequence[LimitPolicyT] = ()

    def __post_init__(self) -> None:
        label = f"Channel {self.address!r}"
        check_limits(label, self.limits, MessageLimits)
        object.__setattr__(self, "limit_policies", checked_policies(label, self.limit_policies))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Channel):
            return self.address == other.address
        raise ValueError(f"Cannot compare Channel with {type(other)}.")

    def __hash__(self) -> int:
        return hash(self.address)


def as_channel(channel: Channel | str, called: str = "The channel") -> Channel:
    """Return a channel from a channel or its address; an error calls it `called`.

    Raises:
        DeclarationError: It has the wrong type.
    """
    if isinstance(channel, Channel):
        return channel
    if not isinstance(channel, str):
        hint = " That one is repid's; import Channel from repid_nb." if is_of_repid(channel) else ""
        raise DeclarationError(f"{called} must be a str or a Channel, not {channel!r}.{hint}")
    return Channel(address=channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationId:
    """The place of the id in a message that ties an answer to its question, as a runtime expression."""

    location: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageExample:
    """One example of a message: headers, payload, or both.

    Raises:
        ValueError: Neither headers nor payload is given.
    """

    name: str | None = None
    summary: str | None = None
    headers: dict[str, Any] | None = None
    payload: Any | None = None

    def __post_init__(self) -> None:
        if self.headers is None and self.payload is None:
            raise ValueError("Either headers or payload must be provided.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSchema:
    """The shape of the messages that an operation sends."""

    name: str
    title: str | None = None
    summary: str | None = None
    description: str | None = None
    payload: dict[str, Any] | None = None
    headers: dict[str, Any] | None = None
    correlation_id: CorrelationId | None = None
    content_type: str | None = None
    security: tuple[Any, ...] | None = None
    tags: tuple[Tag, ...] | None = None
    external_docs: ExternalDocs | None = None
    deprecated: bool = False
    examples: tuple[MessageExample, ...] | None = None
    bindings: Any | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorMessageMetadata:
    """Describes the messages that an actor receives, beside the shape that its signature gives."""

    title: str | None = None
    summary: str | None = None
    description: str | None = None
    tags: tuple[Tag, ...] | None = None
    external_docs: ExternalDocs | None = None
    examples: tuple[MessageExample, ...] | None = None
    bindings: Any | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOperation:
    """An operation of the registry: the channel it sends to, and its description."""

    channel: Channel
    messages: tuple[MessageSchema, ...] = ()
    title: str | None = None
    summary: str | None = None
    description: str | None = None
    security: tuple[Any, ...] = ()
    tags: tuple[Tag, ...] = ()
    external_docs: ExternalDocs | None = None
    bindings: Any | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConverterInputSchema:
    """The JSON schemas of what a converter reads from a message."""

    payload_schema: Any
    content_type: str
    headers_schema: Any | None = None
    correlation_id: CorrelationId | None = None
    examples: tuple[MessageExample, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerInfo:
    """What a worker did in one run.

    Attributes:
        processed: How many messages an actor ran for; unrouted messages do not count (repid 2.1.4).
    """

    processed: int
