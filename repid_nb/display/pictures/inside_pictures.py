"""What is inside a Step, as pictures: the middleware around the actor, and when the message was settled."""

from __future__ import annotations

import re
from collections.abc import Sequence

from repid_nb.core import reasons
from repid_nb.core.errors import DeclarationError
from repid_nb.display.colours import ACCENT, BACK, BAD, GOOD, LINE, OUTCOMES, QUIET, SOFT, SURFACE, TEXT, Colour
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas, fitted, text_width
from repid_nb.display.pictures.parts import heading, hue, lamp, name_of, token, token_width
from repid_nb.picture import Picture
from repid_nb.printable import counted, one_line
from repid_nb.stepping.record import Step

__all__ = ["picture_of_middleware", "picture_of_settling"]

LAYERS = 6
INSET = 26
DOOR = 34

RAN = "ran"
# What the settlement says of the run is true also where a middleware caught the error, or raised one afterwards.
RAISED = re.compile(r"(?:^|: )the actor raised (\w+)")


def picture_of_middleware(step: Step) -> Picture:
    """Return the picture of the layers around the actor of a step: in from the left, out on the right.

    Raises:
        DeclarationError: No actor ran in this step.
    """
    winner = _winner(step)
    shown = step.middlewares[:LAYERS]
    canvas = Canvas()
    layers = len(shown)
    count = len(step.middlewares)
    about = f"{counted(count, 'layer')} of middleware{', the outermost first' if count > 1 else ''}"
    heading(canvas, f"Around {winner}", below=about)
    top, high = 64.0, 84.0 + 2 * INSET * layers
    middle = top + high / 2 + layers * 5
    left, right = MARGIN + DOOR, WIDTH - MARGIN - DOOR
    _layers(canvas, shown, left=left, top=top, width=right - left, height=high)
    was_called = step.duration is not None
    ended = _ended(step)
    inside = (left + layers * INSET + 8, right - layers * INSET - 8)
    _core(canvas, step, ended, left=inside[0], right=inside[1], y=middle)
    token(canvas, MARGIN - 4, middle - 24, name_of(step.message), hue(step.message), look="held")
    # Which layer did not call on is not known: the way goes on in dots.
    _way(canvas, MARGIN, inside[0] if was_called else left, middle, hue(step.message))
    if not was_called:
        canvas.path(f"M{left + 8} {middle:.1f}H{inside[0] - 6:.1f}", LINE, dash="2 5")
    _way(canvas, inside[1] if was_called else right, WIDTH - MARGIN, middle, OUTCOMES[step.settlement.action].colour)
    bottom = top + high + layers * 5 + 24
    outcome = OUTCOMES[step.settlement.action]
    at = MARGIN + canvas.text(MARGIN, bottom, f"{outcome.symbol} {outcome.word}", bold=True, colour=outcome.colour) + 8
    canvas.text(at, bottom, one_line(step.settlement.reason, 160), size=13, colour=QUIET, width=WIDTH - MARGIN - at)
    told = [
        f"Into {' into '.join([*map(one_line, step.middlewares), one_line(winner)])}, and out in the opposite order."
        if was_called
        else f"Around {one_line(winner)}, from the outside: {', '.join(map(one_line, step.middlewares))}.",
        f"{one_line(winner)} {ended}.",
        f"{outcome.symbol} {outcome.word}: {one_line(step.settlement.reason)}.",
    ]
    return canvas.finish(bottom + 16, f"The middleware around {one_line(winner, 60)}", told)


def _layers(canvas: Canvas, names: Sequence[str], *, left: float, top: float, width: float, height: float) -> None:
    for place, name in enumerate(names):
        x, y = left + place * INSET, top + place * (INSET + 5)
        wide, tall = width - 2 * place * INSET, height - 2 * place * INSET + (len(names) - 2 * place) * 5
        canvas.tinted(x, y, wide, tall, ACCENT, line=1.5, radius=18)
        canvas.text(x + 16, y + 21, name, size=14, mono=True, colour=ACCENT, width=wide - 30)


def _core(canvas: Canvas, step: Step, ended: str, *, left: float, right: float, y: float) -> None:
    winner = _winner(step)
    was_called = step.duration is not None
    colour = (GOOD if ended == RAN else BAD) if was_called else QUIET
    dash = "" if was_called else "5 4"
    canvas.rect(left, y - 28, right - left, 56, fill=SURFACE, stroke=colour, line=2.5, radius=12, dash=dash)
    shown = TEXT if was_called else QUIET
    middle, width = (left + right) / 2, right - left - 16
    canvas.text(middle, y, winner, size=16, mono=True, bold=True, anchor="middle", width=width, colour=shown)
    canvas.text(middle, y + 18, ended, size=13, colour=QUIET, anchor="middle", width=width)


def _ended(step: Step) -> str:
    """Return how the actor's run ended, which a middleware may have hidden from what is around it."""
    if step.duration is None:
        return "was not called" if step.exception is None else f"was not called: {step.exception.type}"
    reason = step.settlement.reason
    if raised := RAISED.search(reason):
        return f"raised {raised[1]}"
    if reason.startswith(reasons.ACTOR_RETURNED) or step.exception is None:
        return RAN
    return f"raised {step.exception.type}"


def _way(canvas: Canvas, start: float, end: float, y: float, colour: Colour) -> None:
    canvas.path(f"M{start:.1f} {y:.1f}H{end - 6:.1f}", colour, line=2.5)
    canvas.arrow(end - 1, y, colour)


def picture_of_settling(step: Step) -> Picture:
    """Return the picture of when the message was settled, and of what is lost where the worker dies before or after.

    Raises:
        DeclarationError: No actor ran in this step.
    """
    winner = _winner(step)
    is_early = step.settlement.reason == reasons.ACKED_FIRST
    outcome = OUTCOMES[step.settlement.action]
    canvas = Canvas()
    when = "Settled before the run" if is_early else "Settled after the run"
    heading(canvas, when if step.settlement.action else "Not settled", below=f"{winner}: {step.settlement.reason}")
    name = name_of(step.message)
    y, first, last = 112.0, MARGIN + token_width(name) + 34, WIDTH - MARGIN - 20
    settled = first + 84 if is_early else last - 50
    run = (settled + 26, last - 12) if is_early else (first + 56, settled - 26)
    is_open = step.settlement.action is None
    _zone(canvas, first, last if is_open else settled, BACK, what="in work", cut="dies here: it comes back")
    if not is_open:
        after = (BAD, "dies here: lost") if is_early else (GOOD, "")
        _zone(canvas, settled, last + 14, after[0], what="gone", cut=after[1])
    token(canvas, MARGIN, y, name, hue(step.message), look="held")
    canvas.path(f"M{MARGIN + token_width(name) + 3:.1f} {y}H{last + 12:.1f}", hue(step.message), line=2.5)
    lamp(canvas, first, y, "●", hue(step.message))
    canvas.text(first, y + 29, "pulled", size=13, colour=QUIET, anchor="middle")
    canvas.rect(run[0], y - 17, run[1] - run[0], 34, fill=SOFT, stroke=TEXT, line=2, radius=8)
    shown = fitted(winner, run[1] - run[0] - 14, 14, mono=True)
    canvas.text((run[0] + run[1]) / 2, y + 5, shown, size=14, mono=True, anchor="middle")
    if not is_open:
        lamp(canvas, settled, y, outcome.symbol, outcome.colour, radius=13)
        canvas.text(settled, y + 31, outcome.word, size=13, bold=True, colour=outcome.colour, anchor="middle")
    loss = (
        "A worker that dies in the run has forgotten the message: at most once, and the job may be lost."
        if is_early
        else "A worker that dies before it gives the message back: at least once, and the job may be done again."
    )
    canvas.path(f"M{MARGIN} 172H{WIDTH - MARGIN}", LINE, line=1)
    canvas.text(MARGIN, 194, loss.partition(": ")[2].capitalize(), size=14, width=WIDTH - 2 * MARGIN)
    return canvas.finish(212, f"When {name} was settled", [f"{one_line(winner, 60)}: {step.settlement.reason}.", loss])


def _zone(canvas: Canvas, start: float, end: float, colour: Colour, *, what: str, cut: str) -> None:
    canvas.rect(start, 68, end - start, 88, fill=colour, opacity=0.1, radius=8)
    width = end - start - 12
    text = f"✂ {cut}" if cut else what
    if text_width(text, 13, bold=bool(cut)) > width:
        text = "✂" if cut else ""
    canvas.text(start + 8, 86, text, size=13, bold=bool(cut), colour=colour, width=width)


def _winner(step: Step) -> str:
    if step.winner is None:
        raise DeclarationError(f"No actor ran in step {step.number}, so there is nothing inside it to draw.")
    return step.winner
