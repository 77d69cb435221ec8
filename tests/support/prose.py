"""What the repository says in words: sentences, links and headings of its Markdown, its notebooks and its modules."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt

__all__ = ["Document", "read"]

MARKDOWN = MarkdownIt("commonmark").enable("table")
# Two words in small letters side by side, twice: no name, no code.
SENTENCE = re.compile(r"[a-z] [a-z].* [a-z]", re.DOTALL)
# Code in backticks or in tags, and the names of parameters that open a line of a docstring.
CODE = re.compile(r"`[^`]*`|<[^<>]*>|\{[^{}]*\}|^ +\w+(?: \([^()]*\))?:", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """A file, as somebody reads it.

    Attributes:
        path: Where it is.
        text: Its prose, without code.
        links: Where it links to, pictures included, as written.
        headings: Its headings, from the top.
    """

    path: Path
    text: str
    links: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()

    @property
    def anchors(self) -> set[str]:
        """What may stand behind `#` in a link to it.

        In a notebook as JupyterLab makes it from a heading, in Markdown as GitHub does.
        """
        if self.path.suffix == ".ipynb":
            return {heading.replace(" ", "-") for heading in self.headings}
        slugs = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in self.headings]
        seen: Counter[str] = Counter()
        anchors = set()
        for slug in slugs:
            anchors.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
        return anchors


@cache
def read(path: Path) -> Document:
    """Read a notebook (its Markdown cells), a Markdown file or a Python module (its docstrings and other sentences)."""
    if path.suffix == ".py":
        return Document(path, "\n".join(_sentences(path)))
    page = _Page()
    for markdown in _markdown(path):
        page.feed(MARKDOWN.render(markdown))
    return Document(path, "".join(page.text), tuple(page.links), tuple(page.headings))


def _markdown(path: Path) -> list[str]:
    if path.suffix == ".ipynb":
        return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    return [path.read_text(encoding="utf-8")]


def _sentences(path: Path) -> list[str]:
    strings = (node.value for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Constant))
    return [CODE.sub(" ", text) for text in strings if isinstance(text, str) and SENTENCE.search(text)]


@dataclass
class _Page(HTMLParser):
    """What a reader of rendered Markdown sees."""

    text: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._code = 0
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in {"code", "pre"}
        if re.fullmatch("h[1-6]", tag):
            self._in_heading = True
            self.headings.append("")
        for name, value in attrs:
            if name in {"href", "src", "srcset"}:
                self.links.append(value or "")
            elif name in {"alt", "title"}:
                self.text.append(f" {value} ")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in {"code", "pre"}
        self._in_heading = self._in_heading and not re.fullmatch("h[1-6]", tag)

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.headings[-1] += data
        if not self._code:
            self.text.append(data)
