"""Which strategies are asked once more than a worker asks them."""

import functools
import itertools
import json
import random
import re
from enum import Enum

import pytest

from repid_nb.core.routing.strategies import CatchAllStrategy, TopicStrategy
from repid_nb.stepping.harmless import can_be_asked_again

WANTED = {"eu", "us"}
BY_COUNTRY = {"de": "eu", "fr": ["eu", 1.5]}
PATTERN = re.compile("a|b")
SEEN: list[object] = []
LAST = {"region": "eu"}
TURN = itertools.count()
COUNT = 0


class Region(Enum):
    EU = "eu"


class ByRegion:
    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, message):
        self.asked += 1
        return True


def header(message, name):
    return (message.headers or {}).get(name, "")


def noted(message):
    SEEN.append(message)
    return True


def closing_over(value):
    return lambda message: header(message, "region") == value


def decorated(fn):
    @functools.wraps(fn)
    def wrapper(message):
        return not fn(message)

    return wrapper


def tries(message):
    try:
        found = json.loads(message.payload)
    except ValueError as error:
        return str(error).startswith("x")
    rows = [row["id"] for row in found if row.get("id")]
    rows.append("last")
    total = 0
    for number, row in enumerate(rows):
        total += number
        found[number] = f"{row!r:>10}"
    return total > len(found) and any(row in WANTED for row in sorted(rows))


def by_turns(message):
    global COUNT  # noqa: PLW0603
    COUNT += 1
    return COUNT % 2


def counting():
    asked = 0

    def count(message):
        nonlocal asked
        asked += 1
        return True

    return count


def remembering(message, seen=[]):  # noqa: B006
    seen += [message]
    return True


def marking_itself(message):
    marking_itself.asked = True
    return True


def importing(message):
    import repid_nb  # noqa: PLC0415

    return repid_nb is None


async def awaited(message):
    SEEN.append(message)


HARMLESS = {
    "a topic": TopicStrategy("mail"),
    "a catch-all": CatchAllStrategy(),
    "a header": lambda m: (m.headers or {}).get("speed") == "express",
    "a function": lambda m: header(m, "region") in WANTED,
    "a closure": closing_over("eu"),
    "a closure over a tuple": closing_over(("eu", ("us", 1))),
    "an Enum": lambda m: header(m, "region") == Region.EU.value,
    "a dict that is read": lambda m: BY_COUNTRY.get(header(m, "country"), [])[0] == "eu",
    "a pattern": lambda m: PATTERN.match(header(m, "region")) and re.search("x", "y"),
    "a partial": functools.partial(header, name="region"),
    "a decorated one": decorated(closing_over("eu")),
    "what it makes itself": lambda m: (lambda rows: rows.pop())([m.payload.decode()]),  # noqa: PLC3002
    "a header that it sets": lambda m: m.headers.update({"seen": "yes"}),
    "an async one, which is never awaited": awaited,
}


@pytest.mark.parametrize("strategy", HARMLESS.values(), ids=HARMLESS)
def test_what_leaves_no_trace_can_be_asked_again(strategy):
    assert can_be_asked_again(strategy)


def test_what_only_changes_its_own_values_can_be_asked_again():
    by_itself = {**vars(json), "json": json, "WANTED": frozenset(WANTED)}
    assert can_be_asked_again(type(tries)(tries.__code__, by_itself))


MAY_KEEP_STATE = {
    "a global": by_turns,
    "a nonlocal": counting(),
    "a list that it appends to": noted,
    "a function that does": lambda m: noted(m),  # noqa: PLW0108
    "a function at hand in a list": lambda m: [noted][0](m),  # noqa: PLW0108
    "a function in a closure": decorated(noted),
    "a default": remembering,
    "an item": lambda m: LAST.__setitem__("region", header(m, "region")),
    "an item that it pops": lambda m: LAST.pop("region", None),
    "an item of a dict in a dict": lambda m: BY_COUNTRY["fr"].append(1),
    "an iterator": lambda m: next(TURN) % 2,
    "an iterator in a closure": closing_over(itertools.cycle("ab")),
    "a generator": closing_over(x for x in "ab"),
    "chance": lambda m: random.random() < 0.5,  # noqa: S311
    "a random.Random": closing_over(random.Random(1)),  # noqa: S311
    "an object": ByRegion(),
    "a bound method": SEEN.append,
    "a method of an object": ByRegion().__call__,
    "an attribute of its own": marking_itself,
    "an import": importing,
    "what it prints": lambda m: print(m.payload),
    "the way round": lambda m: header.__globals__["SEEN"].append(m.payload),
    "what settles the message": lambda m: m.release(),
    "a cache": functools.lru_cache(closing_over("eu")),
    "what it both changes and could reach": tries,
    "more than can be looked through": closing_over(tuple(str(number) for number in range(2000))),
}


@pytest.mark.parametrize("strategy", MAY_KEEP_STATE.values(), ids=MAY_KEEP_STATE)
def test_what_may_keep_state_is_not_asked_again(strategy):
    assert not can_be_asked_again(strategy)


def test_a_global_that_becomes_changeable_is_seen():
    names = {"region": "eu"}
    strategy = eval("lambda message: region == message.headers", names)  # noqa: S307
    assert can_be_asked_again(strategy)
    names["region"] = ByRegion()
    assert not can_be_asked_again(strategy)
