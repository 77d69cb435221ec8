"""The course as a whole: what its start page, its chapters, the README and the guide for teachers say of each other."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from support.files import EXERCISES, FOLDER, ROOT, TUTORIALS, name_of
from support.prose import read

from repid_nb.classroom import exercises
from repid_nb.classroom.course import CHAPTERS as CHAPTERS_OF_THE_PACKAGE
from repid_nb.classroom.working_copies import lay_out

START, *CHAPTERS = TUTORIALS
WORDS = {"eight": 8, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20}
LEVEL_MINUTES = {"●": 10, "●●": 15, "●●●": 20}
GUIDE = (ROOT / "notebooks" / "teachers.md").read_text(encoding="utf-8")


def cell(path: Path, id_: str) -> str:
    return next(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.id == id_)


def rows(table: str) -> list[list[str]]:
    """Return the cells of each row of a Markdown table, its head left out."""
    lines = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines[2:]]


def minutes_on_the_map() -> dict[str, int]:
    """Return the minutes that the start page gives each chapter, by the chapter's file."""
    return {
        link[1] if (link := re.search(r"\((\S+)\)", chapter)) else START.name: int(minutes)
        for chapter, _, minutes, _ in rows(cell(START, "map"))
    }


def exercises_on_the_map() -> dict[str, tuple[str, int]]:
    """Return the level and the chapter of each exercise, by its name."""
    return {
        name: (level, number)
        for number, (*_, practice) in enumerate(rows(cell(START, "map")))
        for name, level in re.findall(r"\[(\S+)\]\(\S+\) (●+)", practice)
    }


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_a_chapter_takes_the_minutes_that_the_map_and_the_readme_name(path: Path):
    introduction = nbformat.read(path, as_version=4).cells[0].source
    minutes = WORDS[re.findall(r"About (\w+) minutes", introduction)[0]]
    readme = re.findall(rf"\(notebooks/{path.name}\) \|.*\| (\d+) \|", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert minutes_on_the_map()[path.name] == minutes
    assert readme == [str(minutes)]


def test_the_map_in_the_package_has_the_chapters_their_headings_and_their_minutes():
    found = [f"{number:02}_{chapter.name}.ipynb" for number, chapter in enumerate(CHAPTERS_OF_THE_PACKAGE)]
    assert found == [path.name for path in TUTORIALS]
    for number, (path, chapter) in enumerate(zip(TUTORIALS, CHAPTERS_OF_THE_PACKAGE, strict=True)):
        heading = f"# {number} · {chapter.title}" if number else f"# {chapter.title}"
        assert nbformat.read(path, as_version=4).cells[0].source.splitlines()[0] == heading
        assert minutes_on_the_map()[path.name] == chapter.minutes


def test_the_start_page_adds_its_minutes_up():
    chapters = sum(minutes_on_the_map().values())
    exercises = sum(LEVEL_MINUTES[level] for level, _ in exercises_on_the_map().values())
    paths = cell(START, "paths")
    for words, minutes in (("the chapters take", chapters), ("exercises", exercises)):
        halves = round(minutes / 30)
        assert f"{words} about {halves // 2}{'½' * (halves % 2)} hours" in paths


def test_each_exercise_is_offered_by_the_chapter_that_the_map_names_and_by_no_other():
    offered = {
        (Path(link).stem, number)
        for number, path in enumerate(CHAPTERS, start=1)
        for link in read(path).links
        if link.startswith("exercises/")
    }
    assert offered == {(name, chapter) for name, (_, chapter) in exercises_on_the_map().items()}
    assert {name for name, _ in offered} == {path.stem for path in EXERCISES}


def test_the_list_of_exercises_has_the_chapters_of_the_map():
    listed = {one.name: one.chapter for one in exercises()}
    assert listed == {name: chapter for name, (_, chapter) in exercises_on_the_map().items()}


@pytest.mark.parametrize(("plan", "minutes"), [(45, 45), (90, 90), (180, 180 - 90 - 10)])
def test_a_plan_for_teachers_adds_up(plan: int, minutes: int):
    assert sum(int(row[0]) for row in rows(plan_of(plan))) == minutes


@pytest.mark.parametrize("plan", [45, 90, 180])
def test_a_plan_for_teachers_names_sections_that_there_are(plan: int):
    for _, what, _ in rows(plan_of(plan)):
        linked = [read(ROOT / "notebooks" / link) for link in re.findall(r"\((\d\d_\w+\.ipynb)\)", what)]
        headings = {heading for document in linked for heading in document.headings}
        sections = {section.replace("`", "") for section in re.findall(r"\*([^*]+)\*", what)}
        assert not linked or sections <= {heading.replace("`", "") for heading in headings}


def plan_of(minutes: int) -> str:
    """Return the section of the guide for teachers with the plan for so many minutes."""
    return re.findall(rf"^### {minutes} minutes.*?(?=^##)", GUIDE, re.DOTALL | re.MULTILINE)[0]


@pytest.mark.parametrize("path", TUTORIALS, ids=name_of)
def test_a_cell_to_write_in_follows_each_try_it(path: Path):
    cells = nbformat.read(path, as_version=4).cells
    tasks = [(task, after) for task, after in pairwise([*cells, None]) if is_a_task(task)]
    without = [task.source.splitlines()[0] for task, after in tasks if after is None or not is_to_write_in(after)]
    assert without == []


def is_a_task(cell: Any) -> bool:
    return cell.cell_type == "markdown" and re.search(r"^\**Try it\b", cell.source, re.MULTILINE) is not None


def is_to_write_in(cell: Any) -> bool:
    """Return whether a cell is prepared for the learner: it begins with `# Your turn`."""
    return cell.cell_type == "code" and cell.source.startswith("# Your turn")


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of the whole course, at the place that they have beside the originals."""
    root = tmp_path_factory.mktemp("root")
    for path in FOLDER.parent.iterdir():
        if path.suffix == ".md" or path.name in ("notebooks", "LICENSE"):
            (root / path.name).symlink_to(path)
    lay_out(root / "notebooks", root / "my_course")
    return root / "my_course"


def test_every_notebook_is_copied(copies: Path):
    for folder, originals in ((copies, TUTORIALS), (copies / "exercises", EXERCISES)):
        assert sorted(path.name for path in folder.glob("*.ipynb")) == [path.name for path in originals]


def test_every_link_leads_somewhere_in_the_copies_too(copies: Path):
    broken = []
    for path in [*copies.glob("*.ipynb"), *copies.glob("*.md"), *copies.glob("exercises/*.ipynb")]:
        for link in read(path).links:
            target = link.partition("#")[0]
            if "://" not in link and target and not (path.parent / target).exists():
                broken.append((path.name, link))
    assert broken == []


def test_a_copy_is_the_notebook_but_for_what_it_showed(copies: Path):
    for path in copies.glob("*.ipynb"):
        copy, original = json.loads(path.read_text()), json.loads((FOLDER / path.name).read_text())
        assert [(one["id"], one["source"]) for one in copy["cells"]] == [
            (one["id"], one["source"]) for one in original["cells"]
        ]
