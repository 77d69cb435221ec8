"""How long something takes: numbers of seconds, and distributions of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from random import Random
from statistics import NormalDist
from typing import Protocol, TypeAlias, runtime_checkable

from repid_nb.core.errors import SimulationError
from repid_nb.printable import short
from repid_nb.simulation.loop import MICROSECONDS

__all__ = [
    "Distribution",
    "DurationT",
    "as_duration",
    "constant",
    "drawing",
    "exponential",
    "lognormal",
    "one_of",
    "seconds_of",
    "uniform",
    "whole_number_of",
]

# The most seconds that are taken, thirty years: beyond some more of them a float tells no microseconds apart.
LONGEST = 1e9
# A logarithm that varies by more is no duration of anything.
LARGEST_SIGMA = 10


@runtime_checkable
class Distribution(Protocol):
    """A distribution of seconds."""

    @property
    def mean(self) -> float:
        """The mean, in seconds."""

    def draw(self, random: Random) -> float:
        """Return one draw, in seconds."""


DurationT: TypeAlias = Distribution | Callable[[Random], float]
"""A distribution, or a function that draws from `random.Random`."""


@dataclass(frozen=True, slots=True)
class _Constant:
    seconds: float

    @property
    def mean(self) -> float:
        return self.seconds

    def draw(self, _random: Random) -> float:
        return self.seconds

    def __repr__(self) -> str:
        return f"constant({self.seconds:g})"


@dataclass(frozen=True, slots=True)
class _Uniform:
    low: float
    high: float

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2

    def draw(self, random: Random) -> float:
        return self.low + (self.high - self.low) * random.random()

    def __repr__(self) -> str:
        return f"uniform({self.low:g}, {self.high:g})"


@dataclass(frozen=True, slots=True)
class _Exponential:
    mean: float

    def draw(self, random: Random) -> float:
        # Written out, so that no version of Python draws otherwise.
        return -math.log(1.0 - random.random()) * self.mean

    def __repr__(self) -> str:
        return f"exponential(mean={self.mean:g})"


@dataclass(frozen=True, slots=True)
class _Lognormal:
    mean: float
    sigma: float

    def draw(self, random: Random) -> float:
        deviation = NormalDist().inv_cdf(max(random.random(), 1e-300))
        return self.mean * math.exp(self.sigma * deviation - self.sigma**2 / 2)

    def __repr__(self) -> str:
        return f"lognormal(mean={self.mean:g}, sigma={self.sigma:g})"


@dataclass(frozen=True, slots=True)
class _OneOf:
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return math.fsum(self.values) / len(self.values)

    def draw(self, random: Random) -> float:
        return self.values[int(random.random() * len(self.values))]

    def __repr__(self) -> str:
        return f"one_of({short(list(self.values))})"


# What these draw needs no check.
_BOUNDED = (_Constant, _Uniform, _OneOf)


def constant(seconds: float) -> Distribution:
    """Return a duration that is always the same; the number alone does as well."""
    return _Constant(seconds_of(seconds, "constant: the seconds"))


def uniform(low: float, high: float) -> Distribution:
    """Return durations between `low` and `high` seconds, each as likely as the next."""
    low, high = seconds_of(low, "uniform: low"), seconds_of(high, "uniform: high")
    if high < low:
        raise SimulationError(f"uniform: high must be at least low, and {high:g} is below {low:g}.")
    return _Uniform(low, high)


def exponential(*, mean: float) -> Distribution:
    """Return durations that are mostly short and at times long, `mean` seconds on average: the M of M/M/1."""
    return _Exponential(seconds_of(mean, "exponential: the mean"))


def lognormal(*, mean: float, sigma: float = 1.0) -> Distribution:
    """Return durations with a long tail, as those of real services often have.

    Args:
        mean: Seconds on average.
        sigma: The standard deviation of the logarithm: 0 for no spread, 1 for a long tail.
    """
    spread = seconds_of(sigma, "lognormal: sigma")
    if spread > LARGEST_SIGMA:
        raise SimulationError(f"lognormal: sigma must be at most {LARGEST_SIGMA}, not {short(sigma)}.")
    return _Lognormal(seconds_of(mean, "lognormal: the mean"), spread)


def one_of(values: Sequence[float]) -> Distribution:
    """Return durations that are drawn from these seconds, each as likely as the next: measured ones, for example."""
    if not isinstance(values, Iterable) or isinstance(values, (str, bytes)):
        raise SimulationError(f"one_of takes a list of seconds, such as [0.2, 0.5], not {short(values)}.")
    seconds = tuple(seconds_of(value, "one_of: a value") for value in values)
    if not seconds:
        raise SimulationError("one_of needs at least one number of seconds.")
    return _OneOf(seconds)


def as_duration(given: object) -> DurationT:
    """Return a distribution or a function as it is, and a number as a constant duration.

    Raises:
        SimulationError: It is none of these.
    """
    if isinstance(given, Distribution) or (callable(given) and not isinstance(given, type)):
        return given
    if isinstance(given, Real):
        return constant(given)  # type: ignore[arg-type]  # a number of any kind
    raise SimulationError(
        f"A duration is a number of seconds or a distribution, such as exponential(mean=0.4), not {short(given)}."
    )


def drawing(duration: DurationT, random: Random) -> Callable[[], int]:
    """Return a function that draws whole microseconds from a stream.

    It raises a SimulationError where something else than seconds is drawn, or too many.
    """
    draw = duration.draw if isinstance(duration, Distribution) else duration
    if isinstance(duration, _Exponential):
        # The one that simulations draw most: without a call in between it costs half.
        uniform_draw, log, scale = random.random, math.log, duration.mean * MICROSECONDS
        return lambda: round(-log(1.0 - uniform_draw()) * scale)
    if isinstance(duration, _BOUNDED):
        return lambda: round(draw(random) * MICROSECONDS)
    return lambda: round(seconds_of(draw(random), "a draw") * MICROSECONDS)


def seconds_of(value: object, what: str) -> float:
    """Return a number of seconds as float.

    Raises:
        SimulationError: It is not a number, is negative, or is more than LONGEST.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not value >= 0:  # type: ignore[operator]  # it is Real
        raise SimulationError(f"{what} must be a number, 0 or more, not {short(value)}.")
    if value > LONGEST:  # type: ignore[operator]
        raise SimulationError(f"{what} must be at most {LONGEST:g}, not {short(value)}.")
    return float(value)


def whole_number_of(value: object, what: str, *, least: int = 0) -> int:
    """Return a whole number.

    Raises:
        SimulationError: It is none, or less than `least`.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        wanted = f"at least {least}" if least else "0 or more"
        raise SimulationError(f"{what} must be a whole number, {wanted}, not {short(value)}.")
    return value
