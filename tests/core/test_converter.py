"""The converters: the same arguments and the same refusals as repid's, with the fix in the message."""
# ruff: noqa: A002, N806  (payloads have an `id`; an alias of a type is written like a type)

import asyncio
import inspect
import json
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import Annotated, Any, Literal
from uuid import UUID

import pydantic
import pytest
import repid
from pydantic import AliasChoices, AliasPath, BaseModel, Field, RootModel
from support.generated import given, st

from repid_nb.core.actor import ActorData, ActorExecutionContext, ConverterT
from repid_nb.core.arguments.actor_message import Message, MessageDependency
from repid_nb.core.arguments.converter import ArgumentSource, BasicConverter, DefaultConverter, PydanticConverter
from repid_nb.core.arguments.dependencies import Depends, FullPayload, Header
from repid_nb.core.description import CorrelationId
from repid_nb.core.errors import DeclarationError, InvalidMessageError
from repid_nb.core.message import MessageAction
from repid_nb.core.serializer import default_serializer

OURS = SimpleNamespace(
    Depends=Depends,
    Header=Header,
    FullPayload=FullPayload,
    Message=Message,
    MessageDependency=MessageDependency,
    PydanticConverter=PydanticConverter,
    BasicConverter=BasicConverter,
    DefaultConverter=DefaultConverter,
)
LIBRARIES = (repid, OURS)


@dataclass
class Received:
    payload: bytes = b"{}"
    headers: dict[str, str] | None = None
    content_type: str | None = None
    reply_to: str | None = None
    channel: str = "tasks"
    message_id: str | None = None
    action: MessageAction | None = None


async def actor_fn():
    pass


ACTOR = ActorData(
    fn=actor_fn,
    name="actor_fn",
    confirmation_mode="auto",
    routing_strategy=lambda _: True,
    middleware_pipeline=lambda call_next, message, actor: call_next(message, actor),
    channel_address="tasks",
    converter=BasicConverter(actor_fn, correlation_id=None),
)


async def publish(channel, message, server_specific_parameters):
    raise AssertionError


CONTEXT = ActorExecutionContext(server=repid.InMemoryServer(), publish=publish, default_serializer=default_serializer)


def converted(converter, message):
    return asyncio.run(converter.convert_inputs(message=message, actor=ACTOR, actor_context=CONTEXT))


def comparable(value):
    """Make equal what differs only in which library made the class: messages, and models on top of a full payload."""
    if isinstance(value, BaseModel):
        return [each.__name__ for each in type(value).__mro__], value.model_dump()
    return ("message", value.payload) if type(value).__name__ == "EnhancedReceivedMessage" else value


def outcome(library, converter_name, make, message):
    """What a library makes of a declaration and a message: the arguments, or the stage and the error."""
    try:
        converter = getattr(library, converter_name)(make(library), fn_locals=None, correlation_id=None)
    except Exception as error:
        return "declaration", error
    try:
        args, kwargs = converted(converter, message)
    except Exception as error:
        return "message", error
    return [comparable(each) for each in args], {name: comparable(each) for name, each in kwargs.items()}


def same(make, message, converter_name="PydanticConverter"):
    """Assert that both libraries do the same, and return what ours did."""
    theirs = outcome(repid, converter_name, make, message)
    ours = outcome(OURS, converter_name, make, message)
    if isinstance(theirs[1], Exception):
        assert ours[0] == theirs[0], ours
        assert isinstance(ours[1], type(theirs[1])), (ours, theirs)
        if isinstance(theirs[1], pydantic.ValidationError):
            assert ours[1].errors() == theirs[1].errors()
    else:
        assert ours == theirs
    return ours


class Item(BaseModel):
    name: str
    price: Decimal = Decimal(1)


class Order(BaseModel):
    id: int
    items: list[Item] = []
    note: str | None = Field(default=None, alias="remark")


class Shouting(BaseModel):
    word: str

    @classmethod
    def model_validate_json(cls, json_data, **options):
        made = super().model_validate_json(json_data, **options)
        made.word = made.word.upper()
        return made


class Numbers(RootModel[list[int]]):
    pass


@dataclass
class Point:
    x: int
    y: int = 0


DECLARATIONS: list[Callable[[Any], Any]] = []
BASIC_DECLARATIONS: list[Callable[[Any], Any]] = []


def declares(make):
    """Note a declaration for both converters: a function of the library that returns the actor's function."""
    DECLARATIONS.append(make)
    BASIC_DECLARATIONS.append(make)
    return make


def declares_for_pydantic(make):
    DECLARATIONS.append(make)
    return make


@declares
def no_parameters(lib):
    async def fn(): ...

    return fn


@declares
def one_typed_parameter(lib):
    async def fn(id: int): ...

    return fn


@declares
def parameters_without_annotations(lib):
    async def fn(id, note="none"): ...

    return fn


@declares
def several_types(lib):
    async def fn(
        id: int,
        name: str = "x",
        *,
        tags: list[str] | None = None,
        day: date = date(2026, 1, 1),
        kind: Literal["a", "b"] = "a",
        ratio: float = 0.5,
    ): ...

    return fn


@declares
def positional_only_parameters(lib):
    async def fn(id: int, name: str = "x", /, note: str = "n"): ...

    return fn


@declares
def a_model_parameter(lib):
    async def fn(order: Order, point: Point | None = None): ...

    return fn


@declares
def a_plain_function(lib):
    def fn(id: int, name: str = "x"): ...

    return fn


@declares_for_pydantic
def a_field_with_an_alias_and_a_bound(lib):
    bounded = Field(default="f", max_length=3)

    async def fn(number: Annotated[int, Field(alias="id", ge=1)], note: str = bounded): ...

    return fn


@declares_for_pydantic
def a_default_factory(lib):
    async def fn(tags: list[str] = Field(default_factory=lambda: ["made"])): ...  # noqa: B008  (pydantic's own way)

    return fn


@declares_for_pydantic
def star_arguments(lib):
    async def fn(id: int, *args: int): ...

    return fn


@declares_for_pydantic
def double_star_arguments(lib):
    async def fn(id: int, **kwargs: int): ...

    return fn


@declares_for_pydantic
def a_parameter_with_a_leading_underscore(lib):
    async def fn(_id: int): ...

    return fn


@declares
def a_header(lib):
    async def fn(id: int, user: Annotated[str, lib.Header()]): ...

    return fn


@declares
def a_header_with_a_name_a_default_and_a_type(lib):
    async def fn(
        *, retries: Annotated[int, lib.Header(name="x-retries")] = 3, user: Annotated[Any, lib.Header()] = 0
    ): ...

    return fn


@declares_for_pydantic
def a_header_with_a_bound(lib):
    async def fn(user: Annotated[str, lib.Header(), Field(max_length=3)]): ...

    return fn


@declares
def only_the_message(lib):
    async def fn(message: lib.Message): ...

    return fn


@declares
def the_message_and_a_parameter(lib):
    async def fn(message: lib.Message, id: int = 0): ...

    return fn


@declares
def a_dependency(lib):
    async def get(id: int, extra: str = "e"):
        return id, extra

    async def fn(id: int, got: Annotated[Any, lib.Depends(get)]): ...

    return fn


@declares
def a_plain_dependency_with_fields_of_its_own(lib):
    def get(name: str, *, note: str = "n"):
        return name, note

    async def fn(got: Annotated[Any, lib.Depends(get)]): ...

    return fn


@declares
def nested_dependencies_with_headers(lib):
    async def user(user: Annotated[str, lib.Header()], tries: Annotated[int, lib.Header(name="x-retries")] = 1):
        return user, tries

    async def get(who: Annotated[Any, lib.Depends(user)], message: lib.Message, id: int):
        return who, message.payload, id

    async def fn(got: Annotated[Any, lib.Depends(get)], name: str = "x"): ...

    return fn


@declares
def a_failing_dependency(lib):
    async def get():
        raise ZeroDivisionError

    async def fn(got: Annotated[Any, lib.Depends(get)]): ...

    return fn


@declares
def a_dependency_of_ones_own(lib):
    class Peek:
        async def resolve(self, *, context):
            return (
                context.parsed_args,
                dict(context.parsed_kwargs),
                context.parsed_headers,
                list(context.headers_id_to_name.values()),
                context.actor.name,
                context.actor_context.server is CONTEXT.server,
            )

    async def get(extra: str = "e"):
        return extra

    async def fn(
        first: int,
        /,
        id: int,
        peek: Annotated[Any, Peek()],
        user: Annotated[str, lib.Header()] = "nobody",
        got: Annotated[str, lib.Depends(get)] = "",
    ): ...

    return fn


@declares
def a_dependency_that_changes_what_was_read(lib):
    class Meddle:
        async def resolve(self, *, context):
            context.parsed_kwargs["id"] = "changed"

    async def fn(id: int, meddle: Annotated[Any, Meddle()]): ...

    return fn


@declares
def a_positional_only_dependency(lib):
    async def fn(user: Annotated[str, lib.Header()], /): ...

    return fn


@declares
def the_class_header_instead_of_an_instance(lib):
    async def fn(user: Annotated[str, lib.Header] = "plain"): ...

    return fn


@declares_for_pydantic
def a_field_declared_twice_alike(lib):
    async def get(id: int, name: str = "x"):
        return id, name

    async def fn(id: int, got: Annotated[Any, lib.Depends(get)], name: str = "x"): ...

    return fn


@declares_for_pydantic
def a_field_declared_with_two_types(lib):
    async def get(id: str):
        return id

    async def fn(id: int, got: Annotated[Any, lib.Depends(get)]): ...

    return fn


@declares_for_pydantic
def a_field_declared_with_and_without_a_type(lib):
    async def get(id):
        return id

    async def fn(id: int, got: Annotated[Any, lib.Depends(get)]): ...

    return fn


@declares_for_pydantic
def a_field_declared_with_two_defaults(lib):
    async def get(id: int = 1):
        return id

    async def fn(id: int, got: Annotated[Any, lib.Depends(get)]): ...

    return fn


@declares_for_pydantic
def a_field_declared_with_a_default_and_then_without(lib):
    async def get(id: int):
        return id

    async def fn(got: Annotated[Any, lib.Depends(get)], id: int = 1): ...

    return fn


@declares_for_pydantic
def a_field_declared_with_field_and_then_without(lib):
    async def get(id: int):
        return id

    async def fn(got: Annotated[Any, lib.Depends(get)], id: int = Field(default=5)): ...

    return fn


@declares_for_pydantic
def a_field_declared_differently_by_two_dependencies(lib):
    async def one(id: int):
        return id

    async def two(id: float):
        return id

    async def fn(a: Annotated[Any, lib.Depends(one)], b: Annotated[Any, lib.Depends(two)]): ...

    return fn


@declares_for_pydantic
def one_header_through_a_shared_alias(lib):
    User = Annotated[str, lib.Header()]

    async def get(user: User):
        return user

    async def fn(user: User, got: Annotated[str, lib.Depends(get)]): ...

    return fn


@declares_for_pydantic
def one_header_declared_with_two_markers(lib):
    async def get(user: Annotated[str, lib.Header()]):
        return user

    async def fn(user: Annotated[str, lib.Header()], got: Annotated[str, lib.Depends(get)]): ...

    return fn


@declares_for_pydantic
def one_header_declared_with_two_defaults(lib):
    User = Annotated[str, lib.Header(name="user")]

    async def fn(a: User, b: User = "x"): ...

    return fn


@declares_for_pydantic
def the_full_payload(lib):
    async def fn(order: Annotated[Order, lib.FullPayload()]): ...

    return fn


@declares_for_pydantic
def the_full_payload_with_more_parameters(lib):
    async def fn(name: str, /, order: Annotated[Order, lib.FullPayload()], extra: int = 2): ...

    return fn


@declares_for_pydantic
def the_full_payload_with_header_and_message(lib):
    async def fn(
        order: Annotated[Order, lib.FullPayload()], message: lib.Message, user: Annotated[str, lib.Header()] = "nobody"
    ): ...

    return fn


@declares_for_pydantic
def the_full_payload_with_a_dependency_that_reads_it(lib):
    async def get(order: Order, id: int):
        return order.id, id

    async def fn(order: Annotated[Order, lib.FullPayload()], id: int, got: Annotated[Any, lib.Depends(get)]): ...

    return fn


@declares_for_pydantic
def the_full_payload_as_a_list(lib):
    async def fn(numbers: Annotated[Numbers, lib.FullPayload()]): ...

    return fn


@declares_for_pydantic
def the_full_payload_with_a_method_of_its_own(lib):
    async def fn(shout: Annotated[Shouting, lib.FullPayload()]): ...

    return fn


@declares_for_pydantic
def the_full_payload_twice(lib):
    async def fn(a: Annotated[Order, lib.FullPayload()], b: Annotated[Item, lib.FullPayload()]): ...

    return fn


@declares
def an_annotation_that_cannot_be_resolved(lib):
    async def fn(id: "Nowhere"): ...  # noqa: F821

    return fn


@declares
def a_return_annotation_that_cannot_be_resolved(lib):
    async def fn(id: int) -> "Nowhere": ...  # noqa: F821

    return fn


MESSAGES = {
    "nothing at all": Received(payload=b""),
    "an empty object": Received(),
    "an id": Received(payload=b'{"id": 7}'),
    "an id as text": Received(payload=b'{"id": "7", "unknown": 1}', content_type=""),
    "everything": Received(
        payload=b'{"id": 7, "name": "n", "note": "abc", "extra": 5, "first": 1, "tags": ["t"], "day": "2026-02-03",'
        b' "remark": "r", "items": [{"name": "i"}], "word": "w", "_id": 3, "order": {"id": 1}, "point": {"x": 1}}',
        headers={"user": "ann", "x-retries": "5", "topic": "fn"},
        content_type="application/json",
    ),
    "a wrong type": Received(payload=b'{"id": "seven", "kind": "z"}', headers={"x-retries": "many"}),
    "headers only": Received(payload=b"", headers={"user": "ann"}),
    "a long header": Received(payload=b'{"id": 1}', headers={"user": "annabel"}),
    "a list": Received(payload=b"[1, 2]"),
    "a number": Received(payload=b"1"),
    "null": Received(payload=b"null"),
    "text": Received(payload=b'"hello"'),
    "no JSON": Received(payload=b"hello", headers={"user": "ann"}),
    "bad UTF-8": Received(payload=b'{"id": "\xff"}'),
    "another content type": Received(payload=b'{"id": 7}', content_type="text/plain"),
    "a content type with a parameter": Received(payload=b'{"id": 7}', content_type="application/json; charset=utf-8"),
    "nothing of another content type": Received(payload=b"", content_type="text/plain"),
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
@pytest.mark.parametrize("make", DECLARATIONS, ids=lambda make: make.__name__)
def test_the_pydantic_converter_does_what_repids_does(make, message):
    same(make, message)


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
@pytest.mark.parametrize("make", BASIC_DECLARATIONS, ids=lambda make: make.__name__)
def test_the_basic_converter_does_what_repids_does(make, message):
    same(make, message, "BasicConverter")


def with_star_arguments(lib):
    async def fn(id, /, name="x", *args): ...

    return fn


def with_double_star_arguments(lib):
    async def get(extra="e"):
        return extra

    async def fn(id, *args, got: Annotated[Any, lib.Depends(get)], **kwargs): ...

    return fn


def with_the_full_payload(lib):
    async def fn(order: Annotated[Order, lib.FullPayload()]): ...

    return fn


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
@pytest.mark.parametrize("make", [with_star_arguments, with_double_star_arguments, with_the_full_payload])
def test_the_basic_converter_takes_stars_and_refuses_full_payload_as_repids_does(make, message):
    same(make, message, "BasicConverter")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(["id", "name", "note", "tags", "day", "kind", "ratio", "extra", "order", "items", "remark"])
payloads = st.one_of(
    st.dictionaries(fields, values).map(json.dumps).map(str.encode), values.map(json.dumps).map(str.encode), st.binary()
)


@pytest.mark.parametrize(
    "make", [several_types, a_dependency, the_full_payload_with_more_parameters, positional_only_parameters]
)
@given(payload=payloads)
def test_generated_payloads_are_read_as_repid_reads_them(make, payload):
    same(make, Received(payload=payload))


@pytest.mark.parametrize("make", [several_types, a_dependency, with_double_star_arguments])
@given(payload=payloads)
def test_generated_payloads_are_read_without_pydantic_as_repid_reads_them(make, payload):
    same(make, Received(payload=payload), "BasicConverter")


@given(headers=st.none() | st.dictionaries(st.sampled_from(["user", "x-retries", "topic"]), st.text(max_size=4)))
def test_generated_headers_are_read_as_repid_reads_them(headers):
    same(nested_dependencies_with_headers, Received(payload=b'{"id": 1}', headers=headers))


def sorted_required(schema):
    """repid reads the parameters of a dependency from a set, so the order of required fields is not its promise."""
    if isinstance(schema, dict):
        return {k: sorted(v) if k == "required" else sorted_required(v) for k, v in schema.items()}
    return [sorted_required(each) for each in schema] if isinstance(schema, list) else schema


def is_declarable(make):
    try:
        PydanticConverter(make(OURS), correlation_id=None)
    except ValueError:
        return False
    return "underscore" not in make.__name__


@pytest.mark.parametrize(
    "make",
    [make for make in DECLARATIONS if "underscore" not in make.__name__ and is_declarable(make)],
    ids=lambda make: make.__name__,
)
def test_the_schema_is_the_one_that_repid_gives(make):
    correlation = CorrelationId(location="$message.header#/id")
    theirs, ours = (
        lib.PydanticConverter(make(lib), correlation_id=correlation).get_input_schema() for lib in LIBRARIES
    )

    assert sorted_required(ours.payload_schema) == sorted_required(theirs.payload_schema)
    assert sorted_required(ours.headers_schema) == sorted_required(theirs.headers_schema)
    assert ours.content_type == theirs.content_type
    assert ours.correlation_id is correlation


def test_schema_fields_stand_in_the_order_in_which_they_are_declared():
    async def get(zeta: int, alpha: int, mid: int): ...

    async def fn(own: int, got: Annotated[Any, Depends(get)]): ...

    schema = PydanticConverter(fn, correlation_id=None).get_input_schema().payload_schema

    assert list(schema["properties"]) == schema["required"] == ["own", "zeta", "alpha", "mid"]


def test_the_basic_converter_has_no_schema():
    for lib in LIBRARIES:
        with pytest.raises(NotImplementedError):
            lib.BasicConverter(actor_fn, correlation_id=None).get_input_schema()


def test_the_default_is_the_pydantic_converter_where_pydantic_is_installed():
    converter: ConverterT = DefaultConverter(actor_fn, fn_locals=None, correlation_id=None)

    assert isinstance(converter, PydanticConverter)
    assert converted(DefaultConverter(one_typed_parameter(OURS), correlation_id=None), MESSAGES["an id"]) == (
        [],
        {"id": 7},
    )


def test_the_default_is_the_basic_converter_where_pydantic_is_missing():
    script = (
        "import sys; sys.modules['pydantic'] = None\n"
        "import importlib.util; find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'pydantic' else find(name, *a)\n"
        "from repid_nb.core.arguments.converter import DefaultConverter\n"
        "async def fn(n): ...\n"
        "print(type(DefaultConverter(fn, correlation_id=None)).__name__)"
    )
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603  (our own)

    assert output.strip() == "BasicConverter"


@pytest.mark.parametrize("lib", LIBRARIES, ids=["repid", "ours"])
def test_another_pydantic_than_2_is_refused(lib, monkeypatch):
    if lib is repid:
        monkeypatch.setattr("repid.converter.is_installed", lambda name, versions=None: versions is None)
    monkeypatch.setattr(pydantic, "VERSION", "1.10.0")

    with pytest.raises(ValueError, match=r"Unsupported Pydantic version.*only 2\.x is supported"):
        lib.DefaultConverter(actor_fn, correlation_id=None)


def test_pydantic_is_imported_by_the_first_actor_and_not_before():
    script = (
        "import sys; from repid_nb.core.arguments.converter import DefaultConverter\n"
        "before = 'pydantic' in sys.modules\n"
        "async def fn(n: int): ...\n"
        "DefaultConverter(fn, correlation_id=None)\n"
        "print(before, 'pydantic' in sys.modules)"
    )
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603  (our own)

    assert output.split() == ["False", "True"]


class Thing(BaseModel):
    of: Literal["module"]


def local_annotations():
    class Local(BaseModel):
        n: int

    class Thing(BaseModel):
        of: Literal["function"]

    async def fn(local: "Local", thing: "Thing | None" = None): ...

    return fn, locals()


@pytest.mark.parametrize("converter_name", ["PydanticConverter", "BasicConverter"])
def test_annotations_may_name_what_is_local_to_the_declaring_function(converter_name):
    fn, names = local_annotations()
    for lib in LIBRARIES:
        with pytest.raises(NameError):
            getattr(lib, converter_name)(fn, fn_locals=None, correlation_id=None)
        getattr(lib, converter_name)(fn, fn_locals=names, correlation_id=None)


def test_names_of_the_module_go_before_local_ones_as_in_repid():
    fn, names = local_annotations()
    message = Received(payload=b'{"local": {"n": 1}, "thing": {"of": "module"}}')

    for lib in LIBRARIES:
        _, kwargs = converted(lib.PydanticConverter(fn, fn_locals=names, correlation_id=None), message)
        assert kwargs == {"local": names["Local"](n=1), "thing": Thing(of="module")}


def test_the_given_names_are_not_changed():
    fn, names = local_annotations()
    before = dict(names)
    PydanticConverter(fn, fn_locals=names, correlation_id=None)

    assert names == before


def test_a_model_whose_parts_are_defined_later_is_completed_by_the_first_message():
    def declare(lib):
        class Early(BaseModel):
            late: "LateModel"  # noqa: F821

        async def fn(early: Early): ...

        return Early, lib.PydanticConverter(fn, correlation_id=None)

    for lib in LIBRARIES:
        early, converter = declare(lib)
        early.model_rebuild(_types_namespace={"LateModel": UUID})
        _, kwargs = converted(converter, Received(payload=b'{"early": {"late": "%s"}}' % str(UUID(int=1)).encode()))
        assert kwargs["early"].late == UUID(int=1)


def test_methods_partials_and_callable_objects_can_be_read():
    class Counter:
        async def count(self, n: int): ...

        async def __call__(self, n: int): ...

    async def add(a: int, n: int): ...

    for fn in (Counter().count, Counter(), partial(add, 1)):
        _, kwargs = converted(PydanticConverter(fn, correlation_id=None), Received(payload=b'{"n": "3"}'))
        assert kwargs == {"n": 3}


def test_arguments_are_fresh_for_every_message():
    async def fn(tags: list[str] = []): ...  # noqa: B006  (that it is not shared is what is asked)

    converter = PydanticConverter(fn, correlation_id=None)
    _, first = converted(converter, Received())
    first["tags"].append("x")

    assert converted(converter, Received()) == ([], {"tags": []})


@pytest.mark.parametrize("kind", [PydanticConverter, BasicConverter])
def test_an_actor_without_dependencies_resolves_none_and_never_waits(kind):
    converter = kind(several_types(OURS), correlation_id=None)
    converter.resolve_dependencies = None
    coroutine = converter.convert_inputs(message=MESSAGES["an id"], actor=ACTOR, actor_context=CONTEXT)

    with pytest.raises(StopIteration) as done:
        coroutine.send(None)

    assert done.value.value[1]["id"] == 7


def test_headers_and_the_message_need_no_waiting_either():
    converter = PydanticConverter(the_full_payload_with_header_and_message(OURS), correlation_id=None)
    coroutine = converter.convert_inputs(message=MESSAGES["an id"], actor=ACTOR, actor_context=CONTEXT)

    with pytest.raises(StopIteration):
        coroutine.send(None)


def test_two_parameters_that_share_one_header_object_read_the_last_name_and_are_warned_of():
    def make(lib):
        Word = Annotated[str, lib.Header()]

        async def fn(a: Word, b: Word): ...

        return fn

    message = Received(headers={"a": "1", "b": "2"})
    theirs = converted(repid.PydanticConverter(make(repid), correlation_id=None), message)
    with pytest.warns(UserWarning, match=r"'a' and 'b' share one Header\(\) object.*Write a Header\(\) for each"):
        ours = converted(PydanticConverter(make(OURS), correlation_id=None), message)

    assert ours == theirs == ([], {"a": "2", "b": "2"})


def refusal(make, message=None, converter_name="PydanticConverter"):
    stage, error = outcome(OURS, converter_name, make, message or Received())
    return stage, error


REFUSALS = {
    "a content type": (
        one_typed_parameter,
        MESSAGES["another content type"],
        InvalidMessageError,
        ["'text/plain'", "'fn'", "send_message_json", "content_type='application/json'", "annotated Message"],
    ),
    "stars": (
        star_arguments,
        None,
        DeclarationError,
        ["fn: *args and **kwargs are unsupported", "*args: int", "Basic"],
    ),
    "a positional-only dependency": (
        a_positional_only_dependency,
        None,
        DeclarationError,
        ["fn: dependencies in positional-only", "remove the '/' after 'user'"],
    ),
    "two full payloads": (the_full_payload_twice, None, DeclarationError, ["only one FullPayload()", "'a'", "'b'"]),
    "a field in conflict": (
        a_field_declared_with_two_types,
        None,
        DeclarationError,
        ["'id' in fn_payload", "`id: str`", "one type and one default"],
    ),
    "a header in conflict": (
        one_header_declared_with_two_markers,
        None,
        DeclarationError,
        ["'user' in fn_headers", "shared alias"],
    ),
    "an unknown annotation": (
        an_annotation_that_cannot_be_resolved,
        None,
        DeclarationError,
        ["annotation of 'fn'", "'Nowhere'", "TYPE_CHECKING"],
    ),
}


@pytest.mark.parametrize(("make", "message", "kind", "texts"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_says_what_and_how_to_mend_it(make, message, kind, texts):
    _, error = refusal(make, message)

    assert isinstance(error, kind)
    for text in texts:
        assert text in str(error)


def test_the_basic_converter_says_what_the_payload_was_and_what_it_needs():
    _, error = refusal(one_typed_parameter, MESSAGES["a list"], "BasicConverter")

    assert isinstance(error, InvalidMessageError)
    assert "it is a list" in str(error)
    assert "send an object" in str(error)


def test_the_basic_converter_says_where_full_payload_works():
    _, error = refusal(with_the_full_payload, None, "BasicConverter")

    assert isinstance(error, DeclarationError)
    assert "requires PydanticConverter" in str(error)


def test_a_missing_header_is_named_by_the_basic_converter():
    _, error = refusal(a_header, MESSAGES["an id"], "BasicConverter")

    assert isinstance(error, KeyError)
    assert "no header 'user'" in str(error)


@pytest.mark.parametrize("payload", [b"[1, 2]", b"1", b"null", b'"x"'])
def test_a_payload_that_is_no_object_gets_the_fix_as_a_note_on_pydantics_error(payload):
    _, error = refusal(one_typed_parameter, Received(payload=payload))

    assert isinstance(error, pydantic.ValidationError)
    shown = "".join(traceback.format_exception(error))
    assert "'fn' reads its arguments by name, so the payload must be a JSON object" in shown
    assert "annotated FullPayload()" in shown


def test_a_payload_that_is_no_json_gets_the_fix_as_a_note():
    _, error = refusal(one_typed_parameter, MESSAGES["no JSON"])

    assert "The payload is not JSON. send_message_json writes it" in error.__notes__[0]


def test_a_field_that_does_not_fit_is_left_to_pydantics_own_words():
    _, error = refusal(a_model_parameter, Received(payload=b'{"order": [1]}'))

    assert isinstance(error, pydantic.ValidationError)
    assert not hasattr(error, "__notes__")


@pytest.mark.parametrize("root", [list[int], int, Point])
def test_a_full_payload_that_is_no_model_is_refused_when_it_is_declared(root):
    async def fn(whole: Annotated[root, FullPayload()]): ...

    with pytest.raises(DeclarationError, match=r"needs a pydantic model, and 'whole' is .*RootModel\[list\[int\]\]"):
        PydanticConverter(fn, correlation_id=None)


@pytest.mark.parametrize(("root", "fix"), [(Order | Item, "Order | Item"), (Order | None, "Order | None")])
def test_a_full_payload_of_one_of_several_models_is_refused_with_the_root_model_for_it(root, fix):
    async def sell(sale: Annotated[root, FullPayload()]): ...

    with pytest.raises(DeclarationError) as caught:
        PydanticConverter(sell, correlation_id=None)
    assert str(caught.value).endswith(f"For one of several models: RootModel[{fix}], and read sale.root.")


def everything(lib):
    class Peek:
        async def resolve(self, *, context):
            return None

    async def get(other: int):
        return other

    async def fn(  # noqa: PLR0917  (one of every kind)
        first: int,
        /,
        number: Annotated[int, Field(alias="no")],
        peek: Annotated[Any, Peek()],
        message: lib.Message,
        got: Annotated[int, lib.Depends(get)],
        order: Annotated[Order, lib.FullPayload()],
        user: Annotated[str, lib.Header(name="x-user")],
        *,
        plain: str = "p",
        field: int = Field(default=5, alias="f"),
        made: list = Field(default_factory=list),  # noqa: B008  (pydantic's own way)
        tries: Annotated[int, lib.Header()] = 3,
    ): ...

    return fn


def test_the_sources_of_all_arguments_are_told_in_order():
    sources = PydanticConverter(everything(OURS), correlation_id=None).argument_sources()

    assert list(sources) == [source.name for source in sources.values()]
    assert list(sources.values()) == [
        ArgumentSource("first", "payload", (("first",),)),
        ArgumentSource("number", "payload", (("no",),)),
        ArgumentSource("peek", "dependency"),
        ArgumentSource("message", "dependency"),
        ArgumentSource("got", "dependency"),
        ArgumentSource("order", "full payload"),
        ArgumentSource("user", "header", (("x-user",),)),
        ArgumentSource("plain", "payload", (("plain",),)),
        ArgumentSource("field", "payload", (("f",),)),
        ArgumentSource("made", "payload", (("made",),)),
        ArgumentSource("tries", "header", (("tries",),)),
    ]


def test_every_choice_of_an_alias_is_told_in_the_order_in_which_it_is_tried():
    async def fn(
        either: Annotated[int, Field(validation_alias=AliasChoices("n", AliasPath("numbers", 0), "num"))],
        deep: Annotated[int, Field(validation_alias=AliasPath("deep", "er", 1))],
    ): ...

    assert [source.paths for source in PydanticConverter(fn, correlation_id=None).argument_sources().values()] == [
        (("n",), ("numbers", 0), ("num",)),
        (("deep", "er", 1),),
    ]


def test_the_basic_converter_tells_the_sources_too():
    async def get():
        return 1

    async def fn(
        a,
        /,
        b=2,
        *args,
        got: Annotated[int, Depends(get)],
        user: Annotated[str, Header(name="x-user")],
        tries: Annotated[int, Header()] = 3,
        **kwargs,
    ): ...

    assert list(BasicConverter(fn, correlation_id=None).argument_sources().values()) == [
        ArgumentSource("a", "payload", (("a",),)),
        ArgumentSource("b", "payload", (("b",),)),
        ArgumentSource("got", "dependency"),
        ArgumentSource("user", "header", (("x-user",),)),
        ArgumentSource("tries", "header", (("tries",),)),
    ]


LOSES_THE_DEFAULT = pytest.mark.skipif(
    pydantic.VERSION.startswith("2.10."), reason="pydantic 2.10 itself loses the default of a field of this name"
)


@pytest.mark.parametrize(
    "name",
    [
        "json",
        "schema",
        "copy",
        "dict",
        pytest.param("model_fields", marks=LOSES_THE_DEFAULT),
        "model_dump",
        "model_validate_json",
    ],
)
async def test_a_parameter_may_have_the_name_of_what_models_have(name):
    async def fn(**kwargs): ...

    fn.__signature__ = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=int, default=1)]
    )
    converter = PydanticConverter(fn, correlation_id=None)
    read = [
        (await converter.convert_inputs(message=Received(body), actor=None, actor_context=None))[1]
        for body in (f'{{"{name}": 2}}'.encode(), b"{}")
    ]
    assert read == [{name: 2}, {name: 1}]
    assert converter.get_input_schema().payload_schema["properties"][name]["type"] == "integer"
