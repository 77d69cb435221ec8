"""Python for the browser: Pyodide, the wheels that it loads, and the lock file that names them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement

__all__ = ["RUNTIME", "build_runtime"]

SITE = Path(__file__).parent
ROOT = SITE.parent

# The folder of the runtime: in the laboratory's, because JupyterLite takes it from nowhere else.
RUNTIME = "static/pyodide"
PYODIDE_FILES = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"]

# A page of the book has something of its own in the place of IPython (live/page.py), and is ready much sooner.
NOT_IN_PAGES = {"ipython", "widgetsnbextension"}

# The browser's Python, in pip's words and in those of a requirement's marker.
PLATFORM = [
    "--platform=pyemscripten_2026_0_wasm32",
    "--platform=any",
    "--python-version=3.14",
    "--implementation=cp",
    "--abi=cp314",
    "--abi=abi3",
    "--abi=none",
]
MARKERS = {
    "extra": "",
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "platform_system": "Emscripten",
    "python_full_version": "3.14.2",
    "python_version": "3.14",
    "sys_platform": "emscripten",
}


@dataclass(frozen=True)
class Wheel:
    """A wheel, read.

    Attributes:
        path: Its file.
        metadata: Its METADATA.
        imports: The names that it offers for import.
    """

    path: Path
    metadata: Message
    imports: list[str]

    @property
    def name(self) -> str:
        return _normal(self.metadata["Name"])

    def locked(self, known: set[str]) -> dict[str, object]:
        """Return what Pyodide's lock file says of it.

        Args:
            known: The names of all wheels. What a wheel needs besides is of no use in a browser.
        """
        needed = map(Requirement, self.metadata.get_all("Requires-Dist") or [])
        depends = {_normal(one.name) for one in needed if one.marker is None or one.marker.evaluate(MARKERS)}
        return {
            "name": self.name,
            "version": self.metadata["Version"],
            "file_name": self.path.name,
            "sha256": hashlib.sha256(self.path.read_bytes()).hexdigest(),
            "imports": self.imports,
            "depends": sorted(depends & known),
            "install_dir": "site",
            "package_type": "package",
            "unvendored_tests": False,
        }


def build_runtime(into: Path, npm: Path, scratch: Path) -> None:
    """Put Pyodide, the wheels and their lock files into a folder, and compile in it what pages import.

    Args:
        into: The folder, which is made.
        npm: The folder `node_modules` with Pyodide.
        scratch: A folder for what is made on the way; wheels that were fetched stay in it.
    """
    into.mkdir(parents=True)
    for file in PYODIDE_FILES:
        shutil.copy(npm / "pyodide" / file, into)
    for path in (*_fetched(scratch), _own(scratch), *_kernels_own()):
        shutil.copy(path, into)
    info = json.loads((npm / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))["info"]
    _lock(into, info)
    subprocess.run(["node", SITE / "precompile.mjs", into], check=True)  # noqa: S603, S607
    # The wheels are others now.
    _lock(into, info)


def _lock(runtime: Path, info: dict[str, object]) -> None:
    """Write the lock files: one for the laboratory, and one for the pages of the book."""
    wheels = [_read(path) for path in sorted(runtime.glob("*.whl"))]
    for file, left_out in (("pyodide-lock.json", set()), ("page-lock.json", NOT_IN_PAGES)):
        known = {wheel.name for wheel in wheels} - left_out
        packages = {wheel.name: wheel.locked(known) for wheel in wheels if wheel.name in known}
        (runtime / file).write_text(json.dumps({"info": info, "packages": packages}, sort_keys=True), encoding="utf-8")


def _fetched(scratch: Path) -> list[Path]:
    wanted = SITE / "wheels.txt"
    folder = scratch / f"wheels-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        started = folder.with_suffix(".part")
        shutil.rmtree(started, ignore_errors=True)
        _pip(
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            *PLATFORM,
            f"--dest={started}",
            f"--requirement={wanted}",
        )
        started.rename(folder)
    return sorted(folder.glob("*.whl"))


def _own(scratch: Path) -> Path:
    folder = scratch / "own"
    shutil.rmtree(folder, ignore_errors=True)
    _pip("wheel", "--no-deps", "--no-build-isolation", f"--wheel-dir={folder}", str(ROOT))
    return next(folder.glob("*.whl"))


def _kernels_own() -> list[Path]:
    """Return the wheels that JupyterLite's kernel brings: stand-ins for ipykernel and others."""
    folder = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi")
    # It has the widgets of ipywidgets 7 too, of which nothing is used.
    return [path for path in sorted(folder.glob("*.whl")) if not path.name.startswith("widgetsnbextension-3")]


def _read(path: Path) -> Wheel:
    with zipfile.ZipFile(path) as archive:
        files = archive.namelist()
        metadata = next(file for file in files if file.endswith(".dist-info/METADATA"))
        parsed = Parser().parsestr(archive.read(metadata).decode())
    modules = (file for file in files if file.endswith((".py", ".so")) and not re.search(r"\.(dist-info|data)/", file))
    return Wheel(path, parsed, sorted({file.partition("/")[0].partition(".")[0] for file in modules}))


def _pip(*arguments: str) -> None:
    quiet = ["--quiet", "--disable-pip-version-check"]
    # Equal sources make an equal wheel.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", "1700000000")}
    subprocess.run([sys.executable, "-m", "pip", *arguments, *quiet], check=True, env=environment)  # noqa: S603


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
