"""Apps and simulations that the tests run."""

from __future__ import annotations

from typing import Any

from repid_nb import InMemoryServer, Repid, Router, Run, Simulation, poisson

__all__ = ["app_with", "markovian"]


def app_with(*actors: Any, channel: str = "orders", **options: Any) -> Repid:
    """Return an app with a server in memory and these functions as actors of one channel."""
    app = Repid()
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    router = Router(channel=channel)
    for actor in actors:
        router.actor(**options)(actor)
    app.include_router(router)
    return app


async def ship() -> None:
    pass


def markovian(
    *, per_second: float, takes: Any, workers: int = 1, tasks: int = 1, seed: int = 1, count: int = 2500
) -> Run:
    """Return a run in which messages arrive at random, and workers take them one after another."""
    simulation = Simulation(app_with(ship), seed=seed)
    simulation.produce("orders", topic="ship", arrivals=poisson(per_second=per_second, count=count))
    simulation.takes("ship", takes)
    for _ in range(workers):
        simulation.worker(tasks_limit=tasks)
    return simulation.run(until="idle")
