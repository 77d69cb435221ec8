"""The learner's copies of the notebooks: without outputs, in a folder of their own, never overwritten.

Copies have no outputs, so no answer stands below its guess, and the folder of the originals stays as git knows it. A
copy that the learner has not changed follows its original; beside one that was changed, a newer edition is put as a
second file.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from repid_nb.classroom.answers import called_as, described
from repid_nb.classroom.progress import chapter_of
from repid_nb.classroom.records import StartedOver
from repid_nb.core.errors import DeclarationError, UnknownNameError
from repid_nb.core.naming import nearest_name
from repid_nb.notebook.cells import this_notebook

__all__ = ["lay_out", "start_over", "start_over_in"]

# What was written where: beside the copies.
EDITIONS = ".editions.json"
WHAT = ("*.ipynb", "*.md", "images/*", "exercises/*.ipynb")


@dataclass(frozen=True, slots=True)
class _Written:
    """What was written for one file.

    Attributes:
        edition: Which edition of the original: what a learner reads and runs, without outputs and versions.
        copy: The digest of the copy as it was written.
    """

    edition: str
    copy: str


def lay_out(originals: Path, copies: Path) -> list[str]:
    """Make the copies that are missing, and renew those that the learner has not changed.

    Args:
        originals: The folder of the course's notebooks.
        copies: The folder of the copies; it is made where it is missing.

    Returns:
        A sentence for each newer edition that lies beside a changed copy since now.

    Raises:
        UnknownNameError: There is no notebook in the folder of the originals.
    """
    if not any(path.suffix == ".ipynb" for path in _originals(originals)):
        raise UnknownNameError(
            f"There is no notebook in {str(originals)!r}: name the folder `notebooks` of the course."
        )
    written = _read_editions(copies)
    notices = []
    for original in _originals(originals):
        name = original.relative_to(originals).as_posix()
        fresh = _fresh(original)
        now = _Written(_edition(original), _digest(fresh))
        copy, before = copies / name, written.get(name)
        if not copy.exists() or (before is not None and _digest(copy.read_bytes()) == before.copy):
            _write(copy, fresh)
            written[name] = now
        elif before is None or before.edition != now.edition:
            if _digest(copy.read_bytes()) != now.copy:
                beside = _free(copy, f"edition of {_now():%Y-%m-%d}")
                _write(beside, fresh)
                notices.append(
                    f"{name} has a newer edition: yours is kept, and the new one is {beside.name} beside it."
                )
            written[name] = _Written(now.edition, "" if before is None else before.copy)
    _write_editions(copies, originals, written)
    return notices


@called_as('start_over("routing")')
def start_over(chapter: str = "") -> StartedOver:
    """Begin a chapter or an exercise anew: a fresh copy takes its place, and what was there is kept beside it.

    Args:
        chapter: The notebook, as `"routing"`, `"02_routing"` or `"routing-1"`; empty for the one that runs.

    Returns:
        What was kept, and what to do next.

    Raises:
        UnknownNameError: There is no such notebook; the message gives the nearest one. Or none is named where the
            one that runs is not known.
        DeclarationError: This is not a folder of working copies.
    """
    copies, name = _copies_here(Path.cwd()), chapter or this_notebook()
    if not name:
        raise UnknownNameError('Only JupyterLab says which notebook runs. Here write its name: start_over("routing").')
    return start_over_in(copies, name)


def start_over_in(copies: Path, chapter: str) -> StartedOver:
    """Do what `start_over` does, in a folder of copies.

    Raises:
        UnknownNameError: There is no such notebook; the message gives the nearest one.
    """
    originals = copies / json.loads((copies / EDITIONS).read_text(encoding="utf-8"))["originals"]
    original = _named(originals, chapter)
    name = original.relative_to(originals).as_posix()
    copy, fresh, written = copies / name, _fresh(original), _read_editions(copies)
    kept = None
    if copy.exists() and copy.read_bytes() != fresh:
        kept = _free(copy, f"kept {_now():%Y-%m-%d %H.%M}")
        copy.rename(kept)
    _write(copy, fresh)
    _write_editions(copies, originals, {**written, name: _Written(_edition(original), _digest(fresh))})
    return StartedOver(notebook=copy.name, kept="" if kept is None else kept.name)


def _named(originals: Path, chapter: str) -> Path:
    """Return the original of a notebook, by its name with or without number and ending."""
    if not isinstance(chapter, str):
        raise UnknownNameError(
            f'Name the notebook in quotation marks, as in start_over("routing"), not {described(chapter)}.'
        )
    found = {}
    for path in _originals(originals):
        if path.suffix == ".ipynb":
            found[chapter_of(path.stem) or path.stem] = path
    wanted = chapter.removesuffix(".ipynb")
    wanted = chapter_of(wanted) or wanted
    if wanted not in found:
        raise UnknownNameError(f"There is no notebook {chapter!r}.{nearest_name(wanted, found)}")
    return found[wanted]


def _copies_here(here: Path) -> Path:
    """Return the folder of the copies, seen from a notebook in it."""
    for folder in (here, here.parent):
        if (folder / EDITIONS).is_file():
            return folder
    raise DeclarationError(
        "start_over() works in the working copies that `make lab` and Binder open. This notebook is an original: "
        "`git checkout` brings it back."
    )


def _originals(folder: Path) -> Iterator[Path]:
    for pattern in WHAT:
        yield from sorted(folder.glob(pattern))


def _fresh(original: Path) -> bytes:
    """Return the bytes of a copy: a notebook without outputs, as JupyterLab itself would write its header."""
    if original.suffix != ".ipynb":
        return original.read_bytes()
    notebook = json.loads(original.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    # What is missing here JupyterLab fills in as soon as the kernel has started, and the notebook counts as changed.
    notebook["metadata"]["language_info"] = _language_info()
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


def _language_info() -> dict[str, Any]:
    """Return what the kernel of this Python says of its language."""
    return {
        "codemirror_mode": {"name": "ipython", "version": sys.version_info.major},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": sys.version.split()[0],
    }


def _edition(original: Path) -> str:
    if original.suffix != ".ipynb":
        return _digest(original.read_bytes())
    cells = json.loads(original.read_text(encoding="utf-8"))["cells"]
    return _digest(json.dumps([[cell["cell_type"], cell["source"]] for cell in cells]).encode())


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _now() -> datetime:
    return datetime.now().astimezone()


def _free(copy: Path, said: str) -> Path:
    """Return the path of a second file beside a copy, where nothing lies yet."""
    names = [f"{copy.stem} ({said})", *(f"{copy.stem} ({said}, {number})" for number in range(2, 1000))]
    return next(path for name in names if not (path := copy.with_name(f"{name}{copy.suffix}")).exists())


def _write(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def _read_editions(copies: Path) -> dict[str, _Written]:
    """Return what was written; where that is not known, every copy counts as changed by the learner."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads((copies / EDITIONS).read_text(encoding="utf-8"))["files"]
        return {name: _Written(**one) for name, one in found.items()}
    return {}


def _write_editions(copies: Path, originals: Path, written: dict[str, _Written]) -> None:
    where = os.path.relpath(originals, copies)
    files = {name: {"edition": one.edition, "copy": one.copy} for name, one in sorted(written.items())}
    text = json.dumps({"originals": Path(where).as_posix(), "files": files}, indent=1)
    _write(copies / EDITIONS, f"{text}\n".encode())
