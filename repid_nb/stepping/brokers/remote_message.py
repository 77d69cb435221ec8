"""A broker's message, as the worker sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from repid_nb.core.events import Observer, Published
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.message import MessageAction, MessageData, ReceivedMessageT
from repid_nb.core.tasks import start
from repid_nb.stepping.brokers.adapter import Adapter
from repid_nb.stepping.brokers.connecting import while_there

__all__ = ["RemoteMessage"]


class RemoteMessage:
    """Wraps a broker's message: a settlement, once begun, comes to its end, and it is known whether it got through.

    Some of repid's messages say that they are settled before the broker has heard of it.

    Args:
        inner: The message of repid's server.
        snapshot: Its record, as it was pulled.
        tell: Is told of a reply, which the broker sends without the app.

    Attributes:
        failure: Why the settlement did not get through; empty where it did.
        keeps_reason: A nack takes its reason.
        keep_alive_interval: None: the source keeps it alive, also while no actor runs.
    """

    keeps_reason = True
    keep_alive_interval: int | None = None

    def __init__(self, inner: ReceivedMessageT, snapshot: MessageSnapshot, adapter: Adapter, tell: Observer) -> None:
        self.inner = inner
        self.failure = ""
        self._adapter = adapter
        self._tell = tell
        self._settling: asyncio.Task[None] | None = None
        self._is_given_back = False
        self._snapshot = snapshot
        self.headers = inner.headers

    def __getattr__(self, name: str) -> Any:
        # What a server's own messages have beside the protocol, an actor may use too.
        return getattr(self.inner, name)

    @property
    def payload(self) -> bytes:
        return self.inner.payload

    @property
    def content_type(self) -> str | None:
        return self.inner.content_type

    @property
    def reply_to(self) -> str | None:
        return self.inner.reply_to

    @property
    def channel(self) -> str:
        return self.inner.channel

    @property
    def message_id(self) -> str | None:
        return self.inner.message_id

    @property
    def action(self) -> MessageAction | None:
        # repid's own enumeration has the same words.
        action = None if self.failure else self.inner.action
        return None if action is None else MessageAction(action.value)

    @property
    def is_acted_on(self) -> bool:
        return self.action is not None

    @property
    def is_open(self) -> bool:
        """Whether it is held: neither settled nor given back."""
        return not (self._is_given_back or self.is_acted_on or self.failure)

    def snapshot(self) -> MessageSnapshot:
        """Return a record of the message as it was pulled."""
        return self._snapshot

    async def keep_alive(self) -> None:
        await self._adapter.keep_alive(self.inner)

    async def ack(self) -> None:
        await self._settle("ack", self.inner.ack)

    async def nack(self, reason: str = "") -> None:
        if reason:
            self._adapter.keep_reason(self.inner, reason)
        await self._settle("nack", self.inner.nack)

    async def reject(self) -> None:
        await self._settle("reject", self.inner.reject)

    async def reply(
        self,
        *,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        channel: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,
    ) -> None:
        was_open = self.is_open
        await self._settle(
            "reply",
            lambda: self.inner.reply(
                payload=payload,
                headers=headers,
                content_type=content_type,
                channel=channel,
                server_specific_parameters=server_specific_parameters,
            ),
        )
        if was_open and self.action is MessageAction.replied:
            answer = MessageData(payload=payload, headers=headers, content_type=content_type)
            self._tell(Published(channel or self.reply_to or "", answer))

    async def give_back(self) -> None:
        """Give it back where it is not settled; a settlement that has begun comes to its end first."""
        if self._settling is not None:
            await asyncio.wait({self._settling})
        await self._return(self._adapter.give_back)

    async def leave(self) -> None:
        """Give it back for good, when the Stepper is closed."""
        if self._settling is not None:
            await asyncio.wait({self._settling})
        await self._return(self._adapter.leave)

    async def _return(self, back: Callable[[ReceivedMessageT], Coroutine[Any, Any, None]]) -> None:
        if not self.is_open:
            return
        self._is_given_back = True
        try:
            await back(self.inner)
        except BaseException:
            # It is held still: when the program ends, it is rescued.
            self._is_given_back = False
            raise

    async def _settle(self, word: str, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._settling is None or self._settling.done():
            self._settling = start(self._see_through(word, act))
            self._settling.add_done_callback(_take_error)
        await asyncio.shield(self._settling)

    async def _see_through(self, word: str, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._is_given_back:
            return
        acting = start(act())
        acting.add_done_callback(_take_error)
        try:
            await while_there(self._adapter, acting)
        except (NotImplementedError, ValueError):
            # Refused before anything was sent.
            raise
        except Exception as error:
            # Where the broker is gone, what was sent may have reached it before.
            self.failure = self._adapter.failed(word, error if acting.done() else TimeoutError(), self.inner)
            raise


def _take_error(task: asyncio.Task[None]) -> None:
    """Retrieve the error of what no code awaits any more."""
    if not task.cancelled():
        task.exception()
