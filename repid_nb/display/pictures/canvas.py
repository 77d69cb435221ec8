"""Drawing SVG: shapes and texts in colours that suit a light and a dark page.

Pages differ in what they leave of an SVG. Some remove its style sheet, others put it into the page itself. So each
shape carries its light colour as an attribute, the style sheet only adds the dark ones, every rule is scoped to the
class of the root, and a picture has a surface of its own, on which it can be read wherever it lies.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from hashlib import sha256
from xml.etree.ElementTree import Element, SubElement, tostring

from repid_nb.display.colours import LINE, SURFACE, TEXT, Colour
from repid_nb.html import DARK_PAGES, LIGHT_PAGES
from repid_nb.picture import Picture
from repid_nb.printable import one_line

__all__ = ["SANS", "WIDTH", "Canvas", "fitted", "style_sheet", "text_width"]

# Wide enough for a name and its reason, and still readable when a page shrinks it to 450 pixels.
WIDTH = 560
MARGIN = 16

SANS = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, Menlo, Consolas, monospace"

# Widths in parts of the size of the type, of the widest of the usual fonts: no text gets out of its box.
_MONO_CHARACTER = 0.605
_NARROW = frozenset("iIjl.,:;'|!()[]/\\ ")
_BROAD = frozenset("mMwWQO@%—…→←★⚠✓✗↩")


def text_width(text: str, size: float, *, mono: bool = False, bold: bool = False) -> float:
    """Return how wide a text is at most, in pixels."""
    parts = 0.0
    for one in text:
        if unicodedata.east_asian_width(one) in "WF" or ord(one) > 0xFFFF:  # noqa: PLR2004  (emoji and ideographs)
            parts += 1.3
        elif mono:
            parts += _MONO_CHARACTER
        else:
            parts += 0.36 if one in _NARROW else 1.0 if one in _BROAD else 0.7 if one.isupper() else 0.61
    return parts * size * (1.12 if bold and not mono else 1)


def fitted(text: str, width: float, size: float, *, mono: bool = False, bold: bool = False) -> str:
    """Return text on one line, cut with an ellipsis where it is wider than `width` pixels."""
    # No more is read than can be shown.
    line = one_line(text, max(2, int(width / size * 4)))
    if text_width(line, size, mono=mono, bold=bold) <= width:
        return line
    while line and text_width(f"{line}…", size, mono=mono, bold=bold) > width:
        line = line[:-1]
    return f"{line.rstrip()}…"


class Canvas:
    """An SVG in the making.

    Args:
        width: The width in pixels.
    """

    def __init__(self, width: float = WIDTH) -> None:
        self.width = width
        # Further rules, in which ROOT is the class of the picture, and NAME- begins a name of its own.
        self.rules: list[str] = []
        self._root = Element("svg")
        self._parent = self._root
        self._colours: dict[str, Colour] = {}

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Colour | None = None,
        stroke: Colour | None = None,
        opacity: float = 1,
        line: float = 1.5,
        radius: float = 8,
        dash: str = "",
    ) -> Element:
        """Add a rectangle with round corners."""
        at = {"x": _n(x), "y": _n(y), "width": _n(width), "height": _n(height), "rx": _n(radius)}
        return self._shape("rect", at, fill, stroke, opacity=opacity, line=line, dash=dash)

    def tinted(
        self, x: float, y: float, width: float, height: float, colour: Colour, *, line: float = 2, radius: float = 10
    ) -> None:
        """Add a rectangle with an edge in a colour, and a little of that colour within."""
        self.rect(x, y, width, height, fill=colour, opacity=0.1, stroke=colour, line=line, radius=radius)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        fill: Colour | None = None,
        stroke: Colour | None = None,
        opacity: float = 1,
        line: float = 1.5,
        dash: str = "",
    ) -> Element:
        """Add a circle around a point."""
        at = {"cx": _n(x), "cy": _n(y), "r": _n(radius)}
        return self._shape("circle", at, fill, stroke, opacity=opacity, line=line, dash=dash)

    def path(
        self,
        d: str,
        stroke: Colour,
        *,
        line: float = 2,
        dash: str = "",
        fill: Colour | None = None,
        opacity: float = 1,
    ) -> Element:
        """Add a line, as SVG writes paths."""
        made = self._shape("path", {"d": d}, fill, stroke, opacity=opacity, line=line, dash=dash)
        made.set("stroke-linecap", "round")
        made.set("stroke-linejoin", "round")
        return made

    def arrow(self, x: float, y: float, colour: Colour, *, towards: str = "right", size: float = 7) -> Element:
        """Add the tip of an arrow that ends at a point; markers with ids would meet those of other pictures."""
        across, along = size * 0.62, size
        tips = {
            "right": f"M{_n(x - along)} {_n(y - across)}L{_n(x)} {_n(y)}L{_n(x - along)} {_n(y + across)}Z",
            "left": f"M{_n(x + along)} {_n(y - across)}L{_n(x)} {_n(y)}L{_n(x + along)} {_n(y + across)}Z",
            "down": f"M{_n(x - across)} {_n(y - along)}L{_n(x)} {_n(y)}L{_n(x + across)} {_n(y - along)}Z",
            "up": f"M{_n(x - across)} {_n(y + along)}L{_n(x)} {_n(y)}L{_n(x + across)} {_n(y + along)}Z",
        }
        return self._shape("path", {"d": tips[towards]}, colour, None)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 15,
        colour: Colour = TEXT,
        width: float = WIDTH,
        mono: bool = False,
        bold: bool = False,
        anchor: str = "start",
    ) -> float:
        """Add a text on one line, on the base line `y`, and return how wide it is at most.

        Args:
            width: Where the text is wider than this, it is cut.
            anchor: Which part of it is at `x`: `start`, `middle` or `end`.
        """
        shown = fitted(text, width, size, mono=mono, bold=bold)
        at = {"x": _n(x), "y": _n(y), "font-size": _n(size)}
        if mono:
            at["font-family"] = MONO
        if bold:
            at["font-weight"] = "700"
        if anchor != "start":
            at["text-anchor"] = anchor
        made = self._shape("text", at, colour, None)
        made.text = shown
        if not shown.isascii():
            # A text written from right to left stays within its own place.
            made.set("direction", "ltr")
            made.set("unicode-bidi", "isolate")
        return text_width(shown, size, mono=mono, bold=bold)

    def group(self, **attributes: str) -> Element:
        """Add a group, and return it; what is added while it is `into` goes inside."""
        return SubElement(self._parent, "g", attributes)

    def into(self, parent: Element | None) -> None:
        """Set where the next shapes go: a group; None for the picture itself."""
        self._parent = self._root if parent is None else parent

    def finish(self, height: float, title: str, lines: Iterable[str], *, kind: str = "rnb") -> Picture:
        """Return the picture.

        Args:
            height: Its height in pixels.
            title: What it is, in a few words.
            lines: What it shows, as sentences.
            kind: A further class of the root.
        """
        told = [title, *lines]
        text = "\n".join(told)
        made = b"".join(tostring(one, encoding="utf-8") for one in self._root)
        name = f"rnb-{sha256(made + text.encode('utf-8', 'replace')).hexdigest()[:10]}"
        root = Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {_n(self.width)} {_n(height)}",
                "width": _n(self.width),
                "height": _n(height),
                "class": f"rnb {name}" if kind == "rnb" else f"rnb {kind} {name}",
                "role": "img",
                "aria-labelledby": f"{name}-t {name}-d",
                "font-family": SANS,
                "style": "max-width: 100%; height: auto",
            },
        )
        SubElement(root, "title", {"id": f"{name}-t"}).text = told[0]
        SubElement(root, "desc", {"id": f"{name}-d"}).text = "\n".join(told[1:])
        self.into(None)
        self.rect(0.75, 0.75, self.width - 1.5, height - 1.5, fill=SURFACE, stroke=LINE, radius=12, line=1)
        surface = self._root[-1]
        SubElement(root, "style").text = self._style(name)
        root.append(surface)
        root.extend(self._root[:-1])
        return Picture(svg=tostring(root, encoding="unicode"), text=text)

    def _shape(
        self,
        tag: str,
        at: dict[str, str],
        fill: Colour | None,
        stroke: Colour | None,
        *,
        opacity: float = 1,
        line: float = 1.5,
        dash: str = "",
    ) -> Element:
        classes: list[str] = []
        at = {**at, "fill": "none" if fill is None else fill.light}
        if fill is not None:
            classes.append(f"f-{fill.name}")
            self._colours[fill.name] = fill
            if opacity != 1:
                at["fill-opacity"] = _n(opacity)
        if stroke is not None:
            classes.append(f"s-{stroke.name}")
            self._colours[stroke.name] = stroke
            at |= {"stroke": stroke.light, "stroke-width": _n(line)}
            if fill is None and opacity != 1:
                at["stroke-opacity"] = _n(opacity)
        if dash:
            at["stroke-dasharray"] = dash
        if classes:
            at["class"] = " ".join(classes)
        return SubElement(self._parent, tag, at)

    def _style(self, name: str) -> str:
        rules = "".join(self.rules).replace("ROOT", f".{name}").replace("NAME-", f"{name}-")
        return f"{style_sheet(name, self._colours.values())}{rules}"


def style_sheet(name: str, colours: Collection[Colour]) -> str:
    """Return the rules by which a picture has these colours on a light and on a dark page.

    Args:
        name: The class of the picture's root. A shape has the classes `f-<colour>` and `s-<colour>`.
    """

    def values(theme: str) -> str:
        return f".{name}{{{''.join(f'--{one.name}:{getattr(one, theme)};' for one in colours)}}}"

    named = "".join(
        f".{name} .f-{one.name}{{fill:var(--{one.name})}}.{name} .s-{one.name}{{stroke:var(--{one.name})}}"
        for one in colours
    )
    # The page's own theme comes last: it may be another than that of the system.
    return (
        f"{values('light')}@media (prefers-color-scheme:dark){{{values('dark')}}}"
        f":is({LIGHT_PAGES}) {values('light')}:is({DARK_PAGES}) {values('dark')}"
        f"{named}"
    )


def _n(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
