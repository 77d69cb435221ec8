"""The workbench as plain HTML and as text, for pages without Python and without script."""

from __future__ import annotations

from repid_nb.display import as_html, as_text
from repid_nb.html import element, to_html
from repid_nb.widgets.view import View

__all__ = ["Picture", "picture_of"]

CAPTION = "A picture of the workbench. To play with it, run the notebook."


class Picture:
    """A picture of a workbench at one moment, as plain HTML and as text.

    Attributes:
        html: The HTML; everything in it is escaped.
        text: The same as text.
    """

    def __init__(self, html: str, text: str) -> None:
        self.html = html
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def picture_of(view: View) -> Picture:
    """Return a picture of the step that is shown, and of the queues."""
    step = next((one for one in view.steps if one.number == view.at), None)
    # The queue of a step is a part of it; as long as nothing has changed there, once is enough.
    channels = [one for one in view.queues.channels if step is None or step.after.get(one.channel) != one]
    parts: list[object] = [step] if step is not None else [] if channels else [view.queues]
    parts += channels
    caption = to_html(element("div", CAPTION, style="opacity: 0.75"))
    return Picture(
        f"<div>{caption}{''.join(as_html(part) for part in parts)}</div>",
        "\n".join([CAPTION, *(as_text(part) for part in parts)]),
    )
