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
