"""Runs commands side by side, some at once, and fails when one of them fails.

    python tests/support/side_by_side.py --at-once 2 "pytest -m slow" "pytest -m 'not slow'" "ruff check"

What the first one says is seen at once; what each other one said, when all are done.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

__all__ = ["SideBySide"]


class SideBySide:
    """Commands, each as one text that is split like a shell does it; as many run at once as is said.

    Ctrl-C reaches those that run by itself. A SIGTERM is handed on as what Ctrl-C sends, which they know how to end
    with. After either, and when one of them cannot be started, no further one is started.
    """

    def __init__(self, commands: Sequence[str], at_once: int) -> None:
        self._commands = commands
        self._at_once = at_once
        self._running: list[subprocess.Popen[bytes]] = []
        self._is_stopped = False

    def run(self) -> int:
        """Run the commands, and return 0 where all have ended with 0, otherwise 1.

        Raises:
            OSError: One of them cannot be started.
        """
        began = time.monotonic()
        signal.signal(signal.SIGINT, lambda *_: self._start_no_more())
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(self._at_once) as pool:
            logs = [None, *(Path(folder, f"{number}.log") for number in range(1, len(self._commands)))]
            codes = list(pool.map(self._code_of, self._commands, logs))
            for command, log in zip(self._commands[1:], logs[1:], strict=True):
                if log is not None and log.exists():
                    sys.stdout.write(f"\n==> {command}\n{log.read_text(encoding='utf-8', errors='replace')}")
        sys.stdout.write(f"\nside by side, in {time.monotonic() - began:.0f} s\n")
        for command, code in zip(self._commands, codes, strict=True):
            if code != 0:
                sys.stdout.write(f"FAILED, {_ended(code)}: {command}\n")
        return 1 if any(code != 0 for code in codes) else 0

    def _code_of(self, command: str, log: Path | None) -> int | None:
        """Run a command to its end, and return its exit code; None where it was not started any more."""
        if self._is_stopped:
            return None
        try:
            if log is None:
                running = subprocess.Popen(shlex.split(command))  # noqa: S603  (the Makefile's commands)
            else:
                with log.open("wb") as output:
                    running = subprocess.Popen(shlex.split(command), stdout=output, stderr=subprocess.STDOUT)  # noqa: S603
        except OSError:
            self._stop()
            raise
        self._running.append(running)
        if self._is_stopped:
            running.send_signal(signal.SIGINT)
        return running.wait()

    def _start_no_more(self) -> None:
        self._is_stopped = True

    def _stop(self) -> None:
        self._start_no_more()
        for one in self._running:
            one.send_signal(signal.SIGINT)


def _ended(code: int | None) -> str:
    if code is None:
        return "not started"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def main() -> int:
    """Run the commands of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="+", metavar="COMMAND")
    parser.add_argument("--at-once", type=int, metavar="N", help="how many run at once; all of them, if left out")
    given = parser.parse_args()
    return SideBySide(given.commands, given.at_once or len(given.commands)).run()


if __name__ == "__main__":
    sys.exit(main())
