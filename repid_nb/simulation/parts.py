"""The parts of a simulation: producers, workers, and when a run ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from repid_nb.core.limits import ActorLimitsPropagation, LimitPolicyT, MessageLimits
from repid_nb.simulation.arrivals import Arrivals

__all__ = ["TASKS_LIMIT", "Bounds", "Producer", "WorkerPlan"]

# That of `run_worker`.
TASKS_LIMIT = 1000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """A worker; the fields are those of `Simulation.worker`."""

    name: str
    tasks_limit: int = TASKS_LIMIT
    limits: MessageLimits | None = None
    limit_policies: Sequence[LimitPolicyT] = ()
    propagation: ActorLimitsPropagation = "sum"
    starts: float = 0.0
    stops: float | None = None
    crashes: float | None = None
    graceful_shutdown_time: float = 25.0

    @property
    def at_once(self) -> int | None:
        """How many messages it has in work at once, at most; None for no limit."""
        return self.tasks_limit if self.limits is None else self.limits.max_messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """When a run ends; the fields are those of `Simulation.run`."""

    seconds: float | None
    until_idle: bool
    max_messages: int
    max_real_seconds: float
