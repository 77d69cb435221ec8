"""A lesson as one HTML file: its steps, the stage's own script and style, and a still for where no script runs."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from repid_nb.core.errors import InvalidMessageError
from repid_nb.display.pictures import as_picture
from repid_nb.html import AS_WRITTEN
from repid_nb.printable import one_line
from repid_nb.stepping.record import Step, Steps
from repid_nb.widgets.assets import STATIC, read_script, read_style
from repid_nb.widgets.export.lesson import Cast, lesson_of
from repid_nb.widgets.view import View

__all__ = ["TITLE", "lesson_page", "write_lesson", "write_page"]

TITLE = "A lesson about a message queue"

# JSON in a script element ends at its first `</script>`, and some readers take these two for line ends.
_UNSAFE = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def lesson_page(
    cast: Cast,
    steps: Sequence[Step],
    notes: Mapping[int, str] | None = None,
    *,
    title: str = TITLE,
    river: dict[str, Any] | None = None,
) -> str:
    """Return a lesson as an HTML page that plays by itself.

    It loads nothing: its policy forbids any address, and any script but its own. Texts of messages are data in it.

    Args:
        cast: Who plays in it.
        steps: The steps, oldest first.
        notes: What to say at a moment, by the number of its step.
        title: The heading.
        river: The fields of its river; None for that of the steps.

    Raises:
        InvalidMessageError: There is no step, or there are too many.
    """
    lesson = lesson_of(cast, steps, notes, river=river)
    data = json.dumps(lesson, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE)
    # A lone surrogate cannot be written as UTF-8.
    data = data.encode("utf-8", "backslashreplace").decode()
    script = _script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    heading = escape(one_line(title, 200))
    still = as_picture(Steps(tuple(steps), "idle")).svg
    return (
        "<!doctype html>\n"
        f'<html lang="en" class="{AS_WRITTEN}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="generator" content="repid_nb"><meta name="referrer" content="no-referrer">'
        f"<title>{heading}</title>\n"
        f"<style>{read_style()}\n{_page_style()}</style></head>\n"
        f'<body><main><h1>{heading}</h1><p id="lesson-note" role="status" hidden></p>'
        f'<div id="lesson-stage"></div><div id="lesson-still">{still}</div></main>\n'
        f'<script type="application/json" id="lesson-data">{data}</script>\n'
        f'<script type="module">{script}</script></body></html>\n'
    )


def write_lesson(
    path: str | PathLike[str],
    view: View,
    notes: Mapping[int, str] | None = None,
    *,
    title: str = TITLE,
    first: int | None = None,
    last: int | None = None,
) -> Path:
    """Write steps of a session as a lesson, and return the path of the file.

    Args:
        path: The file, such as `lesson.html`.
        view: The session; loaded steps are written where they are shown.
        notes: What to say at a moment, by the number of its step.
        title: The heading.
        first: The number of the first step to take; None for the oldest that is kept.
        last: The number of the last step to take; None for the newest.

    Raises:
        InvalidMessageError: There are no such steps, there are too many, or there is no such folder.
    """
    kept = view.steps
    steps = [step for step in kept if (first is None or step.number >= first) and (last is None or step.number <= last)]
    if kept and not steps:
        raise InvalidMessageError(f"There is no such step: give numbers from {kept[0].number} to {kept[-1].number}.")
    page = lesson_page(Cast.on_stage(view), steps, notes, title=title)
    return write_page(path, page)


def write_page(path: str | PathLike[str], page: str) -> Path:
    """Write a page to a file, and return the path.

    Raises:
        InvalidMessageError: There is no such folder.
    """
    file = Path(path)
    if not file.parent.is_dir():
        raise InvalidMessageError(f"There is no folder {str(file.parent)!r}: make it first, or give another path.")
    file.write_text(page, encoding="utf-8")
    return file


@cache
def _script() -> str:
    # An HTML parser looks for the end of a script before any JavaScript is read.
    return f"\n{read_script(STATIC, 'lesson.mjs')}".replace("</script", "<\\/script").replace("<!--", "<\\!--")


@cache
def _page_style() -> str:
    return (STATIC / "lesson.css").read_text(encoding="utf-8")
