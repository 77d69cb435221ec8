"""Questions for the page, and as text and HTML for pages that show no widget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from repid_nb.classroom.asked import Asked
from repid_nb.display.html_parts import line, listing, with_code
from repid_nb.html import card, element, to_html

__all__ = ["as_page", "as_saved"]

CLICK = "Run the cell to answer with a click."


def as_page(asked: Sequence[Asked], name: str, score: str, *, again: bool) -> dict[str, Any]:
    """Return what the card of some questions shows.

    Args:
        name: What a screen reader calls it.
        score: How many are right, as a sentence; empty for nothing to say.
        again: Whether they can be taken again.
    """
    return {"name": name, "questions": [one.to_page() for one in asked], "score": score, "again": again}


def as_saved(asked: Sequence[Asked], score: str) -> tuple[str, str]:
    """Return some questions as HTML and as text. The answers are not among it before they are out."""
    open_ones = any(one.picked is None and one.choices for one in asked)
    after = [*([score] if score else []), *([CLICK] if open_ones else [])]
    parts = [part for one in asked for part in _parts(one)] + [line(one, style="opacity: 0.8") for one in after]
    html = to_html(card(element("div", *parts, **{"class": "repid-nb-asked"})))
    return html, "\n".join([*(text for one in asked for text in _lines(one)), *after])


def _parts(asked: Asked) -> Iterable[Element | None]:
    yield line(element("b", *with_code(asked.text)))
    if asked.choices:
        yield listing([["○ ", *with_code(choice)] for choice in asked.choices])
    if asked.said:
        yield line(*_picked(asked), *with_code(asked.said))


def _picked(asked: Asked) -> Iterable[Any]:
    if asked.picked is not None:
        yield "You said "
        yield from with_code(asked.choices[asked.picked])
        yield ". "


def _lines(asked: Asked) -> Iterable[str]:
    yield asked.text
    yield from (f"  ○ {choice}" for choice in asked.choices)
    if asked.picked is not None:
        yield f"  You said {asked.choices[asked.picked]}. {asked.said}"
