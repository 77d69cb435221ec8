"""The live book: each page's cells run in the page, and show what the book shows."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page, expect
from support.files import NOTEBOOKS, ROOT
from support.static_host import StaticHost

# What differs from run to run.
CHANGING = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"[0-9a-f]{8}…|…[0-9a-f]{7}", "ID"),
    (r"\b\d+([.,]\d+)? ?(µs|us|ms|s|seconds?|minutes?)\b", "TIME"),
    (r"0x[0-9a-f]+", "ADDRESS"),
    (r"\b\d\d:\d\d:\d\d\b", "CLOCK"),
]
SHOWN = """() => window.live.cells.map((cell) => [...cell.output.children].map((one) => ({
    html: one.innerHTML,
})))"""


def open_live(page: Page, host: StaticHost, name: str) -> None:
    page.goto(f"{host.base}/book/notebooks/{name}.html")
    page.get_by_role("button", name="Make this page live").click()
    expect(page.get_by_text("Ready. Change a cell")).to_be_visible()


def committed(path: Path) -> Iterator[tuple[str, list[str]]]:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            yield cell.source, [normal(text_of(output)) for output in cell.outputs]


def text_of(output: Any) -> str:
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    data = output.data
    markup = data.get("text/html") or data.get("image/svg+xml")
    return data.get("text/plain", "") if markup is None else text_of_markup(markup)


def text_of_markup(markup: str) -> str:
    without = re.sub(r"<(style|script|title|desc)\b.*?</\1>|<!--.*?-->", "", markup, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", without))


def normal(text: str) -> str:
    for pattern, name in CHANGING:
        text = re.sub(pattern, name, text)
    return "".join(text.split())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_of_a_page_shows_in_the_page_what_is_committed(page: Page, host: StaticHost, path: Path):
    open_live(page, host, str(path.relative_to(ROOT / "notebooks").with_suffix("")))
    page.evaluate("window.live.runAll()")
    now = page.evaluate(SHOWN)
    different = []
    for (source, was), shown in zip(committed(path), now, strict=True):
        texts = [normal(text_of_markup(one["html"])) for one in shown]
        if texts != was:
            different.append({"source": source[:200], "was": was, "now": texts})
    assert different == [], "\n".join(f"{one}" for one in different)
