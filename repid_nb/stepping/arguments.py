"""Recording how an actor's arguments were read from a message."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from repid_nb.core.actor import ActorData
from repid_nb.core.arguments.actor_message import EnhancedReceivedMessage
from repid_nb.core.message import ReceivedMessageT
from repid_nb.printable import contained, short
from repid_nb.stepping.record import Argument

__all__ = ["given_arguments", "read_arguments"]


def read_arguments(
    message: ReceivedMessageT,
    actor: ActorData,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> tuple[Argument, ...]:
    """Return the arguments of an actor with their sources, in the order of the function's parameters.

    A converter of another library does not know the sources.

    Args:
        message: The message that the arguments were read from.
        actor: The actor, with the converter that read them.
        args: The values given by position.
        kwargs: The values given by name.
    """
    sources: Mapping[str, Any] = getattr(actor.converter, "argument_sources", dict)()
    values = {**dict(zip(sources, args, strict=False)), **kwargs}
    payload, headers = _json_object(message.payload), message.headers or {}
    arguments = []
    for name in [*(one for one in sources if one in values), *(one for one in values if one not in sources)]:
        if isinstance(values[name], EnhancedReceivedMessage):
            arguments.append(Argument(name=name, source="message", value="the message itself"))
            continue
        source, given, key = _origin(sources.get(name), payload, headers)
        arguments.append(
            Argument(
                name=name,
                source=source,
                value=short(values[name]),
                coerced_from=None if given is _ABSENT or _same(given, values[name]) else short(given),
                key=key,
            ),
        )
    return tuple(arguments)


def given_arguments(message: ReceivedMessageT, actor: ActorData) -> tuple[Argument, ...]:
    """Return the arguments of an actor that stand in a message, as they stand there: nothing is read or resolved."""
    sources: Mapping[str, Any] = getattr(actor.converter, "argument_sources", dict)()
    payload, headers = _json_object(message.payload), message.headers or {}
    given: dict[str, Any] = {}
    for name, source in sources.items():
        if source.kind == "full payload":
            given[name] = payload
        elif (value := _origin(source, payload, headers)[1]) is not _ABSENT:
            given[name] = value
    return read_arguments(message, actor, (), given)


_ABSENT = object()


def _origin(source: Any, payload: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[str, Any, str]:
    """Return where an argument came from, what was given there, and under which key of the payload or the headers."""
    if source is None:
        return "converter", _ABSENT, ""
    if source.kind not in ("payload", "header"):
        return source.kind, _ABSENT, ""
    for path in source.paths:
        given = _follow(path, payload if source.kind == "payload" else headers)
        if given is not _ABSENT:
            return "payload" if source.kind == "payload" else f"header {path[0]!r}", given, str(path[0])
    return "default", _ABSENT, ""


def _follow(path: Sequence[str | int], place: Any) -> Any:
    for key in path:
        try:
            place = place[key]
        except (LookupError, TypeError):
            return _ABSENT
    return place


def _same(given: Any, value: Any) -> bool:
    if type(given) is not type(value):
        return False
    with contained():
        return bool(given == value)
    return False


def _json_object(payload: bytes) -> dict[str, Any]:
    try:
        read = json.loads(payload or b"{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
