"""Binder, without Docker: an environment made from binder/'s own files, as repo2docker makes it, runs every notebook.

repo2docker runs pip at the repository's root and postBuild after it; where binder/ exists it reads no other
configuration (https://repo2docker.readthedocs.io, "Configuration files").
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest
from packaging.specifiers import SpecifierSet
from support.exercises import EXERCISES, copied, learner
from support.files import ROOT, TUTORIALS
from support.lab import jupyter_server
from support.notebooks import executed

# The first test waits for the environment.
pytestmark = pytest.mark.timeout(900)

ENVIRONMENT = ROOT / ".venv-binder"

ANSWER = re.compile(r"<details>.*?</details>", re.DOTALL)
CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def shell(*command: str | Path, cwd: Path = ROOT, **environment: str) -> None:
    done = subprocess.run(  # noqa: S603  (this repository's own commands)
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def prefix() -> Path:
    """The environment: kept for the next run as long as what it is made from stays the same, save our own package."""
    made_from = ENVIRONMENT / "made_from.txt"
    sources = [ROOT / "pyproject.toml", *sorted((ROOT / "binder").iterdir())]
    wanted = "\n".join([sys.executable, *(path.read_text(encoding="utf-8") for path in sources)])
    is_kept = made_from.exists() and made_from.read_text(encoding="utf-8") == wanted
    # uv does in a few seconds what takes pip half a minute. It would install our own package from its cache.
    uv = Path(sys.executable).with_name("uv")
    if not is_kept:
        shell(uv, "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT)
    # Not compiled: most of it is never imported.
    shell(
        uv,
        "pip",
        "install",
        "--quiet",
        "--reinstall-package",
        "repid_nb",
        "--python",
        ENVIRONMENT,
        "-r",
        "binder/requirements.txt",
    )
    made_from.write_text(wanted, encoding="utf-8")
    return ENVIRONMENT


@pytest.fixture(scope="module")
def root(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that Binder serves, after its last command: it makes the learner's copies there."""
    folder = tmp_path_factory.mktemp("root")
    for name in ("binder", "notebooks"):
        (folder / name).symlink_to(ROOT / name)
    shell(ROOT / "binder" / "postBuild", cwd=folder, NB_PYTHON_PREFIX=str(prefix))
    return folder


def test_the_python_it_asks_for_is_one_that_the_package_takes():
    name, version = (ROOT / "binder" / "runtime.txt").read_text().strip().split("-")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert name == "python"
    assert version in SpecifierSet(project["requires-python"])


def test_post_build_stops_at_its_first_error():
    assert (ROOT / "binder" / "postBuild").read_text().splitlines()[:2] == ["#!/bin/bash", "set -e"]


@pytest.mark.usefixtures("root")
def test_jupyterlab_asks_nothing_before_the_first_cell(prefix: Path):
    settings = json.loads((prefix / "share" / "jupyter" / "lab" / "settings" / "overrides.json").read_text())
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


def test_what_opens_is_the_start_page_of_the_working_copies(prefix: Path, root: Path):
    with jupyter_server(root, prefix / "bin" / "python") as address, urllib.request.urlopen(address) as page:  # noqa: S310
        assert page.url == f"{address}/lab/tree/my_course/{TUTORIALS[0].name}"
        assert TUTORIALS[0].name == "00_start.ipynb"


def test_no_answer_stands_below_its_guess(root: Path):
    for path in TUTORIALS:
        cells = nbformat.read(root / "my_course" / path.name, as_version=4).cells
        assert not any(cell.get("outputs") for cell in cells)


# That a tutorial runs without its answers too, and shows what is committed, is seen in test_tutorials.py.
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.name)
def test_a_tutorial_runs_and_goes_on_as_before_for_somebody_who_runs_the_answers_too(
    prefix: Path, path: Path, tmp_path: Path
):
    notebook = nbformat.read(path, as_version=4)
    lines = {cell.id: lines_of(cell) for cell in notebook.cells if cell.cell_type == "code"}
    notebook.cells = [cell for told in notebook.cells for cell in (told, *answers_in(told))]
    nbformat.write(notebook, tmp_path / path.name)
    ran = executed(tmp_path / path.name, prefix / "bin" / "python")
    now = {cell.id: lines_of(cell) for cell in ran.cells if cell.id in lines}
    gone = {id_: list(was - now[id_]) for id_, was in lines.items() if was - now[id_]}
    assert gone == {}, f"After the answers of {path.name} these cells do not show this any more."


@pytest.mark.parametrize("name", EXERCISES)
def test_the_copy_of_an_exercise_runs_and_is_in_step_with_its_source(prefix: Path, name: str):
    committed = learner(name).read_text(encoding="utf-8")
    shown = copied(name, prefix / "bin" / "python")
    assert shown == committed, f"{name} shows something else now. Look at it, then run `make exercises`."


def answers_in(cell: Any) -> list[Any]:
    """Return the code of the answers that are folded away in a cell, as cells."""
    if cell.cell_type != "markdown":
        return []
    return [nbformat.v4.new_code_cell(code) for answer in ANSWER.findall(cell.source) for code in CODE.findall(answer)]


def lines_of(cell: Any) -> Counter[str]:
    """Return what a code cell shows, without the numbers of steps and messages and the width of columns."""
    shown = (output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
    numberless = re.sub(r"\b(?:[0-9a-f]{8}…|m?\d+\b)", "#", "\n".join(shown)).replace("letters", "letter")
    # How many would have taken it depends on the actors that an answer has added.
    numberless = numberless.replace("the first of # matches", "the first match")
    return Counter(" ".join(line.split()) for line in numberless.splitlines())
