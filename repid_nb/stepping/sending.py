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

    async def go_through(self, app: Repid, parameters: dict[str, Any] | None) -> None:
        """Send it through the app and its producer middleware; bytes as they are, anything else as JSON.

        Args:
            app: The app.
            parameters: The `server_specific_parameters`.

        Raises:
            InvalidMessageError: A content type goes with a payload that is not bytes.
        """
        destination: dict[str, Any] = {
            "channel": self.channel,
            "operation_id": self.operation_id,
            "headers": self.headers,
            "server_name": self.server_name,
            "server_specific_parameters": parameters,
        }
        payload = b"" if self.payload is None else self.payload
        if isinstance(payload, bytes):
            await app.send_message(payload=payload, content_type=self.content_type, **destination)
        elif self.content_type is not None:
            raise InvalidMessageError("content_type goes with a payload of bytes; anything else is sent as JSON.")
        else:
            await app.send_message_json(payload=payload, **destination)


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
    with names_of(server).reserving() as name:
        published = await _publish(app, server, outgoing, name)
    if not published:
        return None
    # Producer middleware may publish further messages, and may leave out the id.
    own = (one for one in published if one[1].message_id == name)
    return _sent(server, *next(own, published[0]), outgoing.priority)


async def _publish(
    app: Repid, server: ObservedServerT, outgoing: Outgoing, name: str
) -> list[tuple[str, QueuedMessage]]:
    """Send a message, with its name as its id, and return what this call put on queues, and where."""
    parameters: dict[str, Any] = {"message_id": name}
    if outgoing.priority is not None:
        parameters["priority"] = outgoing.priority
    published: list[tuple[str, QueuedMessage]] = []
    this_call = object()

    def note(event: Event) -> None:
        # Other tasks may publish meanwhile.
        if isinstance(event, Published) and isinstance(event.message, QueuedMessage) and _sending.get() is this_call:
            published.append((event.channel, event.message))

    end_observing = server.observe(note)
    token = _sending.set(this_call)
    try:
        await outgoing.go_through(app, parameters)
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
