"""The page's modules: how they are joined, and what their house looks like."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from anywidget import AnyWidget

from repid_nb import InMemoryServer, Repid, Stepper, Workbench
from repid_nb.widgets.assets import IMPORT, STATIC, AssetError, read_script, read_style
from repid_nb.widgets.session import Session

MODULES = {path.name: path.read_text(encoding="utf-8") for path in sorted(STATIC.glob("*.mjs"))}

# From the ground up: a module imports only those before it, values and types alike.
FLOORS = [
    "wire.mjs",
    "ends.mjs",
    "state.mjs",
    "colours.mjs",
    "amounts.mjs",
    "json_problem.mjs",
    "form_rules.mjs",
    "ui.mjs",
    "stage_plan.mjs",
    "headline.mjs",
    "plan.mjs",
    "scenes.mjs",
    "chips.mjs",
    "upkeep.mjs",
    "dom.mjs",
    "flights.mjs",
    "storyteller.mjs",
    "director.mjs",
    "clock.mjs",
    "threads.mjs",
    "projector.mjs",
    "keeping.mjs",
    "kernel.mjs",
    "texts.mjs",
    "message_actions.mjs",
    "actions.mjs",
    "postponed.mjs",
    "reading.mjs",
    "finder.mjs",
    "keys.mjs",
    "tickets.mjs",
    "lanes.mjs",
    "workers.mjs",
    "worker.mjs",
    "actors.mjs",
    "outcome.mjs",
    "track.mjs",
    "trail.mjs",
    "what_if.mjs",
    "class_panel.mjs",
    "panels.mjs",
    "regions.mjs",
    "tools.mjs",
    "breaks.mjs",
    "menu.mjs",
    "strip.mjs",
    "film.mjs",
    "river_plan.mjs",
    "river.mjs",
    "send_row.mjs",
    "send_form.mjs",
    "layout.mjs",
    "workbench.mjs",
    "recorded.mjs",
    "player.mjs",
    "choices.mjs",
    "ballot.mjs",
    "question_card.mjs",
    "lesson.mjs",
]

IMPORTED = re.compile(r'(?:\bfrom|@import \{[^}]*\} from) "\./([\w.]+)"')
# As the formatter leaves them: a function ends with the first bracket that stands as far left as its beginning.
FUNCTION = re.compile(r"^( *)(?=\S)(?:.*\bfunction\b.*|.*=> |(?!if|for|while|switch)(?:\w+ )?\w+\(.*\) )\{$")
LONGEST_FUNCTION = 60
LONGEST_MODULE = 400


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.mjs").write_text(text)
    return folder


def functions(text: str) -> Iterator[tuple[str, int]]:
    """Return the first line of each function, and how many lines it has."""
    lines = text.splitlines()
    for start, line in enumerate(lines):
        if found := FUNCTION.match(line):
            end = next(at for at in range(start + 1, len(lines)) if lines[at].startswith(f"{found[1]}}}"))
            yield line.strip(), end - start + 1


def run_as_module(text: str) -> str:
    """Run a script in node, as an ES module; return what it printed."""
    done = subprocess.run(
        ["node", "--input-type=module"],  # noqa: S607  (the node of `make system`)
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_joined_script_is_one_module_with_a_render_function():
    script = read_script()
    assert not re.search(r"^import\b", script, re.MULTILINE)
    assert re.findall(r"^export\b.*", script, re.MULTILINE) == ["export default { render };"]
    loaded = f"import(`data:text/javascript,${{encodeURIComponent({script!r})}}`)"
    told = run_as_module(f"const it = await {loaded}; console.log(Object.keys(it), typeof it.default.render);")
    assert told == "[ 'default' ] function"


def test_every_module_is_joined_once():
    entries = ("lesson.mjs", "ballot.mjs", "question_card.mjs")
    joined = [re.findall(r"^// (\w+\.mjs)$", read_script(entry=entry), re.MULTILINE) for entry in entries]
    assert [len(set(modules)) for modules in joined] == [len(modules) for modules in joined]
    assert set().union(*joined) == set(MODULES)
    assert [modules[-1] for modules in joined] == [*entries]


def test_the_style_is_read():
    assert ".repid-wb" in read_style()


def test_modules_are_joined_after_those_that_they_import(tmp_path: Path):
    write(
        tmp_path,
        entry='import { b } from "./b.mjs";\nimport { a } from "./a.mjs";\n\nexport default { a, b };\n',
        b='import { a } from "./a.mjs";\n\nexport const b = () => a + 1;\n',
        a="/** @type {number} */\nexport const a = 1;\n",
    )
    assert read_script(tmp_path, "entry.mjs") == (
        "// a.mjs\nconst a = 1;\n\n// b.mjs\n\nconst b = () => a + 1;\n\n// entry.mjs\n\nexport default { a, b };\n"
    )


def test_an_import_over_several_lines_is_read(tmp_path: Path):
    write(tmp_path, a="export const one = 1;\nexport function two() {}\n")
    write(tmp_path, entry='import {\n  one,\n  two,\n} from "./a.mjs";\nexport default { one, two };\n')
    assert read_script(tmp_path, "entry.mjs").endswith("// entry.mjs\nexport default { one, two };\n")


def test_comments_that_say_types_are_left_out_and_no_code_with_them(tmp_path: Path):
    write(tmp_path, entry="/** One. */\n/**\n * Two.\n */\n/** @type {any} */ (globalThis).a = 1;\n/** Three. */\n")
    assert read_script(tmp_path, "entry.mjs") == "// entry.mjs\n/** @type {any} */ (globalThis).a = 1;\n"


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        ({"entry": 'import { a } from "./a.mjs";\n'}, "entry.mjs: there is no module a.mjs."),
        (
            {"entry": 'import { a } from "./a.mjs";\n', "a": "const a = 1;\n"},
            "entry.mjs: a.mjs does not export 'a'.",
        ),
        (
            {"entry": 'import { a } from "./a.mjs";\nfunction b() {}\n', "a": "export const a = 1;\nconst b = 2;\n"},
            "entry.mjs and a.mjs both declare b. Rename one of them.",
        ),
        (
            {"entry": 'import { a } from "./a.mjs";\n', "a": 'import { b } from "./entry.mjs";\n'},
            "Modules import each other in a circle: entry.mjs -> a.mjs -> entry.mjs.",
        ),
        (
            {"entry": 'import { a as b } from "./a.mjs";\n', "a": "export const a = 1;\n"},
            "entry.mjs: a.mjs does not export 'a as b'.",
        ),
        ({"entry": 'import * as a from "./a.mjs";\n'}, "entry.mjs: 'import * as a from"),
        ({"entry": 'import a from "./a.mjs";\n'}, "entry.mjs: 'import a from"),
        ({"entry": "const a = 1;\nexport { a };\n"}, "entry.mjs: 'export { a };' cannot be joined."),
        ({"entry": "const { a } = globalThis;\n"}, "entry.mjs: 'const { a } = globalThis;' cannot be joined."),
    ],
)
def test_what_does_not_fit_together_is_said_with_its_place(tmp_path: Path, modules: dict[str, str], said: str):
    with pytest.raises(AssetError, match=re.escape(said)):
        read_script(write(tmp_path, **modules), "entry.mjs")


async def test_the_kernel_knows_every_command_of_the_page():
    written = MODULES["wire.mjs"].partition("@typedef {[view: string")[0]
    commands = {kind for kinds in re.findall(r'type: ("[^,}]+)', written) for kind in re.findall(r'"(\w+)"', kinds)}
    assert {"step", "step_into", "open", "take", "dismiss"} < commands
    app = Repid()
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    for kind in commands:
        session = Session([Stepper(app)], lambda _after=0.0: None, lambda _reply: None)
        session.handle({"type": kind})
        await session.wait()
        session.close()
        assert "knows no" not in session.error, kind


def test_the_page_reads_every_trait_that_the_kernel_sets():
    read = re.search(r"const EMPTY = \{\n(.*?)\n\};", MODULES["state.mjs"], re.DOTALL)
    assert read is not None
    ours = set(Workbench.class_trait_names(sync=True)) - set(AnyWidget.class_trait_names(sync=True)) - {"_esm", "_css"}
    assert set(re.findall(r"^  (\w+):", read[1], re.MULTILINE)) == {name for name in ours if name[0] != "_"}


def test_every_module_has_a_floor():
    assert sorted(FLOORS) == sorted(MODULES)


@pytest.mark.parametrize("name", FLOORS)
def test_a_module_imports_only_from_the_floors_below(name: str):
    below = FLOORS[: FLOORS.index(name)]
    assert [other for other in IMPORTED.findall(MODULES[name]) if other not in below] == []


@pytest.mark.parametrize("name", FLOORS)
def test_every_import_of_a_value_is_one_that_the_joiner_reads(name: str):
    written = re.findall(r"^import\b", MODULES[name], re.MULTILINE)
    assert len(written) == len(IMPORT.findall(MODULES[name]))


@pytest.mark.parametrize("name", FLOORS)
def test_modules_lines_and_functions_are_short(name: str):
    lines = MODULES[name].splitlines()
    assert len(lines) <= LONGEST_MODULE
    assert [line for line in lines if len(line) > 120] == []
    assert [(line, length) for line, length in functions(MODULES[name]) if length > LONGEST_FUNCTION] == []


def test_a_long_function_is_found():
    body = "  go();\n" * LONGEST_FUNCTION
    for head in ("export function a() {", "const a = () => {", "class A {\n  go(one, two) {"):
        indent = "  " if "class" in head else ""
        assert max(length for _, length in functions(f"{head}\n{body}{indent}}}\n}}\n")) > LONGEST_FUNCTION
