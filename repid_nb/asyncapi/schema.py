"""A JSON schema as a readable table of its properties."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from repid_nb.asyncapi.parts import code, json_block, paragraphs
from repid_nb.html import Child, Element
from repid_nb.html import page_element as element

__all__ = ["schema_view"]

_LIMITS = {
    "default": "default",
    "const": "always",
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
    "multipleOf": "multiple of",
    "minLength": "length: at least",
    "maxLength": "length: at most",
    "minItems": "items: at least",
    "maxItems": "items: at most",
    "minProperties": "properties: at least",
    "maxProperties": "properties: at most",
    "uniqueItems": "all different:",
    "pattern": "pattern",
    "contentEncoding": "encoding",
    "discriminator": "told apart by",
    "examples": "for example",
}

ToSchema = Callable[[str], Child]


def schema_view(schema: Any, caption: str, to_schema: ToSchema) -> Element:
    """Return a JSON schema as HTML: a table when it has properties, otherwise a line with its type.

    Args:
        schema: A JSON schema, or AsyncAPI's Multi Format Schema Object, which is shown as it is.
        caption: The name of the thing that the schema describes.
        to_schema: Turns the pointer of a `$ref` into a link.
    """
    if isinstance(schema, dict) and "schemaFormat" in schema:
        return element("div", element("p", caption, class_="caption"), json_block(schema, caption))
    rows = [
        element(
            "tr",
            element("th", code(name), scope="row"),
            element("td", _kind(one, to_schema), class_="type"),
            element("td", element("strong", "required") if required else "optional"),
            element("td", _notes(one)),
        )
        for name, one, required in _properties(schema)
    ]
    if not rows:
        kind = element("p", element("span", caption, class_="caption"), " ", _kind(schema, to_schema))
        return element("div", kind, _notes(schema), class_="plain")
    head = element("tr", [element("th", name, scope="col") for name in ("Property", "Type", "Required", "Description")])
    table = element("table", element("caption", caption), element("thead", head), element("tbody", rows))
    return element("div", table, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _properties(schema: Any, path: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Yield name, schema and whether it is required, of each property and of those of objects written in place."""
    if not isinstance(schema, dict):
        return
    required = schema.get("required") or ()
    for name, one in (schema.get("properties") or {}).items():
        yield f"{path}{name}", one, name in required
        yield from _properties(one, f"{path}{name}.")
        if isinstance(one, dict):
            yield from _properties(one.get("items"), f"{path}{name}[].")


def _kind(schema: Any, to_schema: ToSchema) -> Child:
    if not isinstance(schema, dict):
        return "nothing" if schema is False else "anything"
    if isinstance(schema.get("$ref"), str):
        return to_schema(schema["$ref"])
    for keyword, word in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if schema.get(keyword):
            return _joined([_kind(one, to_schema) for one in schema[keyword]], word)
    if "enum" in schema:
        return _joined([code(json.dumps(one, ensure_ascii=False)) for one in schema["enum"]], " or ")
    return _named_kind(schema, to_schema)


def _named_kind(schema: dict[str, Any], to_schema: ToSchema) -> Child:
    kind = schema.get("type") or ("object" if "properties" in schema else "anything")
    if kind == "array" and schema.get("prefixItems"):
        return ["list of exactly ", _joined([_kind(one, to_schema) for one in schema["prefixItems"]], ", ")]
    if kind == "array":
        return ["list of ", _kind(schema["items"], to_schema)] if "items" in schema else "list"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return ["object of ", _kind(schema["additionalProperties"], to_schema)]
    named = " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind)
    return f"{named} ({schema['format']})" if "format" in schema else named


def _joined(parts: list[Child], word: str) -> Child:
    return [[word if index else None, part] for index, part in enumerate(parts)]


def _notes(schema: Any) -> Child:
    if not isinstance(schema, dict):
        return None
    limits = [element("li", word, " ", _value(name, schema[name])) for name, word in _LIMITS.items() if name in schema]
    is_deprecated = element("p", element("span", "deprecated", class_="badge deprecated"))
    return [
        is_deprecated if schema.get("deprecated") else None,
        paragraphs(schema.get("description")),
        element("ul", limits, class_="limits") if limits else None,
    ]


def _value(name: str, value: Any) -> Child:
    values = value if name == "examples" and isinstance(value, list) else [value]
    shown = [one if name in {"pattern", "discriminator"} else json.dumps(one, ensure_ascii=False) for one in values]
    return _joined([code(one) for one in shown], ", ")
