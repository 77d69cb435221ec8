"""The laboratory: JupyterLite with the course in it, on the site's own Python."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path

from runtime import RUNTIME

__all__ = ["build_laboratory"]

SITE = Path(__file__).parent

APPS = ["lab", "notebooks", "tree", "edit"]

# A kernel loads these before its first cell, and other packages by a cell's imports. Every notebook needs repid_nb, and
# the last chapter imports repid in a file of its own.
PRELOADED = ["micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython", "repid-nb", "repid"]

# What JupyterLite brings and the site has its own of, or has no use for.
NOT_NEEDED = [
    # The icons' font, in formats for browsers that cannot run the laboratory.
    *(f"build/fa-*.{ending}" for ending in ("eot", "svg", "ttf", "woff")),
    "doc",
    "jupyterlite.schema.v0.json",
    "manifest.webmanifest",
    "rspack.config.analyze.js",
    "rspack.config.js",
    "rspack.config.watch.js",
    "service-worker.js",
]

# What `make lab` and Binder set, too.
SETTINGS = SITE.parent / "binder" / "overrides.json"
# The book is dark where the reader's system is; so is the laboratory.
THEME = {"@jupyterlab/apputils-extension:themes": {"adaptive-theme": True}}


def build_laboratory(into: Path, contents: Path, scratch: Path, made_at: str) -> str:
    """Build JupyterLite.

    Args:
        into: Its folder in the site.
        contents: The folder with what a reader finds in it: the notebooks and what they link to.
        scratch: An empty folder. JupyterLite keeps notes of what it has done in the folder where it runs, and skips
            with them the step that names our Python: then a page loads it from a public address.
        made_at: When the contents were last changed, in ISO 8601: the same sources give the same site.

    Returns:
        The version that its pages ask a service worker for.
    """
    sources = scratch / "lite"
    sources.mkdir(parents=True)
    _write(sources / "jupyter-lite.json", {"jupyter-lite-schema-version": 0, "jupyter-config-data": _configuration()})
    _write(sources / "overrides.json", {**json.loads(SETTINGS.read_text(encoding="utf-8")), **THEME})
    command: list[str | Path] = [Path(sys.executable).with_name("jupyter"), "lite", "build", "--no-sourcemaps"]
    folders = [f"--lite-dir={sources}", f"--contents={contents}", f"--output-dir={into}"]
    done = subprocess.run(  # noqa: S603
        [*command, *folders, *(f"--apps={app}" for app in APPS)],
        cwd=scratch,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout)
    for unwanted in itertools.chain.from_iterable(map(into.glob, NOT_NEEDED)):
        shutil.rmtree(unwanted) if unwanted.is_dir() else unwanted.unlink()
    for listing in into.glob("api/contents/**/all.json"):
        _write(listing, _dated(json.loads(listing.read_text(encoding="utf-8")), made_at))
    built = json.loads((into / "jupyter-lite.json").read_text(encoding="utf-8"))
    return str(built["jupyter-config-data"]["appVersion"])


def _configuration() -> dict[str, object]:
    python = f"./{RUNTIME}"
    kernel = {
        "pyodideUrl": f"{python}/pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"packages": PRELOADED, "lockFileURL": f"{python}/pyodide-lock.json"},
    }
    return {
        "appName": "repid_nb",
        "exposeAppInBrowser": True,
        "defaultKernelName": "python",
        "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel},
    }


def _dated(entry: object, made_at: str) -> object:
    """Return a listing in which every time is the given one."""
    if isinstance(entry, list):
        return [_dated(one, made_at) for one in entry]
    if not isinstance(entry, dict):
        return entry
    return {key: made_at if key in {"created", "last_modified"} else _dated(one, made_at) for key, one in entry.items()}


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
