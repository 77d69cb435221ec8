"""repid 2.1.4 with its own InMemoryServer: pydantic validation, a task and a timeout for each message."""

from __future__ import annotations

import asyncio

from repid import BasicConverter, InMemoryServer, Repid, Router
from work import TOPIC, Clock, Tally, options, payload

tally = Tally()


async def main() -> None:
    given = options(wanted=("suspend?", "basic?", "actors", "tasks-limit"))
    app = Repid()
    server = InMemoryServer()
    app.servers.register_server("default", server, is_default=True)
    router = Router(converter=BasicConverter) if given.basic else Router()
    clock = Clock()

    for number in range(1, given.actors or 1):

        @router.actor(name=f"other_{number}", converter=BasicConverter)
        async def other() -> None: ...

    @router.actor(name=TOPIC)
    async def send_email(user_id: int, text: str) -> None:
        # Building ten thousand actors is not part of a message, and dropping them neither.
        if given.actors and not tally.runs:
            clock.restart()
        if given.suspend:
            await asyncio.sleep(0)
        tally.runs += 1
        if given.actors and tally.runs == given.messages:
            clock.stop()

    app.include_router(router)
    async with server.connection():
        with clock.phase("publish"):
            for number in range(given.messages):
                await app.send_message_json(channel="default", payload=payload(number), headers={"topic": TOPIC})
        with clock.phase("work"):
            await app.run_worker(
                messages_limit=given.messages, tasks_limit=given.tasks_limit or 1000, register_signals=[]
            )
    assert tally.runs == given.messages
    clock.report(given.messages)


asyncio.run(main())
