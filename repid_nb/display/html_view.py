"""Records as HTML: for notebooks, and for pages that have neither script nor style sheet, such as GitHub.

The sentence of the outcome comes first in every view, then what leads to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import Any
from xml.etree.ElementTree import Element

from repid_nb.core.limits import Wait
from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, QueuesSnapshot
from repid_nb.core.reasons import ACTOR_RETURNED
from repid_nb.display import words
from repid_nb.display.html_parts import (
    AMBER,
    DIM,
    GREEN,
    GREY,
    RED,
    SETTLEMENT_COLOURS,
    Row,
    banner,
    line,
    listing,
    message_words,
    named_chip,
    pill,
    row,
    rows,
    shown,
    strip,
)
from repid_nb.display.late_views import load_views_of
from repid_nb.display.runs import RunRow, window
from repid_nb.display.sentences import (
    channel_hint,
    lookalike_note,
    rewound_sentence,
    step_sentence,
    trail_rows,
    who_by_name,
    who_in_headline,
    who_waits,
    why_it_waits,
)
from repid_nb.display.text_view import as_text
from repid_nb.html import Child, block, code, element, folded
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

__all__ = ["as_html", "step_as_html"]

ROWS = 10
# From how many characters on a payload is folded: in a list of messages, and where it has a line of its own.
IN_A_LIST, ON_ITS_OWN = 60, 120


@singledispatch
def as_html(record: Any) -> str:
    """Return a record as HTML; see `repid_nb.as_html`."""
    if load_views_of(record):
        return as_html(record)
    raise TypeError(f"There is no HTML form of a {type(record).__name__}.")


@as_html.register
def step_as_html(step: Step, *, is_wrong: bool = False) -> str:
    """Return a Step as HTML.

    Args:
        is_wrong: Whether it shows what is wrong with an answer, so that nothing in it is green.
    """
    colour = AMBER if is_wrong else SETTLEMENT_COLOURS[step.settlement.action]
    settled, where = words.settled_words(step.settlement)
    took = "" if step.duration is None else f" · {words.duration_text(step.duration)}"
    headline = banner(
        colour,
        line(element("b", words.step_title(step)), " · ", *_who(step), style="margin: 0"),
        line(element("b", settled), f": {step.settlement.reason} · {where}{took}", style="margin: 0"),
        edge=True,
    )
    queue = step.after.get(step.channel)
    return shown(
        headline,
        line(*message_words(step.message, payload=ON_ITS_OWN)),
        None if queue is None else line(*strip(queue, step.message, step.settlement.action)),
        *_verdicts(step, winning=AMBER if is_wrong else GREEN),
        *_what_happened(step),
        line("note: ", step.note) if step.note else None,
        name=step_sentence(step),
        colour=colour,
    )


@as_html.register
def _(explanation: Explanation) -> str:
    return shown(
        banner(
            GREY,
            line(element("b", "Who would get this?"), " ", *_who(explanation, would=True), style="margin: 0"),
            edge=True,
        ),
        line("on ", code(explanation.channel), ": ", *message_words(explanation.message, payload=ON_ITS_OWN)),
        *_verdicts(explanation, would=True),
        *(line(f"A worker that runs now would let it wait: {why_it_waits(wait)}") for wait in explanation.waits),
        line("Nothing was sent.", style=DIM),
        name=f"Who would get this? {who_by_name(explanation.winner)}",
        colour=GREY,
    )


@as_html.register(Stop)
@as_html.register(Verdict)
@as_html.register(Settlement)
@as_html.register(MessageSnapshot)
@as_html.register(DeadLetter)
@as_html.register(Wait)
@as_html.register(Argument)
@as_html.register(FieldError)
def _(record: Any) -> str:
    return shown(line(as_text(record)))


@as_html.register
def _(exception: Raised) -> str:
    return shown(*_exception(exception))


@as_html.register
def _(idle: Idle) -> str:
    where = [*_joined(map(code, idle.channels))] or ["any channel: no actor is registered yet"]
    unheard = (
        banner(
            AMBER,
            f"⚠ {counted(waiting, 'message')} on ",
            code(channel),
            f"{lookalike_note(channel, idle.channels)}, where no actor listens.",
            channel_hint(channel, idle).removeprefix("."),
        )
        for channel, waiting in idle.unheard
    )
    said = [" · nothing came from ", *where, f": {idle.note}"] if idle.note else [" · nothing is waiting on ", *where]
    if idle.waits:
        said = [" · nothing on ", *where, " can start now"]
    return shown(line(element("b", "Idle"), *said), *map(line, map(who_waits, idle.waits)), *unheard)


@as_html.register
def _(steps: Steps) -> str:
    ending = "nothing is left to pull" if steps.ended_by == "idle" else "stopped at max_steps"
    waiting = f", {counted(steps.waiting, 'message')} still waiting" if steps.waiting else ""
    if steps.waiting is None:
        waiting = ", how many still wait is not known"
    return _run(steps.steps, counted(len(steps), "step"), f" · {ending}{waiting}")


@as_html.register
def _(history: History) -> str:
    dropped = f" · {counted(history.dropped, 'older step')} dropped" if history.dropped else ""
    return _run(history.steps, "History", f" · {counted(len(history), 'step')}{dropped}")


@as_html.register
def _(sent: Sent) -> str:
    return shown(
        line(
            element("b", "Sent"),
            " to ",
            code(sent.message.channel),
            ": ",
            *message_words(sent.message, payload=ON_ITS_OWN),
            element("span", f" · {words.waiting_text(sent.waiting)}", style=DIM),
        ),
    )


@as_html.register
def _(trail: Trail) -> str:
    items: list[list[Child]] = []
    for found in trail_rows(trail):
        # The sign is there for pages that remove the indent.
        indent = element("span", "↳ " * bool(found.depth), style=f"padding-left: {1.4 * found.depth:g}em")
        name = named_chip(found.name, found.name)
        items.append([indent, name, " ", "" if found.step is None else f"step {found.step} · ", found.text])
    return shown(line(element("b", "Trail"), " of ", *message_words(trail.message)), listing(items))


@as_html.register
def _(rewound: Rewound) -> str:
    return shown(banner(GREY, "↶ ", rewound_sentence(rewound)), *(_queue(queue) for queue in rewound.queues.channels))


@as_html.register
def _(queues: QueuesSnapshot) -> str:
    return shown(*map(_queue, queues.channels) if queues else [line("No queue yet: nothing was sent.")])


@as_html.register
def _(queue: ChannelSnapshot) -> str:
    return shown(_queue(queue))


def _who(record: Step | Explanation, *, would: bool = False) -> Iterable[Child]:
    beginning, winner, rest = who_in_headline(record.message, record.winner, record.verdicts, would=would)
    return (beginning, element("b", winner) if winner else None, rest)


def _verdicts(record: Step | Explanation, *, would: bool = False, winning: str = GREEN) -> Iterable[Element]:
    """Yield a row for each actor; a single actor has a line, because there is no order to show.

    Args:
        would: Whether nothing was sent.
        winning: The colour of the winner's row.
    """
    telling = words.most_telling(record.verdicts)
    winner = next((verdict.position for verdict in record.verdicts if verdict.role == "winner"), None)
    if len(record.verdicts) == 1:
        (verdict,) = telling
        yield line(words.symbol(verdict), " ", element("b", verdict.actor), ": ", *_said(verdict, winner))
        return
    body = [_verdict(verdict, winner, would=would, winning=winning) for verdict in telling]
    if len(record.verdicts) > len(telling):
        body.append(row("", f"… and {len(record.verdicts) - len(telling):,} more", "", dim=True))
    if body:
        yield rows("asked in this order" if not would else "would be asked in this order", body)


def _verdict(verdict: Verdict, winner: int | None, *, would: bool, winning: str) -> Row:
    name = f"{verdict.position} {verdict.actor}"
    said = _said(verdict, winner)
    if verdict.role == "winner":
        gets = "would get it" if would else "gets it"
        return row("★", name, *said, ": ", element("b", f"first yes, {gets}"), colour=winning)
    colour = RED if verdict.outcome == "error" and verdict.asked else ""
    return row(words.symbol(verdict), name, *said, colour=colour, dim=not verdict.asked)


def _said(verdict: Verdict, winner: int | None) -> Iterable[Child]:
    yield words.verdict_text(verdict, winner)
    if verdict.note:
        yield element("div", words.note_text(verdict))


def _what_happened(step: Step) -> Iterable[Child]:
    if step.middlewares:
        yield line("inside middleware ", *_joined(map(code, step.middlewares)))
    if pairs := words.argument_rows(step):
        body = [
            row("", given, "→ ", made if made == "not used" else code(made), as_code=True, dim=made == "not used")
            for given, made in pairs[:ROWS]
        ]
        if len(pairs) > ROWS:
            body.append(row("", f"… and {len(pairs) - ROWS:,} more", "", dim=True))
        yield rows("", body)
    if step.printed:
        printed = step.printed.rstrip("\n")
        yield line("printed ", block(printed, "what was printed") if "\n" in printed else folded(printed))
    if step.exception is not None:
        yield from _exception(step.exception)
    elif step.result is not None:
        yield line("returned ", folded(whole(step.result)))
    if step.published:
        yield line("sent ", words.sent_text(step))


def _exception(exception: Raised) -> Iterable[Child]:
    text = f": {exception.message}" if exception.message else ""
    yield line("raised ", element("b", exception.type), text)
    if exception.fields:
        body = [row("✗", one.field, one.problem, " (given: ", code(one.given), ")") for one in exception.fields[:ROWS]]
        if len(exception.fields) > ROWS:
            body.append(row("", f"… and {len(exception.fields) - ROWS:,} more", "", dim=True))
        yield rows("what did not fit", body)
    if exception.traceback:
        yield block(exception.traceback, "where it was raised")
    if exception.hint:
        yield line(exception.hint)


def _run(steps: Sequence[Step], title: str, rest: str) -> str:
    first, hidden, last = window(steps)
    between: list[list[Child]] = [[f"… {hidden} …"]] if hidden else []
    items = [*map(_run_item, first), *between, *map(_run_item, last)]
    return shown(line(element("b", title), rest), listing(items) if items else None, name=f"{title}{rest}", colour=GREY)


def _run_item(run: RunRow) -> list[Child]:
    step = run.last
    item: list[Child] = [
        element("span", run.numbers, " ", style=DIM),
        *message_words(step.message, payload=IN_A_LIST, sightings=False),
        " → ",
        element("b", step.winner) if step.winner is not None else who_by_name(None),
        " ",
    ]
    for place, (action, text) in enumerate(run.endings):
        item += [", then " if place else "", pill(action, text)]
    # That the actor returned is what a reader expects.
    return item if step.settlement.reason == ACTOR_RETURNED else [*item, f": {step.settlement.reason}"]


def _queue(queue: ChannelSnapshot) -> Element:
    """Return a queue: its totals once, then its messages in the order in which they will be pulled."""
    waiting = [[*message_words(one, payload=IN_A_LIST)] for one in queue.ready[:ROWS]]
    # Where the broker does not show which, the note says so.
    waiting += _more("… and {} more", queue.waiting, len(queue.ready)) if waiting or not queue.note else []
    if len(waiting) > 1:
        waiting[-1].append(element("span", " ← tail", style=DIM))
    in_work = [[*message_words(one, payload=IN_A_LIST), " in work"] for one in queue.in_work[:ROWS]]
    in_work += _more("… and {} more in work", queue.working, len(queue.in_work)) if queue.in_work else []
    dead = [
        ["✗ ", *message_words(one.message, payload=IN_A_LIST), " → ", one.reason] for one in queue.dead_letters[-ROWS:]
    ]
    older = _more("… {} older", queue.dead, len(queue.dead_letters)) if queue.dead_letters else []
    dropped = f"{counted(queue.dead_dropped, 'older dead letter')} dropped." if queue.dead_dropped else ""
    return element(
        "div",
        line(element("b", queue.channel), f": {words.totals_text(queue)}"),
        listing(waiting, ordered=True) if waiting else None,
        listing(in_work) if in_work else None,
        listing([*older, *dead], colour=RED) if dead else None,
        line(dropped) if dropped else None,
    )


def _more(text: str, total: int | None, there: int) -> list[list[Child]]:
    more = (total or 0) - min(ROWS, there)
    return [[text.format(f"{more:,}")]] if more > 0 else []


def _joined(parts: Iterable[Child]) -> Iterable[Child]:
    for place, part in enumerate(parts):
        if place:
            yield ", "
        yield part
