"""IPython in a terminal: no page and no kernel, so everything is text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SESSION = """
from repid_nb import InMemoryServer, Repid, Router, Stepper, Workbench
from repid_nb.classroom import guess
app, router = Repid(), Router(channel="tasks")
app.servers.register_server("default", InMemoryServer(), is_default=True)
app.include_router(router)
@router.actor
async def greet(to: str) -> str:
    return f"hello {to}"

stepper = Stepper(app)
sent = await stepper.send("tasks", {"to": "ada"}, topic="greet")
guess(stepper)
await stepper.step()
Workbench(stepper)
"""


def in_terminal(session: str, home: Path) -> str:
    """Type a session into IPython, a line after the other; return what the terminal shows."""
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
        input=session,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "IPYTHONDIR": str(home)},
    )
    return done.stdout


def test_what_a_terminal_shows_is_text_and_a_widget_says_what_is_missing(tmp_path: Path):
    shown = in_terminal(SESSION, tmp_path)
    assert "Traceback" not in shown
    assert "<div" not in shown
    assert "Who gets the next message, `m1` with the topic `greet`?" in shown
    assert "Step 1 · m1 went to greet" in shown
    assert shown.count("To click, open it in a notebook: a terminal shows no widgets.") == 2
    assert "Workbench(" not in shown.replace("In [", "")


FAILING = """
@router.actor
async def fail(number: int) -> None:
    doubled = number * 2
    raise ValueError(doubled)

sent = await stepper.send("tasks", {"number": 21}, topic="fail")
step = await stepper.step()
%debug
print("seen by %debug:", doubled)
q
"""
STOPPING = """
import pdb
@router.actor
async def stop(number: int) -> int:
    doubled = number * 2
    pdb.set_trace()
    return doubled

sent = await stepper.send("tasks", {"number": 21}, topic="stop")
step = await stepper.step()
print("seen while it stands:", doubled)
p doubled + 1
c
print("kept:", repr(step.printed), step.result)
"""


def test_debug_opens_where_an_actor_failed(tmp_path: Path):
    session = SESSION.partition("guess(stepper)")[0] + "await stepper.step()\n"
    assert "seen by %debug: 42" in in_terminal(session + FAILING, tmp_path)


def test_a_debugger_inside_an_actor_answers_at_once_and_not_in_the_step(tmp_path: Path):
    session = SESSION.partition("guess(stepper)")[0] + "await stepper.step()\n"
    shown = in_terminal(session + STOPPING, tmp_path)
    assert shown.index("seen while it stands: 42") < shown.index("43\n") < shown.index("kept: '' 42")


def test_in_pythons_own_asyncio_prompt_one_can_await_and_run(tmp_path: Path):
    (tmp_path / "lesson.py").write_text(SESSION.split("stepper =", maxsplit=1)[0] + "\nstepper = Stepper(app)\n")
    lines = "from lesson import *\nfrom repid_nb import run\nrun(stepper.send('tasks', {'to': 'ada'}, topic='greet'))\n"
    done = subprocess.run(
        [sys.executable, "-m", "asyncio"],
        input=f"{lines}run(stepper.step())\nawait stepper.step()\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        timeout=120,
        cwd=tmp_path,
    )
    assert "Traceback" not in done.stdout
    assert "Step 1 · m1 went to greet" in done.stdout
    assert "Idle · nothing is waiting on tasks" in done.stdout
