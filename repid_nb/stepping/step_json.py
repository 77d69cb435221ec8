"""Steps as plain data: for a file, for a grader, for the page."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

from repid_nb.core.errors import InvalidMessageError
from repid_nb.printable import whole

__all__ = ["Opaque", "step_from_dict", "step_to_dict"]

T = TypeVar("T")


class Opaque:
    """Stands for a result that JSON could not hold: it shows as the original did."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


def step_to_dict(step: object) -> dict[str, Any]:
    """Return a step as plain data; see `Step.to_dict`."""
    plain: dict[str, Any] = _plain(step)
    return plain


def step_from_dict(kind: type[T], data: dict[str, Any]) -> T:
    """Return the step that `step_to_dict` made `data` from; see `Step.from_dict`.

    Args:
        kind: The class of the record, which knows this module.
        data: What `step_to_dict` returned, after a way through JSON or not.
    """
    if not isinstance(data, dict):
        raise InvalidMessageError(f"A step is a dict, not {type(data).__name__}: use json.loads on its text first.")
    from pydantic import ValidationError  # noqa: PLC0415  (pydantic is loaded on first use)

    try:
        return cast("T", _adapter(cast("Any", kind)).validate_python(_unplain(data)))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'step'}: {one['msg'].lower()}" for one in error.errors()[:5]
        )
        raise InvalidMessageError(f"This is not the data of a step: {wrong}.") from None


@cache
def _adapter(kind: type) -> Any:
    from pydantic import TypeAdapter  # noqa: PLC0415  (pydantic is loaded on first use)

    return TypeAdapter(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return _plain_bytes(value)
    if is_dataclass(value) and not isinstance(value, type):
        held = {one.name: getattr(value, one.name) for one in fields(value)}
        return {name: _plain_result(one) if name == "result" else _plain(one) for name, one in held.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _plain_bytes(value: bytes) -> dict[str, str]:
    try:
        return {"text": value.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _plain_result(result: Any) -> dict[str, Any]:
    try:
        same = json.loads(json.dumps(result, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return {"repr": whole(result)}
    return {"value": same} if same == result and type(same) is type(result) else {"repr": whole(result)}


def _unplain(data: dict[str, Any]) -> dict[str, Any]:
    known = {key: _unplain_value(value) for key, value in data.items() if key != "result"}
    if "result" in data:
        known["result"] = _unplain_result(data["result"])
    return known


def _unplain_result(result: Any) -> Any:
    match result:
        case {"repr": str(text)}:
            return Opaque(text)
        case {"value": value}:
            return value
    raise InvalidMessageError(
        "This is not the data of a step: result: it should be {'value': ...} or {'repr': '...'}.",
    )


def _unplain_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_unplain_value(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _unplain_field(key, one) for key, one in value.items()}


def _unplain_field(name: str, value: Any) -> Any:
    if name == "headers":
        return value  # a header may be called payload too
    return _unplain_bytes(value) if name == "payload" else _unplain_value(value)


def _unplain_bytes(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        return value["text"].encode()
    if isinstance(value, dict) and isinstance(value.get("base64"), str):
        try:
            return base64.b64decode(value["base64"], validate=True)
        except binascii.Error:
            return None
    return None
