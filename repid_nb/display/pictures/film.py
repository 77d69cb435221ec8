"""Steps as a film: an SVG in which messages move from their queue, past the actors, to what becomes of them.

It moves by its own style sheet, so it needs no script. Where that is taken away, or the reader wants no motion, it is
a still of the end: what is left on the queues, the dead letters, and a mark for each step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from xml.etree.ElementTree import Element

from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.display.colours import ACCENT, HUES, LINE, OUTCOMES, QUIET, SOFT, SURFACE, hue_of
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas
from repid_nb.display.pictures.parts import lamp, name_of, token, token_width
from repid_nb.display.pictures.tracks import Track, visible_in
from repid_nb.display.sentences import step_sentence
from repid_nb.picture import Picture
from repid_nb.printable import counted, one_line
from repid_nb.stepping.record import Step

__all__ = ["MOST_STEPS", "film_of"]

MOST_STEPS = 30
LANES = 3
ACTORS = 6
LANE = 200.0
WORKER = 252.0
ROWS = 300.0
TOP = 84.0
ROW = 34.0
SHORTEST = 70

# Seconds: of a step, of one that repeats the one before, and of the end.
STEP, AGAIN, END = 3.9, 1.5, 3.5

BINS = (MessageAction.acked, MessageAction.rejected, MessageAction.nacked)


@dataclass(slots=True)
class _Scene:
    """Where things are, and what happens to them."""

    canvas: Canvas
    channels: list[str]
    actors: list[tuple[str, int, str]]
    lanes_end: float
    rows_end: float
    tracks: dict[str, Track] = field(default_factory=dict)
    lit: dict[tuple[int, str], list[tuple[float, float]]] = field(default_factory=dict)
    captions: list[tuple[float, str, str, MessageAction | Literal[""] | None]] = field(default_factory=list)
    counts: dict[MessageAction, list[tuple[float, int]]] = field(default_factory=dict)
    dead: list[str] = field(default_factory=list)
    moving: list[str] = field(default_factory=list)
    length: float = 0.0

    def lane_y(self, channel: str) -> float | None:
        """Return where the middle of a channel's lane is; None where it has none."""
        return TOP + 34 + 70 * self.channels.index(channel) if channel in self.channels else None

    def row_y(self, place: int) -> float:
        """Return where the middle of an actor's row is."""
        return TOP + 26 + ROW * place

    @property
    def worker_y(self) -> float:
        """Where the middle of the worker is."""
        return (TOP + max(self.lanes_end, self.rows_end)) / 2

    @property
    def bins_y(self) -> float:
        """Where the row of the ends begins."""
        return max(self.lanes_end, self.rows_end) + 18

    def bin(self, action: MessageAction | None) -> tuple[float, float]:
        """Return the middle of where a message with this outcome ends."""
        shown = MessageAction.acked if action is MessageAction.replied else action
        place = BINS.index(shown) if shown in BINS else 1
        wide = (WIDTH - 2 * MARGIN - 24) / 3
        return MARGIN + place * (wide + 12) + wide - 34, self.bins_y + 22


def film_of(steps: Sequence[Step], notes: Mapping[int, str] | None = None, *, title: str = "") -> Picture:
    """Return steps as a film: SVG that moves, with the same in words.

    Args:
        steps: The steps, oldest first; of more than thirty the newest thirty are shown.
        notes: What to say at a moment, by the number of its step; 0 is the moment before the first.
        title: What it is called.
    """
    shown = steps[-MOST_STEPS:]
    scene = _scene_of(shown)
    _play(scene, shown, notes or {}, one_line(title, 60))
    _draw(scene, shown)
    name = title or f"A film of {counted(len(shown), 'step')}"
    told = [step_sentence(step) for step in shown]
    if len(steps) > len(shown):
        told.insert(0, f"{counted(len(steps) - len(shown), 'older step')} left out.")
    return scene.canvas.finish(scene.bins_y + 104, one_line(name, 200), told or ["No step yet."], kind="rnb-film")


def _scene_of(steps: Sequence[Step]) -> _Scene:
    channels = list(dict.fromkeys(step.channel for step in steps))
    sent = (channel for step in steps for channel in step.published)
    channels = list(dict.fromkeys([*channels, *sent]))[:LANES]
    actors = dict.fromkeys((step.channel, one.position, one.actor) for step in steps for one in step.verdicts)
    ordered = sorted(actors, key=lambda one: (channels.index(one[0]) if one[0] in channels else LANES, one[1]))
    winners = {(step.channel, one.position) for step in steps for one in step.verdicts if one.role == "winner"}
    kept = [one for one in ordered if one[:2] in winners][:ACTORS]
    for one in ordered:
        if len(kept) < ACTORS and one not in kept:
            kept.append(one)
    rows = [one for one in ordered if one in kept]
    return _Scene(
        Canvas(),
        channels,
        rows,
        lanes_end=TOP + 70 * max(1, len(channels)) - 8,
        rows_end=TOP + 10 + ROW * max(1, len(rows)),
    )


def _play(scene: _Scene, steps: Sequence[Step], notes: Mapping[int, str], title: str) -> None:
    """Write down what happens when."""
    time = 0.0
    if steps:
        _settle_lanes(scene, steps[0].before, 0.0, 0.0)
        first = notes.get(steps[0].number - 1, "")
        scene.captions.append((0.0, title, one_line(first, 90), ""))
        time = 2.5 if first or title else 0.6
    before: Step | None = None
    for step in steps:
        is_again = before is not None and _is_same(before, step)
        time = _play_step(scene, step, time, AGAIN if is_again else STEP, notes.get(step.number, ""))
        before = step
    scene.captions.append((time, counted(len(steps), "step"), _tally(steps), ""))
    scene.length = time + END


def _tally(steps: Sequence[Step]) -> str:
    """Return how often the steps ended in which way: `3 acked · 9 rejected`."""
    ends = Counter(OUTCOMES[step.settlement.action].word for step in steps)
    return " · ".join(f"{number:,} {word}" for word, number in ends.items())


def _is_same(before: Step, step: Step) -> bool:
    return before.message.id == step.message.id and before.settlement.action is step.settlement.action


def _play_step(scene: _Scene, step: Step, start: float, length: float, note: str) -> float:
    """Write down a step that begins at `start`; return when the next one may begin."""

    def at(part: float) -> float:
        return start + part * length

    name = name_of(step.message)
    width = token_width(name)
    worker = WORKER - width / 2, scene.worker_y
    _settle_lanes(scene, step.before, start, start + 0.15)
    track = scene.tracks.setdefault(name, Track(*worker, opacity=0.0))
    scene.captions.append((start, f"{step.number}. {name}", _about(step), ""))
    track.go(at(0.03), at(0.13), *worker, 1.0)
    asked = list(_asked(scene, step))
    each = 0.34 / max(1, len(asked))
    for place, (row, symbol) in enumerate(asked):
        begin = at(0.16 + each * place)
        track.go(begin, begin + each * length * 0.6, ROWS - width - 3, scene.row_y(row))
        scene.lit.setdefault((row, symbol), []).append((begin + each * length * 0.5, at(0.99)))
    if step.winner is None:
        track.go(at(0.51), at(0.57), *worker)
    _play_end(scene, step, track, at(0.58), at(0.7))
    got = f"{'Nobody' if step.winner is None else one_line(step.winner, 24)} got {name}"
    why = one_line(note or step.settlement.reason, 90)
    scene.captions.append((at(0.7), got, why, step.settlement.action))
    return start + length + (1.5 if note else 0.0)


def _asked(scene: _Scene, step: Step) -> Iterator[tuple[int, str]]:
    """Yield the row of each actor that was asked, as far as it has one, and what it said."""
    rows = {one[:2]: place for place, one in enumerate(scene.actors)}
    for verdict in step.verdicts:
        row = rows.get((step.channel, verdict.position))
        if verdict.asked and row is not None:
            yield row, "win" if verdict.role == "winner" else "error" if verdict.outcome == "error" else "no"


def _about(step: Step) -> str:
    topic = (step.message.headers or {}).get("topic")
    seen = f" · sighting {step.sightings} of {step.sightings_limit}" if step.sightings > 1 else ""
    return f"{'no topic' if topic is None else f'topic {one_line(topic, 40)}'}{seen}"


def _play_end(scene: _Scene, step: Step, track: Track, start: float, end: float) -> None:
    """Write down how a message goes to its end, and what its actor sent to the queues."""
    action = step.settlement.action
    if step.winner is not None:
        x, y = track.place
        for child in step.children:
            scene.tracks.setdefault(child, Track(x, y, 0.0)).go(start, start + 0.1, x, y, 1.0)
    counted_as = MessageAction.acked if action is MessageAction.replied else action
    if counted_as in BINS:
        values = scene.counts.setdefault(counted_as, [])
        values.append((end, (values[-1][1] if values else 0) + 1))
    if action is not None and action is not MessageAction.rejected:
        x, y = scene.bin(action)
        if action is MessageAction.nacked:
            x -= 62 - 12 * min(len(scene.dead), 2)
            scene.dead.append(name_of(step.message))
        track.go(start, end, x, y)
        if action is not MessageAction.nacked:
            track.go(end, end + 0.25, opacity=0.0)
    _settle_lanes(scene, step.after, start, end, still=name_of(step.message) if action is None else "")


def _settle_lanes(scene: _Scene, queues: QueuesSnapshot, start: float, end: float, *, still: str = "") -> None:
    """Write down that each message goes to its place on its lane; those without room are not seen."""
    for channel in scene.channels:
        y = scene.lane_y(channel)
        found = queues.get(channel) if channel in queues else None
        if y is None or found is None:
            continue
        for message, x in _places(found.ready):
            name = name_of(message)
            if name == still:
                continue
            track = scene.tracks.get(name)
            if track is None:
                track = scene.tracks[name] = Track(x - 18 if start else x, y, 0.0)
            track.go(start, end, x, y, 1.0 if x > MARGIN + 10 else 0.0)


def _places(ready: Sequence[MessageSnapshot]) -> Iterator[tuple[MessageSnapshot, float]]:
    """Yield each message with where it begins: the first stands at the right end."""
    x = MARGIN + LANE - 8
    for message in ready:
        x = max(MARGIN, x - token_width(name_of(message)))
        yield message, x
        x -= 6


def _draw(scene: _Scene, steps: Sequence[Step]) -> None:
    canvas = scene.canvas
    _draw_stage(scene)
    for (row, symbol), spans in scene.lit.items():
        _draw_lit(scene, row, symbol, spans)
    for place, (name, track) in enumerate(scene.tracks.items()):
        group = token(canvas, 0, 0, name, HUES[hue_of(name)], look="waiting")
        x, y = track.place
        group.set("transform", f"translate({x:.0f} {y:.0f})")
        if not track.opacity:
            group.set("opacity", "0")
        _animate(scene, group, f"t{place}", track)
    _draw_counts(scene)
    _draw_captions(scene, steps)
    _draw_strip(scene, steps)
    # Where the picture is part of a page, it rests under the pointer.
    canvas.rules.append(
        f"@media (prefers-reduced-motion:no-preference){{ROOT .a{{animation:{scene.length:.1f}s linear infinite}}"
        f"ROOT .m{{animation-timing-function:ease-in-out}}ROOT:hover .a{{animation-play-state:paused}}"
        f"{''.join(scene.moving)}}}"
    )


def _animate(scene: _Scene, group: Element, key: str, track: Track, *, moves: bool = True) -> None:
    group.set("class", f"a m {key}" if moves else f"a {key}")
    frames = track.key_frames(f"NAME-{key}", scene.length, moves=moves)
    scene.moving.append(f"ROOT .{key}{{animation-name:NAME-{key}}}{frames}")


def _draw_stage(scene: _Scene) -> None:
    canvas = scene.canvas
    for channel in scene.channels:
        y = scene.lane_y(channel) or 0
        canvas.text(MARGIN, y - 26, channel, size=13, mono=True, colour=QUIET, width=LANE)
        canvas.rect(MARGIN, y - 19, LANE, 38, fill=SOFT, radius=10)
        canvas.path(f"M{MARGIN} {y - 19}H{MARGIN + LANE - 10}M{MARGIN} {y + 19}H{MARGIN + LANE - 10}", LINE, line=2)
    canvas.circle(WORKER, scene.worker_y, 30, fill=SOFT, stroke=ACCENT, line=2.5)
    canvas.text(WORKER, scene.worker_y + 48, "worker", size=13, colour=QUIET, anchor="middle")
    for place, (channel, position, name) in enumerate(scene.actors):
        y = scene.row_y(place)
        canvas.rect(ROWS, y - 14, WIDTH - MARGIN - ROWS, 28, fill=SURFACE, stroke=LINE, radius=8)
        canvas.text(ROWS + 16, y + 5, str(position), size=12.5, colour=QUIET, anchor="middle")
        at = ROWS + 44 + canvas.text(ROWS + 34, y + 5, name, size=14, mono=True, width=WIDTH - MARGIN - ROWS - 42)
        left = WIDTH - MARGIN - 10 - at
        if len({one[0] for one in scene.actors}) > 1 and left > SHORTEST:
            canvas.text(WIDTH - MARGIN - 10, y + 5, channel, size=12.5, colour=QUIET, anchor="end", width=left)
    wide = (WIDTH - 2 * MARGIN - 24) / 3
    for place, (action, label) in enumerate(zip(BINS, ("✓ Done", "↩ Back", "✗ Dead"), strict=True)):
        colour = OUTCOMES[action].colour
        left = MARGIN + place * (wide + 12)
        canvas.rect(left, scene.bins_y, wide, 44, fill=colour, opacity=0.08, radius=10)
        canvas.rect(left, scene.bins_y, wide, 44, stroke=colour, line=1.5, radius=10)
        canvas.text(left + 12, scene.bins_y + 27, label, size=14, bold=True, colour=colour)


def _draw_lit(scene: _Scene, row: int, symbol: str, spans: Sequence[tuple[float, float]]) -> None:
    canvas, y = scene.canvas, scene.row_y(row)
    good, bad = OUTCOMES[MessageAction.acked].colour, OUTCOMES[MessageAction.nacked].colour
    group = canvas.group(opacity="0")
    canvas.into(group)
    sign, colour = {"win": ("✓", good), "no": ("✗", QUIET), "error": ("⚠", bad)}[symbol]
    if symbol == "win":
        canvas.rect(ROWS, y - 14, WIDTH - MARGIN - ROWS, 28, fill=good, opacity=0.12, radius=8)
        canvas.rect(ROWS, y - 14, WIDTH - MARGIN - ROWS, 28, stroke=good, line=2.5, radius=8)
    lamp(canvas, ROWS + 16, y, sign, colour, radius=10)
    canvas.into(None)
    _animate(scene, group, f"l{row}{symbol[0]}", visible_in(spans), moves=False)


def _draw_counts(scene: _Scene) -> None:
    canvas = scene.canvas
    for place, action in enumerate(BINS):
        values = [(0.0, 0), *scene.counts.get(action, [])]
        x, y = scene.bin(action)
        for number, (start, count) in enumerate(values):
            is_last = number == len(values) - 1
            end = scene.length + 1 if is_last else values[number + 1][0]
            group = canvas.group(**({} if is_last else {"opacity": "0"}))
            canvas.into(group)
            colour = OUTCOMES[action].colour
            canvas.text(x + 22, y + 7, f"{count:,}", size=20, bold=True, colour=colour, anchor="end")
            canvas.into(None)
            if len(values) > 1:
                _animate(scene, group, f"c{place}n{number}", _shown_from(start, end), moves=False)


def _shown_from(start: float, end: float) -> Track:
    track = Track(opacity=0.0 if start else 1.0)
    if start:
        track.go(start, start + 0.1, opacity=1.0)
    track.go(max(end - 0.02, start + 0.1), end, opacity=0.0)
    return track


def _draw_captions(scene: _Scene, steps: Sequence[Step]) -> None:
    canvas = scene.canvas
    last = len(scene.captions) - 1
    for number, (start, big, small, action) in enumerate(scene.captions):
        end = scene.length + 1 if number == last else scene.captions[number + 1][0]
        group = canvas.group(**({} if number == last else {"opacity": "0"}))
        canvas.into(group)
        at = MARGIN + canvas.text(MARGIN, 34, big, size=18, bold=True, width=WIDTH - 160) + 10
        if action != "":
            outcome = OUTCOMES[action]
            canvas.text(at, 34, f"{outcome.symbol} {outcome.word}", size=18, bold=True, colour=outcome.colour)
        canvas.text(MARGIN, 56, small, size=14, colour=QUIET, width=WIDTH - 2 * MARGIN)
        canvas.into(None)
        _animate(scene, group, f"s{number}", _shown_from(start, end), moves=False)
    if not steps:
        canvas.text(MARGIN, 34, "No step yet", size=18, bold=True)


def _draw_strip(scene: _Scene, steps: Sequence[Step]) -> None:
    """Draw a mark for each step, and a line that runs along below them."""
    if not steps:
        return
    canvas, y = scene.canvas, scene.bins_y + 66
    wide = min(26.0, (WIDTH - 2 * MARGIN) / len(steps))
    for place, step in enumerate(steps):
        outcome, x = OUTCOMES[step.settlement.action], MARGIN + place * wide
        canvas.rect(x + 1, y - 10, wide - 2, 20, fill=outcome.colour, radius=4)
        if wide > 11:  # noqa: PLR2004  (room for a symbol)
            canvas.text(x + wide / 2, y + 4.5, outcome.symbol, size=12, bold=True, colour=SURFACE, anchor="middle")
    group = canvas.group(opacity="0")
    canvas.into(group)
    canvas.rect(MARGIN, y + 13, wide - 2, 4, fill=ACCENT, radius=2)
    canvas.into(None)
    track = Track(opacity=0.0)
    starts = [start for start, _, _, action in scene.captions if action == ""][1:-1]
    for place, start in enumerate(starts):
        track.go(start, start + 0.1, x=place * wide, opacity=1.0)
    _animate(scene, group, "p", track)
