"""The river as small plain fields for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from repid_nb.core.memory.snapshot import QueuesSnapshot
from repid_nb.display.river import River, Visit, river_of_steps
from repid_nb.printable import cut_to_bytes, first_within
from repid_nb.stepping.record import Step
from repid_nb.widgets.marks import ENDS

__all__ = ["river_fields", "window_of"]

# How many steps are looked at.
WINDOW = 36
CHANNELS = 6


def window_of(steps: Sequence[Step], at: int, queues: QueuesSnapshot, limit: int) -> dict[str, Any]:
    """Return the river around a moment, as many visits of it as the page is sent at once.

    Args:
        steps: The steps that are kept.
        at: The number of the step that is shown.
        queues: The queues now, for the end of the river.
        limit: The bytes that the visits may take.
    """
    if not steps:
        return {}
    first = max(0, min(at - steps[0].number - WINDOW // 2, len(steps) - WINDOW))
    shown = steps[first : first + WINDOW]
    is_end = first + WINDOW >= len(steps)
    return river_fields(river_of_steps(shown, queues if is_end else None, says_what=False), limit=limit, at=at)


def river_fields(
    river: River, *, limit: int | None = None, at: float = 0, times: Sequence[float] = ()
) -> dict[str, Any]:
    """Return a river as the page draws it: the visits around a moment.

    Args:
        river: The river; lanes beyond the first six channels are left out.
        limit: The bytes that the visits may take; None for no limit.
        at: The moment that is shown.
        times: In seconds, when each moment of the history was, where the river counts seconds.
    """
    lanes = {channel: place for place, channel in enumerate(river.channels[:CHANNELS])}
    workers = {worker: place for place, worker in enumerate(river.workers)}
    visits = [(passage.name, visit) for passage in river.passages for visit in passage.visits if visit.channel in lanes]
    visits.sort(key=lambda one: abs((river.end if one[1].taken is None else one[1].taken) - at))
    rows = [_visit_fields(name, visit, lanes, workers, river.unit) for name, visit in visits]
    shown = rows if limit is None or not rows else first_within(rows, limit)
    kept = visits[: len(shown)]
    begin, end = river.begin, river.end
    if len(shown) < len(rows):
        begin = min((visit.taken for _, visit in kept if visit.taken is not None), default=begin)
        end = max((visit.done for _, visit in kept if visit.done is not None), default=end)
    return {
        "unit": river.unit,
        "begin": begin,
        "end": end,
        "channels": [cut_to_bytes(channel, 24) for channel in lanes],
        "workers": [cut_to_bytes(worker, 24) for worker in workers],
        "visits": sorted(shown, key=lambda row: (row[3] is None, row[3] or 0)),
        **({"times": list(times)} if times else {}),
    }


def _visit_fields(
    name: str, visit: Visit, lanes: dict[str, int], workers: dict[str, int], unit: str
) -> list[str | float | None]:
    """Return a visit as a short list; what a step does not need is left out at its end."""
    fields: list[str | float | None] = [cut_to_bytes(name, 24), lanes[visit.channel], visit.since, visit.taken]
    if visit.taken is None:
        return fields
    fields.append("g" if visit.given_back else ENDS[visit.action])
    if unit == "second" or workers[visit.worker]:
        fields += [visit.done, workers[visit.worker]]
    return fields
