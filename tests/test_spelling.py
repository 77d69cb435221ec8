"""The spelling of what people read: documents, notebooks, docstrings, messages. British where it differs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from spellchecker import SpellChecker
from support.files import DOCUMENTS, ROOT, SOURCES, TUTORIALS, name_of
from support.prose import read

MODULES = sorted((ROOT / "repid_nb").rglob("*.py"))
LIST = ROOT / "tests" / "support" / "words.txt"
TYPOS = Path(sys.executable).with_name("typos")
# A whole word; what holds a dot, a slash, an underscore or a capital inside is a name.
WORD = re.compile(r"(?<![\w./@&#-])[A-Za-z][a-z]+(?:['\u2019][a-z]+)?(?![\w=(/]|[.:]\w)")

# Turns of phrase that are not plain English; a reader stumbles over them.
NOT_PLAIN = re.compile(
    r"\b(?:whoever|shall|that is to say|no part of|in the mean|a wish to|comes? to an end|leaves alone|calls? on once)"
    r"\b",
    re.IGNORECASE,
)


@cache
def dictionary() -> SpellChecker:
    return SpellChecker()


def words_in(text: str) -> set[str]:
    return {word.replace("\u2019", "'").removesuffix("'s") for word in WORD.findall(text)}


def misspelt(words: Iterable[str]) -> set[str]:
    """Return those of some words that nobody knows, or that are not British."""
    ours = set(LIST.read_text(encoding="utf-8").split())
    others = {word for word in words if not {word, word.lower()} & ours}
    # The dictionary is American; what typos would not have there and leaves alone here is a British word.
    unknown = {word for word in others if dictionary().unknown([word])}
    return refused(others, "en-gb") | (unknown - refused(others, "en-us"))


def refused(words: Iterable[str], locale: str) -> set[str]:
    """Return the words that typos would mend."""
    done = subprocess.run(  # noqa: S603  (the program of this environment)
        [TYPOS, "--isolated", "--locale", locale, "--format", "brief", "-"],
        input="\n".join(words),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return set(re.findall(r"error: `(.+?)` should be", done.stdout))


def test_every_word_is_spelt_right():
    texts = {name_of(path): words_in(read(path).text) for path in [*DOCUMENTS, *MODULES]}
    wrong = misspelt(set().union(*texts.values()))
    found = {name: sorted(words & wrong) for name, words in texts.items() if words & wrong}
    assert found == {}, "Mend it, or add what is right to tests/support/words.txt"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a mesage", "mesage"),
        ("Its payloda is short.", "payloda"),
        ("Teh queue", "Teh"),
        ("it was resqued", "resqued"),
        ("the behavior", "behavior"),
        ("to organize", "organize"),
        ("it was canceled", "canceled"),
    ],
)
def test_a_misspelt_or_american_word_is_found(text: str, wrong: str):
    assert misspelt(words_in(text)) == {wrong}


@pytest.mark.parametrize(
    "text",
    ["a message\u2019s behaviour", "organised, cancelled", "SerializationError", "color=1", "my_color"],
)
def test_british_words_our_own_words_and_names_are_left_alone(text: str):
    assert misspelt(words_in(text)) == set()


def test_code_is_not_prose(tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text(
        '"""Sends teh `mesage` to {payloda}.\n\nArgs:\n    resqued: What was saved.\n"""\nx = "colr red"\n'
    )
    assert misspelt(words_in(read(module).text)) == {"teh"}
    page = tmp_path / "page.md"
    page.write_text("Teh `mesage`\n\n```python\npayloda = 1\n```\n\n<img alt='a pictre' src='resqued.png'>\n")
    assert misspelt(words_in(read(page).text)) == {"Teh", "pictre"}


@pytest.mark.parametrize(
    "path", [*TUTORIALS, *SOURCES, ROOT / "README.md", ROOT / "notebooks" / "teachers.md"], ids=name_of
)
def test_what_a_learner_reads_is_plain_english(path: Path):
    assert NOT_PLAIN.findall(read(path).text) == []


def test_the_list_is_sorted_and_names_each_word_once():
    words = LIST.read_text(encoding="utf-8").splitlines()
    assert words == sorted(set(words))
