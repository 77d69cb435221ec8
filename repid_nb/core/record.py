"""Records that show themselves, by views that are set from above."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

__all__ = ["Record"]


class Record:
    """A record with a text form for terminals and an HTML form for notebooks.

    The forms are made by `repid_nb.display`, which sets them when it is imported; a record knows no view.
    """

    __slots__ = ()

    as_text: ClassVar[Callable[[Any], str] | None] = None
    as_html: ClassVar[Callable[[Any], str] | None] = None

    def __repr__(self) -> str:
        return super().__repr__() if Record.as_text is None else Record.as_text(self)

    def _repr_html_(self) -> str | None:
        return None if Record.as_html is None else Record.as_html(self)
