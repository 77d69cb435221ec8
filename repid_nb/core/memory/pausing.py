"""A puller that can leave channels alone for a while, for workers with limits."""

from __future__ import annotations

from collections.abc import Sequence

from repid_nb.core.memory.message import InMemoryReceivedMessage
from repid_nb.core.memory.pulling import InMemoryPuller
from repid_nb.core.memory.queue import Queues

__all__ = ["PausingPuller"]


class PausingPuller(InMemoryPuller):
    """Pulls from several queues in turn, but not from those that are paused: what waits there is left to others."""

    def __init__(self, queues: Queues, channels: Sequence[str]) -> None:
        self._is_paused = False
        self._paused: set[int] = set()
        self._pulls = 0
        self._numbers = {channel: number for number, channel in enumerate(channels)}
        super().__init__(queues, channels)

    @property
    def waits(self) -> list[int]:
        """The numbers of the waits for a message, the oldest first; none while paused: a message would not end them."""
        return [] if self._is_paused else super().waits

    def heard(self, channel: int) -> None:
        """Note that the channel of that number may have a message."""
        if channel not in self._paused:
            super().heard(channel)

    def pull_nowait(self) -> InMemoryReceivedMessage | None:
        """Return the next message of a channel that is not paused, or None."""
        is_shut = self._is_paused or len(self._paused) == len(self._queues)
        return None if is_shut else super().pull_nowait()

    async def pull(self) -> InMemoryReceivedMessage | None:
        """Wait for a message and return it; None once the puller was stopped."""
        self._pulls += 1
        try:
            return await super().pull()
        finally:
            self._pulls -= 1

    def pause(self, channel: str | None) -> None:
        """Hand out nothing of a channel, or for None of any, until `resume`; pulls go on waiting."""
        # A wait may have ended whose pull has not looked yet: its message may be on a channel that is paused here.
        has_just_woken = self._pulls > len(self._waits)
        if channel is None:
            self._is_paused = True
            if has_just_woken:
                self._wake_others(None)
            return
        number = self._numbers[channel]
        queue = self._queues[number]
        self._paused.add(number)
        self._ready &= ~(1 << number)
        queue.listeners.pop(self, None)
        if has_just_woken and len(queue):
            queue.tell()

    def resume(self, channel: str | None) -> None:
        """Go on after `pause`."""
        if channel is None:
            self._is_paused = False
        else:
            number = self._numbers[channel]
            self._paused.discard(number)
            self._queues[number].listeners[self] = number
            self.heard(number)
        for _ in list(self._waits):
            self.wake()
