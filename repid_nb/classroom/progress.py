"""What a learner has solved and answered: a file beside the exercises' notebooks, and nowhere else.

It is written only in a notebook's kernel, and only where the exercises lie. Deleting it begins anew. A page of the web
site, which has no files, keeps the same text in the browser.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from repid_nb.notebook.cells import in_kernel

__all__ = [
    "CLOSING",
    "FILE",
    "Progress",
    "chapter_link",
    "chapter_of",
    "keep_answer",
    "keep_in_page",
    "keep_solved",
    "link_to",
    "progress",
]

FILE = "progress.json"
FOLDER = "exercises"
# What the name of an answer begins with that was given to a question which closes a chapter, and not to a guess.
CLOSING = "question "


class Progress(NamedTuple):
    """What was solved and answered in this working copy of the course.

    Attributes:
        solved: The names of the exercises that were solved.
        answers: For each chapter, whether the newest answer to each of its questions was right.
    """

    solved: frozenset[str] = frozenset()
    answers: dict[str, dict[str, bool]] = {}  # noqa: RUF012  (never changed)


def exercises_folder() -> Path | None:
    """Return the folder of the exercises' notebooks, seen from the notebook that runs; None where there is none."""
    if not in_kernel():
        return None
    try:
        here = Path.cwd()
    except OSError:  # it was deleted
        return None
    near = (here, here / FOLDER, here.parent / FOLDER)
    return next((one for one in near if one.name == FOLDER and one.is_dir() and any(one.glob("*.ipynb"))), None)


def link_to(name: str) -> str:
    """Return a link to an exercise's notebook, from the notebook that runs; empty where it is not there."""
    folder = exercises_folder()
    if folder is None or not (folder / f"{name}.ipynb").is_file():
        return ""
    if folder == Path.cwd():
        return f"{name}.ipynb"
    return f"{FOLDER}/{name}.ipynb" if folder.parent == Path.cwd() else f"../{FOLDER}/{name}.ipynb"


def chapter_of(notebook: str) -> str:
    """Return the chapter of a notebook, such as `routing` of `02_routing`; empty for one without a number."""
    number, _, name = notebook.partition("_")
    return name if number.isdecimal() else ""


def chapter_link(number: int, name: str) -> str:
    """Return a link to a chapter's notebook, from the notebook that runs; empty where it is not there."""
    folder, file = exercises_folder(), f"{number:02}_{name}.ipynb"
    if folder is None or not (folder.parent / file).is_file():
        return ""
    return file if folder.parent == Path.cwd() else f"../{file}"


def keep_in_page(text: str, keep: Callable[[str], None]) -> None:
    """Keep what is solved and answered in a page, and not in a file.

    Args:
        text: What the page has kept; empty where that is nothing.
        keep: Called with the new text when it has changed.
    """
    _Place.in_page = _PageFile(text, keep)


def progress() -> Progress:
    """Return what was solved and answered; nothing where the file is not there or not to be read."""
    file = _file()
    if file is not None:
        with suppress(OSError, ValueError):
            return _read(json.loads(file.read_text(encoding="utf-8")))
    return Progress()


def keep_solved(names: Iterable[str]) -> None:
    """Add exercises to those that were solved."""
    _keep(lambda before: before._replace(solved=before.solved | {*names}))


def keep_answer(chapter: str, question: str, *, is_right: bool) -> None:
    """Keep whether the newest answer to a question of a chapter was right; of no chapter, nothing."""
    if chapter:
        _keep(
            lambda before: before._replace(
                answers={**before.answers, chapter: {**before.answers.get(chapter, {}), question: is_right}}
            )
        )


def _keep(changed: Callable[[Progress], Progress]) -> None:
    """Write what has changed; where the file cannot be written, nothing is kept."""
    file = _file()
    before = progress()
    now = changed(before)
    if file is not None and now != before:
        text = json.dumps({"solved": sorted(now.solved), "answers": now.answers}, indent=2)
        with suppress(OSError):
            file.write_text(text + "\n", encoding="utf-8")


class _PageFile:
    """What stands for the file in a page."""

    def __init__(self, text: str, keep: Callable[[str], None]) -> None:
        self._text = text
        self._keep = keep

    def read_text(self, encoding: str) -> str:  # noqa: ARG002  (as a Path has it)
        return self._text

    def write_text(self, text: str, encoding: str) -> None:  # noqa: ARG002
        self._text = text
        self._keep(text)


class _Place:
    in_page: _PageFile | None = None


def _file() -> Path | _PageFile | None:
    folder = exercises_folder()
    return _Place.in_page if folder is None else folder / FILE


def _read(found: object) -> Progress:
    if not isinstance(found, dict):
        return Progress()
    solved, answers = found.get("solved"), found.get("answers")
    return Progress(
        frozenset(one for one in solved if isinstance(one, str)) if isinstance(solved, list) else frozenset(),
        {chapter: _flags(one) for chapter, one in answers.items()} if isinstance(answers, dict) else {},
    )


def _flags(answers: object) -> dict[str, bool]:
    return {name: bool(one) for name, one in answers.items()} if isinstance(answers, dict) else {}
