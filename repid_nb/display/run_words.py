"""The figures of a simulation's run, as words that its text and its HTML share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from repid_nb.printable import counted, one_line
from repid_nb.simulation.records import Comparison, Curve, Statistics
from repid_nb.simulation.run import Run

__all__ = [
    "COLUMNS",
    "ENDINGS",
    "Table",
    "comparison_rows",
    "course",
    "headline",
    "number_text",
    "share_text",
    "sparkline",
    "tables",
    "time_text",
    "verdict",
    "worker_text",
]

BARS = " ▁▂▃▄▅▆▇█"
WIDTH = 60
MOST_ROWS = 12
SHORT, LONG = 0.0995, 99.5

ENDINGS = {
    "seconds": "",
    "idle": "until nothing was left to do",
    "stuck": "⚠ until nothing could happen any more",
    "max_messages": "⚠ stopped at max_messages",
    "max_real_seconds": "⚠ stopped at max_real_seconds",
    "interrupted": "⚠ interrupted",
}

COLUMNS = ("messages", "done", "dead", "not done", "a second", "median", "95 %", "99 %", "longest", "in all, 95 %")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a run's figures.

    Attributes:
        title: What its rows are.
        rows: The name of each row, and its figures as the columns COLUMNS.
        more: How many further rows are left out.
    """

    title: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    more: int = 0


def time_text(seconds: float) -> str:
    """Return a time: `0`, `12 ms`, `2.4 s`, `310 s`."""
    if not seconds:
        return "0"
    if seconds < SHORT:
        return f"{seconds * 1000:.2g} ms"
    return f"{seconds:.2g} s" if seconds < LONG else f"{seconds:,.0f} s"


def number_text(number: float, digits: int = 2) -> str:
    """Return a number with so many digits, never with an exponent: `0.53`, `20`, `1,234`."""
    return f"{number:.{digits}g}" if number < 10**digits - 0.5 else f"{number:,.0f}"


def share_text(share: float) -> str:
    """Return a share in per cent: `93 %`."""
    return f"{share:.0%}".replace("%", " %")


def headline(run: Run) -> str:
    """Return what the run was, in a line."""
    total = run.total
    parts = [
        counted(total.messages, "message"),
        f"{number_text(total.throughput, 3)} done a second",
        f"seed {run.seed}",
        ENDINGS[run.ended_by],
    ]
    return " · ".join(filter(None, parts))


def verdict(run: Run) -> str:
    """Return where it queued, in a sentence."""
    waiting = run.waiting_over_time()
    if not waiting.highest:
        return "No message ever waited."
    return course(waiting)


def course(curve: Curve) -> str:
    """Return how a number went, in a sentence."""
    left = curve.counts[-1]
    parts = [
        f"at most {curve.highest:,}, at {time_text(curve.highest_at) if curve.highest_at else '0 s'}",
        f"{number_text(curve.mean)} on average",
        f"{left:,} at the end" if left else "none at the end",
    ]
    return "; ".join(parts)


def sparkline(curve: Curve, width: int = WIDTH) -> str:
    """Return a number over time as a row of bars: each the highest of its stretch, the highest of all full."""
    end, highest = curve.micros[-1], curve.highest
    if not end or not highest:
        return ""
    tallest = [0] * width
    for place, (micros, count) in enumerate(zip(curve.micros, curve.counts, strict=True)):
        until = curve.micros[place + 1] if place + 1 < len(curve.micros) else end
        for column in range(micros * width // end, min(until * width // end, width - 1) + 1):
            tallest[min(column, width - 1)] = max(tallest[min(column, width - 1)], count)
    steps = len(BARS) - 1
    return "".join(BARS[-(-count * steps // highest)] for count in tallest)


def tables(run: Run) -> Iterator[Table]:
    """Yield the tables: all messages, then channels, priorities and actors where there are several, and the workers."""
    yield Table("", (("all messages", _figures(run.total)),))
    groups = {
        "channel": list(run.channels.items()),
        "priority": [(str(key), one) for key, one in run.priorities.items()],
        "actor": list(run.actors.items()),
    }
    for title, group in groups.items():
        if len(group) > 1:
            yield _table(title, [(name, _figures(one)) for name, one in group])
    workers = run.workers
    yield _table("worker", [(f"{life.name}{_state(life.state)}", _figures(workers[life.name])) for life in run.lives])


def worker_text(run: Run, name: str) -> str:
    """Return how busy a worker was: `busy 93 % of its time, 2.8 messages at once of at most 4`."""
    figures = run.workers[name]
    life = next(life for life in run.lives if life.name == name)
    mean = figures.mean_working * run.micros / life.micros if life.micros else 0.0
    most = "" if life.at_once is None else f" of at most {life.at_once:,}"
    return f"busy {share_text(figures.busy)} of its time; {number_text(mean)}{most} at once"


def comparison_rows(comparison: Comparison) -> Iterator[tuple[str, str, str, str]]:
    """Yield what is compared, the figure of each run, and the change."""
    before, after = comparison.before, comparison.after
    for name in ("messages", "done", "dead letters", "not done"):
        counts = _count(before, name), _count(after, name)
        yield name, f"{counts[0]:,}", f"{counts[1]:,}", _change(*counts)
    yield (
        "done a second",
        number_text(before.throughput, 3),
        number_text(after.throughput, 3),
        _change(before.throughput, after.throughput),
    )
    for what, first, second in (
        ("waited", before.waiting, after.waiting),
        ("in all", before.in_system, after.in_system),
    ):
        for label, attribute in (("median", "median"), ("95 %", "p95"), ("99 %", "p99"), ("longest", "longest")):
            times = getattr(first, attribute), getattr(second, attribute)
            yield f"{what}, {label}", time_text(times[0]), time_text(times[1]), _change(*times)
    yield (
        "waiting at once",
        number_text(before.mean_waiting),
        number_text(after.mean_waiting),
        _change(before.mean_waiting, after.mean_waiting),
    )


def _table(title: str, rows: list[tuple[str, tuple[str, ...]]]) -> Table:
    return Table(
        title, tuple((one_line(name, 40), figures) for name, figures in rows[:MOST_ROWS]), len(rows[MOST_ROWS:])
    )


def _figures(one: Statistics) -> tuple[str, ...]:
    waiting = one.waiting
    return (
        f"{one.messages:,}",
        f"{one.done:,}",
        f"{one.dead:,}",
        f"{one.unfinished:,}",
        number_text(one.throughput, 3),
        *(time_text(time) for time in (waiting.median, waiting.p95, waiting.p99, waiting.longest, one.in_system.p95)),
    )


def _state(state: str) -> str:
    return "" if state == "running" else f" ({state})"


def _count(one: Statistics, name: str) -> int:
    return {"messages": one.messages, "done": one.done, "dead letters": one.dead, "not done": one.unfinished}[name]


def _change(before: float, after: float) -> str:
    if before == after:
        return "="
    if not before:
        return "more"
    if not after:
        return "none"
    ratio = after / before
    if ratio >= 2:  # noqa: PLR2004
        return f"{ratio:.2g} times" if ratio < 100 else f"{ratio:,.0f} times"  # noqa: PLR2004
    return f"{ratio - 1:+.0%}".replace("%", " %")
