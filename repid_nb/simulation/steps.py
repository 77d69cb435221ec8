"""Pulls of a run as Steps, made from the columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from repid_nb.core.memory.message import InMemoryReceivedMessage
from repid_nb.core.memory.queue import Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.core.routing.routes import Routes
from repid_nb.core.worker.worker import MAX_UNROUTED_RETRIES
from repid_nb.simulation.columns import NOT_YET, OUTCOMES, Columns
from repid_nb.simulation.loop import MICROSECONDS
from repid_nb.simulation.replay import message_of, queues_at
from repid_nb.stepping.arguments import given_arguments
from repid_nb.stepping.record import Argument, Raised, Settlement, Step, Verdict
from repid_nb.stepping.verdicts import VerdictCollector

__all__ = ["steps_of"]

_AT_THE_END = "it was still in work when the run ended"
_ACTIONS = {action.value: action for action in MessageAction}


def steps_of(
    columns: Columns,
    routes: Routes | None,
    rows: Sequence[int],
    *,
    workers: Sequence[str],
    rows_of: Callable[[int], Sequence[int]],
    end: int,
) -> list[Step]:
    """Return pulls as Steps; the number of each is that of its row, from 1.

    Args:
        columns: The data of the run.
        routes: The actors that it ran with; None where they are not known.
        rows: The pulls.
        workers: The names of the workers; a Step names its own where there are several.
        rows_of: Returns the pulls of a message, by its number.
        end: When the run ended, in microseconds.
    """
    ends = [end + 1 if columns.ended[row] == NOT_YET else columns.ended[row] for row in rows]
    begins = [(columns.pulled[row], row) for row in rows]
    queues = queues_at(columns, [*begins, *((ended, row + 1) for ended, row in zip(ends, rows, strict=True))])
    children = _children(columns, {columns.message[row] for row in rows})
    explain = partial(_explained, columns, routes)
    return [
        _step_of(
            columns,
            row,
            seen=rows_of(columns.message[row]).index(row),
            queues=(earlier, later),
            sent=[
                one
                for one in children.get(columns.message[row], ())
                if columns.pulled[row] <= columns.sent[one] <= ended
            ],
            explain=explain,
            worker=workers[columns.worker[row]] if len(workers) > 1 else "",
        )
        for row, ended, earlier, later in zip(rows, ends, queues, queues[len(ends) :], strict=False)
    ]


def _step_of(
    columns: Columns,
    row: int,
    *,
    seen: int,
    queues: tuple[QueuesSnapshot, QueuesSnapshot],
    sent: Sequence[int],
    explain: Callable[[MessageSnapshot, int], tuple[tuple[Verdict, ...], tuple[Argument, ...]]],
    worker: str,
) -> Step:
    actor, started, ended = columns.actor[row], columns.started[row], columns.ended[row]
    message = message_of(columns, columns.message[row], sightings=seen)
    error = columns.errors[columns.error[row]]
    kind, _, text = error.partition(": ")
    outcome = OUTCOMES[columns.outcome[row]]
    verdicts, arguments = explain(message, row)
    before, after = queues
    return Step(
        number=row + 1,
        channel=message.channel,
        message=message,
        sightings=seen + 1,
        sightings_limit=MAX_UNROUTED_RETRIES,
        verdicts=verdicts,
        winner=None if actor == NOT_YET else columns.actors[actor],
        arguments=arguments,
        exception=Raised(type=kind, message=text) if error else None,
        duration=None if NOT_YET in (started, ended) else (ended - started) / MICROSECONDS,
        settlement=Settlement(
            action=_ACTIONS.get(outcome),
            reason=_AT_THE_END if ended == NOT_YET else columns.reasons[columns.reason[row]] or outcome,
        ),
        published=tuple(columns.channels[columns.channel[one]] for one in sent),
        children=tuple(map(columns.name, sent)),
        worker=worker,
        before=before,
        after=after,
    )


def _explained(
    columns: Columns, routes: Routes | None, message: MessageSnapshot, row: int
) -> tuple[tuple[Verdict, ...], tuple[Argument, ...]]:
    """Return what each actor says of a message, and the arguments of the one that was called."""
    if routes is None:
        return (), ()
    pulled = _pulled(message)
    verdicts, _ = VerdictCollector(routes, message.channel).explain(pulled, ask_all=True)
    if columns.started[row] == NOT_YET:
        return verdicts, ()
    winner = columns.actors[columns.actor[row]]
    there = (one for one in routes.by_channel.get(message.channel, ()) if one.name == winner)
    return verdicts, next((given_arguments(pulled, one) for one in there), ())


def _children(columns: Columns, parents: set[int]) -> dict[int, list[int]]:
    """Return what actors sent for each of some messages."""
    found: dict[int, list[int]] = {}
    for number, parent in enumerate(columns.parent):
        if parent in parents:
            found.setdefault(parent, []).append(number)
    return found


def _pulled(message: MessageSnapshot) -> InMemoryReceivedMessage:
    queue = Queues(dead_letter_limit=1).of(message.channel)
    queue.put(QueuedMessage(message.payload, message.headers, message.content_type, None, message.id), message.priority)
    pulled = queue.take(owner=None)
    assert pulled is not None  # noqa: S101  (it was just put there)
    return pulled
