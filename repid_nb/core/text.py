"""Text that is exactly `str`.

A subclass of `str`, such as a StrEnum or numpy's, brings a `repr` and a format of its own, which would stand in records
and in generated Python instead of the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from repid_nb.core.errors import is_from_outside

__all__ = ["make_plain", "plain_headers", "plain_text", "text_of"]

LONGEST = 10_000


def plain_text(text: str) -> str:
    """Return text as exactly `str`."""
    return text if type(text) is str else str.__str__(text)


def plain_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of headers, in which each name and value is exactly `str`."""
    plain = dict(headers)
    for name, value in plain.items():
        if type(name) is not str or type(value) is not str:
            return {text_of(name): text_of(value) for name, value in plain.items()}
    return plain


def text_of(value: Any) -> str:
    """Return text itself, and any other value as `str(value)` shows it, cut to `LONGEST`; never raise.

    An actor may put anything into the headers of a message that it received.
    """
    if isinstance(value, str):
        return plain_text(value)
    try:
        text = plain_text(str(value))
    except BaseException as error:
        if is_from_outside(error):
            raise
        return f"<{type(value).__name__}, which cannot be shown>"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def make_plain(record: object, *names: str) -> None:
    """Make fields of a frozen record exactly `str` where they are not; None stays."""
    for name in names:
        value = getattr(record, name)
        if type(value) is not str and value is not None:
            object.__setattr__(record, name, text_of(value))
