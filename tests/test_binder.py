"""Binder, without Docker: an environment made from binder/'s own files, as repo2docker makes it, runs every notebook.

repo2docker runs pip at the repository's root and postBuild after it; where binder/ exists it reads no other
configuration (https://repo2docker.readthedocs.io, "Configuration files").
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import nbformat
import pytest
from packaging.specifiers import SpecifierSet
from support.files import NOTEBOOKS, ROOT, TUTORIALS, name_of
from support.lab import jupyter_server
from support.notebooks import executed

# The first test waits for the environment.
pytestmark = pytest.mark.timeout(900)

ENVIRONMENT = ROOT / ".venv-binder"


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
    options = ["--quiet", *([] if is_kept else ["--compile-bytecode"]), "--reinstall-package", "repid_nb"]
    shell(uv, "pip", "install", *options, "--python", ENVIRONMENT, "-r", "binder/requirements.txt")
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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_every_notebook_runs(prefix: Path, path: Path):
    executed(path, prefix / "bin" / "python")
