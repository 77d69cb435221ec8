"""Google Pub/Sub: one message a request, with the unary Pull that repid itself does not use."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from shlex import quote
from typing import Any

from repid_nb.core.errors import NotPullableError, RepidNbError
from repid_nb.core.logger import logger
from repid_nb.core.memory.snapshot import ChannelSnapshot
from repid_nb.core.message import MessageAction, ReceivedMessageT
from repid_nb.stepping.brokers.adapter import Adapter, unknown
from repid_nb.stepping.brokers.places import Greeting, Place, place_of
from repid_nb.stepping.brokers.pubsub_letters import Letters, pull_request
from repid_nb.stepping.source import Knowledge

__all__ = ["PubsubAdapter"]

PULL = "/google.pubsub.v1.Subscriber/Pull"
MODIFY_ACK_DEADLINE = "/google.pubsub.v1.Subscriber/ModifyAckDeadline"
GOOGLE = "https://pubsub.googleapis.com"
# Seconds for a request that answers at once.
ANSWERED_WITHIN = 5.0
SHORTEST_WAIT = 0.05
# Seconds for which a message is ours; repid asks for five minutes, and so long a killed kernel would hide it.
KEPT_FOR = 60


class PubsubAdapter(Adapter):
    """Pulls one message a request, and extends its deadline at once: a subscription's own is often ten seconds."""

    knows = Knowledge(
        broker="Pub/Sub",
        rejected="back after a second, in no certain order",
        nacked="back at once: it goes round for ever, unless the subscription has a dead-letter policy",
        given_back="back after a second, in no certain order",
        dead_letters=True,
        empty_is_certain=False,
    )

    # The beginning of HTTP/2, and in its answer the settings, which are frame 4.
    greeting = Greeting(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0", re.compile(rb"...\x04", re.DOTALL))

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self._letters = Letters(server)

    @property
    def place(self) -> Place | None:
        return place_of(self.server._dsn or GOOGLE, self.port)

    def forget(self) -> None:
        self._letters = Letters(self.server)

    async def open(self, channels: Sequence[str]) -> None:
        for channel in channels:
            try:
                await self._letters.find(channel)
            except Exception:
                # To ask is a favour: it takes another right than to pull, and what is missing the pull says.
                logger.debug("stepper.letters.error", exc_info=True)
                self._letters.forget(channel)

    def refused(self, channel: str, error: Exception) -> RepidNbError | None:
        if _code(error) == "NOT_FOUND":
            return NotPullableError(
                f"Pub/Sub has no topic {channel!r}. Create it first: gcloud pubsub topics create {quote(channel)}"
            )
        return super().refused(channel, error)

    async def pull(self, channel: str, within: float) -> ReceivedMessageT | None:
        path = self.server._resolve_subscription_path(channel)
        kinds = import_module("repid.connections.pubsub.protocol.proto")
        call = self.server._channel.unary_unary(
            PULL,
            request_serializer=bytes,
            # A PullResponse is a list of received messages, as a StreamingPullResponse begins.
            response_deserializer=kinds.StreamingPullResponse.deserialize,
        )
        loop = asyncio.get_running_loop()
        end = loop.time() + max(within, SHORTEST_WAIT)
        # An empty answer may come early, and does not say that nothing waits.
        while (left := end - loop.time()) > 0:
            try:
                answer = await call(pull_request(path), timeout=left)
            except Exception as error:
                code = _code(error)
                if code == "DEADLINE_EXCEEDED":
                    return None
                if code == "NOT_FOUND":
                    raise NotPullableError(
                        f"Pub/Sub has no subscription {path!r}. Create it first: "
                        f"gcloud pubsub subscriptions create {path.rsplit('/', 1)[1]} --topic {channel}"
                    ) from error
                raise
            for one in answer.received_messages:
                message: ReceivedMessageT = self._received(channel, path, one)
                await self.keep_alive(message)
                return message
        return None

    def alive_every(self, message: ReceivedMessageT) -> float | None:  # noqa: ARG002  (the same for all)
        return KEPT_FOR / 3

    async def keep_alive(self, message: ReceivedMessageT) -> None:
        await message.extend_deadline(KEPT_FOR)  # type: ignore[attr-defined]  # repid's own message

    async def rescue(self, message: ReceivedMessageT) -> None:
        create = import_module("repid.connections.pubsub.protocol.channel").create_channel
        kinds = import_module("repid.connections.pubsub.protocol.proto")
        server, ack_id = self.server, message._ack_id  # type: ignore[attr-defined]  # repid's own message
        channel = await create(
            dsn=server._dsn, credentials_provider=server._credentials_provider, options=server._channel_options
        )
        request = kinds.ModifyAckDeadlineRequest(
            subscription=server._resolve_subscription_path(message.channel), ack_ids=[ack_id], ack_deadline_seconds=0
        )
        try:
            call = channel.unary_unary(MODIFY_ACK_DEADLINE, request_serializer=bytes, response_deserializer=bytes)
            await call(request.serialize(), timeout=ANSWERED_WITHIN)
        finally:
            await channel.close()

    def where(self, action: MessageAction | None, channel: str) -> str:
        if action is MessageAction.acked:
            return "done: Pub/Sub does not send it again"
        if action is MessageAction.nacked and (topic := self._letters.topic(channel)):
            return f"back at once; after {self._letters.after(channel)} deliveries a dead letter, on the topic {topic}"
        return super().where(action, channel)

    def note(self, message: ReceivedMessageT) -> str:
        after = self._letters.after(message.channel)
        attempt: int = message.delivery_attempt  # type: ignore[attr-defined]  # repid's own message
        if not after or message.action is MessageAction.acked:
            return ""
        if attempt >= after:
            self._letters.note_delivery(message.channel)
        return f"It was delivery {attempt} of {after}: each one counts, also where it is given back."

    async def look(self, channels: Sequence[str], window: int) -> list[ChannelSnapshot]:
        return [await self._look(channel, window) for channel in channels]

    async def resend(self, channel: str, message_id: str | None) -> int:
        return await self._letters.resend(channel, message_id)

    def comes_again(self) -> str:
        return "where Pub/Sub has not heard of it, the message comes again when its deadline is over"

    async def _look(self, channel: str, window: int) -> ChannelSnapshot:
        letters = await self._letters.look(channel, window)
        return replace(unknown([channel])[0], dead_letters=tuple(map(self.letter, letters)))

    def _received(self, channel: str, path: str, one: Any) -> Any:
        kind = import_module("repid.connections.pubsub.protocol.received_message").PubsubReceivedMessage
        return kind(
            raw_message=one.message,
            ack_id=one.ack_id,
            delivery_attempt=one.delivery_attempt,
            subscription_path=path,
            channel_name=channel,
            server=self.server,
            stream_ack_deadline_seconds=self.server._stream_ack_deadline_seconds,
        )


def _code(error: Exception) -> str:
    code = getattr(error, "code", None)
    return str(getattr(code(), "name", "")) if callable(code) else ""
