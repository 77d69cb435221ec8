"""Markers wherever an annotation can hold one: each is found or refused, and the sender never fills its parameter."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, NewType, Optional, TypedDict, TypeVar

import pytest
import repid
from pydantic import BaseModel
from typing_extensions import TypeAliasType

from repid_nb import (
    BasicConverter,
    DefaultConverter,
    Depends,
    FullPayload,
    Header,
    Message,
    Repid,
    Router,
    TestClient,
)
from repid_nb.core.errors import DeclarationError

T = TypeVar("T")


async def current_user() -> str:
    return "injected"


User = Annotated[str, Depends(current_user)]
Topic = Annotated[str, Header(name="topic")]


class Order(BaseModel):
    id: int = 1


class HoldsOne(BaseModel):
    user: User


@dataclass
class HoldsHeader:
    topic: Topic


class HoldsTyped(TypedDict):
    topic: Topic


class HoldsNamed(NamedTuple):
    topic: Topic


async def result_of(annotation: object, converter: type, *, payload: object = None) -> Any:
    async def returns(given):
        return given

    returns.__annotations__["given"] = annotation
    router = Router(channel="tasks")
    router.actor(name="job", converter=converter)(returns)
    app = Repid()
    app.include_router(router)
    async with TestClient(app) as client:
        sent = {"given": "the sender"} if payload is None else payload
        await client.send_message_json(channel="tasks", payload=sent, headers={"topic": "job"})
        return client.get_processed_messages()[0].result


FOUND = {
    "beside None": (User | None, "injected"),
    "in Optional": (Optional[User], "injected"),  # noqa: UP045  (as it is written in older code)
    "behind an alias": (TypeAliasType("Alias", User), "injected"),
    "behind an alias beside None": (TypeAliasType("Alias", User) | None, "injected"),
    "behind an alias of None beside it": (TypeAliasType("Alias", User | None), "injected"),
    "behind an alias with an argument": (
        TypeAliasType("Alias", Annotated[T, Depends(current_user)], type_params=(T,))[str],
        "injected",
    ),
    "behind an alias of an alias": (TypeAliasType("Outer", TypeAliasType("Inner", User)), "injected"),
    "in a nested Annotated": (Annotated[TypeAliasType("Alias", User), "more"], "injected"),
    "behind a NewType": (NewType("Named", User), "injected"),
    "a header beside None": (Topic | None, "job"),
    "a header behind an alias": (TypeAliasType("Alias", Topic), "job"),
    "a header behind a NewType": (NewType("Named", Topic), "job"),
}
if sys.version_info >= (3, 12):
    space = {"User": User}
    exec("type Alias = User\ntype Other = Alias | None", space)  # noqa: S102  (older versions cannot read it)
    FOUND["behind a type statement"] = (space["Alias"], "injected")
    FOUND["behind two type statements"] = (space["Other"], "injected")


@pytest.mark.parametrize("converter", [DefaultConverter, BasicConverter])
@pytest.mark.parametrize("name", FOUND)
async def test_a_marker_is_found_however_its_type_is_named(name, converter):
    annotation, value = FOUND[name]
    assert await result_of(annotation, converter) == value


@pytest.mark.parametrize("annotation", [Message | None, TypeAliasType("Alias", Message)])
async def test_the_message_is_found_beside_none_and_behind_an_alias(annotation):
    assert (await result_of(annotation, DefaultConverter)).headers == {"topic": "job"}


async def test_a_full_payload_is_found_behind_an_alias():
    alias = TypeAliasType("Whole", Annotated[Order, FullPayload()])
    assert await result_of(alias, DefaultConverter, payload={"id": 7}) == Order(id=7)


DEEPER = {
    "in a list": list[User],
    "in a dict": dict[str, Topic],
    "in a tuple": tuple[Topic, ...],
    "in a union": User | int,
    "in a list beside None": list[User] | None,
    "in a list behind an alias": TypeAliasType("Many", list[User]),
    "in a callable": Callable[[User], int],
    "in quotes": Optional["User"],
    "in the bound of a type variable": TypeVar("B", bound=User),
    "in a constraint of a type variable": list[TypeVar("C", User, int)],
    "in a model": HoldsOne,
    "in a dataclass": HoldsHeader,
    "in a TypedDict": HoldsTyped,
    "in a NamedTuple": HoldsNamed,
    "in a list of models": list[HoldsOne],
    "a full payload in a list": list[Annotated[Order, FullPayload()]],
}


@pytest.mark.parametrize("converter", [DefaultConverter, BasicConverter])
@pytest.mark.parametrize("annotation", DEEPER.values(), ids=DEEPER)
async def test_a_marker_deeper_inside_a_type_is_refused(annotation, converter):
    with pytest.raises(DeclarationError, match=r"^Actor 'job': \w+ inside the type of 'given' has no effect"):
        await result_of(annotation, converter)


async def test_a_full_payload_beside_none_is_refused_with_the_fix():
    with pytest.raises(DeclarationError, match=r"^Actor 'job': FullPayload.* leave `\| None` out"):
        await result_of(Annotated[Order, FullPayload()] | None, DefaultConverter)


def test_a_marker_of_args_or_kwargs_is_refused():
    def gathers(*args: User): ...

    def names(**kwargs: Topic): ...

    for fn, says in ((gathers, r"Depends on \*args"), (names, r"Header on \*\*kwargs")):
        with pytest.raises(DeclarationError, match=says):
            Router(converter=BasicConverter).actor(fn)


def test_a_marker_in_a_dependency_s_own_parameter_is_refused_where_the_dependency_is_declared():
    def find(user: list[User]): ...

    def bill(order: Annotated[Order, FullPayload()]): ...

    with pytest.raises(DeclarationError, match=r"^find: Depends inside the type of 'user'"):
        Depends(find)
    with pytest.raises(DeclarationError, match=r"^bill: FullPayload\(\) in a dependency"):
        Depends(bill)


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[str, repid.Header()],
        Annotated[str, repid.Header],
        Annotated[str, repid.Depends(current_user)],
        Annotated[Order, repid.FullPayload()],
        repid.Message,
    ],
    ids=["Header", "the class Header", "Depends", "FullPayload", "Message"],
)
async def test_a_marker_of_repid_in_our_actor_says_so(annotation):
    with pytest.raises(DeclarationError, match=r"^Actor 'job': 'given' has the marker \w+ of the library repid"):
        await result_of(annotation, DefaultConverter)


async def test_types_without_a_marker_are_read_as_before():
    assert await result_of(TypeAliasType("Name", str), DefaultConverter) == "the sender"
    assert await result_of(list[int] | None, DefaultConverter, payload={"given": [1]}) == [1]


async def test_beside_a_full_payload_a_dependency_reads_its_own_fields_as_the_document_says():
    rates = {"EUR": 2.0}

    async def rate_of(currency: str, note: str = "none") -> tuple[float, str]:
        return rates[currency], note

    router = Router(channel="tasks")

    @router.actor
    async def bill(
        order: Annotated[Order, FullPayload()], rate: Annotated[tuple[float, str], Depends(rate_of)]
    ) -> tuple[int, float, str]:
        return order.id, *rate

    app = Repid()
    app.include_router(router)
    assert app.generate_asyncapi_schema()["components"]["messages"]["bill"]["payload"]["required"] == ["currency"]
    async with TestClient(app) as client:
        await client.send_message_json(channel="tasks", payload={"id": 3, "currency": "EUR"}, headers={"topic": "bill"})
        assert client.get_processed_messages()[0].result == (3, 2.0, "none")
