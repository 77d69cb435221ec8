"""Dependencies: found in annotations, resolved side by side, and what the received message lets an actor do."""

import asyncio
import contextvars
import math
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pytest
import repid
from repid.dependencies import get_dependency as repid_get_dependency
from repid.dependencies import get_full_payload_marker as repid_get_full_payload_marker
from repid.dependencies._utils import validate_dependency as repid_validate_dependency

from repid_nb.core.actor import ActorData, ActorExecutionContext
from repid_nb.core.arguments.actor_message import EnhancedReceivedMessage, Message, MessageDependency
from repid_nb.core.arguments.dependencies import (
    DependencyContext,
    DependencyT,
    Depends,
    FullPayload,
    Header,
    MissingHeaderError,
    get_dependency,
    get_full_payload_marker,
    resolve_all,
    validate_dependency,
)
from repid_nb.core.callables import UnresolvedAnnotationError, name_of, signature_of
from repid_nb.core.errors import DeclarationError, DestinationError, InvalidMessageError
from repid_nb.core.message import MessageAction, MessageData
from repid_nb.core.serializer import default_serializer


@dataclass
class Received:
    """A received message that writes down what is done to it."""

    payload: bytes = b"{}"
    headers: dict[str, str] | None = None
    content_type: str | None = None
    reply_to: str | None = None
    channel: str = "tasks"
    message_id: str | None = "m-1"
    keep_alive_interval: int | None = None
    action: MessageAction | None = None
    replies: tuple[dict[str, Any], ...] = ()

    @property
    def is_acted_on(self):
        return self.action is not None

    async def ack(self):
        self.action = MessageAction.acked

    async def nack(self):
        self.action = MessageAction.nacked

    async def reject(self):
        self.action = MessageAction.rejected

    async def keep_alive(self):
        pass

    async def reply(self, **reply):
        self.action = MessageAction.replied
        self.replies += (reply,)


class RelayServer(repid.InMemoryServer):
    """repid's own server, which can be told not to reply natively, and which writes down what is published."""

    def __init__(self, *, replies):
        super().__init__()
        self.replies = replies
        self.published = []

    @property
    def capabilities(self):
        return {**super().capabilities, "supports_native_reply": self.replies}

    async def publish(self, *, channel, message, server_specific_parameters=None):
        self.published.append((channel, message, server_specific_parameters))


async def actor_fn():
    pass


def make_context(*, message=None, server=None, publish=None, kwargs=None, headers=None, names=None):
    return DependencyContext(
        message=message or Received(),
        actor=ActorData(
            fn=actor_fn,
            name="actor_fn",
            confirmation_mode="auto",
            routing_strategy=lambda _: True,
            middleware_pipeline=lambda call_next, message, actor: call_next(message, actor),
            channel_address="tasks",
            converter=None,
        ),
        actor_context=ActorExecutionContext(
            server=server or RelayServer(replies=True), publish=publish, default_serializer=default_serializer
        ),
        parsed_args=[],
        parsed_kwargs=kwargs or {},
        parsed_headers=headers or {},
        headers_id_to_name=names or {},
    )


class Custom:
    async def resolve(self, *, context):
        return context.message.channel


HEADER, CUSTOM, DEPENDS, MARK = Header(), Custom(), Depends(actor_fn), FullPayload()
FOUND = {
    "a plain type": (int, None),
    "no annotation": (None, None),
    "an Annotated without one": (Annotated[int, "note"], None),
    "a header": (Annotated[int, HEADER], HEADER),
    "after other metadata": (Annotated[int, "note", DEPENDS], DEPENDS),
    "the first of two": (Annotated[int, CUSTOM, HEADER], CUSTOM),
    "the class Header": (Annotated[int, Header], None),
    "the class MessageDependency": (Annotated[int, MessageDependency], None),
    "an instance after its class": (Annotated[int, Header, HEADER], HEADER),
    "nested Annotated": (Annotated[Annotated[int, HEADER], "note"], HEADER),
    "the marker of the full payload": (Annotated[int, MARK], None),
}


@pytest.mark.parametrize(("annotation", "expected"), FOUND.values(), ids=FOUND)
def test_a_dependency_is_found_in_an_annotation(annotation, expected):
    assert get_dependency(annotation) is expected


def test_anything_that_can_resolve_counts_as_a_dependency_as_in_repid():
    path = Path("x")

    assert get_dependency(Annotated[int, path]) is path is repid_get_dependency(Annotated[int, path])


@pytest.mark.parametrize("dependency", [HEADER, DEPENDS, MessageDependency(), CUSTOM])
def test_the_dependencies_fit_the_protocol(dependency):
    assert isinstance(dependency, DependencyT)


def test_the_marker_of_the_full_payload_is_found():
    assert get_full_payload_marker(Annotated[int, "note", MARK]) is MARK
    assert get_full_payload_marker(Annotated[int, FullPayload]) is None
    assert get_full_payload_marker(int) is None
    assert repid_get_full_payload_marker(Annotated[int, repid.FullPayload]) is None


@pytest.mark.parametrize(("ours", "theirs"), [(Header, repid.Header), (MessageDependency, repid.MessageDependency)])
def test_a_class_where_an_instance_is_meant_is_warned_of_as_in_repid(ours, theirs):
    with pytest.warns(UserWarning, match="has no effect"):
        repid_validate_dependency(Annotated[str, theirs])
    with pytest.warns(UserWarning, match=rf"has no effect: write {ours.__name__}\(\)"):
        validate_dependency(Annotated[str, ours])


def test_the_class_of_the_marker_is_warned_of_too():
    with pytest.warns(UserWarning, match=r"write FullPayload\(\)"):
        validate_dependency(Annotated[str, FullPayload])


@pytest.mark.parametrize(("default", "fix"), [(Depends(lambda: 1), r"Depends\(\.\.\.\)"), (HEADER, r"Header\(\)")])
def test_a_marker_as_a_default_value_is_warned_of_with_its_right_place(default, fix):
    with pytest.warns(UserWarning, match=rf"Write it beside the type, such as Annotated\[str, {fix}\]"):
        validate_dependency(str, default)


@pytest.mark.parametrize("given", ["a visitor", None, 5])
def test_what_a_function_returned_is_no_dependency_and_the_fix_is_said(given):
    with pytest.raises(
        DeclarationError, match=rf"was given {given!r}\. Write the function's name alone: Depends\(find\)"
    ):
        Depends(given)


def test_the_warning_points_at_who_called_the_caller():
    def declare():
        validate_dependency(Annotated[str, Header])

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        declare()

    assert caught[0].filename == __file__
    assert caught[0].lineno > declare.__code__.co_firstlineno + 2


@pytest.mark.parametrize("annotation", [int, Annotated[int, HEADER], Annotated[int, MARK, "x"], Message])
def test_good_annotations_are_not_warned_of(annotation):
    validate_dependency(annotation)


async def test_a_header_resolves_to_the_value_read_under_its_name():
    header = Header(name="x-user")
    context = make_context(headers={"x-user": 7}, names={id(header): "x-user"})

    assert await header.resolve(context=context) == 7


async def test_a_header_that_was_not_read_is_a_key_error_that_says_the_fix():
    with pytest.raises(MissingHeaderError, match=r"no header 'x-user'.*headers=\{'x-user': \.\.\.\}") as caught:
        await Header(name="x-user").resolve(context=make_context())

    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, InvalidMessageError)
    assert str(caught.value).startswith("The message has no header")


def test_a_header_takes_its_name_as_a_keyword_only():
    with pytest.raises(TypeError):
        Header("x-user")
    with pytest.raises(TypeError):
        repid.Header("x-user")


async def test_the_message_dependency_hands_over_the_received_message():
    received = Received(payload=b"p", headers={"a": "b"}, content_type="text/plain", reply_to="back")
    message = await MessageDependency().resolve(context=make_context(message=received))

    assert isinstance(message, EnhancedReceivedMessage)
    for name in ("payload", "headers", "content_type", "reply_to", "channel", "message_id", "action", "is_acted_on"):
        assert getattr(message, name) == getattr(received, name)


def test_message_is_an_annotation_of_the_received_message():
    assert Message.__origin__ is EnhancedReceivedMessage
    assert isinstance(get_dependency(Message), MessageDependency)


def make_message(received=None, *, server=None, publish=None, serializer=default_serializer):
    return EnhancedReceivedMessage(
        server=server, message=received or Received(), default_serializer=serializer, publish=publish
    )


@pytest.mark.parametrize(("settle", "action"), [("ack", "acked"), ("nack", "nacked"), ("reject", "rejected")])
async def test_the_message_can_be_settled(settle, action):
    received = Received()
    message = make_message(received)

    assert await getattr(message, settle)() is None
    assert message.action is received.action is MessageAction(action)
    assert message.is_acted_on


class Publisher:
    def __init__(self):
        self.calls = []

    async def __call__(self, channel, message, server_specific_parameters):
        self.calls.append((channel, message, server_specific_parameters))


async def test_another_message_is_sent_through_the_publisher():
    publish = Publisher()
    message = make_message(publish=publish)

    await message.send_message(channel="other", payload=b"x")
    await message.send_message(
        channel="other",
        payload=b"y",
        headers={"topic": "t"},
        content_type="text/plain",
        server_specific_parameters={"priority": 9},
    )

    assert publish.calls == [
        ("other", MessageData(payload=b"x"), None),
        ("other", MessageData(payload=b"y", headers={"topic": "t"}, content_type="text/plain"), {"priority": 9}),
    ]


async def test_another_message_is_sent_as_json():
    publish = Publisher()

    await make_message(publish=publish).send_message_json(
        channel="other", payload={"n": [1]}, headers={"topic": "t"}, server_specific_parameters={"priority": 1}
    )

    sent = MessageData(payload=b'{"n":[1]}', headers={"topic": "t"}, content_type="application/json")
    assert publish.calls == [("other", sent, {"priority": 1})]


async def test_a_serializer_of_ones_own_goes_before_the_default():
    publish = Publisher()
    message = make_message(publish=publish, serializer=lambda data: b"default")

    await message.send_message_json(channel="c", payload=1)
    await message.send_message_json(channel="c", payload=1, serializer=lambda data: b"own")

    assert [sent.payload for _, sent, _ in publish.calls] == [b"default", b"own"]


async def test_a_reply_is_the_servers_own_where_it_has_one():
    received = Received(reply_to="back")
    server = RelayServer(replies=True)

    await make_message(received, server=server).reply(payload=b"r", headers={"h": "1"}, channel="there")

    assert received.action is MessageAction.replied
    assert server.published == []
    assert received.replies == (
        {
            "payload": b"r",
            "headers": {"h": "1"},
            "content_type": None,
            "channel": "there",
            "server_specific_parameters": None,
        },
    )


@pytest.mark.parametrize(("channel", "reply_to"), [(None, "back"), ("back", None), ("back", "elsewhere")])
async def test_a_reply_is_else_published_and_the_message_acked(channel, reply_to):
    received = Received(reply_to=reply_to)
    server = RelayServer(replies=False)

    await make_message(received, server=server).reply(
        payload=b"r", content_type="text/plain", channel=channel, server_specific_parameters={"priority": 2}
    )

    assert server.published == [("back", MessageData(payload=b"r", content_type="text/plain"), {"priority": 2})]
    assert received.action is MessageAction.acked


async def test_a_reply_without_a_channel_is_refused_and_the_message_stays_unsettled():
    received = Received()

    with pytest.raises(DestinationError, match="Reply channel is not set"):
        await make_message(received, server=RelayServer(replies=False)).reply(payload=b"r")

    assert not received.is_acted_on


async def test_a_json_reply_is_serialised():
    received = Received()
    message = make_message(received, server=RelayServer(replies=True))

    await message.reply_json(payload={"a": 1}, channel="there")
    await message.reply_json(payload={"a": 1}, channel="there", serializer=lambda data: b"own")

    assert [reply["payload"] for reply in received.replies] == [b'{"a":1}', b"own"]
    assert {reply["content_type"] for reply in received.replies} == {"application/json"}
    assert {reply["channel"] for reply in received.replies} == {"there"}


async def test_a_coroutine_function_is_awaited():
    async def get():
        return 5

    assert await Depends(get).resolve(context=make_context()) == 5


async def test_a_plain_function_runs_in_a_thread():
    def where():
        return threading.get_ident()

    assert await Depends(where).resolve(context=make_context()) != threading.get_ident()


async def test_a_plain_function_can_run_in_a_process():
    assert await Depends(os.getpid, run_in_process=True).resolve(context=make_context()) != os.getpid()


async def test_a_plain_function_can_run_in_a_pool_of_ones_own():
    with ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
        depends = Depends(lambda: threading.current_thread().name, pool_executor=pool)

        assert (await depends.resolve(context=make_context())).startswith("mine")


@pytest.mark.parametrize("library", [repid.Depends, Depends])
def test_two_ways_to_run_are_refused(library):
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(ValueError, match="not both"):
            library(actor_fn, run_in_process=True, pool_executor=pool)
        with pytest.raises(ValueError, match="not both"):
            library(actor_fn).override(actor_fn, run_in_process=True, pool_executor=pool)


async def test_its_arguments_come_from_what_was_read_from_the_payload():
    async def total(a: int, *, b: int = 10, c: int = 100):
        return a + b + c

    assert await Depends(total).resolve(context=make_context(kwargs={"a": 1, "b": 2, "z": 9})) == 103


async def test_a_missing_argument_is_named_with_the_fix():
    async def total(a: int):
        return a

    with pytest.raises(InvalidMessageError, match=r"'total' needs 'a'.*a parameter of the actor too, or give it a def"):
        await Depends(total).resolve(context=make_context())


async def test_dependencies_of_dependencies_are_resolved_first():
    async def one():
        return 1

    async def two(n: Annotated[int, Depends(one)], channel: Annotated[str, CUSTOM], base: int = 0):
        return n + 1, channel, base

    assert await Depends(two).resolve(context=make_context(kwargs={"base": 7})) == (2, "tasks", 7)


async def test_star_arguments_are_left_empty():
    async def get(*args: int, n: int = 1, **kwargs: int):
        return args, n, kwargs

    assert await Depends(get).resolve(context=make_context(kwargs={"args": 1, "kwargs": 2})) == ((), 1, {})


@pytest.mark.parametrize("library", [repid, None])
def test_positional_only_parameters_are_refused(library):
    def get(a: int, /):
        return a

    with pytest.raises(ValueError, match=r"(?i)positional-only arguments in dependencies are not supported"):
        (library.Depends if library else Depends)(get)


def test_positional_only_dependencies_are_refused():
    def get(a: Annotated[int, CUSTOM], /):
        return a

    with pytest.raises(DeclarationError, match=r"get: dependencies in positional-only.*'/' after 'a'"):
        Depends(get)


async def test_a_builtin_a_partial_and_a_callable_object_can_be_dependencies():
    class Adder:
        async def __call__(self, n: int) -> int:
            return n + 1

    context = make_context(kwargs={"n": 4})

    power, adder = Depends(partial(math.pow, 2.0, 3.0)), Depends(Adder())

    assert await power.resolve(context=context) == 8.0
    assert await adder.resolve(context=context) == 5
    assert (power.name, adder.name) == ("pow", "Adder")


async def test_an_override_takes_the_place_of_the_function():
    async def real():
        raise AssertionError

    depends = Depends(real)
    depends.override(lambda n=2: f"fake {n}")

    assert await depends.resolve(context=make_context()) == "fake 2"
    assert await depends.resolve(context=make_context(kwargs={"n": 3})) == "fake 3"


async def test_an_override_brings_its_own_dependencies_and_drops_the_old():
    async def one():
        return 1

    async def real(gone: Annotated[int, Header()]):
        return gone

    async def fake(n: Annotated[int, Depends(one)]):
        return n

    depends = Depends(real)
    depends.override(fake)

    assert await depends.resolve(context=make_context()) == 1
    assert list(depends.inputs.all_headers()) == []


def test_a_refused_override_leaves_the_function_in_place():
    def bad(a, /):
        return a

    depends = Depends(actor_fn)
    with pytest.raises(DeclarationError):
        depends.override(bad)

    assert depends.name == "actor_fn"


async def test_annotations_written_as_text_may_name_what_is_local_to_the_caller():
    class Local:
        pass

    async def get(value: "Local", channel: "Annotated[str, CUSTOM]"):
        return value, channel

    value = Local()
    depends = Depends(get)

    assert await depends.resolve(context=make_context(kwargs={"value": value})) == (value, "tasks")
    assert depends.inputs.payload[0].annotation is Local


def test_names_local_to_the_caller_serve_an_override_too():
    class Local:
        pass

    depends = Depends(actor_fn)

    def get(value: "Local"):
        return value

    depends.override(get)

    assert depends.inputs.payload[0].annotation is Local


@pytest.mark.parametrize("library", [repid.Depends, Depends])
def test_an_annotation_that_cannot_be_resolved_is_a_name_error(library):
    def get(value: "Nowhere"):  # noqa: F821
        return value

    with pytest.raises(NameError, match="Nowhere"):
        library(get)


def test_that_error_is_a_declaration_error_that_says_the_fix():
    def get(value: "Nowhere"):  # noqa: F821
        return value

    with pytest.raises(UnresolvedAnnotationError, match=r"annotation of 'get'.*'Nowhere'.*Define or import") as caught:
        signature_of(get, None)

    assert isinstance(caught.value, DeclarationError)


def test_a_callable_is_named_by_its_function_or_its_class():
    assert [name_of(fn) for fn in (actor_fn, partial(actor_fn), Custom(), Custom, math.pow)] == [
        "actor_fn",
        "actor_fn",
        "Custom",
        "Custom",
        "pow",
    ]


async def test_dependencies_are_resolved_side_by_side():
    meeting = asyncio.Barrier(3)

    class Meets:
        async def resolve(self, *, context):
            await meeting.wait()
            return context.message.message_id

    values = await resolve_all({"a": Meets(), "b": Meets(), "c": Meets()}, make_context())

    assert values == {"a": "m-1", "b": "m-1", "c": "m-1"}


async def test_each_dependency_has_a_context_of_its_own():
    mood = contextvars.ContextVar("mood", default="calm")

    class Changes:
        async def resolve(self, *, context):
            mood.set("wild")

    await resolve_all({"a": Changes()}, make_context())

    assert mood.get() == "calm"


async def test_a_subclass_of_header_may_resolve_in_its_own_way():
    class Loud(Header):
        async def resolve(self, *, context):
            return (await super().resolve(context=context)).upper()

    loud = Loud(name="word")

    assert await resolve_all({"w": loud}, make_context(headers={"word": "hi"})) == {"w": "HI"}


async def test_a_failing_header_leaves_no_other_dependency_half_started():
    class Never:
        async def resolve(self, *, context):
            raise AssertionError

    with pytest.raises(MissingHeaderError):
        await resolve_all({"never": Never(), "h": Header(name="x")}, make_context())


@asynccontextmanager
async def opened():
    yield "open"


async def test_a_dependency_with_yield_is_refused_with_the_fix():
    def plain():
        yield 1

    async def asynchronous():
        yield 1

    for fn in (plain, asynchronous, partial(plain)):
        with pytest.raises(DeclarationError, match=r"a dependency with `yield` is not supported\. Return the value"):
            Depends(fn)
    async with await Depends(opened).resolve(context=make_context()) as value:
        assert value == "open"


def test_help_for_message_says_what_it_is_and_not_what_annotated_is():
    assert Message.__doc__.startswith("The message that an actor runs for")
