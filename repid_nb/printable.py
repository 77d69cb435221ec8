"""Make any text safe and short: invisible characters are written out, long texts are cut."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeVar

from repid_nb.core.errors import is_from_outside

__all__ = [
    "LONGEST",
    "beginning",
    "bounded",
    "contained",
    "counted",
    "cut_to_bytes",
    "first_within",
    "json_line",
    "one_line",
    "printable",
    "safe",
    "short",
    "whole",
]

LONGEST = 10_000

T = TypeVar("T")

# The blocks whose characters Unicode joins to one emoji, skin tones among them; U+FE0F asks for the picture.
_EMOJI = "[\u2194\u2195\u2600-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff]"
_JOINER = re.compile(f"(?:(?<={_EMOJI})|(?<={_EMOJI}\ufe0f))\u200d(?={_EMOJI})")

# Characters that other programs take for the end of a line, and those that cannot be written as UTF-8.
_NOT_IN_LINES = re.compile("[\x85\u2028\u2029\ud800-\udfff]")


class _Short(reprlib.Repr):
    def repr1(self, x: Any, level: int) -> str:
        try:
            return str.__str__(super().repr1(x, level))
        except BaseException as error:
            if is_from_outside(error):
                raise
            return _unshowable(x)

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        # reprlib's own sorts the keys.
        if not x:
            return "{}"
        if level <= 0:
            return f"{{{self.fillvalue}}}"
        pairs = [
            f"{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}"
            for key, value in islice(x.items(), self.maxdict)
        ]
        return f"{{{', '.join([*pairs, self.fillvalue] if len(x) > self.maxdict else pairs)}}}"


_SMALL = frozenset({bool, float, int, type(None)})
_short = _Short()
_short.maxstring = _short.maxother = _short.maxlong = 60
_short.maxdict = _short.maxlist = _short.maxtuple = _short.maxset = 8


def short(value: Any) -> str:
    """Return a value as Python would write it; a long one is cut in the middle.

    An exception of its `__repr__`, even SystemExit, does not get out; only one from outside does, such as a
    KeyboardInterrupt.
    """
    # Nearly all values are of these types, and reprlib is slow.
    if (type(value) is str and len(value) <= _short.maxstring) or type(value) in _SMALL:
        text = whole(value)
        if len(text) <= _short.maxstring:
            return text
    return _short.repr(value)


def whole(value: Any) -> str:
    """Return a value as Python would write it, uncut; exceptions are handled as by `short`."""
    try:
        # A `__repr__` may return a subclass of str.
        return str.__str__(repr(value))
    except BaseException as error:
        if is_from_outside(error):
            raise
        return _unshowable(value)


class _Contained:
    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        return error is not None and not is_from_outside(error)


_contained = _Contained()


def contained() -> _Contained:
    """Run a `with` block that calls a learner's methods; an exception ends the block and does not get out.

    Only one from outside gets out, such as a KeyboardInterrupt.
    """
    return _contained


def _unshowable(value: Any) -> str:
    return f"<{type(value).__name__}, which cannot be shown>"


def printable(text: str) -> str:
    r"""Return text in which invisible characters are written out, as in `\x1b`.

    A line feed stays, and so does a joiner between two emoji, because they are drawn as one.
    """
    # A subclass of str, such as a StrEnum, has a format of its own.
    text = str.__str__(text)
    if text.isprintable():
        return text
    seen = {found.start() for found in _JOINER.finditer(text)}
    return "".join(
        one if one.isprintable() or one == "\n" or place in seen else repr(one)[1:-1] for place, one in enumerate(text)
    )


def bounded(text: str, limit: int = LONGEST) -> str:
    """Return text; one longer than `limit` characters is cut there, with a note how many more there are."""
    left_out = len(text) - limit
    return text if left_out <= 0 else f"{text[:limit]}… and {counted(left_out, 'more character')}"


def safe(text: str) -> str:
    """Return text printable and bounded; its line feeds stay."""
    return printable(bounded(text))


def one_line(text: str, width: int | None = None) -> str:
    """Return text printable, bounded and on one line, so that no text of a message adds a line of its own.

    Args:
        width: The largest number of characters to return, an ellipsis included; None for no further bound.
    """
    if width is None:
        return safe(text).replace("\n", "\\n")
    # No more is read than can be shown: escapes only make a text longer.
    line = one_line(text[: width + 1])
    return line if len(line) <= width else beginning(line, width - 1)


def json_line(data: object) -> str:
    """Return plain data as JSON on one line, whichever characters a reader takes for the end of one; it is UTF-8."""
    return _NOT_IN_LINES.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(data, ensure_ascii=False))


def beginning(text: str, length: int, ellipsis: str = "…") -> str:
    """Return text as it is; one longer than `length` characters is cut there and ends in an ellipsis."""
    return text if len(text) <= length else f"{text[:length]}{ellipsis}"


def cut_to_bytes(text: str, limit: int) -> str:
    """Return text printable and on one line, at most `limit` bytes of UTF-8 long; where it is cut, with an ellipsis."""
    line = one_line(text[: limit + 1])
    if len(text) <= limit and len(line.encode("utf-8", "replace")) <= limit:
        return line
    kept = line.encode("utf-8", "replace")[: limit - 3].decode("utf-8", "ignore")
    return f"{kept}…"


def first_within(values: Iterable[T], limit: int) -> list[T]:
    """Return the first values that together need at most `limit` bytes as JSON, and at least one."""
    kept: list[T] = []
    for value in values:
        limit -= len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
        if limit < 0 and kept:
            break
        kept.append(value)
    return kept


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it belongs: `1 step`, `2,000 steps`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
