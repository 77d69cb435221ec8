"""The lesson that plays on the landing page: a small shop, stepped for real while the site is built."""

from __future__ import annotations

import asyncio
from pathlib import Path

from repid_nb import InMemoryServer, Repid, Router, Workbench

__all__ = ["write_landing_lesson"]

NEVER_PAID = 3


def write_landing_lesson(into: Path) -> None:
    """Write the lesson as one HTML file."""
    asyncio.run(_write(into))


async def _write(into: Path) -> None:
    app = Repid()
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    orders, emails = Router(channel="orders"), Router(channel="emails")

    @orders.actor
    async def ship_order(number: int) -> str:
        await app.send_message_json(channel="emails", payload={"number": number}, headers={"topic": "thank_you"})
        return f"order {number} is on its way"

    @orders.actor
    async def refund(number: int) -> str:
        if number == NEVER_PAID:
            raise ValueError(f"order {number} was never paid")
        return f"order {number} is paid back"

    @emails.actor
    async def thank_you(number: int) -> str:
        return f"thank you for order {number}"

    app.include_router(orders)
    app.include_router(emails)
    workbench = Workbench(app)
    stepper = workbench.stepper
    await stepper.send("orders", {"number": 1}, topic="ship_order")
    await stepper.send("orders", {"number": 2}, topic="refund")
    await stepper.send("orders", {"number": 3}, topic="refund")
    await stepper.send("orders", {"number": 4}, topic="gift_wrap")
    await stepper.send("orders", {"number": 5}, topic="ship_order", priority=9)
    await stepper.run(max_steps=18)
    workbench.note("Five orders wait. The last one has the highest priority, so it is pulled first.", step=0)
    workbench.note("m5 overtook the others. ship_order got it, and sent a message of its own to emails.", step=1)
    workbench.export(into, title="Five orders, three actors")
    await stepper.close()
