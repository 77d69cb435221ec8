"""A simulated run as a picture: its river, and how long each priority waited."""

from __future__ import annotations

from repid_nb.display.pictures import KINDS
from repid_nb.display.pictures.priorities_picture import picture_of_waits
from repid_nb.display.pictures.river_picture import picture_of_river
from repid_nb.display.run_river import river_of_run
from repid_nb.display.run_words import time_text
from repid_nb.picture import Picture
from repid_nb.simulation.run import Run

__all__ = ["picture_of_run", "picture_of_run_waits"]


def picture_of_run(run: Run, since: float = 0.0, until: float | None = None) -> Picture:
    """Return the river of a run between two of its seconds."""
    return picture_of_river(river_of_run(run, since, until), title=f"A run of {time_text(run.seconds)}")


def picture_of_run_waits(run: Run, unit: str = "s") -> Picture:
    """Return how long the messages of each priority waited; a second of the run is called `unit`."""
    waits = {
        priority: (found.waiting.median, found.waiting.p95, found.waiting.longest, found.unfinished)
        for priority, found in run.priorities.items()
    }
    return picture_of_waits(waits, unit)


KINDS[Run] = {"river": picture_of_run, "waits": picture_of_run_waits}
