"""The output that stands for a workbench where no widget lives: in a saved, exported or published notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, ClassVar

import anywidget

from repid_nb.notebook.cells import in_kernel

__all__ = ["ERROR_HIDDEN", "HIDDEN_BESIDE_A_WIDGET", "PlainForm", "SavedForm", "SavedOutput"]

# Where a notebook is opened again, JupyterLab says that it has not found the widget. It is gone, as it should be.
ERROR_HIDDEN = (
    "<style>.jp-OutputArea-child:has(> .lm-Panel.jp-OutputArea-output):not(:has(.repid-wb))"
    ":has(+ .jp-OutputArea-child :is(.repid-nb-saved, .repid-nb-asked)) { display: none; }</style>"
)

# The style of a living widget is on the page, and hides what stands for it. JupyterLab shows each output in a line of
# its own, of which no gap may be left; beside a widget that is gone its output stays.
HIDDEN_BESIDE_A_WIDGET = """
body:not([data-jp-theme-name]) .repid-nb-saved,
.jp-OutputArea-child:has(.repid-wb) + .jp-OutputArea-child:has(.repid-nb-saved) {
  display: none;
}
"""


# Printed in a terminal or by a script.
NO_WIDGETS_HERE = "To click, open it in a notebook: a terminal shows no widgets."


class SavedOutput:
    """Shows plain HTML beneath a widget, and keeps it current.

    Args:
        read: Returns the HTML and the text as they are now.
    """

    def __init__(self, read: Callable[[], tuple[str, str]]) -> None:
        self._read = read
        self._handle: Any = None
        self._is_old = False

    def show(self) -> None:
        """Put the output beneath the widget."""
        from IPython.display import display  # noqa: PLC0415  (only IPython calls this)

        self._handle = display(self._bundle(), raw=True, display_id=True)  # type: ignore[no-untyped-call]  # IPython's

    def changed(self) -> None:
        """Note that there is something new to keep."""
        self._is_old = True

    def update(self) -> None:
        """Replace the output, if there is something new."""
        if self._handle is not None and self._is_old:
            self._is_old = False
            self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        html, text = self._read()
        return {"text/html": ERROR_HIDDEN + html, "text/plain": text}


class PlainForm(anywidget.AnyWidget):
    """A widget that has a form for pages that cannot show one."""

    def _plain_form(self) -> dict[str, str]:
        """Return what stands for the widget, by media type."""
        raise NotImplementedError

    def __repr__(self) -> str:
        text = self._plain_form()["text/plain"]
        return text if in_kernel() else f"{text}\n{NO_WIDGETS_HERE}"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Add what stands for the widget on pages that cannot show one."""
        made = super()._repr_mimebundle_(**kwargs)
        data, metadata = made if isinstance(made, tuple) else (made or {}, {})
        return {**data, **self._plain_form()}, dict(metadata)


class SavedForm(PlainForm):
    """A widget beneath which stands, in the notebook, what it showed last; a subclass makes `_saved` and keeps it."""

    # A page that knows no widgets shows this text, and beneath it the state that was left last.
    AS_LEFT: ClassVar[str]
    _saved: SavedOutput

    def view(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the data and the metadata of an output that shows the widget, and nothing where no widget lives."""
        data, metadata = self._repr_mimebundle_() or ({}, {})
        del data["text/html"]
        return {**data, "text/plain": self.AS_LEFT}, metadata

    def _ipython_display_(self) -> None:
        """Show the widget, and beneath it what stands for it where no widget lives."""
        from IPython.display import display  # noqa: PLC0415  (only IPython calls this)

        if not in_kernel():
            sys.stdout.write(f"{self!r}\n")
            return
        data, metadata = self.view()
        display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]  # IPython's own
        self._saved.show()
