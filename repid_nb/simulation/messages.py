"""The messages of a run, each a record that is made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

from repid_nb.core.errors import UnknownNameError
from repid_nb.simulation.columns import NOT_YET, OUTCOMES, Columns
from repid_nb.simulation.loop import MICROSECONDS
from repid_nb.simulation.records import SimulatedMessage, SimulatedPull, WorkerLife
from repid_nb.simulation.statistics import waits_and_works

__all__ = ["Messages"]


class Messages(Sequence[SimulatedMessage]):
    """The messages of a run, in the order in which they were sent.

    Args:
        columns: The data of the run.
        lives: Its workers.
        end: When it ended, in microseconds.

    Attributes:
        waits, works: How long each message waited and was in work, in microseconds.
    """

    def __init__(self, columns: Columns, lives: Sequence[WorkerLife], end: int) -> None:
        self.waits, self.works = waits_and_works(columns, end)
        self._columns = columns
        self._workers = [life.name for life in lives]
        self._rows: dict[int, list[int]] = {}
        for row, number in enumerate(columns.message):
            self._rows.setdefault(number, []).append(row)

    def __len__(self) -> int:
        return len(self._columns.sent)

    @overload
    def __getitem__(self, index: int) -> SimulatedMessage: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[SimulatedMessage, ...]: ...

    def __getitem__(self, index: int | slice) -> SimulatedMessage | tuple[SimulatedMessage, ...]:
        if isinstance(index, slice):
            return tuple(map(self._message, range(*index.indices(len(self)))))
        return self._message(range(len(self))[index])

    def __iter__(self) -> Iterator[SimulatedMessage]:
        return map(self._message, range(len(self)))

    def __repr__(self) -> str:
        return f"<{len(self):,} messages>"

    def rows_of(self, number: int) -> list[int]:
        """Return the rows of a message's pulls, by its number from 0."""
        return self._rows.get(number, [])

    def number_of(self, which: int | str) -> int:
        """Return the number of a message, by its id such as "m17" or "m17.1", or by that number itself.

        Raises:
            UnknownNameError: There is no such message.
        """
        number = which if isinstance(which, int) else self._number_of_name.get(str(which), NOT_YET)
        if not 0 <= number < len(self):
            names = f"give m1 to m{self._columns.without_parent}" if len(self) else "it has none"
            raise UnknownNameError(f"There is no message {which!r} in this run: {names}.")
        return number

    @cached_property
    def _number_of_name(self) -> dict[str, int]:
        return {self._columns.name(number): number for number in range(len(self))}

    def _message(self, number: int) -> SimulatedMessage:
        columns, rows = self._columns, self.rows_of(number)
        outcome = OUTCOMES[columns.outcome[rows[-1]]] if rows else "waiting"
        headers = dict(columns.all_headers[columns.headers[number]] or ())
        return SimulatedMessage(
            id=columns.name(number),
            channel=columns.channels[columns.channel[number]],
            topic=headers.get("topic"),
            priority=columns.priority[number],
            source=columns.sources[columns.source[number]],
            sent=columns.sent[number] / MICROSECONDS,
            pulls=tuple(map(self._pull, rows)),
            outcome="waiting" if columns.waits_since[number] != NOT_YET else outcome,
            waited=self.waits[number] / MICROSECONDS,
            worked=self.works[number] / MICROSECONDS,
        )

    def _pull(self, row: int) -> SimulatedPull:
        columns, actor = self._columns, self._columns.actor[row]
        return SimulatedPull(
            since=columns.since[row] / MICROSECONDS,
            pulled=columns.pulled[row] / MICROSECONDS,
            started=_seconds(columns.started[row]),
            ended=_seconds(columns.ended[row]),
            worker=self._workers[columns.worker[row]],
            actor=None if actor == NOT_YET else columns.actors[actor],
            outcome=OUTCOMES[columns.outcome[row]],
            reason="" if columns.ended[row] == NOT_YET else columns.reasons[columns.reason[row]],
            error=columns.errors[columns.error[row]],
        )


def _seconds(micros: int) -> float | None:
    return None if micros == NOT_YET else micros / MICROSECONDS
