"""Which channels a worker takes nothing from at present, and why."""

from __future__ import annotations

from repid_nb.core.worker.subscription import PausablePullerT

__all__ = ["Doors"]


class Doors:
    """One door a channel, and one of the whole worker, the channel None. A door is shut while there is a reason."""

    def __init__(self) -> None:
        self._reasons: dict[str | None, set[object]] = {}
        self._puller: PausablePullerT | None = None

    def reasons(self, channel: str | None) -> set[object]:
        """Return why a door is shut; empty where it is open."""
        return self._reasons.get(channel, set())

    def move(self, puller: PausablePullerT | None) -> None:
        """Use another puller, or none."""
        self._puller = puller
        if puller is not None:
            for channel in self._reasons:
                puller.pause(channel)

    def set(self, channel: str | None, reason: object, *, shut: bool) -> None:
        """Shut a door for a reason, or take that reason away."""
        reasons = self._reasons.get(channel)
        if shut:
            if reasons is None:
                self._reasons[channel] = {reason}
                if self._puller is not None:
                    self._puller.pause(channel)
            else:
                reasons.add(reason)
        elif reasons is not None:
            reasons.discard(reason)
            if not reasons:
                del self._reasons[channel]
                if self._puller is not None:
                    self._puller.resume(channel)
