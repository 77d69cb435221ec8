"""Following the pointers of an AsyncAPI document (Reference Object; JSON Pointer, RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

__all__ = ["PathT", "follow", "look_up", "lost_pointers"]

PathT = tuple[str, ...]

# Keywords whose values are data, in which "$ref" has no meaning.
_DATA = frozenset({"const", "default", "enum", "examples"})
# More than any document needs; it ends a circle of pointers.
_MOST_HOPS = 8


def look_up(document: dict[str, Any], pointer: str) -> tuple[PathT, Any]:
    """Return the path of a pointer (`#/a/b`), and the value there: None where it leads nowhere."""
    path = tuple(unquote(step).replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    node: Any = document
    for step in path:
        node = node.get(step) if isinstance(node, dict) else None
    return path, node


def follow(document: dict[str, Any], node: Any) -> tuple[PathT, Any]:
    """Return path and value of the end of a chain of references; a node that is not a reference is itself the end."""
    path: PathT = ()
    for _ in range(_MOST_HOPS):
        if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
            break
        path, node = look_up(document, node["$ref"])
    return path, node


def lost_pointers(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return each pointer into the document that leads nowhere, with its own place in the document."""
    return [
        (pointer, place)
        for pointer, place in _pointers(document)
        if pointer.startswith("#") and look_up(document, pointer)[1] is None
    ]


def _pointers(node: Any, place: str = "", *, keys_are_names: bool = False) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for one in node:
            yield from _pointers(one, place)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("$ref"), str):
        yield node["$ref"], place
    for key, value in node.items():
        if keys_are_names or key not in _DATA:
            named = key == "properties" and not keys_are_names
            yield from _pointers(value, f"{place}/{key}".lstrip("/"), keys_are_names=named)
