"""A shop of six actors on three channels, as the source of a cell: one sends two more messages."""

from __future__ import annotations

__all__ = ["SHOP"]

SHOP = """
import asyncio
from repid_nb import InMemoryServer, Repid, Router, Workbench

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
orders, emails, audit = (Router(channel=name) for name in ("orders", "emails", "audit"))


def is_vip(message):
    return "vip" in message.headers


@orders.actor(routing_strategy=lambda **_: is_vip)
async def vip_desk(number: int) -> str:
    return "very important"


@orders.actor
async def ship_order(number: int, tax: float = 0.2) -> str:
    print("shipping", number)
    to = f"customer-{number}@example.com"
    await app.send_message_json(channel="emails", payload={"to": to}, headers={"topic": "send_email"})
    await app.send_message_json(channel="audit", payload={"number": number}, headers={"topic": "write_down"})
    return f"order {number} is on its way"


@orders.actor
async def refund(number: int) -> None: ...


@orders.actor
async def slow_report(number: int) -> None: ...


@emails.actor
async def send_email(to: str) -> None: ...


@audit.actor
async def write_down(number: int) -> None: ...


for router in (orders, emails, audit):
    app.include_router(router)
"""
