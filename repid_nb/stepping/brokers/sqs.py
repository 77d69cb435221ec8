"""Amazon SQS: one message a request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from shlex import quote
from typing import Any

from repid_nb.core.errors import NotPullableError, RepidNbError, UnknownNameError
from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter
from repid_nb.core.message import MessageAction, ReceivedMessageT
from repid_nb.stepping.brokers.adapter import Adapter, pictured, unknown
from repid_nb.stepping.brokers.places import Greeting
from repid_nb.stepping.source import Knowledge

__all__ = ["SqsAdapter"]

# The longest wait that SQS takes, in seconds.
LONGEST_WAIT = 20
LETTERS_LIMIT = 1000
# How many messages a request brings, and after how many seconds what was not sent again is seen again.
BATCH = 10
HIDDEN_SECONDS = 30


class SqsAdapter(Adapter):
    """Receives one message a request; until its visibility time is over SQS shows it to no other."""

    knows = Knowledge(
        broker="SQS",
        rejected="back at once, in no certain order",
        nacked="a dead letter, on the queue repid_{channel}_dlq",
        given_back="back at once, in no certain order",
        counts=True,
        dead_letters=True,
        empty_is_certain=False,
    )

    address_in = "endpoint_url"
    greeting = Greeting(b"GET / HTTP/1.0\r\n\r\n", re.compile(b"HTTP/"))

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self._urls: dict[str, str] = {}
        # By channel: how many dead letters there were when some of them were read.
        self._seen: dict[str, tuple[int, tuple[DeadLetter, ...]]] = {}

    async def open(self, channels: Sequence[str]) -> None:
        for channel in channels:
            await self._url_of(channel)

    def lost(self, channel: str, error: Exception) -> bool:
        is_lost = _is_missing(error)
        if is_lost:
            self._urls.pop(channel, None)
            # The server object keeps it too.
            self.server._queue_url_cache.pop(channel, None)
        return is_lost

    def refused(self, channel: str, error: Exception) -> RepidNbError | None:
        return _no_queue(channel) if self.lost(channel, error) else None

    async def prepare(self, channel: str) -> None:
        await self._url_of(channel)

    async def pull(self, channel: str, within: float) -> ReceivedMessageT | None:
        url = self._urls[channel]
        got = await self.server._client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=1,
            # In whole seconds; and longer than 0, which asks only some of the machines of SQS.
            WaitTimeSeconds=min(LONGEST_WAIT, max(1, round(within))) if within else 0,
            MessageAttributeNames=["All"],
            VisibilityTimeout=self.server._visibility_timeout,
        )
        kind = import_module("repid.connections.sqs.message").SqsReceivedMessage
        for one in got.get("Messages", []):
            message: ReceivedMessageT = kind(self.server, channel, url, one, self.server._visibility_timeout)
            return message
        return None

    async def rescue(self, message: ReceivedMessageT) -> None:
        async with self._fresh_client() as client:
            await client.change_message_visibility(
                QueueUrl=self._urls[message.channel],
                ReceiptHandle=message._receipt_handle,  # type: ignore[attr-defined]  # repid's own message
                VisibilityTimeout=0,
            )

    def where(self, action: MessageAction | None, channel: str) -> str:
        if action is MessageAction.nacked:
            dead = self._dead_queue(channel)
            return "deleted: the server has no dlq_queue_strategy" if dead is None else f"a dead letter, on {dead}"
        return super().where(action, channel)

    def failed(self, word: str, error: Exception, message: ReceivedMessageT) -> str:
        dead = self._dead_queue(message.channel)
        if word == "nack" and _is_missing(error):
            return f"SQS has no queue {dead!r}, so the nack failed, and the message comes again. Create it first"
        return super().failed(word, error, message)

    def comes_again(self) -> str:
        return "where SQS has not heard of it, the message comes again when its visibility time is over"

    def alive_every(self, message: ReceivedMessageT) -> float | None:  # noqa: ARG002  (the same for all)
        # repid's own interval is in whole seconds.
        return float(self.server._visibility_timeout) / 3 or None

    async def look(self, channels: Sequence[str], window: int) -> list[ChannelSnapshot]:
        return [await self._look(channel, window) for channel in channels]

    async def resend(self, channel: str, message_id: str | None) -> int:
        dead = self._dead_queue(channel)
        if dead is None:
            raise NotPullableError("This SqsServer has no dlq_queue_strategy: a nacked message is deleted.")
        client, source = self.server._client, await self.server._get_queue_url(dead)
        sent, others = 0, []
        while sent < LETTERS_LIMIT and (letters := await self._letters(source, HIDDEN_SECONDS, wait=1)):
            for letter in letters:
                if message_id not in (None, letter["MessageId"]):
                    others.append(letter["ReceiptHandle"])
                    continue
                attributes = {
                    name: {key: one[key] for key in ("DataType", "StringValue", "BinaryValue") if key in one}
                    for name, one in letter.get("MessageAttributes", {}).items()
                }
                await client.send_message(
                    QueueUrl=self._urls[channel], MessageBody=letter["Body"], MessageAttributes=attributes
                )
                await client.delete_message(QueueUrl=source, ReceiptHandle=letter["ReceiptHandle"])
                sent += 1
            if sent and message_id is not None:
                break
        for handle in others:
            await client.change_message_visibility(QueueUrl=source, ReceiptHandle=handle, VisibilityTimeout=0)
        self._seen.pop(channel, None)
        if message_id is not None and not sent:
            raise UnknownNameError(f"No dead letter {message_id!r} on {channel!r}.")
        return sent

    async def _url_of(self, channel: str) -> str:
        if channel not in self._urls:
            try:
                self._urls[channel] = await self.server._get_queue_url(channel)
            except Exception as error:
                if not _is_missing(error):
                    raise
                raise _no_queue(channel) from error
        return self._urls[channel]

    def _dead_queue(self, channel: str) -> str | None:
        strategy = self.server._dlq_queue_strategy
        name: str | None = None if strategy is None else strategy(channel)
        return name

    def _fresh_client(self) -> AbstractAsyncContextManager[Any]:
        server = self.server
        session = import_module("aiobotocore.session").get_session()
        client: AbstractAsyncContextManager[Any] = session.create_client(
            "sqs",
            region_name=server.region_name,
            endpoint_url=server.endpoint_url,
            aws_access_key_id=server._aws_access_key_id,
            aws_secret_access_key=server._aws_secret_access_key,
            aws_session_token=server._aws_session_token,
        )
        return client

    async def _letters(self, url: str, hidden: int, *, wait: int = 0) -> list[dict[str, Any]]:
        """Receive some letters, which no other consumer sees for so many seconds."""
        got = await self.server._client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=BATCH,
            WaitTimeSeconds=wait,
            MessageAttributeNames=["All"],
            VisibilityTimeout=hidden,
        )
        letters: list[dict[str, Any]] = got.get("Messages", [])
        return letters

    async def _look(self, channel: str, window: int) -> ChannelSnapshot:
        if channel not in self._urls:
            return unknown([channel])[0]
        waiting, working = await self._counts(self._urls[channel])
        dead, letters = await self._look_at_letters(channel, window)
        note = "SQS counts about, and does not show which" if waiting else ""
        return ChannelSnapshot(
            channel=channel, waiting=waiting, working=working, dead=dead, dead_letters=letters, note=note
        )

    async def _look_at_letters(self, channel: str, window: int) -> tuple[int | None, tuple[DeadLetter, ...]]:
        name = self._dead_queue(channel)
        if name is None:
            return None, ()
        try:
            url = await self.server._get_queue_url(name)
        except Exception as error:
            if not _is_missing(error):
                raise
            return None, ()
        dead, _ = await self._counts(url)
        # Hidden for no time, so other consumers see them as before. Only where something has changed: a request costs.
        if window and self._seen.get(channel, (0, ()))[0] != dead:
            self._seen[channel] = dead, tuple(self._letter(channel, one) for one in await self._letters(url, 0))
        return dead, self._seen.get(channel, (0, ()))[1][:window] if dead else ()

    def _letter(self, channel: str, raw: dict[str, Any]) -> DeadLetter:
        kind = import_module("repid.connections.sqs.message").SqsReceivedMessage
        return self.letter(pictured(kind(self.server, channel, self._urls[channel], raw, 0)))

    async def _counts(self, url: str) -> tuple[int, int]:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = (await self.server._client.get_queue_attributes(QueueUrl=url, AttributeNames=names))["Attributes"]
        return int(told[names[0]]), int(told[names[1]])


def _no_queue(channel: str) -> NotPullableError:
    return NotPullableError(
        f"SQS has no queue {channel!r}. Create it first: aws sqs create-queue --queue-name {quote(channel)}"
    )


def _is_missing(error: Exception) -> bool:
    answer = getattr(error, "response", None)
    code = answer.get("Error", {}).get("Code", "") if isinstance(answer, dict) else ""
    return "NonExistentQueue" in code or "QueueDoesNotExist" in code
