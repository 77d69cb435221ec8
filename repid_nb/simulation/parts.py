"""The parts of a simulation: producers, workers, and when a run ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from repid_nb.simulation.arrivals import Arrivals

__all__ = ["Bounds", "Producer", "WorkerPlan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Producer:
    """Messages that arrive; the fields are those of `Simulation.produce`."""

    name: str
    channel: str
    payload: Any
    arrivals: Arrivals
    headers: dict[str, str] | None
    priority: int | None
    content_type: str | None

    def payload_of(self, number: int) -> Any:
        """Return the payload of a message, by its number from 1."""
        return self.payload(number) if callable(self.payload) else self.payload


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """A worker; the fields are those of `Simulation.worker`."""

    name: str
    tasks_limit: int = 1000
    starts: float = 0.0
    stops: float | None = None
    crashes: float | None = None
    graceful_shutdown_time: float = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """When a run ends; the fields are those of `Simulation.run`."""

    seconds: float | None
    until_idle: bool
    max_messages: int
    max_real_seconds: float
