"""The page of an AsyncAPI document, read as a browser's parser reads it."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from repid_nb.asyncapi import page
from repid_nb.asyncapi.page import asyncapi_html
from repid_nb.html import DARK_PAGES

NASTY = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;"
VOID = {"base", "meta"}


class Element:
    def __init__(self, name, attributes, parent):
        self.name, self.attributes, self.parent, self.children = name, dict(attributes), parent, []

    def walk(self):
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, name, **attributes):
        return [
            one
            for one in self.walk()
            if one.name == name
            and all(one.attributes.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]

    @property
    def text(self):
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return " ".join(" ".join(parts).split())


class Tree(HTMLParser):
    """Builds the tree and refuses tags that are not closed in order."""

    def __init__(self, page):
        super().__init__()
        self.root = self.open = Element("#document", (), None)
        self.feed(page)
        self.close()
        assert self.open is self.root

    def handle_starttag(self, tag, attrs):
        element = Element(tag, attrs, self.open)
        self.open.children.append(element)
        if tag not in VOID:
            self.open = element

    def handle_endtag(self, tag):
        assert self.open.name == tag
        self.open = self.open.parent

    def handle_data(self, data):
        self.open.children.append(data)


def read(document, **options):
    return Tree(asyncapi_html(document, **options)).root


def ref(pointer):
    return {"$ref": pointer}


def message_with(payload, **fields):
    return shop() | {"components": {"messages": {"placed": {"name": "placed", "payload": payload, **fields}}}}


def shop():
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Shop",
            "version": "2.1.0",
            "description": "Sells things.",
            "termsOfService": "https://shop.test/terms",
            "contact": {"name": "Ada", "url": "https://ada.test", "email": "ada@shop.test"},
            "license": {"name": "MIT", "url": "https://mit.test"},
            "tags": [ref("#/components/tags/shop")],
            "externalDocs": ref("#/components/externalDocs/more"),
        },
        "servers": {
            "main": {
                "host": "localhost:5672",
                "pathname": "/v",
                "protocol": "amqp",
                "protocolVersion": "0.9.1",
                "variables": {"port": {"default": "5672"}},
            }
        },
        "channels": {
            "or/ders é": {"title": "Orders", "messages": {"placed": ref("#/components/messages/placed")}},
            "unused": {},
        },
        "operations": {
            "receive_placed": {
                "action": "receive",
                "channel": ref("#/channels/or~1ders%20%C3%A9"),
                "summary": "Takes an order.",
                "description": "First line.\n\n        Second paragraph of a docstring.",
                "messages": [ref("#/channels/or~1ders%20%C3%A9/messages/placed")],
                "bindings": ref("#/components/operationBindings/b"),
                "security": [ref("#/components/securitySchemes/s")],
            },
            "send_nothing": {"action": "send", "channel": ref("#/channels/or~1ders%20%C3%A9")},
        },
        "components": {
            "messages": {
                "placed": {
                    "name": "pla/ced",
                    "contentType": "application/json",
                    "deprecated": True,
                    "payload": {
                        "type": "object",
                        "required": ["item"],
                        "properties": {"item": ref("#/components/schemas/Item"), "note": {"type": ["string", "null"]}},
                    },
                    "headers": {"type": "object", "properties": {"x-trace": {"type": "integer", "default": 0}}},
                    "correlationId": {"location": "$message.header#/x-trace", "description": "Ties them."},
                    "examples": [{"name": "one", "summary": "An example.", "payload": {"item": {"sku": "ABC"}}}],
                }
            },
            "schemas": {"Item": {"type": "object", "properties": {"sku": {"type": "string"}}}},
            "operationBindings": {"b": {"amqp": {"ack": True, "cc": ["a"]}}},
            "securitySchemes": {"s": {"type": "userPassword"}},
            "tags": {"shop": {"name": "shop", "description": "buys and sells"}},
            "externalDocs": {"more": {"url": "https://docs.test", "description": "More"}},
        },
    }


def facts_of(element):
    return {name.text: name.parent.children[name.parent.children.index(name) + 1].text for name in element.all("dt")}


def rows_of(element):
    return [[cell.text for cell in row.children] for row in element.all("tr") if row.parent.name == "tbody"]


def article(root, anchor_prefix, number=1):
    (found,) = root.all("article", id=f"{anchor_prefix}-{number}")
    return found


def test_the_head_says_what_the_application_is():
    header = read(shop()).all("header")[0]
    assert header.all("h1")[0].text == "Shop"
    assert [one.text for one in header.all("span", class_="badge")][:2] == ["version 2.1.0", "AsyncAPI 3.0.0"]
    assert header.all("ul", class_="counts")[0].text == "1 server 2 channels 2 operations 1 message 1 schema"
    assert facts_of(header) == {
        "Contact": "Ada ada@shop.test",
        "Licence": "MIT",
        "Terms": "https://shop.test/terms",
        "Tags": "shop buys and sells",
        "Documentation": "More",
    }
    assert [one.attributes["href"] for one in header.all("a")] == [
        "https://ada.test",
        "mailto:ada@shop.test",
        "https://mit.test",
        "https://shop.test/terms",
        "https://docs.test",
    ]


def test_a_server_shows_its_address_protocol_and_variables():
    server = article(read(shop()), "servers")
    assert server.all("div", class_="head")[0].text == "main amqp 0.9.1"
    assert facts_of(server) == {"Address": "amqp://localhost:5672/v", "Variables": 'port.default "5672"'}


def test_operations_stand_under_their_channel_with_their_direction_in_words():
    first, second = read(shop()).all("section", class_="channel")
    assert first.all("h3")[0].text == "channel or/ders é"
    assert [one.text for one in first.all("div", class_="head")] == [
        "receive_placed ↓ receive deprecated",
        "send_nothing ↑ send",
    ]
    assert second.text == "channel unused No operation uses this channel."


def test_an_operation_shows_its_messages_security_and_bindings():
    operation = article(read(shop()), "operations")
    assert facts_of(operation) == {
        "Messages": "placed",
        "Security": 'type "userPassword"',
        "Bindings": 'amqp.ack true amqp.cc ["a"]',
    }
    assert operation.all("a")[0].attributes["href"] == "#messages-1"


def test_a_description_is_parted_into_paragraphs_without_the_docstrings_indentation():
    operation = article(read(shop()), "operations")
    assert [one.text for one in operation.all("p")] == [
        "Takes an order.",
        "First line.",
        "Second paragraph of a docstring.",
    ]
    assert "        Second" not in asyncapi_html(shop())


def test_a_message_shows_its_payload_and_headers_as_tables():
    message = article(read(shop()), "messages")
    payload, headers = message.all("table")
    assert payload.all("caption")[0].text == "Payload of pla/ced"
    assert rows_of(payload) == [["item", "Item", "required", ""], ["note", "string or null", "optional", ""]]
    assert rows_of(headers) == [["x-trace", "integer", "optional", "default 0"]]
    assert message.all("div", class_="head")[0].text == "placed application/json deprecated"
    assert facts_of(message) == {"Name": "pla/ced", "Correlation id": "$message.header#/x-trace Ties them."}


def test_a_type_links_to_the_schema_it_names():
    root = read(shop())
    (target,) = article(root, "messages").all("td", class_="type")[0].all("a")
    assert target.attributes["href"] == "#schemas-1"
    assert rows_of(article(root, "schemas")) == [["sku", "string", "optional", ""]]


@pytest.mark.parametrize(
    ("schema", "kind", "note"),
    [
        ({"type": "string", "format": "email"}, "string (email)", ""),
        ({"type": "integer", "minimum": 1, "exclusiveMaximum": 9}, "integer", "at least 1 less than 9"),
        ({"enum": ["a", 1]}, '"a" or 1', ""),
        ({"const": "a", "type": "string"}, "string", 'always "a"'),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, "string or null", "default null"),
        ({"allOf": [ref("#/components/schemas/A"), {"type": "object"}]}, "A and object", ""),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 1}, "list of integer", "items: at least 1"),
        ({"type": "array"}, "list", ""),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {}]}, "list of exactly integer, anything", ""),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer", ""),
        ({"type": "string", "description": "Words.", "pattern": "^a$"}, "string", "Words. pattern ^a$"),
        ({"type": "string", "examples": ["x", "y"]}, "string", 'for example "x" , "y"'),
        (
            {"oneOf": [{"type": "string"}, {"type": "integer"}], "discriminator": "k"},
            "string or integer",
            "told apart by k",
        ),
        ({"type": "string", "deprecated": True}, "string", "deprecated"),
        ({}, "anything", ""),
        (True, "anything", ""),
        (False, "nothing", ""),
    ],
)
def test_a_property_says_its_type_and_its_limits(schema, kind, note):
    root = read(message_with({"properties": {"a": schema}}))
    ((_, shown_kind, _, shown_note),) = rows_of(article(root, "messages"))
    assert (shown_kind, shown_note) == (kind, note)


def test_objects_written_in_place_show_their_properties_under_a_dotted_name():
    inner = {"type": "object", "required": ["c"], "properties": {"c": {"type": "string"}}}
    payload = {"properties": {"a": inner, "b": {"type": "array", "items": inner}}}
    assert [row[::2] for row in rows_of(article(read(message_with(payload)), "messages"))] == [
        ["a", "optional"],
        ["a.c", "required"],
        ["b", "optional"],
        ["b[].c", "required"],
    ]


def test_a_payload_without_properties_is_said_in_a_line():
    root = read(message_with({"type": "array", "items": {"type": "string"}, "description": "Names."}))
    assert article(root, "messages").all("div", class_="plain")[0].text == "Payload of placed list of string Names."


def test_a_schema_in_another_format_is_shown_as_it_is():
    root = read(message_with({"schemaFormat": "application/vnd.apache.avro", "schema": {"type": "record"}}))
    assert '"type": "record"' in article(root, "messages").all("pre")[0].text


def test_a_message_that_describes_nothing_says_so():
    document = shop() | {"components": {"messages": {"ping": {"name": "ping"}}}}
    assert "Neither payload nor headers are described." in article(read(document), "messages").text


@pytest.mark.parametrize("expanded", [True, False])
def test_examples_are_unfolded_as_asked(expanded):
    (example,) = read(shop(), expand_message_examples=expanded).all("details")
    assert ("open" in example.attributes) is expanded
    assert example.all("summary")[0].text == "Example 1: one"
    assert '"sku": "ABC"' in example.all("pre")[0].text


@pytest.mark.parametrize("section", ["servers", "operations", "messages", "schemas"])
def test_a_section_that_is_not_wanted_is_left_out_with_all_links_to_it(section):
    root = read(shop(), **{section: False})
    assert [one.text.lower() for one in root.all("h2")] == [
        name for name in ("servers", "operations", "messages", "schemas") if name != section
    ]
    assert not [one for one in root.all("a") if section in one.attributes["href"]]


def test_the_sidebar_lists_every_entry_and_can_be_left_out():
    (nav,) = read(shop()).all("nav", **{"aria-label": "Contents"})
    assert nav.text == "Servers main Operations receive_placed send_nothing Messages placed Schemas Item"
    assert read(shop(), sidebar=False).all("nav") == []


def test_without_the_head_the_page_still_has_its_one_heading():
    root = read(shop(), info=False)
    assert root.all("header") == []
    assert [one.text for one in root.all("h1")] == ["Shop"]


def test_pointers_that_lead_nowhere_are_listed_unless_unwanted():
    data = {"$ref": "#/data"}
    properties = {"a": ref("#/$defs/Lost"), "b": {"default": data, "examples": [data]}, "default": ref("#/lost")}
    document = message_with({"properties": properties})
    document["operations"] = {}
    document["info"] = {"title": "t", "version": "1"}
    document["channels"] = {}
    (problems,) = read(document).all("section", class_="problems")
    assert [one.text for one in problems.all("li")] == [
        "#/$defs/Lost in components/messages/placed/payload/properties/a",
        "#/lost in components/messages/placed/payload/properties/default",
    ]
    assert read(document, errors=False).all("section", class_="problems") == []
    assert read(shop()).all("section", class_="problems") == []


def test_a_pointer_to_definitions_that_became_components_still_links_to_the_schema():
    document = shop()
    document["components"]["messages"]["placed"]["payload"] = {"properties": {"a": ref("#/$defs/Item")}}
    assert (
        article(read(document), "messages").all("td", class_="type")[0].all("a")[0].attributes["href"] == "#schemas-1"
    )


def test_pointers_in_a_circle_are_given_up():
    document = shop()
    document["components"]["tags"]["shop"] = ref("#/components/tags/shop")
    assert "Tags" not in facts_of(read(document).all("header")[0])


def test_an_empty_document_is_a_page_with_a_title():
    document = {"asyncapi": "3.0.0", "info": {"title": "t", "version": "1"}}
    assert read(document).all("main")[0].text == "t version 1 AsyncAPI 3.0.0"


def made_nasty(node):
    """The same document with every name and every text made nasty, and pointers that still fit."""
    escaped = NASTY.replace("~", "~0").replace("/", "~1").replace("%", "%25")
    if isinstance(node, list):
        return [made_nasty(one) for one in node]
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            section = {"channels": 2}.get(node["$ref"].split("/")[1], 3)
            steps = node["$ref"].split("/")
            return ref(
                "/".join(
                    [step + escaped if i >= section and step != "messages" else step for i, step in enumerate(steps)]
                )
            )
        return {
            (key + NASTY if isinstance(value, dict) and key not in KEYWORDS else key): made_nasty(value)
            for key, value in node.items()
        }
    return node + NASTY if isinstance(node, str) and node not in {"object", "receive", "send"} else node


KEYWORDS = {
    *("info", "servers", "channels", "operations", "components", "messages", "schemas", "tags", "externalDocs"),
    *("operationBindings", "securitySchemes", "payload", "headers", "properties", "contact", "license"),
    *("correlationId", "variables", "bindings", "security", "channel"),
}


def test_nothing_that_somebody_wrote_becomes_markup():
    plain, nasty = read(shop()), read(made_nasty(shop()))

    def shape(root):
        return [(one.name, sorted(one.attributes)) for one in root.walk()]

    assert shape(nasty) == shape(plain)
    assert nasty.text.count("<script>alert(1)</script>") > 40
    assert nasty.text.count(NASTY) > 40


def test_an_address_that_is_no_web_address_cannot_be_followed():
    document = shop()
    document["info"]["termsOfService"] = "javascript:alert(1)"
    document["info"]["contact"] = {"name": "Ada", "url": " data:text/html,x"}
    document["info"].pop("license")
    header = read(document).all("header")[0]
    assert [one.attributes["href"] for one in header.all("a")] == ["https://docs.test"]
    assert "javascript:alert(1)" in header.text


def test_the_page_loads_nothing():
    page = asyncapi_html(shop())
    root = Tree(page).root
    assert {one.name for one in root.walk()} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
    } == set()
    assert [one for one in root.walk() if {"src", "style", "srcset"} & one.attributes.keys()] == []
    assert re.search(r"url\(|@import", page) is None
    (policy,) = root.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert policy.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_in_a_notebook_it_is_the_page_itself_in_a_frame():
    page = asyncapi_html(shop())
    (frame,) = Tree(page._repr_html_()).root.all("iframe")
    inside = Tree(frame.attributes["srcdoc"]).root
    assert [one.attributes["href"] for one in inside.all("base")] == ["about:srcdoc"]
    assert inside.text == Tree(page).root.text


def test_the_frame_is_as_wide_as_its_place_and_as_dark_as_the_notebook():
    shown = asyncapi_html(shop())._repr_html_()
    assert "box-sizing: border-box" in shown
    assert f":is({DARK_PAGES}) .repid-nb-page {{ color-scheme: dark }}" in shown
    (frame,) = Tree(shown).root.all("iframe")
    assert frame.attributes["class"] == "repid-nb-page"


def test_without_html_a_notebook_does_not_print_its_source():
    assert repr(asyncapi_html(shop())) == "An AsyncAPI page of 12 kB. A running notebook shows it."


def test_elsewhere_it_is_plain_text():
    page = asyncapi_html(shop())
    assert isinstance(page, str)
    assert str(page).startswith("<!DOCTYPE html>")
    assert f"{page}" == str(page)


@pytest.mark.parametrize("document", [shop(), made_nasty(shop())], ids=["plain", "nasty"])
def test_every_link_within_the_page_leads_to_exactly_one_place(document):
    root = read(document)
    places = [one.attributes["id"] for one in root.walk() if "id" in one.attributes]
    assert len(places) == len(set(places))
    assert {one.attributes["href"][1:] for one in root.all("a") if one.attributes["href"].startswith("#")} <= set(
        places
    )


def test_headings_go_down_one_level_at_a_time_and_tables_name_their_rows_and_columns():
    root = read(shop())
    levels = [int(one.name[1]) for one in root.walk() if re.fullmatch(r"h[1-6]", one.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in root.all("table"):
        assert len(table.all("caption")) == 1
        assert {one.attributes.get("scope") for one in table.all("th")} == {"row", "col"}


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_its_ground(scheme):
    style = Path(page.__file__).with_suffix(".css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", light if scheme == "light" else dark))
    grounds = {"receive": ["receive-fill"], "send": ["send-fill"], "warn": ["warn-fill"], "ink": ["warn-fill"]}
    for ink in ("ink", "soft", "link", "receive", "send", "warn"):
        for ground in grounds.get(ink, []) + ["page", "card", "inset"] * (ink in {"ink", "soft", "link"}):
            low, high = sorted((luminance(colours[ink]), luminance(colours[ground])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)
