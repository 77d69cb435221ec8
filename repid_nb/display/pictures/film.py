"""Steps as a film: an SVG in which messages move from their queue, past the actors, to what becomes of them.

It moves by its own style sheet, so it needs no script. Where that is taken away, or the reader wants no motion, it is
a still of the end: what is left on the queues, the dead letters, and a mark for each step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from repid_nb.display.colours import ACCENT, BAD, GOOD, HUES, LINE, OUTCOMES, QUIET, SOFT, SURFACE, hue_of
from repid_nb.display.pictures.canvas import MARGIN, WIDTH
from repid_nb.display.pictures.film_scene import BINS, LANE, ROWS, WORKER, Scene, play, scene_of
from repid_nb.display.pictures.parts import lamp, token
from repid_nb.display.pictures.tracks import Track, visible_in
from repid_nb.display.sentences import step_sentence
from repid_nb.picture import Picture
from repid_nb.printable import counted, one_line
from repid_nb.stepping.record import Step

__all__ = ["MOST_STEPS", "film_of"]

MOST_STEPS = 30
# No label is cut to less than this, in pixels.
SHORTEST = 70


def film_of(steps: Sequence[Step], notes: Mapping[int, str] | None = None, *, title: str = "") -> Picture:
    """Return steps as a film: SVG that moves, with the same in words.

    Args:
        steps: The steps, oldest first; of more than thirty the newest thirty are shown.
        notes: What to say at a moment, by the number of its step; 0 is the moment before the first.
        title: What it is called.
    """
    shown = steps[-MOST_STEPS:]
    scene = scene_of(shown)
    play(scene, shown, notes or {}, one_line(title, 60))
    _draw(scene, shown)
    name = title or f"A film of {counted(len(shown), 'step')}"
    told = [step_sentence(step) for step in shown]
    if len(steps) > len(shown):
        told.insert(0, f"{counted(len(steps) - len(shown), 'older step')} left out.")
    return scene.canvas.finish(scene.bins_y + 104, one_line(name, 200), told or ["No step yet."], kind="rnb-film")


def _draw(scene: Scene, steps: Sequence[Step]) -> None:
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


def _animate(scene: Scene, group: Element, key: str, track: Track, *, moves: bool = True) -> None:
    group.set("class", f"a m {key}" if moves else f"a {key}")
    frames = track.key_frames(f"NAME-{key}", scene.length, moves=moves)
    scene.moving.append(f"ROOT .{key}{{animation-name:NAME-{key}}}{frames}")


def _draw_stage(scene: Scene) -> None:
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
        canvas.tinted(left, scene.bins_y, wide, 44, colour, line=1.5)
        canvas.text(left + 12, scene.bins_y + 27, label, size=14, bold=True, colour=colour)


def _draw_lit(scene: Scene, row: int, symbol: str, spans: Sequence[tuple[float, float]]) -> None:
    canvas, y = scene.canvas, scene.row_y(row)
    group = canvas.group(opacity="0")
    canvas.into(group)
    sign, colour = {"win": ("✓", GOOD), "no": ("✗", QUIET), "error": ("⚠", BAD)}[symbol]
    if symbol == "win":
        canvas.tinted(ROWS, y - 14, WIDTH - MARGIN - ROWS, 28, GOOD, line=2.5, radius=8)
    lamp(canvas, ROWS + 16, y, sign, colour, radius=10)
    canvas.into(None)
    _animate(scene, group, f"l{row}{symbol[0]}", visible_in(spans), moves=False)


def _draw_counts(scene: Scene) -> None:
    canvas = scene.canvas
    for place, action in enumerate(BINS):
        values = [(0.0, 0), *scene.counts.get(action, [])]
        x, y = scene.bin(action)
        for number, (start, count) in enumerate(values):
            is_last = number == len(values) - 1
            end = None if is_last else values[number + 1][0]
            group = canvas.group(**({} if is_last else {"opacity": "0"}))
            canvas.into(group)
            colour = OUTCOMES[action].colour
            canvas.text(x + 22, y + 7, f"{count:,}", size=20, bold=True, colour=colour, anchor="end")
            canvas.into(None)
            if len(values) > 1:
                _animate(scene, group, f"c{place}n{number}", _shown_from(start, end), moves=False)


def _shown_from(start: float, end: float | None) -> Track:
    """Return the track of something that is seen from a moment on; to the end of the film where `end` is None."""
    track = Track(opacity=0.0 if start else 1.0)
    if start:
        track.go(start, start + 0.1, opacity=1.0)
    if end is not None:
        track.go(max(end - 0.02, start + 0.1), end, opacity=0.0)
    return track


def _draw_captions(scene: Scene, steps: Sequence[Step]) -> None:
    canvas = scene.canvas
    last = len(scene.captions) - 1
    for number, (start, big, small, action) in enumerate(scene.captions):
        end = None if number == last else scene.captions[number + 1][0]
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


def _draw_strip(scene: Scene, steps: Sequence[Step]) -> None:
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
