"""Plays SQS on 127.0.0.1: a program of the interpreter in `.venv-moto`.

    python moto_server.py FILE

It takes any port, and writes into FILE which.
"""

from __future__ import annotations

import sys
import threading
import urllib.request
from pathlib import Path

from moto.server import ThreadedMotoServer


def main(told: str) -> None:
    """Serve until the process is ended."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    # The first request makes moto import the most: no test waits for that.
    urllib.request.urlopen(f"http://127.0.0.1:{port}/").close()
    Path(told).write_text(f"{port}\n", encoding="utf-8")
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
