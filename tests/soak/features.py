"""What histories may do. A fault that is known and not mended yet is kept out by its name, so that all else runs."""

from __future__ import annotations

__all__ = ["ALL", "NOT_YET", "enabled"]

# Name -> what a history does that needs it.
ALL = {
    "line_separators": "text with U+2028, U+2029, U+0085 and lone surrogates comes back from JSON Lines",
    "foreign_rejects": "what a worker never handed out is rejected, whenever the worker is cancelled",
}

# Left out until the fault behind it is mended.
NOT_YET = frozenset({"line_separators", "foreign_rejects"})


def enabled(*further: str) -> frozenset[str]:
    """Return what histories may do now, and those named beside."""
    unknown = set(further) - set(ALL)
    if unknown:
        raise ValueError(f"There is no feature {', '.join(sorted(unknown))}: {', '.join(ALL)}.")
    return (frozenset(ALL) - NOT_YET) | frozenset(further)
