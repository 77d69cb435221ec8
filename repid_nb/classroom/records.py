"""The records of marking: frozen, and drawn by `repid_nb.classroom.views`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar, overload

from repid_nb.core.record import Record
from repid_nb.stepping.record import Raised

__all__ = ["Exercises", "Finding", "Hint", "ListedExercise", "Marking", "StartedOver", "Trouble"]

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
    """Why an answer could not be tried to the end.

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
        trouble: Why the answer could not be tried to the end, or None.
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
