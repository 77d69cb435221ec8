"""The exercises' notebooks: the sources, and the learners' copies that are made of them (run in test_binder.py)."""

from __future__ import annotations

import builtins
from contextlib import suppress

import nbformat
import pytest
from support.exercises import (
    COPIES,
    EXERCISES,
    LEVELS,
    SOURCES,
    STUB,
    cells,
    learner,
    outline,
    ran,
    source,
    untouched,
)

from repid_nb import classroom
from repid_nb.classroom.catalogue import exercises, find

# What a cell is to nbgrader, by its id.
READ_ONLY = {"grade": False, "solution": False, "locked": True}
ANSWER = {"grade": False, "solution": True, "locked": False}
MARKED = {"grade": True, "solution": False, "locked": True}
LAYOUT = {
    "statement": READ_ONLY,
    "setup": READ_ONLY,
    "answer": ANSWER,
    "check": READ_ONLY,
    "hint": READ_ONLY,
    "marked": {**MARKED, "points": 2},
    "marked-hidden": {**MARKED, "points": 3},
    "explained": READ_ONLY,
}

# As the map says.
MINUTES = {"level-1": 10, "level-2": 15, "level-3": 20}

# What is run before the cells that are marked.
RUN = ("setup", "answer", "check", "hint")

# A learner may bind the name again.
NOT_PASSED = AssertionError

each_exercise = pytest.mark.parametrize("name", EXERCISES)


def cells_of(path):
    return {cell.id: cell for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells}


def test_the_sources_are_those_of_the_levels():
    assert {path.relative_to(SOURCES) for path in SOURCES.rglob("*.ipynb")} == {
        source(name).relative_to(SOURCES) for name in EXERCISES
    }


def test_the_copies_are_those_of_the_sources():
    assert {path.stem for path in COPIES.glob("*.ipynb")} == set(EXERCISES)


def test_every_exercise_that_can_be_checked_has_its_notebook():
    assert {listed.name for listed in exercises()} == set(EXERCISES)


@pytest.mark.parametrize(("level", "names"), LEVELS.items())
def test_an_exercise_is_in_the_folder_of_its_level(level, names):
    assert {find(name).level for name in names} == {int(level.removeprefix("level-"))}


@each_exercise
def test_a_source_is_laid_out_as_nbgrader_and_the_generator_read_it(name):
    found = cells_of(source(name))
    wanted = {id_: roles for id_, roles in LAYOUT.items() if id_ != "setup" or id_ in found}
    told = {id_: dict(cell.metadata.nbgrader) for id_, cell in found.items()}
    assert told == {
        id_: {"schema_version": 3, "task": False, "grade_id": id_, **roles} for id_, roles in wanted.items()
    }
    assert list(found) == list(wanted)


@each_exercise
def test_a_source_shows_nothing_yet(name):
    shown = [(cell.outputs, cell.execution_count) for cell in cells_of(source(name)).values() if "outputs" in cell]
    assert all(one == ([], None) for one in shown)


@each_exercise
def test_the_solution_gets_every_mark(name):
    ran(cells(name), *RUN, "marked", "marked-hidden")


@each_exercise
@pytest.mark.parametrize("marked", ["marked", "marked-hidden"])
def test_the_untouched_start_gets_no_mark(name, marked):
    ran(untouched(name), *RUN)
    with pytest.raises(AssertionError, match=name):
        ran(untouched(name), *RUN, marked)


OF_THE_LEARNER = {
    "names": "check = hint = mark = grade = marking = also = Case = lambda *args, **kwargs: True",
    "modules": "import sys\nrepid_nb = classroom = sys",
    "the package": "import repid_nb.classroom\nrepid_nb.classroom.check = repid_nb.classroom.marking.mark = bool",
    "the error": "import builtins\nAssertionError = builtins.AssertionError = Warning",
    "the truth": "from repid_nb.classroom.records import Marking\nMarking.__bool__ = lambda marking: True",
}


@pytest.fixture
def put_back(monkeypatch):
    """Whatever a test of this module replaces in what all share, it is there again afterwards."""
    for module, name in [(builtins, "AssertionError"), (classroom, "check"), (classroom.marking, "mark")]:
        monkeypatch.setattr(module, name, getattr(module, name))


@pytest.mark.parametrize("marked", ["marked", "marked-hidden"])
@pytest.mark.parametrize("cell", OF_THE_LEARNER.values(), ids=OF_THE_LEARNER)
def test_a_cell_of_the_learner_does_not_decide_over_the_mark(put_back, cell, marked):
    names = ran(untouched("routing-1"), *RUN)
    with suppress(AttributeError):
        ran({"learner": cell}, "learner", names=names)
    with pytest.raises(NOT_PASSED, match="routing-1"):
        ran(untouched("routing-1"), marked, names=names)


@each_exercise
def test_a_marked_cell_binds_no_name_that_an_answer_may_use(name):
    names = ran(cells(name), *RUN)
    before = dict(names)
    ran(cells(name), "marked", "marked-hidden", names=names)
    changed = {bound for bound, value in names.items() if before.get(bound) is not value}
    assert changed == {"_grade_with_repid_nb", "_hidden_checks"}


@each_exercise
def test_a_copy_has_the_stub_where_the_solution_was(name):
    answer = cells_of(learner(name))["answer"].source
    assert answer.splitlines().count(STUB) == 1
    assert "SOLUTION" not in answer


@each_exercise
def test_a_copy_has_no_marked_cell_and_nothing_for_nbgrader(name):
    found = cells_of(learner(name))
    assert [id_ for id_ in found if id_.startswith("marked")] == []
    assert [id_ for id_, cell in found.items() if cell.metadata] == []


@each_exercise
def test_a_copy_folds_the_explained_solution(name):
    text = cells_of(learner(name))["explained"].source
    assert text.startswith("<details><summary>The solution, explained: open it after your own try</summary>\n\n")
    assert text.endswith("\n\n</details>")


@each_exercise
def test_a_copy_leads_back_to_the_map(name):
    assert "(../00_start.ipynb)" in cells_of(learner(name))["next"].source


@pytest.mark.parametrize(
    ("name", "way_on"),
    [
        ("operations-1", "**Go on:** [11 · Testing actors](../11_testing.ipynb)"),
        ("routing-1", "**Go on:** [3 · The workbench](../03_workbench.ipynb)"),
        ("routing-3", "**Go on:** [5 · Priority](../05_priority.ipynb)"),
        ("broken-app-1", "**Back to:** [The map](../00_start.ipynb)"),
    ],
)
def test_a_copy_leads_to_the_chapter_after_the_one_it_belongs_to(name, way_on):
    assert outline(name).cells[-1].source.startswith(way_on)


@each_exercise
def test_an_exercise_takes_as_long_as_its_level(name):
    level = next(level for level, names in LEVELS.items() if name in names)
    said = cells_of(source(name))["statement"].source.splitlines()[2]
    assert said.startswith(f"Level {level[-1]} · about {MINUTES[level]} minutes · ")


@each_exercise
def test_a_hint_is_given_to_who_asks_and_not_to_who_runs_all_cells(name):
    assert cells_of(source(name))["hint"].source == f'# hint("{name}")  # take the first # away when you want one'
