"""Data of the course: a folder with a module an exercise or a chapter, each loaded on first use."""

from __future__ import annotations

import pkgutil
from functools import cached_property
from importlib import import_module
from types import ModuleType

__all__ = ["DataModules"]


class DataModules:
    """The modules of a folder of `repid_nb.classroom`.

    To be made before `repid_nb.classroom` imports a function of the folder's name, which would hide the folder.
    """

    def __init__(self, folder: str) -> None:
        self._package = import_module(f"repid_nb.classroom.{folder}")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the modules."""
        return tuple(one.name for one in pkgutil.iter_modules(self._package.__path__))

    def load(self, name: str) -> ModuleType:
        """Return a module by its name."""
        return import_module(f"{self._package.__name__}.{name}")
