"""Where things are: the repository, and its notebooks and documents."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DOCUMENTS", "EXERCISES", "FOLDER", "NOTEBOOKS", "ROOT", "SOURCES", "TUTORIALS", "name_of"]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
TUTORIALS = sorted(FOLDER.glob("*.ipynb"))
# The learners' copies, and what a teacher's nbgrader makes its own copies from.
EXERCISES = sorted(FOLDER.glob("exercises/*.ipynb"))
SOURCES = sorted(FOLDER.glob("nbgrader/source/*/*.ipynb"))
NOTEBOOKS = [*TUTORIALS, *EXERCISES]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(FOLDER.glob("*.md")), *NOTEBOOKS, *SOURCES]


def name_of(path: Path) -> str:
    """Return the name of one of the repository's files as the tests print it."""
    return path.relative_to(ROOT).as_posix().removeprefix("notebooks/")
