"""Finding exercises: each is a module of `repid_nb.classroom.exercises`, loaded on first use."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from repid_nb.classroom.exercise import Exercise
from repid_nb.classroom.records import Exercises, ListedExercise
from repid_nb.core.errors import UnknownNameError
from repid_nb.core.naming import nearest_name

__all__ = ["exercises", "find"]

PACKAGE = "repid_nb.classroom.exercises"

# Loaded before `repid_nb.classroom` imports the function of the same name, which would hide the package.
_package = import_module(PACKAGE)


def exercises() -> Exercises:
    """List all exercises, the easiest first."""
    found = sorted(map(find, _names()), key=lambda one: (one.level, one.name))
    return Exercises(
        tuple(ListedExercise(name=one.name, level=one.level, title=one.title, asks=one.asks) for one in found)
    )


def find(name: str) -> Exercise:
    """Return the exercise with a name.

    Raises:
        UnknownNameError: There is no exercise with that name; the message gives the nearest one.
    """
    if not isinstance(name, str):
        raise UnknownNameError('The name of the exercise comes first, in quotation marks: check("routing-1", answer).')
    if name not in _names():
        raise UnknownNameError(f"There is no exercise {name!r}.{nearest_name(name, _names())}")
    found: Exercise = import_module(f"{PACKAGE}.{name.replace('-', '_')}").EXERCISE
    return found


@cache
def _names() -> tuple[str, ...]:
    return tuple(one.name.replace("_", "-") for one in pkgutil.iter_modules(_package.__path__))
