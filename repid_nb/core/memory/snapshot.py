"""Records of the queues at one moment: frozen, and apart from the queues themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from repid_nb.core.checks import check_address
from repid_nb.core.errors import UnknownNameError
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.naming import nearest_name
from repid_nb.core.record import Record
from repid_nb.core.text import make_plain, plain_headers

__all__ = ["ChannelSnapshot", "DeadLetter", "MessageSnapshot", "QueuesSnapshot", "parent_name", "snapshot_of"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MessageSnapshot(Record):
    """One message, as it was: later changes to its headers do not reach the record, and all of it is plain data.

    A header that an actor made something other than text is here as the text that `str` shows of it.

    Attributes:
        priority: 0 (last) to 9 (first).
        sightings: How often it was pulled without a match and is still waiting.
        name: What views call it, from its sending to its outcome: m1, m2 ... where it was sent from outside; m1.1,
            m1.2 ... where an actor sent it while it ran for m1. Empty where no Stepper has named it.
        parent: The name of the message for which the actor ran that sent it; None where it came from outside.
    """

    id: str | None
    channel: str
    payload: bytes
    # A dict has no hash. Equal messages still have equal ones, and can be in a set.
    headers: dict[str, str] | None = field(default=None, hash=False)
    content_type: str | None = None
    reply_to: str | None = None
    priority: int = 4
    sightings: int = 0
    name: str = ""
    parent: str | None = None

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


def parent_name(name: str) -> str | None:
    """Return the name of the message from which one of that name came: m1 for m1.2; None where it has no parent."""
    return name.rpartition(".")[0] or None


def snapshot_of(
    message: QueuedMessage, channel: str, priority: int, sightings: int = 0, *, name: str = ""
) -> MessageSnapshot:
    """Return a record of a message as it is now."""
    return MessageSnapshot(
        id=message.message_id,
        channel=channel,
        payload=message.payload,
        headers=message.headers,
        content_type=message.content_type,
        reply_to=message.reply_to,
        priority=priority,
        sightings=sightings,
        name=name,
        parent=parent_name(name),
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeadLetter(Record):
    """A nacked message, kept with the reason.

    Attributes:
        reason: Why it was nacked, as a phrase.
    """

    message: MessageSnapshot
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChannelSnapshot(Record):
    """One channel's messages. On a broker a total is None where it is not known.

    Attributes:
        waiting: How many messages wait; `ready` has the first of them, in the order in which they will be pulled.
        working: How many messages are pulled and not settled; `in_work` has the first of them.
        dead: How many dead letters are kept; `dead_letters` has the newest of them, oldest first.
        dead_dropped: How many older dead letters gave way, because only so many are kept.
        note: On a broker, why not all of it is known; otherwise empty.
    """

    channel: str
    waiting: int | None = 0
    ready: tuple[MessageSnapshot, ...] = ()
    working: int | None = 0
    in_work: tuple[MessageSnapshot, ...] = ()
    dead: int | None = 0
    dead_letters: tuple[DeadLetter, ...] = ()
    dead_dropped: int = 0
    note: str = ""

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
        raise UnknownNameError(f"No queue {channel!r}.{nearest_name(channel, self, 'No message was sent yet.')}")

    def __iter__(self) -> Iterator[str]:
        return (one.channel for one in self.channels)

    def __len__(self) -> int:
        return len(self.channels)
