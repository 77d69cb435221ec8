"""Apps on real brokers, to step through."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from repid.data import MessageData
from support.brokers import Broker

from repid_nb import Message, Repid, Router, Step, Stepper

__all__ = ["Scene", "scene", "second_consumer", "sent"]

# Seconds until a message that does not come counts as lost.
PATIENCE = 50


class Scene:
    """An app on a broker with a Stepper, and what its actors did.

    Attributes:
        done: The numbers that `ship` was given, in order.
        started: Set when `slow` has begun.
        go_on: What `slow` waits for.
    """

    def __init__(self, broker: Broker, channel: str, **options: Any) -> None:
        self.broker = broker
        self.channel = channel
        self.done: list[int] = []
        self.started, self.go_on = asyncio.Event(), asyncio.Event()
        self.app = Repid()
        self.server = broker.server(**options)
        self.app.servers.register_server("default", self.server, is_default=True)
        self.app.include_router(self._router())
        self.stepper = Stepper(self.app)

    def _router(self) -> Router:
        router = Router(channel=self.channel)

        @router.actor
        async def ship(number: int) -> int:
            self.done.append(number)
            return number

        @router.actor
        async def slow(number: int) -> None:
            self.started.set()
            await self.go_on.wait()
            self.done.append(number)

        @router.actor
        async def broken() -> None:
            raise LookupError("sold out")

        @router.actor(confirmation_mode="manual")
        async def shy(message: Message) -> None:
            await message.reject()

        @router.actor(confirmation_mode="manual")
        async def answer(message: Message) -> None:
            await message.reply_json(payload={}, channel=f"{self.channel}.answers")

        @router.actor(confirmation_mode="manual")
        async def silent() -> None: ...

        @router.actor
        async def forward() -> None:
            await self.app.send_message_json(channel=f"{self.channel}.more", payload={})

        return router

    async def send(self, topic: str, number: int | None = None) -> None:
        await self.stepper.send(self.channel, {} if number is None else {"number": number}, topic=topic)

    async def step(self) -> Step:
        """Make a step that finds a message; a broker may need a moment until what was sent can be pulled."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            step = await self.stepper.step()
            if isinstance(step, Step):
                return step
        raise AssertionError("no message came")

    async def run_all(self, least: int) -> list[Step]:
        """Step until so many messages have come, which may take a broker its time, and then nothing any more."""
        steps: list[Step] = []
        empty = 0
        give_up = time.monotonic() + PATIENCE
        while empty < 2 or (len(steps) < least and time.monotonic() < give_up):
            step = await self.stepper.step()
            if isinstance(step, Step):
                steps.append(step)
            empty = 0 if step else empty + 1
        return steps


@asynccontextmanager
async def scene(
    broker: Broker, channel: str, *, declared: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[Scene]:
    """Make a scene on a declared channel; the Stepper is closed after it."""
    await broker.declare(channel, **(declared or {}))
    made = Scene(broker, channel, **options)
    try:
        yield made
    finally:
        await made.stepper.close()


def sent(number: int, topic: str = "ship") -> MessageData:
    return MessageData(
        payload=json.dumps({"number": number}).encode(), headers={"topic": topic}, content_type="application/json"
    )


@asynccontextmanager
async def second_consumer(broker: Broker, channel: str, **options: Any) -> AsyncIterator[asyncio.Queue[int]]:
    """Take what comes, with a subscription of repid's own, and ack it; yield the numbers as they come."""
    came: asyncio.Queue[int] = asyncio.Queue()

    async def take(message: Any) -> None:
        await message.ack()
        came.put_nowait(json.loads(message.payload)["number"])

    server = broker.server(**options)
    async with server.connection():
        subscriber = await server.subscribe(channels_to_callbacks={channel: take}, concurrency_limit=10)
        try:
            yield came
        finally:
            await subscriber.close()
