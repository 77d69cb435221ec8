"""What pictures are made of: a message, a queue, a lamp, ten dots, an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.display import words
from repid_nb.display.colours import BACK, HUES, LINE, OUTCOMES, QUIET, SOFT, SURFACE, TEXT, Colour, hue_of
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas, fitted, text_width
from repid_nb.printable import one_line
from repid_nb.stepping.record import Settlement

__all__ = [
    "MOST_DOTS",
    "TOKEN",
    "dots",
    "heading",
    "hue",
    "lamp",
    "name_of",
    "outcome_box",
    "queue",
    "token",
    "token_width",
    "what_of",
]

TOKEN = 26
MOST_DOTS = 12
_NAME_SIZE = 14


def heading(canvas: Canvas, name: str, *, beside: str = "", below: str = "", y: float = 30) -> None:
    """Draw what a picture is called, and what is to be said of it."""
    room = WIDTH - 2 * MARGIN
    at = MARGIN + canvas.text(MARGIN, y, name, size=17, bold=True, width=WIDTH * 0.6 if beside else room) + 12
    if beside:
        canvas.text(at, y, beside, size=13, colour=QUIET, width=WIDTH - at - MARGIN)
    if below:
        canvas.text(MARGIN, y + 19, below, size=13, colour=QUIET, width=room)


def name_of(message: MessageSnapshot) -> str:
    """Return the name of a message in a picture."""
    return words.message_name(message) if message.name or message.id else "?"


def what_of(message: MessageSnapshot, limit: int = 60) -> str:
    """Return what a message is: its topic and its payload, each where it has one."""
    topic = (message.headers or {}).get("topic")
    said = [] if topic is None else [one_line(topic, limit)]
    if message.payload:
        said.append(words.payload_beginning(message.payload, limit))
    return " ".join(said)


def hue(message: MessageSnapshot) -> Colour:
    """Return the colour of a message."""
    return HUES[hue_of(name_of(message))]


def token_width(name: str, note: str = "") -> float:
    """Return how wide the token of a message is."""
    width = text_width(name, _NAME_SIZE, mono=True) + 16
    return width + (text_width(note, 12.5) + 6 if note else 0)


def token(
    canvas: Canvas,
    x: float,
    y: float,
    name: str,
    colour: Colour,
    *,
    note: str = "",
    look: str = "waiting",
) -> Element:
    """Draw a message as its name in its colour; return the group that it is in.

    Args:
        y: Its middle.
        note: A text beside the name.
        look: `waiting`, `taken` for a place that it left, or `held` where it is in work.
    """
    group = canvas.group()
    canvas.into(group)
    width = token_width(name, note)
    is_held = look == "held"
    canvas.rect(
        x,
        y - TOKEN / 2,
        width,
        TOKEN,
        fill=colour if is_held else SURFACE,
        stroke=colour,
        line=2 if look != "taken" else 1.5,
        radius=7,
        dash="4 3" if look == "taken" else "",
    )
    at = x + 8
    at += canvas.text(at, y + 5, name, size=_NAME_SIZE, mono=True, bold=True, colour=SURFACE if is_held else colour)
    if note:
        canvas.text(at + 6, y + 4.5, note, size=12.5, colour=SURFACE if is_held else QUIET)
    canvas.into(None)
    return group


def queue(
    canvas: Canvas,
    x: float,
    y: float,
    width: float,
    messages: Sequence[tuple[MessageSnapshot, str]],
    *,
    more: int = 0,
    notes: bool = True,
    head: str = "left",
) -> list[float]:
    """Draw a queue as a pipe; return where the middle of each token and of the tail is.

    Args:
        messages: The messages in order, each with the look of its token.
        more: How many further ones wait.
        notes: Whether there is room for the topics.
        head: The side that the first message stands on, `left` or `right`.
    """
    if head == "right":
        return _queue_to_the_right(canvas, x, y, width, messages, more=more)
    canvas.rect(x, y - 21, width, 42, fill=SOFT, radius=12)
    canvas.path(f"M{x + 12:.1f} {y - 21}H{x + width - 2:.1f}M{x + 12:.1f} {y + 21}H{x + width - 2:.1f}", LINE, line=2)
    canvas.text(x + width - 8, y + 4, "← tail", size=12, colour=QUIET, anchor="end")
    room = width - 66 - (text_width(f"+ {more:,}", 13) + 8 if more else 0)
    at, middles = x + 10, []
    for place, (message, look) in enumerate(messages):
        name, topic = name_of(message), (message.headers or {}).get("topic") if notes else None
        note = "" if topic is None else fitted(topic, 96, 12.5)
        if at + token_width(name, note) > x + room + 10:
            note = ""
        if at + token_width(name) > x + room + 10:
            more += len(messages) - place
            break
        token(canvas, at, y, name, hue(message), note=note, look=look)
        middles.append(at + token_width(name, note) / 2)
        at += token_width(name, note) + 8
    if not messages and not more:
        canvas.text(x + 14, y + 5, "empty", size=13, colour=QUIET)
    if more:
        at += canvas.text(at + 2, y + 5, f"+ {more:,}", size=13, colour=QUIET) + 10
    return [*middles, max(at + 8, x + 40)]


def _queue_to_the_right(
    canvas: Canvas, x: float, y: float, width: float, messages: Sequence[tuple[MessageSnapshot, str]], *, more: int
) -> list[float]:
    canvas.rect(x, y - 21, width, 42, fill=SOFT, radius=12)
    canvas.path(f"M{x + 2:.1f} {y - 21}H{x + width - 12:.1f}M{x + 2:.1f} {y + 21}H{x + width - 12:.1f}", LINE, line=2)
    at, middles = x + width - 8, []
    room = 12 + (text_width(f"+ {more + len(messages):,}", 13) + 6 if more or len(messages) > 4 else 0)  # noqa: PLR2004
    for place, (message, look) in enumerate(messages):
        name = name_of(message)
        if at - token_width(name) < x + room:
            more += len(messages) - place
            break
        at -= token_width(name)
        token(canvas, at, y, name, hue(message), look=look)
        middles.append(at + token_width(name) / 2)
        at -= 6
    if more:
        canvas.text(at - 2, y + 5, f"+ {more:,}", size=13, colour=QUIET, anchor="end")
    if not messages and not more:
        canvas.text(x + width - 14, y + 5, "empty", size=13, colour=QUIET, anchor="end")
    return [*middles, at]


def lamp(
    canvas: Canvas, x: float, y: float, symbol: str, colour: Colour, *, on: bool = True, radius: float = 11
) -> None:
    """Draw a lamp with a symbol: filled where it is `on`."""
    canvas.circle(x, y, radius, fill=colour if on else SURFACE, stroke=colour, dash="" if on else "3 2.5")
    canvas.text(x, y + 4.5, symbol, size=13, bold=True, colour=SURFACE if on else colour, anchor="middle")


def dots(canvas: Canvas, x: float, y: float, *, on: int, of: int) -> float:
    """Draw sightings as dots, `on` of which are filled; return where they end. Many are only counted."""
    if of > MOST_DOTS:
        return x + canvas.text(x, y + 4.5, f"sighting {on:,} of {of:,}", size=13, colour=BACK)
    for place in range(of):
        canvas.circle(x + 5 + place * 13, y, 4.5, fill=BACK if place < on else SURFACE, stroke=BACK)
    return x + of * 13


def outcome_box(canvas: Canvas, x: float, y: float, width: float, settlement: Settlement) -> None:
    """Draw what became of a message, and why, in a box 46 pixels high."""
    outcome = OUTCOMES[settlement.action]
    canvas.tinted(x, y, width, 46, outcome.colour)
    at = x + 12
    at += canvas.text(
        at, y + 20, f"{outcome.symbol} {outcome.word}", size=15, bold=True, colour=outcome.colour, width=width - 20
    )
    canvas.text(at + 8, y + 20, words.settled_words(settlement)[1], size=13, colour=TEXT, width=width - (at - x) - 16)
    canvas.text(x + 12, y + 38, one_line(settlement.reason, 160), size=13, colour=QUIET, width=width - 24)
