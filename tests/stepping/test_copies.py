"""What a record keeps of a value: a copy that is equal, or a stand-in that shows as the original did."""

import asyncio
import datetime as dt
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import PurePosixPath
from uuid import UUID

import pytest
from pydantic import AnyUrl, BaseModel, PrivateAttr, SecretStr
from stepping.bench import CATCH_ALL, app_of, router_of, sent_and_stepped
from support.generated import given, settings, st

from repid_nb import Message, Router, Stepper
from repid_nb.stepping.copies import MOST_ITEMS, Opaque, copy_of


class Colour(Enum):
    RED = "red"


class Word(StrEnum):
    TEA = "tea"


Pair = namedtuple("Pair", "first second")  # noqa: PYI024  (a plain one is common)


@dataclass
class Basket:
    owner: str
    items: list[str] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class Receipt:
    number: int
    lines: tuple[Basket, ...] = ()


class Order(BaseModel):
    number: int
    items: list[str] = []
    inner: "Order | None" = None
    _seen: list[int] = PrivateAttr(default_factory=list)


class Login(BaseModel):
    page: AnyUrl
    key: SecretStr


class Thing:
    def __init__(self):
        self.inside = []

    def __repr__(self):
        return f"<a thing with {self.inside}>"


PLAIN = [
    None,
    3,
    "text",
    b"bytes",
    [1, [2, [3]]],
    {"a": {"b": [1]}, (1, 2): "tuple", None: 0, Colour.RED: 1},
    (1, [2], {"three"}),
    {1, "two", (3, 4)},
    frozenset({1}),
    bytearray(b"x"),
    deque([1, 2], maxlen=2),
    OrderedDict(b=1, a=[2]),
    defaultdict(list, {"a": [1]}),
    Counter("tea"),
    Pair(1, [2]),
    Colour.RED,
    Word.TEA,
    dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    Decimal("1.5"),
    UUID(int=3),
    PurePosixPath("a/b"),
    Basket("ada", ["tea"]),
    Receipt(1, (Basket("ada"),)),
    Order(number=1, items=["tea"], inner=Order(number=2)),
    Login(page="https://example.org", key="secret"),
    [Basket("ada"), {"order": Order(number=1)}],
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_data_is_copied_and_the_copy_is_equal_and_shows_the_same(value):
    kept = copy_of(value)
    assert kept == value
    assert type(kept) is type(value)
    assert repr(kept) == repr(value)


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ([1], lambda value: value.append(2)),
        ([[1]], lambda value: value[0].append(2)),
        ({"a": [1]}, lambda value: value["a"].append(2)),
        (([1],), lambda value: value[0].append(2)),
        ({1}, lambda value: value.add(2)),
        (deque([1]), lambda value: value.append(2)),
        (bytearray(b"x"), lambda value: value.append(2)),
        (Basket("ada", ["tea"]), lambda value: value.items.append("milk")),
        (Basket("ada"), lambda value: setattr(value, "owner", "bob")),
        (Receipt(1, (Basket("ada"),)), lambda value: value.lines[0].items.append("milk")),
        (Order(number=1), lambda value: value.items.append("milk")),
        (Thing(), lambda value: value.inside.append(1)),
        ([Thing()], lambda value: value[0].inside.append(1)),
    ],
    ids=repr,
)
def test_what_happens_to_the_original_later_does_not_reach_the_copy(value, change):
    before, kept = repr(value), copy_of(value)
    change(value)
    assert repr(value) != before
    assert repr(kept) == before


def test_what_is_no_data_is_a_stand_in_that_shows_the_same():
    thing = Thing()
    assert copy_of(thing) == Opaque(repr(thing))
    assert copy_of([1, thing]) == [1, Opaque(repr(thing))]


def test_an_object_with_a_part_that_is_no_data_is_a_stand_in_as_a_whole():
    basket = Basket("ada", Thing())
    assert copy_of(basket) == Opaque(repr(basket))


def test_a_value_that_leads_back_to_itself_does_so_in_the_copy():
    value = [1, {"again": None}, ()]
    value[1]["again"] = value
    value[2] = (value,)
    kept = copy_of(value)
    assert kept[1]["again"] is kept[2][0] is kept
    assert repr(kept) == repr(value)


def test_no_method_of_a_class_of_the_actor_is_called_for_a_copy():
    called = []

    @dataclass
    class Watched:
        number: int

        def __post_init__(self):
            called.append("post_init")

        def __copy__(self):
            called.append("copy")

        def __deepcopy__(self, memo):
            called.append("deepcopy")

        def __reduce_ex__(self, protocol):
            called.append("reduce")

    value = Watched(1)
    called.clear()
    assert copy_of(value) == value
    assert called == []


def test_a_value_of_a_million_items_is_not_copied_and_that_is_said():
    kept = copy_of(list(range(1_000_000)))
    assert repr(kept) == "<list, too large to keep with the step: [0, 1, 2, 3, 4, 5, 6, 7, ...]>"
    assert isinstance(copy_of([list(range(MOST_ITEMS // 2)) for _ in range(3)]), Opaque)
    assert copy_of([0] * MOST_ITEMS) == [0] * MOST_ITEMS


def test_the_stand_ins_in_a_value_are_bounded_together():
    class Wordy:
        def __repr__(self):
            return "x" * 1_000_000

    assert len(repr(copy_of(Wordy()))) < 101_000
    assert len(repr(copy_of([Wordy() for _ in range(1000)]))) < 101_000


def test_a_value_that_is_nested_very_deep_is_a_stand_in():
    value = []
    for _ in range(5000):
        value = [value]
    assert isinstance(copy_of(value), Opaque)


async def test_what_a_step_says_was_returned_stays_as_it_was():
    basket = []

    async def add(item: str):
        basket.append(item)
        return basket

    async with Stepper(app_of(router_of(add))) as stepper:
        for item in ("tea", "milk"):
            await stepper.send("tasks", {"item": item})
        first = await stepper.step()
        shown = repr(first)
        await stepper.step()
        assert [step.result for step in stepper.history] == [["tea"], ["tea", "milk"]]
        assert repr(first) == shown


async def test_what_was_sent_stays_as_it_was():
    async def change(message: Message):
        message.headers["topic"] = "changed"

    async with Stepper(app_of(router_of(change))) as stepper:
        sent = await stepper.send("tasks", headers={"topic": "x"})
        await stepper.step()
        assert sent.message.headers == {"topic": "x"}


async def test_a_coroutine_that_was_returned_can_still_be_closed():
    async def later(): ...

    async def give():
        return later()

    step = await sent_and_stepped(router_of(give))
    assert asyncio.iscoroutine(step.result)
    step.result.close()


def hostile(kind: type[BaseException]) -> type:
    class Hostile:
        def __repr__(self):
            raise kind("no")

        __str__ = __repr__

    return Hostile


@pytest.mark.parametrize("kind", [RuntimeError, SystemExit, GeneratorExit, asyncio.CancelledError])
async def test_a_result_that_raises_when_it_is_shown_leaves_a_record(kind):
    made = hostile(kind)

    async def give(message: Message):
        return made()

    step = await sent_and_stepped(router_of(give))
    assert repr(step.result) == "<Hostile, which cannot be shown>"
    assert step.settlement.action == "acked"


@pytest.mark.parametrize("kind", [RuntimeError, SystemExit, GeneratorExit, asyncio.CancelledError])
async def test_an_error_whose_text_raises_leaves_a_record(kind):
    class HostileError(Exception):
        def __str__(self):
            raise kind("no")

        @property
        def __notes__(self):
            raise kind("no")

    async def fail():
        raise HostileError

    step = await sent_and_stepped(router_of(fail))
    assert step.exception.type == "HostileError"
    assert step.exception.message == ("(its text cannot be shown: RuntimeError)" if kind is RuntimeError else "")
    assert step.settlement.action == "nacked"


@pytest.mark.parametrize("kind", [RuntimeError, SystemExit, GeneratorExit, asyncio.CancelledError])
async def test_an_argument_that_raises_when_it_is_shown_leaves_a_record(kind):
    made, router = hostile(kind), Router()

    @router.actor(channel="tasks", **CATCH_ALL)
    async def take(message: Message, thing: object = made()): ...

    step = await sent_and_stepped(router)
    assert step.settlement.action == "acked"


keys = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.tuples(st.text(), st.integers()))
data = st.recursive(
    st.one_of(keys, st.floats(allow_nan=False), st.binary(), st.decimals(allow_nan=False), st.datetimes()),
    lambda inside: st.one_of(
        st.lists(inside),
        st.dictionaries(keys, inside),
        st.tuples(inside, inside),
        st.builds(Basket, st.text(), st.lists(inside)),
        st.builds(deque, st.lists(inside)),
    ),
)


@settings(max_examples=60)
@given(data)
def test_any_data_is_copied_and_no_part_that_can_change_is_shared(value):
    kept = copy_of(value)
    assert kept == value
    assert repr(kept) == repr(value)
    assert {id(one) for one in changeable(kept)}.isdisjoint({id(one) for one in changeable(value)})


def changeable(value):
    """Yield all parts of a value that can change."""
    if isinstance(value, (list, dict, set, deque, Basket)):
        yield value
    if isinstance(value, Basket):
        value = value.items
        yield value
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple, deque)):
        for one in value:
            yield from changeable(one)
