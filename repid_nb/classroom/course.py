"""The chapters of the course in their order, and how far the learner has come."""

from __future__ import annotations

from typing import NamedTuple

from repid_nb.classroom.answers import called_as
from repid_nb.classroom.catalogue import exercises
from repid_nb.classroom.progress import CLOSING, chapter_link, progress
from repid_nb.classroom.records import Course, ListedChapter, ListedExercise, Score

__all__ = ["CHAPTERS", "course"]


class Chapter(NamedTuple):
    """A chapter; its place in the course is its number.

    Attributes:
        name: The name of its notebook without the number.
        title: Its heading, without the number.
        minutes: How long it takes.
    """

    name: str
    title: str
    minutes: int


CHAPTERS = (
    Chapter("start", "Start here", 10),
    Chapter("messages", "Messages", 10),
    Chapter("routing", "Routing", 12),
    Chapter("workbench", "The workbench", 10),
    Chapter("first_match", "First match wins", 12),
    Chapter("priority", "Priority", 10),
    Chapter("dead_letters", "Poison messages and dead letters", 10),
    Chapter("confirmation", "Confirmation and errors", 10),
    Chapter("arguments", "Parsing, headers and dependencies", 10),
    Chapter("middleware", "Middleware", 10),
    Chapter("asyncapi", "Describing the system", 12),
    Chapter("testing", "Testing actors", 10),
    Chapter("production", "From here to production", 12),
    Chapter("queue_length", "How long is the queue?", 12),
    Chapter("limits", "Limits and backpressure", 12),
)


@called_as("course()")
def course() -> Course:
    """Return the map of the course: each chapter with its link, its exercises, and what was answered and solved."""
    answers = progress().answers
    listed = exercises()
    return Course(
        tuple(
            _listed(
                number, chapter, answers.get(chapter.name, {}), tuple(one for one in listed if one.chapter == number)
            )
            for number, chapter in enumerate(CHAPTERS)
        )
    )


def _listed(
    number: int, chapter: Chapter, answers: dict[str, bool], practice: tuple[ListedExercise, ...]
) -> ListedChapter:
    closing = [is_right for name, is_right in answers.items() if name.startswith(CLOSING)]
    guesses = [is_right for name, is_right in answers.items() if not name.startswith(CLOSING)]
    return ListedChapter(
        number=number,
        name=chapter.name,
        title=chapter.title,
        minutes=chapter.minutes,
        link=chapter_link(number, chapter.name),
        guesses=Score(sum(guesses), len(guesses)),
        questions=Score(sum(closing), len(closing)),
        exercises=practice,
    )
