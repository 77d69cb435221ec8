"""Names for the messages that a broker shows: each is known by its id, and until it was seen by its content."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, parent_name
from repid_nb.stepping.content import fingerprint
from repid_nb.stepping.names import Names

__all__ = ["Labels"]

LIMIT = 1000


class Labels:
    """Names the messages of one broker.

    A dead letter has another id than the message that it was. It keeps the name where this Stepper nacked it.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._nacked: OrderedDict[str, str] = OrderedDict()

    def label(self, message: MessageSnapshot) -> MessageSnapshot:
        """Return the message with its name."""
        name = self._names.seen(message)
        return replace(message, name=name, parent=parent_name(name)) if name else message

    def comes_again(self, message: MessageSnapshot) -> None:
        """Note that a message will be seen again, under another id."""
        if message.name:
            self._names.expect(message.channel, message, message.name)

    def nacked(self, message: MessageSnapshot) -> None:
        """Note the name of a message that is now a dead letter, by its content."""
        self._nacked[fingerprint(message.channel, message)] = message.name
        while len(self._nacked) > LIMIT:
            self._nacked.popitem(last=False)

    def label_queue(self, queue: ChannelSnapshot) -> ChannelSnapshot:
        """Return the queue with names for its messages."""
        return replace(
            queue,
            ready=tuple(map(self.label, queue.ready)),
            in_work=tuple(map(self.label, queue.in_work)),
            dead_letters=tuple(map(self._label_letter, queue.dead_letters)),
        )

    def _label_letter(self, letter: DeadLetter) -> DeadLetter:
        name = self._nacked.get(fingerprint(letter.message.channel, letter.message), "")
        return replace(letter, message=replace(letter.message, name=name, parent=parent_name(name))) if name else letter
