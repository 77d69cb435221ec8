"""The output that a notebook keeps of a workbench: the lesson so far, which plays where a page lets scripts run.

A page that removes scripts and frames, such as GitHub's, is left with the still in plain HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from repid_nb.display import as_html
from repid_nb.stepping.record import History
from repid_nb.widgets.export.page import TITLE, lesson_page
from repid_nb.widgets.export.still import picture_of
from repid_nb.widgets.view import View

__all__ = ["saved_html"]

HEIGHT = 720
# It is written each time that the workbench comes to rest, so it has the newest steps only.
NEWEST = 60

# Where the frame is left, it stands for the still, and for what JupyterLab says of a widget without its kernel.
_STYLE = """
.repid-nb-saved iframe + .repid-nb-still,
.jp-OutputArea-child:has(.jupyter-widgets):not(:has(.repid-wb)):has(+ .jp-OutputArea-child .repid-nb-saved iframe) {
  display: none;
}
"""


def saved_html(view: View, notes: Mapping[int, str] | None = None) -> str:
    """Return what a saved notebook shows of a session: a frame with the lesson, and the still.

    Args:
        view: The view; loaded steps are played where they are shown.
        notes: What to say at a moment, by the number of its step.
    """
    steps = tuple(view.steps[-NEWEST:])
    run = as_html(History(steps)) if len(steps) > 1 else ""
    still = f'<div class="repid-nb-still">{run}{picture_of(view).html}</div>'
    if not steps:
        return f'<div class="repid-nb-saved">{still}</div>'
    page = lesson_page(view.steppers, steps, notes)
    # Without `allow-same-origin` the frame cannot reach the notebook around it.
    frame = (
        f'<iframe title="{TITLE}" sandbox="allow-scripts" loading="lazy" srcdoc="{escape(page)}" '
        f'style="width: 100%; height: {HEIGHT}px; border: 0"></iframe>'
    )
    return f'<div class="repid-nb-saved"><style>{_STYLE}</style>{frame}{still}</div>'
