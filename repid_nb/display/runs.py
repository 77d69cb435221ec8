"""Many steps in few rows: pulls of one message that follow each other are one row.

Messages that no actor wants take turns at the tail, so each of them has one row for all its turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from repid_nb.core.message import MessageAction
from repid_nb.display import words
from repid_nb.printable import counted
from repid_nb.stepping.record import Step

__all__ = ["RunRow", "run_rows", "window"]

ROWS = 10


@dataclass(frozen=True, slots=True)
class RunRow:
    """Steps of one message that no step of a message with an actor parts."""

    steps: tuple[Step, ...]

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def numbers(self) -> str:
        """The numbers of the steps: `7`, or `2 to 10`."""
        first, last = self.steps[0].number, self.last.number
        return str(last) if first == last else f"{first} to {last}"

    @property
    def endings(self) -> list[tuple[MessageAction | None, str]]:
        """How the steps ended, in order: `↩ rejected 8 times`, then `✗ nacked`."""
        found = []
        for action, same in groupby(step.settlement.action for step in self.steps):
            times = len(list(same))
            found.append((action, words.SETTLEMENTS[action][0] + (f" {counted(times, 'time')}" if times > 1 else "")))
        return found


def run_rows(steps: Iterable[Step]) -> list[RunRow]:
    """Return the rows of a run, in the order in which they begin."""
    found = []
    for winner, stretch in groupby(steps, key=lambda step: step.winner):
        if winner is not None:
            found += [RunRow(tuple(same)) for _, same in groupby(stretch, key=_message)]
            continue
        turns: dict[tuple[str, str | None], list[Step]] = {}
        for step in stretch:
            turns.setdefault(_message(step), []).append(step)
        found += [RunRow(tuple(same)) for same in turns.values()]
    return found


def _message(step: Step) -> tuple[str, str | None]:
    return step.channel, step.message.id


def window(steps: Sequence[Step]) -> tuple[list[RunRow], str, list[RunRow]]:
    """Return the first rows of a run, how many steps are left out after them, and the last rows."""
    found = run_rows(steps)
    hidden = found[ROWS:-ROWS] if len(found) > 2 * ROWS else []
    if not hidden:
        return found, "", []
    return found[:ROWS], counted(sum(len(one.steps) for one in hidden), "step"), found[-ROWS:]
