"""Records as text: for terminals, screen readers and logs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import Any

from repid_nb.core.limits import Wait
from repid_nb.core.memory.queue import DEFAULT_PRIORITY
from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, QueuesSnapshot
from repid_nb.core.reasons import ACTOR_RETURNED
from repid_nb.display import words
from repid_nb.display.late_views import load_views_of
from repid_nb.display.runs import RunRow, window
from repid_nb.display.sentences import (
    NO_ACTOR_LISTENS,
    idle_lines,
    rewound_sentence,
    trail_rows,
    who_by_name,
    who_in_headline,
    who_waits,
    why_it_waits,
)
from repid_nb.printable import bounded, counted, one_line, printable, safe, whole
from repid_nb.stepping.record import (
    Argument,
    Explanation,
    FieldError,
    History,
    Idle,
    Raised,
    Rewound,
    Sent,
    Settlement,
    Step,
    Steps,
    Verdict,
)
from repid_nb.stepping.trail import Stop, Trail

__all__ = ["as_text"]

WIDTH = 80
NOTE_WIDTH = 300
ROWS = 10


@singledispatch
def as_text(record: Any) -> str:
    """Return a record as text; see `repid_nb.as_text`."""
    if load_views_of(record):
        return as_text(record)
    raise TypeError(f"There is no text form of a {type(record).__name__}.")


@as_text.register
def _(step: Step) -> str:
    lines = [
        f"{words.step_title(step)} · {_who(step)}",
        f"  {words.settlement_text(step)}",
        f"  {' · '.join(_message_words(step.message))} · on {one_line(step.channel)}",
        f"  payload  {one_line(words.payload_text(step.message.payload), WIDTH)}",
    ]
    lines += _verdict_lines(step.verdicts)
    if step.middlewares:
        lines.append(f"  inside middleware {one_line(', '.join(step.middlewares), WIDTH)}")
    lines += [f"  {one_line(f'{given} → {made}', WIDTH)}" for given, made in words.argument_rows(step)]
    lines += _labelled("printed", step.printed)
    if step.exception is not None:
        lines += _labelled("raised", _raised_text(step.exception))
    elif step.result is not None:
        lines += _labelled("returned", one_line(whole(step.result), WIDTH))
    if step.published:
        lines.append(f"  sent {words.sent_text(step)}")
    if step.channel in step.after:
        lines.append(f"  {words.queue_text(step.after[step.channel])}")
    if step.note:
        lines.append(f"  note: {one_line(step.note, NOTE_WIDTH)}")
    return "\n".join(lines)


@as_text.register
def _(explanation: Explanation) -> str:
    header = [
        f"Who would get this? {_who(explanation, would=True)}",
        f"  on {one_line(explanation.channel)} · {words.topic_text(explanation.message)}",
    ]
    waits = [f"  A worker that runs now would let it wait: {why_it_waits(wait)}" for wait in explanation.waits]
    return "\n".join([*header, *_verdict_lines(explanation.verdicts), *waits, "  Nothing was sent."])


@as_text.register
def _(wait: Wait) -> str:
    return who_waits(wait)


@as_text.register
def _(verdict: Verdict) -> str:
    return _verdict_lines([verdict])[0].strip()


@as_text.register
def _(settlement: Settlement) -> str:
    what, where = words.settled_words(settlement)
    return f"{what}: {one_line(settlement.reason)} · {where}"


@as_text.register
def _(argument: Argument) -> str:
    return one_line(words.argument_text(argument))


@as_text.register
def _(field: FieldError) -> str:
    return one_line(words.field_text(field))


@as_text.register
def _(exception: Raised) -> str:
    return printable(_raised_text(exception))


@as_text.register
def _(idle: Idle) -> str:
    return "\n  ".join(idle_lines(idle))


@as_text.register
def _(steps: Steps) -> str:
    ending = "nothing is left to pull" if steps.ended_by == "idle" else "stopped at max_steps"
    if steps.waiting is None:
        ending += ", how many still wait is not known"
    elif steps.waiting:
        ending += f", {counted(steps.waiting, 'message')} still waiting"
    return "\n".join([f"{counted(len(steps), 'step')} · {ending}", *_step_lines(steps.steps)])


@as_text.register
def _(history: History) -> str:
    dropped = f" · {counted(history.dropped, 'older step')} dropped" if history.dropped else ""
    return "\n".join([f"History · {counted(len(history), 'step')}{dropped}", *_step_lines(history.steps)])


@as_text.register
def _(sent: Sent) -> str:
    header = " · ".join([f"Sent to {one_line(sent.message.channel)}", *_message_words(sent.message)])
    payload = one_line(words.payload_text(sent.message.payload), WIDTH)
    return f"{header} · {words.waiting_text(sent.waiting)}\n  payload  {payload}"


@as_text.register
def _(trail: Trail) -> str:
    lines = [f"Trail of {' · '.join(_message_words(trail.message))}"]
    for row in trail_rows(trail):
        step = "" if row.step is None else f"step {row.step} · "
        lines.append(f"{'  ' * (row.depth + 1)}{row.name}  {step}{row.text}")
    return "\n".join(lines)


@as_text.register
def _(stop: Stop) -> str:
    return f"step {stop.step} · {one_line(who_by_name(stop.winner))} got it · {as_text(stop.settlement)}"


@as_text.register
def _(rewound: Rewound) -> str:
    lines = [rewound_sentence(rewound), *(f"  {words.queue_text(queue)}" for queue in rewound.queues.channels)]
    return "\n".join(lines)


@as_text.register
def _(queues: QueuesSnapshot) -> str:
    return "\n".join(as_text(queue) for queue in queues.channels) or "No queue yet: nothing was sent."


@as_text.register
def _(queue: ChannelSnapshot) -> str:
    lines = [words.queue_text(queue)]
    lines += [f"  {place:>3}  {as_text(message)}" for place, message in enumerate(queue.ready[:ROWS], start=1)]
    more = (queue.waiting or 0) - min(ROWS, len(queue.ready))
    if more > 0 and (queue.ready or not queue.note):
        lines.append(f"       ... and {more:,} more")
    lines += [f"  in work  {as_text(message)}" for message in queue.in_work[:ROWS]]
    more = (queue.working or 0) - min(ROWS, len(queue.in_work))
    if more > 0 and queue.in_work:
        lines.append(f"  in work  ... and {more:,} more")
    lines += [f"  dead     {as_text(letter)}" for letter in queue.dead_letters[-ROWS:]]
    hidden = (queue.dead or 0) - min(ROWS, len(queue.dead_letters))
    if hidden > 0 and (queue.dead_letters or not queue.note):
        lines.append(f"  dead     ... and {hidden:,} older")
    if queue.dead_dropped:
        lines.append(f"  {counted(queue.dead_dropped, 'older dead letter')} dropped")
    return "\n".join(lines)


@as_text.register
def _(message: MessageSnapshot) -> str:
    sighted = f" · sent back {counted(message.sightings, 'time')}" if message.sightings else ""
    return f"{' · '.join(_message_words(message))}{sighted} · {one_line(words.payload_text(message.payload), 40)}"


@as_text.register
def _(letter: DeadLetter) -> str:
    return f"{as_text(letter.message)} · {one_line(letter.reason)}"


def _message_words(message: MessageSnapshot) -> list[str]:
    came = "" if message.parent is None else f" from {one_line(message.parent)}"
    found = [f"message {words.message_name(message)}{came}", words.topic_text(message)]
    if others := words.headers_text(message):
        found.append(f"headers {one_line(others, 60)}")
    if message.priority != DEFAULT_PRIORITY:
        found.append(f"priority {message.priority}")
    return found


def _who(record: Step | Explanation, *, would: bool = False) -> str:
    return one_line("".join(who_in_headline(record.message, record.winner, record.verdicts, would=would)))


def _verdict_lines(verdicts: Sequence[Verdict]) -> list[str]:
    if not verdicts:
        return [f"  {NO_ACTOR_LISTENS.lower()}"]
    winner = next((verdict.position for verdict in verdicts if verdict.role == "winner"), None)
    telling = words.most_telling(verdicts)
    width = min(WIDTH, max(len(one_line(verdict.actor)) for verdict in telling))
    digits = len(str(telling[-1].position))
    lines = []
    for verdict in telling:
        gets = ": first yes" if verdict.role == "winner" and len(verdicts) > 1 else ""
        said = f"{one_line(words.verdict_text(verdict, winner))}{gets}"
        name = one_line(verdict.actor).ljust(width)
        lines.append(f"  {words.symbol(verdict)} {verdict.position:>{digits}}  {name}  {said}")
        if verdict.note:
            lines.append(f"     {one_line(words.note_text(verdict))}")
    if len(verdicts) > len(telling):
        lines.append(f"     ... and {len(verdicts) - len(telling):,} more")
    return lines


def _step_lines(steps: Sequence[Step]) -> Iterable[str]:
    first, hidden, last = window(steps)
    yield from map(_run_line, first)
    if hidden:
        yield f"       ... {hidden} ..."
        yield from map(_run_line, last)


def _run_line(run: RunRow) -> str:
    step = run.last
    topic = words.topic_shown(step.message)
    payload = one_line(words.payload_text(step.message.payload), 40)
    about = " ".join(filter(None, [words.message_name(step.message), one_line(topic or ""), payload]))
    endings = ", then ".join(text for _, text in run.endings)
    reason = "" if step.settlement.reason == ACTOR_RETURNED else f": {one_line(step.settlement.reason)}"
    return f"  {run.numbers:>3}  {about} → {one_line(who_by_name(step.winner))} · {endings}{reason}"


def _raised_text(exception: Raised) -> str:
    lines = [bounded(f"{exception.type}: {exception.message}" if exception.message else exception.type)]
    lines += [f"  {bounded(words.field_text(one))}" for one in exception.fields[:ROWS]]
    if len(exception.fields) > ROWS:
        lines.append(f"  ... and {len(exception.fields) - ROWS:,} more")
    lines += exception.traceback.splitlines()
    lines += exception.hint.splitlines()
    return "\n".join(lines)


def _labelled(label: str, text: str) -> list[str]:
    lines = safe(text.rstrip("\n")).split("\n") if text else []
    return [f"  {label if not place else ' ' * len(label)}  {line}" for place, line in enumerate(lines)]
