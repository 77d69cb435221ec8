"""The workbench in a tab beside the notebook, where it stays in sight: in JupyterLab, by its extension `sidecar`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from repid_nb.notebook.cells import this_notebook

__all__ = ["Beside", "is_there"]

TITLE = "Workbench"


def is_there() -> bool:
    """Return whether there is a place beside the notebook: a Jupyter server runs it, and the extension is installed."""
    return this_notebook() != "" and find_spec("sidecar") is not None


class Beside:
    """The tab beside the notebook."""

    def __init__(self) -> None:
        self._tab: Any = None

    def open(self, widget: Any) -> None:
        """Show a widget in a new tab beside the notebook; an earlier tab is closed, if the reader has not done it."""
        self.close()
        self._tab = import_module("sidecar").Sidecar(title=TITLE, anchor="split-right")
        self.show(widget)

    def show(self, widget: Any) -> None:
        """Show another widget in the tab that is open."""
        if self._tab is not None:
            data, metadata = widget.view()
            self._tab.outputs = ({"output_type": "display_data", "data": data, "metadata": metadata},)

    def close(self) -> None:
        """Close the tab."""
        if self._tab is not None:
            self._tab.close()
            self._tab = None
