"""The workbench in a real kernel: what it shows beneath itself, what actors display, and where code stands."""

from __future__ import annotations

import pytest
from support.kernel import Kernel

SETUP = """
from IPython.display import display
from repid_nb import InMemoryServer, Repid, Router, Stepper, Workbench

app, router = Repid(), Router(channel="tasks")
app.servers.register_server("default", InMemoryServer(), is_default=True)
app.include_router(router)

def even(*, actor_name):
    def check(message):
        return len(message.payload) % 2 == 0
    return check

@router.actor
async def show():
    display({"an": "object"})

@router.actor(routing_strategy=even)
async def pair(): ...

stepper = Stepper(app)
heard = []
get_ipython().display_pub.register_hook(lambda message: heard.append(message["msg_type"]) or message)
"""


@pytest.fixture(scope="module", autouse=True)
def _definitions(kernel: Kernel):
    cell = kernel.execute(SETUP)
    assert cell.error is None, cell.traceback


def test_what_an_actor_displays_is_in_its_step_and_is_shown_as_before(kernel: Kernel):
    cell = kernel.execute("await stepper.send('tasks', topic='show')\nstep = await stepper.step()\nstep.printed")
    assert cell.result == "\"{'an': 'object'}\\n\""
    assert cell.data[0]["text/plain"] == "{'an': 'object'}"


def test_a_workbench_is_shown_with_what_stands_for_it_and_that_is_kept_current(kernel: Kernel):
    cell = kernel.execute("workbench = Workbench(stepper)\nworkbench")
    widget, saved = cell.data
    assert "application/vnd.jupyter.widget-view+json" in widget
    assert "text/html" not in widget
    assert "repid-nb-saved" in saved["text/html"]
    kernel.execute("heard.clear()\nawait stepper.send('tasks', topic='show')\nsent = await stepper.step()")
    assert "update_display_data" in kernel.execute("print(heard)").stdout
    assert "update_display_data" not in kernel.execute("heard.clear()\nprint(heard)").stdout


def test_the_line_of_a_strategy_says_its_cell(kernel: Kernel):
    cell = kernel.execute("workbench.actors['actors'][1]['code']")
    assert cell.result is not None
    assert "return len(message.payload) % 2 == 0" in cell.result
    assert "'where': 'cell " in cell.result
    assert ", line 10'" in cell.result
