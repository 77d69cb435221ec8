"""A message as the fields of an entry in a stream of Redis."""

from __future__ import annotations

import json
from typing import Any

from repid_nb.core.message import ReceivedMessageT

__all__ = ["fields_of", "parts_of"]


def parts_of(fields: dict[bytes, bytes]) -> dict[str, Any]:
    """Read a message from the fields of an entry. What repid did not write is not refused: it is taken already."""
    headers = None
    try:
        read = json.loads(fields[b"headers"]) if fields.get(b"headers") else None
        headers = read if isinstance(read, dict) else None
    except ValueError:
        pass
    return {
        "payload": fields.get(b"payload", b""),
        "headers": headers,
        "content_type": _text(fields.get(b"content_type")),
        "reply_to": _text(fields.get(b"reply_to")),
    }


def fields_of(message: ReceivedMessageT) -> dict[bytes, bytes]:
    """Return the fields that repid writes for a message."""
    parts = {b"content_type": message.content_type, b"reply_to": message.reply_to}
    fields = {name: value.encode() for name, value in parts.items() if value}
    if message.headers:
        fields[b"headers"] = json.dumps(message.headers).encode()
    return {b"payload": message.payload, **fields}


def _text(value: bytes | None) -> str | None:
    return value.decode(errors="replace") if value else None
