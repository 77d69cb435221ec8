"""The film in README. Run as a program, it draws the film anew."""

from __future__ import annotations

import asyncio
from pathlib import Path

from repid_nb import InMemoryServer, Message, Picture, Repid, Router, Stepper

__all__ = ["FILM", "readme_film"]

FILM = Path(__file__).parents[2] / "notebooks" / "images" / "film.svg"


async def readme_film() -> Picture:
    """Step an order that leads to an email, a refund that fails, and a message that nobody wants."""
    orders, emails = Router(channel="orders"), Router(channel="emails")

    @orders.actor
    async def ship_order(number: int, message: Message) -> str:
        await message.send_message_json(channel="emails", payload={"to": "Ada"}, headers={"topic": "send_email"})
        return f"order {number} is on its way"

    @orders.actor
    async def refund(number: int) -> None:
        raise ValueError("no money left")

    @emails.actor
    async def send_email(to: str) -> None: ...

    app = Repid()
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    app.include_router(orders)
    app.include_router(emails)
    async with Stepper(app, max_unrouted_retries=2) as stepper:
        for number, topic in enumerate(("ship_order", "praise", "refund"), start=1):
            await stepper.send("orders", {"number": number}, topic=topic)
        await stepper.run()
        return stepper.film({0: "Who gets which?"}, title="Three messages")


if __name__ == "__main__":
    asyncio.run(readme_film()).save(FILM)
