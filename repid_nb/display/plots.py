"""Plots of simulations' runs, drawn with matplotlib; each is read as well on a light page as on a dark one.

matplotlib draws in the light colours. Then each colour becomes a rule of a style sheet that has the dark one too, as in
the other pictures.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from os import PathLike
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring, register_namespace, tostring

from repid_nb.core.errors import SimulationError
from repid_nb.display import run_words as words
from repid_nb.display.colours import HUES, LINE, QUIET, SURFACE, TEXT, Colour
from repid_nb.display.pictures.canvas import SANS, style_sheet
from repid_nb.given import check_names
from repid_nb.picture import Picture
from repid_nb.printable import one_line
from repid_nb.simulation.records import Statistics
from repid_nb.simulation.run import Run

__all__ = ["Plot", "as_plot"]

WIDTH = 7.4
HEIGHT = 2.7
MOST_BARS = 16
BINS = 240
SVG = "http://www.w3.org/2000/svg"
_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": LINE.light,
    "axes.facecolor": SURFACE.light,
    "axes.grid": True,
    "axes.labelcolor": TEXT.light,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": TEXT.light,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "figure.facecolor": SURFACE.light,
    "font.size": 10,
    "grid.color": LINE.light,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.labelcolor": TEXT.light,
    "path.simplify": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "repid_nb",
    "text.color": TEXT.light,
    "xtick.color": QUIET.light,
    "ytick.color": QUIET.light,
}
_LINES = ("-", "--", ":", "-.")
_COLOURS = {one.light: one for one in (SURFACE, TEXT, QUIET, LINE, *HUES)}


@dataclass(frozen=True, slots=True, repr=False)
class Plot(Picture):
    """A picture that matplotlib has drawn.

    Attributes:
        figure: matplotlib's own Figure, in the light colours, to change and to save in any format.
    """

    figure: Any = None

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the picture to a file and return its path: as SVG for light and dark pages, or as PNG or PDF.

        Raises:
            OSError: The file cannot be written.
        """
        file = Path(path)
        if file.suffix.lower() == ".svg":
            file.write_text(self.svg, encoding="utf-8")
        else:
            self.figure.savefig(file, dpi=160)
        return file


def as_plot(kind: str, runs: Sequence[Run], labels: Sequence[str]) -> Plot:
    """Return a plot of runs.

    Args:
        kind: `overview`, `waiting`, `waiting times` or `utilisation`.
        runs: The runs; several where the kind compares.
        labels: Their names.

    Raises:
        ImportError: matplotlib is not installed.
        SimulationError: There is not one label for each run.
    """
    try:
        from matplotlib import rc_context  # noqa: PLC0415  (few need it, and it takes long to load)
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        raise ImportError(
            "Plots need matplotlib, which is not installed: pip install 'repid_nb[plots]', or pip install matplotlib"
        ) from None
    check_names("labels", labels, "['before', 'after']")
    if labels and len(labels) != len(runs):
        raise SimulationError(f"There are {len(runs)} runs and {len(labels)} labels: give each run one.")
    names = tuple(labels) or tuple(f"run {number}" for number, _ in enumerate(runs, start=1))
    drawers = _OVERVIEW if kind == "overview" else (_DRAWERS[kind],)
    if kind == "overview" and len(runs[0].priorities) < 2:  # noqa: PLR2004  (one priority starves none)
        drawers = drawers[:-1]
    with rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT * len(drawers)), layout="constrained")
        all_axes = figure.subplots(len(drawers), squeeze=False)[:, 0]
        told = [draw(axes, runs, names) for draw, axes in zip(drawers, all_axes, strict=True)]
        drawn = io.BytesIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    text = "\n".join(told)
    return Plot(svg=_for_both_pages(drawn.getvalue(), text), text=text, figure=figure)


def _waiting(axes: Any, runs: Sequence[Run], names: Sequence[str]) -> str:
    told = []
    for place, (run, name) in enumerate(zip(runs, names, strict=True)):
        curve = run.waiting_over_time()
        seconds, counts = curve.points()
        label = one_line(name, 40)
        axes.step(
            seconds,
            counts,
            where="post",
            color=HUES[place % len(HUES)].light,
            label=label,
            linewidth=1.5,
            linestyle=_LINES[place % len(_LINES)],
        )
        if len(runs) == 1:
            axes.fill_between(seconds, counts, step="post", color=HUES[0].light, alpha=0.15, linewidth=0)
        told.append(f"{f'{label}: ' if len(runs) > 1 else ''}{words.verdict(run).removesuffix('.')}")
    axes.set(title="How many messages wait", xlabel="simulated seconds", ylim=(0, None))
    axes.margins(x=0.01)
    if len(runs) > 1:
        axes.legend()
    return f"How many messages wait: {'. '.join(told)}."


def _waiting_times(axes: Any, runs: Sequence[Run], names: Sequence[str]) -> str:
    told = []
    for place, (run, name) in enumerate(zip(runs, names, strict=True)):
        times = sorted(run.waiting_times())
        label = one_line(name, 40)
        p95 = run.total.waiting.p95
        # Enough points for the width: of 100,000 messages the rest would not be seen.
        picked = times[:: max(1, len(times) // BINS)] + times[-1:]
        shares = [100 * (rank + 1) / len(picked) for rank in range(len(picked))]
        axes.step(
            picked,
            shares,
            where="post",
            color=HUES[place % len(HUES)].light,
            # Beside a dot its words would lie across the curves of other runs.
            label=f"{f'{label}: ' if len(runs) > 1 else ''}95 % within {words.time_text(p95)}",
            linewidth=1.5,
            linestyle=_LINES[place % len(_LINES)],
        )
        axes.plot([p95], [95], marker="o", color=HUES[place % len(HUES)].light, markersize=5)
        told.append(f"{f'{label}: ' if len(runs) > 1 else ''}95 % waited at most {words.time_text(p95)}")
    axes.set(title="How long messages waited", xlabel="seconds, at most", ylabel="% of the messages", ylim=(0, 101))
    # Every curve ends in the upper right corner and only rises: below it, at the right, is room.
    axes.legend(loc="lower right")
    return f"How long messages waited: {'. '.join(told)}."


def _utilisation(axes: Any, runs: Sequence[Run], _names: Sequence[str]) -> str:
    run = runs[0]
    shown = list(run.workers.values())[:MOST_BARS]
    labels = [one_line(one.name, 24) for one in shown]
    axes.barh(labels, [100 * one.busy for one in shown], color=HUES[0].light, height=0.6)
    for place, one in enumerate(shown):
        axes.text(100 * one.busy + 1, place, words.share_text(one.busy), va="center")
    axes.invert_yaxis()
    axes.set(title="How busy each worker was", xlabel="% of its time", xlim=(0, 110))
    axes.grid(visible=False, axis="y")
    return f"How busy each worker was: {', '.join(f'{one.name} {words.share_text(one.busy)}' for one in shown)}."


def _starvation(axes: Any, runs: Sequence[Run], _names: Sequence[str]) -> str:
    groups = sorted(runs[0].priorities.items(), reverse=True)
    places = range(len(groups))
    for offset, (label, colour, of) in enumerate(_STARVATION):
        axes.barh(
            [place + 0.26 * (offset - 1) for place in places],
            [of(one) for _, one in groups],
            height=0.24,
            color=colour.light,
            label=label,
        )
    furthest = max((one.waiting.longest for _, one in groups), default=0.0) or 1.0
    for place, (_, one) in enumerate(groups):
        if one.unfinished:
            axes.text(
                one.waiting.longest + furthest / 80,
                place + 0.26,
                f"{one.unfinished:,} not done",
                va="center",
                fontsize=9,
            )
    axes.set_yticks(list(places), [f"priority {key}" for key, _ in groups])
    axes.invert_yaxis()
    axes.set(title="How long each priority waited", xlabel="seconds", xlim=(0, furthest * 1.18))
    axes.grid(visible=False, axis="y")
    axes.legend()
    told = (
        f"priority {key}: median {words.time_text(one.waiting.median)}, longest {words.time_text(one.waiting.longest)}"
        f"{f', {one.unfinished:,} not done' if one.unfinished else ''}"
        for key, one in groups
    )
    return f"How long each priority waited: {'; '.join(told)}."


_STARVATION: tuple[tuple[str, Colour, Callable[[Statistics], float]], ...] = (
    ("median", HUES[2], lambda one: one.waiting.median),
    ("95 %", HUES[0], lambda one: one.waiting.p95),
    ("longest", HUES[1], lambda one: one.waiting.longest),
)
_DRAWERS: dict[str, Callable[[Any, Sequence[Run], Sequence[str]], str]] = {
    "waiting": _waiting,
    "waiting times": _waiting_times,
    "utilisation": _utilisation,
}
# Alone the last of them is a picture that needs no matplotlib.
_OVERVIEW = (*_DRAWERS.values(), _starvation)


def _for_both_pages(svg: bytes, text: str) -> str:
    """Return matplotlib's SVG with its colours as rules for light and dark pages, and with ids that are its own."""
    register_namespace("", SVG)
    register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = fromstring(svg)  # noqa: S314  (matplotlib's own)
    name = f"rnb-{sha256(svg + text.encode()).hexdigest()[:10]}"
    used: dict[str, Colour] = {}
    for parent in root.iter():
        for child in [one for one in parent if one.tag.rpartition("}")[2] in ("metadata", "style")]:
            parent.remove(child)
        _recolour(parent, used, name)
    title, *_ = text.splitlines()
    # JupyterLab shows it as an image: one with a width of its own would be wider than a narrow page.
    del root.attrib["width"], root.attrib["height"]
    root.attrib.update({"class": f"rnb rnb-plot {name}", "role": "img", "aria-label": text})
    heading = Element(f"{{{SVG}}}title")
    heading.text = title
    sheet = Element(f"{{{SVG}}}style")
    sheet.text = style_sheet(name, used.values())
    root.insert(0, heading)
    root.insert(1, sheet)
    return tostring(root, encoding="unicode")


def _recolour(shape: Element, used: dict[str, Colour], name: str) -> None:
    for key, value in list(shape.attrib.items()):
        shape.set(key, _shortened(value) if key == "d" else _renamed(key, value, name))
    kept, classes = [], []
    for part in filter(None, map(str.strip, shape.attrib.pop("style", "").split(";"))):
        key, _, value = (one.strip() for one in part.partition(":"))
        colour = _COLOURS.get(value)
        if key in ("fill", "stroke") and colour is not None:
            used[colour.name] = colour
            shape.set(key, value)
            classes.append(f"{key[0]}-{colour.name}")
        elif key == "font":
            size = re.search(r"([\d.]+)px", value)
            kept.append(f"font: {size[1] if size else 10}px {SANS}")
        else:
            kept.append(f"{key}: {value}")
    if shape.tag.endswith("}text") and "fill" not in shape.attrib:
        used[TEXT.name] = TEXT
        shape.set("fill", TEXT.light)
        classes.append(f"f-{TEXT.name}")
    if kept:
        shape.set("style", "; ".join(kept))
    if classes:
        shape.set("class", " ".join(classes))


def _shortened(path: str) -> str:
    # A tenth of a point is more than a screen shows, and matplotlib writes six digits.
    return re.sub(r"(\.\d)\d+", r"\1", path)


def _renamed(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    return re.sub(r"#(?=\w)(?![0-9a-f]{6}\b)", f"#{name}-", value) if "#" in value and key != "style" else value
