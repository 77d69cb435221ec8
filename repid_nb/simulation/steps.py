"""A pull of a run as a Step, made from the columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from repid_nb.core.memory.message import InMemoryReceivedMessage
from repid_nb.core.memory.queue import Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.core.routing.routes import Routes
from repid_nb.core.worker.worker import MAX_UNROUTED_RETRIES
from repid_nb.simulation.columns import NOT_YET, OUTCOMES, Columns
from repid_nb.simulation.loop import MICROSECONDS
from repid_nb.stepping.arguments import given_arguments
from repid_nb.stepping.record import Argument, Raised, Settlement, Step, Verdict
from repid_nb.stepping.recorder import WINDOW
from repid_nb.stepping.verdicts import VerdictCollector

__all__ = ["step_of"]

_NACKED, _GIVEN_BACK, _NOT_SETTLED = (OUTCOMES.index(word) for word in ("nacked", "given back", "not settled"))
_AT_THE_END = "it was still in work when the run ended"
_ACTIONS = {action.value: action for action in MessageAction}


def step_of(columns: Columns, routes: Routes | None, rows: Sequence[int], row: int) -> Step:
    """Return one pull of a message as a Step.

    Args:
        columns: The data of the run.
        routes: The actors that it ran with; None where they are not known.
        rows: The pulls of the message.
        row: The pull.
    """
    number, actor, ended = columns.message[row], columns.actor[row], columns.ended[row]
    message = _snapshot(columns, number, sightings=rows.index(row))
    error = columns.errors[columns.error[row]]
    kind, _, text = error.partition(": ")
    outcome = OUTCOMES[columns.outcome[row]]
    started = columns.started[row]
    reason = _AT_THE_END if ended == NOT_YET else columns.reasons[columns.reason[row]] or outcome
    winner = None if actor == NOT_YET else columns.actors[actor]
    verdicts: tuple[Verdict, ...] = ()
    arguments: tuple[Argument, ...] = ()
    if routes is not None:
        pulled = _pulled(message)
        verdicts, _ = VerdictCollector(routes, message.channel).explain(pulled, ask_all=True)
        there = (one for one in routes.by_channel.get(message.channel, ()) if one.name == winner)
        arguments = next((given_arguments(pulled, one) for one in there if started != NOT_YET), ())
    return Step(
        number=row + 1,
        channel=message.channel,
        message=message,
        sightings=rows.index(row) + 1,
        sightings_limit=MAX_UNROUTED_RETRIES,
        verdicts=verdicts,
        winner=winner,
        arguments=arguments,
        exception=Raised(type=kind, message=text) if error else None,
        duration=None if NOT_YET in (started, ended) else (ended - started) / MICROSECONDS,
        settlement=Settlement(action=_ACTIONS.get(outcome), reason=reason),
        before=_queues(columns, message.channel, columns.pulled[row], row, before=True),
        after=_queues(columns, message.channel, max(columns.ended) if ended == NOT_YET else ended, row, before=False),
    )


def _pulled(message: MessageSnapshot) -> InMemoryReceivedMessage:
    queue = Queues(dead_letter_limit=1).of(message.channel)
    queue.put(QueuedMessage(message.payload, message.headers, message.content_type, None, message.id), message.priority)
    pulled = queue.take(owner=None)
    assert pulled is not None  # noqa: S101  (it was just put there)
    return pulled


def _snapshot(columns: Columns, number: int, sightings: int = 0) -> MessageSnapshot:
    headers, name = columns.all_headers[columns.headers[number]], columns.name(number)
    return MessageSnapshot(
        id=name,
        name=name,
        channel=columns.channels[columns.channel[number]],
        payload=columns.payload(number),
        headers=None if headers is None else dict(headers),
        content_type=columns.content_types[columns.content_type[number]],
        priority=columns.priority[number],
        sightings=sightings,
    )


@dataclass(frozen=True, slots=True)
class _Wait:
    """One wait of a message on its queue.

    Attributes:
        place: By which it is sorted among those of one priority: a message that was given back keeps its old place.
        after: The row of the pull before it; NOT_YET for the first wait.
        row: The row of the pull that ended it; NOT_YET where none did.
    """

    number: int
    place: tuple[int, int]
    since: int
    after: int
    row: int


def _waits(columns: Columns, channel: int) -> Iterator[_Wait]:
    """Yield the waits of a channel's messages."""
    places: dict[int, tuple[int, int]] = {}
    last: dict[int, int] = {}
    for row, number in enumerate(columns.message):
        if columns.channel[number] == channel:
            since, after = columns.since[row], last.get(number, NOT_YET)
            place = places.pop(number, (since, after))
            yield _Wait(number, place, since, after, row)
            last[number] = row
            if columns.outcome[row] in (_GIVEN_BACK, _NOT_SETTLED):
                places[number] = place
    for number, since in enumerate(columns.waits_since):
        if since != NOT_YET and columns.channel[number] == channel:
            after = last.get(number, NOT_YET)
            yield _Wait(number, places.get(number, (since, after)), since, after, NOT_YET)


def _queues(columns: Columns, channel: str, moment: int, row: int, *, before: bool) -> QueuesSnapshot:
    """Return the channel's queue at a moment: right before the pull of the row, or once it had ended.

    What happened in the same microsecond happened in the order of the rows.
    """
    first = row if before else row + 1
    waiting: list[tuple[int, tuple[int, int], int]] = []
    working: list[int] = []
    dead: list[tuple[int, int]] = []

    def is_over(when: int, at_row: int) -> bool:
        return when != NOT_YET and (when < moment or (when == moment and at_row < first))

    for wait in _waits(columns, columns.channels.number(channel)):
        one, number = wait.row, wait.number
        if one == NOT_YET or not is_over(columns.pulled[one], one):
            if is_over(wait.since, wait.after):
                waiting.append((-columns.priority[number], wait.place, number))
        elif not is_over(columns.ended[one], one):
            working.append(number)
        elif columns.outcome[one] == _NACKED:
            dead.append((columns.ended[one], one))
    waiting.sort()
    letters = [
        DeadLetter(message=_snapshot(columns, columns.message[one]), reason=columns.reasons[columns.reason[one]])
        for _, one in sorted(dead)[-WINDOW:]
    ]
    return QueuesSnapshot(
        (
            ChannelSnapshot(
                channel=channel,
                waiting=len(waiting),
                ready=tuple(_snapshot(columns, number) for _, _, number in waiting[:WINDOW]),
                working=len(working),
                in_work=tuple(_snapshot(columns, number) for number in working[:WINDOW]),
                dead=len(dead),
                dead_letters=tuple(letters),
            ),
        )
    )
