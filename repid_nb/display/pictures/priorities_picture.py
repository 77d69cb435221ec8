"""Priorities as pictures: a queue with a row for each priority, and how long each waited in a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from repid_nb.core.memory.snapshot import ChannelSnapshot, MessageSnapshot, QueuesSnapshot
from repid_nb.display import words
from repid_nb.display.colours import ACCENT, HUES, LINE, QUIET, SOFT
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas, fitted, text_width
from repid_nb.display.pictures.parts import heading, hue, name_of, token, token_width
from repid_nb.display.river import gist
from repid_nb.picture import Picture
from repid_nb.printable import counted, one_line

__all__ = ["Waits", "picture_of_priorities", "picture_of_waits"]

# Of one priority: the median of the waiting times, what 95 % waited at most, the longest, and how many are not done.
Waits = tuple[float, float, float, int]

CHANNELS = 6
NAMES = 12
USUAL = 4
ROW = 46.0
LEFT = 74.0
BARS = 116.0
NOTE = 12.5


def picture_of_priorities(queues: QueuesSnapshot) -> Picture:
    """Return the picture of queues with a row for each priority: the highest is pulled first, each from the left."""
    canvas = Canvas()
    heading(canvas, "Who waits behind whom", beside="the top row first, left first")
    y = 62.0
    told: list[str] = []
    shown = [queue for queue in queues.channels if queue.waiting][:CHANNELS]
    for queue in shown:
        y = _draw_queue(canvas, queue, y)
        told.extend(_queue_told(queue))
    if not shown:
        canvas.text(MARGIN, y, "Nothing waits.", size=14, colour=QUIET)
        told.append("Nothing waits.")
        y += 14
    return canvas.finish(y, "The queues by priority", told)


def _rows(queue: ChannelSnapshot) -> Iterator[tuple[int, list[MessageSnapshot]]]:
    for priority, messages in groupby(queue.ready, key=lambda message: message.priority):
        yield priority, list(messages)


def _draw_queue(canvas: Canvas, queue: ChannelSnapshot, y: float) -> float:
    canvas.text(MARGIN, y, queue.channel, size=13, mono=True, bold=True, width=WIDTH * 0.6)
    canvas.text(WIDTH - MARGIN, y, words.waiting_text(queue.waiting), size=13, colour=QUIET, anchor="end")
    y += 34
    first = y
    for priority, messages in _rows(queue):
        _draw_row(canvas, priority, messages, y)
        y += ROW
    # The order of pulling: down from row to row.
    canvas.path(f"M{MARGIN + 8} {first - 14:.1f}V{y - ROW + 8:.1f}", ACCENT, line=2.5)
    canvas.arrow(MARGIN + 8, y - ROW + 14, ACCENT, towards="down")
    more = (queue.waiting or 0) - len(queue.ready)
    if more > 0:
        canvas.text(LEFT, y - 8, f"… and {counted(more, 'more message')}", size=13, colour=QUIET)
        y += 22
    return y


def _draw_row(canvas: Canvas, priority: int, messages: Sequence[MessageSnapshot], y: float) -> None:
    canvas.text(MARGIN + 26, y + 6, str(priority), size=17, bold=True, mono=True)
    right = WIDTH - MARGIN
    canvas.rect(LEFT, y - 19, right - LEFT, 38, fill=SOFT, radius=10)
    canvas.path(f"M{LEFT + 10} {y - 19}H{right - 2}M{LEFT + 10} {y + 19}H{right - 2}", LINE, line=2)
    tail = "← tail"
    edge = right - text_width(tail, 12) - 14
    canvas.text(right - 8, y + 4, tail, size=12, colour=QUIET, anchor="end")
    at = LEFT + 8
    for place, message in enumerate(messages):
        name = name_of(message)
        left = len(messages) - place - 1
        room = edge - at - (text_width(f"+ {left:,}", 13) + 10 if left else 0)
        if token_width(name) > room:
            canvas.text(at + 2, y + 5, f"+ {left + 1:,}", size=13, colour=QUIET)
            return
        about = _about(message)
        note = fitted(about, max(0.0, min(150.0, room - token_width(name) - 8)), NOTE) if about else ""
        note = note if len(note) > 3 or note == about else ""  # noqa: PLR2004  (less says nothing)
        token(canvas, at, y, name, hue(message), note=note)
        at += token_width(name, note) + 8


def _about(message: MessageSnapshot) -> str:
    """Return what tells a message from the others of its queue: its payload, or else its topic."""
    return gist(message.payload) or one_line((message.headers or {}).get("topic", ""), 60)


def _queue_told(queue: ChannelSnapshot) -> Iterator[str]:
    yield f"{words.queue_text(queue)}; a higher priority is pulled first, and of one priority the first that came."
    for priority, messages in _rows(queue):
        usual = " (the usual one)" if priority == USUAL else ""
        named = ", ".join(f"{name_of(one)} {_about(one)}".rstrip() for one in messages[:NAMES])
        left = len(messages) - NAMES
        yield f"Priority {priority}{usual}: {named}{f' and {left:,} more' if left > 0 else ''}."
    more = (queue.waiting or 0) - len(queue.ready)
    if more > 0:
        yield f"And {counted(more, 'more message')}."


def picture_of_waits(priorities: Mapping[int, Waits], unit: str = "s") -> Picture:
    """Return the picture of how long the messages of each priority waited.

    Args:
        priorities: Their waiting times by priority, the highest first.
        unit: What a second of the simulation is called.
    """
    canvas = Canvas()
    heading(canvas, "How long each priority waited")
    _legend(canvas, 52)
    furthest = max((longest for _, _, longest, _ in priorities.values()), default=0.0) or 1.0
    y, told = 88.0, []
    for priority, waits in priorities.items():
        _draw_waits(canvas, priority, waits, y, (WIDTH - MARGIN - BARS) / furthest)
        figures = _figures(waits, unit)
        canvas.text(BARS + 2, y + 27, figures, size=13, colour=QUIET, width=WIDTH - MARGIN - BARS)
        told.append(f"Priority {priority}: {figures}.")
        y += 56
    if not priorities:
        canvas.text(MARGIN, y, "No message was sent.", size=14, colour=QUIET)
        told.append("No message was sent.")
        y += 24
    return canvas.finish(y - 8, "How long each priority waited", told)


def _legend(canvas: Canvas, y: float) -> None:
    x = float(MARGIN)
    for label, height, opacity in (("median", 20, 1.0), ("95 % at most", 20, 0.45), ("longest", 8, 0.3)):
        canvas.rect(x, y - 4 - height / 2, 22, height, fill=HUES[0], opacity=opacity, radius=3)
        x += 28 + canvas.text(x + 28, y, label, size=13, colour=QUIET) + 18


def _draw_waits(canvas: Canvas, priority: int, waits: Waits, y: float, scale: float) -> None:
    median, most, longest, _ = waits
    canvas.text(MARGIN, y + 5, f"priority {priority}", size=14, bold=True, width=BARS - MARGIN - 6)
    canvas.path(f"M{BARS} {y - 17}V{y + 17}", LINE, line=2)
    for time, height, opacity in ((longest, 8, 0.3), (most, 20, 0.45), (median, 20, 1.0)):
        canvas.rect(BARS, y - height / 2, max(2.0, time * scale), height, fill=HUES[0], opacity=opacity, radius=3)


def _figures(waits: Waits, unit: str) -> str:
    median, most, longest, unfinished = waits
    said = f"median {_time(median)} · 95 % {_time(most)} · longest {_time(longest)} {unit}"
    return f"{said} · {unfinished:,} not done" if unfinished else said


def _time(time: float) -> str:
    return f"{time:,.0f}" if time >= 10 or time == int(time) else f"{time:.1f}"  # noqa: PLR2004
