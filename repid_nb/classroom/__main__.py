"""What `make lab` and Binder run: the learner's copies of the notebooks are made and renewed, or one begins anew."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from repid_nb.classroom.working_copies import lay_out, start_over_in
from repid_nb.core.errors import UnknownNameError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Lay the copies out, or begin one anew; return the program's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m repid_nb.classroom", description="The learner's copies of the notebooks."
    )
    parser.add_argument("originals", type=Path, help="the folder of the course's notebooks")
    parser.add_argument("copies", type=Path, help="the folder of the copies")
    parser.add_argument("--start-over", metavar="CHAPTER", help="begin this chapter or exercise anew")
    given = parser.parse_args(arguments)
    try:
        said: list[object] = [*lay_out(given.originals, given.copies)]
        if given.start_over is not None:
            said.append(start_over_in(given.copies, given.start_over))
    except UnknownNameError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{one}\n" for one in said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
