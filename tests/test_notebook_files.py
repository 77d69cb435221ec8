"""The committed notebooks, as files."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import nbformat
import pytest
from support.notebooks import TUTORIALS, WIDGET_VIEW, may_fail

ALLOWED_IMPORTS = {"pydantic", "repid_nb", *sys.stdlib_module_names}

pytestmark = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.name)


def code_cells(path: Path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def outputs(path: Path):
    return [output for cell in code_cells(path) for output in cell.outputs]


def test_is_a_valid_notebook(path: Path):
    nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))


def test_every_cell_has_an_id(path: Path):
    ids = [cell.id for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells]
    assert len(set(ids)) == len(ids)


def test_carries_no_widget_state(path: Path):
    assert "widgets" not in nbformat.read(path, as_version=4).metadata
    assert [output for output in outputs(path) if WIDGET_VIEW in output.get("data", {})] == []


def test_carries_no_execution_counts(path: Path):
    counts = [owner.get("execution_count") for owner in [*code_cells(path), *outputs(path)]]
    assert [count for count in counts if count is not None] == []


def test_shows_an_error_only_where_it_is_announced(path: Path):
    failed = [
        (cell.source, output.ename, output.evalue)
        for cell in code_cells(path)
        for output in cell.outputs
        if output.output_type == "error" and not may_fail(cell)
    ]
    assert failed == []


def test_imports_only_what_a_learner_has(path: Path):
    imported = set()
    for cell in code_cells(path):
        tree = compile(cell.source, path.name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert imported - ALLOWED_IMPORTS == set()
