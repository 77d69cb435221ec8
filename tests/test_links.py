"""Links of the documents and notebooks: the file is there, and so is the heading. No network is asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from support.files import DOCUMENTS, EXERCISES, ROOT, SOURCES, TUTORIALS, name_of
from support.prose import Document, read


def broken(document: Document) -> Iterator[str]:
    """Yield the links of a document that lead nowhere, each with what is wrong with it."""
    for link in document.links:
        parts = urlsplit(link)
        target = (document.path.parent / unquote(parts.path)).resolve() if parts.path else document.path
        if parts.scheme or parts.netloc:
            if parts.scheme != "https" or "." not in parts.netloc or " " in link:
                yield f"{link}: not an address that starts with https://"
        elif not target.exists():
            yield f"{link}: there is no such file"
        elif parts.fragment and unquote(parts.fragment) not in read(target).anchors:
            yield f"{link}: no such heading, there are {sorted(read(target).anchors)}"


# Links of a source notebook are those of the learners' copy, which lies elsewhere.
@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path not in SOURCES], ids=name_of)
def test_every_link_leads_somewhere(path: Path):
    assert list(broken(read(path))) == []


@pytest.mark.parametrize(("before", "after"), list(pairwise(TUTORIALS)), ids=name_of)
def test_a_chapter_links_to_the_next_one_and_the_next_one_back(before: Path, after: Path):
    assert after.name in read(before).links
    assert before.name in read(after).links


def test_the_start_page_links_to_every_chapter_and_exercise():
    start, *chapters = TUTORIALS
    wanted = {path.relative_to(start.parent).as_posix() for path in [*chapters, *EXERCISES]}
    assert wanted - set(read(start).links) == set()


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("gone.md", "gone.md: there is no such file"),
        ("other.md#at-night", "other.md#at-night: no such heading, there are ['by-day', 'by-day-1', 'whats-new']"),
        ("#By-day", "#By-day: no such heading, there are ['A-`b`-and-c']".replace("`", "")),
        ("http://example.org", "http://example.org: not an address that starts with https://"),
        ("https://example", "https://example: not an address that starts with https://"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, link: str, problem: str):
    assert list(broken(written(tmp_path, link))) == [problem]


@pytest.mark.parametrize("link", ["other.md#by-day-1", "other.md#whats-new", ".", "#A-b-and-c", "https://example.org"])
def test_a_link_that_leads_somewhere_is_left_alone(tmp_path: Path, link: str):
    assert list(broken(written(tmp_path, link))) == []


def test_links_written_as_html_and_pictures_are_links():
    links = read(ROOT / "README.md").links
    assert {"notebooks/images/step-dark.png", "notebooks/images/step-light.png"} <= set(links)


def written(folder: Path, link: str) -> Document:
    """Return a notebook with one link, beside a Markdown file with headings."""
    (folder / "other.md").write_text("# By day\n\n## What's new?\n\n## By day\n")
    cell = nbformat.v4.new_markdown_cell(f"# A `b` and c\n\nSee [there]({link}).")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "here.ipynb")
    return read(folder / "here.ipynb")
