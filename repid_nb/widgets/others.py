"""The other workers of a server: which messages they hold, as far as it was seen."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from repid_nb.core.events import Event, Moved
from repid_nb.printable import cut_to_bytes, first_within
from repid_nb.stepping.names import Names
from repid_nb.widgets.wire import channel_fields, key_of

__all__ = ["OtherWorkers"]

NAME = "another worker"
SHOWN_BYTES = 600
MOST_HELD = 10_000


class OtherWorkers:
    """Follows what workers do that are not on the stage: a worker in the background, a second app, a second page.

    Args:
        names: The names of the server's messages.
        is_here: Says of the owner of a message whether it is a worker on the stage.
    """

    def __init__(self, names: Names, is_here: Callable[[object], bool]) -> None:
        self._names = names
        self._is_here = is_here
        self._labels: WeakKeyDictionary[object, str] = WeakKeyDictionary()
        self._held: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def hear(self, event: Event) -> None:
        """Follow one event of the server."""
        if not isinstance(event, Moved):
            return
        if event.what == "rewound":
            self._held.clear()
        elif event.message is not None and event.owner is not None and not self._is_here(event.owner):
            name = self._names.of(event.message)
            self._held.pop(name, None)
            if event.what == "taken":
                self._held[name] = (self._label(event.owner), event.channel)
                if len(self._held) > MOST_HELD:
                    self._held.popitem(last=False)

    def holder(self, name: str) -> str | None:
        """Return which other worker holds a message; None where none is known to."""
        return self._held[name][0] if name in self._held else None

    def fields(self) -> list[dict[str, Any]]:
        """Return the newest messages that other workers hold, as the page shows them."""
        return first_within(map(self._fields, reversed(self._held)), SHOWN_BYTES)

    def _fields(self, name: str) -> dict[str, Any]:
        label, channel = self._held[name]
        return {
            "key": "",
            "name": label,
            "at": channel_fields(channel)["channel"],
            "message": {"id": key_of(name), "name": cut_to_bytes(name, 60)},
            "own": False,
        }

    def _label(self, owner: object) -> str:
        if owner not in self._labels:
            self._labels[owner] = NAME if not self._labels else f"{NAME} {len(self._labels) + 1}"
        return self._labels[owner]
