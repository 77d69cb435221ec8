"""The ticks of solved exercises: kept beside the exercises' notebooks, in a notebook only."""

import json
from pathlib import Path

from support.kernel import Kernel

SOLVE = """
from repid_nb.classroom import check, exercises
def order_events(*, actor_name):
    return lambda message: (message.headers or {}).get("event", "").startswith("order.")
check("routing-1", order_events)
"""


def course(root: Path) -> Path:
    folder = root / "course" / "exercises"
    folder.mkdir(parents=True)
    for name in ("routing-1", "routing-2", "reading-1"):
        (folder / f"{name}.ipynb").touch()
    return folder


def go_to(kernel: Kernel, folder: Path) -> None:
    kernel.execute(f"import os; os.chdir({str(folder)!r})")


def test_a_solved_exercise_is_ticked_and_the_next_one_linked(kernel: Kernel, tmp_path: Path):
    folder = course(tmp_path)
    go_to(kernel, folder)
    solved = kernel.execute(SOLVE).data[-1]["text/html"]
    assert '<a href="routing-2.ipynb">' in solved
    assert json.loads((folder / "progress.json").read_text())["solved"] == ["routing-1"]
    go_to(kernel, folder.parent)
    shown = kernel.execute("exercises()").data[-1]
    assert "✓ ●○○ level 1  routing-1" in shown["text/plain"]
    assert "○ ●○○ level 1  routing-2" in shown["text/plain"]
    assert '<a href="exercises/routing-1.ipynb">' in shown["text/html"]
    assert "Ticks are kept in progress.json beside the exercises, on this machine only." in shown["text/plain"]


def test_a_wrong_answer_takes_no_tick_back_and_gives_none(kernel: Kernel, tmp_path: Path):
    folder = course(tmp_path)
    before = '{"solved": ["routing-2"]}'
    (folder / "progress.json").write_text(before)
    go_to(kernel, folder)
    kernel.execute(SOLVE.replace("order.", "orders."))
    assert (folder / "progress.json").read_text() == before
    kernel.execute(SOLVE)
    assert json.loads((folder / "progress.json").read_text())["solved"] == ["routing-1", "routing-2"]


def test_a_file_that_is_no_list_and_a_folder_without_exercises_do_no_harm(kernel: Kernel, tmp_path: Path):
    folder = course(tmp_path)
    (folder / "progress.json").write_text("{")
    go_to(kernel, folder)
    assert kernel.execute("exercises()").error is None
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    go_to(kernel, elsewhere)
    assert "✓ Solved" in kernel.execute(SOLVE).data[-1]["text/html"]
    assert list(elsewhere.iterdir()) == []


def test_a_folder_that_was_deleted_under_the_notebook_does_no_harm(kernel: Kernel, tmp_path: Path):
    gone = tmp_path / "gone"
    gone.mkdir()
    go_to(kernel, gone)
    gone.rmdir()
    try:
        assert "✓ Solved" in kernel.execute(SOLVE).data[-1]["text/html"]
    finally:
        go_to(kernel, tmp_path)
