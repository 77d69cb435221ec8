"""A program for an environment with repid 2.2: a worker and a Stepper on a server of its, which takes a dispatcher."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

# The environment has repid 2.2, and not this project.
sys.path.insert(0, str(Path(__file__).parents[2]))

import repid

from repid_nb import Repid, Router, Stepper


async def told() -> dict[str, Any]:
    app, router, done = Repid(), Router(channel="orders"), []
    server = repid.InMemoryServer()
    app.servers.register_server("default", server, is_default=True)

    @router.actor
    async def ship(number: int) -> None:
        done.append(number)

    app.include_router(router)

    async def send(*numbers: int) -> None:
        for number in numbers:
            await app.send_message_json(channel="orders", payload={"number": number}, headers={"topic": "ship"})

    async with server.connection():
        await send(*range(20))
        ran = await asyncio.wait_for(app.run_worker(messages_limit=20, tasks_limit=3, register_signals=[]), 60)
    by_worker, done[:] = sorted(done), []
    async with Stepper(app) as stepper:
        for number in range(3):
            await stepper.send("orders", {"number": number}, topic="ship")
        steps = [await stepper.step() for _ in range(3)]
    return {
        "ran": ran.processed if hasattr(ran, "processed") else None,
        "by the worker": by_worker,
        "stepped": done,
        "settled": [step.settlement.action and step.settlement.action.value for step in steps],
    }


print(json.dumps(asyncio.run(told())))
