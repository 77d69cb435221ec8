"""How a bounded run of a learner's code ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from repid_nb.stepping.record import Raised

__all__ = ["INTERRUPTING", "INTERVAL", "Outcome", "TimeUp"]

# Seconds for which code is interrupted whose time is up, and seconds between two interrupts.
INTERRUPTING = 0.3
INTERVAL = 0.02


class TimeUp(BaseException):
    """Is raised inside code whose time is up. No `except Exception` catches it."""

    is_from_outside = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. Except for the result it holds no object of the code that ran.

    Attributes:
        result: The value that the code returned.
        error: The class of the exception that it raised, or None.
        seen: The record of that exception.
        is_time_up: Whether its time was up before it ended.
        still_runs: Whether it could not be ended even then.
        where: The learner's lines in which it was then.
        printed: The output outside any Step.
        warned: The first warnings of Python, each once; at the end how many more there were.
    """

    result: Any = None
    error: type[BaseException] | None = None
    seen: Raised | None = None
    is_time_up: bool = False
    still_runs: bool = False
    where: Raised | None = None
    printed: str = ""
    warned: tuple[str, ...] = ()
