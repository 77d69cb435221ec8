"""A client for tests: a message that it sends runs at once, through the real actors, without a server or a worker.

Names and behaviour are repid 2.1.4's (`repid.test_client`); routing and running are the worker's own.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime
from types import TracebackType
from typing import Any, Self, cast
from uuid import uuid4

from repid_nb.app import Repid
from repid_nb.core.checks import answer_channel, check_message, in_one_line
from repid_nb.core.errors import DeclarationError, InvalidMessageError, UnroutedError
from repid_nb.core.message import CapabilitiesT, MessageAction, MessageData, SentMessageT, SerializerT, ServerT
from repid_nb.core.naming import ALMOST, a_kind, did_you_mean
from repid_nb.core.registry import MessageRegistry
from repid_nb.core.text import plain_text
from repid_nb.core.worker.worker import Worker
from repid_nb.given import check_serializer, check_text
from repid_nb.notebook.exits import exit_raises

__all__ = ["TestClient", "TestMessage"]


class TestMessage:
    """A message of a `TestClient`, with its result and settlement.

    Unlike a server's message it may be settled more than once: the last settlement counts (repid 2.1.4).
    """

    # The name is repid's, and pytest would collect the class.
    __test__ = False

    __slots__ = (
        "action",
        "channel",
        "content_type",
        "exception",
        "headers",
        "message_id",
        "operation_id",
        "payload",
        "processed",
        "replies",
        "reply_to",
        "result",
        "timestamp",
    )

    def __init__(  # noqa: PLR0917  (repid's signature)
        self,
        operation_id: str | None,
        payload: bytes,
        headers: dict[str, str] | None,
        content_type: str | None,
        channel: str,
        reply_to: str | None = None,
    ) -> None:
        """Make a message that is not processed yet.

        Args:
            operation_id: The operation that it was sent by; for a reply, the first one on its channel.
        """
        self.operation_id = operation_id
        self.payload = payload
        self.headers = headers
        self.content_type = content_type
        self.channel = channel
        self.reply_to = reply_to
        self.message_id = str(uuid4())
        self.timestamp = datetime.now()  # noqa: DTZ005  (repid's is local time without a zone too)
        self.action: MessageAction | None = None
        self.result: Any = None
        self.exception: BaseException | None = None
        self.processed = False
        self.replies: list[tuple[str, MessageData]] = []

    def __repr__(self) -> str:
        return in_one_line(self)

    @property
    def acked(self) -> bool:
        return self.action is MessageAction.acked

    @property
    def nacked(self) -> bool:
        return self.action is MessageAction.nacked

    @property
    def rejected(self) -> bool:
        return self.action is MessageAction.rejected

    @property
    def success(self) -> bool:
        """Whether an actor ran for the message and raised nothing."""
        return self.processed and self.exception is None

    @property
    def is_acted_on(self) -> bool:
        return self.action is not None

    @property
    def keep_alive_interval(self) -> int | None:
        return None

    async def keep_alive(self) -> None:
        """Do nothing: no message expires in a test."""

    async def ack(self) -> None:
        """Acknowledge the message."""
        self.action = MessageAction.acked

    async def nack(self) -> None:
        """Note that the message is given up."""
        self.action = MessageAction.nacked

    async def reject(self) -> None:
        """Note that the message is sent back; the client does not queue it again (repid 2.1.4)."""
        self.action = MessageAction.rejected

    async def reply(
        self,
        *,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        channel: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,  # noqa: ARG002  (repid's own ignores it too)
    ) -> None:
        """Answer the message; the client queues the answer once the actor is done.

        Raises:
            DestinationError: There is neither a channel nor a `reply_to`.
            InvalidMessageError: The payload is not bytes, or the headers are not str to str.
        """
        target = answer_channel(self.reply_to if channel is None else channel)
        answer = MessageData(payload=payload, headers=headers, content_type=content_type)
        check_message(target, answer)
        self.action = MessageAction.replied
        self.replies.append((target, answer))


class TestClient:
    """Stands in for an app in a test: sends like it, runs its actors, and remembers every message.

    A message that a test sends runs at once, or is queued without `auto_process`. Messages and replies of actors are
    always queued, until `process_next` or `process_all`.

    Args:
        app: The app, with the actors that it has now.
        auto_process: Whether a message runs as soon as it is sent.
        raise_on_actor_not_found: Whether sending a message that no actor takes raises.
        raise_on_actor_error: Whether sending raises what the actor raised.
        raise_on_operation_not_found: Whether an unknown operation id raises; otherwise nothing is sent.

    Raises:
        DeclarationError: The app is one of another library.
    """

    __test__ = False

    def __init__(
        self,
        app: Repid,
        *,
        auto_process: bool = True,
        raise_on_actor_not_found: bool = True,
        raise_on_actor_error: bool = True,
        raise_on_operation_not_found: bool = True,
    ) -> None:
        if not isinstance(app, Repid):
            raise DeclarationError(f"A TestClient takes a Repid app of repid_nb, not {a_kind(app)}.")
        self.app = app
        self.auto_process = auto_process
        self.raise_on_actor_not_found = raise_on_actor_not_found
        self.raise_on_actor_error = raise_on_actor_error
        self.raise_on_operation_not_found = raise_on_operation_not_found
        self._sent: list[TestMessage] = []
        self._processed: list[TestMessage] = []
        self._queue: deque[TestMessage] = deque()
        self._context = app.execution_context(_Outlet(self).as_server())
        self._actors = app.router.routes().by_channel
        self._worker = Worker(self._context, self._actors)

    @property
    def messages(self) -> MessageRegistry:
        """The app's send operations."""
        return self.app.messages

    async def send_message(
        self,
        *,
        channel: str | None = None,
        operation_id: str | None = None,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        server_name: str | None = None,  # noqa: ARG002  (there is no server; kept so that the client can stand in)
        server_specific_parameters: dict[str, Any] | None = None,
    ) -> None:
        """Send raw bytes, as `Repid.send_message` does.

        Args:
            channel: The channel's address. Either this or an operation id, never both.
            operation_id: A registered operation, which names the channel.
            headers: Names and values, such as the topic.
            server_name: Is ignored.
            server_specific_parameters: Seen by the producer middleware only.

        Raises:
            DestinationError: Both of channel and operation id, or neither.
            UnknownNameError: There is no such operation.
            InvalidMessageError: The payload is not bytes, or the headers are not str to str.
            UnroutedError: No actor takes the message.
            Exception: The actor's exception.
        """
        check_text("The operation id", operation_id, InvalidMessageError)
        unknown = operation_id is not None and self.messages.get_operation(operation_id) is None
        if unknown and channel is None and not self.raise_on_operation_not_found:
            return
        address = self.app.address_of(channel, operation_id)
        message = MessageData(payload=payload, headers=headers, content_type=content_type)
        check_message(address, message)
        outlet = _Outlet(self, operation_id, process=self.auto_process)
        publish = self.app.execution_context(outlet.as_server()).publish
        await publish(address, message, server_specific_parameters)

    async def send_message_json(
        self,
        *,
        channel: str | None = None,
        operation_id: str | None = None,
        payload: Any,
        headers: dict[str, str] | None = None,
        serializer: SerializerT | None = None,
        server_name: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,
    ) -> None:
        """Send a payload as JSON, as `Repid.send_message_json` does.

        Args:
            channel: As for `send_message`, like all arguments that are not listed here.
            payload: A value that the serializer can write.
            serializer: Turns the payload into bytes, instead of the app's default.

        Raises:
            SerializationError: A part of the payload has no JSON form; for the rest see `send_message`.
        """
        check_serializer("serializer", serializer)
        await self.send_message(
            channel=channel,
            operation_id=operation_id,
            payload=(serializer or self.app.default_serializer)(payload),
            headers=headers,
            content_type="application/json",
            server_name=server_name,
            server_specific_parameters=server_specific_parameters,
        )

    async def accept(self, message: TestMessage, *, process: bool) -> None:
        """Remember a message that was published, and run it or queue it."""
        self._sent.append(message)
        if process:
            await self._process(message)
        else:
            self._queue.append(message)

    async def process_next(self) -> TestMessage | None:
        """Run the next queued message and return it; None when none is queued."""
        return await self._process(self._queue.popleft()) if self._queue else None

    async def process_all(self) -> list[TestMessage]:
        """Run queued messages, and what they send, until none is left; return them in that order."""
        processed = []
        while self._queue:
            processed.append(await self._process(self._queue.popleft()))
        return processed

    def get_sent_messages(self, *, operation_id: str | None = None, channel: str | None = None) -> list[TestMessage]:
        """Return the messages that the test and the actors sent, replies among them, oldest first.

        Args:
            operation_id: Return only messages of this operation.
            channel: Return only messages to this channel; ignored where an operation id is given.
        """
        return _chosen(self._sent, operation_id, channel)

    def get_processed_messages(
        self,
        *,
        operation_id: str | None = None,
        channel: str | None = None,
    ) -> list[TestMessage]:
        """Return the messages that an actor ran for, in the order of the runs; the arguments filter as above."""
        return _chosen(self._processed, operation_id, channel)

    def clear(self) -> None:
        """Forget every message, queued ones too."""
        self._sent.clear()
        self._processed.clear()
        self._queue.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.clear()

    def _meant(self, channel: str, topic: object) -> str:
        actors = self._actors.get(channel)
        if actors is None:
            return did_you_mean(channel, self._actors, near_from=ALMOST)
        return did_you_mean(topic, [one.name for one in actors], near_from=ALMOST)

    async def _process(self, message: TestMessage) -> TestMessage:
        actor = self._worker.route(message)
        if actor is None:
            if self.raise_on_actor_not_found:
                topic = (message.headers or {}).get("topic")
                channel = plain_text(message.channel)
                raise UnroutedError(
                    f"No actor found for channel {channel!r} that takes the message with the topic {topic!r}."
                    f"{self._meant(channel, topic)} "
                    "Include its router before the client is made, or use raise_on_actor_not_found=False.",
                )
            return message
        try:
            with exit_raises():
                message.result, message.exception = await self._worker.delivery().run(message, actor)
        finally:
            # A client is often left without being closed, and leaves no timer on the loop then either.
            self._worker.close()
        message.processed = True
        for channel, answer in message.replies:
            reply = TestMessage(
                self._operation_on(channel),
                answer.payload,
                answer.headers,
                answer.content_type,
                channel,
            )
            await self.accept(reply, process=False)
        self._processed.append(message)
        if message.exception is not None and self.raise_on_actor_error:
            raise message.exception
        return message

    def _operation_on(self, channel: str) -> str | None:
        operations = self.messages.list_operations().items()
        return next((name for name, operation in operations if operation.channel.address == channel), None)


class _Outlet:
    """Takes the client's messages in place of a server, behind the app's producer middleware."""

    def __init__(self, client: TestClient, operation_id: str | None = None, *, process: bool = False) -> None:
        self._client = client
        self._operation_id = operation_id
        self._process = process

    @property
    def capabilities(self) -> CapabilitiesT:
        return {"supports_native_reply": True, "supports_lightweight_pause": False, "supports_keep_alive": False}

    def as_server(self) -> ServerT:
        """Return itself, typed as a server: actors can publish to it, and nothing more (repid 2.1.4)."""
        return cast("ServerT", self)

    async def publish(
        self,
        *,
        channel: str,
        message: SentMessageT,
        server_specific_parameters: dict[str, Any] | None = None,  # noqa: ARG002  (nothing here would use it)
    ) -> None:
        check_message(channel, message)
        sent = TestMessage(
            self._operation_id,
            message.payload,
            message.headers,
            message.content_type,
            channel,
            message.reply_to,
        )
        await self._client.accept(sent, process=self._process)


def _chosen(messages: list[TestMessage], operation_id: str | None, channel: str | None) -> list[TestMessage]:
    if operation_id is not None:
        return [message for message in messages if message.operation_id == operation_id]
    return [message for message in messages if channel is None or message.channel == channel]
