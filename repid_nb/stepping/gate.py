"""The phases of a step, and who may hold a message between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, TypeAlias

from repid_nb.core.events import Event, Finished, Matched, Pulled, Started
from repid_nb.stepping.record import Step

__all__ = ["PHASES", "Gate", "Phase"]

Phase: TypeAlias = Literal["pulled", "decided", "about to run", "ran", "settled"]
"""How far a step has come: the message is off its queue; routing has decided; the arguments are read; the actor is done
and the message is not settled by the worker yet; the step is complete and in the history."""

Gate: TypeAlias = Callable[[Phase, Callable[[], Step]], Awaitable[None]]
"""Awaited with the phase and a function that makes the Step so far, for who looks at it; its settlement says nothing
before the last phase."""

PHASES: Mapping[type[Event], Phase] = {
    Pulled: "pulled",
    Matched: "decided",
    Started: "about to run",
    Finished: "ran",
}
