"""Runs commands side by side, and fails when one of them fails.

    python tests/support/side_by_side.py "pytest -m slow" "pytest -m 'not slow'"

What the first one says is seen at once; what each other one said, when all are done.
"""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

__all__ = ["main"]


def main(*commands: str) -> int:
    """Run the commands.

    Ctrl-C reaches them all by itself. A SIGTERM is handed on as what Ctrl-C sends, which they know how to end with.
    When one of them cannot be started, those that were end in the same way.

    Args:
        commands: Each as one text, split like a shell does it.

    Returns:
        0 where all have ended with 0, otherwise 1.

    Raises:
        OSError: One of them cannot be started.
    """
    started = time.monotonic()
    running: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: [one.send_signal(signal.SIGINT) for one in running])
    with tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder, f"{number}.log") for number in range(1, len(commands))]
        try:
            running.append(subprocess.Popen(shlex.split(commands[0])))  # noqa: S603  (the Makefile's commands)
            for command, log in zip(commands[1:], logs, strict=True):
                with log.open("wb") as output:
                    running.append(subprocess.Popen(shlex.split(command), stdout=output, stderr=subprocess.STDOUT))  # noqa: S603
        except OSError:
            for one in running:
                one.send_signal(signal.SIGINT)
                one.wait()
            raise
        codes = [one.wait() for one in running]
        for command, log in zip(commands[1:], logs, strict=True):
            sys.stdout.write(f"\n==> {command}\n{log.read_text(encoding='utf-8', errors='replace')}")
    sys.stdout.write(f"\nside by side, in {time.monotonic() - started:.0f} s\n")
    for command, code in zip(commands, codes, strict=True):
        if code != 0:
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            sys.stdout.write(f"FAILED, {how}: {command}\n")
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
