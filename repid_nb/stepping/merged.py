"""One history for several workers on the same queues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from repid_nb.core.errors import UnknownNameError
from repid_nb.stepping.record import Rewound, Step
from repid_nb.stepping.stepper import Stepper

__all__ = ["MergedHistory"]


class MergedHistory:
    """The steps of one Stepper as they are, or those of several in their order, numbered through.

    Args:
        steppers: The Steppers; with more than one, each step says by its `worker` whose it is.
        first: The number of the moment before the first step of several.
    """

    def __init__(self, steppers: Sequence[Stepper], first: int = 0) -> None:
        self._steppers = steppers
        self._first = first
        self._numbered: dict[int, Step] = {}

    @property
    def steps(self) -> Sequence[Step]:
        """The steps, the oldest first."""
        if len(self._steppers) == 1:
            return self._steppers[0].history.steps
        former, self._numbered = self._numbered, {}
        for number, (moment, stepper, step) in enumerate(self._in_order(), start=self._before + 1):
            known = former.get(moment)
            if known is None or known.number != number:
                known = replace(step, number=number, worker=self.name_of(stepper))
            self._numbered[moment] = known
        return tuple(self._numbered.values())

    @property
    def first_stepper(self) -> Stepper:
        """The Stepper that took the first step; where there is no step, the first one."""
        return next((stepper for _, stepper, _ in self._in_order()), self._steppers[0])

    def numbered(self, step: Step) -> Step:
        """Return a step under way with the number that it will have."""
        if len(self._steppers) == 1:
            return step
        return replace(step, number=self._before + len(self._in_order()) + 1)

    def rewind(self, to: int) -> Rewound:
        """Put the queues back as they were right after a step, by its number here.

        Raises:
            UnknownNameError: There is no way back to that step; the message says how far there is one.
        """
        if len(self._steppers) == 1:
            return self._steppers[0].rewind(to)
        steps, place = self._in_order(), to - self._before - 1
        if not -1 <= place < len(steps):
            low, high = self._before, self._before + len(steps)
            raise UnknownNameError(f"There is no way back to step {to!r}: give a number from {low} to {high}.")
        if place >= 0:
            _, stepper, step = steps[place]
            stepper.rewind(step.number)
        elif steps:
            _, stepper, step = steps[0]
            stepper.rewind(step.number - 1)
        undone = tuple(range(to + 1, self._before + len(steps) + 1))
        return Rewound(to=to, undone=undone, queues=self._steppers[0].snapshot())

    def name_of(self, stepper: Stepper) -> str:
        """Return the name of a worker: its own, or `worker A`; empty where there is only one and it has none."""
        if stepper.name or len(self._steppers) == 1:
            return stepper.name
        return f"worker {chr(ord('A') + self._steppers.index(stepper))}"

    @property
    def dropped_done(self) -> int:
        """How many messages were done in steps that are not kept any more."""
        return sum(stepper.history.dropped_done for stepper in self._steppers)

    @property
    def _before(self) -> int:
        return self._first + sum(stepper.history.dropped for stepper in self._steppers)

    def _in_order(self) -> list[tuple[int, Stepper, Step]]:
        kept = [(moment, stepper, step) for stepper in self._steppers for moment, step in stepper.moments]
        return sorted(kept, key=lambda one: one[0])
