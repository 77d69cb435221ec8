"""The errors of repid_nb: one shallow tree.

Each error also inherits the built-in exception that repid 2.1.4 raises in the same situation, so code written
against repid (`except ValueError`) keeps working.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = [
    "ActorTimeoutError",
    "ClosedError",
    "DeclarationError",
    "DestinationError",
    "InvalidMessageError",
    "NotConnectedError",
    "NotDescribableError",
    "NotPullableError",
    "RepidNbError",
    "SerializationError",
    "SteppingError",
    "UnknownNameError",
    "UnroutedError",
    "a_kind",
    "is_of_repid",
    "nearest_name",
]


NAMES_SHOWN = 5


class RepidNbError(Exception):
    """Anything that repid_nb itself refuses."""


class DeclarationError(RepidNbError, ValueError, TypeError):
    """An actor, router or dependency is declared in a way that cannot work."""


class ActorTimeoutError(RepidNbError, TimeoutError):
    """An actor ran longer than its timeout."""


class DestinationError(RepidNbError, ValueError):
    """A message names both a channel and an operation, or neither."""


class InvalidMessageError(RepidNbError, ValueError):
    """A payload, header or server parameter of a message is not what a queue can carry."""


class SerializationError(RepidNbError, TypeError):
    """A payload holds something that has no JSON form."""


class NotDescribableError(RepidNbError, NotImplementedError):
    """What an actor takes has no description in an AsyncAPI document."""


class NotConnectedError(RepidNbError, RuntimeError):
    """A server is used while its connection is not open."""


class NotPullableError(RepidNbError, RuntimeError):
    """A server cannot hand out one message at a time."""


class ClosedError(RepidNbError, RuntimeError):
    """A stepper is used after it was closed."""


class SteppingError(RepidNbError, RuntimeError):
    """A stepper is asked for something that has to wait until its step has ended."""


class UnknownNameError(RepidNbError, ValueError, KeyError):
    """A server, operation or channel that is not registered."""

    # KeyError.__str__ would show the repr of the message.
    __str__ = Exception.__str__


class UnroutedError(RepidNbError, ValueError):
    """No actor wants a message that a test sends."""


def is_of_repid(thing: object) -> bool:
    """Say whether a class, or the class of an object, comes from the library repid, whose names are often ours too."""
    kind = thing if isinstance(thing, type) else type(thing)
    return any(base.__module__.partition(".")[0] == "repid" for base in kind.__mro__)


def a_kind(thing: object) -> str:
    """Return what an error calls an object: its class with an article, and whether that is the library repid's.

    Returns:
        `"a Router"`, `"an Order"`, `"the class Order"`, `"None"`, or `"a Router of the library repid"`.
    """
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


def nearest_name(name: object, known: Iterable[str]) -> str:
    """Return a sentence that names the known names nearest to `name`, to end an error message with.

    Args:
        name: What was asked for.
        known: The names that exist.

    Returns:
        `" Did you mean 'x'?"`, `" Known: 'x', 'y'."`, or `" None is registered yet."`; with a leading space.
    """
    names = sorted(known)
    if not names:
        return " None is registered yet."
    near = difflib.get_close_matches(name, names, n=1) if isinstance(name, str) else []
    if near:
        return f" Did you mean {near[0]!r}?"
    shown = ", ".join(repr(one) for one in names[:NAMES_SHOWN])
    return f" Known: {shown}{', ...' if len(names) > NAMES_SHOWN else ''}."
