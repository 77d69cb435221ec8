"""parsing-1: an old and a new shape of one payload on one queue."""

import json
from decimal import Decimal
from typing import Annotated

import pytest
from classroom.marks import payload_that_breaks
from pydantic import BaseModel, Field
from support.exercises import cells, solution, start

from repid_nb import Depends, FullPayload, Message, Router
from repid_nb.classroom import check

NAME = "parsing-1"
HIDDEN = cells(NAME)["marked-hidden"]


class New(BaseModel):
    item: str
    cents: int = Field(gt=0)
    count: int = Field(1, gt=0)


class NewFreeOfCharge(BaseModel):
    item: str
    cents: int = Field(ge=0)
    count: int = Field(1, gt=0)


class NewAnyCents(BaseModel):
    item: str
    cents: int
    count: int = Field(1, gt=0)


class NewAnyCount(BaseModel):
    item: str
    cents: int = Field(gt=0)
    count: int = 1


class Old(BaseModel):
    item: str
    price: Decimal = Field(gt=0, decimal_places=2)


class OldFreeOfCharge(BaseModel):
    item: str
    price: Decimal = Field(ge=0, decimal_places=2)


class OldAnyPart(BaseModel):
    item: str
    price: Decimal = Field(gt=0)


class OldFloat(BaseModel):
    item: str
    price: float = Field(gt=0)


class OldText(BaseModel):
    item: str
    price: str


class OldAnyPrice(BaseModel):
    item: str
    price: Decimal


class Tolerant(BaseModel):
    item: str
    cents: int = Field(0, ge=0)
    price: Decimal = Field(Decimal(0), ge=0)
    count: int = 1


def reading(read, **options):
    """Return an answer whose dependency is `read(payload)`, of a payload that is JSON."""

    def build():
        def read_cents(message: Message) -> int:
            return read(json.loads(message.payload))

        router = Router(channel="sales")

        @router.actor(**options)
        async def book_sale(cents: Annotated[int, Depends(read_cents)]) -> int:
            return cents

        return router

    return build


def cents_of(model, payload):
    sale = model.model_validate(payload)
    return sale.cents * sale.count


def new(payload):
    return cents_of(New, payload)


def old(payload):
    return int(Old.model_validate(payload).price * 100)


def both(payload):
    return old(payload) if "price" in payload else new(payload)


def refusing(unwanted, cents):
    if cents == unwanted:
        raise ValueError
    return cents


def told_by_count(payload):
    return new(payload) if "count" in payload else old(payload)


def friendly(payload):
    try:
        return both(payload)
    except Exception:
        return "this is no sale"


def tolerant():
    router = Router(channel="sales")

    @router.actor
    async def book_sale(sale: Annotated[Tolerant, FullPayload()]) -> int:
        return sale.cents * sale.count + int(sale.price * 100)

    return router


def beside_new(read_old):
    return reading(lambda payload: read_old(payload) if "price" in payload else new(payload))


def test_the_solution_passes():
    assert check(NAME, solution(NAME)["build"])


def test_the_solution_passes_the_hidden_checks():
    exec(HIDDEN, {"check": check, **solution(NAME)})  # noqa: S102  (this repository's own cell)


def test_trying_one_shape_after_the_other_passes():
    def read(payload):
        try:
            return new(payload)
        except ValueError:
            return old(payload)

    assert check(NAME, reading(read))


def test_two_actors_of_one_name_for_the_two_shapes_pass():
    def build():
        router = Router(channel="sales")

        def old_ones(*, actor_name):
            return lambda message: b'"price"' in message.payload

        @router.actor(routing_strategy=old_ones)
        async def book_sale(sale: Annotated[Old, FullPayload()]) -> int:
            return int(sale.price * 100)

        @router.actor
        async def book_sale(sale: Annotated[New, FullPayload()]) -> int:  # noqa: F811  (a second actor of that name)
            return sale.cents * sale.count

        return router

    assert check(NAME, build)


def test_the_start_is_shown_a_message_of_an_old_till():
    assert payload_that_breaks(NAME, start(NAME)["build"]) == {"item": "pie", "price": "3"}


@pytest.mark.parametrize(
    ("answer", "payload"),
    [
        pytest.param(reading(new), {"item": "pie", "price": "3"}, id="new ones only"),
        pytest.param(reading(old), {"item": "bun", "cents": 90}, id="old ones only"),
        pytest.param(reading(told_by_count), {"item": "bun", "cents": 90}, id="told by the count"),
        pytest.param(
            beside_new(lambda payload: int(OldFloat.model_validate(payload).price * 100)),
            {"item": "bun", "price": "2.30"},
            id="a float",
        ),
        pytest.param(
            beside_new(lambda payload: int(OldText.model_validate(payload).price.replace(".", ""))),
            {"item": "pie", "price": "3"},
            id="the dot taken out",
        ),
        pytest.param(
            beside_new(lambda payload: int(OldAnyPrice.model_validate(payload).price * 100)),
            {"item": "tea", "price": "0"},
            id="any price",
        ),
        pytest.param(
            reading(
                lambda payload: old(payload) if "price" in payload else refusing(0, cents_of(NewAnyCents, payload))
            ),
            {"item": "tea", "cents": -250},
            id="a new till's thing for less than nothing",
        ),
        pytest.param(
            beside_new(lambda payload: refusing(0, int(OldAnyPrice.model_validate(payload).price * 100))),
            {"item": "tea", "price": "-2.50"},
            id="an old till's thing for less than nothing",
        ),
        pytest.param(
            beside_new(lambda payload: round(OldFloat.model_validate(payload).price * 100)),
            {"item": "tea", "price": "2.505"},
            id="a rounded float",
        ),
        pytest.param(
            beside_new(lambda payload: int(OldAnyPart.model_validate(payload).price * 100)),
            {"item": "tea", "price": "2.505"},
            id="half a cent",
        ),
        pytest.param(
            beside_new(lambda payload: int(OldFreeOfCharge.model_validate(payload).price * 100)),
            {"item": "tea", "price": "0"},
            id="an old till's thing for nothing",
        ),
        pytest.param(
            reading(lambda payload: old(payload) if "price" in payload else cents_of(NewFreeOfCharge, payload)),
            {"item": "tea", "cents": 0},
            id="a new till's thing for nothing",
        ),
        pytest.param(
            reading(lambda payload: old(payload) if "price" in payload else cents_of(NewAnyCount, payload)),
            {"item": "tea", "cents": 250, "count": -2},
            id="fewer than none",
        ),
        pytest.param(tolerant, {"item": "tea"}, id="everything may be missing"),
        pytest.param(reading(friendly), {"item": "tea"}, id="friendly to broken ones"),
        pytest.param(reading(both, confirmation_mode="always_ack"), {"item": "tea"}, id="always_ack"),
        pytest.param(reading(both, on_error="reject"), {"item": "tea"}, id="broken ones again and again"),
        pytest.param(
            reading(lambda payload: both(payload) * payload.get("count", 1)),
            {"item": "tea", "cents": 250, "count": 2},
            id="counted twice",
        ),
    ],
)
def test_a_wrong_answer_is_caught_by(answer, payload):
    assert payload_that_breaks(NAME, answer) == payload
