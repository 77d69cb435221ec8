"""The committed notebooks, as files: tutorials, learners' copies of the exercises, and their nbgrader sources."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import nbformat
import pytest
from support.files import NOTEBOOKS, SOURCES, name_of
from support.notebooks import KERNEL, WIDGET_VIEW, may_fail

ALLOWED_IMPORTS = {"pydantic", "repid_nb", *sys.stdlib_module_names}
# What a notebook may import beside what a learner has, and why.
FURTHER_IMPORTS = {"12_production.ipynb": {"repid", "shop"}}  # the library for production, and a file that it writes

pytestmark = pytest.mark.parametrize("path", [*NOTEBOOKS, *SOURCES], ids=name_of)


def code_cells(path: Path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def outputs(path: Path):
    return [output for cell in code_cells(path) for output in cell.outputs]


def test_is_a_valid_notebook(path: Path):
    nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))


def test_every_cell_has_an_id(path: Path):
    ids = [cell.id for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells]
    assert len(set(ids)) == len(ids)


def test_names_the_kernel_that_everybody_has(path: Path):
    assert nbformat.read(path, as_version=4).metadata == KERNEL


def test_carries_no_widget_view(path: Path):
    assert [output for output in outputs(path) if WIDGET_VIEW in output.get("data", {})] == []


def test_shows_an_error_only_where_it_is_announced(path: Path):
    failed = [
        (cell.source, output.ename, output.evalue)
        for cell in code_cells(path)
        for output in cell.outputs
        if output.output_type == "error" and not may_fail(cell)
    ]
    assert failed == []


def test_draws_nothing_with_letters(path: Path):
    # Such a drawing falls to pieces on a narrow page: what has a shape is a picture of the package.
    texts = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    assert [text for text in texts if re.search(r"^```text|[─│┌┐└┘]|--->|^ *\+--", text, re.MULTILINE)] == []


def test_imports_only_what_a_learner_has(path: Path):
    imported = set()
    for cell in code_cells(path):
        # Neither the first line of a file that a cell writes, nor a line for the terminal, is Python.
        program = re.sub(r"^(?:%%writefile|!).*", "", cell.source, flags=re.MULTILINE)
        tree = compile(program, path.name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert imported - ALLOWED_IMPORTS - FURTHER_IMPORTS.get(path.name, set()) == set()
