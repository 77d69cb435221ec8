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


def test_the_map_shows_what_was_answered_and_solved_with_links(kernel: Kernel, tmp_path: Path):
    folder = course(tmp_path)
    for name in ("00_start", "02_routing"):
        (folder.parent / f"{name}.ipynb").touch()
    answers = {
        "start": {"step ask": True, "question 1": True, "question 2": False, "question 3": True},
        "routing": {"guess 1": False},
    }
    (folder / "progress.json").write_text(json.dumps({"solved": ["routing-1"], "answers": answers}))
    go_to(kernel, folder.parent)
    shown = kernel.execute("from repid_nb.classroom import course\ncourse()").data[-1]
    summary, *lines = shown["text/plain"].splitlines()
    assert summary == "The course: 1 of 15 chapters done, 1 of 18 exercises solved, 1 of 2 right in guessing"
    assert lines[0] == "  ✓  0  Start here · 10 minutes · guesses 1 of 1 right · questions 2 of 3 right"
    assert lines[1].startswith("  ○  1  Messages")
    assert lines[2].startswith(
        "  ◐  2  Routing · 12 minutes · guesses 0 of 1 right · exercises ○ reading-1, ✓ routing-1"
    )
    assert '<a href="02_routing.ipynb">2 · Routing</a>' in shown["text/html"]
    assert '<a href="exercises/routing-1.ipynb">' in shown["text/html"]
    go_to(kernel, folder)
    assert '<a href="../02_routing.ipynb">' in kernel.execute("course()").data[-1]["text/html"]
