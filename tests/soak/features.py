"""What histories may do. A fault that is known and not mended yet is kept out by its name, so that all else runs."""

from __future__ import annotations

__all__ = ["ALL", "NOT_YET", "enabled"]

# Name -> what a history does that needs it.
ALL = {
    "late_cancel": "an actor keeps its task, and it is cancelled after the actor is done",
    "strategy_cancels": "a routing strategy raises CancelledError or GeneratorExit",
    "strategy_cancels_in_stepper": "such a strategy in a Stepper makes a Step like any other that raises",
    "generator_exit": "an actor raises GeneratorExit",
    "no_timer_left": "a closed Stepper and a TestClient leave no timer on the loop",
    "line_separators": "text with U+2028, U+2029, U+0085 and lone surrogates comes back from JSON Lines",
    "foreign_closes": "a worker that is cancelled while it closes still closes its subscription to another server",
    "next_loop": "what a loop that ended has left can be ended and pulled on the next",
    "line_interrupts": "a KeyboardInterrupt between two lines loses nothing",
}

# Left out until the fault behind it is mended.
NOT_YET = frozenset({"line_separators"})


def enabled(*further: str) -> frozenset[str]:
    """Return what histories may do now, and those named beside."""
    unknown = set(further) - set(ALL)
    if unknown:
        raise ValueError(f"There is no feature {', '.join(sorted(unknown))}: {', '.join(ALL)}.")
    return (frozenset(ALL) - NOT_YET) | frozenset(further)
