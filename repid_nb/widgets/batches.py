"""Sending or stepping many times in a row: the page shows the progress and can stop it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from repid_nb.core.errors import InvalidMessageError
from repid_nb.display import words
from repid_nb.display.sentences import idle_sentence
from repid_nb.printable import counted
from repid_nb.stepping.record import Idle, Step
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.form import Form
from repid_nb.widgets.view import View

__all__ = ["BatchRunner"]

MOST_STEPS = 10_000
SLOWEST = 60.0
MESSAGES_BETWEEN_YIELDS = 50
# How much longer than the pace a run waits for a page that says when its motion has ended.
LONGEST_MOTION = 4.0


class BatchRunner:
    """Sends a message, or steps, many times: until that is done or stopped.

    Args:
        view: The view; it shows the newest state after each step.
        changed: Called whenever there is something new to show.

    Attributes:
        progress: How many are done, and of how many; None when no batch is under way.
    """

    def __init__(self, view: View, changed: Callable[..., None]) -> None:
        self.progress: tuple[int, int] | None = None
        self._view = view
        self._changed = changed
        self._stopping = False
        self._pace = 0.0
        self._page_answers = False
        self._seen = 0
        self._news = asyncio.Event()

    @property
    def is_stopping(self) -> bool:
        """Whether the run ends after its present step."""
        return self._stopping

    @property
    def has_pace(self) -> bool:
        """Whether the run waits after each step."""
        return self._pace > 0

    def stop(self) -> None:
        """Let the run end after its present step."""
        self._stopping = True
        self._news.set()

    def reset(self) -> None:
        """Forget the progress, after the end of a batch."""
        self.progress = None
        self._stopping = False

    def set_pace(self, pace: float) -> None:
        """Wait so many seconds after each step from now on, also in a run that is under way.

        Raises:
            InvalidMessageError: It is out of range.
        """
        if not 0 <= pace <= SLOWEST:
            raise InvalidMessageError(f"Wait between 0 and {SLOWEST:g} seconds after a step, not {pace}.")
        self._pace = pace
        self._news.set()

    def seen(self, step: int) -> None:
        """Note that the page has shown a step to its end: a run with a pace goes on."""
        self._page_answers = True
        self._seen = step
        self._news.set()

    async def send(self, stepper: Stepper, form: Form) -> str:
        """Send a message as often as the form says, and return a notice about it."""
        sent = None
        for number in range(1, form.count + 1):
            sent = await stepper.send(form.channel, form.payload, **form.options)
            self.progress = (number, form.count)
            if number % MESSAGES_BETWEEN_YIELDS == 0:
                await asyncio.sleep(0)
        self._view.show_now()
        if sent is None:
            return "Nothing was put on the queue: producer middleware kept it back."
        if form.count == 1:
            what = words.message_name(sent.message) if sent.message.id else "a message"
            waiting = "" if sent.waiting is None else f": {counted(sent.waiting, 'message')} waiting there"
        else:
            what = counted(form.count, "message")
            waiting = "" if sent.waiting is None else f": {sent.waiting:,} waiting"
        return f"Sent {what} to {form.channel}{waiting}."

    async def run(self, step_once: Callable[[], Awaitable[Step | Idle]], most: int, pace: float) -> str:
        """Step until nothing is left to pull, and return a notice about it.

        Args:
            step_once: Takes one step.
            most: The largest number of steps.
            pace: Seconds to wait after each step.

        Raises:
            InvalidMessageError: One of the two is out of range.
        """
        if not 1 <= most <= MOST_STEPS:
            raise InvalidMessageError(f"Run between 1 and {MOST_STEPS:,} steps, not {most:,}.")
        self.set_pace(pace)
        for done in range(most):
            self.progress = (done, most)
            step = await step_once()
            if isinstance(step, Idle):
                ran = f"Ran {counted(done, 'step')}, until nothing was left to pull."
                return ran if done else idle_sentence(step)
            self._view.show_now()
            # Also without a pace: meanwhile messages of the page are handled.
            await self._pause()
            if self.is_stopping:
                return f"Stopped after {counted(done + 1, 'step')}."
        return f"Ran {counted(most, 'step')}, as many as were asked for."

    async def _pause(self) -> None:
        """Wait for the pace, and for a page that says so until it has shown the step."""
        self._changed()
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        began, newest = loop.time(), self._view.newest
        while not self._stopping and self._pace > 0 and not (self._page_answers and self._seen >= newest):
            wait = self._pace + (LONGEST_MOTION if self._page_answers else 0)
            left = began + wait - loop.time()
            if left <= 0:
                return
            self._news.clear()
            waiting = asyncio.create_task(self._news.wait())
            await asyncio.wait({waiting}, timeout=left)
            waiting.cancel()
