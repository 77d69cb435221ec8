"""The house: which module may import which, read from the source."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "repid_nb"

# Module, or package for all that is in it -> floor. Imports go down, or stay on the floor without going in a circle.
FLOORS = {
    "core.errors": 0,
    "core.logger": 0,
    "core.shown": 0,
    "core.signatures": 0,
    "core.metadata": 0,
    "core.message": 0,
    "core.actor": 0,
    "core.events": 0,
    "core.snapshot": 0,
    "notebook": 0,
    "core.routing": 1,
    "core.middleware": 1,
    "core.enhanced_message": 1,
    "core.dependencies": 1,
    "core.arguments": 1,
    "core.converter": 1,
    "core.serializer": 1,
    "core.executors": 1,
    "core.deadlines": 1,
    "core.journal": 1,
    "core.queue": 1,
    "core.pulling": 1,
    "core.in_memory": 1,
    "core.registry": 1,
    "core.sightings": 1,
    "core.signals": 1,
    "core.declaration": 2,
    "core.router": 2,
    "core.routes": 2,
    "core.delivery": 3,
    "core.lanes": 3,
    "core.worker": 3,
    "core.asyncapi": 3,
    "core.asyncapi_components": 3,
    "core.asyncapi_messages": 3,
    "core.asyncapi_page": 3,
    "core.asyncapi_page_markup": 3,
    "core.asyncapi_page_schema": 3,
    "core.asyncapi_page_sections": 3,
    "core.asyncapi_pointers": 3,
    "core.app": 4,
    "core.test_client": 4,
    "stepping": 5,
    "display": 6,
    "classroom": 6,
    "widgets": 7,
}

# What each wing may import from outside, beside the standard library.
OUTSIDE = {
    "core": {"pydantic", "pydantic_core"},
    "notebook": {"IPython", "nest_asyncio2", "pyodide"},
    "stepping": {"pydantic"},
    "display": set(),
    "classroom": set(),
    "widgets": {"IPython", "anywidget", "ipywidgets", "traitlets"},
}

# Imports that close a circle, written inside a function, and why.
CIRCLES = {
    ("stepping.record", "stepping.plain"): "a record's to_dict and from_dict are the front door of what plain does",
}

LONGEST = 350
LONG = {
    "core.app": "repid's façade: most lines are signatures and what their arguments mean",
    "core.queue": "queue, received message and settlement undo each other's changes, and are read together",
    "core.test_client": "repid's client: most lines are signatures and what their arguments mean",
    "display.page": "one view a record, all in one page's style",
    "stepping.stepper": "the Stepper's public methods, most of it what their arguments mean",
}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
# The package's own __init__ gathers the public names; the wings' markers hold nothing.
ROOMS = [name for name in MODULES if name not in ("", "core")]


@cache
def imported(name: str) -> tuple[str, ...]:
    """Return the full names of what a module imports, wherever in it the import stands."""
    found = []
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} line {node.lineno}: write the import in full"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(found)


@cache
def ours(name: str) -> tuple[str, ...]:
    """Return which of our modules a module imports."""
    found = set()
    for full in imported(name):
        head, _, inside = full.partition(".")
        if head == "repid_nb":
            found.add(inside if inside in MODULES else inside.rpartition(".")[0])
    return tuple(sorted(found))


def floor_of(name: str) -> int | None:
    return FLOORS.get(name, FLOORS.get(name.partition(".")[0]))


def circles() -> Iterator[list[str]]:
    """Yield each circle of imports once, as the way round."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> Iterator[list[str]]:
        if name in way:
            yield [*way[way.index(name) :], name]
        elif name not in done:
            for target in ours(name):
                if (name, target) not in CIRCLES:
                    yield from walk(target, [*way, name])
            done.add(name)

    for name in ROOMS:
        yield from walk(name, [])


@pytest.mark.parametrize("name", ROOMS)
def test_every_module_has_a_floor(name):
    assert floor_of(name) is not None, f"{name} is new: give it a floor in FLOORS"


def test_the_table_names_no_module_that_is_gone():
    gone = {name for name in FLOORS if name.startswith("core.") and name not in MODULES}
    assert gone == set()


@pytest.mark.parametrize("name", ROOMS)
def test_imports_go_down(name):
    up = [target for target in ours(name) if floor_of(target) is None or floor_of(target) > floor_of(name)]
    assert up == []


def test_imports_do_not_go_in_a_circle():
    assert list(circles()) == []


@pytest.mark.parametrize("name", ["core", *ROOMS])
def test_from_outside_comes_only_what_the_wing_may_use(name):
    outside = {full.partition(".")[0] for full in imported(name)} - set(sys.stdlib_module_names) - {"repid_nb"}
    assert outside <= OUTSIDE[name.partition(".")[0]]


def test_the_notebooks_loop_knows_nothing_of_ours():
    assert ours("notebook") == ()


def test_the_core_knows_nothing_of_what_stands_on_it():
    assert {target for name in ROOMS if name.startswith("core.") for target in ours(name) if "core." not in target} == (
        set()
    )


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_short_or_has_a_reason(name):
    lines = len(MODULES[name].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST or name in LONG, f"{name} has {lines} lines: split it, or say in LONG why not"


@pytest.mark.parametrize("circle", CIRCLES)
def test_an_excused_circle_is_there_and_is_closed_inside_a_function_only(circle):
    name, target = circle
    assert target in ours(name)
    body = ast.parse(MODULES[name].read_text(encoding="utf-8")).body
    at_import = [node.module for node in body if isinstance(node, ast.ImportFrom)]
    assert f"repid_nb.{target}" not in at_import
