"""Names for the messages that a broker shows: a message is named when it is first seen, by its id."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, parent_name
from repid_nb.stepping.brokers.fingerprints import fingerprint
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
        name = self._names.of(message.id) if message.id else ""
        return replace(message, name=name, parent=parent_name(name)) if name else message

    def nacked(self, message: MessageSnapshot) -> None:
        """Note the name of a message that is now a dead letter, by its content."""
        self._nacked[fingerprint(message)] = message.name
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
        name = self._nacked.get(fingerprint(letter.message), "")
        return replace(letter, message=replace(letter.message, name=name, parent=parent_name(name))) if name else letter
