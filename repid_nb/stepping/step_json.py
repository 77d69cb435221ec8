"""Steps as plain data, for files and graders."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from itertools import islice
from typing import Any, TypeVar, cast

from repid_nb.core.errors import InvalidMessageError, is_from_outside
from repid_nb.core.memory.snapshot import MessageSnapshot, QueuesSnapshot
from repid_nb.printable import beginning, counted, one_line, whole
from repid_nb.stepping.copies import Opaque

__all__ = ["step_from_dict", "step_to_dict"]

T = TypeVar("T")

# A step shows some twenty messages per channel, twice: their payloads and headers would be most of its data.
LARGE_QUEUES = 10_000
LONGEST_THERE = 200
MOST_HEADERS_THERE = 20


def step_to_dict(step: object) -> dict[str, Any]:
    """Return a step as plain data; see `Step.to_dict`."""
    plain: dict[str, Any] = _plain(step)
    return plain


def step_from_dict(kind: type[T], data: dict[str, Any]) -> T:
    """Return the step that `step_to_dict` made `data` from; see `Step.from_dict`.

    Args:
        kind: The class `Step`, whose module imports this one.
        data: The result of `step_to_dict`, also after a round trip through JSON.
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
        raise InvalidMessageError(f"This is not the data of a step: {one_line(wrong)}.") from None
    except InvalidMessageError:
        raise
    except RecursionError:
        raise InvalidMessageError("This is not the data of a step: it is nested too deep.") from None
    except Exception as error:
        what = one_line(f"{type(error).__name__}: {error}", LONGEST_THERE)
        raise InvalidMessageError(f"This is not the data of a step: {what}.") from None


@cache
def _adapter(kind: type) -> Any:
    from pydantic import TypeAdapter  # noqa: PLC0415  (pydantic is loaded on first use)

    return TypeAdapter(kind)


def _plain(value: Any, longest: int | None = None) -> Any:
    """Return a part of a step as plain data; payloads and headers in it are cut to `longest`, None for no bound."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return _plain_bytes(value, longest)
    if is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, QueuesSnapshot):
            longest = LONGEST_THERE if _size(value) > LARGE_QUEUES else None
        held = {one.name: getattr(value, one.name) for one in fields(value)}
        return {name: _plain_result(one) if name == "result" else _plain(one, longest) for name, one in held.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(one, longest) for one in value]
    if isinstance(value, dict):
        return _plain_headers(value, longest)
    return value


def _size(queues: QueuesSnapshot) -> int:
    """Return how much payload and headers the messages carry, in bytes and characters."""
    messages: list[MessageSnapshot] = []
    for queue in queues.channels:
        messages += [*queue.ready, *queue.in_work, *(letter.message for letter in queue.dead_letters)]
    headers = (pair for message in messages for pair in (message.headers or {}).items())
    return sum(len(message.payload) for message in messages) + sum(len(name) + len(value) for name, value in headers)


def _plain_headers(headers: dict[str, str], longest: int | None) -> dict[str, str]:
    if longest is None:
        return headers
    shown = islice(headers.items(), MOST_HEADERS_THERE)
    cut = {beginning(name, longest): beginning(value, longest) for name, value in shown}
    more = len(headers) - MOST_HEADERS_THERE
    return cut if more <= 0 else {**cut, "…": counted(more, "more header")}


def _plain_bytes(value: bytes, longest: int | None) -> dict[str, str]:
    rest = ""
    if longest is not None and len(value) > longest:
        rest = f"… ({counted(len(value), 'byte')} in all)"
        # Not in the middle of a character.
        end = next((end for end in range(longest, longest - 4, -1) if value[end] & 0xC0 != 0x80), longest)  # noqa: PLR2004
        value = value[:end]
    try:
        return {"text": value.decode() + rest}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value + rest.encode()).decode()}


def _plain_result(result: Any) -> dict[str, Any]:
    try:
        same = json.loads(json.dumps(result, allow_nan=False))
        is_same = type(same) is type(result) and bool(same == result)
    except BaseException as error:
        if is_from_outside(error):
            raise
        return {"repr": whole(result)}
    return {"value": same} if is_same else {"repr": whole(result)}


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


def _unplain_bytes(value: Any) -> bytes | None:
    """Return a payload; None where it has no known form, so that the error names the field."""
    match value if isinstance(value, Mapping) else None:
        case {"text": str(text)}:
            try:
                return text.encode()
            except UnicodeEncodeError:
                return None
        case {"base64": str(text)}:
            try:
                return base64.b64decode(text, validate=True)
            except ValueError:
                return None
    return None
