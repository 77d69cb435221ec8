"""The Run: the record of a simulation."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from repid_nb.core.errors import SimulationError, UnknownNameError
from repid_nb.core.naming import a_kind, nearest_name
from repid_nb.core.record import Record, Views
from repid_nb.core.routing.routes import Routes
from repid_nb.picture import Picture
from repid_nb.printable import json_line, short
from repid_nb.simulation import run_json, statistics, steps
from repid_nb.simulation.columns import Columns
from repid_nb.simulation.durations import seconds_of, whole_number_of
from repid_nb.simulation.loop import MICROSECONDS
from repid_nb.simulation.messages import Messages
from repid_nb.simulation.records import (
    Comparison,
    Curve,
    SimulatedMessage,
    Statistics,
    WorkerLife,
)
from repid_nb.stepping.record import Step, Steps

__all__ = ["Run"]

ALL = "all messages"
STEPS_AT_ONCE = 60
STEPS_IN_A_FILM = 30
# Longer is no path, and not worth showing.
LONGEST_PATH = 200


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Run(Record):
    """What happened in a simulation: each message's times, and how many waited and worked at each moment.

    Attributes:
        seed: The seed.
        micros: How long it ran, in microseconds of simulated time.
        ended_by: `seconds`, `idle`, `stuck` (nothing will happen any more, and messages are not done),
            `max_messages`, `max_real_seconds` or `interrupted`.
        notes: What the run cannot show, and why it ended where it did; as sentences.
        lives: The workers: when each began and ended, and how.
        columns: The data.
        printed: What actors printed.
    """

    seed: int
    micros: int
    ended_by: str
    notes: tuple[str, ...]
    lives: tuple[WorkerLife, ...]
    columns: Columns
    printed: str = ""
    routes: Routes | None = None
    _index: dict[str, Any] = field(default_factory=dict, init=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.seed, self.micros, len(self.columns.sent), len(self.columns.message)))

    def __reduce__(self) -> tuple[Any, ...]:
        # The actors stay behind, as in a file: a function of a cell cannot be pickled.
        return Run.from_dict, (self.to_dict(),)

    def __copy__(self) -> Run:
        return self

    def __deepcopy__(self, _memo: object) -> Run:
        return self

    @property
    def seconds(self) -> float:
        """How long it ran, in seconds of simulated time."""
        return self.micros / MICROSECONDS

    @property
    def messages(self) -> Messages:
        """The messages, in the order in which they were sent."""
        made: Messages = self._kept("messages", lambda: Messages(self.columns, self.lives, self.micros))
        return made

    @property
    def total(self) -> Statistics:
        """The figures of all messages."""
        keys = bytes(len(self.columns.sent))
        found: dict[int, Statistics] = self._kept(
            "total", lambda: statistics.by_message(self.columns, self.micros, keys, lambda _: ALL)
        )
        return found.get(0, Statistics(name=ALL))

    @property
    def channels(self) -> Mapping[str, Statistics]:
        """The figures of each channel."""
        return self._by_message("channels", self.columns.channel, self.columns.channels.__getitem__)

    @property
    def priorities(self) -> Mapping[int, Statistics]:
        """The figures of each priority, the highest first."""
        found = self._kept(
            "priorities",
            lambda: statistics.by_message(
                self.columns, self.micros, self.columns.priority, lambda key: f"priority {key}"
            ),
        )
        return {key: found[key] for key in sorted(found, reverse=True)}

    @property
    def sources(self) -> Mapping[str, Statistics]:
        """The figures of each producer's messages."""
        return self._by_message("sources", self.columns.source, self.columns.sources.__getitem__)

    @property
    def actors(self) -> Mapping[str, Statistics]:
        """The figures of each actor, by its runs."""
        names = self.columns.actors.__getitem__
        found = self._kept("actors", lambda: statistics.by_pull(self.columns, self.micros, self.columns.actor, names))
        return {one.name: one for one in found.values()}

    @property
    def workers(self) -> Mapping[str, Statistics]:
        """The figures of each worker, by its pulls; with its utilisation."""
        found = self._kept("workers", lambda: statistics.by_worker(self.columns, self.micros, self.lives))
        return {one.name: one for one in found}

    def waiting_over_time(self, channel: str | None = None, *, priority: int | None = None) -> Curve:
        """Return how many messages waited at each moment; of one channel, or of one priority, where that is given."""
        columns = self.columns
        wanted = None if channel is None else self._number_of_channel(channel)
        return statistics.curve_of_waiting(
            columns,
            self.micros,
            lambda number: (
                (wanted is None or columns.channel[number] == wanted)
                and (priority is None or columns.priority[number] == priority)
            ),
            "waiting" if channel is None else f"waiting on {channel}",
        )

    def working_over_time(self, worker: str | None = None, *, actor: str | None = None) -> Curve:
        """Return how many messages were in work at each moment; in one worker, or actor, where that is given."""
        columns = self.columns
        names = [life.name for life in self.lives]
        wanted = None if worker is None else _place(worker, names, "worker")
        by = None if actor is None else _place(actor, list(columns.actors), "actor")
        return statistics.curve_of_working(
            columns,
            self.micros,
            lambda row: (wanted is None or columns.worker[row] == wanted) and (by is None or columns.actor[row] == by),
            "in work" if worker is None else f"in work at {worker}",
        )

    def waiting_times(self, *, priority: int | None = None, channel: str | None = None) -> list[float]:
        """Return how many seconds each message waited, in the order of sending; one that still waits so far."""
        columns = self.columns
        wanted = None if channel is None else self._number_of_channel(channel)
        return [
            wait / MICROSECONDS
            for number, wait in enumerate(self.messages.waits)
            if (priority is None or columns.priority[number] == priority)
            and (wanted is None or columns.channel[number] == wanted)
        ]

    def message(self, which: int | str) -> SimulatedMessage:
        """Return one message, by its id or by its place from 0.

        Raises:
            UnknownNameError: There is no such message.
        """
        return self.messages[self.messages.number_of(which)]

    def step(self, which: int | str, pull: int = -1) -> Step:
        """Return a message's pull as a Step, as a Stepper would have recorded it.

        What the actor returned is not kept in a run, so it is not in the Step; its arguments are shown as they stand in
        the message. The verdicts are asked for now, of the actors as they were at the run; a run that was loaded from a
        file has neither.

        Args:
            which: The message's id, such as "m17", or its place from 0.
            pull: Which of its pulls, from 0; by default the last.

        Raises:
            UnknownNameError: There is no such message, or it was not pulled so often.
        """
        number = self.messages.number_of(which)
        rows = self.messages.rows_of(number)
        if not isinstance(pull, int) or not -len(rows) <= pull < len(rows):
            pulls = f"was pulled {len(rows)} times" if rows else "was never pulled: it still waits"
            raise UnknownNameError(f"There is no pull {pull!r}: {self.columns.name(number)} {pulls}.")
        return self._steps_of([rows[pull]])[0]

    def steps(self, since: float = 0.0, until: float | None = None, *, most: int = STEPS_AT_ONCE) -> Steps:
        """Return the pulls of some time as Steps, in their order: with pictures, and as a film, like any steps.

        Their numbers are those of the pulls of the whole run; each has the queues before the pull and after its end.

        Args:
            since: The first second of simulated time.
            until: The last; None for the end of the run.
            most: How many pulls at most; of more the first.

        Raises:
            SimulationError: A time or `most` is not a number, 0 or more.
        """
        columns, begin, end = self.columns, *self._span(since, until)
        whole_number_of(most, "most")
        first = bisect_left(columns.pulled, begin)
        last = bisect_right(columns.pulled, end)
        rows = range(first, max(first, min(last, first + most)))
        made = tuple(self._steps_of(rows))
        left = self.waiting_over_time().at(end / MICROSECONDS) if made else 0
        return Steps(made, "max_steps" if last - first > most else "idle", left)

    def film(self, since: float = 0.0, until: float | None = None, *, title: str = "") -> Picture:
        """Return some time of the run as a film: an SVG that moves, and where nothing may move a still of the end.

        Args:
            since: The first second of simulated time.
            until: The last; None for the end of the run. Of more than thirty pulls the film shows the first thirty.
            title: What it is called.
        """
        return self.steps(since, until, most=STEPS_IN_A_FILM).film(title=title)

    def play(
        self,
        since: float = 0.0,
        until: float | None = None,
        *,
        notes: Mapping[int, str] | None = None,
        title: str = "",
    ) -> Any:
        """Return some time of the run for the stage: shown in a cell, it plays there, one moment for each pull.

        It has what the workbench's stage has: queues, actors and why, motion, the strip, and the river in seconds. At
        most sixty pulls are in it, so it is as large for a run of 100,000 messages as for one of a hundred.

        Args:
            since: The first second of simulated time.
            until: The last; None for as far as sixty pulls go.
            notes: What to say at a moment, by the number of its pull (`run.steps(...)` has them).
            title: The heading.

        Raises:
            SimulationError: Nothing was pulled in that time.
        """
        return Views.as_lesson(self, since, until, notes, title=title)

    def export(
        self,
        path: str | Path,
        since: float = 0.0,
        until: float | None = None,
        *,
        notes: Mapping[int, str] | None = None,
        title: str = "",
    ) -> Path:
        """Write what `play` shows as one HTML file that plays without Python and loads nothing; return its path.

        Raises:
            SimulationError: Nothing was pulled in that time.
            InvalidMessageError: The folder does not exist.
        """
        written: Path = Views.as_lesson(self, since, until, notes, title=title).export(path)
        return written

    def compare(self, other: Run) -> Comparison:
        """Compare this run with another, which came after a change."""
        if not isinstance(other, Run):
            raise SimulationError(f"A Run is compared with another Run, not with {short(other)}.")
        return Comparison(
            before=self.total,
            after=other.total,
            same_arrivals=self._arrivals() == other._arrivals(),
            seconds=(self.seconds, other.seconds),
            workers=(tuple(self.workers), tuple(other.workers)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the run as plain data that `json.dumps` takes; moments are microseconds."""
        return run_json.to_dict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Run:
        """Return the run whose `to_dict` returned `data`.

        Raises:
            SimulationError: The data is not that of a run.
        """
        return cls(**run_json.from_dict(data))

    def to_json_lines(self, path: str | Path | None = None) -> str:
        """Return the run as JSON Lines: one line about the run, then one for each message; and write them to `path`."""
        head = self.to_dict()
        messages = head.pop("messages")
        text = "".join(f"{json_line(one)}\n" for one in (head, *messages))
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    @classmethod
    def from_json_lines(cls, text: str | Path) -> Run:
        """Return the run whose `to_json_lines` returned the text, or wrote it to the path.

        Raises:
            SimulationError: It is not that of a run.
        """
        if not isinstance(text, (str, Path)):
            raise SimulationError(f"from_json_lines takes the text, or the Path of a file, not {a_kind(text)}.")
        lines = text.read_text(encoding="utf-8") if isinstance(text, Path) else text
        if 0 < len(lines) < LONGEST_PATH and not lines.lstrip().startswith(("{", "[")):
            raise SimulationError(f"This is not the JSON Lines of a run: {lines!r}. Of a file, give Path({lines!r}).")
        try:
            head, *messages = [json.loads(line) for line in lines.split("\n") if line.strip()]
            return cls.from_dict({**head, "messages": messages})
        except (ValueError, TypeError, RecursionError) as error:
            raise SimulationError(f"This is not the JSON Lines of a run: {error}.") from None

    def to_frame(self) -> Any:
        """Return a pandas DataFrame with one row for each message; moments and times in seconds.

        Raises:
            ImportError: pandas is not installed.
        """
        return run_json.to_frame(self)

    def plot(self, *, labels: Sequence[str] = ()) -> Picture:
        """Draw the run with matplotlib: waiting over time, waiting times, utilisation, and waiting by priority.

        The picture suits a light and a dark page. `plot.save("run.svg")` or `plot.save("run.png")` keeps it, and
        `plot.figure` is matplotlib's own Figure.

        Raises:
            ImportError: matplotlib is not installed.
        """
        return self._plot("overview", (), labels)

    def plot_waiting(self, *others: Run, labels: Sequence[str] = ()) -> Picture:
        """Draw how many messages waited at each moment; of other runs too, for which `labels` has the names."""
        return self._plot("waiting", others, labels)

    def plot_waiting_times(self, *others: Run, labels: Sequence[str] = ()) -> Picture:
        """Draw which share of the messages waited at most how long; arguments as for `plot_waiting`."""
        return self._plot("waiting times", others, labels)

    def river(self, since: float = 0.0, until: float | None = None) -> Picture:
        """Draw the way of every message: a line where it waits, a bar in the worker that holds it.

        Of more than some eighty messages it draws how many wait, and how many are in work.

        Args:
            since: The first second of simulated time that is drawn.
            until: The last; None for the end of the run.

        Raises:
            SimulationError: A time is not a number, 0 or more.
        """
        self._span(since, until)
        drawn: Picture = Views.as_picture(self, "river", since=since, until=until)
        return drawn

    def plot_utilisation(self) -> Picture:
        """Draw how busy each worker was."""
        return self._plot("utilisation", (), ())

    def plot_starvation(self, *, unit: str = "s") -> Picture:
        """Draw how long the messages of each priority waited, those that never had their turn among them.

        This plot needs no matplotlib.

        Args:
            unit: What a second of simulated time is called, where it stands for something else, such as `days`.
        """
        drawn: Picture = Views.as_picture(self, "waits", unit=unit)
        return drawn

    def _steps_of(self, rows: Sequence[int]) -> list[Step]:
        return steps.steps_of(
            self.columns,
            self.routes,
            rows,
            workers=[life.name for life in self.lives],
            rows_of=self.messages.rows_of,
            end=self.micros,
        )

    def _plot(self, kind: str, others: Sequence[Run], labels: Sequence[str]) -> Picture:
        drawn: Picture = Views.as_plot(kind, (self, *others), labels)
        return drawn

    def _arrivals(self) -> list[tuple[str, int]]:
        names, by_actors = self.columns.sources, 0
        return [
            (names[source], sent)
            for source, sent in zip(self.columns.source, self.columns.sent, strict=True)
            if source != by_actors
        ]

    def _number_of_channel(self, channel: str) -> int:
        return _place(channel, list(self.columns.channels), "channel")

    def _by_message(self, name: str, keys: Sequence[int], names: Any) -> Mapping[str, Statistics]:
        found = self._kept(name, lambda: statistics.by_message(self.columns, self.micros, keys, names))
        return {one.name: one for one in found.values()}

    def _span(self, since: float, until: float | None) -> tuple[int, int]:
        """Return a time in microseconds."""
        end = self.micros if until is None else round(seconds_of(until, "until") * MICROSECONDS)
        return round(seconds_of(since, "since") * MICROSECONDS), end

    def _kept(self, name: str, make: Any) -> Any:
        """Return what is made once; the record is frozen, so it stays right."""
        if name not in self._index:
            self._index[name] = make()
        return self._index[name]


def _place(name: str, names: list[str], kind: str) -> int:
    if name not in names:
        raise UnknownNameError(f"There is no {kind} {name!r} in this run.{nearest_name(name, names)}")
    return names.index(name)
