"""Messages to begin with: a sample for an actor, made from its signature, and those that a teacher has prepared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from repid_nb.core.actor import ActorData
from repid_nb.core.errors import InvalidMessageError
from repid_nb.core.routing.strategies import TopicStrategy
from repid_nb.core.text import text_of
from repid_nb.printable import beginning, contained, cut_to_bytes, first_within
from repid_nb.widgets.form import typed_bytes
from repid_nb.widgets.wire import key_of

__all__ = ["Prepared", "Samples", "prepared_messages", "sample_of"]

SAMPLE = 160
MOST_SAMPLES = 1_000
PREPARED_BYTES = 1_500
DEEPEST = 3

# What a message can be prepared with: the arguments of `Stepper.send`, and what its button says.
KNOWN = frozenset({"channel", "operation_id", "payload", "topic", "headers", "priority", "content_type", "label"})

_EXAMPLES: Mapping[str, Any] = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
_FORMATS: Mapping[str, str] = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00",
    "duration": "PT5M",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "ada@example.com",
    "uri": "https://example.com/",
}


class Samples:
    """The samples of actors, each made once."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[ActorData, dict[str, str]]] = {}

    def of(self, actor: ActorData) -> dict[str, str]:
        """Return the sample of an actor."""
        known = self._made.get(id(actor))
        if known is None or known[0] is not actor:
            if len(self._made) >= MOST_SAMPLES:
                self._made.clear()
            known = self._made[id(actor)] = (actor, sample_of(actor))
        return known[1]


def sample_of(actor: ActorData) -> dict[str, str]:
    """Return a topic and a payload that an actor takes, as they are typed: by its strategy and its signature.

    Returns:
        `topic`, where the actor goes by it, and `payload`, as JSON; each only where it is not too long.
    """
    sample: dict[str, str] = {}
    strategy = actor.routing_strategy
    if isinstance(strategy, TopicStrategy):
        sample["topic"] = text_of(actor.name)
    # A converter may be a learner's own, and a schema may refuse to be made.
    with contained():
        text = json.dumps(_payload(actor), ensure_ascii=False)
        if text not in ("{}", "null"):
            sample["payload"] = text
    return {name: value for name, value in sample.items() if cut_to_bytes(value, SAMPLE) == value}


def _payload(actor: ActorData) -> Any:
    model = getattr(actor.converter, "payload_pydantic_model", None)
    schema = {} if model is None else model.model_json_schema()
    return _example(schema, schema.get("$defs") or {}, DEEPEST)


def _example(schema: Mapping[str, Any], shared: Mapping[str, Any], depth: int, name: str = "") -> Any:
    """Return a value that fits a JSON schema, as a person would write it."""
    if "$ref" in schema:
        schema = shared.get(str(schema["$ref"]).rpartition("/")[2], {})
    given = [*schema.get("examples", ()), *(schema[key] for key in ("default", "const") if key in schema)]
    given += schema.get("enum", ())
    if given:
        return given[0]
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if choices:
        return _example(choices[0], shared, depth, name)
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {}) if depth else {}
        wanted = [key for key in fields if key in schema.get("required", ())]
        return {key: _example(fields[key], shared, depth - 1, key) for key in wanted}
    if kind == "array":
        return [_example(schema["items"], shared, depth - 1, name)] if depth and schema.get("items") else []
    return _simple(schema, str(kind), name)


def _simple(schema: Mapping[str, Any], kind: str, name: str) -> Any:
    if kind == "string":
        return _FORMATS.get(str(schema.get("format")), name or "text").ljust(schema.get("minLength") or 0, "x")
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    if kind in ("integer", "number") and least >= 1:
        return least if "minimum" in schema else least + 1
    return _EXAMPLES.get(kind)


Prepared = list[list[Any]]
"""Prepared messages, each as what its button says and the fields of the form that are set."""


def prepared_messages(given: Iterable[Mapping[str, Any]], channels: Sequence[str]) -> Prepared:
    """Return the messages that a teacher has prepared, checked, as the page offers them.

    Args:
        given: For each message the arguments of `Stepper.send`, and `label` for what its button says.
        channels: The channels with actors: the first one is meant where a message names none.

    Raises:
        InvalidMessageError: It is not a list of dicts, or an argument is not known.
    """
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise InvalidMessageError(
            "messages must be a list of dicts: messages=[{'topic': 'ship', 'payload': {'n': 1}}]."
        )
    messages = []
    for place, one in enumerate(given, start=1):
        if not isinstance(one, Mapping):
            raise InvalidMessageError(f"Prepared message {place} must be a dict with the arguments of stepper.send.")
        unknown = sorted(str(name) for name in one if name not in KNOWN)
        if unknown:
            raise InvalidMessageError(
                f"Prepared message {place} has an unknown {unknown[0]!r}. It can have {', '.join(sorted(KNOWN))}."
            )
        messages.append(_prepared(one, channels))
    return first_within(messages, PREPARED_BYTES)


def _prepared(one: Mapping[str, Any], channels: Sequence[str]) -> list[Any]:
    payload = one.get("payload")
    is_raw = isinstance(payload, bytes)
    form: dict[str, Any] = {}
    if one.get("operation_id"):
        form["operation"] = key_of(str(one["operation_id"]))
    else:
        form["channel"] = key_of(text_of(one.get("channel") or (channels[0] if channels else "")))
    if payload is not None:
        form |= _typed(payload, one.get("content_type"))
    if one.get("topic") is not None:
        form["topic"] = str(one["topic"])
    if one.get("headers"):
        form["headers"] = [[str(name), str(value)] for name, value in dict(one["headers"]).items()]
    if one.get("priority") is not None:
        form["priority"] = str(one["priority"])
    shown = "bytes" if is_raw else beginning(str(form.get("payload", "")), 24)
    label = one.get("label") or " ".join(filter(None, [form.get("topic", ""), shown])) or "an empty message"
    return [cut_to_bytes(str(label), 48), {name: value for name, value in form.items() if value}]


def _typed(payload: Any, content_type: str | None) -> dict[str, str]:
    if isinstance(payload, bytes):
        return typed_bytes(payload, content_type)
    try:
        return {"payload": json.dumps(payload, ensure_ascii=False)}
    except (TypeError, ValueError) as error:
        raise InvalidMessageError(f"A prepared payload has no JSON form: {error}.") from None
