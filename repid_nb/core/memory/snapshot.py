"""What can be seen of the queues at one moment: frozen, and apart from the queues themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from repid_nb.core.checks import check_address
from repid_nb.core.record import Record
from repid_nb.core.text import make_plain, plain_headers

__all__ = ["ChannelSnapshot", "DeadLetter", "MessageSnapshot", "QueuesSnapshot"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MessageSnapshot(Record):
    """One message, as it was: later changes to its headers do not reach the record, and all of it is plain data.

    A header that an actor made something other than text is here as the text that `str` shows of it.

    Attributes:
        id: Its id.
        channel: The channel whose queue it is on.
        payload: The body.
        headers: Its headers, or None.
        content_type: The media type of the payload, or None.
        reply_to: The channel for an answer, or None.
        priority: 0 (last) to 9 (first).
        sightings: How often it was pulled without a match and is still waiting.
    """

    id: str | None
    channel: str
    payload: bytes
    headers: dict[str, str] | None = None
    content_type: str | None = None
    reply_to: str | None = None
    priority: int = 4
    sightings: int = 0

    def __post_init__(self) -> None:
        if self.headers is not None:
            object.__setattr__(self, "headers", plain_headers(self.headers))
        # Many are made for each step, and nearly all are plain.
        if (
            type(self.id) is not str
            or type(self.channel) is not str
            or type(self.payload) is not bytes
            or type(self.priority) is not int
            or (self.content_type is not None and type(self.content_type) is not str)
            or (self.reply_to is not None and type(self.reply_to) is not str)
        ):
            self._make_plain()

    def _make_plain(self) -> None:
        make_plain(self, "id", "channel", "content_type", "reply_to")
        if isinstance(self.payload, bytes):
            object.__setattr__(self, "payload", bytes.__getitem__(self.payload, slice(None)))
        if isinstance(self.priority, int):
            object.__setattr__(self, "priority", int.__int__(self.priority))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeadLetter(Record):
    """A nacked message, kept with the reason.

    Attributes:
        message: The message.
        reason: Why it was nacked, as a sentence.
    """

    message: MessageSnapshot
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChannelSnapshot(Record):
    """One channel's messages.

    Attributes:
        channel: Its address.
        waiting: How many messages wait.
        ready: The first of them, in the order in which they will be pulled.
        working: How many messages are in work: pulled and not settled.
        in_work: The first of them.
        dead: How many dead letters are kept.
        dead_letters: The newest of them, oldest first.
        dead_dropped: How many older dead letters were given up because only so many are kept.
    """

    channel: str
    waiting: int = 0
    ready: tuple[MessageSnapshot, ...] = ()
    working: int = 0
    in_work: tuple[MessageSnapshot, ...] = ()
    dead: int = 0
    dead_letters: tuple[DeadLetter, ...] = ()
    dead_dropped: int = 0

    def __post_init__(self) -> None:
        make_plain(self, "channel")


@dataclass(frozen=True, slots=True, repr=False)
class QueuesSnapshot(Record, Mapping[str, ChannelSnapshot]):
    """The channels' messages, by channel.

    Attributes:
        channels: The channels, in the order in which they were first used.
        more: How many further channels are left out, where only so many are shown.
    """

    channels: tuple[ChannelSnapshot, ...] = field(default=())
    more: int = 0

    def __getitem__(self, channel: str) -> ChannelSnapshot:
        check_address(channel)
        for one in self.channels:
            if one.channel == channel:
                return one
        raise KeyError(channel)

    def __iter__(self) -> Iterator[str]:
        return (one.channel for one in self.channels)

    def __len__(self) -> int:
        return len(self.channels)
