"""The book: the committed notebooks and the reference as pages, by Sphinx."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from reference import write_reference

from repid_nb.classroom import course

__all__ = ["build_book", "copy_course"]

SITE = Path(__file__).parent
ROOT = SITE.parent

# What Sphinx writes for itself.
NOT_NEEDED = [".doctrees", ".buildinfo", "objects.inv"]


def copy_course(into: Path) -> None:
    """Copy the notebooks and what they link to, in the places that the links expect."""
    ignored = shutil.ignore_patterns("nbgrader", ".ipynb_checkpoints")
    shutil.copytree(ROOT / "notebooks", into / "notebooks", ignore=ignored)
    for page in ("README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / page, into)


def build_book(into: Path, scratch: Path) -> None:
    """Build the book.

    Args:
        into: Its folder in the site.
        scratch: An empty folder.
    """
    sources = scratch / "book"
    shutil.copytree(SITE / "book", sources)
    shutil.copy(SITE / "pages" / "icon.svg", sources)
    copy_course(sources)
    _list_exercises(sources / "index.md")
    write_reference(sources / "reference")
    # MyST-NB writes a folder of its own beside the pages.
    pages = scratch / "pages" / "book"
    subprocess.run([sys.executable, "-m", "sphinx", "-q", "-b", "html", sources, pages], check=True)  # noqa: S603
    shutil.copytree(pages, into)
    for name in NOT_NEEDED:
        unwanted = into / name
        shutil.rmtree(unwanted) if unwanted.is_dir() else unwanted.unlink(missing_ok=True)


def _list_exercises(index: Path) -> None:
    """Write into the contents the exercises in the order of the course, which is not that of their names."""
    names = [one.name for chapter in course().chapters for one in chapter.exercises]
    listed = "\n".join(f"notebooks/exercises/{name}" for name in names)
    index.write_text(index.read_text(encoding="utf-8").replace("EXERCISES", listed), encoding="utf-8")
