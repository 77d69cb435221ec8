"""Which exercises a learner has solved: a file beside the exercises' notebooks, and nowhere else.

It is written only in a notebook's kernel, and only where the exercises lie. Deleting it begins anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from repid_nb.notebook.cells import in_kernel

__all__ = ["FILE", "keep_solved", "link_to", "solved"]

FILE = "solved.json"
FOLDER = "exercises"


def exercises_folder() -> Path | None:
    """Return the folder of the exercises' notebooks, seen from the notebook that runs; None where there is none."""
    if not in_kernel():
        return None
    here = Path.cwd()
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


def solved() -> frozenset[str]:
    """Return the names of the exercises that were solved; none where the file is not there or not to be read."""
    folder = exercises_folder()
    if folder is not None:
        with suppress(OSError, ValueError):
            found = json.loads((folder / FILE).read_text(encoding="utf-8"))
            return frozenset(one for one in found if isinstance(one, str)) if isinstance(found, list) else frozenset()
    return frozenset()


def keep_solved(names: Iterable[str]) -> None:
    """Add exercises to those that were solved; where the file cannot be written, nothing is kept."""
    folder = exercises_folder()
    now = sorted({*solved(), *names})
    if folder is not None and now != sorted(solved()):
        with suppress(OSError):
            (folder / FILE).write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
