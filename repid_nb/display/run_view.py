"""A simulation's run as text and HTML: who waited how long, and where it queued."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from repid_nb.display import run_words as words
from repid_nb.display.html_parts import AMBER, LINE, banner, line, shown
from repid_nb.display.html_view import as_html
from repid_nb.display.text_view import as_text
from repid_nb.html import code, element
from repid_nb.printable import counted, one_line
from repid_nb.simulation.loop import MICROSECONDS
from repid_nb.simulation.records import Comparison, Curve, SimulatedMessage, Statistics, Times, WorkerLife
from repid_nb.simulation.run import Run

__all__ = ["as_html", "as_text"]

CELL = f"text-align: left; vertical-align: top; padding: 0.15em 0.7em 0.15em 0; border-bottom: {LINE}"
NUMBER = f"{CELL}; text-align: right; white-space: nowrap"
# A curve is one line: on a narrow page it gets smaller.
BARS = "font: min(1em, 1.3vw) / 1 ui-monospace, 'DejaVu Sans Mono', monospace; letter-spacing: 0; white-space: pre"


@as_text.register
def _(run: Run) -> str:
    lines = [f"Run of {words.time_text(run.seconds)} · {words.headline(run)}", f"  waiting  {words.verdict(run)}"]
    lines += _drawn(run.waiting_over_time())
    found = list(words.tables(run))
    width = max(len(name) for table in found for name, _ in table.rows) + 2
    cells = [figures for table in found for _, figures in table.rows]
    widths = [max(len(row[column]) for row in [*cells, words.COLUMNS]) for column in range(len(words.COLUMNS))]
    above = sum(widths[:5]) + 2 * 4
    lines += [
        f"  {'':{width}}{'':{above}}  waited:",
        f"  {'':{width}}{_row(words.COLUMNS, widths)}",
    ]
    for table in found:
        if table.title:
            lines.append(f"  {table.title}")
        lines += [
            f"  {('  ' if table.title else '') + name:{width}}{_row(figures, widths)}" for name, figures in table.rows
        ]
        if table.more:
            lines.append(f"    and {counted(table.more, 'more')}")
    lines += [
        f"  {one_line(life.name, 40)}: {words.worker_text(run, life.name)}" for life in run.lives[: words.MOST_ROWS]
    ]
    lines += [f"  Note: {one_line(note)}" for note in run.notes]
    return "\n".join(line.rstrip() for line in lines)


@as_text.register
def _(one: Statistics) -> str:
    waiting = one.waiting
    busy = "" if one.utilisation is None else f" · busy {words.share_text(one.busy)}"
    return (
        f"{one_line(one.name)}: {counted(one.messages, 'message')} · {one.done:,} done"
        f" · {counted(one.dead, 'dead letter')} · {one.throughput:.3g} a second · waited {_times(waiting)}{busy}"
    )


@as_text.register
def _(times: Times) -> str:
    return _times(times)


@as_text.register
def _(life: WorkerLife) -> str:
    began, ended = life.began / MICROSECONDS, life.ended / MICROSECONDS
    return f"worker {one_line(life.name)}: {life.state}, {began:g} s to {ended:g} s"


@as_text.register
def _(curve: Curve) -> str:
    return "\n".join([f"{one_line(curve.name)}: {words.course(curve)}", *_drawn(curve)])


@as_text.register
def _(message: SimulatedMessage) -> str:
    topic = "no topic" if message.topic is None else f"topic {one_line(repr(message.topic), 40)}"
    head = f"Message {message.id} · channel {one_line(message.channel)} · {topic} · priority {message.priority}"
    lines = [f"{head} · {message.outcome}", f"  sent    {message.sent:.3f} s"]
    for pull in message.pulls:
        ended = "" if pull.ended is None else f", {words.time_text(pull.ended - pull.pulled)} in work"
        actor = "no actor" if pull.actor is None else one_line(pull.actor)
        lines.append(
            f"  pulled  {pull.pulled:.3f} s by {one_line(pull.worker)} after "
            f"{words.time_text(pull.pulled - pull.since)} · {actor} · {pull.outcome}{ended}"
        )
        if pull.reason:
            lines.append(f"          {one_line(pull.reason)}")
    if message.outcome == "waiting":
        lines.append(f"  still waits, {words.time_text(message.waited)} in all")
    return "\n".join(lines)


@as_text.register
def _(comparison: Comparison) -> str:
    rows = list(words.comparison_rows(comparison))
    width = max(len(row[0]) for row in rows)
    lines = [f"  {name:{width}}  {one:>10}  {other:>10}  {change}" for name, one, other, change in rows]
    return "\n".join([_compared(comparison), f"  {'':{width}}  {'before':>10}  {'after':>10}", *lines])


@as_html.register
def _(run: Run) -> str:
    return shown(
        line(element("b", "Run"), f" of {words.time_text(run.seconds)} · {words.headline(run)}"),
        line("waiting: ", words.verdict(run)),
        _bars(run.waiting_over_time()),
        _run_table(run),
        [line(code(one_line(life.name, 40)), f" {words.worker_text(run, life.name)}") for life in _shown_lives(run)],
        [banner(AMBER, f"⚠ {note}") for note in run.notes],
        name="Run",
    )


@as_html.register
def _(curve: Curve) -> str:
    return shown(line(f"{one_line(curve.name)}: {words.course(curve)}"), _bars(curve))


@as_html.register(Statistics)
@as_html.register(Times)
@as_html.register(WorkerLife)
@as_html.register(SimulatedMessage)
def _(record: Statistics | Times | WorkerLife | SimulatedMessage) -> str:
    return shown(*(line(said.strip()) for said in as_text(record).splitlines()))


@as_html.register
def _(comparison: Comparison) -> str:
    head = element("tr", [element("th", name, style=NUMBER if name else CELL, scope="col") for name in _HEADS])
    rows = [
        element(
            "tr",
            element("th", row[0], style=f"{CELL}; font-weight: normal", scope="row"),
            [element("td", cell, style=NUMBER) for cell in row[1:]],
        )
        for row in words.comparison_rows(comparison)
    ]
    # As a caption it would break where the table ends.
    return shown(line(_compared(comparison)), _table([head], rows), name="Comparison of two runs")


_HEADS = ("", "before", "after", "change")


def _drawn(curve: Curve) -> list[str]:
    """Return the curve as a line of text; none where there is nothing to draw."""
    bars = words.sparkline(curve)
    return [f"  0 s |{bars}| {_end(curve)}"] if bars else []


def _bars(curve: Curve) -> Element | None:
    bars = words.sparkline(curve)
    if not bars:
        return None
    return line("0 s ", element("span", bars, style=BARS, **{"aria-hidden": "true"}), f" {_end(curve)}")


def _end(curve: Curve) -> str:
    return words.time_text(curve.micros[-1] / MICROSECONDS)


def _run_table(run: Run) -> Element:
    columns = len(words.COLUMNS)
    head = [
        element(
            "tr",
            element("td", "", style=CELL, colspan="6"),
            element("th", "waited", style=f"{CELL}; text-align: center", colspan="4", scope="colgroup"),
            element("td", "", style=CELL),
        ),
        element(
            "tr",
            element("td", "", style=CELL),
            [element("th", name, style=NUMBER, scope="col") for name in words.COLUMNS],
        ),
    ]
    body = []
    for table in words.tables(run):
        if table.title:
            body.append(
                element("tr", element("th", table.title, style=CELL, colspan=str(columns + 1), scope="rowgroup"))
            )
        for name, figures in table.rows:
            body.append(
                element(
                    "tr",
                    element("th", name, style=f"{CELL}; font-weight: normal; white-space: nowrap", scope="row"),
                    [element("td", figure, style=NUMBER) for figure in figures],
                )
            )
        if table.more:
            more = f"and {counted(table.more, 'more')}"
            body.append(element("tr", element("td", more, style=CELL, colspan=str(columns + 1))))
    return _table(head, body)


def _table(head: Iterable[Element], body: Iterable[Element]) -> Element:
    return element(
        "div",
        element(
            "table",
            element("thead", head),
            element("tbody", body),
            style="border-collapse: collapse; margin: 0.3em 0; font-size: 0.95em",
        ),
        # Ten columns of figures need more room than a narrow page has: they scroll by themselves, by the keyboard too.
        style="overflow-x: auto",
        tabindex="0",
        role="group",
        **{"aria-label": "figures"},
    )


def _shown_lives(run: Run) -> tuple[WorkerLife, ...]:
    return run.lives[: words.MOST_ROWS]


def _row(cells: Iterable[str], widths: list[int]) -> str:
    return "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _times(times: Times) -> str:
    shown = (("median", times.median), ("95 %", times.p95), ("99 %", times.p99), ("longest", times.longest))
    return ", ".join(f"{name} {words.time_text(time)}" for name, time in shown)


def _compared(comparison: Comparison) -> str:
    same = "the same messages arrived" if comparison.same_arrivals else "⚠ other messages arrived, or at other moments"
    first, second = (words.time_text(seconds) for seconds in comparison.seconds)
    return f"Two runs of {first} and {second} · {same}" if first != second else f"Two runs of {first} · {same}"
