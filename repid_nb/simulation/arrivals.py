"""When messages arrive: at random, regularly, all at once, or at given moments."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count as counting
from itertools import islice, repeat
from random import Random
from typing import Protocol, TypeAlias, runtime_checkable

from repid_nb.core.errors import SimulationError
from repid_nb.printable import short
from repid_nb.simulation.durations import LONGEST, seconds_of, whole_number_of
from repid_nb.simulation.loop import MICROSECONDS

__all__ = ["Arrivals", "ArrivalsT", "as_arrivals", "burst", "every", "poisson"]


@runtime_checkable
class Arrivals(Protocol):
    """The moments at which messages arrive."""

    @property
    def ends(self) -> bool:
        """Whether there is a last one."""

    def times(self, random: Random) -> Iterator[int]:
        """Yield the moments in microseconds, in order."""


ArrivalsT: TypeAlias = Arrivals | Iterable[float]
"""Arrivals, or the moments themselves in seconds."""


@dataclass(frozen=True, slots=True)
class _Poisson:
    per_second: float
    start: float
    stop: float
    count: float

    @property
    def ends(self) -> bool:
        return min(self.stop, self.count) < math.inf

    def times(self, random: Random) -> Iterator[int]:
        gap, last = MICROSECONDS / self.per_second, self.stop * MICROSECONDS
        draw, log = random.random, math.log
        now = round(self.start * MICROSECONDS)
        for _ in _range(self.count):
            now += round(-log(1.0 - draw()) * gap)
            if now >= last:
                return
            yield now


@dataclass(frozen=True, slots=True)
class _Every:
    seconds: float
    start: float
    stop: float
    count: float

    @property
    def ends(self) -> bool:
        return min(self.stop, self.count) < math.inf

    def times(self, _random: Random) -> Iterator[int]:
        for number, _ in enumerate(_range(self.count)):
            now = round((self.start + number * self.seconds) * MICROSECONDS)
            if now >= self.stop * MICROSECONDS:
                return
            yield now


@dataclass(frozen=True, slots=True)
class _Given:
    moments: tuple[int, ...]

    @property
    def ends(self) -> bool:
        return True

    def times(self, _random: Random) -> Iterator[int]:
        return iter(self.moments)


@dataclass(frozen=True, slots=True)
class _Burst:
    count: int
    at: float

    @property
    def ends(self) -> bool:
        return True

    def times(self, _random: Random) -> Iterator[int]:
        return repeat(round(self.at * MICROSECONDS), self.count)


def poisson(*, per_second: float, start: float = 0, stop: float | None = None, count: int | None = None) -> Arrivals:
    """Return arrivals at random, each independent of the others: a Poisson process, the first M of M/M/1.

    Args:
        per_second: How many arrive in a second, on average.
        start: From which second on.
        stop: Before which second; None for no end.
        count: How many in all; None for no end.
    """
    rate = seconds_of(per_second, "poisson: per_second")
    if not rate:
        raise SimulationError("poisson: per_second must be above 0.")
    if rate < 1 / LONGEST:
        raise SimulationError(f"poisson: per_second must be at least {1 / LONGEST:g}, one in thirty years.")
    return _Poisson(rate, *_span("poisson", start, stop, count))


def every(seconds: float, *, start: float = 0, stop: float | None = None, count: int | None = None) -> Arrivals:
    """Return regular arrivals: one at `start`, and then one every so many seconds; the other arguments as `poisson`."""
    gap = seconds_of(seconds, "every: the seconds")
    if not gap:
        raise SimulationError("every: the seconds must be above 0; for many at once there is burst(200, at=60).")
    return _Every(gap, *_span("every", start, stop, count))


def burst(count: int, *, at: float = 0) -> Arrivals:
    """Return `count` arrivals at one moment, in seconds."""
    return _Burst(whole_number_of(count, "burst: the count"), seconds_of(at, "burst: at"))


def as_arrivals(given: ArrivalsT) -> Arrivals:
    """Return arrivals as they are, and a list of moments in seconds as arrivals.

    Raises:
        SimulationError: It is neither.
    """
    if isinstance(given, Arrivals):
        return given
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes, dict)):
        return _Given(tuple(sorted(round(seconds_of(one, "an arrival") * MICROSECONDS) for one in given)))
    raise SimulationError(
        f"arrivals are poisson(per_second=8), every(0.5), burst(200, at=60) or a list of seconds, not {short(given)}."
    )


def _span(what: str, start: float, stop: float | None, count: int | None) -> tuple[float, float, float]:
    return (
        seconds_of(start, f"{what}: start"),
        math.inf if stop is None else seconds_of(stop, f"{what}: stop"),
        math.inf if count is None else whole_number_of(count, f"{what}: the count"),
    )


def _range(count: float) -> Iterator[int]:
    return counting() if count == math.inf else islice(counting(), int(count))
