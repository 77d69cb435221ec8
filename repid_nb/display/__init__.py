"""Records and snapshots as text and HTML: pure functions, without state."""

from repid_nb.display.html_view import as_html
from repid_nb.display.text_view import as_text

__all__ = ["as_html", "as_text"]
