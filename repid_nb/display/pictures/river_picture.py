"""The river as a picture: one lane a channel and worker, a thin line for what waits, a bar for what is in work.

The page of the workbench draws the same: widgets/static/river_plan.mjs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from repid_nb.core.message import MessageAction
from repid_nb.display.colours import ACCENT, GOOD, HUES, OUTCOMES, QUIET, SOFT, SURFACE, Colour
from repid_nb.display.pictures.canvas import MARGIN, WIDTH, Canvas, text_width
from repid_nb.display.pictures.parts import heading
from repid_nb.display.river import Passage, River, Visit
from repid_nb.picture import Picture
from repid_nb.printable import counted, one_line

__all__ = ["picture_of_river"]

LEFT = 116.0
TOP = 64.0
LINE_HEIGHT, MOST_LINES = 9.0, 6
BAR = 26.0
BAND = 44.0
GAP = 9.0
LANES = 10
# More visits than these are drawn as bands, in samples that are this wide.
MOST_VISITS = 80
SAMPLE = 3.0
# The least width of a step.
NARROWEST = 13.0


@dataclass(slots=True)
class _Lane:
    name: str
    y: float
    height: float
    is_worker: bool = False

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(slots=True)
class _Bed:
    """Where the lanes are, and where a moment is."""

    channels: dict[str, _Lane]
    workers: dict[str, _Lane]
    begin: float
    scale: float
    bottom: float

    def x(self, moment: float) -> float:
        return LEFT + (moment - self.begin) * self.scale


_Seen = list[tuple[Passage, Visit]]


def picture_of_river(river: River, *, title: str = "") -> Picture:
    """Return the picture of a river; thousands of messages are drawn as how many wait, and how many are in work.

    Args:
        river: The river. Of too many steps the newest are shown.
        title: What it is called.
    """
    begin = _beginning(river)
    visits = [(one, visit) for one in river.passages for visit in one.visits if _end_of(river, visit) >= begin]
    is_bundled = len(visits) > MOST_VISITS
    waiting = _Rows() if is_bundled else _waiting_rows(visits, river.end)
    working = _Rows() if is_bundled else _working_rows(visits, river)
    bed = _bed(river, begin, waiting, working)
    canvas = Canvas()
    name = title or "The river"
    hint = "how many wait, how many are in work" if is_bundled else "a line waits, a bar is in work"
    heading(canvas, name, beside=hint, y=32)
    _draw_lanes(canvas, bed)
    _draw_times(canvas, river, bed)
    if is_bundled:
        _draw_bands(canvas, bed, visits, river)
    else:
        _Ways(canvas, bed, visits, waiting, working, river).draw()
    if not visits:
        canvas.text(MARGIN, TOP + 20, "Nothing was sent or stepped yet.", size=14, colour=QUIET)
    return canvas.finish(max(bed.bottom, TOP + 40) + 10, one_line(name, 200), _told(river, visits))


def _beginning(river: River) -> float:
    """Return the first moment for which there is room."""
    if river.unit == "second":
        return river.begin
    return max(river.begin, river.end - int((WIDTH - MARGIN - LEFT) / NARROWEST))


def _end_of(river: River, visit: Visit) -> float:
    return river.end if visit.done is None else visit.done


@dataclass(slots=True)
class _Rows:
    """Gives each span a row of its lane, the highest that is free there.

    Attributes:
        row_of: The row of each visit, by its `id`.
        used: How many rows each lane has.
    """

    row_of: dict[int, int] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, spans: Iterable[tuple[Visit, str, float, float]]) -> _Rows:
        """Return the rows of visits, each with its lane, its beginning and its end."""
        rows = cls()
        busy: dict[str, list[float]] = {}
        for visit, lane, start, end in sorted(spans, key=lambda one: one[2]):
            until = busy.setdefault(lane, [])
            row = next((place for place, free in enumerate(until) if free <= start), len(until))
            row = min(row, MOST_LINES - 1)
            if row == len(until):
                until.append(start)
            # Also what is over at once has been there.
            until[row] = max(until[row], end, start + 1e-6)
            rows.row_of[id(visit)] = row
            rows.used[lane] = max(rows.used.get(lane, 0), row + 1)
        return rows


def _waiting_rows(visits: _Seen, end: float) -> _Rows:
    return _Rows.of(
        (visit, visit.channel, visit.since, end + 1 if visit.taken is None else visit.taken) for _, visit in visits
    )


def _working_rows(visits: _Seen, river: River) -> _Rows:
    """Return the slots of each worker: one row where it takes one message at a time."""
    return _Rows.of(
        (visit, visit.worker, visit.taken, _end_of(river, visit)) for _, visit in visits if visit.taken is not None
    )


def _bed(river: River, begin: float, waiting: _Rows, working: _Rows) -> _Bed:
    y = TOP
    channels, workers = {}, {}
    for name in river.channels[:LANES]:
        height = LINE_HEIGHT * max(2, waiting.used.get(name, 0)) + 6 if waiting.used else BAND
        channels[name] = _Lane(name, y, height)
        y += height + GAP
    for name in river.workers[:LANES]:
        height = BAR * max(1, working.used.get(name, 0)) if waiting.used else BAND
        workers[name] = _Lane(name, y, height, is_worker=True)
        y += height + GAP
    length = max(river.end - begin, 1 if river.unit == "step" else 1e-9)
    return _Bed(channels, workers, begin, (WIDTH - MARGIN - 8 - LEFT) / length, y)


def _draw_lanes(canvas: Canvas, bed: _Bed) -> None:
    for lane in (*bed.channels.values(), *bed.workers.values()):
        fill, opacity = (ACCENT, 0.09) if lane.is_worker else (SOFT, 1.0)
        canvas.rect(MARGIN, lane.y, WIDTH - 2 * MARGIN, lane.height, fill=fill, opacity=opacity, radius=6)
        canvas.text(MARGIN + 8, min(lane.y + 18, lane.middle + 5), lane.name, size=13, mono=True, width=LEFT - 36)


def _draw_times(canvas: Canvas, river: River, bed: _Bed) -> None:
    length = river.end - bed.begin
    if length <= 0:
        return
    every = _tick(length, most=10)
    if river.unit == "step":
        every = max(every, 1.0)
    first = int(bed.begin / every) + (1 if river.unit == "step" else 0)
    moment = first * every
    while moment <= river.end + 1e-9:
        # A step lies between two moments, and its number belongs to its middle.
        x = bed.x(moment - 0.5 if river.unit == "step" else moment)
        canvas.text(x, TOP - 8, f"{moment:g}", size=12, colour=QUIET, anchor="middle")
        moment = round(moment + every, 9)
    canvas.text(LEFT - 14, TOP - 8, "step" if river.unit == "step" else "seconds", size=12, colour=QUIET, anchor="end")


def _tick(length: float, *, most: int) -> float:
    """Return a round distance of which at most `most` go into a length."""
    power = 1.0
    while length / power > most:
        power *= 10
    while length / power < most / 10:
        power /= 10
    tick = next((power * part for part in (0.1, 0.2, 0.5) if length / (power * part) <= most), power)
    return max(tick, 1.0) if length >= most else tick


@dataclass(slots=True)
class _Ways:
    """Draws the way of each message: its lines, what leads on from them, and on top of them its bars."""

    canvas: Canvas
    bed: _Bed
    visits: _Seen
    waiting: _Rows
    working: _Rows
    river: River

    def draw(self) -> None:
        seen = [(one, visit) for one, visit in self.visits if visit.channel in self.bed.channels]
        for passage, visit in seen:
            self._draw_line(passage, visit)
        for passage, visit in seen:
            self._draw_bar(passage, visit)

    def _line_y(self, visit: Visit) -> float:
        return self.bed.channels[visit.channel].y + 8 + self.waiting.row_of[id(visit)] * LINE_HEIGHT

    def _bar_y(self, visit: Visit) -> float:
        return self.bed.workers[visit.worker].y + BAR / 2 + self.working.row_of[id(visit)] * BAR

    def _is_at_work(self, visit: Visit) -> bool:
        return visit.taken is not None and visit.worker in self.bed.workers and visit.taken >= self.bed.begin

    def _span(self, visit: Visit) -> tuple[float, float]:
        left = self.bed.x(visit.since if visit.taken is None else visit.taken)
        right = self.bed.x(_end_of(self.river, visit))
        gap = min(5.0, (right - left) * 0.15)
        return left + gap, right - gap

    def _draw_line(self, passage: Passage, visit: Visit) -> None:
        bed, colour, y = self.bed, HUES[passage.hue], self._line_y(visit)
        start = bed.x(max(visit.since, bed.begin))
        end = bed.x(self.river.end if visit.taken is None else visit.taken)
        if end >= start:
            dash = "1 5" if visit.taken is None else ""
            self.canvas.path(f"M{start:.1f} {y:.1f}H{max(end, start + 1):.1f}", colour, dash=dash, line=3)
        came = _came_from(passage, visit, self.visits)
        if came is not None and visit.since >= bed.begin and self._is_at_work(came):
            dash = "" if came in passage.visits else "4 3"
            self._bend((self._span(came)[1], self._bar_y(came) - 9), (start, y), colour, dash)
        if self._is_at_work(visit):
            self._bend((end, y), (self._span(visit)[0], self._bar_y(visit) - 9), colour)

    def _bend(self, start: tuple[float, float], end: tuple[float, float], colour: Colour, dash: str = "") -> None:
        (x1, y1), (x2, y2) = start, end
        middle = (y1 + y2) / 2
        d = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
        self.canvas.path(d, colour, line=1.6, dash=dash, opacity=0.8)

    def _draw_bar(self, passage: Passage, visit: Visit) -> None:
        if not self._is_at_work(visit):
            return
        canvas, name, y = self.canvas, passage.name, self._bar_y(visit)
        left, right = self._span(visit)
        canvas.rect(left, y - 9, max(2.0, right - left), 18, fill=HUES[passage.hue], radius=5)
        if right - left > text_width(name, 11, mono=True) + 6:
            canvas.text(left + 3, y + 4, name, size=11, mono=True, bold=True, colour=SURFACE)
        if visit.done is None:
            return
        outcome = OUTCOMES[MessageAction.rejected if visit.given_back else visit.action]
        canvas.circle(right, y + 7, 6.5, fill=outcome.colour, stroke=SURFACE, line=1.5)
        canvas.text(right, y + 10.5, outcome.symbol, size=9.5, bold=True, colour=SURFACE, anchor="middle")


def _came_from(passage: Passage, visit: Visit, visits: _Seen) -> Visit | None:
    """Return the visit that led to this one: of the same message, or of the one whose actor sent it."""
    return next(
        (
            other
            for one, other in visits
            if other.done == visit.since and (one is passage or (passage.parent and one.name == passage.parent))
        ),
        None,
    )


def _draw_bands(canvas: Canvas, bed: _Bed, visits: _Seen, river: River) -> None:
    for lane in bed.channels.values():
        spans = (
            (one.since, river.end + 1 if one.taken is None else one.taken)
            for _, one in visits
            if one.channel == lane.name
        )
        _band(canvas, bed, lane, list(spans), ACCENT)
    for lane in bed.workers.values():
        taken = (
            (one.taken, _end_of(river, one)) for _, one in visits if one.worker == lane.name and one.taken is not None
        )
        _band(
            canvas,
            bed,
            lane,
            [(start, end) for start, end in taken if start is not None],
            GOOD,
        )


def _band(canvas: Canvas, bed: _Bed, lane: _Lane, spans: Sequence[tuple[float, float]], colour: Colour) -> None:
    counts = _counts(bed, spans)
    most = max(counts)
    bottom = lane.y + lane.height
    points = "".join(
        f"L{LEFT + place * SAMPLE:.1f} {bottom - count / max(most, 1) * (lane.height - 4):.1f}"
        for place, count in enumerate(counts)
    )
    end = LEFT + (len(counts) - 1) * SAMPLE
    canvas.path(
        f"M{LEFT:.1f} {bottom:.1f}{points}L{end:.1f} {bottom:.1f}Z", colour, fill=colour, line=0.8, opacity=0.45
    )
    canvas.text(MARGIN + 8, lane.y + 36, f"at most {most:,}", size=12, colour=QUIET, width=LEFT - 36)


def _counts(bed: _Bed, spans: Sequence[tuple[float, float]]) -> list[int]:
    """Return how many spans there are at once in each sample, at most: a short peak must not fall between two."""
    highest = [0] * (int((WIDTH - MARGIN - 8 - LEFT) / SAMPLE) + 1)
    changes = [
        change
        for start, end in spans
        if end > max(start, bed.begin)
        for change in ((max(start, bed.begin), 1), (end, -1))
    ]
    count = last = 0
    # What ends at a moment makes room for what begins there.
    for moment, change in sorted(changes):
        sample = min(int((bed.x(moment) - LEFT) / SAMPLE), len(highest) - 1)
        highest[last + 1 : sample + 1] = [count] * (sample - last)
        count += change
        highest[sample] = max(highest[sample], count)
        last = sample
    highest[last + 1 :] = [count] * (len(highest) - last - 1)
    return highest


def _told(river: River, visits: _Seen) -> Iterator[str]:
    unit = "step" if river.unit == "step" else "second"
    yield f"{counted(len(river.passages), 'message')} on {', '.join(map(one_line, river.channels)) or 'no channel'}."
    if len(visits) > MOST_VISITS:
        waited = [visit.taken - visit.since for _, visit in visits if visit.taken is not None]
        if waited:
            yield f"They waited {sum(waited) / len(waited):.3g} {unit}s on average, {max(waited):.3g} at most."
        return
    for passage in river.passages:
        said = []
        for visit in passage.visits:
            if visit.taken is None:
                said.append(f"waits on {one_line(visit.channel)} since {visit.since:g}")
            else:
                ended = "given back" if visit.given_back else OUTCOMES[visit.action].word
                by = f" by {one_line(visit.worker)}" if len(river.workers) > 1 else ""
                said.append(f"taken off {one_line(visit.channel)} at {visit.taken:g}{by}, {ended}")
        yield f"{passage.name}: {'; '.join(said)}."
