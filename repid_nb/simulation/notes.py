"""Why a run ended where it did, and what it cannot show: in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import ServerT
from repid_nb.core.naming import a_kind
from repid_nb.printable import counted, one_line
from repid_nb.simulation.columns import BY_ACTORS, NOT_YET, Columns
from repid_nb.simulation.parts import Bounds
from repid_nb.simulation.records import WorkerLife

__all__ = ["notes_of"]

MOST = 5
MOST_PULLS = 1000


def notes_of(
    ended_by: str,
    columns: Columns,
    lives: Sequence[WorkerLife],
    *,
    bounds: Bounds,
    seconds: float,
    heard: Collection[str],
    server: ServerT,
    printed: str,
) -> Iterator[str]:
    """Yield the notes on a run.

    Args:
        ended_by: What ended it.
        columns: Its data.
        lives: Its workers.
        bounds: When it had to end.
        seconds: How long it ran, in simulated time.
        heard: The channels on which actors listen.
        server: The app's own server.
        printed: What actors printed.
    """
    if not isinstance(server, InMemoryServer):
        yield (
            f"The app's server is {a_kind(server)}: the run had one in memory in its place, with empty queues and "
            "without a network."
        )
    if ended_by == "max_messages":
        by_actors = columns.source.count(columns.sources.number(BY_ACTORS))
        of_them = f", of which actors sent {by_actors:,}" if by_actors else ""
        sent = counted(len(columns.sent), "message")
        # As many pulls end a run, too.
        pulls = "" if len(columns.sent) >= bounds.max_messages else f"{counted(len(columns.message), 'pull')} of "
        yield f"The run ended at {pulls}{sent}{of_them}: run(max_messages=...) sets another bound."
    if ended_by == "max_real_seconds":
        yield (
            f"The run took more than {bounds.max_real_seconds:g} s of real time and ended at {seconds:,.4g} s of "
            "simulated time: run(max_real_seconds=...) sets another bound."
        )
    if ended_by == "interrupted":
        yield "The run was interrupted: this is how far it had come."
    yield from _what_was_raised(columns, lives)
    yield from _what_waits(columns, lives, heard=heard, is_stuck=ended_by == "stuck")
    if printed:
        yield f"Actors printed {counted(printed.count(chr(10)), 'line')}: see run.printed."


def _what_was_raised(columns: Columns, lives: Sequence[WorkerLife]) -> Iterator[str]:
    """Yield what left a message in work for as long as its worker lives."""
    raised = [row for row, ended in enumerate(columns.ended) if ended == NOT_YET and columns.error[row]]
    for row in raised[:MOST]:
        yield (
            f"{columns.name(columns.message[row])} stays in work: {_whose(columns, lives, row)}, raised "
            f"{columns.errors[columns.error[row]]}. Only an Exception settles a message."
        )


def _whose(columns: Columns, lives: Sequence[WorkerLife], row: int) -> str:
    actor = columns.actor[row]
    name = "no actor" if actor == NOT_YET else one_line(columns.actors[actor], 40)
    return f"{name}, in {one_line(lives[columns.worker[row]].name, 40)}"


def _what_waits(
    columns: Columns, lives: Sequence[WorkerLife], *, heard: Collection[str], is_stuck: bool
) -> Iterator[str]:
    waiting = Counter(
        columns.channels[columns.channel[number]]
        for number, since in enumerate(columns.waits_since)
        if since != NOT_YET
    )
    for channel, count in sorted(waiting.items())[:MOST]:
        waits = "waits" if count == 1 else "wait"
        what = f"{counted(count, 'message')} on {one_line(channel, 60)!r} {waits}"
        if channel not in heard:
            yield f"{what} for ever: no actor listens there."
        elif all(life.state != "running" for life in lives):
            gone = ", ".join(f"{one_line(life.name, 40)} ({life.state})" for life in lives[:MOST])
            since = "yet" if all(life.state == "not started" for life in lives) else "any more"
            yield f"{what}, and no worker runs {since}: {gone}."
        elif is_stuck:
            yield f"{what} for a worker, and each is held up by what it has in work."
    if is_stuck:
        last = columns.message[-1] if columns.message else NOT_YET
        pulls = columns.message.count(last)
        held = [row for row, ended in enumerate(columns.ended) if ended == NOT_YET and not columns.error[row]]
        if pulls > MOST_PULLS:
            # Its last pull may be under way: the one before tells why it comes again, and it is not held for ever.
            rows = reversed(range(len(columns.message)))
            own = (columns.reason[row] for row in rows if columns.message[row] == last)
            why = columns.reasons[next(filter(None, own), 0)]
            yield (
                f"{columns.name(last)} came again and again without any time passing: {counted(pulls, 'pull')}. "
                f"{one_line(why, 100)}."
            )
            held = [row for row in held if columns.message[row] != last]
        for row in held[:MOST]:
            yield (
                f"{columns.name(columns.message[row])} is in work for ever: {_whose(columns, lives, row)}, waits for "
                "what neither a timer nor a message will bring, or has left it unsettled."
            )
