"""The workers of the stage as small plain fields, where there are several; what is not so is not sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from repid_nb.printable import cut_to_bytes
from repid_nb.stepping.record import Step
from repid_nb.widgets.wire import channel_fields, ticket_fields

__all__ = ["past_workers", "worker_fields"]

NAME = 60


def worker_fields(
    place: int, name: str, *, is_chosen: bool, step: Step | None = None, phase: str | None = None
) -> dict[str, Any]:
    """Return a worker as the page shows it.

    Args:
        place: Its place among the workers, by which the page names it.
        name: What it is called.
        is_chosen: Whether it is the one that is shown; its step is what the page shows anyway.
        step: The step that it is in, so far; None where it is idle.
        phase: How far that step has come.
    """
    fields: dict[str, Any] = {"key": str(place), "name": cut_to_bytes(name, NAME), "own": True}
    if is_chosen:
        fields["chosen"] = True
    elif step is not None:
        fields |= {
            "at": channel_fields(step.channel)["channel"],
            "message": ticket_fields(step.message),
            "phase": phase,
        }
        if step.winner is not None:
            fields["winner"] = cut_to_bytes(step.winner, NAME)
    return fields


def past_workers(names: Sequence[str], whose: str) -> list[dict[str, Any]]:
    """Return the fields of workers beside an earlier step, if there are several; what they had in work is not known.

    Args:
        names: Their names.
        whose: The name of the one that took the step.
    """
    if len(names) < 2:  # noqa: PLR2004  (a single one has no name)
        return []
    return [worker_fields(place, name, is_chosen=name == whose) for place, name in enumerate(names)]
