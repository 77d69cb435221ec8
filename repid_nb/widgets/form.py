"""The send form of the page: its fields, read and checked, and the choices that it offers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repid_nb.app import Repid
from repid_nb.core.errors import DestinationError, InvalidMessageError
from repid_nb.core.routing.routes import Route
from repid_nb.core.text import text_of
from repid_nb.printable import cut_to_bytes
from repid_nb.widgets.wire import key_of, named

__all__ = ["JSON", "Form", "choices", "typed_bytes"]

JSON = "application/json"
BYTES = "application/octet-stream"
MOST_AT_ONCE = 1000
OFFERED = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A message as it was typed.

    Attributes:
        channel: The channel, or that of the operation.
        payload: None for an empty one, bytes when it is not JSON, otherwise the value of the JSON.
        topic: The topic, or None.
        headers: The other headers.
        content_type: The media type of bytes, or None.
        priority: 0 to 9, or None.
        count: How many such messages to send.
    """

    channel: str
    payload: Any
    topic: str | None
    headers: dict[str, str]
    content_type: str | None
    priority: int | None
    count: int

    @classmethod
    def read(cls, given: Mapping[str, Any], app: Repid) -> Form:
        """Read and check the fields that the page sent.

        Args:
            given: The fields: `channel` or `operation`, `topic`, `headers` as pairs, `payload`, `content_type`,
                `priority`, `count`; `encoding` is `hex` where the payload is bytes, typed as `00 ff`.
            app: The app, which knows the operations. The page names each by its key.

        Raises:
            DestinationError: There is neither a channel nor an operation.
            UnknownNameError: There is no such operation.
            InvalidMessageError: The channel's name cannot be written as UTF-8, the payload is not the JSON that it
                should be, a header has no name or is given twice, or the count is out of range.
        """
        operation, channel = given.get("operation"), given.get("channel")
        if operation:
            channel = app.messages.find(named(operation, app.messages.list_operations())).channel.address
        channel = text_of(channel or "")
        if not channel:
            raise DestinationError("Say where the message goes: a channel, or an operation.")
        if not _is_text(channel):
            raise InvalidMessageError(f"The channel {channel!r} contains an invalid character (a lone surrogate).")
        content_type = str(given.get("content_type") or "").strip() or JSON
        text = str(given.get("payload") or "")
        payload = _bytes(text) if given.get("encoding") == "hex" else _payload(text, content_type)
        return cls(
            channel=channel,
            payload=payload,
            topic=str(given["topic"]) if given.get("topic") else None,
            headers=_headers(given.get("headers") or ()),
            content_type=_media_type(content_type) if isinstance(payload, bytes) else None,
            priority=_whole(given.get("priority"), "priority", 0, 9),
            count=_whole(given.get("count"), "number of messages", 1, MOST_AT_ONCE) or 1,
        )

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments of `Stepper.send`."""
        return {
            "topic": self.topic,
            "headers": self.headers or None,
            "priority": self.priority,
            "content_type": self.content_type,
        }


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def typed_bytes(payload: bytes, content_type: str | None) -> dict[str, str]:
    """Return the fields of the form for a payload of bytes: text where it is text, otherwise `00 ff`."""
    content_type = _media_type(content_type)
    try:
        return {"payload": payload.decode(), "content_type": content_type}
    except UnicodeDecodeError:
        return {"payload": payload.hex(" "), "content_type": content_type, "encoding": "hex"}


def _media_type(content_type: str | None) -> str:
    """Return the media type of bytes that are not JSON."""
    return BYTES if content_type in (None, "", JSON) else str(content_type)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InvalidMessageError(
            "The payload is not bytes: write each as two digits from 0 to f, such as 00 ff 0a."
        ) from None


def _no_constant(name: str) -> Any:
    raise InvalidMessageError(f"The payload is not JSON: {name} is Python's, and JSON has no such number.")


def _payload(text: str, content_type: str) -> Any:
    if not text.strip():
        return None
    if content_type != JSON:
        return text.encode()
    try:
        return json.loads(text, parse_constant=_no_constant)
    except InvalidMessageError:
        raise
    except ValueError as error:
        raise InvalidMessageError(f"The payload is not JSON: {error}.") from None
    except RecursionError:
        raise InvalidMessageError("The payload is nested too deep.") from None


def _headers(pairs: Iterable[Sequence[Any]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in pairs:
        if not str(name):
            raise InvalidMessageError(f"A header needs a name; this one has only a value: {value!r}.")
        if str(name) in headers:
            raise InvalidMessageError(f"The header {name!r} is given twice.")
        headers[str(name)] = str(value)
    return headers


def _whole(given: Any, what: str, least: int, most: int) -> int | None:
    if given in (None, ""):
        return None
    try:
        number = int(given)
    except (TypeError, ValueError):
        number = least - 1
    if not least <= number <= most:
        raise InvalidMessageError(f"The {what} must be a whole number from {least} to {most}, not {given!r}.")
    return number


def choices(app: Repid, routes: Sequence[Route], channels: Iterable[str]) -> dict[str, Any]:
    """Return the choices of the send form: channels, operations, and the topics that actors of each channel take.

    Args:
        app: The app, with its operations.
        routes: Its actors, in order of registration.
        channels: Further channels, on which messages are.

    Returns:
        `channels`: pairs of key and shown name. `operations`: key and shown name of the operation, then of its channel.
        `topics`: pairs of the channel's key and the topic, only topics that the page can hold as they are.
    """
    listened_on = dict.fromkeys(route.actor.channel_address for route in routes)
    operations = app.messages.list_operations()
    targets = [operation.channel.address for operation in operations.values()]
    return {
        "channels": [_keyed(name) for name in [*dict.fromkeys([*listened_on, *targets, *channels])][:OFFERED]],
        "operations": [[*_keyed(name), *_keyed(one.channel.address)] for name, one in [*operations.items()][:OFFERED]],
        "topics": [
            [key_of(route.actor.channel_address), route.actor.name]
            for route in routes[:OFFERED]
            if key_of(route.actor.name) == route.actor.name
        ],
    }


def _keyed(name: str) -> list[str]:
    return [key_of(name), cut_to_bytes(name, 60)]
