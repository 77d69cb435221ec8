"""The sections of an AsyncAPI document's page: servers, channels with their operations, messages, schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from repid_nb.asyncapi.parts import badge, code, facts, json_block, leaves, link, paragraphs
from repid_nb.asyncapi.pointers import PathT, follow, look_up
from repid_nb.asyncapi.schema import schema_view
from repid_nb.html import Element
from repid_nb.html import page_element as element

__all__ = ["Sections"]

_ACTIONS = {"receive": "\N{DOWNWARDS ARROW} receive", "send": "\N{UPWARDS ARROW} send"}
_ROOTS: dict[str, PathT] = {
    "Servers": ("servers",),
    "Operations": ("operations",),
    "Messages": ("components", "messages"),
    "Schemas": ("components", "schemas"),
}


class Sections:
    """The parts of one document as HTML, each entry with an anchor for links to it.

    Args:
        wanted: The sections of the page, from "Servers", "Operations", "Messages" and "Schemas".
        expand_examples: Whether examples of messages are shown unfolded.
    """

    def __init__(self, document: dict[str, Any], wanted: Iterable[str], *, expand_examples: bool) -> None:
        self._document = document
        self._wanted = tuple(wanted)
        self._expand_examples = expand_examples
        # Anchors are numbered, because names may hold any character.
        self._anchors: dict[PathT, str] = {
            (*_ROOTS[section], key): f"{section.lower()}-{number}"
            for section in self._wanted
            for number, key in enumerate(self.entries(section), 1)
        }

    def entries(self, section: str) -> dict[str, Any]:
        """Return the entries of a section, by key."""
        node: Any = self._document
        for step in _ROOTS[section]:
            node = node.get(step) or {}
        entries: dict[str, Any] = node
        return entries

    def channels(self) -> dict[str, Any]:
        """Return the document's channels by address."""
        return self._document.get("channels") or {}

    def links(self, section: str) -> list[Element]:
        """Return a link to each entry of a section."""
        return [self._link_to((*_ROOTS[section], key)) for key in self.entries(section)]

    def views(self) -> dict[str, list[Element]]:
        """Return the HTML of the wanted sections that have entries."""
        draw = {
            "Servers": lambda: [self._server(name, one) for name, one in self.entries("Servers").items()],
            "Operations": lambda: [self._channel(address, one) for address, one in self.channels().items()],
            "Messages": lambda: [self._message(key, one) for key, one in self.entries("Messages").items()],
            "Schemas": lambda: [self._schema(name, one) for name, one in self.entries("Schemas").items()],
        }
        views = {section: draw[section]() for section in self._wanted}
        return {section: view for section, view in views.items() if view}

    def tags_and_docs(self, source: dict[str, Any]) -> dict[str, Any]:
        """Return the facts about an object's tags and further documentation."""
        tags = [follow(self._document, one)[1] or {} for one in source.get("tags") or ()]
        names = [element("li", badge(tag["name"]), self._about_tag(tag)) for tag in tags if "name" in tag]
        docs = follow(self._document, source.get("externalDocs"))[1]
        return {
            "Tags": element("ul", names, class_="names") if names else None,
            "Documentation": link(docs["url"], docs.get("description")) if docs else None,
        }

    def _about_tag(self, tag: dict[str, Any]) -> Element | None:
        docs = follow(self._document, tag.get("externalDocs"))[1]
        about = [
            [" ", tag["description"]] if tag.get("description") else None,
            [" (", link(docs["url"], "documentation"), ")"] if docs else None,
        ]
        return element("span", about, class_="soft") if any(about) else None

    def _server(self, name: str, server: dict[str, Any]) -> Element:
        protocol, version = server["protocol"], server.get("protocolVersion")
        variables = server.get("variables")
        return self._card(
            ("servers", name),
            [element("h3", code(name)), badge(f"{protocol} {version}" if version else protocol)],
            server,
            {
                "Address": code(f"{protocol}://{server['host']}{server.get('pathname') or ''}"),
                "Variables": leaves(variables) if variables else None,
            },
        )

    def _channel(self, address: str, channel: dict[str, Any]) -> Element:
        operations = [
            self._operation(name, operation)
            for name, operation in self.entries("Operations").items()
            if look_up(self._document, operation["channel"]["$ref"])[0] == ("channels", address)
        ]
        return element(
            "section",
            element("h3", element("span", "channel ", class_="word"), code(address)),
            _described(channel),
            facts(self._options(channel)),
            operations or element("p", "No operation uses this channel.", class_="soft"),
            class_="channel",
        )

    def _operation(self, name: str, operation: dict[str, Any]) -> Element:
        action = operation["action"]
        followed = [follow(self._document, one) for one in operation.get("messages") or ()]
        links = [element("li", self._link_to(path)) for path, _ in followed]
        # AsyncAPI 3.0 calls messages deprecated, not operations.
        is_deprecated = bool(followed) and all((message or {}).get("deprecated") for _, message in followed)
        return self._card(
            ("operations", name),
            [element("h4", code(name)), badge(_ACTIONS.get(action, action), "action"), _deprecated(is_deprecated)],
            operation,
            {"Messages": element("ul", links, class_="names") if links else None},
            class_=action if action in _ACTIONS else None,
        )

    def _message(self, key: str, message: dict[str, Any]) -> Element:
        name, content_type = message.get("name", key), message.get("contentType")
        correlation = message.get("correlationId")
        views = [
            schema_view(message[field], f"{field.capitalize()} of {name}", self._schema_link)
            for field in ("payload", "headers")
            if field in message
        ]
        where = [code(correlation["location"]), paragraphs(correlation.get("description"))] if correlation else None
        return self._card(
            ("components", "messages", key),
            [
                element("h3", code(key)),
                badge(content_type) if content_type else None,
                _deprecated(message.get("deprecated", False)),
            ],
            message,
            {"Name": code(name) if name != key else None, "Correlation id": where},
            views or element("p", "Neither payload nor headers are described.", class_="soft"),
            [self._example(number, one, name) for number, one in enumerate(message.get("examples") or (), 1)],
        )

    def _example(self, number: int, example: dict[str, Any], name: str) -> Element:
        title = f"Example {number}" + (f": {example['name']}" if "name" in example else "")
        parts = [
            [element("p", field.capitalize(), class_="word"), json_block(example[field], f"{title}, {field} of {name}")]
            for field in ("payload", "headers")
            if field in example
        ]
        return element(
            "details",
            element("summary", title),
            paragraphs(example.get("summary")),
            parts,
            open=self._expand_examples,
        )

    def _schema(self, name: str, schema: Any) -> Element:
        return self._card(
            ("components", "schemas", name),
            element("h3", code(name)),
            {"description": schema.get("description")} if isinstance(schema, dict) else {},
            {},
            schema_view(schema, f"Properties of {name}", self._schema_link),
        )

    def _card(
        self,
        path: PathT,
        head: Any,
        source: dict[str, Any],
        named: dict[str, Any],
        *content: Any,
        class_: str | None = None,
    ) -> Element:
        return element(
            "article",
            element("div", head, class_="head"),
            _described(source),
            facts(named | self._options(source)),
            content,
            id=self._anchors[path],
            class_=class_,
        )

    def _options(self, source: dict[str, Any]) -> dict[str, Any]:
        bindings = follow(self._document, source.get("bindings"))[1]
        security = [leaves(follow(self._document, one)[1] or one) for one in source.get("security") or ()]
        return {
            "Security": security,
            "Bindings": leaves(bindings) if bindings else None,
            **self.tags_and_docs(source),
        }

    def _schema_link(self, pointer: str) -> Element:
        path = look_up(self._document, pointer)[0]
        # Definitions move to the components; a schema that was written by hand may still point at "#/$defs/Name".
        moved = ("components", "schemas", *path[-1:])
        return self._link_to(moved if moved in self._anchors and path not in self._anchors else path)

    def _link_to(self, path: PathT) -> Element:
        name = code(path[-1] if path else "?")
        return element("a", name, href=f"#{self._anchors[path]}") if path in self._anchors else name


def _described(source: dict[str, Any]) -> list[Element | None]:
    title, summary = source.get("title"), source.get("summary")
    return [
        element("p", title, class_="title") if title else None,
        element("p", summary, class_=None if title else "title") if summary else None,
        element("div", paragraphs(source.get("description")), class_="soft") if source.get("description") else None,
    ]


def _deprecated(is_deprecated: bool) -> Element | None:
    return badge("deprecated", "deprecated") if is_deprecated else None
