"""Where a broker is, and whether what answers there is a broker of its kind."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Greeting", "Place", "greeted", "place_of"]

# Seconds for the first words, and how many bytes of them are read.
GREETED_WITHIN = 2.0
FIRST_WORDS = 64
ENCRYPTED = {"rediss", "tls", "wss", "amqps", "https"}
USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """An address that can be connected to.

    Attributes:
        is_encrypted: Whether what is said there is encrypted, so that there are no first words to be read.
    """

    host: str
    port: int
    is_encrypted: bool

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Greeting:
    """By which a kind of broker is known.

    Attributes:
        hello: What is said first; empty where the broker speaks first.
        begins: What its first words begin with.
    """

    hello: bytes
    begins: re.Pattern[bytes]


def place_of(address: str, port: int) -> Place | None:
    """Return the place that an address names; None where there is not exactly one, as with a socket file.

    Args:
        port: The port where the address names none; 0 where there is no usual one.
    """
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        port = parts.port or USUAL_PORTS.get(parts.scheme, port)
    except ValueError:
        return None
    return Place(parts.hostname, port, parts.scheme in ENCRYPTED) if parts.hostname and port else None


async def greeted(place: Place, greeting: Greeting | None) -> bytes | None:
    """Connect, and return the first words of what is there where they are another kind's; None where all is well.

    Raises:
        OSError: Nothing listens there.
        TimeoutError: What listens there says nothing.
    """
    reader, writer = await asyncio.open_connection(place.host, place.port)
    try:
        if greeting is None or place.is_encrypted:
            return None
        writer.write(greeting.hello)
        async with asyncio.timeout(GREETED_WITHIN):
            said = await reader.read(FIRST_WORDS)
        return None if greeting.begins.match(said) else said
    finally:
        writer.close()
