"""Copies of the values that actors return, so that a record does not change when its objects do."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import pathlib
import pickle
import re
import types
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from copy import deepcopy
from dataclasses import fields
from enum import Enum
from functools import partial
from typing import Any, Self

from repid_nb.core.errors import is_from_outside
from repid_nb.core.text import plain_text
from repid_nb.printable import bounded, short, whole

__all__ = ["KeepsResult", "Opaque", "copy_of"]

# A value with more items than this, all levels together, is too large to be kept with each step.
MOST_ITEMS = 100_000
MOST_LEVELS = 100
MOST_CHARACTERS = 100_000

_IMMUTABLE = frozenset(
    {
        *(type(None), bool, int, float, complex, str, bytes, range, type(...), type(NotImplemented)),
        *(dt.date, dt.datetime, dt.time, dt.timedelta, dt.timezone),
        *(decimal.Decimal, fractions.Fraction, uuid.UUID, re.Pattern),
        *(pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath, pathlib.WindowsPath),
        # Functions and modules are kept by identity. A coroutine is awaited, or closed, by the reader of the result.
        *(types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.CoroutineType),
    }
)
# Every class of values in these modules is immutable.
_IMMUTABLE_FROM = frozenset(
    {"ipaddress", "zoneinfo", "pydantic.networks", "pydantic.types", "pydantic_core._pydantic_core"}
)
# The marks of dataclasses, pydantic and attrs on a class: an instance is nothing but its fields.
_FIELDS = ("__dataclass_fields__", "__pydantic_core_schema__", "__attrs_attrs__")


class Opaque:
    """Stands for a value that cannot be copied, or that JSON could not hold, with the original's `repr`."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


def copy_of(value: Any) -> Any:
    """Return a copy of a value for a record; it never changes when the value does.

    Of the value's own methods only `__repr__` is called, if any.

    Returns:
        The value itself where it is immutable; an equal copy of lists, dicts and other containers of the standard
        library, of dataclasses, and of pydantic and attrs models; otherwise an `Opaque` with the same `repr`, at most
        100,000 characters long. For a container with more than 100,000 items, or nested deeper than 100 levels, an
        `Opaque` with its beginning.
    """
    if type(value) in _IMMUTABLE:
        return value
    try:
        return _Copier().copy(value, 0)
    except _TooLargeError:
        return Opaque(f"<{type(value).__name__}, too large to keep with the step: {short(value)}>")
    except BaseException as error:
        if is_from_outside(error):
            raise
        # Such as a dict that another thread changes meanwhile.
        return _opaque(value)


class KeepsResult:
    """A frozen record with the result of an actor; where that cannot be pickled, its `repr` is pickled in its place."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        values = self._values()
        try:
            pickle.dumps(values["result"])
        except Exception:  # such as a function that an actor has made
            values["result"] = _opaque(values["result"])
        return partial(type(self), **values), ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        values = self._values()
        result = copy_of(values.pop("result"))
        values = {**deepcopy(values, memo), "result": result}
        return type(self)(**values)

    def _values(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]  # a dataclass


class _TooLargeError(Exception):
    """A value has too many items or levels."""


class _NoCopyError(Exception):
    """An object has a part that cannot be copied."""


def _opaque(value: Any) -> Opaque:
    return Opaque(bounded(whole(value), MOST_CHARACTERS))


class _Copier:
    def __init__(self) -> None:
        self._left = MOST_ITEMS
        self._characters_left = MOST_CHARACTERS
        self._made: dict[int, Any] = {}

    def copy(self, value: Any, level: int) -> Any:
        kind = type(value)
        if kind in _IMMUTABLE or issubclass(kind, (Enum, type)):
            return value
        if issubclass(kind, str):
            return plain_text(value)
        if kind is Opaque or kind.__module__ in _IMMUTABLE_FROM:
            return value
        if issubclass(kind, (int, float, bytes)) and not kind.__dictoffset__:
            # Such as a number of numpy's.
            return value
        if id(value) in self._made:
            return self._made[id(value)]
        if level > MOST_LEVELS:
            raise _TooLargeError
        try:
            made = self._container(kind, value, level)
        except _NoCopyError:
            made = self._opaque(value)
        self._made[id(value)] = made
        return made

    def _container(self, kind: type, value: Any, level: int) -> Any:
        if kind is list or kind is deque:
            return self._sequence(value, level)
        if kind is tuple or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
            return self._tuple(kind, value, level)
        if kind in (dict, OrderedDict, defaultdict, Counter):
            return self._dict(value, level)
        if kind in (set, frozenset, bytearray):
            return self._flat(value)
        return self._instance(kind, value, level)

    def _count(self, items: int) -> None:
        self._left -= items
        if self._left < 0:
            raise _TooLargeError

    def _opaque(self, value: Any) -> Opaque:
        made = _opaque(value)
        self._characters_left -= len(made.text)
        # A single one may have all the characters; several share them.
        if self._characters_left < 0 and self._made:
            raise _TooLargeError
        return made

    def _items(self, values: Any, level: int) -> list[Any]:
        self._count(len(values))
        found: list[Any] = list(values)
        if _IMMUTABLE.issuperset(map(type, found)):
            return found
        return [self.copy(value, level + 1) for value in found]

    def _key(self, value: Any) -> Any:
        """Return a key of a dict or a member of a set: itself, never a copy, because its hash finds it."""
        kind = type(value)
        if kind in _IMMUTABLE or issubclass(kind, (Enum, type)):
            return value
        if isinstance(value, str):
            return plain_text(value)
        if isinstance(value, (tuple, frozenset)) and kind in (tuple, frozenset):
            for one in value:
                self._key(one)
            return value
        raise _NoCopyError

    def _sequence(self, value: list[Any] | deque[Any], level: int) -> list[Any] | deque[Any]:
        made: list[Any] | deque[Any] = deque(maxlen=value.maxlen) if isinstance(value, deque) else []
        self._made[id(value)] = made
        made.extend(self._items(value, level))
        return made

    def _tuple(self, kind: type[tuple[Any, ...]], value: tuple[Any, ...], level: int) -> tuple[Any, ...]:
        items = self._items(value, level)
        # One of them may have led back to this tuple.
        made: tuple[Any, ...] | None = self._made.get(id(value))
        return tuple.__new__(kind, items) if made is None else made

    def _flat(self, value: Any) -> Any:
        self._count(len(value))
        # The set's own copy mostly keeps the order in which it shows its members.
        made = value.copy()
        if not isinstance(value, bytearray):
            for one in made:
                if self._key(one) is not one:
                    raise _NoCopyError
        return made

    def _dict(self, value: dict[Any, Any], level: int) -> dict[Any, Any]:
        made: dict[Any, Any] = defaultdict(value.default_factory) if isinstance(value, defaultdict) else type(value)()
        self._made[id(value)] = made
        items = self._items(value.values(), level)
        made.update(dict(zip(map(self._key, list(value)), items, strict=True)))
        return made

    def _instance(self, kind: type, value: Any, level: int) -> Any:
        """Return a copy of an object that is nothing but its fields."""
        classes = kind.__mro__
        if not any(name in vars(one) for one in classes for name in _FIELDS):
            return self._opaque(value)
        try:
            made: Any = object.__new__(kind)
        except TypeError:
            # It is a subclass of a built-in class too.
            return self._opaque(value)
        self._made[id(value)] = made
        for one in classes:
            for descriptor in vars(one).values():
                if isinstance(descriptor, types.MemberDescriptorType):
                    try:
                        part = descriptor.__get__(value, kind)
                    except AttributeError:
                        continue
                    descriptor.__set__(made, self._part(part, level))
        if kind.__dictoffset__:
            parts = list(object.__getattribute__(value, "__dict__").items())
            object.__getattribute__(made, "__dict__").update({name: self._part(part, level) for name, part in parts})
        return made

    def _part(self, part: Any, level: int) -> Any:
        self._count(1)
        made = self.copy(part, level + 1)
        if type(made) is Opaque and made is not part:
            raise _NoCopyError
        return made
