"""What stays the same of a message whose id changes, or is not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Protocol

__all__ = ["ContentT", "fingerprint"]

# Some brokers bring the content type among the headers.
NOT_COUNTED = {"content-type", "content_type"}


class ContentT(Protocol):
    """A message as far as its content goes."""

    @property
    def payload(self) -> bytes: ...

    @property
    def headers(self) -> Mapping[str, str] | None: ...


def fingerprint(channel: str, message: ContentT) -> str:
    """Return the same text for messages of one channel with equal payloads and headers."""
    # NATS leaves out a header without a name, and brings line breaks as spaces, and none of those at the ends.
    headers = sorted(
        (name, " ".join(str(text).split()))
        for name, text in (message.headers or {}).items()
        if name and name not in NOT_COUNTED
    )
    parts = (channel.encode(), repr(headers).encode(), message.payload)
    return blake2b(b"\0".join(parts), digest_size=12).hexdigest()
