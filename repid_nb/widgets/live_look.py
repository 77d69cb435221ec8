"""A look at a broker's queues each second, while a workbench is open: others send and take there, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from repid_nb.core.errors import ClosedError, RepidNbError
from repid_nb.core.tasks import start
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.updates import running_loop

__all__ = ["LiveLook"]

# Seconds between two looks.
EVERY = 1.0


class LiveLook:
    """Looks again and again, from now on until it is stopped; in memory, where every change is told, never.

    Args:
        changed: Called when the queues are not as they were.
        told: Called with a sentence when the broker does not answer, and with an empty one when it answers again.
    """

    def __init__(self, stepper: Stepper, changed: Callable[[], None], told: Callable[[str], None]) -> None:
        self._stepper = stepper
        self._changed = changed
        self._told = told
        self._error = ""
        self._looking: asyncio.Task[None] | None = None
        if not stepper.knows.rewind and running_loop() is not None:
            self._looking = start(self._look_on())

    def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()

    async def _look_on(self) -> None:
        while True:
            before, error = self._stepper.snapshot(), ""
            try:
                await self._stepper.look()
            except ClosedError:
                return
            except RepidNbError as raised:
                error = str(raised)
            if error != self._error:
                self._error = error
                self._told(error)
            if self._stepper.snapshot() != before:
                self._changed()
            await asyncio.sleep(EVERY)
