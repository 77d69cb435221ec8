"""Values as short text."""

from __future__ import annotations

import reprlib
from typing import Any

__all__ = ["short"]

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60
_short.maxdict = _short.maxlist = _short.maxtuple = _short.maxset = 8


def short(value: Any) -> str:
    """Return a value as Python would write it, long ones cut in the middle; it never raises."""
    return _short.repr(value)
