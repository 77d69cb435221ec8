"""Values as short text."""

from __future__ import annotations

import reprlib
from itertools import islice
from typing import Any

__all__ = ["short", "written"]


class _Short(reprlib.Repr):
    def repr1(self, x: Any, level: int) -> str:
        try:
            return super().repr1(x, level)
        except Exception:
            return _unshowable(x)

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        # reprlib's own sorts the keys.
        if not x:
            return "{}"
        if level <= 0:
            return f"{{{self.fillvalue}}}"
        pairs = [
            f"{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}"
            for key, value in islice(x.items(), self.maxdict)
        ]
        return f"{{{', '.join([*pairs, self.fillvalue] if len(x) > self.maxdict else pairs)}}}"


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
