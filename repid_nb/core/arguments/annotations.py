"""Annotations: the metadata beside a type, however the type is named, and inside of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, ForwardRef, TypeVar, Union, get_args, get_origin

__all__ = ["metadata_everywhere", "metadata_of", "type_of"]

_UNIONS = (Union, UnionType)
_INNERMOST = object()


def metadata_of(annotation: Any) -> tuple[Any, ...]:
    """Return the metadata beside a type in `Annotated`, the innermost first.

    It is also found behind an alias (`type User = ...`), a NewType, and with `| None` around it.
    """
    found: tuple[Any, ...] = ()
    for layer in _layers(annotation):
        if get_origin(layer) is Annotated:
            found = (*layer.__metadata__, *found)
    return found


def type_of(annotation: Any) -> Any:
    """Return the type itself, without metadata, aliases and NewTypes around it."""
    for layer in _layers(annotation):
        if get_origin(layer) in _UNIONS:
            return layer
        innermost = layer
    return innermost


def metadata_everywhere(annotation: Any, evaluate: Callable[[str], Any]) -> Iterator[Any]:
    """Yield the metadata beside every type in an annotation: of a list's items, of each type of a union.

    Args:
        evaluate: Returns the type that is written as text.
    """
    waiting, seen = [annotation], dict[int, Any]()
    while waiting:
        layer = waiting.pop()
        if id(layer) in seen:
            continue
        seen[id(layer)] = layer
        if get_origin(layer) is Annotated:
            yield from layer.__metadata__
        if isinstance(layer, ForwardRef):
            try:
                waiting.append(evaluate(layer.__forward_arg__))
            except Exception:  # noqa: S112  (what reads the type will say that it cannot be found)
                continue
        inner = _inner(layer)
        waiting += [] if inner is _INNERMOST else [inner]
        if isinstance(layer, TypeVar):
            waiting += [layer.__bound__, *layer.__constraints__]
        if isinstance(layer, list):  # the arguments of a Callable
            waiting += layer
        elif get_origin(layer) is not Annotated:
            waiting += get_args(layer)
            waiting += _fields(layer)


def _fields(kind: Any) -> Iterator[Any]:
    """Yield the annotations of a model, a dataclass, a TypedDict or a NamedTuple; nothing for any other type."""
    described = {"model_fields", "__dataclass_fields__", "__total__", "_fields"}
    if inspect.isclass(kind) and any(hasattr(kind, name) for name in described):
        for base in kind.__mro__:
            try:
                yield from inspect.get_annotations(base, eval_str=True).values()
            except Exception:  # noqa: S112  (what reads the type will say which name cannot be found)
                continue


def _layers(annotation: Any) -> Iterator[Any]:
    seen: list[Any] = []
    layer = annotation
    # An alias may stand for itself: `type Tree = Tree | None`.
    while layer is not _INNERMOST and not any(layer is one for one in seen):
        yield layer
        seen.append(layer)
        layer = _inner(layer)


def _inner(annotation: Any) -> Any:
    """Return the type inside an Annotated, an alias, a NewType or `... | None`; `_INNERMOST` for any other."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return annotation.__origin__
    # An alias of Python 3.12 or of typing_extensions, bare or with arguments.
    alias = annotation if origin is None else origin
    if hasattr(alias, "__value__"):
        return alias.__value__
    if hasattr(annotation, "__supertype__"):
        return annotation.__supertype__
    if origin in _UNIONS:
        choices = [choice for choice in get_args(annotation) if choice is not NoneType]
        if len(choices) == 1:
            return choices[0]
    return _INNERMOST
