"""A watcher that passes on what it is told, with the reasons of settlements that a Step would show."""

from repid_nb.core.events import Confirming, Ended, Watcher
from repid_nb.stepping.settlement_tracker import SettlementTracker


class Listening(Watcher):
    """Passes the events of a message's way on to a function, and holds it by another one."""

    def __init__(self, hear=lambda event: None, hold=None) -> None:
        self._hear = hear
        self._hold = hold
        self._trackers = {}

    def told(self, event) -> None:
        tracker = self._trackers.setdefault(id(event.message), SettlementTracker())
        event = tracker.completed(event)
        if not isinstance(event, (Ended, Confirming)):
            self._hear(event)

    async def reached(self, event) -> None:
        if self._hold is not None:
            await self._hold(event)
