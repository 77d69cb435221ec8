"""One of each record, made by really stepping."""

from typing import Any

from stepping.bench import CATCH_ALL, app_of

from repid_nb import BaseMessageT, Message, Repid, Router, Stepper

__all__ = ["RECORDS", "records", "step_among_many_actors", "tutorial_app"]

RECORDS = {
    "Argument",
    "ChannelSnapshot",
    "DeadLetter",
    "Explanation",
    "FieldError",
    "History",
    "Idle",
    "MessageSnapshot",
    "QueuesSnapshot",
    "Raised",
    "Rewound",
    "Sent",
    "Settlement",
    "Step",
    "Steps",
    "Verdict",
}


def tutorial_app() -> Repid:
    """Make the app of the sketch: a catch-all before two actors with topics."""
    router = Router()

    @router.actor(channel="user_tasks", **CATCH_ALL)
    async def process_everything(): ...

    @router.actor(channel="user_tasks")
    async def email_worker(): ...

    @router.actor(channel="user_tasks")
    async def send_sms(): ...

    return app_of(router)


async def step_among_many_actors() -> Any:
    """Step among 500 actors: the 201st wins, the 301st is shadowed, and all from the 401st on fail."""
    router = Router()

    def strategy(place: int) -> Any:
        def answer(message: BaseMessageT) -> bool:
            if place > 400:
                raise ValueError
            return place in (201, 301)

        return lambda *, actor_name: answer

    for place in range(1, 501):

        @router.actor(name=f"actor_{place}", channel="many", routing_strategy=strategy(place))
        async def work(): ...

    async with Stepper(app_of(router)) as stepper:
        await stepper.send("many", {})
        return await stepper.step()


def repeating(text: str) -> Any:
    """Make the factory of a strategy that says no where the payload is `lost`, and reads the header `text`."""

    def custom(*, actor_name: str) -> Any:
        def answer(message: BaseMessageT) -> bool:
            (message.headers or {}).get(text)
            return message.payload != b"lost"

        return answer

    return custom


async def records(text: str = "plain", payload: bytes = b'{"number": 1}') -> dict[str, list[Any]]:
    """Make records of every kind, with `text` wherever somebody's text can be.

    Args:
        text: Not empty.
        payload: Of the message that is sent first.

    Returns:
        The records, by kind.
    """
    router = Router()

    async def returns(message: Message):
        print(text)
        await message.send_message(channel=text, payload=payload, headers={"topic": text, text: text})
        return {text: text}

    async def raises(message: Message, number: int = 0, other: str = text):
        raise type(f"Error{text}".replace("\x00", ""), (ValueError,), {})(text)

    def fails(*, actor_name: str) -> Any:
        def answer(message: BaseMessageT) -> bool:
            raise ValueError(text)

        return answer

    router.actor(channel=f"returns{text}", name=text, **CATCH_ALL)(returns)
    router.actor(channel=f"raises{text}", name=text, routing_strategy=repeating(text))(raises)
    router.actor(channel="fails", name=text, routing_strategy=fails)(returns)
    kept: list[Any] = []
    async with Stepper(app_of(router), max_unrouted_retries=2) as stepper:
        headers = {"topic": text, text: text}
        kept.append(stepper.explain("fails", headers, payload))
        kept.append(await stepper.send(f"returns{text}", payload, headers=headers, priority=9))
        await stepper.send(f"raises{text}", {"other": text, "number": text}, headers=headers)
        await stepper.send(f"raises{text}", {"other": text}, headers=headers)
        await stepper.send(f"raises{text}", b"lost", headers=headers)
        await stepper.send("fails", payload, headers=headers)
        await stepper.send("nobody listens here", payload)
        kept += [stepper.queues, await stepper.run(), stepper.history, await stepper.step(), stepper.queues]
        kept.append(stepper.rewind(to=2))
    found: dict[str, list[Any]] = {}
    for record in kept:
        _collect(record, found)
    return found


def _collect(value: Any, found: dict[str, list[Any]]) -> None:
    if type(value).__name__ in RECORDS:
        found.setdefault(type(value).__name__, []).append(value)
        for name in value.__dataclass_fields__:
            _collect(getattr(value, name), found)
    elif isinstance(value, tuple):
        for one in value:
            _collect(one, found)
