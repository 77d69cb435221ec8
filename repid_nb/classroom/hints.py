"""Giving hints, one at a time."""

from __future__ import annotations

from repid_nb.classroom.answers import called_as, not_for_answers
from repid_nb.classroom.catalogue import find
from repid_nb.classroom.records import Hint

__all__ = ["hint"]

_given: dict[str, int] = {}


@not_for_answers
@called_as('hint("routing-1")')
def hint(name: str, *, first: bool = False) -> Hint:
    """Give the next hint for an exercise; after the last, say that there are no more.

    Args:
        name: The exercise, such as `"routing-1"`.
        first: Whether to begin again with the first.

    Raises:
        UnknownNameError: There is no such exercise.
    """
    hints = find(name).hints
    number = 1 if first else min(_given.get(name, 0), len(hints)) + 1
    _given[name] = number
    text = hints[number - 1] if number <= len(hints) else ""
    return Hint(exercise=name, number=number, of=len(hints), text=text)
