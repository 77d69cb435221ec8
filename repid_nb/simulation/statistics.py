"""The figures of a run, from its columns."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from math import ceil

from repid_nb.simulation.columns import NOT_YET, OUTCOMES, Columns
from repid_nb.simulation.loop import MICROSECONDS
from repid_nb.simulation.records import Curve, Statistics, Times, WorkerLife

__all__ = [
    "by_message",
    "by_pull",
    "by_worker",
    "curve_of_waiting",
    "curve_of_working",
    "times_of",
    "waits_and_works",
]

_ACKED, _NACKED, _REPLIED = (OUTCOMES.index(word) for word in ("acked", "nacked", "replied"))
_DONE = frozenset({_ACKED, _REPLIED})


def times_of(micros: Sequence[int]) -> Times:
    """Return the figures of times in microseconds; a percentile is one of them (nearest rank)."""
    if not micros:
        return Times()
    ordered = sorted(micros)
    rank: Callable[[float], float] = lambda share: ordered[ceil(share * len(ordered)) - 1] / MICROSECONDS  # noqa: E731
    return Times(
        count=len(ordered),
        mean=sum(ordered) / len(ordered) / MICROSECONDS,
        median=rank(0.5),
        p95=rank(0.95),
        p99=rank(0.99),
        longest=ordered[-1] / MICROSECONDS,
    )


def waits_and_works(columns: Columns, end: int) -> tuple[array[int], array[int]]:
    """Return how long each message waited and was in work until `end`, in microseconds."""
    waits = array("q", bytes(8 * len(columns.sent)))
    works = array("q", bytes(8 * len(columns.sent)))
    for number, since, pulled, ended in zip(columns.message, columns.since, columns.pulled, columns.ended, strict=True):
        waits[number] += pulled - since
        works[number] += (end if ended == NOT_YET else ended) - pulled
    for number, since in enumerate(columns.waits_since):
        if since != NOT_YET:
            waits[number] += end - since
    return waits, works


def by_message(columns: Columns, end: int, keys: Sequence[int], names: Callable[[int], str]) -> dict[int, Statistics]:
    """Return the statistics of groups of messages.

    Args:
        keys: The group of each message.
        names: Returns the name of a group.
    """
    waits, works = waits_and_works(columns, end)
    groups: dict[int, list[int]] = {}
    for number, key in enumerate(keys):
        groups.setdefault(key, []).append(number)
    found = {}
    for key in sorted(groups):
        numbers = groups[key]
        outcomes = [columns.outcome[row] for row in map(columns.last_pull.__getitem__, numbers) if row != NOT_YET]
        waited, worked = [waits[number] for number in numbers], [works[number] for number in numbers]
        found[key] = _statistics(names(key), outcomes, waited, worked, end)
    return found


def by_pull(columns: Columns, end: int, keys: Sequence[int], names: Callable[[int], str]) -> dict[int, Statistics]:
    """Return the statistics of groups of pulls; those of the group NOT_YET are left out."""
    groups: dict[int, list[int]] = {}
    for row, key in enumerate(keys):
        if key != NOT_YET:
            groups.setdefault(key, []).append(row)
    found = {}
    for key in sorted(groups):
        rows = groups[key]
        waited = [columns.pulled[row] - columns.since[row] for row in rows]
        worked = [_ended(columns, row, end) - columns.pulled[row] for row in rows]
        found[key] = _statistics(names(key), [columns.outcome[row] for row in rows], waited, worked, end)
    return found


def by_worker(columns: Columns, end: int, lives: Sequence[WorkerLife]) -> list[Statistics]:
    """Return the statistics of each worker, with the share of its capacity that was in work."""
    found = by_pull(columns, end, columns.worker, lambda number: lives[number].name)
    made = []
    for number, life in enumerate(lives):
        figures = found.get(number, Statistics(name=life.name))
        rows = [row for row, worker in enumerate(columns.worker) if worker == number]
        spans = [(columns.pulled[row], _ended(columns, row, end)) for row in rows]
        lived = life.micros
        work = sum(after - before for before, after in spans)
        made.append(
            Statistics(
                **{
                    **{name: getattr(figures, name) for name in Statistics.__dataclass_fields__},
                    "utilisation": _share(work, lived, life.at_once),
                    "busy": _covered(spans) / lived if lived else 0.0,
                }
            )
        )
    return made


def curve_of_waiting(columns: Columns, end: int, takes: Callable[[int], bool], name: str) -> Curve:
    """Return how many messages waited at each moment, of those that `takes` takes by their number."""
    pulls = (
        (since, pulled)
        for number, since, pulled in zip(columns.message, columns.since, columns.pulled, strict=True)
        if takes(number)
    )
    waiting = (
        (since, NOT_YET) for number, since in enumerate(columns.waits_since) if since != NOT_YET and takes(number)
    )
    return _curve((*pulls, *waiting), end, name)


def curve_of_working(columns: Columns, end: int, takes: Callable[[int], bool], name: str) -> Curve:
    """Return how many messages were in work at each moment, of the pulls that `takes` takes by their row."""
    spans = (
        (pulled, ended)
        for row, (pulled, ended) in enumerate(zip(columns.pulled, columns.ended, strict=True))
        if takes(row)
    )
    return _curve(spans, end, name)


def _statistics(name: str, outcomes: Sequence[int], waited: list[int], worked: list[int], end: int) -> Statistics:
    done, dead = sum(outcome in _DONE for outcome in outcomes), outcomes.count(_NACKED)
    return Statistics(
        name=name,
        messages=len(waited),
        done=done,
        dead=dead,
        unfinished=len(waited) - done - dead,
        throughput=done * MICROSECONDS / end if end else 0.0,
        waiting=times_of(waited),
        working=times_of(worked),
        in_system=times_of([wait + work for wait, work in zip(waited, worked, strict=True)]),
        mean_waiting=sum(waited) / end if end else 0.0,
        mean_working=sum(worked) / end if end else 0.0,
    )


def _share(work: int, lived: int, at_once: int | None) -> float | None:
    if at_once is None:
        return None
    return work / (lived * at_once) if lived else 0.0


def _ended(columns: Columns, row: int, end: int) -> int:
    ended = columns.ended[row]
    return end if ended == NOT_YET else ended


def _covered(spans: list[tuple[int, int]]) -> int:
    """Return how much of the time at least one span covers."""
    covered = reached = 0
    for before, after in sorted(spans):
        covered += max(after - max(before, reached), 0)
        reached = max(reached, after)
    return covered


def _curve(spans: Iterable[tuple[int, int]], end: int, name: str) -> Curve:
    changes: dict[int, int] = {0: 0, end: 0}
    for before, after in spans:
        changes[before] = changes.get(before, 0) + 1
        if after != NOT_YET:
            changes[after] = changes.get(after, 0) - 1
    moments = sorted(changes)
    counts = accumulate(changes[moment] for moment in moments)
    return Curve(name=name, micros=array("q", moments), counts=array("q", counts))
