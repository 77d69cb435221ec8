"""An AsyncAPI document as one HTML page that needs nothing else: no script, no font, no network.

The sections and their switches are those of repid 2.1.4's page (`Repid.asyncapi_html`); their content is AsyncAPI
3.0's. The page's Content-Security-Policy forbids it to load or run anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from repid_nb.asyncapi.parts import badge, code, facts, link, paragraphs
from repid_nb.asyncapi.pointers import lost_pointers
from repid_nb.asyncapi.sections import Sections
from repid_nb.html import Element, frame_style, to_page
from repid_nb.html import page_element as element

__all__ = ["AsyncAPIPage", "asyncapi_html"]

_STYLE = Path(__file__).with_suffix(".css")
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
"""
_FRAME = (
    ".repid-nb-page { display: block; box-sizing: border-box; width: 100%; height: 40em; border: 1px solid gray; } "
    + frame_style(".repid-nb-page")
)


class AsyncAPIPage(str):
    """The text of an HTML page, which a notebook shows as a page where it is the result of a cell."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"An AsyncAPI page of {len(self) / 1000:.0f} kB. A running notebook shows it."

    def _repr_html_(self) -> str:
        # Without a base of its own, a link within the page would load the page around the frame there (HTML Standard,
        # "fallback base URL").
        page = self.replace("<head>", '<head>\n<base href="about:srcdoc">', 1)
        frame = element("iframe", srcdoc=page, title="AsyncAPI document", class_="repid-nb-page")
        return f"<style>{_FRAME}</style>{to_page(frame)}"


def asyncapi_html(
    document: dict[str, Any],
    *,
    sidebar: bool = True,
    info: bool = True,
    servers: bool = True,
    operations: bool = True,
    messages: bool = True,
    schemas: bool = True,
    errors: bool = True,
    expand_message_examples: bool = True,
) -> AsyncAPIPage:
    """Return an AsyncAPI 3.0 document as a self-contained HTML page.

    Args:
        document: The document, as `AsyncAPIGenerator.generate_schema` returns it.
        sidebar: Whether the page has a table of contents.
        info: Whether it describes the application.
        servers: Whether it lists the servers.
        operations: Whether it lists channels and operations.
        messages: Whether it lists the messages.
        schemas: Whether it lists the schemas that messages share.
        errors: Whether it lists pointers in the document that lead nowhere.
        expand_message_examples: Whether examples are shown unfolded.

    Returns:
        A whole HTML document, which a notebook shows in a frame.
    """
    wanted = {"Servers": servers, "Operations": operations, "Messages": messages, "Schemas": schemas}
    sections = Sections(document, [name for name in wanted if wanted[name]], expand_examples=expand_message_examples)
    views = sections.views()
    contents = _contents(sections, views) if sidebar and views else None
    title = str(document["info"]["title"])
    main = [
        _info(document, sections) if info else element("h1", title, class_="unseen"),
        _problems(document) if errors else None,
        [element("section", element("h2", name, id=name.lower()), view) for name, view in views.items()],
    ]
    body = element(
        "body",
        element("a", "Skip to content", href="#content", class_="skip"),
        element(
            "div",
            contents,
            element("main", main, id="content", tabindex="-1"),
            class_="page with-contents" if contents is not None else "page",
        ),
    )
    head = f"{to_page(element('title', title))}\n<style>{_STYLE.read_text(encoding='utf-8')}</style>"
    return AsyncAPIPage(f"{_HEAD}{head}\n</head>\n{to_page(body)}\n</html>\n")


def _contents(sections: Sections, views: dict[str, list[Element]]) -> Element:
    groups = [
        element(
            "li",
            element("a", name, href=f"#{name.lower()}"),
            element("ul", [element("li", one) for one in sections.links(name)]),
        )
        for name in views
    ]
    return element("nav", element("ul", groups), aria_label="Contents")


def _info(document: dict[str, Any], sections: Sections) -> Element:
    info = document["info"]
    contact, licence, terms = info.get("contact") or {}, info.get("license") or {}, info.get("termsOfService")
    counts = {
        "server": len(sections.entries("Servers")),
        "channel": len(sections.channels()),
        "operation": len(sections.entries("Operations")),
        "message": len(sections.entries("Messages")),
        "schema": len(sections.entries("Schemas")),
    }
    counted = [
        element("li", element("strong", count), f" {name}" if count == 1 else f" {name}s")
        for name, count in counts.items()
        if count
    ]
    return element(
        "header",
        element("h1", info["title"]),
        element("p", badge(f"version {info['version']}"), " ", badge(f"AsyncAPI {document['asyncapi']}")),
        element("div", paragraphs(info.get("description")), class_="lead"),
        element("ul", counted, class_="counts") if counted else None,
        facts(
            {
                "Contact": [
                    _named_link(contact),
                    [" ", link(f"mailto:{contact['email']}", contact["email"])] if contact.get("email") else None,
                ]
                if contact
                else None,
                "Licence": _named_link(licence),
                "Terms": link(terms) if terms else None,
                **sections.tags_and_docs(info),
            }
        ),
    )


def _named_link(source: dict[str, Any]) -> Any:
    return link(source["url"], source.get("name")) if source.get("url") else source.get("name")


def _problems(document: dict[str, Any]) -> Element | None:
    lost = [element("li", code(pointer), " in ", code(place)) for pointer, place in lost_pointers(document)]
    if not lost:
        return None
    return element("section", element("h2", "Pointers that lead nowhere"), element("ul", lost), class_="problems")
