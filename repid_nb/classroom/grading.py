"""Marking in a graded cell, for points, whatever the learner has called `check`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from repid_nb.classroom.answers import called_as
from repid_nb.classroom.catalogue import find, what_is_asked
from repid_nb.classroom.exercise import Case
from repid_nb.classroom.marking import mark

__all__ = ["grade"]

# Bound when the package is imported: a learner's code may bind the name again later.
_NotPassed = AssertionError


@called_as('grade("routing-1", answer)', about=what_is_asked)
def grade(name: str, answer: Any, *, also: Iterable[Case] = ()) -> None:
    """Mark an answer as `check` does, and raise where a requirement does not hold.

    A graded cell imports it itself, under a name that no learner takes. It runs in the learner's own process, so it
    cannot promise anything about an answer that sets out to deceive it.

    Args:
        name: The exercise, such as `"routing-1"`.
        answer: The object that the exercise asks for.
        also: Further cases, which the learner does not know.

    Raises:
        AssertionError: A requirement does not hold; the text is the marking.
        UnknownNameError: There is no such exercise.
        DeclarationError: The answer is missing, or an item of `also` is not a Case, or a Case without requirements.
    """
    marking = mark(find(name), answer, also)
    # Not by its truth, which is the easiest to forge.
    if marking.finding is not None or marking.trouble is not None:
        raise _NotPassed(marking)
