"""run_worker of repid_nb, or repid's own, through repid's server on a real broker; no message may be missing."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
from pathlib import Path
from typing import Any

from work import TOPIC, Clock, payload

sys.path.append(str(Path(__file__).parents[1]))

from support.brokers import BROKERS, Broker

# What is delivered and not settled may be as much as the tasks take.
SETTINGS = {"nats": {"max_ack_pending": 1000}}
AT_ONCE = 100


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--broker", choices=BROKERS, required=True)
    parser.add_argument("--library", choices=["repid", "repid_nb"], required=True)
    parser.add_argument("--milliseconds", type=float, default=0, help="how long an actor sleeps")
    given = parser.parse_args()
    library = importlib.import_module(given.library)
    kind, made = BROKERS[given.broker]
    process = kind()
    try:
        process.start()
        await run(made(process), library, given)
    finally:
        process.stop()


async def run(broker: Broker, library: Any, given: argparse.Namespace) -> None:
    """Send all messages, then time the worker until the last actor has run."""
    await broker.declare("default", **SETTINGS.get(given.broker, {}))
    app, router, done = library.Repid(), library.Router(), asyncio.Event()
    server = broker.server()
    app.servers.register_server("default", server, is_default=True)
    ran: set[int] = set()

    @router.actor(name=TOPIC)
    async def send_email(user_id: int, text: str) -> None:
        if given.milliseconds:
            await asyncio.sleep(given.milliseconds / 1000)
        ran.add(user_id)
        if len(ran) == given.messages:
            done.set()

    app.include_router(router)
    clock = Clock()
    async with server.connection():
        for number in range(given.messages):
            await app.send_message_json(channel="default", payload=payload(number), headers={"topic": TOPIC})
        with clock.phase("work"):
            worker = asyncio.ensure_future(app.run_worker(tasks_limit=AT_ONCE, register_signals=[]))
            await asyncio.wait_for(done.wait(), 120)
        worker.cancel()
        await asyncio.wait({worker})
    clock.report(given.messages)


asyncio.run(main())
