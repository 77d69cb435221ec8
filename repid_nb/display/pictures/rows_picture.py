"""Steps as a picture with one row a message: how long it waited, and each time that the worker took it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from repid_nb.display.colours import HUES, LINE, OUTCOMES, QUIET, SOFT, SURFACE
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas
from repid_nb.display.pictures.parts import heading
from repid_nb.display.river import Passage, River, Visit, river_of_steps, shown_passages
from repid_nb.picture import Picture
from repid_nb.printable import counted
from repid_nb.stepping.record import Step

__all__ = ["picture_of_steps"]

ROW = 30
TOP = 62
LEFT = 190.0
# Where the steps begin when a column of priorities stands before them.
FURTHER_LEFT = 270.0
PRIORITIES = 200.0
USUAL = 4
ROWS = 16
# The width of a step's column: room for a mark, or for half of one.
WIDEST, NARROWEST = 44.0, 13.0


def picture_of_steps(steps: Sequence[Step], *, title: str = "", dropped: int = 0) -> Picture:
    """Return the picture of steps: a row for each message, a column for each step.

    Args:
        title: What the steps are, such as `History`.
        dropped: How many older steps there were.
    """
    left = FURTHER_LEFT if any(step.message.priority != USUAL for step in steps) else LEFT
    room = WIDTH - left - MARGIN - 26
    most = int(room / NARROWEST)
    shown, hidden = (steps, 0) if len(steps) <= most else (steps[-most:], len(steps) - most)
    river = river_of_steps(shown)
    passages, left_out = shown_passages(river.passages, ROWS)
    column = max(NARROWEST, min(WIDEST, room / max(1, len(shown))))
    canvas = Canvas()
    name = title or counted(len(steps), "step")
    heading(canvas, name, beside=_hint(hidden + dropped), y=32)
    height = TOP + float(ROW * len(passages))
    _columns(canvas, river, left, column, height)
    y = TOP + ROW / 2
    says_topic = len({passage.topic for passage in river.passages}) > 1
    for passage in passages:
        _row(canvas, passage, river, (left, column), y, says_topic=says_topic)
        y += ROW
    if not passages:
        canvas.text(MARGIN, y, "Nothing was sent or stepped yet.", size=14, colour=QUIET)
        height += ROW
    if left_out:
        canvas.text(MARGIN, y + 2, f"… and {counted(left_out, 'more message')}", size=13, colour=QUIET)
        height += 24
    height = _legend(canvas, shown, height + 22) if shown else height + 8
    return canvas.finish(height, f"{name}, a row for each message", [*_told(river), *_more(hidden + dropped, left_out)])


def _hint(older: int) -> str:
    return f"{counted(older, 'older step')} left out" if older else "a line waits, a mark is a step"


def _more(older: int, left_out: int) -> list[str]:
    told = [f"{counted(older, 'older step')} left out."] if older else []
    return [*told, *([f"{counted(left_out, 'more message')} left out."] if left_out else [])]


def _columns(canvas: Canvas, river: River, left: float, column: float, height: float) -> None:
    count = int(river.end - river.begin)
    every = 1 if column >= 20 else 2 if column >= 15 else 5  # noqa: PLR2004  (so that numbers do not touch)
    for place in range(count):
        number = int(river.begin) + place + 1
        x = left + place * column
        if place % 2 == 0:
            canvas.rect(x, TOP - 4, column, height - TOP + 8, fill=SOFT, radius=4)
        if number % every == 0 or count <= every:
            canvas.text(x + column / 2, TOP - 9, str(number), size=12, colour=QUIET, anchor="middle")
    if count:
        canvas.text(left - 10, TOP - 9, "step", size=12, colour=QUIET, anchor="end")
    if left == FURTHER_LEFT:
        canvas.text(PRIORITIES, TOP - 9, "priority", size=12, colour=QUIET, anchor="middle")


def _row(
    canvas: Canvas, passage: Passage, river: River, place_of: tuple[float, float], y: float, *, says_topic: bool
) -> None:
    left, column = place_of
    colour = HUES[passage.hue]
    at = MARGIN + canvas.text(MARGIN, y + 5, passage.name, size=14, mono=True, bold=True, colour=colour, width=76) + 8
    note = _about(passage, says_topic=says_topic)
    edge = left - 12
    if left == FURTHER_LEFT:
        canvas.text(PRIORITIES, y + 4.5, str(passage.priority), size=13, bold=True, colour=QUIET, anchor="middle")
        edge = PRIORITIES - 16
    canvas.text(at, y + 4.5, note, size=13, colour=QUIET, width=edge - at)

    def place(moment: float) -> float:
        return left + (moment - river.begin) * column

    for visit in passage.visits:
        end = river.end if visit.taken is None else visit.taken
        middle = place(end) + (column / 2 if visit.taken is not None else 12)
        if middle > place(visit.since) + 2:
            canvas.path(f"M{place(visit.since) + 1:.1f} {y:.1f}H{middle:.1f}", colour, line=3.5)
        if visit.taken is None:
            canvas.text(middle + 6, y + 4, "…", size=15, bold=True, colour=colour)
    for visit in passage.visits:
        if visit.taken is not None:
            _mark(canvas, place(visit.taken) + column / 2, y, visit, min(11.0, column / 2 - 0.5))


def _about(passage: Passage, *, says_topic: bool = True) -> str:
    return " ".join(part for part in (passage.topic if says_topic else "", passage.payload) if part)


def _mark(canvas: Canvas, x: float, y: float, visit: Visit, radius: float) -> None:
    outcome = OUTCOMES[visit.action]
    is_over = not visit.is_back
    canvas.circle(x, y, radius, fill=outcome.colour if is_over else SURFACE, stroke=outcome.colour, line=2)
    size = 13 if radius > 8 else 9  # noqa: PLR2004
    shown = SURFACE if is_over else outcome.colour
    canvas.text(x, y + size * 0.36, outcome.symbol, size=size, bold=True, colour=shown, anchor="middle")


def _legend(canvas: Canvas, steps: Sequence[Step], y: float) -> float:
    x = float(MARGIN)
    canvas.path(f"M{MARGIN} {y - 14:.1f}H{WIDTH - MARGIN}", LINE, line=1)
    for action in dict.fromkeys(step.settlement.action for step in steps):
        outcome = OUTCOMES[action]
        label = f"{outcome.symbol} {outcome.word}"
        x += canvas.text(x, y + 6, label, size=13, bold=True, colour=outcome.colour) + 4
        count = sum(1 for step in steps if step.settlement.action is action)
        x += canvas.text(x, y + 6, f"{count:,}", size=13, colour=QUIET) + 16
    return y + 20


def _told(river: River) -> Iterator[str]:
    for passage in river.passages:
        what = _about(passage)
        about = f"{passage.name} ({what})" if what else passage.name
        said = []
        for visit in passage.visits:
            outcome = OUTCOMES[visit.action]
            if visit.taken is None:
                said.append("still waits")
            else:
                said.append(f"step {visit.step} {outcome.symbol} {outcome.word}")
        yield f"{about}: {', '.join(said)}."
