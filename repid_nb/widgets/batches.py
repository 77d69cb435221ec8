"""Sending or stepping many times in a row: the page shows the progress and can stop it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from repid_nb.core.errors import InvalidMessageError
from repid_nb.display import words
from repid_nb.display.sentences import idle_sentence
from repid_nb.printable import counted
from repid_nb.stepping.record import Idle
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.form import Form
from repid_nb.widgets.view import View

__all__ = ["BatchRunner"]

MOST_STEPS = 10_000
SLOWEST = 60
MESSAGES_BETWEEN_YIELDS = 50


class BatchRunner:
    """Sends a message, or steps, many times: until that is done or stopped.

    Args:
        view: The view; it shows the newest state after each step.
        changed: Called whenever there is something new to show.

    Attributes:
        progress: How many are done, and of how many; None when no batch is under way.
    """

    def __init__(self, stepper: Stepper, view: View, changed: Callable[[], None]) -> None:
        self.progress: tuple[int, int] | None = None
        self._stepper = stepper
        self._view = view
        self._changed = changed
        self._stopping = asyncio.Event()

    @property
    def is_stopping(self) -> bool:
        """Whether the run ends after its present step."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Let the run end after its present step."""
        self._stopping.set()

    def reset(self) -> None:
        """Forget the progress, after the end of a batch."""
        self.progress = None
        self._stopping.clear()

    async def send(self, form: Form) -> str:
        """Send a message as often as the form says, and return a notice about it."""
        sent = None
        for number in range(1, form.count + 1):
            sent = await self._stepper.send(form.channel, form.payload, **form.options)
            self.progress = (number, form.count)
            if number % MESSAGES_BETWEEN_YIELDS == 0:
                await asyncio.sleep(0)
        self._view.show_now()
        if sent is None:
            return "Nothing was put on the queue: producer middleware kept it back."
        if form.count == 1:
            what = words.message_name(sent.message)
            waiting = "" if sent.waiting is None else f": {counted(sent.waiting, 'message')} waiting there"
        else:
            what = counted(form.count, "message")
            waiting = "" if sent.waiting is None else f": {sent.waiting:,} waiting"
        return f"Sent {what} to {form.channel}{waiting}."

    async def run(self, most: int, pace: float) -> str:
        """Step until nothing is left to pull, and return a notice about it.

        Args:
            most: The largest number of steps.
            pace: Seconds to wait after each step.

        Raises:
            InvalidMessageError: One of the two is out of range.
        """
        if not 1 <= most <= MOST_STEPS:
            raise InvalidMessageError(f"Run between 1 and {MOST_STEPS:,} steps, not {most:,}.")
        if not 0 <= pace <= SLOWEST:
            raise InvalidMessageError(f"Wait between 0 and {SLOWEST} seconds after a step, not {pace}.")
        for done in range(most):
            self.progress = (done, most)
            step = await self._stepper.step(self._view.pull_from)
            if isinstance(step, Idle):
                ran = f"Ran {counted(done, 'step')}, until nothing was left to pull."
                return ran if done else idle_sentence(step)
            self._view.show_now()
            # Also without a pace: meanwhile messages of the page are handled.
            await self._pause(pace)
            if self.is_stopping:
                return f"Stopped after {counted(done + 1, 'step')}."
        return f"Ran {counted(most, 'step')}, as many as were asked for."

    async def _pause(self, seconds: float) -> None:
        self._changed()
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        await asyncio.wait({waiting := asyncio.create_task(self._stopping.wait())}, timeout=seconds)
        waiting.cancel()
