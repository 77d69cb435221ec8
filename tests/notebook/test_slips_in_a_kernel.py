"""Slips in a real notebook: a forgotten `await`, and errors that end in few lines."""

import re
import subprocess
import sys

import pytest
from support.kernel import Kernel

APP = """
from repid_nb import *
app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
router = Router(channel="tasks")
app.include_router(router)
stepper = Stepper(app)

@router.actor
async def greet(to: str):
    return 1 / 0
"""


@pytest.fixture
def app(kernel: Kernel) -> Kernel:
    assert kernel.execute(APP, cell_id="app").error is None
    return kernel


@pytest.mark.parametrize(
    "call",
    [
        "stepper.step()",
        "stepper.run(max_steps=5)",
        "stepper.send('tasks', {'to': 'ada'})",
        "app.send_message(channel='tasks', payload=b'')",
        "app.run_worker()",
        "greet('ada')",
    ],
)
def test_a_forgotten_await_says_what_to_write(app: Kernel, call: str):
    assert app.execute(call).result == f"Nothing was done yet: write `await {call}`."


def test_a_long_call_is_named_without_its_arguments(app: Kernel):
    cell = app.execute(f"app.send_message_json(channel='tasks', payload={{'to': '{'a' * 80}'}})")
    assert cell.result == "Nothing was done yet: write `await app.send_message_json(...)`."


@pytest.mark.parametrize(
    ("name", "call"), [("stepper.step", "await stepper.step(...)"), ("stepper.explain", "stepper.explain(...)")]
)
def test_a_method_that_is_not_called_says_what_to_write(app: Kernel, name: str, call: str):
    assert app.execute(name).result == f"Nothing was done: `{name}` is the function itself. Write `{call}`."
    assert app.execute("'a'.upper\n[].append").result.startswith("<function list.append")


@pytest.mark.parametrize("cell", ["%time {}", "%%time\n{}", "%timeit -n1 -r1 {}", "%prun {}"])
def test_a_magic_that_cannot_await_says_what_it_can(app: Kernel, cell: str):
    refused = app.execute(cell.format("await stepper.step()"))
    assert refused.error == "SyntaxError"
    assert "write run(stepper.step()) there" in refused.traceback
    assert app.execute(cell.format("run(stepper.step())")).error is None


@pytest.mark.parametrize("cell", ["%time stepper.step()", "%%time\nstepper.step()"])
def test_a_forgotten_await_after_a_magic_is_a_run(app: Kernel, cell: str):
    assert app.execute(cell).result == "Nothing was done yet: write `%time run(stepper.step())`."


@pytest.mark.parametrize("cell", ["class A:\n    x = await stepper.step()", "exec('await stepper.step()')"])
def test_an_await_that_no_magic_and_no_switch_refuses_gets_no_words_of_ours(app: Kernel, cell: str):
    refused = app.execute(cell)
    assert refused.error == "SyntaxError"
    assert "switched await off" not in refused.traceback
    assert "A magic such as" not in refused.traceback


def test_where_await_is_switched_off_run_is_what_to_write(app: Kernel):
    app.execute("%autoawait off")
    try:
        assert app.execute("stepper.step()").result == "Nothing was done yet: write `run(stepper.step())`."
        refused = app.execute("await stepper.step()")
        assert refused.error == "SyntaxError"
        assert "write %autoawait asyncio in a cell, or run(...) instead of await ..." in refused.traceback
        assert "nothing is waiting" in app.execute("run(stepper.step())").shown
    finally:
        app.execute("%autoawait asyncio")


def test_cells_that_trio_runs_are_told_that_asyncio_is_needed_and_nothing_is_lost(app: Kernel):
    pytest.importorskip("trio", reason="trio is not installed here")
    app.execute("await stepper.send('tasks', {'to': 'ada'}, topic='greet')")
    app.execute("%autoawait trio")
    try:
        for call in ("stepper.step()", "stepper.run()", "app.run_worker(messages_limit=1)"):
            refused = app.execute(f"await {call}")
            assert refused.message.startswith("repid_nb awaits on asyncio, and trio runs this code.")
        assert "Step 1 · m1 went to greet" in app.execute("run(stepper.step())").shown
    finally:
        app.execute("%autoawait asyncio")


def test_a_cell_that_ends_cancelled_says_what_may_have_stopped_it(app: Kernel):
    cancelled = "waiting = asyncio.get_running_loop().create_future()\nwaiting.cancel()\nawait waiting"
    cell = app.execute(f"import asyncio\n{cancelled}")
    assert cell.error == "CancelledError"
    assert "Stopped: by the interrupt button" in cell.traceback


def test_a_coroutine_of_another_library_and_one_that_ended_show_as_ever(app: Kernel):
    assert app.execute("import asyncio\nasyncio.sleep(0)").result.startswith("<coroutine object sleep at")
    assert app.execute("ended = asyncio.sleep(0)\nawait ended\nended").result.startswith("<coroutine object sleep at")


def test_a_forgotten_await_in_the_middle_of_a_cell_is_one_line(app: Kernel):
    cell = app.execute("stepper.send('tasks', {})\n1")
    assert cell.stderr == "⚠ `send` was called without `await` in front of it, so it did nothing.\n"


def test_in_a_script_pythons_own_warning_stays():
    script = f"{APP}\nstepper.step()\nprint(type(stepper.run()))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert "RuntimeWarning: coroutine 'Stepper.step' was never awaited" in ran.stderr


@pytest.mark.parametrize(
    ("call", "last"),
    [
        ("await stepper.send({'to': 'a'}, topic='x')", "The channel comes first"),
        ("await app.send_message(channel='tasks', payload='Hello')", "Open the connection around it"),
        ("await app.send_message_json(operation_id='gret', payload={})", "Operation 'gret' not found"),
        ("await app.send_message_json(channel='tasks', payload={}, priority=9)", "server_specific_parameters"),
        ("app.messages.register_operation('send_receipt', 'tasks')", "Give its arguments by name"),
        ("await stepper.step('task')", "Did you mean 'tasks'?"),
        ("run(stepper.step('task'))", "Did you mean 'tasks'?"),
        ("Repid(titel='shop')", "Did you mean 'title'?"),
    ],
)
def test_an_error_ends_in_few_lines_with_the_learners_own_and_the_fix(app: Kernel, call: str, last: str):
    cell = app.execute(f"# one line\n{call}")
    shown = re.sub(r"\x1b\[[\d;]*m", "", cell.traceback)
    assert len(shown.splitlines()) <= 9, shown
    assert call in shown
    assert last in shown.splitlines()[-1]
    assert "repid_nb" not in shown.partition("\n\n")[0]


def test_the_learners_frames_on_both_sides_of_ours_stay(app: Kernel):
    cell = app.execute(
        "await TestClient(app).send_message_json(channel='tasks', payload={'to': ''}, headers={'topic': 'greet'})"
    )
    shown = re.sub(r"\x1b\[[\d;]*m", "", cell.traceback)
    assert cell.error == "ZeroDivisionError"
    assert shown.index("TestClient(app)") < shown.index("return 1 / 0")
    assert "test_client.py" not in shown


def test_an_error_of_the_learners_alone_and_the_mode_verbose_are_as_ever(app: Kernel):
    assert "json/__init__.py" in app.execute("import json\njson.loads('{')").traceback
    app.execute("%xmode Verbose")
    assert "stepper.py" in app.execute("await stepper.step('task')").traceback
    app.execute("%xmode Context")
