"""Arguments: what an actor is called with, read from the payload by each converter."""

import datetime as dt
import enum
import uuid
from typing import Annotated, Any, Literal

import pytest
from differential.harness import Bench, same
from pydantic import BaseModel, Field, RootModel


class Colour(enum.Enum):
    red = "red"


class Item(BaseModel):
    name: str
    price: float = Field(gt=0)
    tags: list[str] = []


class Cart(BaseModel):
    items: list[Item]
    note: str | None = None


def nothing():
    return None


def ids(user_id: int, name: str = "nobody"):
    return user_id, name


def untyped(a, b=2):
    return a, b


def positional(a: int, b: int, /, c: int = 3):
    return a, b, c


def named_only(*, a: int, b: Any = None):
    return a, b


def whole_model(item: Item):
    return item.model_dump()


def typed(
    when: dt.datetime,
    key: uuid.UUID,
    colour: Colour,
    mode: Literal["fast", "slow"] = "fast",
    limits: dict[str, int] | None = None,
):
    return when, key, colour, mode, limits


def constrained(n: Annotated[int, Field(ge=1, le=5)], short: Annotated[str, Field(max_length=3)] = "abc"):
    return n, short


def aliased(kind: Annotated[str, Field(alias="type")]):
    return kind


def several(*args):
    return args


def anything(a=1, **rest):
    return a, rest


NOW = "2026-11-22T10:00:00Z"
KEY = "00000000-0000-0000-0000-000000000007"
CASES = {
    "nothing wanted, object sent": (nothing, b'{"a": 1}'),
    "nothing wanted, no JSON sent": (nothing, b"no json"),
    "nothing wanted, nothing sent": (nothing, b""),
    "all given": (ids, b'{"user_id": 7, "name": "Ada"}'),
    "default used": (ids, b'{"user_id": 7}'),
    "text coerced to a number": (ids, b'{"user_id": "7"}'),
    "truth is no number": (ids, b'{"user_id": true}'),
    "whole float": (ids, b'{"user_id": 7.0}'),
    "broken float": (ids, b'{"user_id": 7.5}'),
    "missing": (ids, b'{"name": "Ada"}'),
    "missing in an empty payload": (ids, b""),
    "too much": (ids, b'{"user_id": 7, "more": 1}'),
    "null": (ids, b'{"user_id": null}'),
    "two errors": (ids, b'{"user_id": "x", "name": 1}'),
    "a list for an object": (ids, b"[7]"),
    "a number for an object": (ids, b"7"),
    "no JSON": (ids, b"user_id=7"),
    "JSON cut off": (ids, b'{"user_id": 7'),
    "not UTF-8": (ids, b'{"user_id": 7, "name": "\xff"}'),
    "a field twice": (ids, b'{"user_id": 1, "user_id": 2}'),
    "white space": (ids, b' \n{"user_id": 7}\t'),
    "untyped": (untyped, b'{"a": {"deep": [1, null]}}'),
    "positional": (positional, b'{"b": 2, "a": 1}'),
    "positional missing": (positional, b'{"b": 2}'),
    "named only": (named_only, b'{"a": 1, "b": [1]}'),
    "a model": (whole_model, b'{"item": {"name": "tea", "price": 2}}'),
    "a model at the top": (whole_model, b'{"name": "tea", "price": 2}'),
    "a model with a fault inside": (whole_model, b'{"item": {"name": "tea", "price": -1}}'),
    "many types": (typed, f'{{"when": "{NOW}", "key": "{KEY}", "colour": "red", "limits": {{"a": 1}}}}'.encode()),
    "many faults": (typed, b'{"when": "soon", "key": "k", "colour": "blue", "mode": "still", "limits": [1]}'),
    "in bounds": (constrained, b'{"n": 5}'),
    "out of bounds": (constrained, b'{"n": 6, "short": "abcd"}'),
    "by alias": (aliased, b'{"type": "x"}'),
    "by name in place of the alias": (aliased, b'{"kind": "x"}'),
}


def taking(lib, log, fn, **options):
    """A router with an actor of the signature of `fn`, which notes its result."""
    router = lib.Router(channel="tasks")

    async def job(*args, **kwargs):
        result = fn(*args, **kwargs)
        log("ran", args, kwargs, [type(value).__name__ for value in (*args, *kwargs.values())], result)

    job.__wrapped__ = fn
    router.actor(**options)(job)
    return router


@same
@pytest.mark.parametrize("converter", ["DefaultConverter", "PydanticConverter"])
@pytest.mark.parametrize("case", CASES)
async def test_a_payload_is_read_into_the_arguments(lib, log, case, converter):
    fn, payload = CASES[case]
    async with Bench(lib, log, taking(lib, log, fn, converter=getattr(lib, converter))) as bench:
        await bench.deliver(payload, topic="job", content_type="application/json")
        await bench.left()


BASIC_CASES = {
    **{name: case for name, case in CASES.items() if case[0] in (nothing, untyped, positional, named_only)},
    "types are not looked at": (ids, b'{"user_id": "x"}'),
    "more than asked for": (ids, b'{"user_id": 1, "name": "a", "b": 2}'),
    "the rest by position": (several, b'{"a": 1, "b": 2}'),
    "the rest by name": (anything, b'{"a": 0, "b": 2, "c": 3}'),
    "a default and no rest": (anything, b"{}"),
    "a list": (ids, b"[1]"),
    "no JSON": (ids, b"nope"),
    "not UTF-8": (ids, b'{"user_id": "\xff"}'),
    "an empty payload": (anything, b""),
    "infinity": (untyped, b'{"a": Infinity}'),
}


@same
@pytest.mark.parametrize("case", BASIC_CASES)
async def test_the_basic_converter_reads_without_validating(lib, log, case):
    fn, payload = BASIC_CASES[case]
    async with Bench(lib, log, taking(lib, log, fn, converter=lib.BasicConverter)) as bench:
        await bench.deliver(payload, topic="job")


@same
@pytest.mark.parametrize("converter", ["PydanticConverter", "BasicConverter"])
@pytest.mark.parametrize(
    "content_type",
    [None, "", "application/json", "application/json; charset=utf-8", "text/plain", "APPLICATION/JSON"],
)
@pytest.mark.parametrize("payload", [b'{"a": 1}', b""])
async def test_only_json_is_read(lib, log, converter, content_type, payload):
    async with Bench(lib, log, taking(lib, log, untyped, converter=getattr(lib, converter))) as bench:
        await bench.deliver(payload, topic="job", content_type=content_type)


FULL_PAYLOADS = {
    "fits": b'{"items": [{"name": "tea", "price": 2}], "note": "n"}',
    "has too much": b'{"items": [], "more": 1}',
    "lacks a field": b'{"note": "n"}',
    "has a fault inside": b'{"items": [{"name": "tea", "price": 0}]}',
    "is no object": b"[]",
    "is empty": b"",
}


@same
@pytest.mark.parametrize("name", FULL_PAYLOADS)
async def test_the_whole_payload_is_read_into_a_model(lib, log, name):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(cart: Annotated[Cart, lib.FullPayload()]):
        log("ran", type(cart).__name__, cart.model_dump())

    async with Bench(lib, log, router) as bench:
        await bench.deliver(FULL_PAYLOADS[name], topic="job")


@same
@pytest.mark.parametrize("payload", [b"[1, 2]", b'["x"]', b"{}", b""])
async def test_a_root_model_takes_a_list(lib, log, payload):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(numbers: Annotated[RootModel[list[int]], lib.FullPayload()]):
        log("ran", numbers.root)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(payload, topic="job")


@same
@pytest.mark.parametrize("payload", [b'{"items": [], "note": "n", "extra": 1}', b'{"items": []}'])
async def test_fields_beside_the_whole_payload_stand_at_its_top(lib, log, payload):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(cart: Annotated[Cart, lib.FullPayload()], extra: int, note: str = "own default"):
        log("ran", cart.model_dump(), extra, note)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(payload, topic="job")


@same
async def test_the_message_beside_arguments_of_the_payload(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(n: int, message: lib.Message):
        log("ran", n, message.payload, message.channel, message.is_acted_on, message.action)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"n": 1}', topic="job")


@same
@pytest.mark.parametrize("content_type", ["text/plain", None])
async def test_an_actor_that_asks_for_the_message_alone_takes_any_bytes(lib, log, content_type):
    router = lib.Router(channel="tasks")

    @router.actor
    async def job(message: lib.Message):
        log("ran", message.payload)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b"\xff not json", topic="job", content_type=content_type)


@same
async def test_a_plain_function_runs_too(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor
    def job(n: int):
        log("ran", n)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"n": 1}', topic="job")
        await bench.deliver(b'{"n": "x"}', topic="job")


def converter_of_ones_own(lib, log):
    class Upper:
        def __init__(self, fn, *, fn_locals=None, correlation_id=None):
            self.correlation_id = correlation_id
            self.name = fn.__name__

        async def convert_inputs(self, *, message, actor, actor_context):
            log("converted", self.name, actor.name, actor.channel_address, actor_context.server.protocol)
            if message.payload == b"bad":
                raise ArithmeticError("no")
            return [message.payload.decode().upper()], {"extra": self.correlation_id}

        def get_input_schema(self):
            return lib.ConverterInputSchema(payload_schema={"type": "string"}, content_type="text/plain")

    return Upper


@same
@pytest.mark.parametrize("place", ["actor", "router", "outer router"])
@pytest.mark.parametrize("payload", [b"hello", b"bad"])
async def test_a_converter_of_ones_own_reads_the_arguments(lib, log, place, payload):
    upper = converter_of_ones_own(lib, log)
    outer = lib.Router(channel="tasks", **({"converter": upper} if place == "outer router" else {}))
    router = lib.Router(**({"converter": upper} if place == "router" else {}))

    @router.actor(
        correlation_id=lib.CorrelationId(location="$message.header#/id") if place == "actor" else None,
        **({"converter": upper} if place == "actor" else {}),
    )
    async def job(text, extra):
        log("ran", text, extra if extra is None else extra.location)

    outer.include_router(router)
    async with Bench(lib, log, outer) as bench:
        await bench.deliver(payload, topic="job")


@same
@pytest.mark.parametrize("returned", [None, ([], {"wrong": 1}), ((), {}), 5])
async def test_a_converter_that_returns_nonsense_fails_the_run(lib, log, returned):
    class Wrong:
        def __init__(self, fn, **_):
            pass

        async def convert_inputs(self, **_):
            return returned

    router = lib.Router(channel="tasks", converter=Wrong)

    @router.actor
    async def job(a):
        log("ran", a)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


def schema_models(lib):
    async def job(n: int, item: Item, user: Annotated[str, lib.Header(name="x-user")] = "me"):
        pass

    return job


@same
async def test_the_schema_of_a_converter_is_the_same(lib, log):
    for converter in (lib.PydanticConverter, lib.DefaultConverter):
        schema = converter(schema_models(lib), correlation_id=None).get_input_schema()
        log("schema", schema.payload_schema, schema.headers_schema, schema.content_type, schema.examples)
