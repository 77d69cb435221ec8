"""The site's own pages and scripts, and the service worker's list of all files."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

__all__ = ["assemble"]

SITE = Path(__file__).parent

# From npm, into the folder of the live pages.
EDITOR = ["codejar/dist/codejar.js", "prismjs/components/prism-core.min.js", "prismjs/components/prism-python.min.js"]


def assemble(into: Path, laboratory_version: str) -> str:
    """Put the site's own pages and scripts beside what has been built.

    Args:
        into: The site's folder, with the runtime, the laboratory and the book.
        laboratory_version: The version that the laboratory asks a service worker for.

    Returns:
        The build's name, the number of its files, and their size.
    """
    shutil.copytree(SITE / "pages", into, dirs_exist_ok=True)
    shutil.copytree(SITE / "live", into / "live")
    for file in EDITOR:
        shutil.copy(SITE / "node_modules" / file, into / "live")
    shutil.copy(SITE / "serve.py", into)
    # GitHub Pages leaves out folders that begin with an underscore, unless this file is there.
    (into / ".nojekyll").touch()
    _fill(into / "site.js", LABORATORY_VERSION=laboratory_version)
    _let_laboratory_use_the_site(into)
    files = sorted(path for path in into.rglob("*") if path.is_file() and path.name != "sw.js")
    listing = [[path.relative_to(into).as_posix(), _hash(path.read_bytes()), path.stat().st_size] for path in files]
    build = _hash(json.dumps(listing).encode())
    _fill(into / "sw.js", BUILD=build, FILES=json.dumps(listing, separators=(",", ":")))
    return f"build {build}: {len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB"


def _let_laboratory_use_the_site(into: Path) -> None:
    for page in (into / "try").rglob("index.html"):
        up = "../" * (len(page.relative_to(into).parts) - 1)
        text = page.read_text(encoding="utf-8")
        text = text.replace("<head>", f'<head>\n<script src="{up}site.js"></script>', 1)
        manifest = f'<link rel="manifest" href="{up}manifest.webmanifest">'
        page.write_text(re.sub(r'<link rel="manifest" href="[^"]*">', manifest, text), encoding="utf-8")


def _fill(path: Path, **values: str) -> None:
    """Write values into a script, in the places that have their names.

    Raises:
        LookupError: The script has no such place.
    """
    text = path.read_text(encoding="utf-8")
    for name, value in values.items():
        if f"__{name}__" not in text:
            raise LookupError(f"{path.name} has no place for {name}.")
        text = text.replace(f"__{name}__", value)
    path.write_text(text, encoding="utf-8")


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
