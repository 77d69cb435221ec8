"""Writing payloads as bytes: the JSON of repid 2.1.4's default serializer, byte for byte."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from repid_nb.core.errors import SerializationError
from repid_nb.core.naming import a_kind

__all__ = ["SerializationValueError", "default_serializer"]

_SCALARS = (str, int, float, type(None), date, time, timedelta, UUID, Decimal)
_KEYS = (str, int, float, type(None))
_FIXES: tuple[tuple[Any, str], ...] = (
    (type, "send an instance of it"),
    (Enum, "send its .value"),
    ((bytes, bytearray, memoryview), "make it text, with .decode() or with base64"),
    (Awaitable, "await it first"),
    (Mapping, "make it a dict: dict(...)"),
    (Iterable, "make it a list: list(...)"),
    (object, "send a dict, a list, text or a number made from it, or pass a serializer of your own that knows it"),
)


class SerializationValueError(SerializationError, ValueError):
    """A circular reference, or a pydantic model that cannot be dumped: repid raises ValueError there."""


def default_serializer(data: Any) -> bytes:
    """Write a payload as compact JSON in UTF-8 (repid 2.1.4, `repid.default_serializer`).

    Pydantic models and dataclasses become objects, dates and times ISO 8601 text, timedeltas seconds, UUIDs and
    Decimals text, at any depth. NaN and the infinities are written as JavaScript writes them.

    Raises:
        SerializationError: Something in the payload has no JSON form; the message names the place and the fix.
            For a circular reference and for a pydantic model that cannot be dumped it is also a ValueError.
        RecursionError: The payload is nested too deeply.
    """
    try:
        # A dict is not a model, and asking takes longer than writing a small dict.
        is_model = not isinstance(data, dict) and _is_model(data)
        return (data.model_dump_json() if is_model else "".join(_chunks(data, 0))).encode()
    except (TypeError, ValueError, RecursionError) as error:
        fault = _find_fault(data, "payload", ())
        if fault is None and isinstance(error, RecursionError):
            raise
        raise fault or SerializationValueError(f"The payload cannot be written as JSON: {error}") from error


def _is_model(value: object) -> bool:
    # Without pydantic imported there are no models, and this must not import it.
    main = sys.modules.get("pydantic.main")
    return main is not None and isinstance(value, main.BaseModel)


def _to_json_type(value: Any) -> Any:
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if _is_model(value):
        return value.model_dump(mode="json")
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_ENCODER = json.JSONEncoder(separators=(",", ":"), default=_to_json_type, check_circular=False)


def _make_writer() -> Callable[[Any, int], Iterable[str]]:
    """Return a function that writes a value as pieces of JSON; `JSONEncoder.encode` makes one for each value."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return lambda value, _: _ENCODER.iterencode(value)
    write: Callable[[Any, int], Iterable[str]] = make(
        None, _to_json_type, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, True
    )
    return write


_chunks = _make_writer()


def _find_fault(value: Any, path: str, above: tuple[int, ...]) -> SerializationError | None:
    """Return the error for the first value, in document order, that has no JSON form."""
    if isinstance(value, _SCALARS):
        return None
    if id(value) in above:
        return SerializationValueError(
            f"{path} is {a_kind(value)} that contains itself, which JSON cannot write; "
            f"send a copy without that reference."
        )
    if _is_model(value):
        return _find_model_fault(value, path)
    children: list[tuple[str, Any]]
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, _KEYS):
                return SerializationError(
                    f"{path} has the key {key!r}, which is {a_kind(key)}; keys in JSON are strings: use str(key) "
                    f"or a field of it."
                )
        children = [(f"{path}[{key!r}]", child) for key, child in value.items()]
    elif isinstance(value, (list, tuple)):
        children = [(f"{path}[{index}]", child) for index, child in enumerate(value)]
    elif is_dataclass(value) and not isinstance(value, type):
        children = [(f"{path}.{field.name}", getattr(value, field.name)) for field in fields(value)]
    else:
        return SerializationError(f"{path} is {a_kind(value)}, which has no JSON form; {_fix(value)}.")
    faults = (_find_fault(child, where, (*above, id(value))) for where, child in children)
    return next((fault for fault in faults if fault is not None), None)


def _find_model_fault(model: Any, path: str) -> SerializationError | None:
    for name in type(model).model_fields:
        try:
            model.model_dump(mode="json", include={name})
        except (TypeError, ValueError) as error:
            return SerializationValueError(
                f"{path}.{name} cannot be written as JSON: {error}; give {type(model).__name__}.{name} a type that "
                f"pydantic can dump, or a @field_serializer."
            )
    return None


def _fix(value: object) -> str:
    return next(fix for kind, fix in _FIXES if isinstance(value, kind))
