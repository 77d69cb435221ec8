"""exit() and quit() of IPython, in blocks and outside of them; check in a real kernel is in tests/classroom."""

import pytest
from support.kernel import started_kernel
from support.script import run_script

SETUP = """
import asyncio, threading
from repid_nb.notebook.exits import exit_raises

def leaving():
    try:
        exit()
    except SystemExit:
        return "raised"
    return "went on"

def in_thread():
    said = []
    thread = threading.Thread(target=lambda: said.append(leaving()))
    thread.start()
    thread.join()
    return said[0]
"""


@pytest.fixture(scope="module")
def kernel():
    with started_kernel(forked=True) as kernel:
        cell = kernel.execute(SETUP)
        assert cell.error is None, cell.traceback
        yield kernel


def test_exit_raises_in_a_block(kernel):
    assert kernel.execute("with exit_raises():\n    said = leaving()\nsaid").result == "'raised'"


def test_exit_raises_in_a_block_inside_another_and_after_it(kernel):
    cell = kernel.execute("""
with exit_raises():
    with exit_raises():
        inner = leaving()
    outer = leaving()
inner, outer
""")
    assert cell.result == "('raised', 'raised')"


def test_exit_raises_in_what_a_block_started_also_when_the_block_is_over(kernel):
    cell = kernel.execute("""
async def later():
    await go_on.wait()
    return leaving()

go_on = asyncio.Event()
with exit_raises():
    task = asyncio.create_task(later())
go_on.set()
await task
""")
    assert cell.result == "'raised'"


def test_exit_raises_in_a_thread_once_there_was_a_block(kernel):
    assert kernel.execute("with exit_raises():\n    pass\nin_thread()").result == "'raised'"


def test_exit_of_a_cell_ends_the_kernel_as_before():
    with started_kernel() as kernel:
        kernel.execute(SETUP)
        cell = kernel.execute("with exit_raises():\n    pass\nleaving(), get_ipython().exit_now")
        assert cell.result == "('went on', True)"


def test_a_shell_that_cannot_be_asked_to_exit_is_left_alone():
    printed = run_script("""
        from IPython.core.interactiveshell import InteractiveShell
        from repid_nb.notebook.exits import exit_raises

        with exit_raises():
            print(hasattr(InteractiveShell.instance(), "ask_exit"))
    """)
    assert printed == "False\n"


def test_without_ipython_nothing_is_loaded():
    printed = run_script("""
        import sys
        from repid_nb.notebook.exits import exit_raises

        with exit_raises():
            print("IPython" in sys.modules)
    """)
    assert printed == "False\n"
