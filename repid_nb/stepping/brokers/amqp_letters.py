"""RabbitMQ's dead letters: where a queue's go, how many there are, which, and sending them again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from repid_nb.core.errors import NotPullableError, UnknownNameError
from repid_nb.core.message import ReceivedMessageT
from repid_nb.stepping.brokers.amqp_links import Link, LinkRefusedError, Session
from repid_nb.stepping.brokers.amqp_management import queue_info

__all__ = ["Letters"]

# How many are read for a look, and how many are sent again at a time.
READ_LIMIT = 100
LETTERS_LIMIT = 1000
COMES_WITHIN = 1.0
QUEUES = "/queues/"


@dataclass(slots=True)
class _DeadQueue:
    """Where the dead letters of a channel go.

    Attributes:
        name: The queue.
        is_readable: Whether a letter can be taken and put back without a trace: a quorum queue counts each time.
        seen: The letters, as they were when there were so many.
    """

    name: str
    is_readable: bool
    session: Session
    in_use: asyncio.Lock = field(default_factory=asyncio.Lock)
    link: Link | None = None
    seen_count: int | None = None
    seen: list[ReceivedMessageT] = field(default_factory=list)


class Letters:
    """Reads the dead letters of channels whose queues send them, by the default exchange, to one queue.

    Which queues a named exchange serves, and what a policy adds, RabbitMQ tells by its HTTP API alone, at a port that
    the server object does not name: to try one would give the password to whatever listens there.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._queues: dict[str, _DeadQueue | None] = {}
        # By channel: the exchange that its queue names; None where it names none.
        self._exchanges: dict[str, str | None] = {}

    def forget(self) -> None:
        """Forget what belonged to a connection that is gone."""
        self._queues.clear()
        self._exchanges.clear()

    def where(self, channel: str) -> str:
        """Say where a channel's dead letters go; empty where that is not known."""
        queue = self._queues.get(channel)
        if queue is not None:
            return f"a dead letter, on {queue.name}"
        if channel not in self._exchanges:
            return ""
        exchange = self._exchanges[channel]
        if exchange is None:
            return "dropped, unless a policy of RabbitMQ names a dead-letter exchange"
        return f"at the exchange {exchange!r}, which gives it to the queues that are bound to it" if exchange else ""

    async def find(self, channel: str) -> None:
        """Ask where a channel's dead letters go, once."""
        if channel in self._queues:
            return
        self._queues[channel] = None
        address = self._server._subscribe_naming_strategy(channel)
        if not address.startswith(QUEUES):
            return
        source = unquote(address.removeprefix(QUEUES))
        queue = await self._info(source)
        if queue is None:
            return
        arguments = queue.get("arguments") or {}
        exchange = self._exchanges[channel] = arguments.get("x-dead-letter-exchange")
        # The default exchange has no name, and brings a message to the queue that its routing key names.
        if exchange != "":
            return
        name = str(arguments.get("x-dead-letter-routing-key") or source)
        told = await self._info(name)
        if told is not None:
            self._queues[channel] = _DeadQueue(name, told.get("type") == "classic", Session(self._server))

    async def look(self, channel: str, window: int) -> tuple[int | None, Sequence[ReceivedMessageT]]:
        """Return how many letters there are, None where it is not known, and the newest, where they can be read."""
        queue = self._queues.get(channel)
        if queue is None:
            return None, ()
        async with queue.in_use:
            link = await self._link(queue, channel)
            if link is None or not await link.ask() or link.available is None:
                return None, ()
            if not queue.is_readable or not window:
                return link.available, ()
            # To read them is to take them and put them back: not again and again while nothing has changed.
            if queue.seen_count != link.available:
                queue.seen_count, queue.seen = link.available, await _taken(link, min(link.available, READ_LIMIT))
                await _put_back(link, queue.seen)
            return queue.seen_count, queue.seen[-window:]

    async def resend(self, channel: str, message_id: str | None) -> int:
        """Put one or all letters back on their queue; a letter is gone only once RabbitMQ has confirmed the message.

        Raises:
            UnknownNameError: There is no letter with that id.
            NotPullableError: The letters cannot be reached.
        """
        await self.find(channel)
        queue = self._queues.get(channel)
        if queue is None:
            exchange = self._exchanges.get(channel)
            told = f" but only of the exchange {exchange!r}" if exchange else ""
            raise NotPullableError(
                f"RabbitMQ tells of no queue for the dead letters of {channel!r}{told}. They can be sent again where "
                "the queue has the arguments x-dead-letter-exchange, which is empty, and x-dead-letter-routing-key, "
                "which names a queue."
            )
        if message_id is not None and not queue.is_readable:
            raise NotPullableError(
                f"On the quorum queue {queue.name!r} a letter that is looked at counts as a failed delivery: leave out "
                "the id to send all again."
            )
        async with queue.in_use:
            link = await self._link(queue, channel)
            if link is None:
                raise NotPullableError(f"RabbitMQ does not let a Stepper in at the queue {queue.name!r}: is it there?")
            await link.ask()
            letters = await _taken(link, min(link.available or 0, LETTERS_LIMIT))
            wanted = [letter for letter in letters if message_id in (None, letter.message_id)]
            try:
                for letter in wanted:
                    await self._send(channel, letter)
                    await letter.ack()
            finally:
                await _put_back(link, letters)
                queue.seen_count = None
        if message_id is not None and not wanted:
            raise UnknownNameError(f"No dead letter {message_id!r} on {channel!r}.")
        return len(wanted)

    async def close(self) -> None:
        """Hold nothing more."""
        for queue in self._queues.values():
            if queue is not None:
                if queue.link is not None:
                    await queue.link.leave()
                await queue.session.end()
        self._queues.clear()

    async def _info(self, queue: str) -> dict[str, Any] | None:
        connection = self._server._connection
        return None if connection is None else await queue_info(connection, queue)

    @staticmethod
    async def _link(queue: _DeadQueue, channel: str) -> Link | None:
        if queue.link is None or not queue.link.is_usable:
            try:
                # A letter is the message that it was, of its channel.
                queue.link = await queue.session.link(channel, QUEUES + quote(queue.name, safe=""))
            except LinkRefusedError:
                return None
        return queue.link

    async def _send(self, channel: str, letter: Any) -> None:
        properties, kind = letter._properties, type(letter._properties)
        await self._server.managed_session.sender_pool.send(
            self._server._publish_naming_strategy(channel, None),
            letter.payload,
            headers=letter.headers,
            name=f"sender-{channel}",
            message_properties=kind(
                message_id=properties.message_id, reply_to=properties.reply_to, content_type=properties.content_type
            ),
            # RabbitMQ confirms it; repid's own sends are not waited for.
            settled=False,
        )


async def _taken(link: Link, number: int) -> list[ReceivedMessageT]:
    letters: list[ReceivedMessageT] = []
    while len(letters) < number:
        letter = await link.take(COMES_WITHIN, number - len(letters))
        if letter is None:
            break
        letters += [letter, *link.inbox.rest()]
    return letters


async def _put_back(link: Link, letters: Sequence[ReceivedMessageT]) -> None:
    for letter in letters:
        if not letter.is_acted_on:
            await letter.reject()
    await link.ask()
