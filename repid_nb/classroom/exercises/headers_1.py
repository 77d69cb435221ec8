"""Design headers for the records of an old system."""

from collections.abc import Mapping
from typing import Annotated, Any

from repid_nb.classroom.answers import Function, Refused, described
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.wants import Returns, Wins
from repid_nb.core.arguments.dependencies import Header
from repid_nb.core.message import BaseMessageT
from repid_nb.core.routing.router import Router
from repid_nb.core.routing.strategies import catch_all_routing_strategy
from repid_nb.printable import short

__all__ = ["EXERCISE", "warehouse"]


def warehouse() -> Router:
    """Make the actors that the notebook shows."""
    made = Router(channel="warehouse")

    def is_express(*, actor_name: str) -> Any:  # noqa: ARG001
        def strategy(message: BaseMessageT) -> bool:
            return (message.headers or {}).get("speed") == "express"

        return strategy

    @made.actor(routing_strategy=is_express)
    async def courier(number: Annotated[int, Header()]) -> str:
        return f"parcel {number} by courier"

    @made.actor
    async def ship(number: Annotated[int, Header()], country: Annotated[str, Header()] = "home") -> str:
        return f"parcel {number} to {country}"

    @made.actor
    async def refund(number: Annotated[int, Header()]) -> str:
        return f"money back for parcel {number}"

    @made.actor(routing_strategy=catch_all_routing_strategy)
    async def look_into_it() -> str:
        return "put on the desk"

    return made


async def arrange(trial: Trial) -> None:
    """Send each record of the case with the headers that the answer gives it."""
    trial.include(warehouse())
    for record in trial.given:
        try:
            headers = await trial.call(dict(record))
        except Exception as error:
            error.add_note(f"The record was {record!r}.")
            raise
        refuse_headers(record, headers)
        await trial.send(Send(record, headers=headers))


def refuse_headers(record: dict[str, Any], headers: Any) -> None:
    """Raise Refused where a message cannot have these headers."""
    for_record = f"For the record {record!r} your function returned"
    if not isinstance(headers, Mapping):
        missing = " Is its `return` missing?" if headers is None else ""
        raise Refused(f"{for_record} {described(headers)}, not a dict of headers.{missing}")
    for name, value in headers.items():
        if not isinstance(name, str):
            raise Refused(f"{for_record} a header whose name is {described(name)}. Names of headers are text.")
        if not isinstance(value, str):
            raise Refused(f"{for_record} {short(dict(headers))}. The value of a header must be text; `{name}` is not.")


def sorted_into(actor: str, returned: str, because: str = "", **record: Any) -> Case:
    """Make a case: this record should go to that actor, and make it return that."""
    return Case(Wins(actor), Returns(returned), given=[record], because=because)


UNKNOWN = "The kind of the record is unknown, so a person has to look at it."
EMPTY = "A field that is None or empty is the same as one that is not there."

EXERCISE = Exercise(
    name="headers-1",
    level=2,
    chapter=8,
    title="Labels for an old warehouse",
    asks="Pass a function that takes a record of the old system and returns the headers of its message.",
    answer=Function("def headers_for(record)"),
    channel="warehouse",
    arrange=arrange,
    cases=(
        sorted_into("ship", "parcel 7 to home", "It is to be shipped, and names no country.", NO=7, KIND="S"),
        sorted_into("refund", "money back for parcel 7", NO=7, KIND="R"),
        sorted_into("ship", "parcel 7 to FI", NO=7, KIND="S", LAND="FI"),
        sorted_into("courier", "parcel 7 by courier", NO=7, KIND="S", FAST="Y"),
        sorted_into("ship", "parcel 7 to home", "Only `Y` means fast.", NO=7, KIND="S", FAST="N"),
        sorted_into("refund", "money back for parcel 7", "Money needs no courier.", NO=7, KIND="R", FAST="Y"),
        sorted_into("look_into_it", "put on the desk", UNKNOWN, NO=7),
        sorted_into("look_into_it", "put on the desk", UNKNOWN, NO=7, KIND="X"),
        sorted_into("look_into_it", "put on the desk", UNKNOWN, NO=7, KIND=None),
        sorted_into("look_into_it", "put on the desk", UNKNOWN, NO=7, FAST="Y"),
        sorted_into("look_into_it", "put on the desk", UNKNOWN, NO=7, KIND="X", FAST="Y"),
        sorted_into("ship", "parcel 7 to home", EMPTY, NO=7, KIND="S", LAND=None),
        sorted_into("ship", "parcel 7 to home", EMPTY, NO=7, KIND="S", LAND=""),
        sorted_into("ship", "parcel 7 to home", EMPTY, NO=7, KIND="S", FAST=None),
        sorted_into("courier", "parcel 7 by courier", NO=7, KIND="S", FAST="Y", LAND="FI"),
    ),
    hints=(
        (
            "Begin with the actors: for each, write down which headers it wants to see. Then ask which field of the "
            "record can tell you that."
        ),
        (
            "The courier is asked first, and looks at one header only. So give that header only to what really "
            "goes by courier."
        ),
        (
            "The best header for a field without a value is no header at all: begin with the headers that every "
            "record has, and add each of the others only where you know its value."
        ),
    ),
)
