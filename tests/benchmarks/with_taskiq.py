"""taskiq with its InMemoryBroker: a task for each message as it is sent; arguments are cast with pydantic."""

from __future__ import annotations

import asyncio

from taskiq import InMemoryBroker
from work import Clock, Tally, options, payload

tally = Tally()
broker = InMemoryBroker()


@broker.task
async def send_email(user_id: int, text: str) -> None:
    if given.suspend:
        await asyncio.sleep(0)
    tally.runs += 1


async def main() -> None:
    clock = Clock()
    with clock.phase("work"):
        for number in range(given.messages):
            await send_email.kiq(**payload(number))
        await broker.wait_all()
    assert tally.runs == given.messages
    clock.report(given.messages)


given = options(wanted=("suspend?",))
asyncio.run(main())
