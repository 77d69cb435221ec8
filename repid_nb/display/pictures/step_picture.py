"""A Step as a picture: the queue, the worker, each actor that was asked, and what became of the message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.display import words
from repid_nb.display.colours import BAD, GOOD, LINE, OUTCOMES, QUIET, SOFT, TEXT, Colour
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas, fitted, text_width
from repid_nb.display.pictures.parts import (
    MOST_DOTS,
    TOKEN,
    dots,
    hue,
    lamp,
    name_of,
    outcome_box,
    queue,
    token,
    token_width,
    what_of,
)
from repid_nb.display.sentences import step_sentence, who
from repid_nb.picture import Picture
from repid_nb.printable import one_line, whole
from repid_nb.stepping.record import Explanation, Step, Verdict

__all__ = ["picture_of_explanation", "picture_of_step"]

QUEUE = 88
WORKER = 146
ROAD = 34
ACTORS = 62
ROWS = 8
# How wide a text in the card of an actor may be.
INSIDE = WIDTH - MARGIN - ACTORS - 10
# Where the winner's message leaves for its outcome: right of the actors that are not asked.
AWAY = WIDTH - 44.0


def picture_of_step(step: Step) -> Picture:
    """Return the picture of a step: from the queue, past each actor that was asked, to the outcome."""
    canvas = Canvas()
    colour = hue(step.message)
    _headline(canvas, step)
    taken, tail = _draw_queue(canvas, step, QUEUE)
    canvas.path(
        f"M{taken:.1f} {QUEUE + 22}V{QUEUE + 30}Q{taken:.1f} {WORKER - 16} {ROAD} {WORKER - 14}", colour, line=2.5
    )
    is_counted = step.sightings_limit and (step.winner is None or step.sightings > 1)
    seen = (step.sightings, step.sightings_limit) if is_counted else None
    y = _draw_worker(canvas, step.message, WORKER, seen)
    y = _draw_actors(canvas, step.verdicts, colour, y, step)
    y = _draw_outcome(canvas, step, y, tail, colour)
    return canvas.finish(y + MARGIN, f"{words.step_title(step)} as a picture", _told(step))


def picture_of_explanation(explanation: Explanation) -> Picture:
    """Return the picture of which actor would get a message: past each actor, to the first match."""
    canvas = Canvas()
    colour = hue(explanation.message)
    if explanation.winner is None:
        canvas.text(MARGIN, 34, who(None, explanation.verdicts, would=True), size=18, bold=True, width=WIDTH - 30)
    else:
        winner = fitted(explanation.winner, WIDTH * 0.6, 19, bold=True)
        canvas.text(MARGIN, 34, f"{winner} would get it", size=19, bold=True)
    about = what_of(explanation.message) or "no topic, no payload"
    canvas.text(MARGIN, 54, f"{one_line(explanation.channel, 30)} · {about}", size=13, colour=QUIET, width=WIDTH - 30)
    y = _draw_worker(canvas, explanation.message, 84)
    y = _draw_actors(canvas, explanation.verdicts, colour, y, None)
    told = [who(explanation.winner, explanation.verdicts, would=True), *_verdicts_told(explanation.verdicts)]
    return canvas.finish(y + MARGIN, "Which actor would get the message", told)


def _headline(canvas: Canvas, step: Step) -> None:
    outcome = OUTCOMES[step.settlement.action]
    end = f"{outcome.symbol} {outcome.word}"
    room = WIDTH - 2 * MARGIN - text_width(end, 19, bold=True) - 12
    got = f"got {name_of(step.message)}"
    # In one piece: only a browser knows where the name ends.
    winner = fitted(step.winner or "Nobody", room - text_width(f" {got}", 19, bold=True), 19, bold=True)
    canvas.text(MARGIN, 34, f"{winner} {got}", size=19, bold=True, width=room)
    canvas.text(WIDTH - MARGIN, 34, end, size=19, bold=True, colour=outcome.colour, anchor="end")


def _draw_queue(canvas: Canvas, step: Step, y: float) -> tuple[float, float]:
    """Draw the queue as it was before the pull, or after it where the message went back; return head and tail."""
    message = step.message
    is_back = step.settlement.action is MessageAction.rejected
    seen = (step.after if is_back else step.before).get(step.channel)
    ready = () if seen is None else seen.ready
    waiting = 0 if seen is None or seen.waiting is None else seen.waiting
    others: list[tuple[MessageSnapshot, str]] = []
    found = None
    for one in ready:
        if one.id == message.id:
            found = len(others) + 1
            if not is_back:
                continue
        others.append((one, "waiting"))
    more = max(0, waiting - len(ready))
    canvas.text(MARGIN, y - 28, step.channel, size=13, colour=QUIET, mono=True, width=WIDTH - 2 * MARGIN)
    shown = [(message, "taken"), *others]
    middles = queue(canvas, MARGIN, y, WIDTH - 2 * MARGIN, shown, more=more, notes=len(shown) < 5)  # noqa: PLR2004
    tail = middles[-1] if found is None or found >= len(middles) - 1 else middles[found]
    if is_back and found is not None and found < len(middles) - 1:
        tail = middles[found]
    return middles[0], tail


def _draw_worker(canvas: Canvas, message: MessageSnapshot, y: float, seen: tuple[int, int] | None = None) -> float:
    name = name_of(message)
    x = MARGIN + 2
    token(canvas, x, y, name, hue(message), look="held")
    at = x + token_width(name) + 10
    about = what_of(message)
    edge = WIDTH - MARGIN - 4.0
    if seen is not None:
        edge -= min(seen[1], MOST_DOTS) * 13 + 20
        dots(canvas, edge + 10, y, on=seen[0], of=seen[1])
    wide = edge - at
    canvas.text(at, y + 5, about or "no topic, no payload", size=13, mono=bool(about), width=wide, colour=TEXT)
    return y + TOKEN / 2 + 30


def _draw_actors(canvas: Canvas, verdicts: Sequence[Verdict], colour: Colour, y: float, step: Step | None) -> float:
    """Draw the message's road past the actors; return where the next thing may be drawn."""
    start = y - 30
    shown = words.most_telling(verdicts)[:ROWS]
    winner = next((one for one in verdicts if one.role == "winner"), None)
    if winner is not None and winner not in shown:
        shown[-1] = winner
    road = canvas.group()
    rows: list[tuple[Verdict, float]] = []
    for verdict in shown:
        # A winner's card is higher than the line of another actor.
        y += 6 if verdict.role == "winner" and rows else 0
        rows.append((verdict, y))
        y += _draw_actor(canvas, verdict, y, step)
    asked = [middle for verdict, middle in rows if verdict.asked]
    end = next((middle for verdict, middle in rows if verdict.role == "winner"), y - 12 if rows else y)
    if winner is not None and step is not None:
        below = next(middle for verdict, middle in rows if verdict.role == "winner") + _winner_height(step) - 19
        canvas.into(road)
        canvas.path(f"M{AWAY} {below:.1f}V{y:.1f}", OUTCOMES[step.settlement.action].colour, line=2.5)
    canvas.into(road)
    if asked and asked[-1] < (rows[-1][1] if rows else 0):
        canvas.path(f"M{ROAD} {end:.1f}V{rows[-1][1]:.1f}", LINE, dash="3 5")
    canvas.path(f"M{ROAD} {start:.1f}V{end:.1f}", colour, line=2.5)
    canvas.into(None)
    if len(verdicts) > len(shown):
        canvas.text(ACTORS, y + 4, f"… and {len(verdicts) - len(shown):,} more", size=13, colour=QUIET)
        y += 22
    if not verdicts:
        canvas.text(ACTORS, y + 4, "No actor listens on this channel.", size=14, colour=QUIET)
        y += 26
    return y


def _draw_actor(canvas: Canvas, verdict: Verdict, y: float, step: Step | None) -> float:
    """Draw what an actor said beside the road; return how high it is."""
    if verdict.role == "winner":
        return _draw_winner(canvas, verdict, y, step)
    if not verdict.asked:
        canvas.circle(ROAD, y, 6, fill=SOFT, stroke=LINE)
        would = {"match": ", would match too", "no match": ", would say no"}.get(verdict.outcome, "")
        _draw_said(canvas, y, verdict.actor, f"not asked{would}", size=14, colour=QUIET)
        return 26
    symbol, colour = ("⚠", BAD) if verdict.outcome == "error" else ("✗", QUIET)
    lamp(canvas, ROAD, y, symbol, colour, on=False)
    _draw_said(canvas, y, verdict.actor, _brief(verdict), size=15, colour=TEXT)
    return 32


def _draw_said(canvas: Canvas, y: float, actor: str, said: str, *, size: float, colour: Colour) -> None:
    at = ACTORS + 10 + canvas.text(ACTORS, y + 5, actor, size=size, mono=True, colour=colour, width=INSIDE * 0.55)
    canvas.text(at, y + 5, said, size=13, colour=QUIET, width=WIDTH - MARGIN - at)


def _draw_winner(canvas: Canvas, verdict: Verdict, y: float, step: Step | None) -> float:
    """Draw the card of the actor that gets the message; with a step, what it did: green, or red where it raised."""
    symbol, colour = ("⚠", BAD) if step is not None and step.exception is not None else ("✓", GOOD)
    high = 38.0 if step is None else _winner_height(step)
    canvas.tinted(ACTORS - 12, y - 19, WIDTH - MARGIN - ACTORS + 12, high, colour)
    lamp(canvas, ROAD, y, symbol, colour)
    canvas.path(f"M{ROAD + 11} {y:.1f}H{ACTORS - 13}", colour, line=2.5)
    at = ACTORS + 10 + canvas.text(ACTORS, y + 5, verdict.actor, size=16, bold=True, mono=True, width=INSIDE * 0.6)
    canvas.text(at, y + 5, _brief(verdict), size=13, colour=QUIET, width=WIDTH - MARGIN - 12 - at)
    lines = [] if step is None else list(_what_it_did(step))
    for place, (label, text) in enumerate(lines):
        base = y + 29 + 18 * place
        along = canvas.text(ACTORS, base, label, size=13, colour=QUIET) + 6
        canvas.text(ACTORS + along, base, text, size=13, mono=True, width=INSIDE - along)
    return high + (2 if lines else 4)


def _winner_height(step: Step) -> float:
    lines = sum(1 for _ in _what_it_did(step))
    return 38 + 18 * lines + (4 if lines else 0)


def _brief(verdict: Verdict) -> str:
    """Return a reason without what the name of the actor says already."""
    reason = one_line(verdict.reason, 160)
    return reason.removesuffix(f", wanted {verdict.actor!r}")


def _what_it_did(step: Step) -> Iterator[tuple[str, str]]:
    if step.arguments:
        given = ", ".join(f"{one.name}={one.value}" for one in step.arguments[:6])
        yield "called with", one_line(given, 120) + (", …" if len(step.arguments) > 6 else "")  # noqa: PLR2004
    if step.printed:
        yield "printed", one_line(step.printed.rstrip("\n"), 120)
    if step.exception is not None:
        yield "raised", one_line(f"{step.exception.type}: {step.exception.message}", 120)
    elif step.result is not None:
        yield "returned", one_line(whole(step.result), 120)
    if step.published:
        yield "sent", words.sent_text(step)


def _draw_outcome(canvas: Canvas, step: Step, y: float, tail: float, colour: Colour) -> float:
    action = step.settlement.action
    x, wide = float(ROAD - 12), WIDTH - MARGIN - ROAD + 12.0
    edge = WIDTH - MARGIN - 4.0
    if action is MessageAction.rejected:
        # Back to the tail: along the right edge, and into the queue from below.
        back = OUTCOMES[action].colour
        wide -= 26
        way = f"M{x + wide:.1f} {y + 31:.1f}H{edge - 8:.1f}Q{edge:.1f} {y + 31:.1f} {edge:.1f} {y + 23:.1f}V120"
        canvas.path(
            f"{way}Q{edge:.1f} 112 {edge - 8:.1f} 112H{tail + 8:.1f}Q{tail:.1f} 112 {tail:.1f} 106", back, line=2.5
        )
        canvas.arrow(tail, 100, back, towards="up")
    if step.winner is None:
        canvas.path(f"M{ROAD} {y - 14:.1f}V{y:.1f}", colour, line=2.5)
        canvas.arrow(ROAD, y + 6, colour, towards="down")
    else:
        canvas.arrow(min(AWAY, x + wide - 20), y + 6, OUTCOMES[action].colour, towards="down")
    outcome_box(canvas, x, y + 8, wide, step.settlement)
    return y + 54


def _told(step: Step) -> list[str]:
    told = [step_sentence(step), *_verdicts_told(step.verdicts)]
    told += [f"{label} {text}" for label, text in _what_it_did(step)]
    what, where = words.settled_words(step.settlement)
    told.append(f"{what}: {one_line(step.settlement.reason)} · {where}.")
    if (after := step.after.get(step.channel)) is not None:
        told.append(f"{words.queue_text(after)}.")
    return told


def _verdicts_told(verdicts: Sequence[Verdict]) -> list[str]:
    return [
        f"{one.position}. {one_line(one.actor, 60)}: {words.OUTCOMES[one.outcome]}, {one_line(one.reason, 160)}"
        + ("" if one.asked else " (not asked)")
        for one in words.most_telling(verdicts)
    ]
