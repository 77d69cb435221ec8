"""Refusing messages and channels that no queue could carry; each error says the fix."""

from __future__ import annotations

import reprlib
from typing import NoReturn

from repid_nb.core.errors import DestinationError, InvalidMessageError
from repid_nb.core.message import ReceivedMessageT, SentMessageT
from repid_nb.core.text import plain_text, text_of

__all__ = ["answer_channel", "check_address", "check_message", "check_parts", "in_one_line"]


def check_message(channel: object, message: SentMessageT) -> None:
    """Refuse a message with a part of the wrong type.

    Raises:
        InvalidMessageError: The payload is not bytes, the headers are not None or a dict of str to str, or the channel,
            the content type or `reply_to` is not a str.
    """
    check_parts(channel, message.payload, message.headers, message.content_type, message.reply_to)


def check_parts(channel: object, payload: object, headers: object, content_type: object, reply_to: object) -> None:
    """Do what `check_message` does, for a message that is still in parts."""
    if not isinstance(channel, str):
        check_address(channel)
    if not isinstance(payload, bytes):
        fix = "payload.encode()" if isinstance(payload, str) else "bytes(payload)"
        if not isinstance(payload, (str, bytearray, memoryview)):
            fix = "send_message_json"
        raise InvalidMessageError(
            f"The payload must be bytes, not {_kind(payload)}: use {fix}"
            f"{'' if fix == 'send_message_json' else ', or send_message_json for JSON'}.",
        )
    if content_type is not None and not isinstance(content_type, str):
        raise InvalidMessageError(f"The content type must be a str, not {_kind(content_type)}.")
    if reply_to is not None and not isinstance(reply_to, str):
        raise InvalidMessageError(f"The channel to reply to must be a str, not {_kind(reply_to)}.")
    if headers is None:
        return
    if not isinstance(headers, dict):
        raise InvalidMessageError(
            f"The headers must be a dict of str to str, not {_kind(headers)}: headers={{'topic': 'my_actor'}}.",
        )
    for name, value in headers.items():
        if not (isinstance(name, str) and isinstance(value, str)):
            _refuse_header(name, value)


def check_address(channel: object) -> None:
    """Refuse a channel that is not given by its address, such as a `Channel` object.

    Raises:
        InvalidMessageError: It is not a str.
    """
    if not isinstance(channel, str):
        hint = " Use its address." if hasattr(channel, "address") else ""
        if isinstance(channel, dict):
            hint = " The channel comes first, then the payload: 'my_channel', {...}."
        raise InvalidMessageError(f"The channel must be a str, not {_kind(channel)}.{hint}")


def _refuse_header(name: object, value: object) -> NoReturn:
    if not isinstance(name, str):
        raise InvalidMessageError(f"Header names must be str, not {_kind(name)}: {name!r}. Use str({name!r}).")
    raise InvalidMessageError(
        f"The header {name!r} must be a str, not {_kind(value)}: {value!r}. Use str(...), or leave it out.",
    )


def _kind(thing: object) -> str:
    return "None" if thing is None else type(thing).__name__


def answer_channel(target: str | None) -> str:
    """Return the channel that an answer goes to, or raise a DestinationError where none is set."""
    if target is None:
        raise DestinationError("Reply channel is not set. Provide `channel` or publish with `reply_to`.")
    return target


def in_one_line(message: ReceivedMessageT) -> str:
    """Return the `repr` of a received message."""
    # The sender chose the id, and a terminal obeys what cannot be seen in it.
    text = text_of(message.message_id)
    shown_id = text if text.isprintable() else repr(text)[1:-1]
    return (
        f"<message {shown_id} on {plain_text(message.channel)!r}, "
        f"headers {reprlib.repr(message.headers)}, {len(message.payload)} bytes of payload>"
    )
