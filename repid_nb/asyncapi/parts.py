"""The small parts of the page: names and values, links, paragraphs, lists of settings, JSON."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

from repid_nb.html import Child, Element
from repid_nb.html import page_element as element

__all__ = ["badge", "code", "facts", "json_block", "leaves", "link", "paragraphs"]


def code(content: Any) -> Element:
    """Return a name or value in the type of code."""
    return element("code", content)


def badge(label: Any, kind: str = "") -> Element:
    """Return a short label in a rounded frame."""
    return element("span", label, class_=f"badge {kind}".rstrip())


def facts(named: dict[str, Any]) -> Element | None:
    """Return the facts that have a value as a list of names and values; None where none has."""
    # An element without children is false, but it is a value.
    rows = [
        [element("dt", name), element("dd", fact)] for name, fact in named.items() if isinstance(fact, Element) or fact
    ]
    return element("dl", rows) if rows else None


def link(url: Any, label: Any = None) -> Child:
    """Return a link to a web or mail address; any other address (`javascript:`) is shown without a link."""
    if re.match(r"(https?://|mailto:)", str(url), re.IGNORECASE):
        return element("a", label or url, href=str(url), rel="noopener noreferrer", target="_blank")
    return [label, " (", code(url), ")"] if label else code(url)


def paragraphs(content: Any) -> list[Element]:
    """Return text as paragraphs, split at blank lines, without the indentation of a docstring."""
    parts = re.split(r"\n\s*\n", inspect.cleandoc(str(content or "")))
    return [element("p", part) for part in parts if part.strip()]


def leaves(value: Any) -> Element:
    """Return nested settings as a list with a line for each: `amqp.queue.durable` `true`."""
    return element("ul", [element("li", code(path), " ", code(leaf)) for path, leaf in _leaves(value)], class_="leaves")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _leaves(one, f"{path}.{key}" if path else str(key))
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def json_block(value: Any, label: str) -> Element:
    """Return a value as indented JSON that can be scrolled from the keyboard; `label` names it when read aloud."""
    shown = json.dumps(value, indent=2, ensure_ascii=False)
    return element("pre", code(shown), tabindex="0", role="region", aria_label=label)
