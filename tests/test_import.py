"""What `import repid_nb` costs and gives."""

import pytest
from support.script import run_script

import repid_nb

HEAVY = ["IPython", "anywidget", "ipykernel", "ipywidgets", "nest_asyncio2", "pydantic"]


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
