"""What if: a second world beside the first on the page, both stepped together, with the first difference marked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from repid_nb.core.errors import InvalidMessageError
from repid_nb.printable import counted, cut_to_bytes, first_within, one_line
from repid_nb.stepping.fork import first_difference
from repid_nb.stepping.merged import MergedHistory
from repid_nb.stepping.record import Idle, Step
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.marks import summary_fields
from repid_nb.widgets.view import View

__all__ = ["WhatIf"]

ROWS_BYTES = 2_000
MOST_WORKERS = 4

NOTHING: dict[str, Any] = {"on": False}


class WhatIf:
    """The second world of a session, if there is one.

    Args:
        view: The view, with the first world.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._steppers: tuple[Stepper, ...] = ()
        self._history = MergedHistory(())
        self._at = 0
        self._change = ""
        self._turn = 0
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def is_on(self) -> bool:
        """Whether there is a second world."""
        return bool(self._steppers)

    def begin(self, command: Mapping[str, Any]) -> str:
        """Make the second world, in the place of an older one, and return a notice.

        Args:
            command: `at`, the step after which the worlds part, by default the one that is shown; `order`, the actors
                that are asked first; `on_error`, for all or by actor; `priority`, by message; `workers`, how many.
        """
        workers = int(command.get("workers") or 1)
        if not 1 <= workers <= MOST_WORKERS:
            raise InvalidMessageError(f"A second world has 1 to {MOST_WORKERS} workers, not {workers}.")
        if len(self._view.steppers) > 1:
            raise InvalidMessageError("A second world parts from one worker. Open a workbench with one Stepper for it.")
        at = int(command.get("at", self._view.at))
        rules: dict[str, Any] = {name: command[name] for name in ("order", "on_error", "priority") if command.get(name)}
        stepper = self._view.stepper
        fork = stepper.fork(None if at == self._view.newest and self._view.is_live else at, **rules)
        self.end()
        more = (Stepper(fork.app, max_unrouted_retries=stepper.max_unrouted_retries) for _ in range(workers - 1))
        self._steppers = (fork, *more)
        self._history = MergedHistory(self._steppers, first=at)
        self._at, self._turn = at, 0
        self._change = _in_words(rules, workers)
        return f"A second world parts after step {at}: {self._change}. Step both to see what differs."

    async def step(self) -> str:
        """Step both worlds: the first one only where its step is not in the history yet; return a notice."""
        if not self.is_on:
            raise InvalidMessageError("There is no second world yet: choose what is to be different.")
        wanted = self._at + len(self._history.steps) + 1
        here: Step | Idle | None = None
        if self._view.newest < wanted:
            here = await self._view.stepper.step(self._view.pull_from)
        there: Step | Idle | None = None
        for turn in range(len(self._steppers)):
            place = (self._turn + turn) % len(self._steppers)
            there = await self._steppers[place].step(self._view.pull_from)
            if isinstance(there, Step):
                self._turn = place + 1
                break
        self._view.show_now()
        if isinstance(here, Idle) and isinstance(there, Idle):
            return "Nothing is left to pull in either world."
        differs = self._differs()
        return "" if differs is None else f"The worlds differ from step {differs} on."

    def end(self) -> None:
        """End the second world."""
        steppers, self._steppers = self._steppers, ()
        self._history = MergedHistory(())
        for stepper in steppers:
            task = asyncio.get_running_loop().create_task(stepper.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def fields(self) -> dict[str, Any]:
        """Return both worlds side by side, as the page shows them."""
        if not self.is_on:
            return NOTHING
        here = {step.number: step for step in self._view.steps}
        there = {step.number: step for step in self._history.steps}
        numbers = range(self._at + 1, max([self._at, *there]) + 1)
        differs = self._differs()
        rows = [_row(number, here.get(number), there.get(number)) for number in reversed(numbers)]
        shown = first_within(rows, ROWS_BYTES) if rows else []
        queues = self._steppers[0].snapshot(0).channels
        return {
            "on": True,
            "at": self._at,
            "change": cut_to_bytes(self._change, 200),
            "rows": shown[::-1],
            "more": len(rows) - len(shown),
            "differs": differs,
            "waiting": sum(queue.waiting or 0 for queue in queues),
            "dead": sum(queue.dead or 0 for queue in queues),
        }

    def _differs(self) -> int | None:
        return first_difference(self._view.steps, self._history.steps)


def _row(number: int, here: Step | None, there: Step | None) -> dict[str, Any]:
    sides = [None if step is None else summary_fields(step) for step in (here, there)]
    same = here is not None and there is not None and first_difference([here], [there]) is None
    return {"number": number, "here": sides[0], "there": sides[1], "same": same}


def _in_words(rules: Mapping[str, Any], workers: int) -> str:
    changes = []
    if order := rules.get("order"):
        changes.append(f"{', '.join(map(one_line, order))} asked first")
    if on_error := rules.get("on_error"):
        by_actor = on_error.items() if isinstance(on_error, Mapping) else [("every actor", on_error)]
        changes += [f"on_error of {one_line(str(name))} is {one_line(str(word))}" for name, word in by_actor]
    if priority := rules.get("priority"):
        changes += [f"{one_line(str(name))} has priority {number}" for name, number in priority.items()]
    if workers > 1:
        changes.append(counted(workers, "worker"))
    return "; ".join(changes) or "nothing is different"
