"""A progress bar for what takes long, in a cell or a terminal; nothing is shown of what is over within two seconds."""

from __future__ import annotations

import sys
import time
from html import escape
from typing import Any

from repid_nb.notebook.cells import in_kernel

__all__ = ["Progress"]

SHOWN_AFTER = 2.0
EVERY = 0.25
WIDTH = 30


class Progress:
    """Shows how far something is; where there is neither a cell nor a terminal, it shows nothing."""

    def __init__(self) -> None:
        self._next = time.perf_counter() + SHOWN_AFTER
        self._cell: Any = None
        self._is_shown = False

    def show(self, share: float | None, text: str) -> None:
        """Show a bar and a text beside it, now and then.

        Args:
            share: How much is done, 0 to 1; None where that is not known.
            text: What is done, in a few words.
        """
        now = time.perf_counter()
        if now < self._next:
            return
        self._next = now + EVERY
        if in_kernel():
            self._show_in_cell(share, text)
        # Not sys.stderr: what actors print is caught there meanwhile.
        elif sys.__stderr__ is not None and sys.__stderr__.isatty():
            self._is_shown = True
            sys.__stderr__.write(f"\r{bar(share)} {text}  ")
            sys.__stderr__.flush()

    def close(self) -> None:
        """Take the bar away."""
        if self._cell is not None:
            self._cell.update({"text/plain": "", "text/html": ""}, raw=True)
        elif self._is_shown and sys.__stderr__ is not None:
            sys.__stderr__.write("\r\x1b[2K")
            sys.__stderr__.flush()

    def _show_in_cell(self, share: float | None, text: str) -> None:
        shown = {"text/plain": f"{bar(share)} {text}", "text/html": _html(share, text)}
        if self._cell is None:
            from IPython.display import display  # noqa: PLC0415  (a kernel has loaded it long ago)

            self._cell = display(shown, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._cell.update(shown, raw=True)


def bar(share: float | None) -> str:
    """Return a bar of characters: `[#####.....]  50 %`."""
    if share is None:
        return ""
    done = min(max(share, 0.0), 1.0)
    return f"[{'#' * round(done * WIDTH):.<{WIDTH}}] {done:>4.0%}".replace("%", " %")


def _html(share: float | None, text: str) -> str:
    value = "" if share is None else f' value="{share:.3f}"'
    return f'<div><progress max="1"{value} aria-label="progress"></progress> {escape(text)}</div>'
