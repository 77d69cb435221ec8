"""HTML elements, in which every text is escaped; in the views of records it is bounded too, because it is data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element, tostring

from repid_nb.printable import bounded, printable

__all__ = [
    "AS_WRITTEN",
    "DARK_PAGES",
    "LIGHT_PAGES",
    "Child",
    "Element",
    "block",
    "card",
    "code",
    "element",
    "folded",
    "frame_style",
    "page_element",
    "to_html",
    "to_page",
]

Child: TypeAlias = "Element | str | Iterable[Child] | None"

FOLD_AT = 120

# The classes that keep JupyterLab, and older notebooks, from typesetting text between two dollar signs.
AS_WRITTEN = "mathjax_ignore tex2jax_ignore"

# A notebook's theme may be another than that of the system, and says only by an attribute what it is.
DARK_PAGES = "body.vscode-dark, [data-jp-theme-light=false], [data-theme=dark]"
LIGHT_PAGES = "body.vscode-light, [data-jp-theme-light=true], [data-theme=light]"

_FAINT = "rgba(128, 128, 128, 0.14)"


def element(tag: str, *children: Child, style: str = "", **attributes: str) -> Element:
    """Return an element of a record's view. Long texts are cut, and invisible characters are written out.

    Args:
        children: Texts, elements, or iterables of them; None is left out.
        style: The inline style. There is no style sheet, because a record is shown on any page.
    """
    made = Element(tag, {**({"style": style} if style else {}), **attributes})
    _append(made, children, _safe)
    return made


def page_element(tag: str, *children: Any, **attributes: str | bool | None) -> Element:
    """Return an element of a whole page, which has a style sheet. Its texts stay as they are.

    Args:
        children: As for `element`; anything else is shown by its `str`.
        attributes: The attributes; `class_` is `class`, `aria_label` is `aria-label`; None and False leave one out.
    """
    given = {name: value for name, value in attributes.items() if value is not None and value is not False}
    written = {name.rstrip("_").replace("_", "-"): "" if value is True else str(value) for name, value in given.items()}
    made = Element(tag, written)
    _append(made, children, str)
    return made


def _safe(text: str) -> str:
    return printable(bounded(text))


def _append(parent: Element, child: Any, shown: Callable[[Any], str]) -> None:
    if isinstance(child, Element):
        parent.append(child)
    elif isinstance(child, Iterable) and not isinstance(child, str | dict):
        for one in child:
            _append(parent, one, shown)
    elif child is not None:
        text = shown(child)
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text


def card(*children: Child, **attributes: str) -> Element:
    """Return the root element of a record's view, in which a notebook typesets nothing and any word may wrap."""
    style = "line-height: 1.55; max-width: 72em; text-align: left; overflow-wrap: anywhere"
    return element("div", *children, style=style, **{"class": AS_WRITTEN, **attributes})


def code(text: str, *, style: str = "") -> Element:
    """Return text as code; its direction of writing does not change the text around it."""
    return element("code", element("bdi", text), style=style)


def folded(text: str, *, fold_at: int = FOLD_AT) -> Element:
    """Return text as code; one that is long or has many lines is folded behind its beginning and its length."""
    first, _, rest = text.partition("\n")
    if not rest and len(text) <= fold_at:
        return code(text)
    beginning = first if len(first) <= fold_at // 2 else f"{first[: fold_at // 2]}…"
    size = element("span", f" ({len(text):,} characters)", style="opacity: 0.75")
    return element(
        "details",
        element("summary", code(beginning), size, style="cursor: pointer"),
        block(text, "all of it"),
        style="display: inline-block; vertical-align: top; margin: 0; max-width: 100%",
    )


def block(text: str, label: str) -> Element:
    """Return text as a block of code that keeps its lines and scrolls when it is long, also from the keyboard.

    Args:
        label: The name of the block for a screen reader.
    """
    # JupyterLab lets a line of a `pre` end in the middle of any word.
    return element(
        "pre",
        element("bdi", text),
        style=f"background: {_FAINT}; margin: 0.2em 0; padding: 0.4em 0.7em; border-radius: 4px; max-height: 20em; "
        "overflow: auto; white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere",
        tabindex="0",
        role="group",
        **{"aria-label": label},
    )


def frame_style(frame: str) -> str:
    """Return rules by which the page in a frame is as dark as the page around it.

    Browsers tell it the frame's colour scheme as what to prefer, also where the frame lets it reach nothing else.

    Args:
        frame: The frame, as a selector.
    """
    return f":is({LIGHT_PAGES}) {frame} {{ color-scheme: light }} :is({DARK_PAGES}) {frame} {{ color-scheme: dark }}"


def to_html(root: Element) -> str:
    """Return an element as HTML text."""
    return tostring(root, encoding="unicode", method="html")


def to_page(root: Element) -> str:
    """Return an element of a whole page as HTML text, in which quotes are escaped too."""
    attributes = "".join(f' {name}="{escape(value)}"' if value else f" {name}" for name, value in root.items())
    inside = "".join(f"{to_page(child)}{escape(child.tail or '')}" for child in root)
    return f"<{root.tag}{attributes}>{escape(root.text or '')}{inside}</{root.tag}>"
