"""What a simulation cannot simulate: noticed where it happens, and told in words."""

from __future__ import annotations

import dis
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from repid_nb.core.actor import ActorData
from repid_nb.core.errors import SimulationError
from repid_nb.printable import counted

__all__ = ["Edges", "refuse_real_sleep"]

_OUTSIDE = {
    "subprocess.Popen": "started a process",
    "os.fork": "started a process",
    "os.posix_spawn": "started a process",
    "socket.connect": "used the network",
    "socket.getaddrinfo": "used the network",
}
_SLEEP = time.sleep
_START = threading.Thread.start

_watching: list[Edges] = []


class Edges:
    """Notices, inside a run, what takes real time and no simulated time.

    Args:
        on_refusal: Called at the first thing with which the run cannot go on.

    Attributes:
        refusal: That thing, as an error; None where there was none.
    """

    def __init__(self, on_refusal: Callable[[], object]) -> None:
        self.refusal: SimulationError | None = None
        self._on_refusal = on_refusal
        self._seen: Counter[str] = Counter()
        self._thread = threading.get_ident()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Notice it inside the block."""
        _install()
        _watching.append(self)
        time.sleep = self._sleep
        threading.Thread.start = self._thread_starter()  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            time.sleep = _SLEEP
            threading.Thread.start = _START  # type: ignore[method-assign]
            _watching.remove(self)

    def notes(self) -> list[str]:
        """Return what was noticed, as sentences."""
        return [
            f"Code of the run {what} ({counted(times, 'time')}): that takes real time, and no simulated time. "
            "Say how long it takes with simulation.takes."
            for what, times in self._seen.items()
        ]

    def heard(self, event: str) -> None:
        """Take in an audit event of Python."""
        what = _OUTSIDE.get(event)
        if what is not None and threading.get_ident() == self._thread:
            self._seen[what] += 1

    def _thread_starter(self) -> Callable[[threading.Thread], None]:
        # Python tells of a started thread only from 3.12 on.
        def start(thread: threading.Thread) -> None:
            if threading.get_ident() == self._thread:
                self._seen["started a thread"] += 1
            _START(thread)

        return start

    def _sleep(self, seconds: Any) -> None:
        if threading.get_ident() != self._thread:
            _SLEEP(seconds)
            return
        self.refusal = self.refusal or _refused_sleep(f"time.sleep({seconds!r})", _caller())
        self._on_refusal()
        raise self.refusal


def refuse_real_sleep(actors: Iterable[ActorData]) -> None:
    """Refuse actors that call `sleep`, imported from `time`: that cannot be noticed while they run.

    Raises:
        SimulationError: There is one.
    """
    for actor in actors:
        function: Any = actor.fn
        while hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        code, names = getattr(function, "__code__", None), getattr(function, "__globals__", {})
        if isinstance(code, CodeType) and any(names.get(name) is _SLEEP for name in _globals_in(code)):
            raise _refused_sleep("sleep, imported from time", f"The actor {actor.name!r}")


def _globals_in(code: CodeType) -> Iterator[str]:
    # Not `co_names`: the `sleep` of `asyncio.sleep` is among them.
    return (one.argval for one in dis.get_instructions(code) if one.opname == "LOAD_GLOBAL")


def _refused_sleep(call: str, where: str) -> SimulationError:
    return SimulationError(
        f"{where} calls {call}: the simulation would stand still for real, and no simulated time would pass. Write "
        "`await asyncio.sleep(...)`, or leave it out and say how long the actor takes: "
        "simulation.takes('the_actor', 0.5)."
    )


def _caller() -> str:
    frame: FrameType = sys._getframe(2)  # noqa: SLF001  (there is no public one)
    return f"{frame.f_code.co_name}, line {frame.f_lineno},"


def _hear(event: str, _arguments: Any) -> None:
    if _watching:
        for edges in _watching:
            edges.heard(event)


def _install() -> None:
    """Ask Python to tell of what leaves this process. It tells until the process ends: there is no way back."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hear)


_installed: list[bool] = []
