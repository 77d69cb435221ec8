"""Queues as a picture: a pipe for each channel, the dead letters below it, and the actors that listen on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from repid_nb.core.memory.snapshot import ChannelSnapshot, QueuesSnapshot
from repid_nb.display import words
from repid_nb.display.colours import ACCENT, BAD, LINE, QUIET, SOFT, SURFACE, TEXT
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas
from repid_nb.display.pictures.parts import hue, name_of, queue, token, token_width
from repid_nb.display.sentences import idle_lines
from repid_nb.picture import Picture
from repid_nb.printable import counted, one_line
from repid_nb.stepping.record import Idle

__all__ = ["Listener", "picture_of_idle", "picture_of_queues"]

# The name of an actor, and that of its strategy.
Listener = tuple[str, str]

CHANNELS = 8
LISTENERS = 6
NAMES = 12
# No name is cut to less than this, in pixels.
SHORTEST = 30
PIPE = 222.0
WORKER = 282.0
ACTORS = 318.0


def picture_of_queues(
    queues: QueuesSnapshot,
    listeners: Mapping[str, Sequence[Listener]] | None = None,
    *,
    next_channel: str | None = None,
    broker: str = "",
) -> Picture:
    """Return the picture of the queues.

    Args:
        queues: The queues.
        listeners: The actors of each channel, in order of registration; None to draw the queues alone.
        next_channel: The channel that the worker takes from next.
        broker: The program that keeps the queues, such as `Redis`; empty where this one does.
    """
    canvas = Canvas()
    named = dict(queues.items())
    channels = list(dict.fromkeys([*(listeners or {}), *named]))
    shown = channels[:CHANNELS]
    _titles(canvas, "Channels" if listeners is not None else "Queues", broker, with_actors=listeners is not None)
    y = 48.0
    worker = canvas.group()
    middles = []
    for channel in shown:
        found = named.get(channel, ChannelSnapshot(channel=channel))
        actors = None if listeners is None else listeners.get(channel, ())
        middles.append((channel, y + 42, bool(actors)))
        y += _draw_channel(canvas, found, actors, y)
    if not shown:
        canvas.text(MARGIN, y + 16, "No queue yet: nothing was sent.", size=14, colour=QUIET)
        y += 34
    more = len(channels) - len(shown) + queues.more
    if more:
        canvas.text(MARGIN, y + 12, f"… and {counted(more, 'more channel')}", size=13, colour=QUIET)
        y += 26
    if listeners is not None and middles:
        canvas.into(worker)
        _draw_worker(canvas, middles, next_channel)
        canvas.into(None)
    if broker:
        wide = PIPE if listeners is not None else WIDTH - 2 * MARGIN
        canvas.rect(MARGIN - 7, 38, wide + 14, y - 38, stroke=QUIET, dash="5 4", radius=10)
        y += 8
    title = "The queues" if listeners is None else "Channels, worker and actors"
    kept = [f"{broker}, a program of its own, keeps the queues."] if broker else []
    return canvas.finish(y + 6, title, [*kept, *_told(queues, channels, listeners)])


def picture_of_idle(idle: Idle) -> Picture:
    """Return the picture of a step that found nothing to pull: that it is idle, and why."""
    canvas = Canvas()
    first, *more = idle_lines(idle)
    what, _, why = first.partition(" · ")
    canvas.text(MARGIN, 34, what, size=18, bold=True)
    y = 58.0
    for line in (why, *more):
        canvas.text(MARGIN, y, line, size=13, colour=QUIET, width=WIDTH - 2 * MARGIN)
        y += 22
    return canvas.finish(y - 4, "A step that found nothing", [first, *more])


def _titles(canvas: Canvas, queues: str, broker: str, *, with_actors: bool) -> None:
    canvas.text(MARGIN, 28, f"{queues} on {broker}" if broker else queues, size=14, bold=True, colour=QUIET)
    if with_actors:
        canvas.text(WORKER, 28, "Worker", size=14, bold=True, colour=QUIET, anchor="middle")
        canvas.text(ACTORS + 8, 28, "Actors, asked in turn", size=14, bold=True, colour=QUIET)


def _draw_channel(canvas: Canvas, found: ChannelSnapshot, actors: Sequence[Listener] | None, y: float) -> float:
    """Draw one channel, and return how high it is."""
    wide = PIPE if actors is not None else WIDTH - 2 * MARGIN
    canvas.text(MARGIN, y + 12, found.channel, size=13, mono=True, bold=True, width=wide * 0.6)
    waiting = words.waiting_text(found.waiting)
    canvas.text(MARGIN + wide, y + 12, waiting, size=13, colour=QUIET, anchor="end")
    messages = [(one, "waiting") for one in found.ready]
    more = max(0, (found.waiting or 0) - len(messages))
    if actors is None:
        queue(canvas, MARGIN, y + 42, wide, messages, more=more)
    else:
        # Its head is beside the worker, and what is pulled first stands there.
        queue(canvas, MARGIN, y + 42, wide, messages, more=more, notes=False, head="right")
    low = y + 68
    low = _draw_kept(canvas, found, low, wide)
    high = y + 26.0
    for name, strategy in (actors or ())[:LISTENERS]:
        canvas.rect(ACTORS, high, WIDTH - MARGIN - ACTORS, 32, fill=SURFACE, stroke=LINE, radius=8)
        at = canvas.text(ACTORS + 10, high + 21, name, size=14, mono=True, width=WIDTH - MARGIN - ACTORS - 20)
        left = WIDTH - MARGIN - ACTORS - 30 - at
        if left > SHORTEST:
            canvas.text(WIDTH - MARGIN - 10, high + 21, strategy, size=12.5, colour=QUIET, anchor="end", width=left)
        high += 37
    if actors is not None and len(actors) > LISTENERS:
        canvas.text(ACTORS + 10, high + 12, f"… and {len(actors) - LISTENERS:,} more", size=13, colour=QUIET)
        high += 24
    if actors is not None and not actors:
        canvas.text(ACTORS, y + 47, "no actor listens here", size=13, colour=QUIET)
    return max(low, high) - y + 14


def _draw_kept(canvas: Canvas, found: ChannelSnapshot, y: float, wide: float) -> float:
    if found.in_work:
        at = MARGIN + canvas.text(MARGIN, y + 18, "in work", size=13, colour=QUIET) + 8
        for message in found.in_work:
            if at + token_width(name_of(message)) > MARGIN + wide:
                break
            token(canvas, at, y + 13, name_of(message), hue(message), look="held")
            at += token_width(name_of(message)) + 6
        y += 34
    if found.dead:
        label = f"✗ {counted(found.dead, 'dead letter')}"
        canvas.rect(MARGIN, y - 2, wide, 32, fill=BAD, opacity=0.08, radius=8)
        at = MARGIN + 8 + canvas.text(MARGIN + 8, y + 19, label, size=13, bold=True, colour=BAD) + 8
        for letter in reversed(found.dead_letters):
            if at + token_width(name_of(letter.message)) > MARGIN + wide - 4:
                break
            token(canvas, at, y + 14, name_of(letter.message), hue(letter.message), look="taken")
            at += token_width(name_of(letter.message)) + 6
        y += 38
    return y


def _draw_worker(canvas: Canvas, middles: Sequence[tuple[str, float, bool]], next_channel: str | None) -> None:
    top, bottom = middles[0][1], middles[-1][1]
    middle = (top + bottom) / 2
    for channel, y, is_heard in middles:
        if not is_heard:
            continue
        is_next = channel == next_channel
        colour = ACCENT if is_next else LINE
        canvas.path(f"M{MARGIN + PIPE + 3:.1f} {y:.1f}H{WORKER}", colour, line=3 if is_next else 2)
        canvas.path(f"M{WORKER} {y:.1f}H{ACTORS - 9}", LINE, line=2)
        canvas.arrow(ACTORS - 3, y, LINE if not is_next else ACCENT)
    canvas.rect(WORKER - 21, top - 21, 42, bottom - top + 42, fill=SOFT, stroke=ACCENT, line=2, radius=21)
    canvas.text(WORKER, middle + 5, "⚙", size=19, colour=TEXT, anchor="middle")


def _told(
    queues: QueuesSnapshot, channels: Sequence[str], listeners: Mapping[str, Sequence[Listener]] | None
) -> Iterator[str]:
    if not channels:
        yield "No queue yet: nothing was sent."
    for channel in channels[:CHANNELS]:
        found = queues.get(channel) if channel in queues else ChannelSnapshot(channel=channel)
        assert found is not None  # noqa: S101  (it is one of the queues)
        yield f"{words.queue_text(found)}."
        if found.ready:
            first = ", ".join(map(name_of, found.ready[:NAMES]))
            more = (found.waiting or 0) - len(found.ready[:NAMES])
            yield f"Waiting: {first}{f' and {more:,} more' if more > 0 else ''}."
        for letter in found.dead_letters:
            yield f"Dead letter {name_of(letter.message)}: {one_line(letter.reason, 160)}."
        if listeners is not None:
            names = [f"{one_line(name, 60)} ({strategy})" for name, strategy in listeners.get(channel, ())]
            yield f"Actors in turn: {', '.join(names)}." if names else "No actor listens on it."
