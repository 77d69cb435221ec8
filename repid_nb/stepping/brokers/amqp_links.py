"""Links to RabbitMQ's queues, on sessions of their own: with credit only while a message is wanted."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

from repid_nb.core.message import ReceivedMessageT
from repid_nb.printable import one_line
from repid_nb.stepping.brokers.adapter import Inbox

__all__ = ["Link", "LinkRefusedError", "MissingQueueError", "Session"]

# Seconds in which RabbitMQ lets a link in, and answers a question.
ATTACHED_WITHIN = 3.0
ANSWERED_WITHIN = 2.0


class LinkRefusedError(Exception):
    """RabbitMQ does not let a link in; the text is what it said."""


class MissingQueueError(LinkRefusedError):
    """RabbitMQ has no such queue."""


class Session:
    """A session of its own, because RabbitMQ ends the whole session where one queue is missing.

    repid's own session has one receiver an address: a worker beside the Stepper would lose its own.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._session: Any = None
        self._why_ended = ""
        self._number = 0

    def forget(self) -> None:
        """Forget what belonged to a connection that is gone."""
        self._session = None

    async def link(self, channel: str, address: str) -> Link:
        """Return a new link to a queue.

        Raises:
            LinkRefusedError: RabbitMQ does not let it in.
        """
        session = await self._usable()
        self._number += 1
        link = Link()
        kind = import_module("repid.connections.amqp.helpers").AmqpReceivedMessage

        async def came(*delivery: Any) -> None:
            payload, headers, delivery_id, tag, inner, properties = delivery
            inner.defer_delivery_credit(delivery_id)
            await link.inbox.put(
                kind(
                    payload=payload,
                    headers=headers,
                    link=inner,
                    delivery_id=delivery_id,
                    delivery_tag=tag,
                    channel_name=channel,
                    managed_session=self._server.managed_session,
                    publish_fn=self._server.publish,
                    properties=properties,
                )
            )

        name = f"repid_nb-{id(self):x}-{self._number}"
        self._why_ended = ""
        attaching = asyncio.ensure_future(session.create_receiver(address, came, name, prefetch=0))
        try:
            async with asyncio.timeout(ATTACHED_WITHIN):
                # repid waits for an answer that does not come where RabbitMQ has ended the session instead.
                while session.is_usable and not attaching.done():
                    await asyncio.wait({attaching}, timeout=0.01)
        except TimeoutError:
            pass
        if not attaching.done() or attaching.cancelled() or attaching.exception() is not None:
            attaching.cancel()
            await asyncio.wait({attaching})
            raise (MissingQueueError if "no queue" in self._why_ended else LinkRefusedError)(self._why_ended)
        link.follow(attaching.result())
        return link

    async def end(self) -> None:
        """End the session; its links are gone with it."""
        session, self._session = self._session, None
        if session is not None and session.is_usable:
            await session.end()

    async def _usable(self) -> Any:
        if self._session is None or not self._session.is_usable:
            connection = self._server._connection
            if connection is None:
                raise ConnectionError("the connection to RabbitMQ is closed")
            session = self._session = await connection.create_session()
            handle_end = session._handle_end

            async def ended(frame: Any) -> None:
                error = getattr(frame, "error", None)
                self._why_ended = one_line(str(getattr(error, "description", None) or error or ""), 200)
                await handle_end(frame)

            session._handle_end = ended
            await session.wait_ready(ATTACHED_WITHIN)
        return self._session


class Link:
    """A link to one queue.

    Attributes:
        available: How many messages the queue had, when it was asked last.
    """

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.available: int | None = None
        self._link: Any = None
        self._answered = asyncio.Event()

    def follow(self, link: Any) -> None:
        """Use a link of repid's, and hear what RabbitMQ says of its queue."""
        self._link = link
        handle_flow = link._handle_flow

        async def flowed(flow: Any) -> None:
            if flow.available is not None:
                self.available = flow.available
                self._answered.set()
            await handle_flow(flow)

        link._handle_flow = flowed

    @property
    def is_usable(self) -> bool:
        return bool(self._link.is_usable and self._link.session.is_usable)

    def brought(self, message: ReceivedMessageT) -> bool:
        """Say whether a message came on this link."""
        return bool(message._link is self._link)  # type: ignore[attr-defined]  # repid's own message

    async def take(self, within: float, number: int = 1) -> ReceivedMessageT | None:
        """Return the next message; None when none came within so many seconds.

        Args:
            number: How many RabbitMQ may send.
        """
        if not len(self.inbox):
            await self._link.set_credit(number)
        try:
            message = await self.inbox.take(within)
        finally:
            await self._link.set_credit(0)
        if message is None and await self.ask():
            # It had been on its way when the credit was taken back.
            message = await self.inbox.take(0)
        return message

    async def ask(self) -> bool:
        """Ask how many messages are available; return whether an answer came.

        RabbitMQ reads what it is sent in order: with the answer, all that was sent before is taken in.
        """
        self._answered.clear()
        session = self._link.session
        flow = import_module("repid.connections.amqp._uamqp.performatives").FlowFrame
        try:
            await session.connection.send_performative(
                session.channel,
                flow(
                    next_incoming_id=session._next_incoming_id,
                    incoming_window=session._incoming_window,
                    next_outgoing_id=session._next_outgoing_id,
                    outgoing_window=session._outgoing_window,
                    handle=self._link._handle,
                    delivery_count=self._link._delivery_count,
                    link_credit=self._link._link_credit,
                    available=0,
                    drain=False,
                    echo=True,
                    properties=None,
                ),
            )
            async with asyncio.timeout(ANSWERED_WITHIN):
                await self._answered.wait()
        except (OSError, TimeoutError):
            return False
        return True

    async def leave(self) -> None:
        """Give back what came and was not taken, and detach."""
        if self.is_usable:
            for message in self.inbox.rest():
                await message.reject()
            # Only then are the returns certain to be taken in.
            await self.ask()
            await self._link.detach()
