"""Telling apart two texts that look alike and differ: `ascii` shows where."""

from __future__ import annotations

import unicodedata

from repid_nb.core.text import plain_text
from repid_nb.printable import LONGEST, short

__all__ = ["looks_like", "told_apart"]

# In characters. `short` cuts no text of this length, also where a backslash stands before each.
SHOWN_WHOLE = 29
WHOLE = 48
AROUND = 12

# Characters that are drawn as nothing, or as a blank, although Python takes them for printable.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_VARIATION_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
# Cyrillic, Greek and Armenian letters, and marks, that are drawn as a Latin letter or an ASCII mark.
# fmt: off
_DRAWN_AS = {
    ord(other): latin
    for latin, others in {
        "a": "\u0430\u0251\u03b1", "c": "\u0441\u03f2", "d": "\u0501", "e": "\u0435", "g": "\u0261\u0581",
        "h": "\u04bb\u0570", "i": "\u0456\u0131", "j": "\u0458\u03f3", "k": "\u03ba", "l": "\u04cf", "n": "\u0578",
        "o": "\u043e\u03bf\u0585", "p": "\u0440\u03c1", "q": "\u051b", "s": "\u0455", "u": "\u03c5\u057d",
        "v": "\u03bd\u0475", "w": "\u051d", "x": "\u0445\u03c7", "y": "\u0443\u03b3", "A": "\u0410\u0391",
        "B": "\u0412\u0392", "C": "\u0421\u03f9", "E": "\u0415\u0395", "F": "\u03dc", "G": "\u050c",
        "H": "\u041d\u0397", "I": "\u0406\u0399\u04c0", "J": "\u0408\u037f", "K": "\u041a\u039a",
        "M": "\u041c\u039c", "N": "\u039d", "O": "\u041e\u039f\u0555", "P": "\u0420\u03a1", "Q": "\u051a",
        "S": "\u0405\u054f", "T": "\u0422\u03a4", "W": "\u051c", "X": "\u0425\u03a7", "Y": "\u0423\u03a5\u04ae",
        "Z": "\u0396", "-": "\u2010\u2011\u2012\u2013\u2212", "'": "\u2018\u2019\u02bc", "/": "\u2215\u2044",
    }.items()
    for other in others
}
# fmt: on


def looks_like(one: str, other: str) -> bool:
    """Return whether a reader can take two different texts for the same one."""
    if one == other or (_is_shown_as_it_is(one) and _is_shown_as_it_is(other)):
        return False
    if short(one) == short(other):
        return True
    if (one.isascii() and other.isascii()) or max(len(one), len(other)) > LONGEST:
        return False
    return _as_drawn(one) == _as_drawn(other) or _mixes_scripts(one, other)


def _is_shown_as_it_is(text: str) -> bool:
    # Nearly all topics and names are of such characters, and no two of these look alike.
    return len(text) <= SHOWN_WHOLE and text.isascii() and text.isprintable()


def told_apart(one: str, other: str) -> tuple[str, str]:
    r"""Return two texts as Python writes them; where they look alike, each with what `ascii` shows of it.

    As in `'café' ('cafe\u0301')` and `'café' ('caf\xe9')`. Of long texts only the part around the first difference.
    """
    one, other = plain_text(one), plain_text(other)
    if not looks_like(one, other):
        return short(one), short(other)
    place = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if place is None:
        place = min(len(one), len(other))
    written, wanted = _around(one, place), _around(other, place)
    if written == wanted:
        written, wanted = (f"{len(text):,} characters" for text in (one, other))
    return _beside(one, written), _beside(other, wanted)


def _around(text: str, place: int) -> str:
    """Return what `ascii` shows of a text; of a long one only around a place in it."""
    if len(text) <= WHOLE:
        return ascii(text)
    start, end = max(0, place - AROUND), place + AROUND
    return f"'{'...' if start else ''}{ascii(text[start:end])[1:-1]}{'...' if end < len(text) else ''}'"


def _beside(text: str, written: str) -> str:
    shown = short(text)
    return shown if written == shown else f"{shown} ({written})"


def _as_drawn(text: str) -> str:
    drawn = unicodedata.normalize("NFKC", text).translate(_DRAWN_AS)
    return "".join(one for one in drawn if not _is_invisible(one))


def _is_invisible(character: str) -> bool:
    return (
        character in _BLANK
        or unicodedata.category(character) in ("Cf", "Cn", "Co")
        or any(ord(character) in selectors for selectors in _VARIATION_SELECTORS)
    )


def _mixes_scripts(one: str, other: str) -> bool:
    """Return whether texts of one length differ only in letters of different scripts, and in less than half of them."""
    one, other = (unicodedata.normalize("NFKC", text) for text in (one, other))
    if len(one) != len(other):
        return False
    different = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return 2 * len(different) < len(one) and all(_are_of_two_scripts(a, b) for a, b in different)


def _are_of_two_scripts(one: str, other: str) -> bool:
    # The name of a letter begins with its script.
    scripts = [unicodedata.name(letter, "").partition(" ")[0] for letter in (one, other) if letter.isalpha()]
    return len(set(scripts)) > 1
