"""Refusing arguments of the wrong type: each error names the argument, what it must be, and what was given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from repid_nb.core.callables import is_called_in_vain
from repid_nb.core.errors import DeclarationError, InvalidMessageError
from repid_nb.core.naming import a_kind
from repid_nb.printable import short

__all__ = ["check_names", "check_notes", "check_number", "check_serializer", "check_text", "check_window"]


def check_number(
    name: str, value: object, wanted: str, *, least: float = -math.inf, error: type[Exception] = DeclarationError
) -> None:
    """Refuse what is not a number of at least `least`: the `error` says that it must be what is `wanted`."""
    # NaN is a number, and a worker with that limit would never end.
    is_number = isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)
    if not (is_number and value >= least):  # type: ignore[operator]
        raise error(f"{name} must be {wanted}, not {short(value)}.")


def check_text(name: str, value: object, error: type[Exception] = DeclarationError) -> None:
    """Refuse what is neither a str nor None."""
    if value is not None and not isinstance(value, str):
        raise error(f"{name} must be a str, not {a_kind(value)}.")


def check_names(name: str, value: object, example: str) -> None:
    """Refuse what is not several texts: a single text has letters for its items.

    Raises:
        DeclarationError: It is not; the message shows the `example`.
    """
    is_several = isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))
    if not (is_several and all(isinstance(one, str) for one in value)):  # type: ignore[attr-defined]
        raise DeclarationError(f"{name} must be a list of str, such as {example}, not {short(value)}.")


def check_notes(notes: object, title: object) -> None:
    """Refuse notes that are not texts by the numbers of steps, and a title that is not a text.

    Raises:
        DeclarationError: One has the wrong type.
    """
    if notes is not None and not (isinstance(notes, Mapping) and all(isinstance(one, str) for one in notes.values())):
        raise DeclarationError(
            f"notes must be a dict of texts by the number of a step, such as {{3: 'Why this one?'}}, "
            f"not {short(notes)}."
        )
    if not isinstance(title, str):
        raise DeclarationError(f"title must be a str, not {a_kind(title)}.")


def check_serializer(name: str, serializer: Any) -> None:
    """Refuse what cannot turn a payload into bytes; None is for the default one.

    Raises:
        DeclarationError: It cannot be called, or a call would not run it.
    """
    if serializer is None:
        return
    if not callable(serializer):
        raise DeclarationError(f"{name} must be a function of the payload that returns bytes, not {short(serializer)}.")
    if is_called_in_vain(serializer):
        raise DeclarationError(f"The {name} is called and not awaited: write it without async and yield.")


def check_window(window: object) -> None:
    """Refuse what is neither None nor a number of messages.

    Raises:
        InvalidMessageError: It is not.
    """
    is_whole = isinstance(window, int) and not isinstance(window, bool) and window >= 0
    if window is not None and not is_whole:
        raise InvalidMessageError(
            f"window must be a whole number of messages, 0 or more, or None for all, not {short(window)}."
        )
