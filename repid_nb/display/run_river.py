"""The river of a simulated run."""

from __future__ import annotations

from repid_nb.core.message import MessageAction
from repid_nb.display.river import Passage, River, Visit, gist
from repid_nb.simulation.columns import NOT_YET, OUTCOMES
from repid_nb.simulation.loop import MICROSECONDS
from repid_nb.simulation.run import Run

__all__ = ["river_of_run"]

GIVEN_BACK = "given back"


def river_of_run(run: Run, since: float = 0.0, until: float | None = None) -> River:
    """Return the ways of a run's messages through its channels and workers, in seconds of simulated time.

    Args:
        run: The run.
        since: The first moment.
        until: The last moment; None for the end of the run.
    """
    end = run.seconds if until is None else min(until, run.seconds)
    columns = run.columns
    visits: dict[int, list[Visit]] = {}
    for row, number in enumerate(columns.message):
        ended = columns.ended[row]
        begin = columns.since[row] / MICROSECONDS
        if begin > end or (ended != NOT_YET and ended / MICROSECONDS < since):
            continue
        visits.setdefault(number, []).append(_visit_of(run, row))
    for number, waits_since in enumerate(columns.waits_since):
        if waits_since != NOT_YET and waits_since / MICROSECONDS <= end:
            channel = columns.channels[columns.channel[number]]
            visits.setdefault(number, []).append(Visit(channel=channel, since=waits_since / MICROSECONDS))
    return River(
        channels=tuple(columns.channels),
        workers=tuple(life.name for life in run.lives),
        passages=tuple(_passage_of(run, number, visits[number]) for number in sorted(visits)),
        begin=since,
        end=end,
        unit="second",
    )


def _visit_of(run: Run, row: int) -> Visit:
    columns = run.columns
    ended, outcome = columns.ended[row], OUTCOMES[columns.outcome[row]]
    return Visit(
        channel=columns.channels[columns.channel[columns.message[row]]],
        since=columns.since[row] / MICROSECONDS,
        taken=columns.pulled[row] / MICROSECONDS,
        worker=run.lives[columns.worker[row]].name,
        done=None if ended == NOT_YET else ended / MICROSECONDS,
        action=MessageAction(outcome) if outcome in _ACTIONS else None,
        given_back=outcome == GIVEN_BACK,
    )


def _passage_of(run: Run, number: int, visits: list[Visit]) -> Passage:
    columns = run.columns
    headers = dict(columns.all_headers[columns.headers[number]] or ())
    return Passage(
        name=columns.name(number),
        topic=headers.get("topic", ""),
        payload=gist(columns.payload(number)),
        priority=columns.priority[number],
        visits=tuple(visits),
    )


_ACTIONS = frozenset(action.value for action in MessageAction)
