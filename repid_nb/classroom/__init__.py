"""Exercises that mark themselves: they run messages through the learner's answer, and read the Steps."""

from repid_nb.classroom import course_views as _course_views  # noqa: F401  (registers the view of the map)
from repid_nb.classroom import grading as _grading  # noqa: F401  (loaded before a learner's code runs)
from repid_nb.classroom import views as _views  # noqa: F401  (registers the views of the records)
from repid_nb.classroom.catalogue import exercises
from repid_nb.classroom.course import course
from repid_nb.classroom.exercise import Case, Send
from repid_nb.classroom.guessing import guess, questions
from repid_nb.classroom.hints import hint
from repid_nb.classroom.marking import check
from repid_nb.classroom.wants import (
    DeadLetters,
    NobodyWins,
    PulledInOrder,
    Raises,
    Returns,
    Settles,
    Wins,
)
from repid_nb.classroom.working_copies import start_over

__all__ = [
    "Case",
    "DeadLetters",
    "NobodyWins",
    "PulledInOrder",
    "Raises",
    "Returns",
    "Send",
    "Settles",
    "Wins",
    "check",
    "course",
    "exercises",
    "guess",
    "hint",
    "questions",
    "start_over",
]
