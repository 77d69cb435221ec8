"""README's code runs as it stands, where there is what it speaks of; the changelog tells each change once."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from support.files import ROOT
from support.notebooks import without_slowness

from repid_nb import as_text

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
CODE = [code for language, code in BLOCKS if language == "python"]
IN_A_TERMINAL = next(text for language, text in BLOCKS if language == "text")

# What a block takes for granted, by words that stand in it.
GIVEN = {
    "check(": """
from repid_nb import topic_based_routing_strategy as my_strategy
""",
    "Stepper(app, server_name=": """
app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
user_tasks = Router(channel="user_tasks")


@user_tasks.actor
async def ship(to: str) -> None: ...


@user_tasks.actor
async def refund(to: str) -> None:
    raise RuntimeError("no money")


app.include_router(user_tasks)
before = Stepper(app)
for number in range(1, 9):
    is_first = number == 7
    await before.send("user_tasks", {"to": "a"}, topic="refund" if is_first else "ship", priority=9 if is_first else 4)
""",
    "simulation = Simulation(": """
from repid_nb import Simulation

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)


@orders.actor
async def refund(number: int) -> None: ...


app.include_router(orders)
other = Simulation(app).run(seconds=1)
""",
    "workbench.note(": """
from repid_nb import Workbench

workbench = Workbench(stepper)
""",
    "run_worker(limits=": """
app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
await app.servers.default.connect()
""",
}
# A network of the machine and a class: tests/brokers and tests/browser have them.
ELSEWHERE = ("share=True", "join(")


async def run(code: str, names: dict[str, Any]) -> None:
    ended = eval(compile(code, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)  # noqa: S307  (our own text)
    if inspect.iscoroutine(ended):
        await ended


async def test_the_code_of_the_readme_runs_and_a_step_reads_in_a_terminal_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    ran = 0
    for code in CODE:
        if any(words in code for words in ELSEWHERE):
            continue
        for words, given in GIVEN.items():
            if words in code:
                await run(given, names)
        await run(code, names)
        ran += 1
        if ran == 1:
            # A busy machine takes its time over a step.
            shown = without_slowness(as_text(names["stepper"].history[-1]))
            assert shown == IN_A_TERMINAL.rstrip("\n")
    assert ran == len(CODE) - 2


def test_the_changelog_tells_each_change_once():
    begins = re.findall(r"^- .{25}", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(begins) == sorted(set(begins))
