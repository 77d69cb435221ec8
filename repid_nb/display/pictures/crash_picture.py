"""Steps as time lines with a plug that is pulled in the middle of the run: what comes back, and what is lost."""

from __future__ import annotations

from collections.abc import Sequence

from repid_nb.core import reasons
from repid_nb.display.colours import BACK, BAD, OUTCOMES, QUIET, SOFT, TEXT
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas, fitted
from repid_nb.display.pictures.parts import heading, hue, lamp, name_of, token, token_width
from repid_nb.picture import Picture
from repid_nb.printable import counted, one_line
from repid_nb.stepping.record import Step

__all__ = ["picture_of_crash"]

LINES = 6
HIGH = 92.0
PULLED, EARLY, BEGIN, PLUG, END, LATE = 88.0, 142.0, 176.0, 246.0, 316.0, 344.0
FATE = 384.0


def picture_of_crash(steps: Sequence[Step]) -> Picture:
    """Return the picture of what a worker that dies in the middle of each run would have lost, or done twice."""
    ran = [step for step in steps if step.winner is not None and step.duration is not None]
    # Two actors of one name are told apart by their channels.
    same = len({step.winner for step in ran}) == 1
    canvas = Canvas()
    heading(canvas, "If the worker dies in the middle of the job")
    y, told = 92.0, []
    for step in ran[:LINES]:
        told.append(_draw_line(canvas, step, y, step.channel if same else step.winner or ""))
        canvas.text(PLUG, y - 30, "✂", size=17, bold=True, colour=BAD, anchor="middle")
        canvas.path(f"M{PLUG} {y - 25}V{y + 20}", BAD, line=2, dash="5 4")
        y += HIGH
    if not ran:
        canvas.text(MARGIN, 66, "No actor ran.", size=14, colour=QUIET)
        told.append("No actor ran.")
    if len(ran) > LINES:
        canvas.text(MARGIN, y - 26, f"… and {counted(len(ran) - LINES, 'more step')}", size=13, colour=QUIET)
        told.append(f"And {counted(len(ran) - LINES, 'more step')}.")
        y += 10
    return canvas.finish(y - 34 if ran else 84, "If the worker dies in the middle of the job", told)


def _draw_line(canvas: Canvas, step: Step, y: float, label: str) -> str:
    """Draw one step as a time line with its label, and return it in words."""
    name, about = name_of(step.message), one_line(label, 60)
    outcome = OUTCOMES[step.settlement.action]
    is_early = step.settlement.reason == reasons.ACKED_FIRST
    colour = hue(step.message)
    token(canvas, MARGIN, y, name, colour, look="held")
    canvas.path(f"M{MARGIN + token_width(name) + 2:.1f} {y}H{BEGIN}", colour, line=2.5)
    # What would have come after the plug was pulled.
    canvas.path(f"M{END + 4} {y}H{FATE - 12}", colour, line=2.5, dash="2 6")
    lamp(canvas, PULLED, y, "●", colour, radius=9)
    canvas.text(PULLED, y + 28, "pulled", size=12.5, colour=QUIET, anchor="middle")
    canvas.rect(BEGIN, y - 17, END - BEGIN, 34, fill=SOFT, stroke=TEXT, line=2)
    shown = fitted(label, END - BEGIN + 20, 13, mono=True)
    canvas.text((BEGIN + END) / 2, y + 32, shown, size=13, mono=True, anchor="middle")
    if step.settlement.action is not None:
        at = EARLY if is_early else LATE
        lamp(canvas, at, y, outcome.symbol, outcome.colour, radius=12, on=is_early)
        canvas.text(at, y + 28, outcome.word, size=12.5, bold=True, colour=outcome.colour, anchor="middle")
    fate, why = ("lost", "it was acked already") if is_early else ("comes back", "not settled yet")
    end = BAD if is_early else BACK
    room = WIDTH - MARGIN - FATE - 8
    canvas.rect(FATE, y - 24, WIDTH - MARGIN - FATE, 48, fill=end, opacity=0.1, radius=8)
    canvas.text(FATE + 10, y - 3, f"{'✗' if is_early else '↩'} {fate}", size=14, bold=True, colour=end, width=room)
    canvas.text(FATE + 10, y + 15, why, size=12.5, colour=QUIET, width=room)
    when = "before" if is_early else "after"
    settled = "not settled" if step.settlement.action is None else f"{outcome.word} {when} the run"
    result = "lost: it was acked already" if is_early else "back on the queue, and the job is begun again"
    return f"{name} ({about}), {settled}. If the worker dies in the run, the message is {result}."
