"""Records that show themselves, by views that are set from above."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

__all__ = ["Record"]


class Record:
    """A record with a text form for terminals and an HTML form for notebooks.

    The forms are made by `repid_nb.display`, which `repid_nb` sets here; a record knows no view.
    """

    __slots__ = ()

    as_text: ClassVar[Callable[[Any], str]]
    as_html: ClassVar[Callable[[Any], str]]

    def __repr__(self) -> str:
        return Record.as_text(self)

    def _repr_html_(self) -> str:
        return Record.as_html(self)
