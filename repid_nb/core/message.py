"""What a message is, and what a server must offer to carry it.

The protocols and names are repid 2.1.4's (`repid.connections.abc`, `repid.data`): a server object written for repid
fits here unchanged, and one written here fits repid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeAlias, TypedDict

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
        headers: Names and values that routing looks at.
        content_type: The media type of the payload, such as `application/json`.
        reply_to: The channel that an answer should go to.
    """

    payload: bytes
    headers: dict[str, str] | None = None
    content_type: str | None = None
    reply_to: str | None = None


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
