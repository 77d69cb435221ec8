"""Holding a message between the phases of a step, for who wants to look at it there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar

from repid_nb.stepping.record import Step
from repid_nb.stepping.recorder import Phase
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.view import Scene

__all__ = ["Holding"]

SEEN_AT_WORK = 0.15

# Set by who steps into a message, and so in every task that this step starts; other steps go their whole way.
_stopping: ContextVar[object] = ContextVar("repid_nb_stopping", default=None)
# Set where a message is delivered, and so in all that its actor starts.
_delivering: ContextVar[object] = ContextVar("repid_nb_delivering", default=None)


class Holding:
    """Stands at the gate of a Stepper, whoever steps it.

    Args:
        stepper: The Stepper.
        scene: What the page looks at; it is told how far a step has come.
        changed: Called whenever there is something new to show; with the seconds that it may wait.
        settled: Called with each step that is complete.
    """

    def __init__(
        self,
        stepper: Stepper,
        scene: Scene,
        changed: Callable[..., None],
        settled: Callable[[Step], None],
    ) -> None:
        self._stepper = stepper
        self._scene = scene
        self._changed = changed
        self._settled = settled
        self._stopping: object | None = None
        self._delivering = object()
        self._held: asyncio.Future[None] | None = None
        stepper.gate = self._at_gate

    @property
    def is_holding(self) -> bool:
        """Whether a message is held now."""
        return self._held is not None and not self._held.done()

    @property
    def is_delivering_here(self) -> bool:
        """Whether who asks is an actor that this Stepper runs, or was started by one."""
        return _delivering.get() is self._delivering

    def stop_at_each_phase(self) -> None:
        """Hold the message of the step that begins in the present context at each phase."""
        self._stopping = object()
        _stopping.set(self._stopping)

    def stop_no_more(self) -> None:
        """Let steps go their whole way again."""
        self._stopping = None

    def let_go(self) -> None:
        """Let the held message go on to its next phase."""
        if self._held is not None and not self._held.done():
            self._held.set_result(None)

    def over(self) -> None:
        """Take in that the step has ended, however it did."""
        self.stop_no_more()
        self._scene.hold(None, None)

    def close(self) -> None:
        """Leave the gate."""
        if self._stepper.gate == self._at_gate:
            self._stepper.gate = None

    async def _at_gate(self, phase: Phase, so_far: Callable[[], Step]) -> None:
        if phase == "settled":
            self._scene.hold(None, None)
            self._settled(so_far())
            self._changed()
            return
        if phase == "pulled":
            _delivering.set(self._delivering)
        self._scene.hold(phase, so_far)
        if self._stopping is None or _stopping.get() is not self._stopping:
            # An actor that takes its time is seen at work; a quick one is not worth an update.
            self._changed(SEEN_AT_WORK)
            return
        self._held = asyncio.get_running_loop().create_future()
        self._changed()
        try:
            await self._held
        finally:
            self._held = None
