"""The message that an actor can take as an argument."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from repid_nb.core.abilities import nack
from repid_nb.core.arguments.dependencies import DependencyContext, ReadAtOnce
from repid_nb.core.checks import answer_channel, in_one_line
from repid_nb.core.message import MessageAction, MessageData, MessagePublisherT, ReceivedMessageT, SerializerT, ServerT
from repid_nb.core.reasons import ACTOR_NACKED

__all__ = ["EnhancedReceivedMessage", "Message", "MessageDependency"]


class EnhancedReceivedMessage:
    """The message that an actor runs for: settles it, answers it, and sends other messages."""

    def __init__(
        self,
        server: ServerT,
        message: ReceivedMessageT,
        default_serializer: SerializerT,
        publish: MessagePublisherT,
    ) -> None:
        self._server = server
        self._message = message
        self._default_serializer = default_serializer
        self._publish = publish

    def __repr__(self) -> str:
        return in_one_line(self._message)

    @property
    def payload(self) -> bytes:
        return self._message.payload

    @property
    def headers(self) -> dict[str, str] | None:
        return self._message.headers

    @property
    def content_type(self) -> str | None:
        return self._message.content_type

    @property
    def reply_to(self) -> str | None:
        return self._message.reply_to

    @property
    def channel(self) -> str:
        return self._message.channel

    @property
    def is_acted_on(self) -> bool:
        return self._message.is_acted_on

    @property
    def action(self) -> MessageAction | None:
        return self._message.action

    @property
    def message_id(self) -> str | None:
        return self._message.message_id

    async def ack(self) -> None:
        """Confirm the message: it leaves the queue."""
        await self._message.ack()

    async def nack(self) -> None:
        """Give the message up: it cannot be processed."""
        await nack(self._message, ACTOR_NACKED)

    async def reject(self) -> None:
        """Give the message back to the queue."""
        await self._message.reject()

    async def send_message(
        self,
        *,
        channel: str,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,
    ) -> None:
        """Send another message, through the producer middleware."""
        message = MessageData(payload=payload, headers=headers, content_type=content_type)
        await self._publish(channel, message, server_specific_parameters)

    async def send_message_json(
        self,
        *,
        channel: str,
        payload: Any,
        headers: dict[str, str] | None = None,
        server_specific_parameters: dict[str, Any] | None = None,
        serializer: SerializerT | None = None,
    ) -> None:
        """Send another message as JSON, through the producer middleware."""
        await self.send_message(
            channel=channel,
            payload=self._serialize(payload, serializer),
            headers=headers,
            content_type="application/json",
            server_specific_parameters=server_specific_parameters,
        )

    async def reply(
        self,
        *,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        channel: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,
    ) -> None:
        """Answer the message and settle it: in one step where the server can, else by publishing and then acking.

        Raises:
            DestinationError: Neither `channel` nor the message's `reply_to` is set.
        """
        if self._server.capabilities.get("supports_native_reply", False):
            await self._message.reply(
                payload=payload,
                headers=headers,
                content_type=content_type,
                channel=channel,
                server_specific_parameters=server_specific_parameters,
            )
            return
        destination = answer_channel(channel or self.reply_to)
        await self._server.publish(
            channel=destination,
            message=MessageData(payload=payload, headers=headers, content_type=content_type),
            server_specific_parameters=server_specific_parameters,
        )
        await self.ack()

    async def reply_json(
        self,
        *,
        payload: Any,
        headers: dict[str, str] | None = None,
        channel: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,
        serializer: SerializerT | None = None,
    ) -> None:
        """Answer the message with JSON and settle it, as `reply` does."""
        await self.reply(
            payload=self._serialize(payload, serializer),
            headers=headers,
            content_type="application/json",
            channel=channel,
            server_specific_parameters=server_specific_parameters,
        )

    def _serialize(self, payload: Any, serializer: SerializerT | None) -> bytes:
        return (serializer if serializer is not None else self._default_serializer)(payload)


class MessageDependency(ReadAtOnce):
    """Marks the parameter that is the message itself; written as its alias `Message`."""

    def read(self, context: DependencyContext) -> EnhancedReceivedMessage:
        offered = context.actor_context
        return EnhancedReceivedMessage(offered.server, context.message, offered.default_serializer, offered.publish)


Message: TypeAlias = Annotated[EnhancedReceivedMessage, MessageDependency()]
# What `Message?` and `help(Message)` show: without it, what `Annotated` is.
Message.__doc__ = EnhancedReceivedMessage.__doc__
