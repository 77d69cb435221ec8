"""The parts that the HTML views of records are made of: cards, chips, pills, rows and the strip of a queue.

GitHub removes every style, so the words alone must read well; JupyterLab's own rules for tables are answered cell by
cell. Half-transparent colours suit a light and a dark page, and a word or a symbol always stands beside a colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from repid_nb.core.memory.queue import DEFAULT_PRIORITY
from repid_nb.core.memory.snapshot import ChannelSnapshot, MessageSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.display import words
from repid_nb.display.colours import HUES, hue_of
from repid_nb.html import Child, card, code, element, folded, to_html
from repid_nb.printable import counted, one_line

__all__ = [
    "AMBER",
    "DIM",
    "GREEN",
    "GREY",
    "LINE",
    "RED",
    "SETTLEMENT_COLOURS",
    "Row",
    "banner",
    "chip",
    "line",
    "listing",
    "message_words",
    "named_chip",
    "pill",
    "row",
    "rows",
    "shown",
    "strip",
    "with_code",
]

GREEN = "rgba(46, 160, 67, 0.2)"
AMBER = "rgba(210, 153, 34, 0.22)"
RED = "rgba(218, 54, 51, 0.2)"
GREY = "rgba(128, 128, 128, 0.14)"
LINE = "1px solid rgba(128, 128, 128, 0.4)"
DIM = "opacity: 0.72"

SETTLEMENT_COLOURS: dict[MessageAction | None, str] = {
    MessageAction.acked: GREEN,
    MessageAction.replied: GREEN,
    MessageAction.rejected: AMBER,
    MessageAction.nacked: RED,
    None: AMBER,
}

# How many waiting messages a strip draws.
WAITING = 6
PAYLOAD = 60
# For how many characters of what there is to say a row has room beside its name, or it stands below.
LEAST_SAID = 24
# How wide a letter is on average, in em.
LETTER = 0.6

_SYMBOL = "text-align: center; padding: 0.15em 0; width: 2em; margin-left: -2em"
_NAME = "text-align: left; padding: 0.15em 0; max-width: 100%"
_SAID = "text-align: left; padding: 0.15em 0 0.15em 0.9em"


class Row(NamedTuple):
    """A row of a table; see `row`."""

    symbol: str
    name: str
    said: tuple[Child, ...]
    as_code: bool
    colour: str
    dim: bool


def shown(*children: Child | Iterable[Child], name: str = "", colour: str = "") -> str:
    """Return a record's view as HTML.

    Args:
        name: What a screen reader calls the view; with it, the view is a framed group of its own.
        colour: The colour at the edge of the frame.
    """
    if not name:
        return to_html(card(*children))
    frame = f"border: {LINE}; border-left: 4px solid {colour or GREY}; border-radius: 6px; padding: 0 0.8em 0.3em"
    return to_html(card(element("div", *children, style=frame), role="group", **{"aria-label": one_line(name, 120)}))


def line(*children: Child, style: str = "margin: 0.15em 0") -> Element:
    """Return a line of text."""
    return element("div", *children, style=style)


def banner(colour: str, *children: Child, edge: bool = False) -> Element:
    """Return a line on a coloured ground.

    Args:
        edge: Whether it reaches to the edges of the frame around it, as the first of a Step does.
    """
    place = "margin: 0 -0.8em 0.4em; padding: 0.35em 0.8em" if edge else "margin: 0.3em 0; padding: 0.25em 0.7em"
    return element("div", *children, style=f"{place}; border-radius: 4px; background: {colour}")


def pill(action: MessageAction | None, text: str | None = None) -> Element:
    """Return a settlement's symbol and word on its colour."""
    said = words.SETTLEMENTS[action][0] if text is None else text
    ground = f"background: {SETTLEMENT_COLOURS[action]}"
    return element("span", said, style=f"{ground}; border-radius: 4px; padding: 0.05em 0.4em; white-space: nowrap")


def chip(message: MessageSnapshot, *after: str, style: str = "solid") -> Element:
    """Return a message's name in the hue that it has in every view, and what follows it.

    Args:
        style: The style of its edge; a message that is gone has a dashed one.
    """
    text = " ".join([words.message_name(message), *after])
    return named_chip(message.name or message.id, text, style=style)


def named_chip(name: str | None, text: str, *, style: str = "solid") -> Element:
    """Return a text in the hue of the message with this name or id."""
    hue = HUES[hue_of(name)]
    # Between the hues for a light and a dark page, so that the edge is seen on both.
    mixed = ((int(hue.light[at : at + 2], 16) + int(hue.dark[at : at + 2], 16)) // 2 for at in (1, 3, 5))
    edge = f"border: 2px {style} rgb({', '.join(map(str, mixed))})"
    return code(text, style=f"{edge}; border-radius: 6px; padding: 0 0.35em; white-space: nowrap")


def message_words(message: MessageSnapshot, *, payload: int = PAYLOAD, sightings: bool = True) -> Iterable[Child]:
    """Yield what a message is: its name, its topic, other headers, its priority, and its payload.

    Args:
        payload: From how many characters on the payload is folded.
        sightings: Whether to say how often it was sent back.
    """
    if message.id is not None:
        yield chip(message)
        yield f" from {message.parent} " if message.parent is not None else " "
    topic = words.topic_shown(message)
    yield from ("no topic",) if topic is None else ("topic ", code(topic))
    if others := words.headers_text(message):
        yield " · headers "
        yield folded(others, fold_at=PAYLOAD)
    if message.priority != DEFAULT_PRIORITY:
        yield f" · priority {message.priority}"
    yield " · "
    yield folded(words.payload_text(message.payload), fold_at=payload)
    if message.sightings and sightings:
        yield f" · sent back {counted(message.sightings, 'time')}"


def rows(caption: str, body: Sequence[Row]) -> Element:
    """Return a table of three columns: a symbol, the name of the row, and what there is to say.

    Where it is too narrow for them side by side, what there is to say stands below the name: no word is broken for it.
    """
    style = f"text-align: left; caption-side: top; color: inherit; padding: 0; {DIM}"
    # All rows have columns of the same widths, so that they stand in line, and wrap together.
    name = LETTER * max(len(one.name) for one in body)
    said = LETTER * min(max(_length(one.said) for one in body), LEAST_SAID)
    return element(
        "table",
        element("caption", caption, style=style) if caption else None,
        element("tbody", [_row(one, name, said) for one in body]),
        style="border-collapse: collapse; margin: 0.25em 0; font-size: 1em; width: 100%",
    )


def row(symbol: str, name: str, *said: Child, as_code: bool = False, colour: str = "", dim: bool = False) -> Row:
    """Return a row: its name is the header that a screen reader says with it.

    Args:
        as_code: Whether the name is shown as code.
        colour: The ground of a row that stands out; its name is bold then.
        dim: Whether the row matters less than the others.
    """
    return Row(symbol, name, said, as_code, colour, dim)


def _row(one: Row, name: float, said: float) -> Element:
    """Return a row as an element.

    Args:
        name: How wide the name is at least, in em.
        said: How wide what there is to say is at least, or else it stands below the name.
    """
    weight = "bold" if one.colour else "normal"
    ground = f"background: {one.colour or 'transparent'}" + (f"; {DIM}" if one.dim else "")
    return element(
        "tr",
        element("td", one.symbol, style=_SYMBOL),
        element(
            "th",
            code(one.name) if one.as_code else one.name,
            scope="row",
            style=f"{_NAME}; min-width: min(100%, {name:.3g}em); font-weight: {weight}",
        ),
        element("td", *one.said, style=f"{_SAID}; flex: 1 1 {said:.3g}em"),
        style=f"display: flex; flex-wrap: wrap; padding: 0 0 0 2em; {ground}",
    )


def _length(child: Child) -> int:
    """Return how many characters of a child are shown."""
    if child is None or isinstance(child, str):
        return len(child or "")
    return sum(map(len, child.itertext())) if isinstance(child, Element) else sum(map(_length, child))


def listing(items: Sequence[Iterable[Child]], *, ordered: bool = False, colour: str = "") -> Element:
    """Return a list whose items wrap under their beginning.

    Args:
        ordered: Whether the items are numbered from 1.
        colour: The ground of each item.
    """
    ground = f"; background: {colour}" if colour else ""
    item = f"margin: 0.15em 0; padding: 0 0.4em{ground}"
    return element(
        "ol" if ordered else "ul",
        [element("li", *one, style=item) for one in items],
        style="margin: 0.15em 0; padding-left: 2em"
        if ordered
        else "margin: 0.15em 0; padding-left: 0; list-style: none",
    )


def strip(queue: ChannelSnapshot, taken: MessageSnapshot, action: MessageAction | None) -> Iterable[Child]:
    """Yield a queue as it is after a step: what was taken, what waits up to the tail, and the dead letters.

    Args:
        taken: The message of the step.
        action: What became of it.
    """
    yield element("span", queue.channel, style=DIM)
    yield " "
    yield chip(taken, "taken", style="dashed")
    for message in queue.ready[:WAITING]:
        yield " "
        back = "↩" if message.id == taken.id and action is MessageAction.rejected else ""
        priority = f"·{message.priority}" if message.priority != DEFAULT_PRIORITY else ""
        topic = one_line((message.headers or {}).get("topic", ""), 20)
        yield chip(message, *filter(None, (topic, priority, back)))
    more = (queue.waiting or 0) - min(WAITING, len(queue.ready))
    if more > 0:
        yield f" … {more:,} more"
    if queue.ready:
        yield " ← tail"
    found = [] if queue.waiting == 0 else [words.waiting_text(queue.waiting)]
    found += [f"{queue.working:,} in work"] if queue.working else []
    found += [counted(queue.dead, "dead letter")] if queue.dead else []
    note = f" ({queue.note})" if queue.note else ""
    yield element("span", f" · {', '.join(found) or 'nothing waits'}{note}", style=DIM)


def with_code(sentence: str) -> Iterable[Child]:
    """Yield a sentence with the text between backticks as code; an unpaired one belongs to a learner's text."""
    if sentence.count("`") % 2:
        yield sentence
        return
    for place, part in enumerate(sentence.split("`")):
        yield code(part) if place % 2 and part else part
