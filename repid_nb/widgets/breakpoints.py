"""Pausing a step between its phases (the button Step into)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar

from repid_nb.stepping.record import Step
from repid_nb.stepping.recorder import Phase
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.view import View

__all__ = ["Breakpoints"]

SHOWN_AT_WORK_AFTER = 0.15

# Set by Step into, and so in every task that its step starts; other steps do not pause.
_pausing: ContextVar[object] = ContextVar("repid_nb_pausing", default=None)
# Set where a message is delivered, and so in every task that its actor starts.
_task_owner: ContextVar[object] = ContextVar("repid_nb_breakpoints_owner", default=None)


class Breakpoints:
    """Pauses the steps of a Stepper at each phase, and tells the view how far a step has come.

    Args:
        stepper: The Stepper, whose gate is set.
        view: The view, which shows the step under way.
        changed: Called whenever there is something new to show, with the seconds that the update may wait.
        on_step: Called with each step that is complete.
    """

    def __init__(
        self,
        stepper: Stepper,
        view: View,
        changed: Callable[..., None],
        on_step: Callable[[Step], None],
    ) -> None:
        self._stepper = stepper
        self._view = view
        self._changed = changed
        self._on_step = on_step
        self._token: object | None = None
        self._owner = object()
        self._paused: asyncio.Future[None] | None = None
        stepper.gate = self._on_phase

    @property
    def is_paused(self) -> bool:
        """Whether a step is paused now."""
        return self._paused is not None and not self._paused.done()

    @property
    def owns_current_task(self) -> bool:
        """Whether the caller is an actor that this Stepper runs, or was started by one."""
        return _task_owner.get() is self._owner

    def pause_at_each_phase(self) -> None:
        """Pause the step that begins in the present context at each phase."""
        self._token = object()
        _pausing.set(self._token)

    def run_through(self) -> None:
        """Pause no step any more; one that is paused stays so until `resume`."""
        self._token = None

    def resume(self) -> None:
        """Let the paused step go on to its next phase."""
        if self._paused is not None and not self._paused.done():
            self._paused.set_result(None)

    def reset(self) -> None:
        """Reset after a step, however it ended."""
        self.run_through()
        self._view.set_under_way(None, None)

    def close(self) -> None:
        """Take the gate off the Stepper."""
        if self._stepper.gate == self._on_phase:
            self._stepper.gate = None

    async def _on_phase(self, phase: Phase, so_far: Callable[[], Step]) -> None:
        if phase == "settled":
            self._view.set_under_way(None, None)
            self._on_step(so_far())
            self._changed()
            return
        if phase == "pulled":
            _task_owner.set(self._owner)
        self._view.set_under_way(phase, so_far)
        if self._token is None or _pausing.get() is not self._token:
            # Only an actor that takes long is shown at work: for a quick one no update is sent.
            self._changed(SHOWN_AT_WORK_AFTER)
            return
        self._paused = asyncio.get_running_loop().create_future()
        self._changed()
        try:
            await self._paused
        finally:
            self._paused = None
