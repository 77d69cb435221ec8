"""Read an old and a new shape of one payload."""

from typing import Any

from repid_nb.classroom.answers import Function
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.wants import Returns, Settles

__all__ = ["EXERCISE", "broken", "sold"]


async def arrange(trial: Trial) -> None:
    """Let the actor listen that the answer put on a Router."""
    trial.include(await trial.call())


def sold(comes_to: int, /, because: str = "", **payload: Any) -> Case:
    """Return a case in which a till's message comes to so many cents."""
    return Case(Send(payload, topic="book_sale"), Settles("acked"), Returns(comes_to), because=because)


def broken(payload: Any, because: str = "") -> Case:
    """Return a case in which a message is of neither shape."""
    return Case(Send(payload, topic="book_sale"), Settles("nacked"), because=because)


OLD = "It comes from an old till."

EXERCISE = Exercise(
    name="parsing-1",
    level=3,
    chapter=8,
    title="Two kinds of tills, one queue",
    asks="Pass a function that returns a Router with the actor `book_sale`.",
    answer=Function("def build()"),
    channel="sales",
    arrange=arrange,
    cases=(
        sold(250, item="tea", cents=250, count=1),
        sold(500, item="tea", cents=250, count=2),
        sold(90, item="bun", cents=90, because="A new till leaves out `count` where it is 1."),
        sold(250, item="tea", price="2.50", because=OLD),
        sold(300, item="pie", price="3", because=OLD),
        sold(120, item="nut", price="1.2", because=OLD),
        sold(230, item="bun", price="2.30", because=f"{OLD} Money must be right to the cent."),
        broken({"item": "tea"}, because="It says no price at all."),
        broken({"cents": 250, "count": 1}, because="It does not say what was sold."),
        broken({"price": "2.50"}, because="It does not say what was sold."),
        broken({"item": "tea", "cents": "many"}, because="`many` is not a number."),
        broken({"item": "tea", "cents": -250}, because="Nothing is sold for less than nothing."),
        broken({"item": "tea", "cents": 0}, because="Nothing is sold for nothing."),
        broken({"item": "tea", "cents": 250, "count": -2}, because="`count` is above 0."),
        broken({"item": "tea", "price": "2,50"}, because="`2,50` is not a number, as Python reads it."),
        broken({"item": "tea", "price": "-2.50"}, because="Nothing is sold for less than nothing."),
        broken({"item": "tea", "price": "0"}, because="Nothing is sold for nothing."),
        broken({"item": "tea", "price": "2.505"}, because="There are no half cents."),
        broken(b"tea for two, please", because="It is not JSON."),
        broken(["tea", 250, 1], because="It is a list, not an object with names."),
    ),
    hints=(
        "Look at `what did not fit` in the Step, and at the payload. Which fields does only one shape have?",
        (
            "Give each shape a model of its own. A function between the message and the actor can read either one and "
            "always return the same thing: the last part of the chapter does that for a form."
        ),
        (
            "Try `int(float('2.30') * 100)`. Python's `Decimal` keeps such a number as it is written, and pydantic "
            "reads it from text. With `Field(gt=0, decimal_places=2)` it is above 0, without a part of a cent."
        ),
    ),
)
