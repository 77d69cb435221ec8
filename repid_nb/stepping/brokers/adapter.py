"""What differs between brokers: how one message is taken, given back, counted and looked at."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from typing import Any

from repid_nb.core.errors import InvalidMessageError, NotPullableError, RepidNbError
from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot
from repid_nb.core.message import MessageAction, ReceivedMessageT
from repid_nb.stepping.brokers.places import Greeting, Place, place_of
from repid_nb.stepping.content import fingerprint
from repid_nb.stepping.source import Knowledge

__all__ = ["Adapter", "Inbox", "mended", "pictured", "unknown", "within"]

REASONS_LIMIT = 1000
# Seconds between a client's tries to come back are two at most.
MENDED_WITHIN = 3.0


class Adapter:
    """Takes single messages off one kind of broker, through a server object of repid.

    Each method does here what can be done at any broker; a subclass replaces what its broker can do better.

    Args:
        server: The server object, connected when anything but `__init__` is called.

    Attributes:
        knows: What is known of the broker, and what can be done there.
        port: The port of the broker where the address names none; 0 where there is no usual one.
        address_in: The attribute of the server object that has the address.
        greeting: How it is known that a broker of this kind answers; None where that is not asked.
        login: How an address names a user and a password; empty where it does not.
        counts_late: Whether what was just sent may not be counted yet.
        hides_loss: Whether the client says "nothing came" where the broker is gone.
        reasons: Why this Stepper nacked a message, by its content: brokers keep no reasons, and not its id either.
    """

    knows: Knowledge
    port: int = 0
    address_in: str = "dsn"
    greeting: Greeting | None = None
    login: str = ""
    counts_late: bool = False
    hides_loss: bool = False

    def __init__(self, server: Any) -> None:
        self.server = server
        self.reasons: OrderedDict[str, str] = OrderedDict()

    @property
    def place(self) -> Place | None:
        """Where the broker is; None where there is not exactly one place."""
        address = getattr(self.server, self.address_in)
        return None if address is None else place_of(address, self.port)

    def stranger(self, said: bytes) -> str:
        """Say what it is that answers in the place of the broker, by its first words."""
        return f"What answers there is not {self.knows.broker}. It said {said!r}" if said else "It hung up at once"

    async def try_out(self) -> None:
        """Connect once without trying again and again, where the client would say little and take long."""

    async def recover(self) -> bool:
        """Say whether the client mends a lost connection by itself, once it has."""
        return False

    def said(self, error: Exception) -> str:
        """Return what an error of the client says, and what is known besides where it says little."""
        return str(error)

    def forget(self) -> None:
        """Forget what belonged to a connection that is gone."""

    async def open(self, channels: Sequence[str]) -> None:
        """Get ready to pull from these channels.

        Raises:
            NotPullableError: A channel cannot be stepped; the message says what is missing, and the fix.
        """

    def lost(self, channel: str, error: Exception) -> bool:  # noqa: ARG002  (an answer for any error)
        """Say whether an error means that a channel's queue was deleted since `open`, which then opens it again."""
        return False

    async def prepare(self, channel: str) -> None:
        """Get ready to send to a channel.

        Raises:
            NotPullableError: What is sent there would be lost; the message says what is missing, and the fix.
        """

    async def forewarn(self, channel: str) -> None:
        """Raise, before an actor sends to a channel, what the server would raise much later, with words."""

    def refused(self, channel: str, error: Exception) -> RepidNbError | None:  # noqa: ARG002  (see above)
        """Return in words why a message could not be sent to a channel; None where the client's words are all."""
        return None

    async def pull(self, channel: str, within: float) -> ReceivedMessageT | None:
        """Take the next message of a channel, or return None when none came within so many seconds.

        It is never cancelled: the answer of a request that is under way goes to no other.
        """
        raise NotImplementedError

    async def give_back(self, message: ReceivedMessageT) -> None:
        """Give an undecided message back, as near to its place as the broker can."""
        if not message.is_acted_on:
            await message.reject()

    async def leave(self, message: ReceivedMessageT) -> None:
        """Give an undecided message back for good, because the Stepper is closed."""
        await self.give_back(message)

    def kept(self) -> Sequence[ReceivedMessageT]:
        """Return the messages that were given back and are held all the same, for the next pull."""
        return ()

    async def rescue(self, message: ReceivedMessageT) -> None:
        """Give an undecided message back on a connection of its own: the program ends, and its loop has ended."""

    async def done(self, message: ReceivedMessageT) -> None:
        """Wait until the broker has taken in that a message is settled, where it can be asked."""

    def where(self, action: MessageAction | None, channel: str) -> str:
        """Say where a message of a channel is after its settlement; empty for the words of a queue in memory."""
        words = {MessageAction.rejected: self.knows.rejected, MessageAction.nacked: self.knows.nacked}
        return words.get(action, "").replace("{channel}", channel) if action else ""

    def doubt(self, message: ReceivedMessageT) -> str:  # noqa: ARG002  (an answer for any message)
        """Say why it is not certain that a settlement reached the broker; empty where it is."""
        return ""

    def comes_again(self) -> str:
        """Say what becomes of a message whose settlement did not get through."""
        return f"whether it comes again is up to {self.knows.broker}"

    def failed(self, word: str, error: Exception, message: ReceivedMessageT) -> str:  # noqa: ARG002  (see above)
        """Say what a settlement that raised an error means."""
        if isinstance(error, TimeoutError):
            return f"the {word} was sent, and {self.knows.broker} has not confirmed it: {self.comes_again()}"
        return f"the {word} did not get through ({type(error).__name__}): {self.comes_again()}"

    def note(self, message: ReceivedMessageT) -> str:  # noqa: ARG002  (an answer for any message)
        """Return a remark on the step of a message; empty for none."""
        return ""

    def alive_every(self, message: ReceivedMessageT) -> float | None:
        """Return after how many seconds the broker has to hear again that a message is in work; None for never."""
        return message.keep_alive_interval

    async def keep_alive(self, message: ReceivedMessageT) -> None:
        """Tell the broker that a message is in work."""
        await message.keep_alive()

    async def look(self, channels: Sequence[str], window: int) -> list[ChannelSnapshot]:  # noqa: ARG002  (see above)
        """Look at the channels, which takes and changes nothing."""
        return unknown(channels)

    def idle_note(self, queue: ChannelSnapshot) -> str:  # noqa: ARG002  (an answer for any queue)
        """Say why nothing came although something may wait; empty where there is no special reason."""
        return ""

    async def resend(self, channel: str, message_id: str | None) -> int:  # noqa: ARG002  (an answer for any message)
        """Put one or all dead letters of a channel back on its queue; return how many.

        Raises:
            UnknownNameError: There is no dead letter with that id.
            NotPullableError: The dead letters cannot be reached.
        """
        raise NotPullableError(f"{self.knows.broker} keeps no dead letters that can be read here.")

    def options(self, priority: int | None) -> dict[str, Any] | None:
        """Return the server's parameters for a message of a priority.

        Raises:
            InvalidMessageError: The broker knows no priority.
        """
        if priority is None:
            return None
        raise InvalidMessageError(f"{self.knows.broker} knows no priority through repid: leave it out.")

    async def close(self) -> None:
        """Hold nothing more."""

    def keep_reason(self, message: ReceivedMessageT, reason: str) -> None:
        """Note why a message was nacked."""
        self.reasons[fingerprint(message.channel, message)] = reason
        while len(self.reasons) > REASONS_LIMIT:
            self.reasons.popitem(last=False)

    def letter(self, message: MessageSnapshot) -> DeadLetter:
        """Return a dead letter, with the reason as far as this Stepper knows it."""
        unknown_reason = f"not known: {self.knows.broker} keeps no reason"
        return DeadLetter(
            message=message, reason=self.reasons.get(fingerprint(message.channel, message), unknown_reason)
        )


class Inbox:
    """Where the callback of a subscription puts what comes, at once."""

    def __init__(self) -> None:
        self._messages: deque[ReceivedMessageT] = deque()
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._messages)

    async def put(self, message: ReceivedMessageT) -> None:
        self._messages.append(message)
        self._arrived.set()

    async def take(self, within: float) -> ReceivedMessageT | None:
        """Return the oldest message; None when none came within so many seconds."""
        if not self._messages:
            self._arrived.clear()
            try:
                async with asyncio.timeout(within):
                    await self._arrived.wait()
            except TimeoutError:
                return None
        return self._messages.popleft()

    def rest(self) -> list[ReceivedMessageT]:
        """Take all that is inside."""
        messages = list(self._messages)
        self._messages.clear()
        return messages


def pictured(message: ReceivedMessageT) -> MessageSnapshot:
    """Return a message as a frozen record."""
    return MessageSnapshot(
        id=message.message_id,
        channel=message.channel,
        payload=message.payload,
        headers=None if message.headers is None else dict(message.headers),
        content_type=message.content_type,
        reply_to=message.reply_to,
    )


def unknown(channels: Iterable[str], note: str = "") -> list[ChannelSnapshot]:
    """Return queues of which nothing is known."""
    return [ChannelSnapshot(channel=one, waiting=None, working=None, dead=None, note=note) for one in channels]


async def mended(server: Any) -> bool:
    """Wait until a client has mended its connection, as long as that mostly takes; return whether it has."""
    try:
        async with asyncio.timeout(MENDED_WITHIN):
            while not server.is_connected:  # noqa: ASYNC110  (no client tells)
                await asyncio.sleep(MENDED_WITHIN / 100)
    except TimeoutError:
        return False
    return True


def within(queue: ChannelSnapshot, window: int | None) -> ChannelSnapshot:
    """Return a queue with at most so many messages of each kind; None for all."""
    if window is None or max(len(queue.ready), len(queue.in_work), len(queue.dead_letters)) <= window:
        return queue
    return ChannelSnapshot(
        channel=queue.channel,
        waiting=queue.waiting,
        ready=queue.ready[:window],
        working=queue.working,
        in_work=queue.in_work[:window],
        dead=queue.dead,
        dead_letters=queue.dead_letters[max(0, len(queue.dead_letters) - window) :],
        dead_dropped=queue.dead_dropped,
        note=queue.note,
    )
