"""Finding exercises: each is a module of `repid_nb.classroom.exercises`, loaded on first use."""

from __future__ import annotations

from repid_nb.classroom.answers import called_as, described
from repid_nb.classroom.data_modules import DataModules
from repid_nb.classroom.exercise import Exercise
from repid_nb.classroom.progress import link_to, progress
from repid_nb.classroom.records import Exercises, ListedExercise
from repid_nb.core.errors import UnknownNameError
from repid_nb.core.naming import nearest_name

__all__ = ["exercises", "find", "next_to_solve", "what_is_asked"]

_modules = DataModules("exercises")


@called_as("exercises()")
def exercises() -> Exercises:
    """List all exercises in the order of the course, each with its link, and with a tick where it was solved here."""
    ticked = progress().solved
    found = sorted(map(find, _names()), key=lambda one: (one.chapter, one.level, one.name))
    return Exercises(
        tuple(
            ListedExercise(
                name=one.name,
                level=one.level,
                title=one.title,
                asks=one.asks,
                chapter=one.chapter,
                link=link_to(one.name),
                is_solved=one.name in ticked,
            )
            for one in found
        )
    )


def next_to_solve(name: str) -> ListedExercise | None:
    """Return the exercise to go on with after one: the next that is not solved, else an earlier one, else None."""
    listed = exercises()
    place = next(place for place, one in enumerate(listed) if one.name == name)
    open_ones = (one for one in (*listed[place + 1 :], *listed[:place]) if not one.is_solved)
    return next(open_ones, None)


def find(name: str) -> Exercise:
    """Return the exercise with a name.

    Raises:
        UnknownNameError: There is no exercise with that name; the message gives the nearest one.
    """
    if not isinstance(name, str):
        raise UnknownNameError(
            f'The name of the exercise comes first, in quotation marks, such as "routing-1", not {described(name)}.'
        )
    if name not in _names():
        raise UnknownNameError(f"There is no exercise {name!r}.{nearest_name(name, _names())}")
    found: Exercise = _modules.load(name.replace("-", "_")).EXERCISE
    return found


def what_is_asked(name: object) -> str:
    """Return what an exercise wants as its answer, to be added to a sentence; empty where there is none of the name."""
    return f" {find(name).asks}" if isinstance(name, str) and name in _names() else ""


def _names() -> list[str]:
    return [name.replace("_", "-") for name in _modules.names]
