"""Records as HTML: for notebooks, and for pages that have neither script nor style sheet, such as GitHub."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element

from repid_nb.core.memory.queue import DEFAULT_PRIORITY
from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.display import words
from repid_nb.display.sentences import (
    lookalike_note,
    rewound_sentence,
    trail_rows,
    who_by_name,
    who_in_caption,
)
from repid_nb.display.text_view import as_text
from repid_nb.html import Child, block, card, code, element, folded, to_html
from repid_nb.printable import counted, whole
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

__all__ = ["as_html"]

ROWS = 10
NOTHING = "-"
MESSAGE_HEADER = ["message", "topic", "payload", "priority", "sent back"]

# Half-transparent colours suit a light and a dark theme; the words carry the meaning.
GREEN = "rgba(46, 160, 67, 0.24)"
AMBER = "rgba(210, 153, 34, 0.26)"
RED = "rgba(218, 54, 51, 0.24)"
GREY = "rgba(128, 128, 128, 0.14)"
LINE = "1px solid rgba(128, 128, 128, 0.35)"
CELL = f"text-align: left; vertical-align: top; padding: 0.25em 1em 0.25em 0.5em; border-bottom: {LINE}"
CAPTION = "text-align: left; caption-side: top; padding: 0.4em 0 0.2em; color: inherit"
WRAPPING = frozenset({"why", "why it is here", "problem", "given", "payload"})

SETTLEMENT_COLOURS = {
    MessageAction.acked: GREEN,
    MessageAction.replied: GREEN,
    MessageAction.rejected: AMBER,
    MessageAction.nacked: RED,
    None: AMBER,
}


Row: TypeAlias = tuple[Sequence[Child], str]


@singledispatch
def as_html(record: Any) -> str:
    """Return a record as HTML, in which everything is escaped.

    Args:
        record: A Step, or any other record or snapshot of repid_nb.

    Raises:
        TypeError: It is not a record of repid_nb.
    """
    raise TypeError(f"There is no HTML form of a {type(record).__name__}.")


@as_html.register
def _(step: Step) -> str:
    sighting = None
    if step.winner is None or step.sightings > 1:
        sighting = f" · sighting {step.sightings} of {step.sightings_limit}"
    return _card(
        _header(f"Step {step.number}", " · channel ", step.message, sighting),
        _line("payload ", folded(words.payload_text(step.message.payload))),
        _verdict_table(step.verdicts, _who(step.winner, step.verdicts)),
        *_what_happened(step),
        _banner(
            SETTLEMENT_COLOURS[step.settlement.action],
            element("b", words.settled_words(step.settlement)[0]),
            f": {step.settlement.reason} · {words.settled_words(step.settlement)[1]}",
            None if step.duration is None else f" · {words.duration_text(step.duration)}",
        ),
        _line(words.queue_text(step.after[step.channel])) if step.channel in step.after else None,
        _line("note: ", step.note) if step.note else None,
    )


@as_html.register
def _(explanation: Explanation) -> str:
    return _card(
        _line(
            element("b", "Who would get this?"), " · channel ", code(explanation.channel), *_about(explanation.message)
        ),
        _verdict_table(explanation.verdicts, _who(explanation.winner, explanation.verdicts, would=True)),
        _line("Nothing was sent."),
    )


@as_html.register(Stop)
@as_html.register(Verdict)
@as_html.register(Settlement)
@as_html.register(MessageSnapshot)
@as_html.register(DeadLetter)
@as_html.register(Argument)
@as_html.register(FieldError)
def _(record: Any) -> str:
    return _card(_line(as_text(record)))


@as_html.register
def _(exception: Raised) -> str:
    return _card(*_exception(exception))


@as_html.register
def _(idle: Idle) -> str:
    where = [*_joined(map(code, idle.channels))] or ["any channel: no actor is registered yet"]
    unheard = (
        _banner(
            AMBER,
            f"⚠ {counted(waiting, 'message')} on ",
            code(channel),
            f"{lookalike_note(channel, idle.channels)}, where no actor listens.",
        )
        for channel, waiting in idle.unheard
    )
    said = [" · nothing came from ", *where, f": {idle.note}"] if idle.note else [" · nothing is waiting on ", *where]
    return _card(_line(element("b", "Idle"), *said), *unheard)


@as_html.register
def _(steps: Steps) -> str:
    ending = "nothing is left to pull" if steps.ended_by == "idle" else "stopped at max_steps"
    waiting = f", {counted(steps.waiting, 'message')} still waiting" if steps.waiting else ""
    if steps.waiting is None:
        waiting = ", how many still wait is not known"
    title = f"{counted(len(steps), 'step')} · {ending}{waiting}"
    return _card(_step_table(steps.steps, title))


@as_html.register
def _(history: History) -> str:
    dropped = f" · {counted(history.dropped, 'older step')} dropped" if history.dropped else ""
    return _card(_step_table(history.steps, f"History · {counted(len(history), 'step')}{dropped}"))


@as_html.register
def _(sent: Sent) -> str:
    return _card(
        _line(
            element("b", "Sent"),
            " to ",
            code(sent.message.channel),
            *_about(sent.message),
            f" · {words.waiting_text(sent.waiting)}",
        ),
        _line("payload ", folded(words.payload_text(sent.message.payload))),
    )


@as_html.register
def _(trail: Trail) -> str:
    rows: list[Row] = [
        (
            [
                element("span", code(row.name), style=f"padding-left: {1.2 * row.depth:g}em"),
                "" if row.step is None else str(row.step),
                row.text,
            ],
            "",
        )
        for row in trail_rows(trail)
    ]
    return _card(
        _line(element("b", "Trail"), " of", *_about(trail.message)),
        _table(["Each message with what came of it, in the order of the steps"], ["message", "step", "what"], rows),
    )


@as_html.register
def _(rewound: Rewound) -> str:
    return _card(_banner(GREY, "↶ ", rewound_sentence(rewound)), *(_queue(queue) for queue in rewound.queues.channels))


@as_html.register
def _(queues: QueuesSnapshot) -> str:
    return _card(
        *(_queue(queue) for queue in queues.channels) if queues else [_line("No queue yet: nothing was sent.")]
    )


@as_html.register
def _(queue: ChannelSnapshot) -> str:
    return _card(_queue(queue))


def _card(*children: Child | Iterable[Child]) -> str:
    return to_html(card(*children))


def _line(*children: Child) -> Element:
    return element("div", *children, style="margin: 0.15em 0")


def _banner(colour: str, *children: Child) -> Element:
    return element(
        "div",
        *children,
        style=f"margin: 0.35em 0; padding: 0.3em 0.7em; border-radius: 4px; background: {colour}",
    )


def _header(title: str, before_channel: str, message: MessageSnapshot, after: str | None = None) -> Element:
    return _line(element("b", title), before_channel, code(message.channel), *_about(message), after)


def _about(message: MessageSnapshot) -> Iterable[Child]:
    if message.id is not None:
        yield " · message "
        yield code(words.message_name(message))
        if message.parent is not None:
            yield from (" from ", code(message.parent))
    yield " · "
    topic = words.topic_value(message)
    yield from ("no topic",) if topic is None else ("topic ", code(topic))
    if others := words.headers_text(message):
        yield " · headers "
        yield folded(others, fold_at=60)
    if message.priority != DEFAULT_PRIORITY:
        yield f" · priority {message.priority}"


def _who(winner: str | None, verdicts: Sequence[Verdict], *, would: bool = False) -> list[Child]:
    name, rest = who_in_caption(winner, verdicts, would=would)
    return [element("b", name) if name else None, rest]


def _verdict_table(verdicts: Sequence[Verdict], caption: Sequence[Child]) -> Element:
    winner = next((verdict.position for verdict in verdicts if verdict.role == "winner"), None)
    telling = words.most_telling(verdicts)
    rows: list[Row] = [
        (
            [
                str(verdict.position),
                element("b", verdict.actor) if verdict.role == "winner" else verdict.actor,
                verdict.strategy,
                words.OUTCOMES[verdict.outcome],
                _reason(verdict),
                ("★ " if verdict.role == "winner" else "") + words.role_text(verdict, winner),
            ],
            _row_style(verdict),
        )
        for verdict in telling
    ]
    if len(verdicts) > len(telling):
        rows.append((["", f"… and {len(verdicts) - len(telling):,} more", "", "", "", ""], ""))
    return _table(caption, ["place", "actor", "strategy", "takes it?", "why", "result"], rows)


def _reason(verdict: Verdict) -> Element:
    note = element("div", words.note_text(verdict)) if verdict.note else None
    return element("span", verdict.reason, note)


def _row_style(verdict: Verdict) -> str:
    if verdict.role == "winner":
        return f"background: {GREEN}"
    colour = RED if verdict.outcome == "error" else "transparent"
    return f"background: {colour}" + ("" if verdict.asked else "; opacity: 0.75")


def _what_happened(step: Step) -> Iterable[Child]:
    if step.middlewares:
        yield _line("inside middleware ", *_joined(map(code, step.middlewares)))
    if step.arguments:
        yield _line("called with ", *_joined(code(words.argument_text(one)) for one in step.arguments))
    if step.printed:
        printed = step.printed.rstrip("\n")
        yield _line("printed ", block(printed, "what was printed") if "\n" in printed else folded(printed))
    if step.exception is not None:
        yield from _exception(step.exception)
    elif step.result is not None:
        yield _line("returned ", folded(whole(step.result)))
    if step.published:
        yield _line("sent ", words.sent_text(step))


def _exception(exception: Raised) -> Iterable[Child]:
    text = f": {exception.message}" if exception.message else ""
    yield _line("raised ", element("b", exception.type), text)
    if exception.fields:
        rows: list[Row] = [([one.field, one.problem, code(one.given)], "") for one in exception.fields[:ROWS]]
        if len(exception.fields) > ROWS:
            rows.append((["", f"… and {len(exception.fields) - ROWS:,} more", ""], ""))
        yield _table(["What did not fit"], ["field", "problem", "given"], rows)
    if exception.traceback:
        yield block(exception.traceback, "where it was raised")
    if exception.hint:
        yield _line(exception.hint)


def _step_table(steps: Sequence[Step], caption: str) -> Element:
    hidden = len(steps) - 2 * ROWS
    shown = steps if hidden <= 0 else (*steps[:ROWS], None, *steps[-ROWS:])
    rows: list[Row] = []
    for step in shown:
        if step is None:
            rows.append((["", f"… {counted(hidden, 'step')} …", "", "", ""], ""))
            continue
        settled, _ = words.SETTLEMENTS[step.settlement.action]
        message = code(words.message_name(step.message))
        rows.append(([str(step.number), message, who_by_name(step.winner), settled, step.settlement.reason], ""))
    return _table([caption], ["step", "message", "who got it", "settled", "why"], rows)


def _queue(queue: ChannelSnapshot) -> Element:
    parts: list[Child] = []
    rows: list[Row]
    if queue.ready:
        rows = [
            ([str(place), *_message_cells(message)], "") for place, message in enumerate(queue.ready[:ROWS], start=1)
        ]
        more = (queue.waiting or 0) - len(rows)
        if more > 0:
            rows.append((["", f"… and {more:,} more", "", "", "", ""], ""))
        parts.append(_table(["Waiting, in the order in which they will be pulled"], ["place", *MESSAGE_HEADER], rows))
    if queue.in_work:
        rows = [(list(_message_cells(message)), "") for message in queue.in_work[:ROWS]]
        more = (queue.working or 0) - len(rows)
        if more > 0:
            rows.append((["", f"… and {more:,} more", "", "", ""], ""))
        parts.append(_table(["In work: pulled and not settled"], MESSAGE_HEADER, rows))
    if queue.dead_letters:
        rows = [([*list(_message_cells(one.message))[:3], one.reason], "") for one in queue.dead_letters[-ROWS:]]
        older = (queue.dead or 0) - len(rows)
        if older > 0:
            rows.insert(0, ([f"… {older:,} older", "", "", ""], ""))
        parts.append(_table(["Dead letters, the newest last"], [*MESSAGE_HEADER[:3], "why it is here"], rows))
    if queue.dead_dropped:
        parts.append(_line(f"{counted(queue.dead_dropped, 'older dead letter')} dropped."))
    return element("div", element("div", element("b", words.queue_text(queue))), parts, style="margin: 0.4em 0")


def _message_cells(message: MessageSnapshot) -> Iterable[Child]:
    yield code(words.message_name(message))
    yield (message.headers or {}).get("topic", NOTHING)
    yield folded(words.payload_text(message.payload), fold_at=60)
    yield str(message.priority)
    yield counted(message.sightings, "time") if message.sightings else NOTHING


def _table(caption: Sequence[Child], header: Sequence[str], rows: Iterable[Row]) -> Element:
    styles = [f"{CELL}; white-space: {'normal' if name in WRAPPING else 'nowrap'}" for name in header]
    head = [element("th", name, scope="col", style=style) for name, style in zip(header, styles, strict=True)]
    body = [
        element("tr", [element("td", one, style=cell) for one, cell in zip(cells, styles, strict=True)], style=row)
        for cells, row in rows
    ]
    return element(
        "table",
        element("caption", *caption, style=CAPTION),
        element("thead", element("tr", head)),
        element("tbody", body),
        style="border-collapse: collapse; margin: 0.3em 0; font-size: inherit",
    )


def _joined(parts: Iterable[Child]) -> Iterable[Child]:
    for place, part in enumerate(parts):
        if place:
            yield ", "
        yield part
