"""Some time of a simulated run on the stage: each pull is a moment, and the river counts its seconds."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from repid_nb.core.errors import SimulationError
from repid_nb.core.routing.routes import Routes
from repid_nb.core.worker.worker import MAX_UNROUTED_RETRIES
from repid_nb.display.run_river import river_of_run
from repid_nb.display.run_words import time_text
from repid_nb.given import check_notes
from repid_nb.printable import one_line
from repid_nb.simulation.columns import NOT_YET
from repid_nb.simulation.loop import MICROSECONDS
from repid_nb.simulation.run import Run
from repid_nb.stepping.record import Step
from repid_nb.widgets.export.lesson import Cast
from repid_nb.widgets.export.page import lesson_page, write_page
from repid_nb.widgets.export.saved import framed
from repid_nb.widgets.river import river_fields

__all__ = ["RunLesson"]

# Bytes of the river; a queue of thousands would be in it.
RIVER_BYTES = 60_000


class RunLesson:
    """A part of a run, to be played on the stage: in a cell, or as a page of its own.

    Args:
        run: The run.
        since: The first second of simulated time.
        until: The last; None for as far as the pulls go.
        notes: What to say at a moment, by the number of its pull.
        title: The heading.

    Raises:
        SimulationError: Nothing was pulled in that time.
    """

    def __init__(
        self,
        run: Run,
        since: float,
        until: float | None,
        notes: Mapping[int, str] | None = None,
        *,
        title: str = "",
    ) -> None:
        check_notes(notes, title)
        self._run = run
        self._steps = run.steps(since, until).steps
        if not self._steps:
            raise SimulationError(_nothing_pulled(run, since, until))
        rows = [step.number - 1 for step in self._steps]
        pulled = [run.columns.pulled[row] / MICROSECONDS for row in rows]
        self.since = since
        self.until = max(pulled[-1], min(run.seconds, max(_ended(run, row) for row in rows)))
        self.title = title or f"A run of {time_text(run.seconds)}"
        self._times = [since, *pulled]
        self._notes = notes or {}

    def __repr__(self) -> str:
        return f"{self._extent()} They play on the stage where a page runs scripts; run.film() draws them."

    def _repr_html_(self) -> str:
        river = self._run.river(self.since, self.until)
        return framed(self.page(), self.title, river.svg, name="repid-nb-run")

    def page(self) -> str:
        """Return it as an HTML page that plays by itself and loads nothing."""
        run, first = self._run, self._steps[0].number - 1
        routes = run.routes or Routes()
        names = [life.name for life in run.lives] if len(run.lives) > 1 else [""]
        listening = {channel: len(actors) for channel, actors in routes.by_channel.items()}
        told = {first: self._extent(), **{step.number: _told(run, step) for step in self._steps}}
        notes = {number: "\n".join(filter(None, (self._notes.get(number, ""), text))) for number, text in told.items()}
        river = river_of_run(run, self.since, self.until)
        middle = self._times[len(self._times) // 2]
        return lesson_page(
            Cast(dict.fromkeys(names, routes), listening, MAX_UNROUTED_RETRIES),
            self._steps,
            notes,
            title=self.title,
            river=river_fields(river, limit=RIVER_BYTES, at=middle, times=self._times),
        )

    def export(self, path: str | PathLike[str]) -> Path:
        """Write the page to a file, and return the path.

        Raises:
            InvalidMessageError: The folder does not exist.
        """
        return write_page(path, self.page())

    def _extent(self) -> str:
        first, last, pulls = self._steps[0].number, self._steps[-1].number, len(self._run.columns.message)
        return (
            f"From {self.since:g} s to {round(self.until, 1):g} s of a run of {time_text(self._run.seconds)}: "
            f"pulls {first:,} to {last:,} of {pulls:,}."
        )


def _ended(run: Run, row: int) -> float:
    ended = run.columns.ended[row]
    return run.seconds if ended == NOT_YET else ended / MICROSECONDS


def _told(run: Run, step: Step) -> str:
    """Return when a pull was, in a sentence."""
    row, columns = step.number - 1, run.columns
    pulled, ended = columns.pulled[row], columns.ended[row]
    waited, worked = (pulled - columns.since[row]) / MICROSECONDS, (ended - pulled) / MICROSECONDS
    worker = one_line(run.lives[columns.worker[row]].name, 40)
    after = f", which has waited {time_text(waited)}" if waited else ", at once"
    done = f"has it for {time_text(worked)}" if worked > 0 else "is done with it at once"
    still = "still has it" if ended == NOT_YET else done
    return f"{pulled / MICROSECONDS:.2f} s: {worker} takes {step.message.name}{after}, and {still}."


def _nothing_pulled(run: Run, since: float, until: float | None) -> str:
    times = run.columns.pulled
    if not times:
        return "Nothing was pulled in this run, so there is nothing to play."
    first, last = (time_text(moment / MICROSECONDS) for moment in (times[0], times[-1]))
    asked = f"from {since:g} s on" if until is None else f"from {since:g} s to {until:g} s"
    return f"Nothing was pulled {asked}: the pulls of this run are from {first} to {last}."
