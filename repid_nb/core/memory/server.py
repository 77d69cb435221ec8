"""A message server that lives in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from repid_nb.core.checks import check_address, check_parts
from repid_nb.core.description import ExternalDocs, Tag
from repid_nb.core.errors import InvalidMessageError, NotConnectedError
from repid_nb.core.events import Observer, guarded
from repid_nb.core.memory.inspection import SightingsOf, never_sighted
from repid_nb.core.memory.journal import Journal
from repid_nb.core.memory.pausing import PausingPuller
from repid_nb.core.memory.pulling import InMemoryPuller
from repid_nb.core.memory.queue import DEFAULT_PRIORITY, Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.snapshot import DeadLetter, QueuesSnapshot
from repid_nb.core.memory.subscriber import InMemorySubscriber
from repid_nb.core.message import CapabilitiesT, ReceivedMessageT, SentMessageT, ServerT
from repid_nb.core.uncopied import Uncopied

__all__ = ["InMemoryServer", "checked_priority"]

HIGHEST_PRIORITY = 9


class InMemoryServer(Uncopied):
    """Keeps queues in memory and delivers by priority, then first in first out.

    It is repid 2.1.4's `InMemoryServer` with priorities, and nothing is lost while the process lives: a nacked message
    is kept with its reason among the dead letters, and what a subscriber or a cancelled worker held goes back to its
    place (notebooks/differences.md).

    Args:
        title, summary, description, tags, external_docs: What the AsyncAPI document says of the server.
        dead_letter_limit: How many dead letters a channel keeps, at least 1; the oldest give way.

    Raises:
        InvalidMessageError: `dead_letter_limit` is below 1.
    """

    _instead = "Make another one; stepper.fork() is a second world with the same messages."

    host: str = "localhost"
    protocol: str = "in-memory"
    pathname: str | None = None
    protocol_version: str | None = "1.0.0"
    variables: Mapping[str, Any] | None = None
    security: Sequence[Any] | None = None
    bindings: Any | None = None

    publishes_at_once: ClassVar[bool] = True
    hands_out: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        """Take abilities from a subclass that replaces `publish` or `subscribe`, so that its own method is used."""
        super().__init_subclass__()
        cls.publishes_at_once = cls.publish is InMemoryServer.publish
        cls.hands_out = cls.subscribe is InMemoryServer.subscribe

    def __init__(
        self,
        *,
        title: str | None = "In-Memory Server",
        summary: str | None = "In-memory message broker for testing and development",
        description: str | None = "A simple in-memory message broker that implements the ServerT protocol",
        tags: Sequence[Tag] | None = None,
        external_docs: ExternalDocs | None = None,
        dead_letter_limit: int = 1000,
    ) -> None:
        if dead_letter_limit < 1:
            raise InvalidMessageError(f"dead_letter_limit must be at least 1, not {dead_letter_limit}.")
        self.title = title
        self.summary = summary
        self.description = description
        self.tags = tags
        self.external_docs = external_docs
        self._connected = False
        self._held_open = 0
        self._queues = Queues(dead_letter_limit)

    @property
    def capabilities(self) -> CapabilitiesT:
        return {"supports_native_reply": True, "supports_lightweight_pause": True, "supports_keep_alive": False}

    @property
    def is_connected(self) -> bool:
        return self._connected or self._held_open > 0

    async def connect(self) -> None:
        """Open the connection."""
        self._connected = True

    async def disconnect(self) -> None:
        """Close the connection; what is queued stays."""
        self._connected = False

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[ServerT, None]:
        """Keep the connection open inside an `async with` block."""
        await self.connect()
        try:
            yield self
        finally:
            await self.disconnect()

    def hold_open(self) -> Callable[[], None]:
        """Keep the connection open until the function that is returned is called, even if `disconnect` is called."""
        self._held_open += 1
        held = True

        def let_go() -> None:
            nonlocal held
            self._held_open -= held
            held = False

        return let_go

    async def publish(
        self,
        *,
        channel: str,
        message: SentMessageT,
        server_specific_parameters: dict[str, Any] | None = None,
    ) -> None:
        """Put a message on the queue of the channel with this address.

        Args:
            server_specific_parameters: `priority`, 0 (last) to 9 (first), by default 4 (AMQP 1.0); `message_id`, a
                non-empty str, by default a new UUID. Anything else is ignored, as in repid.

        Raises:
            NotConnectedError: The connection is not open.
            InvalidMessageError: A part of the message has the wrong type, or the priority is not a whole number from 0
                to 9.
        """
        parts = message.payload, message.headers, message.content_type, message.reply_to
        self.publish_nowait(channel, *parts, server_specific_parameters)

    def publish_nowait(  # noqa: PLR0917  (on the way of each message: by position it costs less)
        self,
        channel: str,
        payload: bytes,
        headers: dict[str, str] | None = None,
        content_type: str | None = None,
        reply_to: str | None = None,
        server_specific_parameters: dict[str, Any] | None = None,
    ) -> None:
        """Do what `publish` does, without a coroutine, for a message that is still in parts."""
        if not (self._connected or self._held_open):
            raise _not_connected("publish")
        check_parts(channel, payload, headers, content_type, reply_to)
        priority, message_id = DEFAULT_PRIORITY, None
        if server_specific_parameters:
            if not hasattr(server_specific_parameters, "get"):
                raise InvalidMessageError(
                    "server_specific_parameters must be a dict, such as {'priority': 9}, "
                    f"not {server_specific_parameters!r}.",
                )
            priority = checked_priority(server_specific_parameters.get("priority", DEFAULT_PRIORITY))
            wanted_id = server_specific_parameters.get("message_id")
            message_id = wanted_id if isinstance(wanted_id, str) and wanted_id else None
        message = QueuedMessage(payload, headers, content_type, reply_to, message_id)
        self._queues.publish(channel, message, priority)

    async def subscribe(
        self,
        *,
        channels_to_callbacks: dict[str, Callable[[ReceivedMessageT], Coroutine[None, None, None]]],
        concurrency_limit: int | None = None,
    ) -> InMemorySubscriber:
        """Call each channel's callback for each of its messages (repid 2.1.4, `ServerT.subscribe`).

        Args:
            concurrency_limit: How many callbacks run at once, at most; None or 0 for no limit.

        Returns:
            The running subscription.

        Raises:
            NotConnectedError: The connection is not open.
        """
        if not self.is_connected:
            raise _not_connected("subscribe")
        return InMemorySubscriber(
            puller=self.puller(list(channels_to_callbacks)),
            channels_to_callbacks=channels_to_callbacks,
            concurrency_limit=concurrency_limit,
        )

    def puller(self, channels: Sequence[str], *, pausable: bool = False) -> InMemoryPuller:
        """Return a puller from these channels in turn, if need be a `PausingPuller`, or raise NotConnectedError."""
        if not self.is_connected:
            raise _not_connected("pull")
        return (PausingPuller if pausable else InMemoryPuller)(self._queues, channels)

    @property
    def queues(self) -> Queues:
        """The queues themselves, for what pulls from them."""
        return self._queues

    def snapshot(
        self,
        window: int | None = None,
        sightings: SightingsOf = never_sighted,
        channels: Iterable[str] = (),
    ) -> QueuesSnapshot:
        """Return a frozen record of the queues as they are now.

        Args:
            window: How many messages of each kind to show a channel; None for all. The totals are always whole. With a
                window, at most 20 channels are shown.
            sightings: Says how often a worker has seen a waiting message without a match; by default 0.
            channels: The channels to show first, where not all are shown.
        """
        return self._queues.snapshot(window, sightings, channels)

    def waiting(self, channel: str) -> int:
        """Return how many messages wait on a channel."""
        queue = self._queues.known(channel)
        return 0 if queue is None else len(queue)

    def dead_letters(self, channel: str) -> tuple[DeadLetter, ...]:
        """Return the dead letters of a channel, oldest first.

        Raises:
            InvalidMessageError: The channel is not its address.
        """
        check_address(channel)
        queue = self._queues.known(channel)
        return () if queue is None else self._queues.snapshots.dead_letters(queue, None)

    def resend_dead_letters(self, channel: str, message_id: str | None = None) -> int:
        """Put the dead letter of that id, or all of them for None, back at the tail of their channel's queue.

        Returns:
            How many were put back; 0 when there is no such dead letter.

        Raises:
            InvalidMessageError: The channel is not its address.
        """
        check_address(channel)
        queue = self._queues.known(channel)
        return 0 if queue is None else queue.resend(message_id)

    def keep_journal(self) -> Journal:
        """Note every change of the queues from now on, for as long as the journal that is returned is kept.

        Every caller gets the same journal. It can take changes back.
        """
        return self._queues.keep_journal()

    def name_messages(self, name_of: Callable[[QueuedMessage], str]) -> None:
        """Let snapshots call each message by the name that this function gives it."""
        self._queues.snapshots.name_of = name_of

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` with each change of the queues, whichever worker or app makes it.

        A message that is published, replies included, is a `Published`, every other change a `Moved`. When the observer
        raises, that is logged, and it is called no more.

        Returns:
            A function that ends the calls.
        """
        tell = guarded(observer)
        queues = self._queues
        queues.observers = (*queues.observers, tell)

        def end() -> None:
            queues.observers = tuple(one for one in queues.observers if one is not tell)

        return end


def _not_connected(purpose: str) -> NotConnectedError:
    return NotConnectedError(
        f"Server is not connected, so it cannot {purpose}. "
        "Open the connection around it: async with app.servers.default.connection(): ...",
    )


def checked_priority(priority: object) -> int:
    """Return a priority; raise InvalidMessageError where it is not a whole number from 0 to 9."""
    if isinstance(priority, int) and not isinstance(priority, bool) and 0 <= priority <= HIGHEST_PRIORITY:
        return priority
    raise InvalidMessageError(
        f"The priority must be a whole number from 0 (last) to {HIGHEST_PRIORITY} (first), not {priority!r}. "
        f"Leave it out for {DEFAULT_PRIORITY}.",
    )
