"""The bare limit: asyncio.Queue, json, a pydantic-core validator, `await fn()`. No routing, no acks, no limits."""

from __future__ import annotations

import asyncio
import json

from pydantic_core import SchemaValidator, core_schema
from work import REPETITIONS, Clock, Tally, options, payload

VALIDATOR = SchemaValidator(
    core_schema.typed_dict_schema(
        {
            "user_id": core_schema.typed_dict_field(core_schema.int_schema()),
            "text": core_schema.typed_dict_field(core_schema.str_schema()),
        }
    )
)

tally = Tally()


async def send_email(user_id: int, text: str) -> None:
    tally.runs += 1


async def send_email_slowly(user_id: int, text: str) -> None:
    await asyncio.sleep(0)
    await send_email(user_id, text)


async def main() -> None:
    given = options(wanted=("suspend?",))
    actor = send_email_slowly if given.suspend else send_email
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    clock = Clock()
    for _ in range(REPETITIONS):
        with clock.phase("publish"):
            for number in range(given.messages):
                queue.put_nowait(json.dumps(payload(number)).encode())
        with clock.phase("work"):
            for _ in range(given.messages):
                await actor(**VALIDATOR.validate_python(json.loads(await queue.get())))
    assert tally.runs == REPETITIONS * given.messages
    clock.report(given.messages)


asyncio.run(main())
