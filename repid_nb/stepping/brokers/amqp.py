"""RabbitMQ 4 by AMQP 1.0: a link a channel, with credit for one message while a step waits and for none otherwise."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from repid_nb.core.errors import NotPullableError
from repid_nb.core.memory.snapshot import ChannelSnapshot
from repid_nb.core.message import ReceivedMessageT
from repid_nb.printable import one_line
from repid_nb.stepping.brokers.adapter import Adapter, Inbox, mended, unknown
from repid_nb.stepping.brokers.places import Greeting
from repid_nb.stepping.source import Knowledge

__all__ = ["AmqpAdapter"]

# Seconds in which RabbitMQ lets a link in, and answers a question.
ATTACHED_WITHIN = 3.0
ANSWERED_WITHIN = 2.0
SHORTEST_WAIT = 0.05
# How often a quorum queue delivers a message, and from which number of returns on a step says so.
MOST_DELIVERIES = 20
TOLD_FROM = 3
RETURNS_LIMIT = 1000


@dataclass(slots=True)
class _Link:
    """A link to one queue, with what came on it."""

    link: Any
    inbox: Inbox
    answered: asyncio.Event
    available: int | None = None


class AmqpAdapter(Adapter):
    """Receives on links of its own, on a session of its own.

    repid's pool knows one receiver an address, so a worker beside the Stepper would lose its own; and RabbitMQ ends the
    whole session where one queue is missing.
    """

    knows = Knowledge(
        broker="RabbitMQ",
        rejected="in front: it comes next again",
        nacked="at the queue's dead-letter exchange, or dropped where it has none",
        given_back="at its place",
        counts=True,
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
        self._session: Any = None
        self._why_ended = ""
        self._links: dict[str, _Link] = {}
        self._number = 0
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
        self._session = None

    async def recover(self) -> bool:
        if self.server._connection is None:
            return False
        if await mended(self.server):
            return True
        await self.server.disconnect()
        return False

    async def open(self, channels: Sequence[str]) -> None:
        for channel in channels:
            await self._link(channel)

    async def pull(self, channel: str, within: float) -> ReceivedMessageT | None:
        link = await self._link(channel)
        if not len(link.inbox):
            await link.link.set_credit(1)
        try:
            message = await link.inbox.take(max(within, SHORTEST_WAIT))
        finally:
            await link.link.set_credit(0)
        if message is None and await self._asked(link):
            # It had been on its way when the credit was taken back.
            message = await link.inbox.take(0)
        return message

    async def give_back(self, message: ReceivedMessageT) -> None:
        if not message.is_acted_on and self._link_of(message).is_usable:
            self._count_return(message)
            await message.reject()

    async def done(self, message: ReceivedMessageT) -> None:
        if message.action is not None and message.action.value == "rejected":
            self._count_return(message)
        link = self._links.get(message.channel)
        # It reads what it is sent in order: with an answer to a later question the settlement is taken in.
        if link is None or link.link is not self._link_of(message) or not await self._asked(link):
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

    async def look(self, channels: Sequence[str], window: int) -> list[ChannelSnapshot]:  # noqa: ARG002  (shows none)
        return [await self._look(channel) for channel in channels]

    def options(self, priority: int | None) -> dict[str, Any] | None:
        if priority is None:
            return None
        return {"header": import_module("repid.connections.amqp").AmqpMessageHeader(priority=priority)}

    async def close(self) -> None:
        for link in self._links.values():
            if link.link.is_usable:
                for message in link.inbox.rest():
                    await message.reject()
                # Only then are the returns certain to be taken in.
                await self._asked(link)
                await link.link.detach()
        self._links.clear()
        session, self._session = self._session, None
        if session is not None and session.is_usable:
            await session.end()

    @staticmethod
    def _link_of(message: ReceivedMessageT) -> Any:
        return message._link  # type: ignore[attr-defined]  # repid's own message

    async def _own_session(self) -> Any:
        if self._session is None or not self._session.is_usable:
            connection = self.server._connection
            if connection is None:
                raise ConnectionError("the connection to RabbitMQ is closed")
            session = self._session = await connection.create_session()
            handle_end = session._handle_end

            async def ended(frame: Any) -> None:
                self._why_ended = str(getattr(frame, "error", "") or "")
                await handle_end(frame)

            session._handle_end = ended
            await session.wait_ready(ATTACHED_WITHIN)
        return self._session

    async def _link(self, channel: str) -> _Link:
        """Return a channel's link; a new one where there is none yet, or the connection was lost."""
        known = self._links.get(channel)
        if known is not None and known.link.is_usable and known.link.session.is_usable:
            return known
        session = await self._own_session()
        inbox = Inbox()
        kind = import_module("repid.connections.amqp.helpers").AmqpReceivedMessage

        async def came(*delivery: Any) -> None:
            payload, headers, delivery_id, tag, link, properties = delivery
            link.defer_delivery_credit(delivery_id)
            await inbox.put(
                kind(
                    payload=payload,
                    headers=headers,
                    link=link,
                    delivery_id=delivery_id,
                    delivery_tag=tag,
                    channel_name=channel,
                    managed_session=self.server.managed_session,
                    publish_fn=self.server.publish,
                    properties=properties,
                )
            )

        self._number += 1
        made = _Link(await self._attached(session, channel, came), inbox, asyncio.Event())
        handle_flow = made.link._handle_flow

        async def flowed(flow: Any) -> None:
            if flow.available is not None:
                made.available = flow.available
                made.answered.set()
            await handle_flow(flow)

        made.link._handle_flow = flowed
        self._links[channel] = made
        return made

    async def _attached(self, session: Any, channel: str, came: Any) -> Any:
        self._why_ended = ""
        address = self.server._subscribe_naming_strategy(channel)
        name = f"repid_nb-{id(self):x}-{self._number}"
        attaching = asyncio.ensure_future(session.create_receiver(address, came, name, prefetch=0))
        try:
            async with asyncio.timeout(ATTACHED_WITHIN):
                # repid waits for an answer that does not come where RabbitMQ has ended the session instead.
                while session.is_usable and not attaching.done():
                    await asyncio.wait({attaching}, timeout=0.01)
        except TimeoutError:
            pass
        if attaching.done() and not attaching.cancelled() and attaching.exception() is None:
            return attaching.result()
        attaching.cancel()
        await asyncio.wait({attaching})
        why = f" ({one_line(self._why_ended, 200)})" if self._why_ended else ""
        raise NotPullableError(
            f"RabbitMQ does not let a Stepper in at the queue {channel!r}{why}. Most likely it is not there: repid "
            f"declares no queues, so declare it first: rabbitmqadmin declare queue name={channel} durable=true"
        )

    async def _look(self, channel: str) -> ChannelSnapshot:
        link = self._links.get(channel)
        if link is None or not link.link.is_usable or not await self._asked(link):
            return unknown([channel])[0]
        note = "RabbitMQ does not show which" if link.available else ""
        return ChannelSnapshot(channel=channel, waiting=link.available, working=None, dead=None, note=note)

    async def _asked(self, link: _Link) -> bool:
        """Ask how much is available on a link; return whether an answer came."""
        link.answered.clear()
        session = link.link.session
        flow = import_module("repid.connections.amqp._uamqp.performatives").FlowFrame
        try:
            await session.connection.send_performative(
                session.channel,
                flow(
                    next_incoming_id=session._next_incoming_id,
                    incoming_window=session._incoming_window,
                    next_outgoing_id=session._next_outgoing_id,
                    outgoing_window=session._outgoing_window,
                    handle=link.link._handle,
                    delivery_count=link.link._delivery_count,
                    link_credit=link.link._link_credit,
                    available=0,
                    drain=False,
                    echo=True,
                    properties=None,
                ),
            )
            async with asyncio.timeout(ANSWERED_WITHIN):
                await link.answered.wait()
        except (OSError, TimeoutError):
            return False
        return True

    def _count_return(self, message: ReceivedMessageT) -> None:
        if message.message_id:
            self._returns[message.message_id] = self._returns.pop(message.message_id, 0) + 1
            while len(self._returns) > RETURNS_LIMIT:
                self._returns.popitem(last=False)
