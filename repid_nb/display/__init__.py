"""Records and snapshots as text and HTML: pure functions, without state."""

from typing import Any

from repid_nb.display import html_view, text_view

__all__ = ["as_html", "as_text"]


def as_text(record: Any) -> str:
    """Return a record as text.

    Args:
        record: A Step, or any other record or snapshot of repid_nb.

    Raises:
        TypeError: It is not a record of repid_nb.
    """
    # What chooses the form by the record's class knows no argument by its name.
    return text_view.as_text(record)


def as_html(record: Any) -> str:
    """Return a record as HTML, in which everything is escaped.

    Args:
        record: A Step, or any other record or snapshot of repid_nb.

    Raises:
        TypeError: It is not a record of repid_nb.
    """
    return html_view.as_html(record)
