"""A Python process of its own, for what must not leak into the tests' process."""

from __future__ import annotations

import subprocess
import sys
import textwrap

__all__ = ["run_script"]


def run_script(source: str, *options: str) -> str:
    """Run `source` in a fresh Python where every warning is an error; return what it printed, on both streams.

    Args:
        source: A program, indented as the test is.
        options: Further options of the interpreter.

    Raises:
        AssertionError: It ended with an error, which is shown.
    """
    done = subprocess.run(  # noqa: S603  (the interpreter that runs the tests)
        [sys.executable, "-W", "error", *options, "-c", textwrap.dedent(source)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
