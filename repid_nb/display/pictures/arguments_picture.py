"""How the arguments of a step were read, as a picture: on the left what was sent, on the right what the actor got."""

from __future__ import annotations

from collections.abc import Iterator

from repid_nb.core.errors import DeclarationError
from repid_nb.display import words
from repid_nb.display.colours import BAD, GOOD, LINE, QUIET, SURFACE, TEXT, Colour
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas, fitted, text_width
from repid_nb.display.pictures.parts import heading, hue, name_of, token, token_width
from repid_nb.picture import Picture
from repid_nb.printable import counted, one_line
from repid_nb.stepping.record import Step

__all__ = ["picture_of_arguments"]

ROWS = 12
ROW = 32.0
LINE_HEIGHT = 17.0
TOP = 88.0
LEFT_END = 226.0
RIGHT = 282.0

# What was given, what was made of it, and how the two go together: `read`, `not used`, `not sent`, or `wrong`.
Row = tuple[str, str, str]


def picture_of_arguments(step: Step) -> Picture:
    """Return the picture of how each argument of the winner was read, with what nothing took and what did not fit.

    Raises:
        DeclarationError: No actor was to run in this step.
    """
    if step.winner is None:
        raise DeclarationError(f"No actor ran in step {step.number}, so no arguments were read.")
    rows = list(_rows(step))
    canvas = Canvas()
    was_called = step.duration is not None
    heading(canvas, "From the message to the arguments")
    token(canvas, MARGIN, 64, name_of(step.message), hue(step.message), look="held")
    at = MARGIN + token_width(name_of(step.message)) + 10
    canvas.text(at, 69, "what was sent", size=13, colour=QUIET)
    at = RIGHT + canvas.text(RIGHT, 69, step.winner, size=15, mono=True, bold=True, width=150) + 10
    said = "got" if was_called else "was not called"
    canvas.text(at, 69, said, size=13, colour=QUIET if was_called else BAD, bold=not was_called)
    y = TOP + ROW / 2
    for row in rows[:ROWS]:
        y += _draw_row(canvas, row, hue(step.message), y)
    if not rows:
        canvas.text(RIGHT, y + 5, "no arguments", size=14, colour=QUIET)
        y += ROW
    if len(rows) > ROWS:
        canvas.text(MARGIN, y + 2, f"… and {len(rows) - ROWS:,} more", size=13, colour=QUIET)
        y += 24
    told = [f"{given} → {made}" for given, made, _ in rows[:ROWS]]
    if len(rows) > ROWS:
        told.append(f"And {counted(len(rows) - ROWS, 'more row')}.")
    end = f"{one_line(step.winner, 60)} {'was called' if was_called else 'was not called'}."
    return canvas.finish(y - 4, f"The arguments of {one_line(step.winner, 60)}", [*told, end])


def _rows(step: Step) -> Iterator[Row]:
    if step.exception is not None and step.duration is None and step.exception.fields:
        for field in step.exception.fields:
            given = "(not sent)" if field.given == "nothing" else f"{field.field}: {field.given}"
            yield one_line(given, 80), one_line(f"{field.field}: {field.problem}", 160), "wrong"
        return
    for given, made in words.argument_rows(step):
        how = {"(not sent)": "not sent"}.get(given, "not used" if made == "not used" else "read")
        shown = words.payload_beginning(step.message.payload, 80) if given == "(full payload)" else one_line(given, 80)
        yield shown, one_line(made, 160), how


def _draw_row(canvas: Canvas, row: Row, colour: Colour, y: float) -> float:
    """Draw a row, and return how high it is: a long text has two lines."""
    given, made, how = row
    quiet = how in ("not used", "not sent")
    line = {"read": colour, "wrong": BAD}.get(how, LINE)
    left = _in_lines(given, LEFT_END - MARGIN - 16)
    right = _in_lines(made, WIDTH - MARGIN - RIGHT - 16, mono=how != "wrong")
    more = LINE_HEIGHT * (max(len(left), len(right)) - 1)
    y += more / 2
    if given.startswith("("):
        canvas.text(MARGIN + 8, y + 5, given.strip("()"), size=13, colour=QUIET, width=LEFT_END - MARGIN - 12)
    else:
        _box(canvas, (MARGIN, LEFT_END), y, left, line, is_quiet=how == "not used")
    if how == "not used":
        canvas.path(f"M{LEFT_END + 3} {y:.1f}H{LEFT_END + 22}", LINE, dash="3 4")
        canvas.text(LEFT_END + 30, y + 5, made, size=13, colour=QUIET, width=WIDTH - LEFT_END - 46)
    elif how == "wrong":
        canvas.path(f"M{LEFT_END + 3} {y:.1f}H{RIGHT - 11}", line, line=2.5)
        canvas.text(RIGHT - 8, y + 5, "✗", size=14, bold=True, colour=BAD)
        for place, text in enumerate(right):
            canvas.text(RIGHT + 12, _base(y, place, right), text, size=13, colour=BAD, width=WIDTH - RIGHT - 28)
    else:
        canvas.path(f"M{LEFT_END + 3} {y:.1f}H{RIGHT - 11}", line, line=2.5, dash="3 4" if quiet else "")
        canvas.arrow(RIGHT - 4, y, line)
        _box(canvas, (RIGHT, WIDTH - MARGIN), y, right, LINE if quiet else GOOD)
    return ROW + more


def _box(
    canvas: Canvas, edges: tuple[float, float], y: float, lines: list[str], stroke: Colour, *, is_quiet: bool = False
) -> None:
    left, wide = edges[0], edges[1] - edges[0]
    high = 26 + LINE_HEIGHT * (len(lines) - 1)
    dash = "4 3" if is_quiet else ""
    canvas.rect(left, y - high / 2, wide, high, fill=SURFACE, stroke=stroke, radius=6, dash=dash)
    for place, text in enumerate(lines):
        shown = QUIET if is_quiet else TEXT
        canvas.text(left + 8, _base(y, place, lines), text, size=13, mono=True, colour=shown, width=wide - 16)


def _base(y: float, place: int, lines: list[str]) -> float:
    """Return the base line of one of the lines around a middle."""
    return y + 5 + LINE_HEIGHT * (place - (len(lines) - 1) / 2)


def _in_lines(text: str, width: float, *, mono: bool = True) -> list[str]:
    """Return a text as one line or two, the first of which ends with a whole word where there is one."""
    if text_width(text, 13, mono=mono) <= width:
        return [text]
    first = fitted(text, width, 13, mono=mono).removesuffix("…")
    first = first[: first.rfind(" ")] if " " in first else first
    return [first, text[len(first) :].lstrip()]
