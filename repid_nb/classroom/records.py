"""The records of marking: frozen, and drawn by `repid_nb.classroom.views`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar, overload

from repid_nb.core.record import Record
from repid_nb.stepping.record import Raised

__all__ = [
    "Course",
    "Exercises",
    "Finding",
    "Hint",
    "ListedChapter",
    "ListedExercise",
    "Marking",
    "Score",
    "StartedOver",
    "Trouble",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Finding(Record):
    """A message that breaks an answer.

    Attributes:
        happened: What became of it, in one sentence.
        wanted: What should have become of it, in one sentence, without saying how.
        shown: The Step in which it happened; another record where there was no step; None for nothing to show.
        before: The queue before that Step, where the order of its messages is what is wrong; otherwise None.
    """

    happened: str
    wanted: str
    shown: Record | None = None
    before: Record | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Trouble(Record):
    """Why the check of an answer stopped early.

    Attributes:
        sentence: The problem and the fix.
        where: The exception with the learner's lines, or the lines where time was up; None where no line is to blame.
        shown: The message that was being tried; None where there were several.
    """

    sentence: str
    where: Raised | None = None
    shown: Record | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedExercise:
    """One exercise in the list of all.

    Attributes:
        name: The name for `check` and `hint`.
        level: 1 for the easiest to 3.
        title: The subject, in a few words.
        asks: What to pass to `check`, in one sentence.
        chapter: The chapter of the course after which it can be solved.
        link: Its notebook, as a link from the notebook that runs; empty where it is not there.
        is_solved: Whether it was solved in this working copy of the course.
    """

    name: str
    level: int
    title: str
    asks: str
    chapter: int = 0
    link: str = ""
    is_solved: bool = False


_sealed: set[type] = set()


class _Sealable(type):
    def __setattr__(cls, name: str, value: object) -> None:
        if cls in _sealed:
            raise AttributeError(f"{cls.__name__} cannot be changed")
        super().__setattr__(name, value)


def _seal(cls: type[T]) -> type[T]:
    """Make a class unchangeable, so that an answer cannot change its marking."""
    _sealed.add(cls)
    return cls


@_seal
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Marking(Record, metaclass=_Sealable):
    """The result of a check. It counts as true when all requirements hold.

    Attributes:
        exercise: The name of the exercise.
        title: Its title.
        tried: How many messages were tried.
        finding: The smallest message that breaks the answer, or None.
        trouble: Why the check stopped early, or None.
        printed: The output of the learner's code, at most 200,000 characters.
        warned: The warnings of Python, each once; of many the first, and how many more there were.
        next: The exercise to go on with after this one was solved; None after the last.
    """

    exercise: str
    title: str
    tried: int = 0
    finding: Finding | None = None
    trouble: Trouble | None = None
    printed: str = ""
    warned: tuple[str, ...] = ()
    next: ListedExercise | None = None

    def __bool__(self) -> bool:
        return self.finding is None and self.trouble is None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hint(Record):
    """One hint.

    Attributes:
        exercise: The name of the exercise.
        number: The number of the hint, from 1; one more than there are when no more are left.
        of: How many hints there are.
        text: The hint; empty when no more are left.
    """

    exercise: str
    number: int
    of: int
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Exercises(Record, Sequence[ListedExercise]):
    """All exercises, in the order of the course."""

    exercises: tuple[ListedExercise, ...]

    @overload
    def __getitem__(self, index: int) -> ListedExercise: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[ListedExercise, ...]: ...

    def __getitem__(self, index: int | slice) -> ListedExercise | tuple[ListedExercise, ...]:
        return self.exercises[index]

    def __len__(self) -> int:
        return len(self.exercises)

    def __iter__(self) -> Iterator[ListedExercise]:
        return iter(self.exercises)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StartedOver(Record):
    """A notebook that begins anew.

    Attributes:
        notebook: The file with the fresh copy.
        kept: The file beside it with what was there; empty where that was a fresh copy already.
    """

    notebook: str
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """How many of the answers that were given are right.

    Attributes:
        right: The right ones.
        of: All of them.
    """

    right: int
    of: int


# How many questions close a chapter.
CLOSING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedChapter:
    """A chapter on the map.

    Attributes:
        number: Its place in the course; 0 for the start page.
        name: The name of its notebook without the number.
        title: Its heading.
        minutes: How long it takes.
        link: Its notebook, as a link from the notebook that runs; empty where it is not there.
        guesses: The guesses that were made in it.
        questions: The closing questions that were answered.
        exercises: The exercises that come after it.
    """

    number: int
    name: str
    title: str
    minutes: int
    link: str = ""
    guesses: Score = Score(0, 0)
    questions: Score = Score(0, 0)
    exercises: tuple[ListedExercise, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether its closing questions were answered."""
        return self.questions.of >= CLOSING

    @property
    def is_begun(self) -> bool:
        """Whether something in it was answered."""
        return self.guesses.of + self.questions.of > 0


@dataclass(frozen=True, slots=True, repr=False)
class Course(Record, Sequence[ListedChapter]):
    """The map of the course: its chapters in order."""

    chapters: tuple[ListedChapter, ...]

    @overload
    def __getitem__(self, index: int) -> ListedChapter: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[ListedChapter, ...]: ...

    def __getitem__(self, index: int | slice) -> ListedChapter | tuple[ListedChapter, ...]:
        return self.chapters[index]

    def __len__(self) -> int:
        return len(self.chapters)

    def __iter__(self) -> Iterator[ListedChapter]:
        return iter(self.chapters)
