"""Put compiled code beside the sources that a page imports, in the archives of the browser's Python.

Otherwise each visitor compiles all of it again before the first cell, which takes longer than anything else. It runs in
that Python itself (`precompile.mjs`), because what another version has compiled is of no use to it.
"""

from __future__ import annotations

import io
import json
import py_compile
import re
import sys
import tempfile
import zipfile
from pathlib import Path

import live_page

RUNTIME = Path("/runtime")
# What these two import is what a chapter imports: the stage is in the second.
CHAPTERS = [Path("/notebooks", name) for name in ("01_messages.ipynb", "03_workbench.ipynb")]

# What a wheel has for JupyterLab and for its own developers.
NOT_NEEDED = re.compile(r"\.data/|/(labextension|nbextension|tests)/")

# Where the files of an archive are for Python, and where it looks for compiled code.
STDLIB = ("/lib/python314.zip", "{module}.pyc")
WHEELS = ("/lib/python3.14/site-packages", "{folder}/__pycache__/{name}." + f"{sys.implementation.cache_tag}.pyc")


async def run_chapters() -> None:
    """Run the cells of the chapters, as a live page does."""
    live_page.know_cells()
    live_page.let_widgets_speak()
    for number, source in enumerate(source for chapter in CHAPTERS for source in cells_of(chapter)):
        await live_page.run_cell(number, source)


def cells_of(chapter: Path) -> list[str]:
    """Return the code cells of a notebook."""
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def write_archives() -> None:
    """Write the archives anew, each with the compiled code of what is imported now."""
    compile_imported(RUNTIME / "python_stdlib.zip", *STDLIB)
    for wheel in sorted(RUNTIME.glob("*.whl")):
        compile_imported(wheel, *WHEELS)


def compile_imported(path: Path, prefix: str, place: str) -> None:
    """Write an archive anew, with the compiled code of those of its modules that are imported now.

    Args:
        path: The archive.
        prefix: The folder that Python finds its files in.
        place: Where in the archive the compiled code of a module stands.
    """
    specs = (getattr(module, "__spec__", None) for module in list(sys.modules.values()))
    imported = {spec.origin for spec in specs if spec is not None}
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for file in old.infolist():
            if NOT_NEEDED.search(file.filename):
                continue
            content = old.read(file)
            new.writestr(file, content)
            origin = f"{prefix}/{file.filename}"
            if file.filename.endswith(".py") and origin in imported:
                module = file.filename.removesuffix(".py")
                folder, _, name = module.rpartition("/")
                stands = zipfile.ZipInfo(place.format(module=module, folder=folder, name=name).lstrip("/"))
                stands.compress_type = zipfile.ZIP_DEFLATED
                new.writestr(stands, compiled(content, origin))
    path.write_bytes(packed.getvalue())


def compiled(source: bytes, file: str) -> bytes:
    """Return the compiled code of a module; it holds whatever times its file has."""
    with tempfile.TemporaryDirectory() as scratch:
        written, code = Path(scratch, "module.py"), Path(scratch, "module.pyc")
        written.write_bytes(source)
        holds = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(written), str(code), file, doraise=True, invalidation_mode=holds)
        return code.read_bytes()
