"""Pausing a step between its phases: at each of them (the button Step into), or where a breakpoint says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from repid_nb.printable import cut_to_bytes
from repid_nb.stepping.record import Step
from repid_nb.stepping.recorder import Phase
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.view import View

__all__ = ["AT_ONCE", "SHOWN_AT_WORK_AFTER", "Breakpoints", "Breaks"]

# Seconds that what a step does may wait for the step itself.
SHOWN_AT_WORK_AFTER = 0.15
# How long an update may wait that has to be on the page before anything else runs.
AT_ONCE = -1.0
MOST_ACTORS = 20

# Set by Step into, and so in every task that its step starts; other steps do not pause.
_pausing: ContextVar[object] = ContextVar("repid_nb_pausing", default=None)
# Set where a message is delivered, and so in every task that its actor starts.
_task_owner: ContextVar[object] = ContextVar("repid_nb_breakpoints_owner", default=None)


@dataclass(slots=True)
class Breaks:
    """Where each step stops, whether the page or a cell takes it.

    Attributes:
        before_reveal: Before the actors are asked: the moment to guess.
        nobody: Where no actor takes the message.
        failed: Where a strategy raised.
        actors: Where one of these actors gets the message.
    """

    before_reveal: bool = False
    nobody: bool = False
    failed: bool = False
    actors: tuple[str, ...] = ()

    def set(self, wanted: dict[str, Any]) -> None:
        """Set those that are given."""
        self.before_reveal = bool(wanted.get("before_reveal", self.before_reveal))
        self.nobody = bool(wanted.get("nobody", self.nobody))
        self.failed = bool(wanted.get("failed", self.failed))
        names = wanted.get("actors", self.actors)
        if isinstance(names, Iterable) and not isinstance(names, str):
            self.actors = tuple(str(name) for name in list(names)[:MOST_ACTORS])

    def fields(self) -> dict[str, Any]:
        """Return them as plain fields."""
        return {
            "before_reveal": self.before_reveal,
            "nobody": self.nobody,
            "failed": self.failed,
            "actors": [cut_to_bytes(name, 60) for name in self.actors],
        }

    def reason(self, phase: Phase, so_far: Callable[[], Step]) -> str:
        """Return why a step stops at a phase, as a sentence; empty where it goes on."""
        if phase == "pulled":
            return "Stopped before the actors are asked: who gets it?" if self.before_reveal else ""
        if phase != "decided" or not (self.nobody or self.failed or self.actors):
            return ""
        step = so_far()
        if step.winner is not None:
            return f"Stopped: {step.winner} gets it." if step.winner in self.actors else ""
        if any(one.outcome == "error" and one.asked for one in step.verdicts):
            return "Stopped: a strategy failed." if self.failed else ""
        return "Stopped: nobody takes it." if self.nobody else ""


class Breakpoints:
    """Pauses the steps of a Stepper, and tells the view how far a step has come.

    Args:
        stepper: The Stepper, whose gate is set.
        view: The view, which shows the step under way.
        breaks: Where each step stops.
        changed: Called whenever there is something new to show, with the seconds that the update may wait.
        on_step: Called with each step that is complete.

    Attributes:
        shows_running: Whether the page has to show that an actor runs before it begins.
        reason: Why the step has paused, as a sentence; empty where it pauses at each phase.
    """

    def __init__(
        self,
        stepper: Stepper,
        view: View,
        breaks: Breaks,
        changed: Callable[..., None],
        on_step: Callable[[Step], None],
    ) -> None:
        self.shows_running = False
        self.reason = ""
        self._stepper = stepper
        self._view = view
        self._breaks = breaks
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
        """Reset after a command of the page, however it ended; the step of a cell that is under way stays."""
        self.run_through()
        self.shows_running = False
        if not self._stepper.is_stepping:
            self._view.set_under_way(self._stepper, None, None)

    def close(self) -> None:
        """Take the gate off the Stepper."""
        if self._stepper.gate == self._on_phase:
            self._stepper.gate = None

    async def _on_phase(self, phase: Phase, so_far: Callable[[], Step]) -> None:
        if phase == "settled":
            self._view.set_under_way(self._stepper, None, None)
            self._on_step(so_far())
            self._changed()
            return
        if phase == "pulled":
            _task_owner.set(self._owner)
        self._view.set_under_way(self._stepper, phase, so_far)
        is_into = self._token is not None and _pausing.get() is self._token
        self.reason = "" if is_into else self._breaks.reason(phase, so_far)
        if is_into or self.reason:
            await self._pause()
        elif phase != "about to run":
            # Only an actor that takes long is shown at work: for a quick one no update is sent.
            self._changed(SHOWN_AT_WORK_AFTER)
        if phase == "about to run":
            self._view.set_under_way(self._stepper, "running", so_far)
            # An actor that blocks lets no later update out.
            self._changed(AT_ONCE if self.shows_running else SHOWN_AT_WORK_AFTER)

    async def _pause(self) -> None:
        self._paused = asyncio.get_running_loop().create_future()
        self._changed()
        try:
            await self._paused
        finally:
            self._paused = None
            self.reason = ""
