"""The history as the page shows it: a mark for each step around the one that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from repid_nb.core.message import MessageAction
from repid_nb.display import words
from repid_nb.display.sentences import who_by_name
from repid_nb.printable import cut_to_bytes
from repid_nb.stepping.record import Step
from repid_nb.widgets.room import ROOMY, Room, size_of

__all__ = ["ENDS", "TONES", "history_fields", "summary_fields"]

Fields = dict[str, Any]

MOST = 80
"""Marks that are sent at most, where their names are short."""

ENDS = {
    MessageAction.acked: "a",
    MessageAction.nacked: "n",
    MessageAction.replied: "p",
    MessageAction.rejected: "r",
    None: "o",
}
"""How a step ended, in a letter."""

TONES = {
    MessageAction.acked: "good",
    MessageAction.replied: "good",
    MessageAction.rejected: "back",
    MessageAction.nacked: "bad",
    None: "back",
}


def history_fields(steps: Sequence[Step], at: int, *, first: int, newest: int, room: Room = ROOMY) -> Fields:
    """Return the number of the step that the page shows, and the marks of the steps around it.

    Args:
        steps: The steps that are kept.
        at: The number of the step that is shown; 0 for the moment before the first.
        first: The number of the earliest moment that can be shown.
        newest: The number of the newest step.
        room: What the marks may take.
    """
    place = next((place for place, step in enumerate(steps) if step.number >= at), len(steps))
    start = max(0, min(place - MOST // 2, len(steps) - MOST))
    shown = steps[start : start + MOST]
    return {"at": at, "first": first, "newest": newest, "marks": _marks_around(shown, place - start, room.history)}


def _marks_around(steps: Sequence[Step], place: int, limit: int) -> Fields:
    """Return the marks around a place, as many as go into `limit` bytes."""
    marks = _marks(steps)
    while len(steps) > 1 and size_of(marks) > limit:
        fewer = max(1, len(steps) // 10)
        if place > len(steps) // 2:
            steps, place = steps[fewer:], place - fewer
        else:
            steps = steps[:-fewer]
        marks = _marks(steps)
    return marks


def _marks(steps: Sequence[Step]) -> Fields:
    """Return steps in columns: a mark needs a dozen bytes."""
    winners: dict[str, int] = {}
    return {
        "numbers": _ranges([step.number for step in steps]),
        "names": [words.message_name(step.message) for step in steps],
        "ends": "".join(ENDS[step.settlement.action] for step in steps),
        "who": [winners.setdefault(_winner(step), len(winners)) for step in steps],
        "winners": [*winners],
    }


def _ranges(numbers: Sequence[int]) -> list[list[int]]:
    """Return numbers as the first and the last of each run without a gap."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def _winner(step: Step) -> str:
    return cut_to_bytes(who_by_name(step.winner), 12)


def summary_fields(step: Step) -> Fields:
    """Return a step in a line: its message, who got it, what became of it."""
    return {
        "number": step.number,
        "message": words.message_name(step.message),
        "winner": _winner(step),
        "settled": words.SETTLEMENTS[step.settlement.action][0],
        "tone": TONES[step.settlement.action],
    }
