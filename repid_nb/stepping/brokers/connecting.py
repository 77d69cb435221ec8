"""Connecting to a broker, with a sentence for what is wrong."""

from __future__ import annotations

import asyncio
from typing import Any

from repid_nb.core.errors import NotConnectedError, RepidNbError
from repid_nb.printable import one_line
from repid_nb.stepping.brokers.adapter import Adapter

__all__ = ["AT_MOST", "Connection", "answers", "in_words"]

# Seconds that a broker has to answer.
AT_MOST = 5.0

# How many Steppers use the connection of a server that one of them has opened, by its identity: those keep it alive.
_users: dict[int, int] = {}


class Connection:
    """The connection of one Stepper through a server object that others may use too."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._server: Any = adapter.server
        self._is_user = False

    async def open(self) -> None:
        """Connect, where the server is not connected.

        Raises:
            NotConnectedError: The broker does not answer.
        """
        if self._server.is_connected:
            if not self._is_user and id(self._server) in _users:
                self._use()
            return
        await _knock(self._adapter)
        if await self._adapter.recover():
            return
        self._adapter.forget()
        try:
            async with asyncio.timeout(2 * AT_MOST):
                await self._server.connect()
        except Exception as error:
            await _let_go(self._server)
            raise _no_answer(self._adapter, error) from error
        if not self._is_user:
            self._use()

    async def close(self) -> None:
        """Disconnect, where a Stepper had connected and no other uses the connection."""
        if not self._is_user:
            return
        self._is_user = False
        left = _users.pop(id(self._server)) - 1
        if left:
            _users[id(self._server)] = left
        else:
            await _let_go(self._server)

    def _use(self) -> None:
        self._is_user = True
        _users[id(self._server)] = _users.get(id(self._server), 0) + 1


async def answers(adapter: Adapter) -> bool:
    """Say whether the broker's port is open."""
    try:
        await _knock(adapter)
    except NotConnectedError:
        return False
    return True


async def in_words(adapter: Adapter, error: Exception) -> RepidNbError:
    """Return an error of a client library as a sentence: the broker does not answer, or what it answered."""
    if isinstance(error, RepidNbError):
        return error
    try:
        await _knock(adapter)
    except NotConnectedError as gone:
        return gone
    text = one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__, 300)
    return NotConnectedError(f"{adapter.knows.broker} at {adapter.server.host} did not do what was asked: {text}")


async def _knock(adapter: Adapter) -> None:
    """Try whether the port is open. Clients try again and again, and say little; this is at once, and plain."""
    if adapter.address is None:
        return
    try:
        async with asyncio.timeout(AT_MOST):
            _, writer = await asyncio.open_connection(*adapter.address)
        writer.close()
    except (OSError, TimeoutError) as error:
        raise _no_answer(adapter, error) from error


def _no_answer(adapter: Adapter, error: Exception) -> NotConnectedError:
    text = one_line(str(error) or type(error).__name__, 200)
    return NotConnectedError(
        f"{adapter.knows.broker} does not answer at {adapter.server.host}: is it running, and is the address right? "
        f"({text})"
    )


async def _let_go(server: Any) -> None:
    try:
        async with asyncio.timeout(AT_MOST):
            await server.disconnect()
    except Exception:  # noqa: S110  (it is gone, or as good as gone)
        pass
