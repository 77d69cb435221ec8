"""The default serializer: the same bytes as repid's, and errors that say where and how to mend it."""

import json
import math
import socket
import subprocess
import sys
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any
from uuid import UUID

import pydantic
import pytest
import repid
from support.generated import given, st

from repid_nb.core.errors import SerializationError
from repid_nb.core.serializer import default_serializer


class Colour(StrEnum):
    red = "red"


class Level(IntEnum):
    high = 3


class Plain(Enum):
    one = 1


class Item(pydantic.BaseModel):
    name: str
    price: Decimal = Decimal("1.50")
    tags: set[str] = set()
    ratio: float = 0.5


class Order(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(serialize_by_alias=True)
    id: UUID
    items: list[Item]
    placed: datetime = pydantic.Field(alias="placedAt")


@dataclass
class Point:
    x: int
    y: float


@dataclass
class Route:
    start: Point
    stops: list[Point]
    when: datetime | None = None
    item: Item | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@pydantic.dataclasses.dataclass
class Checked:
    n: int


Pair = namedtuple("Pair", "left right")  # noqa: PYI024  (the untyped kind is the one without a module-level class)
ID = UUID("12345678-1234-5678-1234-567812345678")
ORDER = Order(id=ID, items=[Item(name="é"), Item(name="b", tags={"t"})], placedAt=datetime(2026, 1, 2, tzinfo=UTC))

PAYLOADS: dict[str, Any] = {
    "nothing": None,
    "text": 'a "quoted" é \u2028 \ud83d\ude00 line\n',
    "a number": 12345678901234567890,
    "a float": 0.1,
    "truth": True,
    "an empty object": {},
    "an empty list": [],
    "nested containers": {"a": [1, 2, {"b": (3, 4)}], "c": None},
    "keys that are no text": {1: "a", 2.5: "b", False: "c", None: "d", Colour.red: "e"},
    "ordered and default dicts": [OrderedDict(b=1, a=2), defaultdict(list, {"k": [1]})],
    "a named tuple": Pair(1, 2),
    "not a number": [math.nan, math.inf, -math.inf],
    "enums of text and number": [Colour.red, Level.high],
    "dates and times": [
        datetime(2026, 1, 2, 3, 4, 5, 6),  # noqa: DTZ001  (a naive one)
        datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-3))),
        date(2026, 1, 2),
        time(3, 4, 5),
    ],
    "timedeltas": [timedelta(days=1, milliseconds=5), timedelta(seconds=-1)],
    "a UUID": ID,
    "decimals": [Decimal("1.10"), Decimal("NaN"), Decimal("1E+5")],
    "a dataclass": Point(1, 2.5),
    "a dataclass with everything in it": Route(
        Point(1, 2),
        [Point(3, 4)],
        datetime(2026, 1, 2, tzinfo=UTC),
        Item(name="x"),
        {"d": Decimal(1), "p": Point(0, 0)},
    ),
    "a pydantic dataclass": Checked(1),
    "a model": ORDER,
    "a model with a float that is no number": Item(name="n", ratio=math.nan),
    "a nested model with a float that is no number": [Item(name="n", ratio=math.nan)],
    "models anywhere": {"orders": [ORDER, {"again": ORDER}], "route": Route(Point(1, 2), [], item=Item(name="z"))},
    "a root model": pydantic.RootModel[list[int]]([1, 2]),
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_the_bytes_are_those_that_repid_writes(payload):
    assert default_serializer(payload) == repid.default_serializer(payload)


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.datetimes()
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.decimals()
    | st.builds(Point, st.integers(), st.floats())
    | st.builds(Item, name=st.text(alphabet="abcé"), ratio=st.floats()),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.builds(Route, inner, st.lists(inner))
    ),
    max_leaves=20,
)


@given(json_like)
def test_generated_payloads_give_the_bytes_that_repid_writes(payload):
    assert default_serializer(payload) == repid.default_serializer(payload)


def test_output_is_compact_ascii():
    assert default_serializer({"a": [1, "é"]}) == b'{"a":[1,"\\u00e9"]}'


class Socket:
    pass


class Holder(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    name: str = "h"
    owner: Any = None


@dataclass
class Box:
    inside: Any = None
    lid: str = "on"


async def answer():
    return 42


def loops():
    ring: list[Any] = [1]
    ring.append({"back": ring})
    return ring


def boxed_loop():
    box = Box()
    box.inside = [box]
    return box


def held_loop():
    holder = Holder()
    holder.owner = holder
    return holder


FAULTS: dict[str, tuple[Any, str, str]] = {
    "deep in containers": (
        {"items": [1, 2, {"owner": Socket()}]},
        "payload['items'][2]['owner'] is a Socket, which has no JSON form",
        "pass a serializer of your own",
    ),
    "in a tuple": ({"pair": (1, Socket())}, "payload['pair'][1] is a Socket", "send a dict"),
    "at the top": (Socket(), "payload is a Socket", "send a dict"),
    "bytes": ({"raw": b"x"}, "payload['raw'] is a bytes", ".decode()"),
    "a set": ([{1, 2}], "payload[0] is a set", "list(...)"),
    "a generator": ([(n for n in "ab")], "payload[0] is a generator", "list(...)"),
    "a plain enum": ({"one": Plain.one}, "payload['one'] is a Plain", ".value"),
    "a class": ({"kind": Point}, "payload['kind'] is the class Point", "an instance of it"),
    "a complex number": ([1j], "payload[0] is a complex", "send a dict"),
    "in a dataclass": ({"box": Box(inside=[Socket()])}, "payload['box'].inside[0] is a Socket", "send a dict"),
    "what a dataclass cannot copy": (Box(inside=socket.socket), "payload.inside is the class socket", "an instance"),
    "a bad key": ({"a": {(1, 2): 3}}, "payload['a'] has the key (1, 2), which is a tuple", "str(key)"),
    "a key of bytes": ({b"k": 1}, "payload has the key b'k', which is a bytes", "str(key)"),
    "a UUID as key": ([{ID: 1}], "payload[0] has the key UUID('12345678", "str(key)"),
    "a circle": (loops(), "payload[1]['back'] is a list that contains itself", "without that reference"),
    "a circle of dataclasses": (boxed_loop(), "payload.inside[0] is a Box that contains itself", "without"),
    "in a model": (Holder(owner=Socket()), "payload.owner cannot be written as JSON", "@field_serializer"),
    "in a nested model": ([Holder(owner=Socket())], "payload[0].owner cannot be written", "Holder.owner a type"),
    "a circle of models": (held_loop(), "payload.owner cannot be written as JSON: Circular", "@field_serializer"),
}


@pytest.mark.parametrize(("payload", "place", "fix"), FAULTS.values(), ids=FAULTS)
def test_what_has_no_json_form_is_named_by_its_place_with_a_fix(payload, place, fix):
    with pytest.raises(SerializationError) as caught:
        default_serializer(payload)

    assert place in str(caught.value)
    assert fix in str(caught.value)


@pytest.mark.parametrize("payload", [fault[0] for fault in FAULTS.values()], ids=FAULTS)
def test_the_error_is_also_the_builtin_that_repid_raises(payload):
    with pytest.raises((TypeError, ValueError, RecursionError)) as theirs:
        repid.default_serializer(payload)
    with pytest.raises(SerializationError) as ours:
        default_serializer(payload)

    builtin = TypeError if isinstance(theirs.value, TypeError) else ValueError
    assert isinstance(ours.value, builtin)


def test_the_first_fault_in_document_order_is_the_one_named():
    with pytest.raises(SerializationError, match=r"payload\['b'\]\[0\] is a Socket"):
        default_serializer({"a": 1, "b": [Socket()], "c": {1, 2}})


def test_a_coroutine_is_to_be_awaited():
    coroutine = answer()
    with pytest.raises(SerializationError, match=r"payload\['n'\] is a coroutine.*await it first"):
        default_serializer({"n": coroutine})
    coroutine.close()


def test_a_value_that_stands_in_two_places_is_no_circle():
    shared = [1]

    assert default_serializer([shared, shared, {"again": shared}]) == b'[[1],[1],{"again":[1]}]'


class Uncopied(str):
    """Text that JSON can write but that a dataclass cannot be copied with."""

    __slots__ = ("failure",)

    def __deepcopy__(self, memo):
        raise self.failure


@pytest.mark.parametrize(("failure", "kind"), [(TypeError, SerializationError), (RecursionError, RecursionError)])
def test_a_failure_without_a_fault_to_point_at_keeps_its_text(failure, kind):
    text = Uncopied("t")
    text.failure = failure("no copies of me")

    with pytest.raises(kind, match="no copies of me"):
        default_serializer(Box(inside=text))


def test_nesting_beyond_the_interpreters_depth_is_a_recursion_error_as_in_repid():
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(RecursionError):
        repid.default_serializer(deep)
    with pytest.raises(RecursionError):
        default_serializer(deep)


def test_the_cause_is_kept():
    with pytest.raises(SerializationError) as caught:
        default_serializer([Socket()])

    assert isinstance(caught.value.__cause__, TypeError)


def test_pydantic_is_not_imported_for_payloads_without_models():
    script = (
        "import sys; from decimal import Decimal; from repid_nb.core.serializer import default_serializer as s;"
        "print(s({'a': [Decimal('1.5')]}).decode())\n"
        "try: s([object()])\n"
        "except TypeError as e: print(e)\n"
        "print('pydantic' in sys.modules)"
    )
    command = [sys.executable, "-c", script]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")  # noqa: S603  (our own)

    assert json.loads(lines[0]) == {"a": ["1.5"]}
    assert lines[1].startswith("payload[0] is an object")
    assert lines[2] == "False"
