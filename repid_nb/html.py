"""HTML elements whose every text is escaped and bounded, because it is somebody's data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

from repid_nb.printable import bounded, printable

__all__ = ["AS_WRITTEN", "Child", "block", "card", "code", "element", "folded", "to_html"]

Child: TypeAlias = "Element | str | None"

FOLD_AT = 120

# The classes that keep JupyterLab, and older notebooks, from typesetting what stands between two dollar signs.
AS_WRITTEN = "mathjax_ignore tex2jax_ignore"

_FAINT = "rgba(128, 128, 128, 0.14)"


def element(tag: str, *children: Child | Iterable[Child], style: str = "", **attributes: str) -> Element:
    """Return an element with text and elements inside it; None is left out.

    Args:
        tag: Its name.
        children: Texts, elements, or iterables of them.
        style: Its inline style. There is no style sheet: a record must show anywhere.
        attributes: Its attributes.
    """
    made = Element(tag, {**({"style": style} if style else {}), **attributes})
    for child in children:
        for one in [child] if child is None or isinstance(child, (str, Element)) else child:
            _append(made, one)
    return made


def _append(parent: Element, child: Child) -> None:
    if child is None:
        return
    if isinstance(child, Element):
        parent.append(child)
        return
    text = printable(bounded(child))
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def card(*children: Child | Iterable[Child]) -> Element:
    """Return the root of what a record shows: its text stays as it was written."""
    style = "line-height: 1.55; max-width: 72em; text-align: left"
    return element("div", *children, style=style, **{"class": AS_WRITTEN})


def code(text: str) -> Element:
    """Return text as code, on one line, whatever direction it is written in."""
    return element("code", element("bdi", text), style=f"background: {_FAINT}; padding: 0 0.3em; border-radius: 3px")


def folded(text: str, *, fold_at: int = FOLD_AT) -> Element:
    """Return text as code; a long or many-lined one is folded behind its beginning and its length."""
    first, _, rest = text.partition("\n")
    if not rest and len(text) <= fold_at:
        return code(text)
    beginning = first if len(first) <= fold_at // 2 else f"{first[: fold_at // 2]}…"
    size = element("span", f" ({len(text):,} characters)", style="opacity: 0.75")
    return element(
        "details",
        element("summary", code(beginning), size, style="cursor: pointer"),
        block(text, "all of it"),
        style="display: inline-block; vertical-align: top; margin: 0",
    )


def block(text: str, label: str) -> Element:
    """Return text as a block of code that keeps its lines and scrolls when it is long, also from the keyboard.

    Args:
        text: The text.
        label: What it is, for who hears it.
    """
    return element(
        "pre",
        element("bdi", text),
        style=f"background: {_FAINT}; margin: 0.2em 0; padding: 0.4em 0.7em; border-radius: 4px; max-height: 20em; "
        "overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere",
        tabindex="0",
        role="group",
        **{"aria-label": label},
    )


def to_html(root: Element) -> str:
    """Return an element as HTML text."""
    return tostring(root, encoding="unicode", method="html")
