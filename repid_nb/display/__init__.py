"""Records and snapshots as text and HTML: pure functions, without state."""

from repid_nb.core.shown import Shown
from repid_nb.display.page import as_html
from repid_nb.display.text import as_text

__all__ = ["as_html", "as_text"]

Shown.as_text = staticmethod(as_text)
Shown.as_html = staticmethod(as_html)
