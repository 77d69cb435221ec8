"""What `make test` runs its test runners with, side by side."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.files import ROOT

SCRIPT = ROOT / "tests" / "support" / "side_by_side.py"

# Ends only when interrupted, and then says that it was able to tidy up.
PATIENT = """
import pathlib, threading
try:
    pathlib.Path({ready!r}).touch()
    threading.Event().wait()
except KeyboardInterrupt:
    print("tidied up", flush=True)
    raise SystemExit(3)
"""


def python(code: str) -> str:
    """Return a command that runs some code."""
    return shlex.join([sys.executable, "-c", code])


def side_by_side(*commands: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  (this repository's own script)
        [sys.executable, SCRIPT, *commands],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_it_ends_well_when_all_do():
    running = side_by_side(python("print('one')"), python("print('two')"))
    said, _ = running.communicate()
    assert running.returncode == 0
    assert "FAILED" not in said


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_it_fails_when_one_fails_and_names_it(failing: int):
    commands = [python(f"raise SystemExit({int(number == failing)})  # {number}") for number in range(3)]
    running = side_by_side(*commands)
    said, _ = running.communicate()
    assert running.returncode == 1
    assert [line for line in said.splitlines() if "FAILED" in line] == [f"FAILED, exit code 1: {commands[failing]}"]


def test_it_tells_who_was_killed():
    killed = python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    running = side_by_side(python("pass"), killed)
    said, _ = running.communicate()
    assert running.returncode == 1
    assert said.splitlines()[-1] == f"FAILED, SIGKILL: {killed}"


def test_what_they_say_stays_apart(tmp_path: Path):
    # Each waits for the other to have said something, so they do run at the same time.
    talk = (
        "import pathlib, time\n"
        "print('{me} begins', flush=True)\n"
        "pathlib.Path({folder!r}, '{me}').touch()\n"
        "while not pathlib.Path({folder!r}, '{other}').exists(): time.sleep(0.01)\n"
        "print('{me} ends')"
    )
    commands = [
        python(talk.format(me=me, other=other, folder=str(tmp_path))) for me, other in [("one", "two"), ("two", "one")]
    ]
    said, _ = side_by_side(*commands).communicate()
    assert [line for line in said.splitlines() if line.endswith((" begins", " ends"))] == [
        "one begins",
        "one ends",
        "two begins",
        "two ends",
    ]


def test_no_more_run_at_once_than_is_said(tmp_path: Path):
    # One that sees another at work says so.
    alone = (
        "import pathlib, time\n"
        "here = pathlib.Path({folder!r}, 'works')\n"
        "print('not alone' if here.exists() else 'alone')\n"
        "here.touch(); time.sleep(0.05); here.unlink()"
    )
    commands = [python(f"{alone.format(folder=str(tmp_path))}  # {number}") for number in range(4)]
    said, _ = side_by_side("--at-once", "1", *commands).communicate()
    assert [line for line in said.splitlines() if line.endswith("alone")] == ["alone"] * 4


def test_stopped_it_starts_no_further_one(tmp_path: Path):
    ready, further = tmp_path / "ready", tmp_path / "further"
    touches = python(f"import pathlib; pathlib.Path({str(further)!r}).touch()")
    running = side_by_side("--at-once", "1", python(PATIENT.format(ready=str(ready))), touches)
    while not ready.exists():
        assert running.poll() is None
        time.sleep(0.01)
    running.terminate()
    said, _ = running.communicate(timeout=60)
    assert f"FAILED, not started: {touches}" in said
    assert not further.exists()


def test_a_command_that_does_not_exist_leaves_none_of_the_others_running():
    waits_for_ever = python("import threading; threading.Event().wait()")
    running = side_by_side(waits_for_ever, "no-such-command")
    said, _ = running.communicate(timeout=60)  # ends when nobody holds their output any more
    assert "no-such-command" in said
    assert running.returncode == 1


@pytest.mark.parametrize(
    "stop",
    [
        pytest.param(lambda running: os.killpg(running.pid, signal.SIGINT), id="Ctrl-C"),
        pytest.param(lambda running: running.terminate(), id="SIGTERM"),
    ],
)
def test_stopped_it_lets_all_of_them_tidy_up(tmp_path: Path, stop: Callable[[subprocess.Popen[str]], None]):
    ready = [tmp_path / "one", tmp_path / "two"]
    running = side_by_side(*(python(PATIENT.format(ready=str(path))) for path in ready))
    while not all(path.exists() for path in ready):
        assert running.poll() is None
        time.sleep(0.01)
    stop(running)
    said, _ = running.communicate(timeout=60)
    assert said.splitlines().count("tidied up") == 2
    assert running.returncode == 1
