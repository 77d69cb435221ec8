"""The base of all records: how one is shown in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

__all__ = ["Record", "Views"]


class Views:
    """What records are shown by. `repid_nb` sets it here: the core does not import the display."""

    as_text: ClassVar[Callable[[Any], str]]
    as_html: ClassVar[Callable[[Any], str]]
    as_picture: ClassVar[Callable[..., Any]]
    as_plot: ClassVar[Callable[..., Any]]
    as_lesson: ClassVar[Callable[..., Any]]


class Record:
    """A record with a text form for terminals and an HTML form for notebooks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return Views.as_text(self)

    def _repr_html_(self) -> str:
        return Views.as_html(self)
