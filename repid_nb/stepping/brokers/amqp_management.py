"""Asking RabbitMQ 4 about a queue, over AMQP itself: its management node, which repid does not use."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any
from urllib.parse import quote

from repid_nb.core.logger import logger

__all__ = ["queue_info"]

ANSWERED_WITHIN = 2.0
NODE = "/management"
NAME = "repid_nb-management"
# The node wants a pair of links of one name, and says to which it answers by that.
PAIRED = [({"TYPE": "SYMBOL", "VALUE": "paired"}, True)]
SETTLED, FIRST = 1, 0


async def queue_info(connection: Any, queue: str) -> dict[str, Any] | None:
    """Return what RabbitMQ says of a queue, with its `type` and `arguments`; None where it says nothing.

    Args:
        connection: repid's connection.
    """
    session = await connection.create_session()
    try:
        async with asyncio.timeout(ANSWERED_WITHIN):
            await session.wait_ready(ANSWERED_WITHIN)
            return await _ask(session, f"/queues/{quote(queue, safe='')}")
    except Exception:
        # To ask is a favour, and repid's AMQP goes to other servers too.
        logger.debug("stepper.queue_info.error", exc_info=True)
        return None
    finally:
        if session.is_usable:
            await session.end()


async def _ask(session: Any, path: str) -> dict[str, Any] | None:
    links = import_module("repid.connections.amqp.protocol.links")
    message = import_module("repid.connections.amqp._uamqp.message")
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def keep(body: Any) -> bytes:
        # repid would read bytes, and the body is a value.
        if not answer.done():
            answer.set_result(body)
        return b""

    sender = links.SenderLink(session, NAME, NODE, session._allocate_handle())
    receiver = links.ReceiverLink(session, NAME, NODE, session._allocate_handle(), lambda *_: None, prefetch=1)
    receiver._body_to_bytes = keep
    _tell_halves_apart(session, {False: sender, True: receiver})
    await _attach(session, sender, source=NAME, target=NODE, initial_delivery_count=0)
    await _attach(session, receiver, source=NODE, target=NAME, rcv_settle_mode=FIRST)
    question = message.Message(
        value=None, properties=message.Properties(message_id=1, to=path, subject="GET", reply_to="$me")
    )
    await sender._wait_for_credit(ANSWERED_WITHIN)
    frames = links.message_to_transfer_frames(
        message=question,
        handle=sender._handle,
        delivery_id=session.allocate_outgoing_delivery_id(),
        delivery_tag=b"1",
        settled=True,
        max_frame_size=session.connection.max_frame_size,
    )
    await sender._send_transfer_frames(list(frames), ANSWERED_WITHIN)
    told = await answer
    return told if isinstance(told, dict) and "arguments" in told else None


def _tell_halves_apart(session: Any, halves: dict[bool, Any]) -> None:
    """Let a session of repid's, which knows links by their names alone, know a pair of one name by their roles."""
    handle_attach = session._handle_attach

    async def attached(frame: Any) -> None:
        session._links[NAME] = halves[not frame.role]
        await handle_attach(frame)

    session._handle_attach = attached
    session._links_by_handle.update({half._handle: half for half in halves.values()})


async def _attach(session: Any, link: Any, *, source: str, target: str, **more: Any) -> None:
    performatives = import_module("repid.connections.amqp._uamqp.performatives")
    endpoints = import_module("repid.connections.amqp._uamqp.endpoints")
    frame = performatives.AttachFrame(
        name=NAME,
        handle=link._handle,
        role=link._role,
        source=endpoints.Source(address=source),
        target=endpoints.Target(address=target),
        send_settle_mode=SETTLED,
        properties=PAIRED,
        **more,
    )
    await session.connection.send_performative(session.channel, frame)
    await link._state_machine.transition("send_attach")
    await link.wait_ready(ANSWERED_WITHIN)
