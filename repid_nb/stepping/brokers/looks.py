"""What was seen of a broker's queues: a look takes and changes nothing, and what cannot be seen is not known."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from repid_nb.core.logger import logger
from repid_nb.core.memory.snapshot import ChannelSnapshot, QueuesSnapshot
from repid_nb.core.tasks import start
from repid_nb.notebook.interrupts import take_error
from repid_nb.stepping.brokers.adapter import Adapter, unknown, within
from repid_nb.stepping.brokers.connecting import AT_MOST, while_there
from repid_nb.stepping.brokers.labels import Labels

__all__ = ["Looks"]

# Of how many channels more than those with actors a look tells, and how many messages it asks for at most.
MORE_CHANNELS = 10
LARGEST_WINDOW = 100


class Looks:
    """Looks at the queues, and keeps what was seen last.

    Attributes:
        channels: The channels that are stepped.
        has_failed: Whether the last look had no answer.
    """

    def __init__(self, adapter: Adapter, labels: Labels) -> None:
        self.channels: list[str] = []
        self.has_failed = False
        self._adapter = adapter
        self._labels = labels
        self._more_channels: OrderedDict[str, None] = OrderedDict()
        self._last: dict[str, ChannelSnapshot] = {}
        self._begun = self._newest = 0

    async def look(self, window: int | None) -> None:
        """Look at the channels that are stepped, and at those that were sent to.

        Args:
            window: How many messages of each kind to ask for.
        """
        wanted = LARGEST_WINDOW if window is None else min(window, LARGEST_WINDOW)
        asked = list(dict.fromkeys([*self.channels, *self._more_channels]))
        number = self._begun = self._begun + 1
        # It goes on when the caller is cancelled: cut short, it would leave a broken connection.
        looking = start(self._adapter.look(asked, wanted))
        looking.add_done_callback(take_error)
        try:
            async with asyncio.timeout(AT_MOST):
                seen = await while_there(self._adapter, looking)
            self.has_failed = False
        except Exception:
            # To look is a favour: what cannot be seen is not known.
            logger.debug("stepper.look.error", exc_info=True)
            seen = self._unanswered(asked)
        # An answer that comes late tells of an earlier moment than what is known by then.
        if number > self._newest:
            self._newest = number
            self._last = {one.channel: self._labels.label_queue(one) for one in seen}

    def snapshot(self, window: int | None, channels: Iterable[str]) -> QueuesSnapshot:
        """Return the queues as they were seen last, these first."""
        named = dict.fromkeys([*channels, *self._last])
        known = {one.channel: one for one in unknown(channel for channel in named if channel in self.channels)}
        known.update(self._last)
        return QueuesSnapshot(tuple(within(known[one], window) for one in named if one in known))

    def waiting(self, channel: str) -> int | None:
        """Return how many messages were seen to wait."""
        return self._last[channel].waiting if channel in self._last else None

    def is_empty(self, channel: str) -> bool:
        """Say whether it is certain that nothing waited when the queue was seen last."""
        queue = self._last.get(channel)
        if queue is None or queue.waiting != 0:
            return False
        return self._adapter.knows.empty_is_certain or queue.working == 0

    def idle_note(self, patience: float) -> str:
        """Return what is to be said of a pull that found nothing within so many seconds."""
        queues = [self._last[channel] for channel in self.channels if channel in self._last]
        if reasons := list(filter(None, map(self._adapter.idle_note, queues))):
            return "; ".join(reasons)
        return "" if all(map(self.is_empty, self.channels)) else f"nothing came within {patience:g} s"

    def note_channel(self, channel: str) -> None:
        """Look at a channel from now on: a message was sent there."""
        if channel not in self.channels:
            self._more_channels[channel] = None
            self._more_channels.move_to_end(channel)
            while len(self._more_channels) > MORE_CHANNELS:
                self._more_channels.popitem(last=False)

    def lose(self) -> None:
        """Know nothing any more: the broker is gone."""
        self._last = {one.channel: one for one in self._unanswered(list(self._last))}

    def forget(self) -> None:
        """Know nothing any more: a queue is gone, or cannot be reached."""
        self._last = {one.channel: one for one in unknown(list(self._last))}

    def _unanswered(self, channels: Sequence[str]) -> list[ChannelSnapshot]:
        self.has_failed = True
        return unknown(channels, f"{self._adapter.knows.broker} did not answer")
