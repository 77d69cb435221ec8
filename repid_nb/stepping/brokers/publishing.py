"""Sending to a broker, and recording what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from repid_nb.app import Repid
from repid_nb.core.events import Event, Published
from repid_nb.core.memory.queue import DEFAULT_PRIORITY
from repid_nb.core.memory.snapshot import MessageSnapshot, parent_name
from repid_nb.stepping.brokers.adapter import Adapter
from repid_nb.stepping.names import names_of
from repid_nb.stepping.sending import Outgoing

__all__ = ["publish"]

_publishing: ContextVar[object] = ContextVar("repid_nb_publishing", default=None)


async def publish(app: Repid, adapter: Adapter, outgoing: Outgoing) -> MessageSnapshot | None:
    """Send a message through the app and its producer middleware.

    Returns:
        The message, without an id: a broker gives it one and repid does not tell it. None when producer middleware kept
        it back.

    Raises:
        InvalidMessageError: The broker knows no priority, or a content type goes with a payload that is not bytes.
    """
    with _published_here(app) as published:
        await outgoing.go_through(app, adapter.options(outgoing.priority))
    # Producer middleware may publish further messages, before or after.
    named = outgoing.channel or app.address_of(None, outgoing.operation_id)
    own = next((one for one in published if one.channel == named), published[0] if published else None)
    if own is None:
        return None
    message = own.message
    name = names_of(adapter.server).of(message)
    return MessageSnapshot(
        id=None,
        channel=own.channel,
        payload=message.payload,
        headers=message.headers,
        content_type=message.content_type,
        reply_to=message.reply_to,
        priority=DEFAULT_PRIORITY if outgoing.priority is None else outgoing.priority,
        name=name,
        parent=parent_name(name),
    )


@contextmanager
def _published_here(app: Repid) -> Iterator[list[Published]]:
    """Yield a list of what this task publishes in the block: other tasks may publish meanwhile."""
    published: list[Published] = []
    this_block = object()

    def note(event: Event) -> None:
        if isinstance(event, Published) and _publishing.get() is this_block:
            published.append(event)

    end_observing = app.observe(note)
    token = _publishing.set(this_block)
    try:
        yield published
    finally:
        _publishing.reset(token)
        end_observing()
