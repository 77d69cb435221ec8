"""The output that a notebook keeps of a workbench: the lesson so far, which plays where a page lets scripts run.

A page that removes scripts and frames, such as GitHub's, is left with the still in plain HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from repid_nb.display import as_html
from repid_nb.html import frame_style
from repid_nb.stepping.record import History
from repid_nb.widgets.export.lesson import Cast
from repid_nb.widgets.export.page import TITLE, lesson_page
from repid_nb.widgets.export.still import picture_of
from repid_nb.widgets.view import View

__all__ = ["framed", "saved_html"]

# Where the columns of the stage stand below each other, the frame is higher: a phone scrolls the page, not the frame.
_FRAME = (
    ".{name} {{ container-type: inline-size }} .{name} iframe {{ width: 100%; height: 720px; border: 0 }} "
    "@container (max-width: 712px) {{ .{name} iframe {{ height: 960px }} }} "
    "@container (max-width: 512px) {{ .{name} iframe {{ height: 1350px }} }}"
)
# It is written each time that the workbench comes to rest, so it has the newest steps only.
NEWEST = 60

# What JupyterLab says of a widget without its kernel: the frame stands for that, too.
_DEAD_WIDGET = (
    ".jp-OutputArea-child:has(.jupyter-widgets):not(:has(.repid-wb)):has(+ .jp-OutputArea-child .repid-nb-saved iframe)"
)


def saved_html(view: View, notes: Mapping[int, str] | None = None) -> str:
    """Return what a saved notebook shows of a session: a frame with the lesson, and the still.

    Args:
        view: The view; loaded steps are played where they are shown.
        notes: What to say at a moment, by the number of its step.
    """
    steps = tuple(view.steps[-NEWEST:])
    run = as_html(History(steps)) if len(steps) > 1 else ""
    page = lesson_page(Cast.on_stage(view), steps, notes) if steps else ""
    return framed(page, TITLE, f"{run}{picture_of(view).html}", name="repid-nb-saved", instead_of=_DEAD_WIDGET)


def framed(page: str, title: str, still: str, *, name: str, instead_of: str = "") -> str:
    """Return a page in a frame, in which it runs its script and cannot reach the notebook around it.

    Args:
        page: The page; without one there is the still alone.
        title: What the frame is called.
        still: HTML for where frames are taken away.
        name: The class of all of it.
        instead_of: What else the frame stands for where it is left, as a selector.
    """
    still = f'<div class="repid-nb-still">{still}</div>'
    if not page:
        return f'<div class="{name}">{still}</div>'
    hidden = ", ".join(filter(None, (f".{name} iframe + .repid-nb-still", instead_of)))
    # Without `allow-same-origin`.
    look = f"{_FRAME.format(name=name)} {frame_style(f'.{name} iframe')}"
    return (
        f'<div class="{name}"><style>{hidden} {{ display: none }} {look}</style>'
        f'<iframe title="{escape(title)}" sandbox="allow-scripts" loading="lazy" srcdoc="{escape(page)}"></iframe>'
        f"{still}</div>"
    )
