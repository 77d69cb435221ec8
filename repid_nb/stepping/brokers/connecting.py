"""Connecting to a broker, with a sentence for what is wrong."""

from __future__ import annotations

import asyncio
import re
from typing import Any, NoReturn, TypeVar

from repid_nb.core.errors import NotConnectedError, RepidNbError
from repid_nb.printable import one_line
from repid_nb.stepping.brokers.adapter import Adapter
from repid_nb.stepping.brokers.places import greeted

__all__ = ["AT_MOST", "Connection", "answers", "knock", "raise_in_words", "while_there"]

T = TypeVar("T")

# Seconds that a broker has to answer.
AT_MOST = 5.0
# After how many seconds without an answer it is asked whether the broker is still there.
DOUBTED_AFTER = 2.0

# How the errors of clients name a refused user.
REFUSED = re.compile("auth|password|credential|SASL|permission", re.IGNORECASE)

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
        await knock(self._adapter)
        if await self._adapter.recover():
            return
        self._adapter.forget()
        try:
            async with asyncio.timeout(2 * AT_MOST):
                await self._adapter.try_out()
                await self._server.connect()
        except Exception as error:
            await _let_go(self._server)
            raise _not_let_in(self._adapter, error) from error
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
    """Say whether the broker is there."""
    try:
        await knock(adapter)
    except NotConnectedError:
        return False
    return True


async def while_there(adapter: Adapter, request: asyncio.Task[T]) -> T:
    """Wait for a request as long as the broker is there: some clients try again and again, for minutes or for ever.

    The request goes on by itself where the caller is cancelled or the broker is gone.

    Raises:
        NotConnectedError: The broker is gone.
    """
    while not (await asyncio.wait({request}, timeout=DOUBTED_AFTER))[0]:
        await knock(adapter)
    return request.result()


async def raise_in_words(adapter: Adapter, error: Exception) -> NoReturn:
    """Raise an error of a client library as a sentence: the broker does not answer, or what it answered.

    Raises:
        RepidNbError: It, or `error` itself where that is one.
    """
    if isinstance(error, RepidNbError):
        raise error
    try:
        await knock(adapter)
    except NotConnectedError as gone:
        raise gone from error
    said = adapter.said(error)
    text = one_line(f"{type(error).__name__}: {said}" if said else type(error).__name__, 300)
    raise NotConnectedError(f"{adapter.knows.broker} at {_where(adapter)} did not do what was asked: {text}") from error


async def knock(adapter: Adapter) -> None:
    """Try whether the broker is there. Clients try again and again, and say little; this is at once, and plain.

    Raises:
        NotConnectedError: It is not.
    """
    if adapter.place is None:
        return
    stranger = None
    try:
        async with asyncio.timeout(AT_MOST):
            said = await greeted(adapter.place, adapter.greeting)
        stranger = None if said is None else adapter.stranger(said)
    except (OSError, TimeoutError) as error:
        raise _no_answer(adapter, str(error) or "what listens there says nothing") from error
    if stranger is not None:
        raise _no_answer(adapter, stranger)


def _no_answer(adapter: Adapter, why: str) -> NotConnectedError:
    return NotConnectedError(
        f"{adapter.knows.broker} does not answer at {_where(adapter)}: is it running, and is the address right? "
        f"({one_line(why, 200)})"
    )


def _not_let_in(adapter: Adapter, error: Exception) -> NotConnectedError:
    """Return what is to be said where the client does not come in, although the broker is there, if that was asked."""
    text = one_line(str(error) or type(error).__name__, 200)
    broker, where = adapter.knows.broker, _where(adapter)
    if REFUSED.search(f"{type(error).__name__} {text}"):
        fix = f" An address with both: {adapter.login}" if adapter.login else ""
        return NotConnectedError(f"{broker} at {where} does not take this user and password ({text}).{fix}")
    if adapter.place is None:
        return _no_answer(adapter, text)
    return NotConnectedError(f"{broker} is there at {where}, and its client does not come in: {text}")


def _where(adapter: Adapter) -> str:
    return str(adapter.place or adapter.server.host)


async def _let_go(server: Any) -> None:
    try:
        async with asyncio.timeout(AT_MOST):
            await server.disconnect()
    except Exception:  # noqa: S110  (it is gone, or as good as gone)
        pass
