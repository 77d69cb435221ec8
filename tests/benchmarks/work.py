"""What every contender is given to do, and how it says how long that took."""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["REPETITIONS", "TOPIC", "Clock", "Tally", "options", "payload"]

TOPIC = "send_email"
# How often one process does the same, of which the cheapest counts. To start a process takes longer than the work.
REPETITIONS = 3


def payload(number: int) -> dict[str, Any]:
    """Return the payload of one message: what an actor reads two validated arguments from."""
    return {"user_id": number, "text": "Hello, and welcome"}


def options(*, wanted: tuple[str, ...] = ()) -> argparse.Namespace:
    """Read the command line: how many messages, and those further options that a contender knows.

    Args:
        wanted: Names of options with a whole number, such as `actors`, or a flag when they end in `?`.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=20_000)
    for name in wanted:
        if name.endswith("?"):
            parser.add_argument(f"--{name[:-1]}", action="store_true")
        else:
            parser.add_argument(f"--{name}", type=int, default=None)
    return parser.parse_args()


class Tally:
    """How often the actor has run."""

    runs = 0


def _collect() -> None:
    """Let the collector go through everything once: one such pass over all that was imported is due in any case.

    Whether it falls into the measured part, where it costs as much as a quarter of publishing, is chance otherwise.
    """
    gc.collect()


class Clock:
    """Times the phases of a run, in seconds of wall and of the whole process's CPU; of repetitions the cheapest."""

    def __init__(self) -> None:
        self.phases: dict[str, dict[str, float]] = {}
        self.other: dict[str, float] = {}
        self._started = (0.0, 0.0)
        self._stopped: tuple[float, float] | None = None

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time the block."""
        if not self.phases:
            _collect()
        self._start()
        self._stopped = None
        yield
        began, (wall, cpu) = self._started, self._stopped or self._now()
        took = {"wall": wall - began[0], "cpu": cpu - began[1]}
        known = self.phases.get(name, took)
        self.phases[name] = {kind: min(took[kind], known[kind]) for kind in took}

    def restart(self) -> None:
        """Begin the present phase here: what came before was setting up."""
        _collect()
        self._start()

    def stop(self) -> None:
        """End the present phase here: what comes after is clearing up."""
        self._stopped = self._now()

    def _start(self) -> None:
        self._started = self._now()

    def _now(self) -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    def report(self, messages: int) -> None:
        """Print microseconds a message, as JSON, for who started this process."""
        each = {
            name: {kind: seconds / messages * 1e6 for kind, seconds in phase.items()}
            for name, phase in self.phases.items()
        }
        total = {kind: sum(phase[kind] for phase in each.values()) for kind in ("wall", "cpu")}
        print(json.dumps({**each, "total": total, **self.other}))
