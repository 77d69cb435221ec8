"""Refusing a copy of what belongs to functions, tasks and connections, in words that say what to do instead."""

from __future__ import annotations

from typing import ClassVar, NoReturn, Self

__all__ = ["Uncopied"]


class Uncopied:
    """Can be copied by `copy.copy` alone, which shares everything; a subclass says what to do instead of more."""

    _instead: ClassVar[str]

    def __copy__(self) -> Self:
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        return made

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be copied in depth or pickled. {self._instead}")
