"""The list of exercises, what holds for each of them, and their hints."""

import itertools
import re

import pytest
from support.script import run_script

from repid_nb.classroom import exercises, hint
from repid_nb.classroom.catalogue import find, next_to_solve
from repid_nb.classroom.exercise import AFTER_THE_COURSE
from repid_nb.core.errors import UnknownNameError

NAMES = [one.name for one in exercises()]


def test_the_list_has_the_order_of_the_course():
    order = [(one.chapter, one.level) for one in exercises()]
    assert order == sorted(order)
    assert all(chapter < AFTER_THE_COURSE for chapter, _ in order)
    assert {"reading-1", "routing-1", "priority-1", "confirmation-1"} <= set(NAMES)


def test_the_next_exercise_follows_in_that_order():
    for one, after in itertools.pairwise(NAMES):
        assert next_to_solve(one).name == after


def test_the_list_is_a_sequence():
    found = exercises()
    assert len(found) == len(NAMES)
    assert found[0] == next(iter(found)) == found[:1][0]


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_is_complete(name):
    exercise = find(name)
    assert exercise.name == name
    assert exercise.level in (1, 2, 3)
    assert exercise.asks.endswith(".")
    assert not exercise.title.endswith(".")
    assert exercise.cases
    assert all(case.wants for case in exercise.cases)
    assert 2 <= len(exercise.hints) <= 4
    assert len(set(exercise.hints)) == len(exercise.hints)


@pytest.mark.parametrize("name", NAMES)
def test_what_an_exercise_says_is_made_of_sentences_with_closed_backticks(name):
    exercise = find(name)
    for said in (*exercise.hints, *(case.because for case in exercise.cases if case.because)):
        assert re.search(r"[.?]$", said), said
        assert said.count("`") % 2 == 0, said


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_at_all_gets_a_sentence(name):
    from repid_nb.classroom import check  # noqa: PLC0415

    marking = check(name, None)
    assert not marking
    assert marking.trouble.sentence.startswith("check got None")


def test_an_unknown_exercise_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'reading-1'\?"):
        find("reading1")


def test_nothing_is_loaded_before_it_is_asked_for():
    printed = run_script("""
        import sys
        import repid_nb.classroom
        heavy = {"pydantic", "IPython", "ipywidgets", "anywidget", "nest_asyncio2"}
        print([name for name in sys.modules if name in heavy or name.startswith("repid_nb.classroom.exercises.")])
        repid_nb.classroom.hint("routing-1")
        print([name for name in sys.modules if name.startswith("repid_nb.classroom.exercises.")])
    """)
    assert printed == "[]\n['repid_nb.classroom.exercises.routing_1']\n"


def test_the_list_is_not_hidden_by_the_room_of_the_exercises():
    printed = run_script("""
        import repid_nb.classroom.catalogue
        from repid_nb.classroom import exercises, hint
        hint("routing-1")
        from repid_nb.classroom import exercises as again
        from repid_nb.classroom.exercises.routing_1 import EXERCISE
        print(again is exercises, callable(again), EXERCISE.name)
    """)
    assert printed == "True True routing-1\n"


def test_hints_come_one_at_a_time_and_end():
    hints = find("routing-1").hints
    first = hint("routing-1", first=True)
    assert (first.number, first.of, first.text) == (1, len(hints), hints[0])
    assert [hint("routing-1").text for _ in hints[1:]] == list(hints[1:])
    assert [hint("routing-1").text for _ in range(2)] == ["", ""]


def test_hints_begin_again_only_when_asked():
    for _ in range(5):
        hint("routing-1")
    assert hint("routing-1", first=True).number == 1
    assert hint("routing-1").number == 2


def test_each_exercise_counts_its_hints_for_itself():
    hint("routing-1", first=True)
    hint("reading-1", first=True)
    assert hint("routing-1").number == 2


def test_hints_of_an_unknown_exercise_are_refused():
    with pytest.raises(UnknownNameError, match="There is no exercise 'x'"):
        hint("x")
