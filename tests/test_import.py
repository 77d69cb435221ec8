"""What `import repid_nb` costs and gives."""

import ast
from pathlib import Path

import pytest
from support.script import run_script

import repid_nb

HEAVY = ["IPython", "anywidget", "ipykernel", "ipywidgets", "matplotlib", "nest_asyncio2", "pydantic"]


def test_importing_the_package_loads_nothing_heavy():
    printed = run_script(f"""
        import sys
        import repid_nb
        print([name for name in {HEAVY} if name in sys.modules])
    """)
    assert printed == "[]\n"


@pytest.mark.parametrize("name", HEAVY)
def test_what_counts_as_heavy_is_installed_and_would_be_noticed(name):
    assert run_script(f"import sys, warnings; warnings.simplefilter('ignore'); import {name}; print('yes')") == "yes\n"


def test_importing_the_package_prints_nothing_and_starts_no_thread():
    printed = run_script("""
        import repid_nb, threading
        assert threading.active_count() == 1
    """)
    assert printed == ""


def test_every_module_loads_and_steps_without_docstrings_and_asserts():
    printed = run_script(
        """
        import asyncio, importlib, pkgutil
        import repid_nb
        from repid_nb import *
        for found in pkgutil.walk_packages(repid_nb.__path__, "repid_nb."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)

        app, router = Repid(), Router(channel="tasks")
        app.servers.register_server("default", InMemoryServer(), is_default=True)

        @router.actor
        async def greet(to: str) -> str:
            return f"hello {to}"

        app.include_router(router)

        async def main():
            async with Stepper(app) as stepper:
                await stepper.send("tasks", {"to": "ada"}, topic="greet")
                return await stepper.step()

        step = asyncio.run(main())
        print(Step.from_dict(step.to_dict()) == step, step.result)
        """,
        "-OO",
    )
    assert printed == "True hello ada\n"


def test_the_public_names_are_sorted_each_once_and_all_there():
    names = repid_nb.__all__
    assert list(names) == sorted(set(names))
    missing = [name for name in names if not hasattr(repid_nb, name)]
    assert missing == []


def test_a_star_import_gives_exactly_the_public_names():
    printed = run_script("""
        from repid_nb import *
        print(sorted(name for name in list(globals()) if not name.startswith("_")))
    """)
    assert printed.strip() == str(sorted(repid_nb.__all__))


def test_importing_the_package_loads_no_room_that_is_not_entered():
    printed = run_script("""
        import sys
        import repid_nb
        print(sorted(name for name in sys.modules if name.startswith("repid_nb.")))
        print("asyncio" in sys.modules)
        repid_nb.Router
        print("repid_nb.core.routing.router" in sys.modules, "repid_nb.stepping" in sys.modules)
    """)
    assert printed == "['repid_nb.core', 'repid_nb.core.record']\nFalse\nTrue False\n"


def test_type_checkers_are_told_the_names_that_are_loaded():
    stub = ast.parse(Path(repid_nb.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    told = {
        alias.asname: (node.module, alias.name)
        for node in ast.walk(stub)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == {name: (home, name) for name, home in repid_nb._HOME_OF.items()}
    assert sorted(told) == repid_nb.__all__
    assert {type(node) for node in stub.body} == {ast.ImportFrom}


def test_the_user_whose_types_are_checked_uses_every_public_name():
    user = ast.parse((Path(__file__).parent / "support" / "typed_user.py").read_text(encoding="utf-8"))
    taken = {
        alias.name
        for node in user.body
        if isinstance(node, ast.ImportFrom) and node.module == "repid_nb"
        for alias in node.names
    }
    assert sorted(taken) == repid_nb.__all__


def test_a_name_that_is_none_is_refused_and_the_names_are_offered_for_completion():
    with pytest.raises(AttributeError, match="'repid_nb' has no attribute 'Steper'"):
        repid_nb.Steper  # noqa: B018
    assert set(repid_nb.__all__) <= set(dir(repid_nb))


def test_a_record_shows_itself_though_nobody_has_asked_for_a_view():
    printed = run_script("""
        import asyncio
        from repid_nb.core.memory.server import InMemoryServer
        from repid_nb.core.message import MessageData

        async def main():
            server = InMemoryServer()
            async with server.connection():
                await server.publish(channel="tasks", message=MessageData(payload=b"hello"))
            print(server.snapshot())
            print("<" in server.snapshot()._repr_html_())

        asyncio.run(main())
    """)
    assert printed.startswith("tasks: 1 waiting")
    assert printed.endswith("True\n")
