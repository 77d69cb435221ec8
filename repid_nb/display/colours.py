"""The colours of all views: one hue a message, one colour an outcome, each for a light and for a dark page.

A message keeps its hue from sending to outcome, and what it leads to shares it: m1.2 has the hue of m1. The eight hues
were searched so that any two stay apart also for eyes without red, green or blue cones, and so that each can be read
as text on a page. A name, a symbol or a word always stands beside a colour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

from repid_nb.core.message import MessageAction

__all__ = [
    "ACCENT",
    "BACK",
    "BAD",
    "GOOD",
    "HUES",
    "LINE",
    "OUTCOMES",
    "QUIET",
    "SOFT",
    "SURFACE",
    "TEXT",
    "Colour",
    "Outcome",
    "css_variables",
    "hue_of",
]

_OWN_NAME = re.compile(r"m([1-9][0-9]{0,17})(\.[0-9]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour as `#rrggbb`, for text and for marks.

    Attributes:
        name: Its name, as in a class or a variable of a style sheet.
        light: The value on a light page; text on it is white.
        dark: The value on a dark page; text on it is nearly black.
    """

    name: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a settlement looks.

    Attributes:
        symbol: A character that stands for it.
        word: What it is called.
        colour: Its colour; two outcomes may share one, so the symbol or the word stands beside it.
    """

    symbol: str
    word: str
    colour: Colour


# The first four are the best to tell apart.
HUES = (
    Colour("blue", "#3928be", "#9bb7fd"),
    Colour("orange", "#773007", "#fb650b"),
    Colour("teal", "#0f6d6b", "#99e2d8"),
    Colour("violet", "#8d30ff", "#9f7dfe"),
    Colour("olive", "#63750e", "#c1e03b"),
    Colour("pink", "#cf0d8c", "#cf7a94"),
    Colour("sky", "#0772b6", "#6da0cb"),
    Colour("slate", "#41464d", "#b4b4b5"),
)

SURFACE = Colour("surface", "#ffffff", "#16181d")
SOFT = Colour("soft", "#f1f3f6", "#23262d")
TEXT = Colour("text", "#1d2126", "#e4e7eb")
QUIET = Colour("quiet", "#5a616b", "#aab1bb")
LINE = Colour("line", "#c9ced5", "#4a505a")
ACCENT = Colour("accent", "#1a56c4", "#8fb8ff")

GOOD = Colour("good", "#14692c", "#6fd88b")
BACK = Colour("back", "#7a5200", "#f0c060")
BAD = Colour("bad", "#a91e1c", "#ff9a92")

OUTCOMES: dict[MessageAction | None, Outcome] = {
    MessageAction.acked: Outcome("✓", "acked", GOOD),
    MessageAction.replied: Outcome("✓", "replied", GOOD),
    MessageAction.rejected: Outcome("↩", "rejected", BACK),
    MessageAction.nacked: Outcome("✗", "nacked", BAD),
    None: Outcome("⚠", "not settled", BACK),
}


def hue_of(name: str | None) -> int:
    """Return the place in HUES of a message's colour, by its name.

    Args:
        name: The name or the id. m1 has the first hue, m2 the second, m9 the first again; m1.2 has that of m1. Any
            other id has a hue of its own that is the same each time; None, a message without an id, has the last.
    """
    if name is None:
        return len(HUES) - 1
    own = _OWN_NAME.fullmatch(name)
    if own is not None:
        return (int(own[1]) - 1) % len(HUES)
    return crc32(name.encode("utf-8", "surrogatepass")) % len(HUES)


def css_variables() -> str:
    """Return the declarations of all colours for a style sheet: `--rnb-hue-0: light-dark(#3928be, #9bb7fd);`.

    They follow the `color-scheme` of the element. The hues are `--rnb-hue-0` to `--rnb-hue-7`, the others have their
    names: `--rnb-good`, `--rnb-back`, `--rnb-bad`, `--rnb-surface`.
    """
    named = [(f"hue-{place}", hue) for place, hue in enumerate(HUES)]
    named += [(colour.name, colour) for colour in (SURFACE, SOFT, TEXT, QUIET, LINE, ACCENT, GOOD, BACK, BAD)]
    return "\n".join(f"--rnb-{name}: light-dark({colour.light}, {colour.dark});" for name, colour in named)
