"""How each argument of an actor was read."""

from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field
from stepping.bench import router_of, sent_and_stepped

from repid_nb import BasicConverter, Depends, FullPayload, Header, Message


async def arguments_of(fn: Any, payload: Any = None, **how: Any) -> list[tuple]:
    options = how.pop("options", {})
    step = await sent_and_stepped(router_of(fn, **options), payload, **how)
    assert step.exception is None, step
    return [(one.name, one.source, one.value, one.coerced_from) for one in step.arguments]


async def test_a_value_of_the_payload():
    async def actor(name: str): ...

    assert await arguments_of(actor, {"name": "Ada"}) == [("name", "payload", "'Ada'", None)]


async def test_a_value_that_was_coerced_shows_what_stood_in_the_message():
    async def actor(number: int, share: float): ...

    assert await arguments_of(actor, {"number": "3", "share": 1}) == [
        ("number", "payload", "3", "'3'"),
        ("share", "payload", "1.0", "1"),
    ]


async def test_a_default():
    async def actor(number: int = 5): ...

    assert await arguments_of(actor, {}) == [("number", "default", "5", None)]


async def test_an_alias_is_read_where_it_stands():
    async def actor(number: Annotated[int, Field(alias="no")]): ...

    assert await arguments_of(actor, {"no": 3}) == [("number", "payload", "3", None)]


@pytest.mark.parametrize(
    ("payload", "origin"),
    [
        ({"num": "3", "deep": [4]}, "payload"),
        ({"other": ["3"]}, "payload"),
        ({}, "default"),
        ({"other": []}, "default"),
    ],
)
async def test_each_choice_of_an_alias_is_looked_for(payload, origin):
    async def actor(n: int = Field(3, validation_alias=AliasChoices("n", "num", AliasPath("other", 0)))): ...

    given = "'3'" if origin == "payload" else None
    assert await arguments_of(actor, payload) == [("n", origin, "3", given)]


async def test_a_header():
    async def actor(lang: Annotated[str, Header()], count: Annotated[int, Header(name="x-count")] = 1): ...

    assert await arguments_of(actor, headers={"lang": "en", "x-count": "7"}) == [
        ("lang", "header 'lang'", "'en'", None),
        ("count", "header 'x-count'", "7", "'7'"),
    ]


async def test_a_header_that_is_not_there_is_the_default():
    async def actor(lang: Annotated[str, Header()] = "en"): ...

    assert await arguments_of(actor) == [("lang", "default", "'en'", None)]


async def test_a_dependency():
    def connection():
        return "db"

    async def actor(db: Annotated[str, Depends(connection)]): ...

    assert await arguments_of(actor) == [("db", "dependency", "'db'", None)]


async def test_the_message_itself():
    async def actor(message: Message): ...

    assert await arguments_of(actor) == [("message", "message", "the message itself", None)]


class Order(BaseModel):
    number: int


async def test_the_whole_payload():
    async def actor(order: Annotated[Order, FullPayload()]): ...

    assert await arguments_of(actor, {"number": 3}) == [("order", "full payload", "Order(number=3)", None)]


async def test_a_basic_converter_is_read_too():
    async def actor(number, other=2, **rest): ...

    found = await arguments_of(actor, {"number": "3", "more": True}, options={"converter": BasicConverter})
    assert found == [
        ("number", "payload", "'3'", None),
        ("other", "default", "2", None),
        ("more", "converter", "True", None),
    ]


async def test_a_converter_that_does_not_say_is_named_as_the_source():
    class Foreign:
        def __init__(self, fn, *, fn_locals=None, correlation_id=None): ...

        async def convert_inputs(self, *, message, actor, actor_context):
            return [], {"text": message.payload.decode()}

        def get_input_schema(self):
            raise NotImplementedError

    async def actor(text): ...

    assert await arguments_of(actor, b"hi", options={"converter": Foreign}) == [("text", "converter", "'hi'", None)]


async def test_arguments_keep_the_order_of_the_function():
    async def actor(b: int, message: Message, a: int = 1, *, c: Annotated[str, Header()] = "x"): ...

    assert [name for name, *_ in await arguments_of(actor, {"b": 2})] == ["b", "message", "a", "c"]


class Broken:
    def __repr__(self):
        raise RuntimeError("no")


async def test_a_value_that_cannot_show_itself_is_named_by_its_type():
    async def actor(thing: Annotated[Any, Depends(Broken)]): ...

    ((_, _, value, _),) = await arguments_of(actor)
    assert value.startswith("<Broken ")


async def test_a_number_too_long_to_be_written_is_named_by_its_type():
    async def actor(number: Annotated[Any, Depends(lambda: 10**5000)]): ...

    assert await arguments_of(actor) == [("number", "dependency", "<int, which cannot be shown>", None)]


async def test_a_long_value_is_shortened():
    async def actor(text: str): ...

    ((_, _, value, _),) = await arguments_of(actor, {"text": "x" * 10_000})
    assert len(value) == 60


async def test_arguments_that_could_not_be_read_are_not_there():
    async def actor(number: int): ...

    step = await sent_and_stepped(router_of(actor), {"number": "x"})
    assert step.arguments == ()
