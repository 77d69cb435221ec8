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

    def pause(self) -> None:
        """Hand out nothing until `resume`; pulls go on waiting."""
        self._is_paused = True
        if self._has_just_woken:
            self._wake_others(None)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._is_paused = False
        self._wake_all()

    def pause_channel(self, channel: str) -> None:
        """Hand out nothing of one channel until `resume_channel`; the other channels go on."""
        number = self._numbers[channel]
        queue = self._queues[number]
        self._paused.add(number)
        self._ready &= ~(1 << number)
        queue.listeners.pop(self, None)
        if self._has_just_woken and len(queue):
            queue.tell()

    def resume_channel(self, channel: str) -> None:
        """Go on after `pause_channel`."""
        number = self._numbers[channel]
        self._paused.discard(number)
        self._queues[number].listeners[self] = number
        self.heard(number)
        self._wake_all()

    @property
    def _has_just_woken(self) -> bool:
        """Whether a wait has ended whose pull has not looked yet: its message may be on a channel just paused."""
        return self._pulls > len(self._waits)

    def _wake_all(self) -> None:
        for _ in list(self._waits):
            self.wake()
