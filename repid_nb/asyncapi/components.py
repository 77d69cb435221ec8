"""The components of an AsyncAPI document: each is described once, and referred to wherever it is used.

The names of components, and the numbers of clashing names, are repid 2.1.4's; the characters of a key and the form of a
pointer are AsyncAPI 3.0's (Components Object, Reference Object) and RFC 6901's.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

from repid_nb.core.actor import ActorData
from repid_nb.core.description import ActorMessageMetadata, Channel, ExternalDocs, MessageSchema, SendOperation, Tag
from repid_nb.core.message import ServerT

__all__ = ["Components", "ReferenceT", "component_key", "pointer_token", "present", "unique_name"]

ReferenceT: TypeAlias = dict[str, str]
DescribedT: TypeAlias = ActorData | ActorMessageMetadata | Channel | MessageSchema | SendOperation | ServerT

_NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9._-]+")
_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")

# The keywords of a JSON schema that hold further schemas; others ("default", "const", "examples") hold plain data.
_HOLDS_NAMED_SCHEMAS = frozenset(
    {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
)
_HOLDS_SCHEMAS = frozenset(
    {"additionalItems", "additionalProperties", "allOf", "anyOf", "contains", "else", "if", "items", "not", "oneOf"}
    | {"prefixItems", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"}
)


def component_key(name: str, *, fallback: str) -> str:
    """Return `name` as a key that components and operations may have: letters, digits, dot, dash and underscore.

    Args:
        fallback: The key for a name without any such character.
    """
    return _NOT_IN_A_KEY.sub("_", name).strip("._-") or fallback


def pointer_token(key: str) -> str:
    """Return `key` as one step of a JSON pointer in a URI fragment (RFC 6901, section 6)."""
    return quote(key.replace("~", "~0").replace("/", "~1"), safe="-._~")


def unique_name(base: str, taken: Container[str], *, first: int = 1) -> str:
    """Return `base`, or `base` with the lowest number from `first` on that is not taken."""
    name, number = base, first
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


class Components:
    """Collects the components of one document.

    Attributes:
        sections: The components, by section of the Components Object and key.
    """

    def __init__(self) -> None:
        self.sections: dict[str, dict[str, Any]] = {"messages": {}}
        self._keys_of_tags: dict[str, str] = {}
        self._keys_of_urls: dict[str, str] = {}
        self._keys_of_definitions: dict[tuple[str, str], str] = {}

    def add(self, section: str, name: str, component: Any) -> str:
        """Keep a component and return its key.

        Args:
            section: The field of the Components Object, such as `messages`.
            name: The wanted name of the component; clashing names are numbered.
        """
        store = self.sections.setdefault(section, {})
        key = unique_name(component_key(name, fallback=section.removesuffix("s")), store)
        store[key] = component
        return key

    def refer(self, section: str, key: str) -> ReferenceT:
        """Return the Reference Object that points at a component."""
        return {"$ref": f"#/components/{section}/{pointer_token(key)}"}

    def described(self, source: DescribedT) -> dict[str, Any]:
        """Return the fields that nearly every object of AsyncAPI has, those that `source` has."""
        return present(
            {
                "title": source.title,
                "summary": source.summary,
                "description": source.description,
                "tags": self.tags(getattr(source, "tags", None)) or None,
                "externalDocs": self.external_docs(source.external_docs),
            }
        )

    def bindings(self, section: str, owner: str, bindings: Any) -> Any:
        """Keep bindings as a component and return a reference to them: None without any, a reference as it is."""
        if not bindings:
            return None
        if "$ref" in bindings:
            return bindings
        return self.refer(section, self.add(section, f"{owner}_bindings", bindings))

    def security(self, schemes: Iterable[Any], owner: str) -> list[Any]:
        """Keep security schemes as components and return references to them; references are returned as they are."""
        return [
            self.refer("securitySchemes", self.add("securitySchemes", f"{owner}-security-schema-{index}", scheme))
            if isinstance(scheme, dict) and "$ref" not in scheme
            else scheme
            for index, scheme in enumerate(schemes)
        ]

    def tags(self, tags: Iterable[Tag] | None) -> list[ReferenceT]:
        """Keep tags as components, the first of each name, and return references to them, each once."""
        keys = [self._tag(tag) for tag in tags or () if tag.name]
        return [self.refer("tags", key) for key in dict.fromkeys(keys)]

    def _tag(self, tag: Tag) -> str:
        component: dict[str, Any] = {"name": tag.name}
        if tag.description:
            component["description"] = tag.description
        if docs := self.external_docs(tag.external_docs):
            component["externalDocs"] = docs
        if tag.name not in self._keys_of_tags:
            store = self.sections.setdefault("tags", {})
            # A name that is a key already stays whole, as in repid; component_key would trim its ends.
            base = component_key(tag.name, fallback="tag") if _NOT_IN_A_KEY.search(tag.name) else tag.name
            key = self._keys_of_tags[tag.name] = unique_name(base, store)
            store[key] = component
        return self._keys_of_tags[tag.name]

    def external_docs(self, docs: ExternalDocs | None) -> ReferenceT | None:
        """Keep a link as a component, the first for each address, and return a reference to it; None without one."""
        if docs is None or not docs.url:
            return None
        if docs.url not in self._keys_of_urls:
            store = self.sections.setdefault("externalDocs", {})
            slug = _NOT_IN_A_SLUG.sub("_", docs.url.lower()).strip("_")
            base = slug if slug.startswith("external_docs") else f"external_docs_{slug}".rstrip("_")
            key = self._keys_of_urls[docs.url] = unique_name(base, store, first=2)
            store[key] = {"url": docs.url} | ({"description": docs.description} if docs.description else {})
        return self.refer("externalDocs", self._keys_of_urls[docs.url])

    def schema(self, schema: Any) -> Any:
        """Return a JSON schema without its definitions, which become components under their own names.

        Two definitions of one name that differ are two components; the later one gets a number. The schema that was
        given is left as it was.
        """
        written = _written_for_asyncapi(schema)
        if not isinstance(written, dict) or not (definitions := written.pop("$defs", None)):
            return written
        store = self.sections.setdefault("schemas", {})
        keys: dict[str, str] = {}
        added: list[str] = []
        for name in definitions:
            # Two definitions are the same when all definitions that they refer to are the same, too.
            known = name, repr({one: definitions[one] for one in _reachable(name, definitions)})
            if known not in self._keys_of_definitions:
                self._keys_of_definitions[known] = unique_name(name, store)
                store[self._keys_of_definitions[known]] = None
                added.append(name)
            keys[name] = self._keys_of_definitions[known]
        moved = {name: key for name, key in keys.items() if name != key}
        for name in added:
            store[keys[name]] = _pointing_to(definitions[name], moved)
        return _pointing_to(written, moved)


def _reachable(name: str, definitions: Mapping[str, Any]) -> dict[str, None]:
    """Return the names of a definition and of those that it refers to, in order."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in definitions and one not in found:
            found[one] = None
            waiting += _definitions_in(definitions[one])
    return found


def _definitions_in(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _definitions_in(one)
    if isinstance(node, dict):
        if (name := _definition_at(node.get("$ref"))) is not None:
            yield name
        for one in node.values():
            yield from _definitions_in(one)


def _pointing_to(node: Any, moved: Mapping[str, str]) -> Any:
    """Return a copy of a schema in which pointers to moved definitions have the new keys."""
    if not moved:
        return node
    if isinstance(node, list):
        return [_pointing_to(one, moved) for one in node]
    if not isinstance(node, dict):
        return node
    copy = {keyword: _pointing_to(value, moved) for keyword, value in node.items()}
    if (key := moved.get(_definition_at(node.get("$ref")) or "")) is not None:
        copy["$ref"] = f"#/components/schemas/{pointer_token(key)}"
    return copy


def _definition_at(pointer: Any) -> str | None:
    for root in ("#/components/schemas/", "#/$defs/"):
        if isinstance(pointer, str) and pointer.startswith(root):
            return unquote(pointer.removeprefix(root)).replace("~1", "/").replace("~0", "~")
    return None


def _written_for_asyncapi(schema: Any) -> Any:
    """Return a copy of a JSON schema in which a `discriminator` has AsyncAPI's form: the name of the property.

    Pydantic writes OpenAPI's object with `propertyName` and `mapping`, which AsyncAPI 3.0 (Schema Object) refuses.
    """
    if isinstance(schema, list | tuple):
        return [_written_for_asyncapi(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    written: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _HOLDS_NAMED_SCHEMAS and isinstance(value, Mapping):
            written[keyword] = {name: _written_for_asyncapi(one) for name, one in value.items()}
        elif keyword in _HOLDS_SCHEMAS:
            written[keyword] = _written_for_asyncapi(value)
        elif keyword == "discriminator" and isinstance(value, Mapping) and "propertyName" in value:
            written[keyword] = value["propertyName"]
        else:
            written[keyword] = value
    return written
