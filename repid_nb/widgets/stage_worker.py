"""One worker on the stage: a Stepper, what pauses its steps, and the command that it is busy with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.breakpoints import Breakpoints

__all__ = ["StageWorker"]


@dataclass(slots=True, eq=False)
class StageWorker:
    """A Stepper as the page drives it.

    Attributes:
        busy: The command that is under way; None when it is free.
        task: The task of the last command.
        crashes: Whether the worker crashes as soon as its task has ended.
        held: The message in work then.
    """

    stepper: Stepper
    breakpoints: Breakpoints
    busy: str | None = None
    task: asyncio.Task[None] | None = None
    crashes: bool = False
    held: MessageSnapshot | None = None

    def ended(self) -> None:
        """Note that the task has ended."""
        self.busy = None
        self.crashes, self.held = False, None
        self.breakpoints.reset()

    def close(self) -> asyncio.Task[None] | None:
        """Let the Stepper go; return the task that is ending, if one was under way."""
        self.breakpoints.close()
        if self.task is None or self.task.done():
            # No button could let the step of a cell go on any more.
            self.breakpoints.resume()
            return None
        self.task.cancel()
        return self.task
