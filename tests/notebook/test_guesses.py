"""Guesses in a real kernel: which cell tells the verdict, and where the score is kept."""

from __future__ import annotations

import json
from pathlib import Path

from support.kernel import Kernel

SAID = "card.card['questions'][0]['said']"


def ask(kernel: Kernel) -> None:
    kernel.execute("from repid_nb.classroom import guess\nfrom repid_nb.classroom.question import find_question")
    kernel.execute("card = guess('messages-1')")
    # Clicks come between the cells, as from a page; this cell asks too, so that its end tells nothing.
    kernel.execute(
        "other = guess('messages-1')\n"
        "place = card.card['questions'][0]['choices'].index(find_question('messages-1').right)\n"
        "card._handle({'type': 'pick', 'question': 0, 'choice': place})"
    )


def test_the_end_of_the_next_cell_that_asks_nothing_tells_the_verdict(kernel: Kernel):
    ask(kernel)
    assert kernel.execute(f"other = guess('messages-1'); print({SAID})").stdout.startswith("Your guess is kept")
    kernel.execute("1 + 1")
    assert kernel.execute(f"print({SAID})").stdout.startswith("✓ Right.")


def test_a_guess_outlives_another_run_of_its_cell_until_the_answer_is_out(kernel: Kernel):
    # A click makes the cell of the guess the one that Shift+Enter runs next.
    ask(kernel)
    kernel.execute("card = guess('messages-1')")
    kernel.execute("1 + 1")
    assert kernel.execute(f"print({SAID})").stdout.startswith("✓ Right.")
    kernel.execute("card = guess('messages-1')")
    assert kernel.execute(f"other = guess('messages-1'); print({SAID})").stdout == "\n"


def test_a_cell_that_fails_tells_the_verdict_too(kernel: Kernel):
    ask(kernel)
    assert kernel.execute("1 / 0").error is not None
    assert kernel.execute(f"print({SAID})").stdout.startswith("✓ Right.")


def test_a_guess_that_nobody_clicks_prints_nothing(kernel: Kernel):
    kernel.execute("from repid_nb.classroom import guess")
    kernel.execute("guess('messages-1')")
    cell = kernel.execute("pass")
    assert (cell.stdout, cell.stderr, cell.error) == ("", "", None)


def test_the_score_is_kept_beside_the_exercises(kernel: Kernel, tmp_path: Path):
    folder = tmp_path / "exercises"
    folder.mkdir()
    (folder / "routing-1.ipynb").touch()
    kernel.execute(f"import os; os.chdir({str(tmp_path)!r})")
    ask(kernel)
    kernel.execute("pass")
    assert json.loads((folder / "progress.json").read_text())["answers"] == {"messages": {"guess 1": True}}
