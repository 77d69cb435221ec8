"""Build the web site.

python site/build.py build/site
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from assembly import assemble
from book import build_book, copy_course
from laboratory import build_laboratory
from lesson import write_landing_lesson
from runtime import RUNTIME, build_runtime

SITE = Path(__file__).parent
ROOT = SITE.parent

# The tag of a notebook's cell that needs another program, a socket or a library that a browser has not.
NOT_IN_A_BROWSER = "not-in-a-browser"


def main(into: Path) -> None:
    """Build the site into a folder, which is made anew; beside it stays what the next build can use again."""
    scratch = into.with_name(f"{into.name}-scratch")
    for name in ("lite", "book", "pages", "contents"):
        shutil.rmtree(scratch / name, ignore_errors=True)
    shutil.rmtree(into, ignore_errors=True)
    (scratch / "lite").mkdir(parents=True)
    began = time.perf_counter()
    copy_course(scratch / "contents")
    _without_outputs(scratch / "contents")
    version = build_laboratory(into / "try", scratch / "contents", scratch / "lite", _changed_at())
    build_runtime(into / "try" / RUNTIME, SITE / "node_modules", scratch)
    build_book(into / "book", scratch)
    write_landing_lesson(into / "lesson.html")
    told = assemble(into, version)
    sys.stdout.write(f"{told}, built in {time.perf_counter() - began:.0f} s: {into}\n")


def _without_outputs(contents: Path) -> None:
    """Leave in the notebooks no answer to a guess; what a browser cannot run keeps what it showed elsewhere."""
    for path in contents.rglob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code" and NOT_IN_A_BROWSER not in cell["metadata"].get("tags", []):
                cell["outputs"] = []
        path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1), encoding="utf-8")


def _changed_at() -> str:
    """Return when the sources were last changed, in ISO 8601: the commit's time, so that a build can be repeated."""
    git: list[str | Path] = ["git", "-C", ROOT, "log", "-1", "--format=%ct"]
    told = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or told or 0)
    return datetime.fromtimestamp(seconds, UTC).isoformat()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
