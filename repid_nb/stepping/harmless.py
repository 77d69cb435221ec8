"""Finding the routing strategies that can be asked once more than a worker asks them, without a later change.

A strategy is asked for the explanation only where its code shows that asking leaves no trace. All that it can reach
beside the message must be immutable: text, numbers, a `tuple` of these, and functions of the same kind; or a plain
list, dict or set that it only reads. A strategy that cannot be shown to be harmless (it has a counter, a generator, an
object of a class) is not asked.
"""

from __future__ import annotations

import asyncio
import builtins
import dis
import enum
import functools
import inspect
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

from repid_nb.core.routing.strategies import CatchAllStrategy, TopicStrategy

__all__ = ["can_be_asked_again"]

# A strategy that reaches more values than this takes too long to look through at each step.
MOST_VALUES = 1000


def _public(*kinds: type) -> frozenset[str]:
    return frozenset(name for kind in kinds for name in dir(kind) if not name.startswith("_"))


_UNCHANGEABLE = (str, bytes, int, float, complex, bool, type(None), type(...), range, re.Pattern)
_CHANGEABLE = (list, dict, set)

_READING = _public(*_UNCHANGEABLE, tuple, frozenset, re.Match) | {"items", "keys", "values", "get"}
_READING |= {"headers", "payload", "content_type", "channel", "message_id", "name", "value"}
_ATTRIBUTES = _READING | _public(*_CHANGEABLE)

_BUILTINS = (
    *(abs, all, any, ascii, bin, bool, bytes, chr, dict, divmod, enumerate, filter, float, format, frozenset, int),
    *(isinstance, iter, len, list, map, max, min, next, oct, ord, pow, range, repr, reversed, round, set, slice),
    *(sorted, str, sum, tuple, zip),
    *(one for one in vars(builtins).values() if isinstance(one, type) and issubclass(one, BaseException)),
    asyncio.CancelledError,
)

_OF_MODULES: dict[ModuleType, frozenset[str]] = {
    json: frozenset({"loads", "dumps", "JSONDecodeError"}),
    re: frozenset({"compile", "escape", "findall", "fullmatch", "match", "search", "split", "sub", "I", "IGNORECASE"}),
    math: frozenset(name for name in vars(math) if not name.startswith("_")),
}
_OF_ALL_MODULES = (getattr(module, name) for module, names in _OF_MODULES.items() for name in names)

# By identity: a comparison may call a method of the learner's.
_KNOWN = {id(one): one for one in (*_BUILTINS, *_OF_ALL_MODULES)}


def can_be_asked_again(strategy: Callable[..., Any]) -> bool:
    """Return whether asking a strategy is known to change nothing but the message that it is given."""
    # Exactly these classes: one that inherits from them may do more.
    if type(strategy) is TopicStrategy or type(strategy) is CatchAllStrategy:
        return True
    try:
        return _is_shown_harmless(strategy)
    except _NotShownError:
        return False


class _NotShownError(Exception):
    """Asking the strategy cannot be shown to be harmless."""


def _is_shown_harmless(strategy: object) -> bool:
    seen: dict[int, object] = {}
    attributes: set[str] = set()
    reaches_changeable = changes_items = False
    to_see = [strategy]
    while to_see:
        value = to_see.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if len(seen) > MOST_VALUES:
            return False
        reaches_changeable |= type(value) in _CHANGEABLE
        if type(value) is FunctionType and not _only_makes_something_to_run(value):
            code = _read(value.__code__)
            attributes |= code.attributes
            changes_items |= code.changes_items
            for name, attribute in code.globals:
                found = value.__globals__.get(name, getattr(builtins, name, None))
                if not _is_read_of(found, attribute):
                    attributes |= {attribute} if attribute else set()
                    to_see.append(found)
        to_see += _inside(value)
    return attributes <= (_READING if reaches_changeable else _ATTRIBUTES) and not (
        reaches_changeable and changes_items
    )


def _inside(value: Any) -> Iterator[object]:
    """Yield the values that can be reached through a value.

    Raises:
        _NotShownError: They cannot be known, as those of an object of a class.
    """
    kind = type(value)
    if kind in (tuple, frozenset, *_CHANGEABLE) and len(value) > MOST_VALUES:
        raise _NotShownError
    if kind in _UNCHANGEABLE or id(value) in _KNOWN:
        return
    if issubclass(kind, enum.Enum):
        yield value._value_  # `value` may be a property
    elif kind in (tuple, frozenset, list, set):
        yield from value
    elif kind is dict:
        yield from (*value.keys(), *value.values())
    elif kind is functools.partial:
        yield from (value.func, *value.args, *value.keywords.values())
    elif kind is FunctionType:
        yield from value.__defaults__ or ()
        yield from (value.__kwdefaults__ or {}).values()
        yield from (own for name, own in vars(value).items() if not name.startswith("_"))
        for cell in value.__closure__ or ():
            # A name may not be bound yet: then asking raises NameError, as in a worker.
            yield from [cell.cell_contents] if _is_bound(cell) else []
    else:
        raise _NotShownError


def _is_bound(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  (asking is all there is)
    except ValueError:
        return False
    return True


def _is_read_of(value: Any, attribute: str | None) -> bool:
    """Return whether an attribute of a global is a harmless function of a module, or a member of an `Enum`."""
    if type(value) is ModuleType:
        return attribute in _OF_MODULES.get(value, ())
    return issubclass(type(value), enum.EnumType) and attribute in value.__members__


def _only_makes_something_to_run(fn: FunctionType) -> bool:
    """Return whether a call runs nothing of the function: the coroutine that it returns counts as yes."""
    return bool(fn.__code__.co_flags & (inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR))


@dataclass(frozen=True, slots=True)
class _Code:
    """The names that a function's code uses and what it does, with the functions inside it.

    Attributes:
        globals: Each global name, with the attribute that is read of it at once, or None.
        attributes: Every attribute that is read of anything else.
        changes_items: Whether an item of something is changed.
    """

    globals: frozenset[tuple[str, str | None]]
    attributes: frozenset[str]
    changes_items: bool


@functools.lru_cache(maxsize=512)
def _read(code: CodeType) -> _Code:
    """Read the instructions of a function.

    Raises:
        _NotShownError: One of them sets, imports or defines something that may outlive the call.
    """
    names: set[tuple[str, str | None]] = set()
    attributes: set[str] = set()
    changes_items = False
    global_name: str | None = None
    for one in dis.get_instructions(code):
        operation = one.opname
        if operation == "EXTENDED_ARG":
            continue
        is_attribute = operation in ("LOAD_ATTR", "LOAD_METHOD")
        if global_name is not None:
            names.add((global_name, one.argval if is_attribute else None))
        elif is_attribute:
            attributes.add(one.argval)
        global_name = one.argval if operation in ("LOAD_GLOBAL", "LOAD_NAME") else None
        if operation in ("STORE_SUBSCR", "STORE_SLICE", "DELETE_SUBSCR") or (
            operation == "BINARY_OP" and one.argrepr.endswith("=")
        ):
            changes_items = True
        elif operation.startswith(("STORE_", "DELETE_", "IMPORT_", "LOAD_BUILD_CLASS")) and not (
            operation.startswith(("STORE_FAST", "DELETE_FAST"))
            or (operation == "STORE_DEREF" and one.argval in code.co_cellvars)
        ):
            raise _NotShownError
    for inner in (_read(constant) for constant in code.co_consts if isinstance(constant, CodeType)):
        names |= inner.globals
        attributes |= inner.attributes
        changes_items |= inner.changes_items
    return _Code(frozenset(names), frozenset(attributes), changes_items)
