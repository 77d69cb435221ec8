"""What a run says of one message, of many, and of its workers: frozen records."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

from repid_nb.core.record import Record
from repid_nb.simulation.loop import MICROSECONDS

__all__ = ["Comparison", "Curve", "SimulatedMessage", "SimulatedPull", "Statistics", "Times", "WorkerLife"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPull:
    """One pull of a message; all moments are seconds of simulated time.

    Attributes:
        since: Since when it had waited.
        pulled: When a worker took it.
        started: When the actor was called; None where none was.
        ended: When the worker was done with it; None where it was not yet.
        worker: The name of the worker.
        actor: The name of the actor; None where none took it.
        outcome: `acked`, `nacked`, `rejected`, `replied`, `not settled`, `given back` or `in work`.
        reason: Why.
        error: What was raised; empty where nothing was.
    """

    since: float
    pulled: float
    started: float | None
    ended: float | None
    worker: str
    actor: str | None
    outcome: str
    reason: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SimulatedMessage(Record):
    """One message of a run; all moments are seconds of simulated time.

    Attributes:
        id: `m1`, `m2`, ... in the order in which the messages were sent; `m1.1` for what an actor sent for m1.
        source: The name of its producer; `actors` where an actor sent it.
        sent: When it was put on its queue.
        pulls: Each time that it was pulled.
        outcome: How it ended: `acked`, `nacked` or `replied`; otherwise `waiting` or `in work`.
        waited: How many seconds it waited, all waits together; one that still waits counts so far.
        worked: How many seconds it was in work.
    """

    id: str
    channel: str
    topic: str | None
    priority: int
    source: str
    sent: float
    pulls: tuple[SimulatedPull, ...]
    outcome: str
    waited: float
    worked: float

    @property
    def pulled(self) -> float | None:
        """When it was first pulled; None where it never was."""
        return self.pulls[0].pulled if self.pulls else None

    @property
    def started(self) -> float | None:
        """When an actor was last called with it."""
        return self.pulls[-1].started if self.pulls else None

    @property
    def settled(self) -> float | None:
        """When it was done; None where it is not."""
        return self.pulls[-1].ended if self.pulls and self.outcome in ("acked", "nacked", "replied") else None

    @property
    def worker(self) -> str | None:
        """The worker that pulled it last."""
        return self.pulls[-1].worker if self.pulls else None

    @property
    def actor(self) -> str | None:
        """The actor that got it last."""
        return self.pulls[-1].actor if self.pulls else None

    @property
    def sightings(self) -> int:
        """How often it was pulled."""
        return len(self.pulls)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Times(Record):
    """Times of many messages, in seconds; all 0 where there are none.

    Attributes:
        count: How many.
        median, p95, p99: So long at most took half of them, 95 and 99 in a hundred.
    """

    count: int = 0
    mean: float = 0.0
    median: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    longest: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Statistics(Record):
    """What a run says of a group of messages: of all, or those of one channel, priority, actor or worker.

    Of an actor and of a worker the messages are its pulls: a message that comes twice counts twice.

    Attributes:
        name: The name of the group.
        messages: How many messages.
        done: How many are done: acked or replied to. A dead letter is not done.
        dead: How many are dead letters.
        unfinished: How many still wait or are in work; of pulls, also those that were sent back. With `done` and
            `dead` these are all.
        throughput: How many were done in a second.
        waiting: How long they waited; a message that still waits counts with its time so far.
        working: How long they were in work.
        in_system: Both together.
        mean_waiting: How many waited, on average over time.
        mean_working: How many were in work, on average over time.
        utilisation: The share of its capacity that was in work, for a worker with a limit; otherwise None.
        busy: The share of the time in which at least one message was in work.
    """

    name: str
    messages: int = 0
    done: int = 0
    dead: int = 0
    unfinished: int = 0
    throughput: float = 0.0
    # With `python -OO` dataclasses write a docstring themselves, and a default in it would have to be shown.
    waiting: Times = field(default_factory=Times)
    working: Times = field(default_factory=Times)
    in_system: Times = field(default_factory=Times)
    mean_waiting: float = 0.0
    mean_working: float = 0.0
    utilisation: float | None = None
    busy: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WorkerLife(Record):
    """A worker of a run.

    Attributes:
        began: When it started, in microseconds.
        ended: When it ended, or the run did.
        at_once: How many messages it has in work at once, at most; None for no limit.
        state: `running`, `stopped`, `crashed`, `not started`, or what ended it.
    """

    name: str
    at_once: int | None
    began: int
    ended: int
    state: str

    @property
    def micros(self) -> int:
        """How long it lived, in microseconds."""
        return self.ended - self.began


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Curve(Record):
    """A number that changes over time, such as how many messages wait.

    Attributes:
        name: What is counted.
        micros: The moments at which it changes, in microseconds; the first is 0, the last the end of the run.
        counts: The number from each of these moments on.
    """

    name: str
    micros: array[int]
    counts: array[int]

    @property
    def area(self) -> int:
        """The sum over all microseconds: by Little's law all messages' times together."""
        return sum(
            count * (after - before) for count, (before, after) in zip(self.counts, pairwise(self.micros), strict=False)
        )

    @property
    def mean(self) -> float:
        """The mean over time."""
        return self.area / self.micros[-1] if self.micros[-1] else 0.0

    @property
    def highest(self) -> int:
        """The largest number."""
        return max(self.counts)

    @property
    def highest_at(self) -> float:
        """When it was largest first, in seconds."""
        return self.micros[self.counts.index(self.highest)] / MICROSECONDS

    def at(self, seconds: float) -> int:
        """Return the number at a moment."""
        place = bisect_right(self.micros, round(seconds * MICROSECONDS)) - 1
        return self.counts[max(place, 0)]

    def points(self, most: int = 400) -> tuple[list[float], list[int]]:
        """Return moments in seconds and numbers to draw; of more than `most` changes the highest of each stretch."""
        if len(self.micros) <= most:
            return [micros / MICROSECONDS for micros in self.micros], list(self.counts)
        end = self.micros[-1]
        highest: dict[int, int] = {}
        last = 0
        for micros, count in zip(self.micros, self.counts, strict=True):
            bucket = min(micros * most // end, most - 1)
            for skipped in range(last + 1, bucket):
                highest.setdefault(skipped, highest.get(last, count))
            highest[bucket] = max(highest.get(bucket, 0), count)
            last = bucket
        buckets = sorted(highest)
        return [bucket * end / most / MICROSECONDS for bucket in buckets], [highest[bucket] for bucket in buckets]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Comparison(Record):
    """Two runs, side by side.

    Attributes:
        before, after: The statistics of all messages of the one run, and of the other.
        same_arrivals: Whether the same messages arrived at the same moments from the producers of both.
        workers: The names and utilisations of the workers of both.
        seconds: How long both ran.
    """

    before: Statistics
    after: Statistics
    same_arrivals: bool
    seconds: tuple[float, float]
    workers: tuple[tuple[str, ...], tuple[str, ...]]
