"""Sending a message under a short id, and recording what was put on a queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from repid_nb.app import Repid
from repid_nb.core.errors import InvalidMessageError
from repid_nb.core.events import Event, Observer, Published
from repid_nb.core.memory.queue import DEFAULT_PRIORITY
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.snapshot import MessageSnapshot, parent_name
from repid_nb.printable import short
from repid_nb.stepping.lookalikes import told_apart
from repid_nb.stepping.names import names_of
from repid_nb.stepping.record import Sent

__all__ = ["Outgoing", "send", "with_topic"]


class ObservedServerT(Protocol):
    """A server that tells at once what is published, and how many messages wait then."""

    def observe(self, observer: Observer) -> Callable[[], None]: ...

    def waiting(self, channel: str) -> int: ...


_sending: ContextVar[object] = ContextVar("repid_nb_sending", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to be sent, and its destination; the fields are those of `Stepper.send`."""

    channel: str | None
    operation_id: str | None
    payload: Any
    headers: dict[str, str] | None
    priority: int | None
    content_type: str | None
    server_name: str | None


def with_topic(headers: Mapping[str, str] | None, topic: str | None) -> dict[str, str] | None:
    """Return the headers with the topic among them; None where both are None.

    Raises:
        InvalidMessageError: The headers are not a mapping, or name another topic.
    """
    if headers is not None and not isinstance(headers, Mapping):
        raise InvalidMessageError(f"The headers must be a dict of str to str, not {type(headers).__name__}.")
    if headers is None and topic is None:
        return None
    merged = dict(headers or {})
    if topic is not None and merged.setdefault("topic", topic) != topic:
        given, in_headers = topic, merged["topic"]
        if isinstance(given, str) and isinstance(in_headers, str):
            given, in_headers = told_apart(given, in_headers)
        else:
            given, in_headers = short(given), short(in_headers)
        raise InvalidMessageError(f"topic={given} and headers['topic']={in_headers} differ. Give one of them.")
    return merged


async def send(app: Repid, server: ObservedServerT, outgoing: Outgoing) -> Sent | None:
    """Send a message through the app and its producer middleware, with a short id: m1, m2, ...

    Returns:
        The message that was put on a queue; None when producer middleware kept it back.
    """
    payload = b"" if outgoing.payload is None else outgoing.payload
    if outgoing.content_type is not None and not isinstance(payload, bytes):
        raise InvalidMessageError("content_type goes with a payload of bytes; anything else is sent as JSON.")
    names = names_of(server)
    with names.reserving() as name:
        published = await _publish(app, server, outgoing, payload, name)
    if not published:
        return None
    # Producer middleware may publish further messages, and may leave out the id.
    own = (one for one in published if one[1].message_id == name)
    return _sent(server, *next(own, published[0]), outgoing.priority)


async def _publish(
    app: Repid, server: ObservedServerT, outgoing: Outgoing, payload: Any, name: str
) -> list[tuple[str, QueuedMessage]]:
    """Send a message, with its name as its id, and return what this call put on queues, and where."""
    parameters: dict[str, Any] = {"message_id": name}
    if outgoing.priority is not None:
        parameters["priority"] = outgoing.priority
    destination: dict[str, Any] = {
        "channel": outgoing.channel,
        "operation_id": outgoing.operation_id,
        "headers": outgoing.headers,
        "server_name": outgoing.server_name,
        "server_specific_parameters": parameters,
    }
    published: list[tuple[str, QueuedMessage]] = []
    this_call = object()

    def note(event: Event) -> None:
        # Other tasks may publish meanwhile.
        if isinstance(event, Published) and isinstance(event.message, QueuedMessage) and _sending.get() is this_call:
            published.append((event.channel, event.message))

    end_observing = server.observe(note)
    token = _sending.set(this_call)
    try:
        if isinstance(payload, bytes):
            await app.send_message(payload=payload, content_type=outgoing.content_type, **destination)
        else:
            await app.send_message_json(payload=payload, **destination)
    finally:
        _sending.reset(token)
        end_observing()
    return published


def _sent(server: ObservedServerT, channel: str, message: QueuedMessage, priority: int | None) -> Sent:
    name = names_of(server).of(message)
    shown = MessageSnapshot(
        id=message.message_id,
        channel=channel,
        payload=message.payload,
        headers=message.headers,
        content_type=message.content_type,
        reply_to=message.reply_to,
        priority=DEFAULT_PRIORITY if priority is None else priority,
        name=name,
        parent=parent_name(name),
    )
    return Sent(message=shown, waiting=server.waiting(channel))
