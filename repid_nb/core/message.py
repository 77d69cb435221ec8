"""What a message is, and what a server must offer to carry it.

The protocols and names are repid 2.1.4's (`repid.connections.abc`, `repid.data`): a server object written for repid
fits here unchanged, and one written here fits repid.
"""

from __future__ import annotations

import asyncio
import reprlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeAlias, TypedDict

from repid_nb.core.errors import DestinationError, InvalidMessageError

__all__ = [
    "BaseMessageT",
    "CapabilitiesT",
    "MessageAction",
    "MessageData",
    "MessagePublisherT",
    "ReceivedMessageT",
    "SentMessageT",
    "SerializerT",
    "ServerT",
    "SubscriberT",
    "answer_channel",
    "check_address",
    "check_message",
    "check_parts",
    "in_one_line",
]


class MessageAction(str, Enum):  # noqa: UP042  (repid's own bases: str() of a member differs from StrEnum's)
    """How a received message was settled (repid 2.1.4; the outcomes of AMQP 1.0, section 3.4)."""

    acked = "acked"
    nacked = "nacked"
    rejected = "rejected"
    replied = "replied"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageData:
    """A message on its way to a server (repid 2.1.4).

    Attributes:
        payload: The body.
        headers: Names and values that routing looks at, or None.
        content_type: The media type of the payload, such as `application/json`.
        reply_to: The channel that an answer should go to.
    """

    payload: bytes
    headers: dict[str, str] | None = None
    content_type: str | None = None
    reply_to: str | None = None


def check_message(channel: object, message: SentMessageT) -> None:
    """Refuse what no queue could carry, before it is queued.

    Args:
        channel: Where the message should go: a string.
        message: Its payload must be bytes, its headers None or a dict of str to str.

    Raises:
        InvalidMessageError: One of them is something else; the message says which, and the fix.
    """
    check_parts(channel, message.payload, message.headers, message.content_type, message.reply_to)


def check_parts(channel: object, payload: object, headers: object, content_type: object, reply_to: object) -> None:
    """Do the same for a message that is still in parts."""
    if not isinstance(channel, str):
        check_address(channel)
    if not isinstance(payload, bytes):
        fix = "payload.encode()" if isinstance(payload, str) else "bytes(payload)"
        if not isinstance(payload, (str, bytearray, memoryview)):
            fix = "send_message_json"
        raise InvalidMessageError(
            f"The payload must be bytes, not {_kind(payload)}: use {fix}"
            f"{'' if fix == 'send_message_json' else ', or send_message_json for JSON'}.",
        )
    if content_type is not None and not isinstance(content_type, str):
        raise InvalidMessageError(f"The content type must be a str, not {_kind(content_type)}.")
    if reply_to is not None and not isinstance(reply_to, str):
        raise InvalidMessageError(f"The channel to reply to must be a str, not {_kind(reply_to)}.")
    if headers is not None:
        _check_headers(headers)


def check_address(channel: object) -> None:
    """Refuse what is no address of a channel, such as a `Channel` object.

    Raises:
        InvalidMessageError: It is something else.
    """
    if not isinstance(channel, str):
        hint = " Use its address." if hasattr(channel, "address") else ""
        raise InvalidMessageError(f"The channel must be a str, not {_kind(channel)}.{hint}")


def _check_headers(headers: object) -> None:
    if not isinstance(headers, dict):
        raise InvalidMessageError(
            f"The headers must be a dict of str to str, not {_kind(headers)}: headers={{'topic': 'my_actor'}}.",
        )
    for name, value in headers.items():
        if not isinstance(name, str):
            raise InvalidMessageError(f"Header names must be str, not {_kind(name)}: {name!r}. Use str({name!r}).")
        if not isinstance(value, str):
            raise InvalidMessageError(
                f"The header {name!r} must be a str, not {_kind(value)}: {value!r}. Use str(...), or leave it out.",
            )


def _kind(thing: object) -> str:
    return "None" if thing is None else type(thing).__name__


class BaseMessageT(Protocol):
    """What a routing strategy is shown of a message."""

    @property
    def payload(self) -> bytes: ...

    @property
    def headers(self) -> dict[str, str] | None: ...

    @property
    def content_type(self) -> str | None: ...

    @property
    def reply_to(self) -> str | None: ...


class SentMessageT(BaseMessageT, Protocol):
    """What a server is given to publish."""


class ReceivedMessageT(BaseMessageT, Protocol):
    """A message that a server handed to a worker, to be settled once."""

    @property
    def channel(self) -> str: ...

    @property
    def action(self) -> MessageAction | None: ...

    @property
    def is_acted_on(self) -> bool: ...

    @property
    def message_id(self) -> str | None: ...

    async def ack(self) -> None: ...

    async def nack(self) -> None: ...

    async def reject(self) -> None: ...

    @property
    def keep_alive_interval(self) -> int | None: ...

    async def keep_alive(self) -> None: ...

    async def reply(
        self,
        *,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        channel: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,
    ) -> None: ...


def answer_channel(target: str | None) -> str:
    """Return the channel that an answer goes to.

    Raises:
        DestinationError: There is none.
    """
    if target is None:
        raise DestinationError("Reply channel is not set. Provide `channel` or publish with `reply_to`.")
    return target


def in_one_line(message: ReceivedMessageT) -> str:
    """Return what a message looks like when it is printed."""
    return (
        f"<message {message.message_id} on {message.channel!r}, "
        f"headers {reprlib.repr(message.headers)}, {len(message.payload)} bytes of payload>"
    )


class CapabilitiesT(TypedDict):
    """What a server can do beside publishing and delivering."""

    supports_native_reply: bool
    supports_lightweight_pause: bool
    supports_keep_alive: bool


MessagePublisherT: TypeAlias = Callable[[str, MessageData, dict[str, Any] | None], Coroutine[Any, Any, Any]]


class SerializerT(Protocol):
    """Turns a payload into bytes."""

    def __call__(self, data: Any) -> bytes: ...


class SubscriberT(Protocol):
    """A running subscription to one or more channels."""

    @property
    def is_active(self) -> bool: ...

    @property
    def task(self) -> asyncio.Task[Any]: ...

    async def pause(self) -> None: ...

    async def resume(self) -> None: ...

    async def close(self) -> None: ...


class ServerT(Protocol):
    """A message server: the properties that AsyncAPI 3 describes, a connection, publish and subscribe."""

    @property
    def host(self) -> str: ...

    @property
    def protocol(self) -> str: ...

    @property
    def pathname(self) -> str | None: ...

    @property
    def title(self) -> str | None: ...

    @property
    def summary(self) -> str | None: ...

    @property
    def description(self) -> str | None: ...

    @property
    def protocol_version(self) -> str | None: ...

    @property
    def variables(self) -> Mapping[str, Any] | None: ...

    @property
    def security(self) -> Sequence[Any] | None: ...

    @property
    def tags(self) -> Sequence[Any] | None: ...

    @property
    def external_docs(self) -> Any | None: ...

    @property
    def bindings(self) -> Any | None: ...

    @property
    def capabilities(self) -> CapabilitiesT: ...

    @property
    def is_connected(self) -> bool: ...

    async def connect(self) -> None: ...

    async def disconnect(self) -> None: ...

    def connection(self) -> AbstractAsyncContextManager[ServerT]: ...

    async def publish(
        self,
        *,
        channel: str,
        message: SentMessageT,
        server_specific_parameters: dict[str, Any] | None = None,
    ) -> None: ...

    async def subscribe(
        self,
        *,
        channels_to_callbacks: dict[str, Callable[[ReceivedMessageT], Coroutine[None, None, None]]],
        concurrency_limit: int | None = None,
    ) -> SubscriberT: ...
