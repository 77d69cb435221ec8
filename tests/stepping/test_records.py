"""Steps as plain data, and records that cannot be changed."""

import copy
import json
import pickle
import re
from dataclasses import FrozenInstanceError, fields, is_dataclass
from enum import IntEnum, StrEnum

import pytest
from display.samples import records
from stepping.bench import CATCH_ALL, app_of, router_of, sent_and_stepped

from repid_nb import Message, MessageAction, MessageData, Repid, Router, Simulation, Step, Stepper
from repid_nb.core.errors import InvalidMessageError
from repid_nb.core.routing.reruns import as_run_of


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


async def looked_at_again(change) -> Step:
    """Return the second step of a message that an actor changed in its first."""

    async def again(message: Message):
        change(message.headers)
        await message.reject()

    async with Stepper(app_of(router_of(again))) as stepper:
        await stepper.send("tasks", headers={"k": "v"})
        await stepper.step()
        return await stepper.step()


class Unshowable:
    def __str__(self):
        raise RuntimeError

    __repr__ = __str__


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (None, "None"), (b"x", "b'x'"), (Thing(), "<a thing>"), (Level.HIGH, "9"), ([1], "[1]")],
    ids=repr,
)
async def test_a_header_that_an_actor_made_no_text_is_text_in_the_record(value, text):
    step = await looked_at_again(lambda headers: headers.update(tries=value))
    assert step.message.headers == {"k": "v", "tries": text}
    assert through_json(step) == step


async def test_a_header_that_cannot_be_shown_leaves_a_record():
    step = await looked_at_again(lambda headers: headers.update({"tries": Unshowable(), 1: "x" * 2000, "k": None}))
    assert step.message.headers["tries"] == "<Unshowable, which cannot be shown>"
    assert step.message.headers["1"] == "x" * 2000
    assert through_json(step) == step
    long = await looked_at_again(lambda headers: headers.update(tries=["x" * 100_000]))
    assert len(long.message.headers["tries"]) < 11_000


class Word(StrEnum):
    TASKS = "tasks"


class Hostile(str):
    __slots__ = ()

    def __repr__(self):
        return "__import__('os').getpid()"

    __str__ = __format__ = lambda self, *_: "hostile"


class HostileBytes(bytes):
    __slots__ = ()

    def __repr__(self):
        return "__import__('os').getpid()"


@pytest.mark.parametrize("kind", [Word, Hostile])
async def test_all_text_in_a_record_is_plain_text(kind):
    text, router = kind("tasks"), Router()

    @router.actor(channel=text, name=text, **CATCH_ALL)
    async def work(message: Message):
        await message.send_message(channel=text, payload=b"")

    app = app_of(router)
    async with Stepper(app) as stepper:
        sent = await stepper.send(
            text, HostileBytes(b"x"), headers={text: text}, priority=Level.HIGH, content_type=text
        )
        message = MessageData(payload=b"", content_type=text, reply_to=text)
        await stepper.server.publish(channel=text, message=message, server_specific_parameters={"message_id": text})
        kept = [sent, *(await stepper.run(2)), stepper.queues, stepper.explain(text, {text: text}), stepper.history]
        found = [one for record in kept for one in parts_of(record)]
        kept.append(await stepper.run())
    assert {type(one) for one in found if isinstance(one, (str, bytes, int))} <= {str, bytes, int, bool, MessageAction}
    assert "tasks" in found
    assert through_json(kept[1]) == kept[1]
    assert "getpid" not in repr(kept)
    assert "hostile" not in repr(kept)
    assert "Word" not in repr(kept)


def parts_of(value):
    """Yield all that is in a record."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if is_dataclass(value) and not isinstance(value, type):
        value = [getattr(value, one.name) for one in fields(value)]
    if isinstance(value, (tuple, list)):
        for one in value:
            yield from parts_of(one)
    else:
        yield value


async def waiting_step(payload: bytes, number: int = 20) -> Step:
    async def nothing(): ...

    app = app_of(router_of(nothing))
    async with Stepper(app) as stepper:
        for _ in range(number + 1):
            await app.send_message(channel="tasks", payload=payload)
        return await stepper.step()


@pytest.mark.parametrize(
    "payload", [b"x" * 10_000, b"\xff" * 10_000, "\u20ac".encode() * 5000, b"x" + "\U0001f389".encode() * 3000]
)
async def test_long_payloads_that_wait_are_cut_in_the_data_of_a_step(payload):
    step = await waiting_step(payload)
    data = step.to_dict()
    assert len(json.dumps(data)) < 3 * len(payload) + 40_000
    again = through_json(step)
    assert again.message == step.message
    assert step.after["tasks"].ready[0].payload == payload
    cut = again.after["tasks"].ready[0].payload
    assert payload.startswith(cut.partition("… (".encode())[0])
    assert cut.endswith(f"… ({len(payload):,} bytes in all)".encode())
    assert through_json(again).after == again.after
    assert repr(again) == repr(step)


async def test_what_many_large_messages_come_to_as_data_is_near_to_what_was_sent():
    async def nothing(): ...

    app = app_of(router_of(nothing))
    async with Stepper(app) as stepper:
        for _ in range(60):
            await app.send_message(channel="tasks", payload=b"x" * 10_000)
        size = sum(len(json.dumps(step.to_dict())) for step in await stepper.run())
    assert size < 4 * 60 * 10_000


async def test_long_headers_that_wait_are_cut_in_the_data_of_a_step():
    async def nothing(): ...

    app = app_of(router_of(nothing))
    async with Stepper(app) as stepper:
        for _ in range(20):
            headers = {"long": "x" * 10_000, **{f"header {number}": "" for number in range(1000)}}
            await app.send_message(channel="tasks", payload=b"", headers=headers)
        step = await stepper.step()
    assert step.after["tasks"].ready[0].headers == headers
    again = through_json(step)
    assert again.message.headers == headers
    there = again.after["tasks"].ready[0].headers
    assert there["long"] == f"{'x' * 200}…"
    assert there["…"] == "981 more headers"
    assert len(json.dumps(step.to_dict())) < 100_000


async def test_short_payloads_that_wait_come_back_as_they_were():
    step = await waiting_step(b"x" * 400)
    assert through_json(step) == step


@pytest.mark.parametrize(
    "payload",
    [{"text": "\ud800"}, {"base64": "\u00e9"}, {"base64": "a"}, {"text": b"x"}],
    ids=repr,
)
async def test_a_payload_that_cannot_be_read_is_refused(payload):
    data = (await rich_step()).to_dict()
    data["message"] = {**data["message"], "payload": payload}
    with pytest.raises(InvalidMessageError, match=r"message\.payload: input should be"):
        Step.from_dict(data)


def nested(levels: int) -> dict:
    data: dict = {}
    for _ in range(levels):
        data = {"a": [data]}
    return data


@pytest.mark.parametrize(
    "change",
    [
        {"before": nested(5000)},
        {"message": nested(5000)},
        {"number": float("inf")},
        {"duration": "x"},
        {3: 4, "number": None},
        {"channel": "\ud800", "number": "\x1b]0;x\x07"},
        {"verdicts": {"\x1b": 1}},
        {"message": {"\x1b": 1, "headers": {"\x1b\n": 1}}},
    ],
    ids=["deep", "deep message", "infinite", "no duration", "key", "surrogate", "verdict", "message"],
)
async def test_whatever_is_no_step_is_refused_in_printable_words(change):
    data = {**(await rich_step()).to_dict(), **change}
    with pytest.raises(InvalidMessageError) as caught:
        Step.from_dict(data)
    assert str(caught.value).isprintable()


async def test_a_message_that_is_printed_shows_no_control_character():
    shown = []

    async def look(message: Message):
        shown.append(repr(message))

    app = app_of(router_of(look, channel="ta\x1bsks"))
    async with Stepper(app) as stepper:
        parameters = {"message_id": "\x1b]0;x\x07\n[fake log line]"}
        await app.send_message(channel="ta\x1bsks", payload=b"", server_specific_parameters=parameters)
        await stepper.step()
    assert shown == ["<message \\x1b]0;x\\x07\\n[fake log line] on 'ta\\x1bsks', headers None, 0 bytes of payload>"]


async def test_a_record_offers_no_method_that_only_the_package_itself_can_call():
    offered = {name for name in dir(Step) if name.startswith("as_")}
    assert offered == set()


def pickled(record):
    return pickle.loads(pickle.dumps(record))  # noqa: S301  (its own)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
async def test_a_copy_of_a_record_is_equal_shows_the_same_and_counts_as_the_same_in_a_set(again):
    found = {type(one).__name__: one for kept in (await records()).values() for one in kept}
    for record in found.values():
        other = again(record)
        assert (other, repr(other), len({other, record})) == (record, repr(record), 1)


async def test_a_result_that_cannot_be_pickled_is_pickled_as_its_repr():
    async def make():
        return {"later": lambda: 1}

    async with Stepper(app_of(router_of(make))) as stepper:
        await stepper.send("tasks", topic="make")
        step = await stepper.step()
        again = pickled(step)
        assert (repr(again), repr(again.result)) == (repr(step), repr(step.result))
        assert [one.number for one in pickled(stepper.history)] == [1]
        assert again.message == step.message


async def test_a_deep_copy_of_a_step_has_a_result_of_its_own():
    async def make():
        return [1]

    async with Stepper(app_of(router_of(make))) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
        copy.deepcopy(step).result.append(2)
        assert step.result == [1]


class MadeAnew(Repid):
    def __reduce__(self):
        return MadeAnew, ()


def test_a_subclass_that_knows_how_to_be_pickled_is():
    assert isinstance(pickled(MadeAnew()), MadeAnew)


async def test_what_belongs_to_functions_and_tasks_says_what_to_do_instead_of_a_copy():
    router = Router(channel="tasks")
    app = app_of(router)
    async with Stepper(app) as stepper:
        for one, instead in {
            app: "put what makes it into a function",
            router: "other.actor(function)",
            app.servers.default: "stepper.fork()",
            stepper: "stepper.fork()",
            Simulation(app): "a run can be copied",
        }.items():
            for deep in (copy.deepcopy, pickle.dumps):
                with pytest.raises(TypeError, match=re.escape(instead)):
                    deep(one)
            assert vars(copy.copy(one)) == vars(one)


async def test_an_app_a_router_and_a_stepper_show_what_is_in_them():
    async def greet(): ...

    router = router_of(greet)
    app = app_of(router)
    app.include_router(Router(channel="empty"))
    async with Stepper(app) as stepper:
        stepper.name = "first"
        assert repr(Repid()) == "<Repid without actors>"
        assert (repr(app), repr(router)) == ("<Repid tasks: greet>", "<Router tasks: greet>")
        await stepper.send("tasks", topic="greet")
        await stepper.send("tasks", topic="greet")
        await stepper.step()
        assert repr(stepper) == "<Stepper 'first' 1 step; tasks: 1 waiting>"


def test_a_router_whose_cell_ran_again_shows_its_actor_once():
    router = Router(channel="tasks")
    for _ in range(3):
        with as_run_of("cell"):

            @router.actor
            async def greet(): ...

    assert repr(router) == "<Router tasks: greet>"


async def test_to_show_a_stepper_makes_no_record_anew():
    async def greet(): ...

    async with Stepper(app_of(router_of(greet))) as stepper:
        await stepper.send("tasks")
        (known,) = stepper.queues["tasks"].ready
        repr(stepper)
        assert stepper.queues["tasks"].ready[0] is known
