"""The questions of the course: what holds for each, and where the notebooks ask them."""

from __future__ import annotations

import re
from collections import Counter

import nbformat
import pytest
from support.files import TUTORIALS

from repid_nb.classroom.question import Question, chapters, questions_of

CHAPTERS = {path.stem.partition("_")[2]: path for path in TUTORIALS}

EVERY = [
    (f"{chapter} {place}", question)
    for chapter in chapters()
    for place, question in enumerate([*questions_of(chapter).guesses, *questions_of(chapter).at_the_end], start=1)
]
each_question = pytest.mark.parametrize("question", [one for _, one in EVERY], ids=[name for name, _ in EVERY])

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS)


def asked_in(chapter: str, function: str) -> list[str]:
    """Return the texts that a chapter's cells give to `guess` or `questions`."""
    cells = nbformat.read(CHAPTERS[chapter], as_version=4).cells
    return [key for cell in cells if cell.cell_type == "code" for key in called_with(function, cell.source)]


def called_with(function: str, source: str) -> list[str]:
    return re.findall(rf'^{function}\("([^"]*)"\)', source, re.MULTILINE)


def sources(chapter: str) -> list[str]:
    return [cell.source for cell in nbformat.read(CHAPTERS[chapter], as_version=4).cells if cell.cell_type == "code"]


@each_question
def test_a_question_has_one_right_choice_and_up_to_four_others(question: Question):
    choices = [question.right, *question.wrong]
    assert 2 <= len(choices) <= 5
    assert len({one.casefold().strip(" .`") for one in choices}) == len(choices)


@each_question
def test_the_texts_of_a_question_are_whole(question: Question):
    assert re.search(r"[?.:]$", question.asks)
    assert re.search(r"[.!?]$", question.why)
    for text in (question.asks, question.why, question.right, *question.wrong):
        assert text == text.strip()
        assert text.count("`") % 2 == 0
    assert not any(choice.endswith(".") for choice in question.choices)


@pytest.mark.parametrize("chapter", chapters())
def test_the_questions_belong_to_a_chapter_and_three_close_it(chapter: str):
    assert chapter in CHAPTERS
    assert len(questions_of(chapter).at_the_end) == 3


def test_no_choice_is_told_by_its_place():
    several = [question for _, question in EVERY if len(question.choices) > 2]
    places = Counter(question.choices.index(question.right) for question in several)
    assert all(places[place] < 0.6 * len(several) for place in places) or len(several) < 12


def test_no_choice_is_told_by_its_length():
    longest = [question for _, question in EVERY if len(question.right) > max(map(len, question.wrong))]
    shortest = [question for _, question in EVERY if len(question.right) < min(map(len, question.wrong))]
    assert max(len(longest), len(shortest)) < 0.5 * len(EVERY) or len(EVERY) < 12


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_a_chapter_asks_are_its_own_questions_each_once(chapter: str):
    guesses = asked_in(chapter, "guess")
    known = (
        [f"{chapter}-{place}" for place, _ in enumerate(questions_of(chapter).guesses, 1)]
        if chapter in chapters()
        else []
    )
    assert set(guesses) <= set(known)
    assert len(set(guesses)) == len(guesses)
    assert set(asked_in(chapter, "questions")) <= {chapter}


@each_chapter
def test_a_chapter_asks_all_its_questions_in_order_and_closes_with_three(chapter: str):
    known = [f"{chapter}-{place}" for place, _ in enumerate(questions_of(chapter).guesses, start=1)]
    assert asked_in(chapter, "guess") == known
    assert asked_in(chapter, "questions") == [chapter]
    assert any(re.search(r"^guess\(", source, re.MULTILINE) for source in sources(chapter))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_cell_that_asks_shows_the_question(chapter: str):
    asking = [source for source in sources(chapter) if re.search(r"^(?:guess|questions)\(", source, re.MULTILINE)]
    assert [source for source in asking if not re.match(r"(?:guess|questions)\(", source.splitlines()[-1])] == []
