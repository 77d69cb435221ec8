"""An error's own words, short and on one line: for the reason of a settlement."""

from __future__ import annotations

from typing import Any

from repid_nb.core.errors import is_from_outside

__all__ = ["error_words"]

LONGEST = 160
FIELDS = 3


def error_words(error: BaseException) -> str:
    """Return an error's text on one line; the fields and what is wrong with them where pydantic refused a payload.

    It is empty where the error says nothing.
    """
    # The class may be a learner's, and its methods may raise, also SystemExit.
    try:
        said = "; ".join(_fields(error)) or " ".join(str.__str__(str(error)).split())
    except BaseException as failure:
        if is_from_outside(failure):
            raise
        return ""
    said = "".join(one if one.isprintable() else repr(one)[1:-1] for one in said[: LONGEST + 1])
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"


def _fields(error: Any) -> list[str]:
    if not any(base.__module__.startswith("pydantic") for base in type(error).__mro__) or not hasattr(error, "errors"):
        return []
    found = error.errors(include_url=False)
    named = [f"{'.'.join(map(str, one['loc'])) or 'payload'}: {one['msg']}" for one in found[:FIELDS]]
    return [*named, *([f"and {len(found) - FIELDS} more"] if len(found) > FIELDS else [])]
