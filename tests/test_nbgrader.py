"""nbgrader, for real: in its own environment it hands out every level, marks submissions and writes feedback."""

from __future__ import annotations

import csv
import html
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from support.exercises import EXERCISES, STUB, source
from support.files import ROOT

# The first test waits for the environment, which is kept.
pytestmark = pytest.mark.timeout(900)

ENVIRONMENT = ROOT / ".venv-nbgrader"
# jsonschema imports it for a format that no notebook uses, and it takes a second of each of nbgrader's commands.
LEFT_OUT = "rfc3987-syntax; python_version < '3'"
LEVEL = "level-1"
EXERCISE = "routing-1"

SHELL = """\
def order_events(*, actor_name, **kwargs):
    def strategy(message):
        event = (message.headers or {{}}).get("event", "")
        return {rule}

    return strategy
"""
WITHOUT_THE_DOT = SHELL.format(rule='event.startswith("order")')
LEAVING = SHELL.format(rule="exit()")
ONLY_THE_PUBLIC_ONES = SHELL.format(rule='"order." in event and not event.startswith(("pre", "refund"))')


@dataclass(frozen=True)
class Course:
    """A copy of notebooks/nbgrader, and nbgrader working in it."""

    folder: Path

    def nbgrader(self, *arguments: str) -> None:
        commands = ENVIRONMENT / "bin"
        done = subprocess.run(  # noqa: S603  (the environment made below)
            [commands / "nbgrader", *arguments],
            cwd=self.folder,
            # nbgrader looks for alembic on the path, as it is when the environment is activated.
            env={**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.folder.parent)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    def released(self, name: str) -> nbformat.NotebookNode:
        level = source(name).parent.name
        return nbformat.read(self.folder / "release" / level / f"{name}.ipynb", as_version=nbformat.NO_CONVERT)

    def hand_in(self, student: str, answer: str | None) -> None:
        """Hand in one notebook as a student does; None leaves the answer as it was handed out."""
        folder = self.folder / "submitted" / student / LEVEL
        folder.mkdir(parents=True)
        notebook = self.released(EXERCISE)
        if answer is not None:
            cell(notebook, "answer").source = answer
        nbformat.write(notebook, folder / f"{EXERCISE}.ipynb")

    def score(self, student: str) -> float:
        with (self.folder / "grades.csv").open(encoding="utf-8") as file:
            return next(float(row["score"]) for row in csv.DictReader(file) if row["student_id"] == student)

    def feedback(self, student: str) -> str:
        page = (self.folder / "feedback" / student / LEVEL / f"{EXERCISE}.html").read_text(encoding="utf-8")
        return html.unescape(re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]+>", "", page, flags=re.DOTALL))


def cell(notebook: nbformat.NotebookNode, id_: str) -> nbformat.NotebookNode:
    return next(one for one in notebook.cells if one.id == id_)


def lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines()} - {""}


def original(name: str) -> nbformat.NotebookNode:
    return nbformat.read(source(name), as_version=4)


def region(notebook: nbformat.NotebookNode, id_: str, kind: str) -> str:
    found = re.search(rf"### BEGIN {kind}\n(.*)### END {kind}", cell(notebook, id_).source, re.DOTALL)
    assert found is not None
    return found[0]


def secrets(name: str) -> set[str]:
    """The lines of the solution, of the hidden checks and of the explanation that stand nowhere else in the source."""
    notebook = original(name)
    solved, hidden = region(notebook, "answer", "SOLUTION"), region(notebook, "marked-hidden", "HIDDEN TESTS")
    kept = [one.source.replace(solved, "").replace(hidden, "") for one in notebook.cells if one.id != "explained"]
    return (lines(solved) | lines(hidden) | lines(cell(notebook, "explained").source)) - lines("\n".join(kept))


def make_environment() -> None:
    """Install the extra `teach` where it was not yet, or where the project has changed since."""
    project, installed = ROOT / "pyproject.toml", ENVIRONMENT / "pyproject.toml"
    if installed.exists() and installed.read_bytes() == project.read_bytes():
        return
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT], check=True)  # noqa: S603
    overrides = ENVIRONMENT / "overrides.txt"
    overrides.write_text(LEFT_OUT, encoding="utf-8")
    install = [uv, "pip", "install", "--quiet", "--python", ENVIRONMENT]
    subprocess.run([*install, "--overrides", overrides, "--editable", f"{ROOT}[teach]"], check=True)  # noqa: S603
    shutil.copy(project, installed)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Every level handed out."""
    make_environment()
    course = Course(tmp_path_factory.mktemp("classroom") / "nbgrader")
    course.folder.mkdir()
    shutil.copy(ROOT / "notebooks" / "nbgrader" / "nbgrader_config.py", course.folder)
    shutil.copytree(source(EXERCISE).parents[1], course.folder / "source")
    course.nbgrader("generate_assignment", "*")
    return course


@pytest.fixture(scope="module")
def marked(course: Course) -> Course:
    """One exercise of a level handed in by several students, marked, and with feedback."""
    course.hand_in("right", region(original(EXERCISE), "answer", "SOLUTION"))
    course.hand_in("wrong", WITHOUT_THE_DOT)
    course.hand_in("nearly right", ONLY_THE_PUBLIC_ONES)
    course.hand_in("leaving", LEAVING)
    course.hand_in("empty", None)
    course.nbgrader("autograde", LEVEL)
    course.nbgrader("generate_feedback", LEVEL)
    course.nbgrader("export")
    return course


@pytest.mark.parametrize("name", EXERCISES)
def test_a_student_gets_no_line_of_the_solution_the_hidden_checks_or_the_explanation(course: Course, name: str):
    handed_out = {line for one in course.released(name).cells for line in lines(one.source)}
    assert len(secrets(name)) > 5
    assert handed_out & secrets(name) == set()
    assert [one.id for one in course.released(name).cells if one.get("outputs")] == []


@pytest.mark.parametrize("name", EXERCISES)
def test_a_student_gets_everything_else(course: Course, name: str):
    wanted = [one.id for one in original(name).cells if one.id != "explained"]
    assert [one.id for one in course.released(name).cells] == wanted
    assert STUB in cell(course.released(name), "answer").source.splitlines()


@pytest.mark.parametrize(
    ("student", "score"),
    [
        pytest.param("right", 5, id="right"),
        pytest.param("empty", 0, id="empty"),
        pytest.param("wrong", 0, id="wrong"),
        pytest.param("leaving", 0, id="would end the kernel"),
        pytest.param("nearly right", 2, id="right in the public checks only"),
    ],
)
def test_a_submission_gets_its_score(marked: Course, student: str, score: int):
    assert marked.score(student) == score


def test_feedback_tells_which_message_breaks_the_answer(marked: Course):
    assert "read headers['event'] = 'orders.exported' → True" in marked.feedback("wrong")


def test_feedback_tells_that_an_answer_would_end_the_kernel(marked: Course):
    assert "Your code called exit(), which would end the whole kernel." in marked.feedback("leaving")


def test_feedback_tells_which_hidden_message_breaks_the_answer(marked: Course):
    assert "read headers['event'] = 'backorder.created' → True" in marked.feedback("nearly right")


@pytest.mark.parametrize("student", ["right", "wrong", "nearly right"])
def test_feedback_lists_no_hidden_check(marked: Course, student: str):
    hidden = lines(region(original(EXERCISE), "marked-hidden", "HIDDEN TESTS")) & secrets(EXERCISE)
    assert lines(marked.feedback(student)) & hidden == set()
    assert "# Further messages, which only your teacher knows." in marked.feedback(student)


def test_feedback_shows_no_traceback(marked: Course):
    assert "Traceback" not in marked.feedback("wrong")
