"""Starts a broker and ends it with the process that asked for it: a program of its own.

    python guard.py PARENT FOLDER COMMAND ...

It prints the broker's process number. It ends the broker and removes FOLDER once its standard input is closed or PARENT
is gone, so also when PARENT was killed. Where the guard itself is killed, Linux ends the broker.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading

LOOKS_EVERY_SECONDS = 0.5
ENDS_WITHIN_SECONDS = 5


def main(parent: str, folder: str, *command: str) -> None:
    """Run the broker until it is to end."""
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    with open(os.path.join(folder, "log"), "wb") as log:  # noqa: PTH118, PTH123  (pathlib takes longer than the start)
        broker = subprocess.Popen(  # noqa: S603  (the server that the package has found)
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            preexec_fn=_end_with_the_guard if sys.platform == "linux" else None,  # noqa: PLW1509  (no thread yet)
        )
    print(broker.pid, flush=True)  # noqa: T201  (what the other process reads)
    threading.Thread(target=_wait_for_the_end_of_input, args=(ending,), daemon=True).start()
    try:
        # A fork of the parent may hold the other end of the input open.
        while broker.poll() is None and os.getppid() == int(parent) and not ending.wait(LOOKS_EVERY_SECONDS):
            pass
    finally:
        _end(broker)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_the_end_of_input(ending: threading.Event) -> None:
    sys.stdin.buffer.read()
    ending.set()


def _end(broker: "subprocess.Popen[bytes]") -> None:
    broker.terminate()
    try:
        broker.wait(ENDS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        broker.kill()
        broker.wait()


def _end_with_the_guard() -> None:
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
