"""A trail as a picture: each message of a family on a row of its own, with every step that pulled it."""

from __future__ import annotations

from repid_nb.display.colours import LINE, OUTCOMES, QUIET, SURFACE, Outcome
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas, text_width
from repid_nb.display.pictures.parts import heading, hue, name_of, token, token_width, what_of
from repid_nb.display.sentences import WHEREABOUTS, trail_rows, who_by_name
from repid_nb.picture import Picture
from repid_nb.printable import counted, one_line
from repid_nb.stepping.trail import Stop, Trail

__all__ = ["picture_of_trail"]

TOP = 66.0
ROW = 54.0
INDENT = 30.0
ROWS = 14
DEEPEST = 5


def picture_of_trail(trail: Trail) -> Picture:
    """Return the picture of a trail: the message, each step that pulled it, and what its actors sent."""
    canvas = Canvas()
    name = name_of(trail.message)
    family = [*trail.walk()]
    shown = family[:ROWS]
    others = len(family) - 1
    about = f"and of {counted(others, 'message')} that came of it" if others else "it led to no other message"
    heading(canvas, f"The way of {name}", beside=about, y=32)
    tree = canvas.group()
    open_rows: dict[int, float] = {}
    y = TOP
    for depth, one in shown:
        x = MARGIN + min(depth, DEEPEST) * INDENT
        canvas.into(tree)
        if depth and depth - 1 in open_rows:
            left = x - INDENT + 12
            canvas.path(
                f"M{left:.1f} {open_rows[depth - 1] + 14:.1f}V{y:.1f}H{x - 3:.1f}", hue(one.message), dash="4 3"
            )
        canvas.into(None)
        _draw_message(canvas, one, x, y)
        open_rows[depth] = y
        y += ROW
    if len(family) > len(shown):
        canvas.text(MARGIN, y, f"… and {counted(len(family) - len(shown), 'more message')}", size=13, colour=QUIET)
        y += 26
    told = [
        f"{'  ' * row.depth}{row.name}{'' if row.step is None else f', step {row.step}'}: {row.text}"
        for row in trail_rows(trail)
    ]
    return canvas.finish(y - 8, f"The way of {name}", told)


def _draw_message(canvas: Canvas, trail: Trail, x: float, y: float) -> None:
    name = name_of(trail.message)
    token(canvas, x, y, name, hue(trail.message), look="waiting" if trail.where == "waiting" else "held")
    at = x + token_width(name) + 10
    about = f"{one_line(trail.message.channel, 30)} · {what_of(trail.message)}".removesuffix(" · ")
    canvas.text(at, y - 3, about, size=13, mono=True, colour=QUIET, width=WIDTH - MARGIN - at)
    _draw_stops(canvas, trail, at, y + 16)


def _draw_stops(canvas: Canvas, trail: Trail, x: float, y: float) -> None:
    """Draw each step that pulled a message; those that are alike, one after the other, are drawn once."""
    room = WIDTH - MARGIN
    for stop, times in _folded(trail.stops):
        outcome = OUTCOMES[stop.settlement.action]
        who = one_line(who_by_name(stop.winner), 30)
        label = f"{who} · {outcome.word}{f', {times:,} times' if times > 1 else ''}"
        if x + 48 + text_width(label, 13) > room:
            canvas.text(x, y, "…", size=13, colour=QUIET)
            return
        x = _draw_stop(canvas, stop, outcome, label, x, y)
    if trail.where != "done" and not (trail.where == "dead letter" and trail.stops):
        canvas.text(x, y, WHEREABOUTS[trail.where], size=13, colour=QUIET, width=room - x)


def _draw_stop(canvas: Canvas, stop: Stop, outcome: Outcome, label: str, x: float, y: float) -> float:  # noqa: PLR0917
    canvas.circle(x + 8, y - 4.5, 8, fill=outcome.colour, stroke=LINE, line=0)
    canvas.text(x + 8, y, outcome.symbol, size=11, bold=True, colour=SURFACE, anchor="middle")
    at = x + 21
    at += canvas.text(at, y, f"{stop.step}.", size=13, colour=QUIET) + 5
    return at + canvas.text(at, y, label, size=13) + 16


def _folded(stops: tuple[Stop, ...]) -> list[tuple[Stop, int]]:
    folded: list[tuple[Stop, int]] = []
    for stop in stops:
        last = folded[-1][0] if folded else None
        if last is not None and (last.winner, last.settlement.action) == (stop.winner, stop.settlement.action):
            folded[-1] = last, folded[-1][1] + 1
        else:
            folded.append((stop, 1))
    return folded
