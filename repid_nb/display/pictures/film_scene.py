"""What happens in a film of steps, and when: each message is at its queue, at an actor, or where it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.core.message import MessageAction
from repid_nb.display.colours import OUTCOMES
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas
from repid_nb.display.pictures.parts import name_of, token_width
from repid_nb.display.pictures.tracks import Track
from repid_nb.display.words import sighting
from repid_nb.printable import counted, one_line
from repid_nb.stepping.record import Step

__all__ = ["BINS", "LANE", "ROWS", "WORKER", "Scene", "play", "scene_of"]

LANES = 3
ACTORS = 6
LANE = 200.0
WORKER = 252.0
ROWS = 300.0
TOP = 84.0
ROW = 34.0

# Seconds: of a step, of one that repeats the one before, and of the end.
STEP, AGAIN, END = 3.9, 1.5, 3.5

BINS = (MessageAction.acked, MessageAction.rejected, MessageAction.nacked)


@dataclass(slots=True)
class Scene:
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
        # The name of the worker stands below it.
        return max(self.lanes_end + 18, self.rows_end + 18, self.worker_y + 62)

    def bin(self, action: MessageAction | None) -> tuple[float, float]:
        """Return the middle of where a message with this outcome ends."""
        shown = MessageAction.acked if action is MessageAction.replied else action
        place = BINS.index(shown) if shown in BINS else 1
        wide = (WIDTH - 2 * MARGIN - 24) / 3
        return MARGIN + place * (wide + 12) + wide - 34, self.bins_y + 22


def scene_of(steps: Sequence[Step]) -> Scene:
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
    return Scene(
        Canvas(),
        channels,
        rows,
        lanes_end=TOP + 70 * max(1, len(channels)) - 8,
        rows_end=TOP + 10 + ROW * max(1, len(rows)),
    )


def play(scene: Scene, steps: Sequence[Step], notes: Mapping[int, str], title: str) -> None:
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


def _play_step(scene: Scene, step: Step, start: float, length: float, note: str) -> float:
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


def _asked(scene: Scene, step: Step) -> Iterator[tuple[int, str]]:
    """Yield the row of each actor that was asked, as far as it has one, and what it said."""
    rows = {one[:2]: place for place, one in enumerate(scene.actors)}
    for verdict in step.verdicts:
        row = rows.get((step.channel, verdict.position))
        if verdict.asked and row is not None:
            yield row, "win" if verdict.role == "winner" else "error" if verdict.outcome == "error" else "no"


def _about(step: Step) -> str:
    topic = (step.message.headers or {}).get("topic")
    seen = f" · sighting {sighting(step)}" if step.sightings > 1 else ""
    return f"{'no topic' if topic is None else f'topic {one_line(topic, 40)}'}{seen}"


def _play_end(scene: Scene, step: Step, track: Track, start: float, end: float) -> None:
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
            x -= 50
            # There is room for the newest one.
            if scene.dead:
                scene.tracks[scene.dead[-1]].go(end - 0.1, end + 0.1, opacity=0.0)
            scene.dead.append(name_of(step.message))
        track.go(start, end, x, y)
        if action is not MessageAction.nacked:
            track.go(end, end + 0.25, opacity=0.0)
    _settle_lanes(scene, step.after, start, end, still=name_of(step.message) if action is None else "")


def _settle_lanes(scene: Scene, queues: QueuesSnapshot, start: float, end: float, *, still: str = "") -> None:
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
