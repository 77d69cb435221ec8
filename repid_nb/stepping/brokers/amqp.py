"""RabbitMQ 4 by AMQP 1.0: a link a channel, with credit for one message while a step waits and for none otherwise."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from importlib import import_module
from shlex import quote
from typing import Any

from repid_nb.core.errors import NotPullableError
from repid_nb.core.logger import logger
from repid_nb.core.memory.snapshot import ChannelSnapshot
from repid_nb.core.message import MessageAction, ReceivedMessageT
from repid_nb.stepping.brokers.adapter import Adapter, mended, pictured, unknown
from repid_nb.stepping.brokers.amqp_letters import Letters
from repid_nb.stepping.brokers.amqp_links import Link, LinkRefusedError, MissingQueueError, Session
from repid_nb.stepping.brokers.places import Greeting
from repid_nb.stepping.source import Knowledge

__all__ = ["AmqpAdapter"]

SHORTEST_WAIT = 0.05
# How often a quorum queue delivers a message, and from which number of returns on a step says so.
MOST_DELIVERIES = 20
TOLD_FROM = 3
RETURNS_LIMIT = 1000


class AmqpAdapter(Adapter):
    """Receives on links of its own, on a session of its own."""

    knows = Knowledge(
        broker="RabbitMQ",
        rejected="in front: it comes next again",
        nacked="at the queue's dead-letter exchange, or dropped where it has none",
        given_back="at its place",
        counts=True,
        dead_letters=True,
        priority=True,
    )
    port = 5672
    # The SASL header of AMQP 1.0.
    greeting = Greeting(b"AMQP\x03\x01\x00\x00", re.compile(b"AMQP\x03\x01"))
    login = "amqp://USER:PASSWORD@HOST:PORT"
    # repid's sends are settled before RabbitMQ has them, and a quorum queue takes some milliseconds.
    counts_late = True

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self._session = Session(server)
        self._links: dict[str, Link] = {}
        self._letters = Letters(server)
        self._sent_to: set[str] = set()
        self._returns: OrderedDict[str, int] = OrderedDict()
        self._lost: set[int] = set()

    def stranger(self, said: bytes) -> str:
        if said.startswith(b"AMQP"):
            return "It speaks AMQP 0-9-1, and repid AMQP 1.0: take RabbitMQ 4, or turn on the plugin rabbitmq_amqp1_0"
        return super().stranger(said)

    async def try_out(self) -> None:
        protocol, server = import_module("repid.connections.amqp.protocol"), self.server
        connection = protocol.AmqpConnection(
            protocol.ConnectionConfig(
                host=server._conn_host,
                port=server._conn_port,
                username=server._conn_username,
                password=server._conn_password,
                reconnect=protocol.ReconnectConfig(enabled=False),
            )
        )
        try:
            await connection.connect()
        finally:
            await connection.close()

    def forget(self) -> None:
        self._session.forget()
        self._letters.forget()
        self._sent_to.clear()

    async def recover(self) -> bool:
        if self.server._connection is None:
            return False
        if await mended(self.server):
            return True
        await self.server.disconnect()
        return False

    async def open(self, channels: Sequence[str]) -> None:
        self._renew_the_servers_session()
        for channel in channels:
            await self._link(channel)
            await self._letters.find(channel)

    async def prepare(self, channel: str) -> None:
        self._renew_the_servers_session()
        # repid waits ten seconds for a link to a queue that is not there, and its session is gone.
        address = self.server._publish_naming_strategy(channel, None)
        if channel not in self._sent_to and address == self.server._subscribe_naming_strategy(channel):
            if channel not in self._links:
                await self._probe(channel)
            self._sent_to.add(channel)

    async def forewarn(self, channel: str) -> None:
        if not self.server.is_connected:
            return
        try:
            await self.prepare(channel)
        except NotPullableError as refused:
            # To send takes other rights than to receive: only a queue that is not there keeps repid from both.
            if isinstance(refused.__cause__, MissingQueueError):
                # The kind of error that repid raises after ten seconds: what an actor catches there, it catches here.
                raise TimeoutError(str(refused)) from refused
        except Exception:
            logger.debug("stepper.forewarn.error", exc_info=True)

    async def pull(self, channel: str, within: float) -> ReceivedMessageT | None:
        link = await self._link(channel)
        message = await link.take(max(within, SHORTEST_WAIT))
        if message is None:
            # RabbitMQ does not always tell a link that its queue was deleted, and goes on to answer it.
            try:
                await self._probe(channel)
            except NotPullableError:
                self._sent_to.discard(channel)
                del self._links[channel]
                raise
        return message

    async def give_back(self, message: ReceivedMessageT) -> None:
        link = self._links.get(message.channel)
        if not message.is_acted_on and link is not None and link.brought(message) and link.is_usable:
            self._count_return(message)
            await message.reject()

    async def done(self, message: ReceivedMessageT) -> None:
        if message.action is not None and message.action.value == "rejected":
            self._count_return(message)
        link = self._links.get(message.channel)
        if link is None or not link.brought(message) or not await link.ask():
            self._lost.add(id(message))

    def doubt(self, message: ReceivedMessageT) -> str:
        if id(message) not in self._lost:
            return ""
        self._lost.discard(id(message))
        return f"the settlement was sent when the connection was lost: {self.comes_again()}"

    def comes_again(self) -> str:
        return "where RabbitMQ has not heard of it, it has put the message back, and it comes again"

    def note(self, message: ReceivedMessageT) -> str:
        returns = self._returns.get(message.message_id or "", 0)
        if returns < TOLD_FROM:
            return ""
        return (
            f"It went back {returns} times: after {MOST_DELIVERIES} a quorum queue makes it a dead letter, or drops it "
            "without a dead-letter exchange."
        )

    def where(self, action: MessageAction | None, channel: str) -> str:
        if action is MessageAction.nacked and (where := self._letters.where(channel)):
            return where
        return super().where(action, channel)

    async def look(self, channels: Sequence[str], window: int) -> list[ChannelSnapshot]:
        return [await self._look(channel, window) for channel in channels]

    async def resend(self, channel: str, message_id: str | None) -> int:
        return await self._letters.resend(channel, message_id)

    def options(self, priority: int | None) -> dict[str, Any] | None:
        if priority is None:
            return None
        return {"header": import_module("repid.connections.amqp").AmqpMessageHeader(priority=priority)}

    async def close(self) -> None:
        for link in self._links.values():
            await link.leave()
        self._links.clear()
        await self._session.end()
        await self._letters.close()

    async def _link(self, channel: str) -> Link:
        """Return a channel's link; a new one where there is none yet, or the connection was lost."""
        known = self._links.get(channel)
        if known is not None and known.is_usable:
            return known
        link = self._links[channel] = await self._attached(self._session, channel)
        return link

    async def _probe(self, channel: str) -> None:
        """Look whether a queue lets a Stepper in, on a session of its own, which a missing queue ends."""
        probing = Session(self.server)
        try:
            await (await self._attached(probing, channel)).leave()
        finally:
            await probing.end()

    async def _attached(self, session: Session, channel: str) -> Link:
        try:
            return await session.link(channel, self.server._subscribe_naming_strategy(channel))
        except LinkRefusedError as refused:
            fix = f"declare it first: rabbitmqadmin declare queue --name {quote(channel)} --durable true"
            if isinstance(refused, MissingQueueError):
                raise NotPullableError(
                    f"RabbitMQ has no queue {channel!r}, and repid declares none: {fix}"
                ) from refused
            why = f" ({refused})" if str(refused) else ""
            raise NotPullableError(
                f"RabbitMQ does not let a Stepper in at the queue {channel!r}{why}. If it is not there, {fix}"
            ) from None

    async def _look(self, channel: str, window: int) -> ChannelSnapshot:
        link = self._links.get(channel)
        if link is None or not link.is_usable or not await link.ask():
            return unknown([channel])[0]
        dead, letters = await self._letters.look(channel, window)
        return ChannelSnapshot(
            channel=channel,
            waiting=link.available,
            working=None,
            dead=dead,
            dead_letters=tuple(self.letter(pictured(letter)) for letter in letters),
            note="RabbitMQ does not show which" if link.available else "",
        )

    def _renew_the_servers_session(self) -> None:
        """Let repid take a new session where RabbitMQ has ended its own: otherwise all that it sends is lost."""
        managed = self.server.managed_session
        session = None if managed is None else managed._session
        if session is not None and not session.is_usable:
            managed.invalidate()

    def _count_return(self, message: ReceivedMessageT) -> None:
        if message.message_id:
            self._returns[message.message_id] = self._returns.pop(message.message_id, 0) + 1
            while len(self._returns) > RETURNS_LIMIT:
                self._returns.popitem(last=False)
