"""How errors name things: the kind of an object, and the known name nearest to an unknown one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = ["ALMOST", "PART_OF_A_NAME", "a_kind", "did_you_mean", "is_of_repid", "nearest_name"]

NAMES_SHOWN = 5
# As difflib counts it: 1 is the same name. `send_fax` is near to `send_sms`, and `ship_oder` is almost `ship_order`.
NEAR = 0.6
ALMOST = 0.8
# `catch_all` is a part of `catch_all_routing_strategy`.
PART_OF_A_NAME = 0.3


def is_of_repid(thing: object) -> bool:
    """Say whether a class, or an object's class, comes from the library repid, whose names are often ours too."""
    kind = thing if isinstance(thing, type) else type(thing)
    return any(base.__module__.partition(".")[0] == "repid" for base in kind.__mro__)


def a_kind(thing: object) -> str:
    """Return what an error calls an object: `a Router`, `the class Order`, `a Router of the library repid`."""
    if thing is None:
        return "None"
    name = thing.__name__ if isinstance(thing, type) else type(thing).__name__
    article = "the class" if isinstance(thing, type) else "an" if _said_with_an(name) else "a"
    return f"{article} {name}{' of the library repid' if is_of_repid(thing) else ''}"


def _said_with_an(name: str) -> bool:
    if name[:2].isupper():
        # The letters of an abbreviation are said one by one: an HTTPError, a UUID.
        return name[0] in "AEFHILMNORSX"
    return re.match(r"[aeio]|u(?!ni|s[aei])", name, re.IGNORECASE) is not None


def did_you_mean(name: object, known: Iterable[str], *, near_from: float = NEAR) -> str:
    """Return `" Did you mean 'x'?"` where one of the known names is near to another one, otherwise an empty text.

    Args:
        near_from: How near it must be: 1 is the same name. A name that may well be meant as it is gets `ALMOST`.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=near_from) if isinstance(name, str) else []
    if not near and isinstance(name, str):
        # A name that differs in its case only is as near as can be, and shares no letter.
        near = [one for one in names if one.casefold() == name.casefold()]
    return f" Did you mean {near[0]!r}?" if near and near[0] != name else ""


def nearest_name(name: object, known: Iterable[str], none: str = "None is registered yet.") -> str:
    """Return the end of an error message about an unknown name, with a leading space.

    It is `" Did you mean 'x'?"`, `" Known: 'x', 'y'."`, or `" None is registered yet."`.

    Args:
        none: What to say where no name is known.
    """
    names = sorted(known)
    if not names:
        return f" {none}"
    if meant := did_you_mean(name, names):
        return meant
    shown = ", ".join(repr(one) for one in names[:NAMES_SHOWN])
    return f" Known: {shown}{', ...' if len(names) > NAMES_SHOWN else ''}."
