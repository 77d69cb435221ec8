"""Values as short text."""

from __future__ import annotations

import reprlib
from typing import Any

__all__ = ["short", "written"]


class _Short(reprlib.Repr):
    def repr1(self, x: Any, level: int) -> str:
        try:
            return super().repr1(x, level)
        except Exception:
            return _unshowable(x)


_short = _Short()
_short.maxstring = _short.maxother = _short.maxlong = 60
_short.maxdict = _short.maxlist = _short.maxtuple = _short.maxset = 8


def short(value: Any) -> str:
    """Return a value as Python would write it, long ones cut in the middle; it never raises."""
    return _short.repr(value)


def written(value: Any) -> str:
    """Return a value as Python would write it, whole; it never raises."""
    try:
        return repr(value)
    except Exception:
        return _unshowable(value)


def _unshowable(value: Any) -> str:
    return f"<{type(value).__name__}, which cannot be shown>"
