"""Steps as plain data, and records that cannot be changed."""

import json
from dataclasses import FrozenInstanceError, fields, is_dataclass
from enum import IntEnum

import pytest
from stepping.bench import CATCH_ALL, app_of, router_of, sent_and_stepped

from repid_nb import Message, Router, Step, Stepper
from repid_nb.core.errors import InvalidMessageError


async def rich_step() -> Step:
    """Make a step with as much in it as there can be."""
    router = Router()

    @router.actor(channel="tasks", **CATCH_ALL)
    async def busy(message: Message, number: int, other: int = 2):
        print("\x1b[1mprinted\ud800")
        await message.send_message(channel="next", payload=b"\xff\x00")
        raise ValueError("no")

    router.actor(channel="tasks", name="later")(busy)
    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks", {"number": "3"}, headers={"payload": "x", "lone": "\ud800"}, priority=9)
        await stepper.send("tasks", b"\xff", headers={})
        return await stepper.step()


def through_json(step: Step) -> Step:
    return Step.from_dict(json.loads(json.dumps(step.to_dict(), allow_nan=False)))


async def test_a_step_comes_back_from_json_as_it_was():
    step = await rich_step()
    assert through_json(step) == step


async def test_a_poison_step_comes_back_from_json_as_it_was():
    async def nothing(): ...

    async with Stepper(app_of(router_of(nothing, routing_strategy=_nobody)), max_unrouted_retries=2) as stepper:
        await stepper.send("tasks")
        for step in await stepper.run():
            assert through_json(step) == step


def _nobody(*, actor_name):
    return lambda message: False


class Thing:
    def __repr__(self):
        return "<a thing>"


class Level(IntEnum):
    HIGH = 9


class Broken:
    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize("result", [None, 0, "text", [1, {"a": None}], {"payload": {"text": "x"}, "result": 1}, True])
async def test_a_result_that_json_knows_comes_back_as_it_was(result):
    async def give():
        return result

    step = await sent_and_stepped(router_of(give))
    assert step.result == result
    assert through_json(step).result == result


@pytest.mark.parametrize(
    "result", [(1, 2), {1: 2}, {1, 2}, b"x", float("nan"), float("inf"), Level.HIGH, Thing(), ValueError("x")]
)
async def test_a_result_that_json_does_not_know_comes_back_looking_as_it_did(result):
    async def give():
        return result

    step = await sent_and_stepped(router_of(give))
    again = through_json(step)
    assert repr(again.result) == repr(result)
    assert through_json(again).result == again.result
    assert repr(again) == repr(step)


@pytest.mark.parametrize(
    ("result", "shown"),
    [(Broken(), "<Broken, which cannot be shown>"), (10**5000, "<int, which cannot be shown>")],
    ids=["broken", "huge"],
)
async def test_a_result_that_cannot_be_shown_is_named_by_its_type(result, shown):
    async def give():
        return result

    assert (await sent_and_stepped(router_of(give))).to_dict()["result"] == {"repr": shown}


async def test_a_payload_is_text_where_it_can_be_read():
    async def nothing(): ...

    text = await sent_and_stepped(router_of(nothing), b'{"a": 1}')
    other = await sent_and_stepped(router_of(nothing), b"\xff")
    assert text.to_dict()["message"]["payload"] == {"text": '{"a": 1}'}
    assert other.to_dict()["message"]["payload"] == {"base64": "/w=="}


async def test_what_a_step_costs_as_data_does_not_grow_with_the_queue():
    async def nothing(): ...

    sizes = []
    for waiting in (100, 10_000):
        app = app_of(router_of(nothing))
        async with Stepper(app) as stepper:
            for _ in range(waiting):
                await app.send_message(channel="tasks", payload=b"the same")
            step = await stepper.step()
            assert step.after["tasks"].waiting == waiting - 1
            sizes.append(len(json.dumps(step.to_dict())))
    assert sizes[1] <= sizes[0] + 10


def without(data: dict, *path: str) -> dict:
    """Return a copy of nested data without one entry."""
    first, *rest = path
    return {
        key: without(value, *rest) if rest and key == first else value
        for key, value in data.items()
        if rest or key != first
    }


@pytest.mark.parametrize(
    "path",
    [("number",), ("channel",), ("verdicts",), ("settlement",), ("message", "payload"), ("settlement", "reason")],
)
async def test_data_that_lacks_something_says_what(path):
    data = without((await rich_step()).to_dict(), *path)
    with pytest.raises(InvalidMessageError, match=rf"not the data of a step: {'.'.join(path)}: field required"):
        Step.from_dict(data)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"number": "third"}, "number: input should be a valid integer"),
        ({"message": {}}, "message.channel: field required"),
        ({"message": 3}, "message: input should be"),
        ({"verdicts": [{"outcome": "maybe"}]}, "verdicts.0.outcome: input should be 'match'"),
        ({"settlement": {"action": "lost", "reason": ""}}, "settlement.action: input should be 'acked'"),
        ({"result": 3}, "result: it should be"),
        ({"result": {"repr": 3}}, "result: it should be"),
        ({"before": []}, "before: input should be"),
        ({"before": {"channels": 1}}, "before.channels: input should be"),
    ],
)
async def test_data_that_is_wrong_says_where(change, says):
    data = {**(await rich_step()).to_dict(), **change}
    with pytest.raises(InvalidMessageError) as caught:
        Step.from_dict(data)
    assert says in str(caught.value)


@pytest.mark.parametrize("payload", ["text", 3, None, {}, {"base64": "?"}, {"base64": 3}, {"text": None}])
async def test_a_payload_in_no_known_form_is_refused(payload):
    data = (await rich_step()).to_dict()
    data["message"] = {**data["message"], "payload": payload}
    with pytest.raises(InvalidMessageError, match=r"message\.payload: input should be"):
        Step.from_dict(data)


@pytest.mark.parametrize("data", [None, "{}", [], 3])
def test_what_is_no_dict_is_refused_with_the_way_to_one(data):
    with pytest.raises(InvalidMessageError, match=r"A step is a dict, not .*json\.loads"):
        Step.from_dict(data)


def records_in(value):
    """Yield every dataclass instance in a record."""
    if is_dataclass(value):
        yield value
        for one in fields(value):
            yield from records_in(getattr(value, one.name))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from records_in(one)


async def test_every_record_is_frozen():
    async def nothing(number: int): ...

    async with Stepper(app_of(router_of(nothing)), max_unrouted_retries=1) as stepper:
        sent = await stepper.send("tasks", {"number": "x"})
        run = await stepper.run()
        kept = [await rich_step(), sent, run, stepper.history, stepper.explain("tasks"), await stepper.step()]
        kept.append(stepper.rewind(to=0))
    found = {type(record).__name__: record for one in kept for record in records_in(one)}
    assert set(found) == {
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
    for record in found.values():
        with pytest.raises(FrozenInstanceError):
            setattr(record, fields(record)[0].name, None)


async def test_a_step_from_data_is_a_record_like_any_other():
    step = through_json(await rich_step())
    assert step.before["tasks"].ready[0].priority == 9
    assert isinstance(step.verdicts, tuple)
    assert step.message.headers == {"payload": "x", "lone": "\ud800"}
