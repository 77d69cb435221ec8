"""The base of all records: how one is shown in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

__all__ = ["Record"]


class Record:
    """A record with a text form for terminals and an HTML form for notebooks.

    `repid_nb.display` makes the forms, and `repid_nb` sets them here: the core does not import the display.
    """

    __slots__ = ()

    as_text: ClassVar[Callable[[Any], str]]
    as_html: ClassVar[Callable[[Any], str]]
    as_picture: ClassVar[Callable[..., Any]]
    as_plot: ClassVar[Callable[..., Any]]
    as_lesson: ClassVar[Callable[..., Any]]

    def __repr__(self) -> str:
        return Record.as_text(self)

    def _repr_html_(self) -> str:
        return Record.as_html(self)
