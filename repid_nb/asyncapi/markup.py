"""HTML elements that escape whatever is put into them: names and descriptions are somebody's data."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

__all__ = ["Markup", "code", "element", "json_block", "leaves", "link", "paragraphs", "text"]


class Markup(str):
    """Text that is HTML already, made by `element` only."""

    __slots__ = ()


def text(content: Any) -> Markup:
    """Return content as HTML: markup stays, lists are joined, None is nothing, and anything else is escaped."""
    if isinstance(content, Markup):
        return content
    if content is None:
        return Markup()
    if isinstance(content, list | tuple):
        return Markup("".join(text(one) for one in content))
    return Markup(escape(str(content)))


def element(name: str, *content: Any, **attributes: str | bool | None) -> Markup:
    """Return one HTML element.

    Args:
        name: The name of the element.
        content: What stands in it, as `text` takes it.
        attributes: Its attributes; `class_` is `class`, `aria_label` is `aria-label`; None and False leave one out.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{name}{written}>{text(content)}</{name}>")


def code(content: Any, **attributes: str | bool | None) -> Markup:
    """Return a name or value in the type of code."""
    return element("code", content, **attributes)


def link(url: Any, label: Any = None) -> Markup:
    """Return a link to a web or mail address. Any other address (`javascript:`) is shown, and cannot be followed."""
    if re.match(r"(https?://|mailto:)", str(url), re.IGNORECASE):
        return element("a", label or url, href=str(url), rel="noopener noreferrer", target="_blank")
    return text([label, " (", code(url), ")"] if label else code(url))


def paragraphs(content: Any) -> Markup:
    """Return running text as paragraphs, parted at blank lines, without the indentation of a docstring."""
    parts = re.split(r"\n\s*\n", inspect.cleandoc(str(content or "")))
    return text([element("p", part) for part in parts if part.strip()])


def leaves(value: Any) -> Markup:
    """Return nested settings as a list with a line for each: `amqp.queue.durable` `true`."""
    return element("ul", [element("li", code(path), " ", code(leaf)) for path, leaf in _leaves(value)], class_="leaves")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _leaves(one, f"{path}.{key}" if path else str(key))
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def json_block(value: Any, label: str) -> Markup:
    """Return a value as indented JSON that can be scrolled from the keyboard; `label` names it when read aloud."""
    shown = json.dumps(value, indent=2, ensure_ascii=False)
    return element("pre", code(shown), tabindex="0", role="region", aria_label=label)
