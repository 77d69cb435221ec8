"""Sending to a queue on another machine: what a class needs to fill the teacher's."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from redis.exceptions import AuthenticationError, RedisError, ResponseError
from repid import RedisServer

from repid_nb.app import Repid
from repid_nb.core.errors import BrokerError, InvalidMessageError, NotConnectedError
from repid_nb.given import check_text
from repid_nb.hosting.shared_redis import LONGEST_STREAM, NOT_LET_IN, nothing_answers

__all__ = ["Guest"]

ANSWERS_WITHIN_SECONDS = 5.0
LONGEST_NAME = 40


class Guest:
    """A place at the teacher's queue: it sends, and says who sent.

    Attributes:
        name: Who sends, in the header `from` of each message. It is what the sender says, and proves nothing.
        address: Where the queue is, without the password.
    """

    def __init__(self, address: str, name: str | None = None) -> None:
        """Take a place; nothing is connected before the first message.

        Args:
            address: What the teacher's `local_broker(..., share=True)` prints: `redis://class:PASSWORD@HOST:PORT`.
            name: At most 40 characters; the user's name where none is given.

        Raises:
            InvalidMessageError: The address or the name is not one.
        """
        check_text("The name", name, InvalidMessageError)
        parts = urlsplit(address if isinstance(address, str) else "")
        if parts.scheme != "redis" or not parts.hostname or not parts.port:
            raise InvalidMessageError(
                "The address is what the teacher's notebook prints, redis://class:PASSWORD@HOST:PORT, "
                f"and not {address!r}."
            )
        self.name = user_name() if name is None else name.strip()
        if not self.name.isprintable() or not 0 < len(self.name) <= LONGEST_NAME:
            raise InvalidMessageError(f"A name has 1 to {LONGEST_NAME} characters, and {self.name!r} has not.")
        self.address = f"{parts.hostname}:{parts.port}"
        self._endpoint = parts.hostname, parts.port
        self._dsn = address

    async def send(
        self,
        channel: str,
        payload: Any = None,
        *,
        topic: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a message to the teacher's queue, with the header `from`.

        Args:
            payload: Anything that JSON can carry.
            topic: The header `topic`, which most actors are chosen by.
            headers: More headers.

        Raises:
            NotConnectedError: Nothing answers there, or the password is not the one of today.
            BrokerError: The queue refuses the message, because it is full or the message too large.
        """
        sent_by = {**({"topic": topic} if topic is not None else {}), **(headers or {}), "from": self.name}
        async with self._connection() as server:
            app = Repid()
            app.servers.register_server("teacher", server)
            await app.send_message_json(
                channel=channel,
                payload=payload,
                headers=sent_by,
                server_specific_parameters={"maxlen": LONGEST_STREAM},
            )

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """Connect for one message: so no connection is left on a loop that has ended, or to a broker that has."""
        server = RedisServer(self._dsn)
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
                # At once where nothing listens; the client would try again and again.
                _, writer = await asyncio.open_connection(*self._endpoint)
                writer.close()
                await server.connect()
            yield server
        except AuthenticationError as error:
            raise NotConnectedError(NOT_LET_IN) from error
        except ResponseError as error:
            raise BrokerError(f"The teacher's queue refuses the message: {error}") from error
        except (OSError, TimeoutError, RedisError) as error:
            raise NotConnectedError(nothing_answers(self.address)) from error
        finally:
            await server.disconnect()

    def __repr__(self) -> str:
        return f"<Guest {self.name} at {self.address}>"


def user_name() -> str:
    """Return who uses this notebook: JupyterHub's name of the user, or else the system's."""
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container need not know its user by name
        return "guest"
