"""A broker process that belongs to this one, and ends with it."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from repid_nb.core.errors import BrokerError

__all__ = ["LocalBroker"]

GUARD = Path(__file__).with_name("guard.py")
STARTS_WITHIN_SECONDS = 20.0


class LocalBroker(ABC):
    """A real broker that was started for this process.

    It is gone when this process ends, however it ends, and what it keeps is gone with it.

    Attributes:
        kind: "redis" or "nats".
        title: Redis or NATS.
        host: The address by which this machine reaches it.
        port: The port, which the broker has taken itself.
        pid: The number of its process.
    """

    kind: str
    title: str
    host = "127.0.0.1"

    def __init__(self, program: Path) -> None:
        self.port = 0
        # Only this user may read what is in it: the password is.
        self._folder = Path(tempfile.mkdtemp(prefix=f"repid_nb-{self.kind}-"))
        self._owner = os.getpid()
        command = [str(program), *self._configure()]
        # -I and -S: it needs the standard library alone, and starts in half the time.
        guard = [sys.executable, "-I", "-S", str(GUARD), str(self._owner), str(self._folder)]
        self._guard = subprocess.Popen(  # noqa: S603  (this interpreter and the server from the wheel)
            [*guard, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # In a session of its own: the interrupt button of a notebook does not reach it.
            start_new_session=True,
        )
        atexit.register(self.stop)
        try:
            with self._guard.stdout as told:  # type: ignore[union-attr]  # a pipe, as asked for above
                self.pid = int(told.readline() or 0)
            self._take_a_port()
        except BaseException:
            self.stop()
            raise

    @property
    @abstractmethod
    def dsn(self) -> str:
        """Its address, with the password, as repid's server object takes it."""

    @property
    def is_running(self) -> bool:
        return self._guard.poll() is None

    def stop(self) -> None:
        """End the broker; what it kept is gone. In a fork of the process that started it, do nothing."""
        if os.getpid() != self._owner:
            return
        atexit.unregister(self.stop)
        with contextlib.suppress(OSError):
            self._guard.stdin.close()  # type: ignore[union-attr]  # a pipe, as asked for above
        self._guard.wait()
        # Done by the guard, unless it was killed.
        shutil.rmtree(self._folder, ignore_errors=True)

    @abstractmethod
    def _configure(self) -> list[str]:
        """Write the broker's settings into its folder, and return the arguments that it starts with."""

    @abstractmethod
    def _take_a_port(self) -> None:
        """Wait until the broker listens, and note on which port."""

    def _starting(self) -> Iterator[None]:
        """Yield every few milliseconds while the broker starts.

        Raises:
            BrokerError: It has ended, or takes too long; with what it said last.
        """
        end = time.monotonic() + STARTS_WITHIN_SECONDS
        while self.is_running and time.monotonic() < end:
            yield
            time.sleep(0.002)
        raise BrokerError(f"{self.title} did not start. {self._last_words()}".strip())

    def _last_words(self) -> str:
        try:
            return (self._folder / "log").read_text(errors="replace")[-500:].strip()
        except OSError:
            return ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = f"on {self.host}:{self.port}" if self.is_running else "stopped"
        return f"<LocalBroker {self.kind}, {state}>"
