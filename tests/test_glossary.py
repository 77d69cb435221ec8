"""The glossary: each word once, where a link finds it, with the chapter that shows it."""

from __future__ import annotations

import re

import pytest
from support.files import ROOT, TUTORIALS
from support.prose import read

PAGE = (ROOT / "notebooks" / "glossary.md").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^### (.+)\n\n((?:.+\n)+)", PAGE, flags=re.MULTILINE))


def test_the_list_at_the_top_has_every_word_in_order():
    listed = re.findall(r"\[(.+?)\]\(#(.+?)\)", PAGE.partition("\n## ")[0])
    assert listed == [(word, word.replace(" ", "-")) for word in sorted(ENTRIES)]


@pytest.mark.parametrize("word", ENTRIES)
def test_a_heading_has_one_anchor_on_github_and_in_jupyterlab(word: str):
    # GitHub writes an anchor in small letters, JupyterLab as the heading is.
    assert re.fullmatch(r"[a-z]+(?:[ -][a-z]+)*", word)
    assert PAGE.count(f"\n### {word}\n") == 1


@pytest.mark.parametrize("word", ENTRIES)
def test_a_word_names_the_chapter_that_shows_it(word: str):
    assert chapter_of(word) in {path.name for path in TUTORIALS}


def chapter_of(word: str) -> str:
    """Return the file of the chapter that a word is seen in."""
    return re.findall(r"Seen in \[[^\]]+\]\((\d\d_\w+\.ipynb)\)\.\n$", ENTRIES[word])[0]


@pytest.mark.parametrize("word", ENTRIES)
def test_the_chapter_that_shows_a_word_links_to_it(word: str):
    chapter = ROOT / "notebooks" / chapter_of(word)
    assert f"glossary.md#{word.replace(' ', '-')}" in read(chapter).links
