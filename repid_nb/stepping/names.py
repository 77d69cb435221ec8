"""One name for each message: m1, m2 ... for what comes from outside, m1.1, m1.2 ... for what an actor sends for m1."""

from __future__ import annotations

import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from repid_nb.core.abilities import queued_of
from repid_nb.core.events import Event, Observer, Published
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.snapshot import MessageSnapshot, parent_name
from repid_nb.core.message import MessageData
from repid_nb.core.worker.at_work import message_at_work
from repid_nb.stepping.content import ContentT, fingerprint

__all__ = ["Names", "names_of"]

# How many names are kept of messages that are known by their id only, and how many counts of what one message led to.
IDS_LIMIT = 10_000

_names: WeakKeyDictionary[object, Names] = WeakKeyDictionary()


@dataclass(slots=True)
class _Reserved:
    """A name for the message that is published with it as its id."""

    name: str
    is_used: bool = False


_reserved: ContextVar[_Reserved | None] = ContextVar("repid_nb_reserved_name", default=None)


def names_of(server: object) -> Names:
    """Return the names of a server's messages: the same for each Stepper on it."""
    found = _names.get(server)
    if found is None:
        found = _names[server] = Names()
    return found


class Names:
    """The names of the messages of one server.

    A message is named when it is published, and where that was not seen, when it is first shown or pulled. In memory it
    is known by the object on the queue, on a broker by its id. A broker gives the id itself and does not tell it: so
    until such a message is seen, it is known by its content, and the oldest of equal ones is taken to come first.
    """

    def __init__(self) -> None:
        self._queued: WeakKeyDictionary[object, str] = WeakKeyDictionary()
        self._by_id: OrderedDict[str, str] = OrderedDict()
        # By content: the names of messages that have no id yet, the oldest first.
        self._expected: OrderedDict[str, deque[str]] = OrderedDict()
        # More than one Stepper hears of a message that is published.
        self._newest: tuple[object, str] = (None, "")
        self._sent = 0
        self._children: OrderedDict[str, int] = OrderedDict()
        self._ends: WeakKeyDictionary[object, weakref.finalize[Any, Any]] = WeakKeyDictionary()

    def listen(self, observe: Callable[[Observer], Callable[[], None]], owner: object) -> None:
        """Name what is published from now on, until the owner is gone or has let go.

        Args:
            observe: Calls an observer with each Published, and returns a function that ends the calls.
        """
        self._ends[owner] = end = weakref.finalize(owner, observe(self._on_event))
        end.atexit = False

    def let_go(self, owner: object) -> None:
        """Listen no more for this owner."""
        end = self._ends.pop(owner, None)
        if end is not None:
            end()

    def of(self, message: object) -> str:
        """Return the name of a message; one that has none yet gets the next, as one that came from outside.

        Args:
            message: The object on the queue, or where the server keeps none, the message or its id.

        Returns:
            The name; empty where the message has no id either, and was not published here just now.
        """
        return self._name(message, lambda: None)

    def published(self, message: object, channel: str = "") -> str:
        """Do what `of` does for a message that is published here: what an actor sends is a child of its message."""
        if isinstance(message, MessageData):
            if self._newest[0] is not message:
                self._newest = message, self._next(self._handled_here())
                self.expect(channel, message, self._newest[1])
            return self._newest[1]
        reserved = _reserved.get()
        if reserved is not None and not reserved.is_used and _id_of(message) == reserved.name:
            reserved.is_used = True
            self._keep(_key_of(message), reserved.name)
        return self._name(message, self._handled_here)

    def expect(self, channel: str, message: ContentT, name: str) -> None:
        """Give this name to a message of this content, once it is seen with its id."""
        content = fingerprint(channel, message)
        names = self._expected[content] = self._expected.pop(content, deque(maxlen=IDS_LIMIT))
        names.append(name)
        if len(self._expected) > IDS_LIMIT:
            self._expected.popitem(last=False)

    def seen(self, message: MessageSnapshot) -> str:
        """Return the name of a message that a broker shows; empty where it has no id."""
        if not message.id:
            return ""
        if message.id not in self._by_id and (names := self._expected.get(fingerprint(message.channel, message))):
            self._keep(message.id, names.popleft())
        return self.of(message.id)

    @contextmanager
    def reserving(self) -> Iterator[str]:
        """Reserve a name for a message that is published in this block with the name as its id, and yield it."""
        reserved = _Reserved(self._next(self._handled_here()))
        token = _reserved.set(reserved)
        try:
            yield reserved.name
        finally:
            _reserved.reset(token)
            if not reserved.is_used:
                self._give_back(reserved.name)

    def forget_children(self, parent: str, children: tuple[str, ...]) -> None:
        """Give the names of these children to the next ones, because these were taken back."""
        numbers = [int(name.removeprefix(f"{parent}.")) for name in children if parent_name(name) == parent]
        if numbers:
            self._children[parent] = min(numbers) - 1

    def go_on_from(self, others: Names, copies: Mapping[QueuedMessage, QueuedMessage]) -> None:
        """Name copies as their originals, and what comes next as it would be named there."""
        self._sent, self._children = others._sent, others._children.copy()
        for original, copy in copies.items():
            self._queued[copy] = others.of(original)

    def saved(self) -> Callable[[], None]:
        """Return a function that sets the counts of children back to what they are now."""
        children = self._children.copy()

        def restore() -> None:
            self._children = children.copy()

        return restore

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Published):
            self.published(event.message, event.channel)

    def _handled_here(self) -> str | None:
        message = message_at_work()
        return None if message is None else self.of(queued_of(message) or message) or None

    def _name(self, message: object, parent: Callable[[], str | None]) -> str:
        key = _key_of(message)
        if key is None:
            return self._newest[1] if self._newest[0] is message else ""
        known = self._by_id.get(key) if isinstance(key, str) else self._queued.get(key)
        return self._keep(key, self._next(parent())) if known is None else known

    def _next(self, parent: str | None) -> str:
        if parent is None:
            self._sent += 1
            return f"m{self._sent}"
        number = self._children[parent] = self._children.pop(parent, 0) + 1
        if len(self._children) > IDS_LIMIT:
            self._children.popitem(last=False)
        return f"{parent}.{number}"

    def _give_back(self, name: str) -> None:
        """Use a name that no message got for the next one, where it is the newest."""
        parent, _, number = name.rpartition(".")
        if not parent:
            self._sent -= name == f"m{self._sent}"
        elif self._children.get(parent) == int(number):
            self._children[parent] -= 1

    def _keep(self, key: object, name: str) -> str:
        if not isinstance(key, str):
            self._queued[key] = name
            return name
        self._by_id[key] = name
        if len(self._by_id) > IDS_LIMIT:
            self._by_id.popitem(last=False)
        return name


def _key_of(message: object) -> object | None:
    """Return what a message is known by: in memory the object on the queue, otherwise its id."""
    return message if isinstance(message, QueuedMessage) else _id_of(message)


def _id_of(message: object) -> str | None:
    found = message if isinstance(message, str) else getattr(message, "message_id", None)
    return found if isinstance(found, str) and found else None
