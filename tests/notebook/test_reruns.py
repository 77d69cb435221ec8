"""Cells that run again in a real kernel: which of their actors listen, and which are left over."""

import pytest
from support.kernel import Kernel

APP = """
import importlib, sys, warnings
from repid_nb import InMemoryServer, Repid, Router, Stepper
app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
router = Router(channel="tasks")
app.include_router(router)
"""

GREET = """
@router.actor
async def greet(): ...
"""

HELPER = """
def declare(number):
    @router.actor(name=f"actor {number}")
    async def greet(): ...
"""

LOOK = """
warnings.simplefilter("ignore")
print([one.name for one in app.router.actors], Stepper(app).keep_newest_actors(), [one.name for one in router.actors])
"""


@pytest.fixture
def app(kernel: Kernel) -> Kernel:
    assert kernel.execute(APP, cell_id="app").error is None
    return kernel


def found(kernel: Kernel) -> str:
    """Return which actors listen, how many the Stepper can forget, and which are left then."""
    return kernel.execute(LOOK, cell_id="look").stdout.strip()


@pytest.mark.parametrize("cell_id", ["greet", None], ids=["cells have ids", "cells have no ids"])
def test_a_cell_that_runs_again_as_it_stands(app: Kernel, cell_id: str | None):
    for _ in range(3):
        app.execute(GREET, cell_id=cell_id)
    assert found(app) == "['greet'] 2 ['greet']"


@pytest.mark.parametrize("cell_id", ["greet", None], ids=["cells have ids", "cells have no ids"])
def test_a_cell_that_is_edited_and_runs_again(app: Kernel, cell_id: str | None):
    app.execute(GREET, cell_id=cell_id)
    app.execute(f"# Edited.\n{GREET}", cell_id=cell_id)
    assert found(app) == "['greet'] 1 ['greet']"


def test_an_actor_that_is_renamed_in_its_cell(app: Kernel):
    app.execute(GREET, cell_id="greet")
    app.execute(GREET.replace("greet", "welcome"), cell_id="greet")
    assert found(app) == "['greet', 'welcome'] 1 ['welcome']"


def test_a_loop(app: Kernel):
    app.execute("for _ in range(2):" + GREET.replace("\n", "\n    "), cell_id="loop")
    assert found(app) == "['greet', 'greet'] 0 ['greet', 'greet']"


@pytest.mark.parametrize("cell_id", ["{}", None], ids=["cells have ids", "cells have no ids"])
def test_a_helper_that_two_cells_call(app: Kernel, cell_id: str | None):
    app.execute(HELPER, cell_id=cell_id and cell_id.format("helper"))
    for number in (1, 2, 2):
        app.execute(f"declare({number})", cell_id=cell_id and cell_id.format(number))
    assert found(app) == "['actor 1', 'actor 2'] 1 ['actor 1', 'actor 2']"


def test_a_coroutine_that_declares_actors(app: Kernel):
    main = "async def main():" + GREET.replace("\n", "\n    ")
    for _ in range(2):
        app.execute(f"import asyncio\n{main}\nawait asyncio.create_task(main())\nasyncio.run(main())", cell_id="main")
    assert found(app) == "['greet', 'greet'] 2 ['greet', 'greet']"


def test_a_module_that_is_imported_by_a_cell_and_reloaded_by_another(app: Kernel, tmp_path):
    (tmp_path / "greetings.py").write_text("import __main__\n\nrouter = __main__.router\n" + GREET)
    app.execute(f"sys.path.insert(0, {str(tmp_path)!r})")
    for _ in range(2):
        app.execute("import greetings\n\n@router.actor\nasync def another(): ...", cell_id="import")
    assert found(app) == "['greet', 'another'] 1 ['greet', 'another']"
    app.execute("importlib.reload(greetings)\nimportlib.reload(greetings)", cell_id="reload")
    assert found(app) == "['greet', 'another'] 2 ['greet', 'another']"


def test_a_script_that_a_cell_runs_twice(app: Kernel, tmp_path):
    (tmp_path / "script.py").write_text(GREET)
    for _ in range(2):
        assert app.execute(f"%run -i {tmp_path / 'script.py'}", cell_id="run").error is None
    assert found(app) == "['greet'] 1 ['greet']"


def test_the_newest_function_gets_the_messages_and_a_calm_line_says_so(app: Kernel):
    for answer in ("old", "new"):
        app.execute(f"@router.actor\nasync def greet(): return {answer!r}", cell_id="greet")
    cell = app.execute("stepper = Stepper(app)\nawait stepper.send('tasks', topic='greet')\nawait stepper.step()")
    assert "returned  'new'" in cell.shown
    assert "↻ its cell ran again: this is the newest function, in the place of the older one" in cell.shown
    assert cell.stderr == ""


TWO_ACTORS = """
from repid_nb import Router
router = Router(channel="tasks")

@router.actor
async def greet(): return "old"

@router.actor
async def wave(): return "waved"
"""

FROM_A_MODULE = """
import os, pathlib
sys.path.insert(0, {folder!r})
import waving
app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
app.include_router(waving.router)
stepper = Stepper(app)

def edit(*change):
    file = pathlib.Path(waving.__file__)
    file.write_text(file.read_text().replace(*change))
    later = file.stat().st_mtime + 5
    os.utime(file, (later, later))
"""
ASK = "await stepper.send('tasks', topic={!r})\nawait stepper.step()"
AGAIN = "⚠ older: module waving was loaded again; include its router in the app again"


def test_a_module_whose_functions_autoreload_changes_keeps_its_other_actors(app: Kernel, tmp_path):
    (tmp_path / "waving.py").write_text(TWO_ACTORS)
    app.execute(f"%load_ext autoreload\n%autoreload 2\n{FROM_A_MODULE.format(folder=str(tmp_path))}", cell_id="import")
    try:
        app.execute("edit('\"old\"', '\"new\"')")
        shown = app.execute(ASK.format("greet")).shown
        assert "returned  'new'" in shown
        assert "↻ its module was loaded again: this is the newest function, in the place of the older one" in shown
        waved = app.execute(ASK.format("wave"))
        assert "returned  'waved'" in waved.shown
        assert "left over" not in shown + waved.shown + waved.stderr
        # A change outside of functions: then the whole module runs again, and has a new router.
        app.execute("edit('Router(channel', 'Router(timeout=9, channel')")
        app.execute("edit('\"new\"', '\"newest\"')")
        shown = app.execute(ASK.format("greet")).shown
        assert ("returned  'new'" in shown, shown.count(AGAIN)) == (True, 1)
        app.execute("app.include_router(waving.router)")
        shown = app.execute(ASK.format("greet")).shown
        assert ("returned  'newest'" in shown, AGAIN in shown) == (True, False)
    finally:
        app.execute("%autoreload 0\nsys.modules.pop('waving')\nsys.path.pop(0)")


def test_an_app_that_still_has_the_router_of_an_earlier_load_is_told(app: Kernel, tmp_path):
    (tmp_path / "waving.py").write_text(TWO_ACTORS)
    app.execute(FROM_A_MODULE.format(folder=str(tmp_path)), cell_id="import")
    try:
        assert AGAIN not in app.execute(ASK.format("greet")).shown
        app.execute("edit('\"old\"', '\"new\"')\nimportlib.reload(waving)")
        shown = app.execute(ASK.format("greet")).shown
        assert ("returned  'old'" in shown, shown.count(AGAIN)) == (True, 2)
    finally:
        app.execute("sys.modules.pop('waving')\nsys.path.pop(0)")
