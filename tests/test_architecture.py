"""The house: which module may import which, read from the source."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "repid_nb"
CONTRIBUTING = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")

# Folder, or module at the front -> floor. Imports go down, or stay in the folder without going in a circle.
FLOORS = {
    "core": 0,
    "picture": 0,
    "printable": 1,
    "html": 2,
    "given": 2,
    "notebook": 0,
    "core.arguments": 1,
    "core.memory": 1,
    "core.routing": 2,
    "core.worker": 3,
    "limits": 4,
    "asyncapi": 4,
    "app": 5,
    "connections": 6,
    "data": 6,
    "serializer": 6,
    "test_client": 6,
    "hosting": 6,
    "stepping": 7,
    "simulation": 8,
    "display": 9,
    "widgets": 10,
    "classroom": 11,
    "joining": 11,
}

# Rooms that never know each other, whatever their floors: (who imports, what is imported).
NEVER = [
    ("core.worker", "core.memory"),
    ("core.memory", "core.worker"),
    ("core.arguments", "core.memory"),
]

# Channels and actors carry limits, so these stand below them: one floor, and one for what they import.
MOST_FLOORS_IN_THE_CORE = 10

# What each wing may import from outside, beside the standard library.
OUTSIDE = {
    "core": {"pydantic", "pydantic_core"},
    "limits": set(),
    "asyncapi": {"pydantic", "pydantic_core"},
    "app": set(),
    "connections": set(),
    "data": set(),
    "serializer": set(),
    "test_client": set(),
    "hosting": {"nats", "redis", "repid"},
    "picture": set(),
    "joining": set(),
    "printable": set(),
    "html": set(),
    "given": set(),
    "notebook": {"IPython", "nest_asyncio2", "js", "pyodide", "pyodide_js"},
    "stepping": {"pydantic"},
    "simulation": {"pandas"},
    "display": {"matplotlib"},
    "classroom": set(),
    "widgets": {"IPython", "anywidget", "ipywidgets", "traitlets"},
}

# Data, one module for each exercise and each chapter: the map has a line for the folder.
DATA = ("classroom.exercises.", "classroom.questions.")

LONGEST = 350
LONG = {
    "app": "repid's façade: most lines are signatures and what their arguments mean",
    "core.memory.queue": "each change of a queue takes back what it made by half, and the changes are read together",
    "limits.gate": "what lets a message in, lets it out and says why it waits is one set of books",
    "simulation.run": "what a Run offers: most lines are signatures and what their arguments mean",
    "widgets.session": "every command of the page, most of them a few lines",
    "test_client": "repid's client: most lines are signatures and what their arguments mean",
    "display.html_view": "one view a record, all in one page's style",
}

# Of a function, without its signature and its docstring.
LONGEST_BODY = 40
LONG_BODIES = {
    ("widgets.view", "_state"): "the whole state of the page at once, a key for each part of it",
}

# What decides about a message, from publish to settlement, and the words that it is said in: what a reader of the core
# reads first. It has every file of the reading list in CONTRIBUTING.md.
KERNEL = [
    "core.abilities",
    "core.actor",
    "core.checks",
    "core.errors",
    "core.events",
    "core.message",
    "core.reasons",
    "core.memory.message",
    "core.memory.pulling",
    "core.memory.queue",
    "core.memory.queued",
    "core.memory.server",
    "core.routing.strategies",
    "core.worker.confirmation",
    "core.worker.delivery",
    "core.worker.sightings",
    "core.worker.slots",
    "core.worker.table",
    "core.worker.worker",
]
MOST_LINES_IN_THE_KERNEL = 2_713
MOST_LINES_IN_THE_CORE = 7_766


def lines_of(names: Iterable[str]) -> int:
    return sum(len(MODULES[name].read_text(encoding="utf-8").splitlines()) for name in names)


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
# The package's own __init__ gathers the public names, and the other markers hold nothing that is imported.
ROOMS = [name for name in MODULES if name]


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


def room_of(name: str) -> str:
    """Return the folder that a module stands in, or the module itself at the front."""
    while name not in FLOORS:
        name = name.rpartition(".")[0]
        assert name, "give the new folder a floor in FLOORS"
    return name


@cache
def floors_below(name: str) -> int:
    """Return how many modules of the core are imported one through the other, this one included."""
    return 1 + max((floors_below(target) for target in ours(name) if target.startswith("core.")), default=0)


def circles() -> Iterator[list[str]]:
    """Yield each circle of imports once, as the way round."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> Iterator[list[str]]:
        if name in way:
            yield [*way[way.index(name) :], name]
        elif name not in done:
            for target in ours(name):
                yield from walk(target, [*way, name])
            done.add(name)

    for name in ROOMS:
        yield from walk(name, [])


@pytest.mark.parametrize("name", ROOMS)
def test_imports_go_down(name):
    up = [target for target in ours(name) if target and FLOORS[room_of(target)] > FLOORS[room_of(name)]]
    assert up == []


@pytest.mark.parametrize("name", ROOMS)
def test_rooms_on_one_floor_do_not_import_each_other(name):
    room = room_of(name)
    beside = [
        target
        for target in ours(name)
        if target and room_of(target) != room and FLOORS[room_of(target)] == FLOORS[room]
    ]
    assert beside == []


@pytest.mark.parametrize(("room", "other"), NEVER)
def test_two_rooms_never_know_each_other(room, other):
    inside = [name for name in ROOMS if room_of(name) == room]
    known = {(name, target) for name in inside for target in ours(name) if target and room_of(target) == other}
    assert known == set()


def test_of_the_widgets_the_classroom_knows_the_card_of_questions_only():
    known = {target for name in ROOMS if room_of(name) == "classroom" for target in ours(name)}
    assert {target for target in known if target.startswith("widgets")} == {"widgets.question_card"}


def test_imports_do_not_go_in_a_circle():
    assert list(circles()) == []


def test_the_core_has_few_floors():
    tallest = max((name for name in ROOMS if name.startswith("core.")), key=floors_below)
    assert floors_below(tallest) <= MOST_FLOORS_IN_THE_CORE, tallest


@pytest.mark.parametrize("name", ROOMS)
def test_from_outside_comes_only_what_the_wing_may_use(name):
    outside = {full.partition(".")[0] for full in imported(name)} - set(sys.stdlib_module_names) - {"repid_nb"}
    assert outside <= OUTSIDE[name.partition(".")[0]]


def test_the_core_knows_nothing_of_what_stands_on_it():
    above = {target for name in ROOMS if room_of(name).startswith("core") for target in ours(name)}
    assert {target for target in above if not target.startswith("core.")} == set()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_short_or_has_a_reason(name):
    lines = len(MODULES[name].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST or name in LONG, f"{name} has {lines} lines: split it, or say in LONG why not"


def bodies(name: str) -> Iterator[tuple[str, int]]:
    """Yield each function of a module with the lines of its body."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            yield node.name, node.end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("name", MODULES)
def test_a_function_is_short_or_has_a_reason(name):
    long = [function for function, lines in bodies(name) if lines > LONGEST_BODY]
    assert long == [function for module, function in LONG_BODIES if module == name]


@pytest.mark.parametrize("name", LONG)
def test_only_what_is_long_has_a_reason_to_be(name):
    assert lines_of([name]) > LONGEST


def test_the_kernel_stays_small():
    assert lines_of(KERNEL) <= MOST_LINES_IN_THE_KERNEL


def test_the_core_stays_small():
    assert lines_of(name for name in ROOMS if room_of(name).startswith("core")) <= MOST_LINES_IN_THE_CORE


ONE_WAY = "The one way of a message"


def reading_list(title: str) -> list[tuple[str, str]]:
    """Return the functions of a way, each with its file, from the table under that title in CONTRIBUTING.md."""
    table = CONTRIBUTING.partition(f"### {title}\n")[2].partition("\n### ")[0]
    rows = [row.split("|")[2:4] for row in table.splitlines() if row.startswith("|") and "`" in row]
    return [(name, file.strip(" `")) for names, file in rows for name in re.findall("`(.+?)`", names)]


@pytest.mark.parametrize(("name", "file"), [*reading_list(ONE_WAY), *reading_list("The way of a click")])
def test_the_reading_lists_name_functions_that_are_there(name, file):
    text = (PACKAGE / file).read_text(encoding="utf-8")
    if file.endswith(".mjs"):
        assert f"function {name}(" in text
        return
    found = ast.parse(text)
    for part in name.split("."):
        found = next(node for node in found.body if getattr(node, "name", None) == part)


def test_the_kernel_is_what_the_reading_list_reads():
    read = {file.removesuffix(".py").replace("/", ".") for _, file in reading_list(ONE_WAY)}
    assert read - {"app"} <= set(KERNEL)


def the_map() -> set[str]:
    """Return what CONTRIBUTING.md's map has a line for, each by its path in the package without an ending."""
    named, folders = set(), []
    for line in CONTRIBUTING.partition("```\nrepid_nb/\n")[2].partition("\n```")[0].splitlines():
        depth = len(line) - len(line.lstrip())
        folders = [one for one in folders if one[0] < depth]
        for name in line.strip().partition("  ")[0].split(", "):
            if name.endswith("/"):
                folders.append((depth, name))
            elif depth < len("                     "):  # further in, a line goes on
                named.add("".join(folder for _, folder in folders) + name)
    return named


def test_the_map_has_a_line_for_every_module_and_no_other():
    modules = {name.replace(".", "/") for name in ROOMS if not name.startswith(DATA)}
    modules |= {str(path.relative_to(PACKAGE).with_suffix("")) for path in PACKAGE.rglob("*.mjs")}
    packages = {name for name in modules if (PACKAGE / name).is_dir()}
    assert the_map() == modules - packages


def wishes() -> list[tuple[str, str]]:
    """Return where CONTRIBUTING.md says that a change is made: each file or name, with the cell that it stands in."""
    table = CONTRIBUTING.partition("### Where do I change ...")[2].partition("\n## ")[0]
    cells = [row.split("|")[2] for row in table.splitlines() if row.startswith("|")][2:]
    return [(word, cell) for cell in cells for word in re.findall("`(.+?)`", cell)]


@pytest.mark.parametrize(("word", "cell"), wishes())
def test_where_a_change_is_made_there_is_what_the_table_names(word, cell):
    if "/" in word:
        assert (PACKAGE / word).exists()
    else:
        kind, _, method = word.partition(".")
        texts = [(PACKAGE / file).read_text(encoding="utf-8") for file in re.findall(r"`([a-z_/]+\.py)`", cell)]
        names = [f"class {kind}", *([f"def {method}("] if method else [])]
        assert any(all(name in text for name in names) for text in texts)
