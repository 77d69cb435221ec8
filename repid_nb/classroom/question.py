"""Questions of the course: their data, and finding them by chapter and number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NamedTuple

from repid_nb.classroom.answers import described
from repid_nb.classroom.data_modules import DataModules
from repid_nb.core.errors import UnknownNameError
from repid_nb.core.naming import nearest_name

__all__ = ["ChapterQuestions", "Question", "chapters", "find_question", "questions_of"]

_modules = DataModules("questions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with one right choice.

    Its texts are plain; what stands between backticks is set as code.

    Attributes:
        asks: The question.
        right: The right choice.
        wrong: The other choices, one to four.
        why: Why the right one is right, in one or two sentences that hold whatever was chosen.
        at_once: Whether a click is answered at once; otherwise the next cell that runs answers it.
    """

    asks: str
    right: str
    wrong: tuple[str, ...]
    why: str
    at_once: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        """All choices in the order in which they are shown: numbers by size, others shuffled, each time the same."""
        every = [self.right, *self.wrong]
        if all(one.isdecimal() for one in every):
            return tuple(sorted(every, key=int))
        random.Random(self.asks).shuffle(every)  # noqa: S311  (no secret)
        return tuple(every)


class ChapterQuestions(NamedTuple):
    """The questions of a chapter.

    Attributes:
        guesses: Those that stand before the cells that answer them; `guess("priority-1")` is the first of `priority`.
        at_the_end: Those that close the chapter.
    """

    guesses: tuple[Question, ...]
    at_the_end: tuple[Question, ...]


def questions_of(chapter: str) -> ChapterQuestions:
    """Return the questions of a chapter.

    Args:
        chapter: The name of its notebook without the number, such as `"priority"`.

    Raises:
        UnknownNameError: There is no such chapter; the message gives the nearest one.
    """
    if not isinstance(chapter, str):
        raise UnknownNameError(f'Name the chapter in quotation marks: questions("priority"), not {described(chapter)}.')
    if chapter not in chapters():
        raise UnknownNameError(f"There are no questions {chapter!r}.{nearest_name(chapter, chapters())}")
    module = _modules.load(chapter)
    return ChapterQuestions(module.GUESSES, module.AT_THE_END)


def find_question(key: str) -> Question:
    """Return a guess of a chapter.

    Args:
        key: The chapter and the number, such as `"priority-1"`.

    Raises:
        UnknownNameError: There is no such question; the message gives the nearest one.
    """
    chapter, _, number = key.rpartition("-")
    if chapter in chapters() and number.isdecimal():
        guesses = questions_of(chapter).guesses
        if 1 <= int(number) <= len(guesses):
            return guesses[int(number) - 1]
    known = [f"{one}-{place}" for one in chapters() for place, _ in enumerate(questions_of(one).guesses, start=1)]
    raise UnknownNameError(f"There is no question {key!r}.{nearest_name(key, known)}")


def chapters() -> tuple[str, ...]:
    """Return the names of the chapters that have questions."""
    return _modules.names
