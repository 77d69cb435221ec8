"""dependencies-1: one dependency finds the reader of a card, for two actors."""

from typing import Annotated

import pytest
from classroom.marks import step_that_breaks
from support.exercises import cells, solution, start

from repid_nb import Depends, Header, Message, Router
from repid_nb.classroom import check

NAME = "dependencies-1"
HIDDEN = cells(NAME)["marked-hidden"]

NO_CARD = {"topic": "lend"}
ADA = {"topic": "lend", "x-card": "7"}
NOBODYS = {"topic": "lend", "x-card": "99"}


def library(reader):
    """Return a Router whose two actors get their reader from what is annotated."""
    router = Router(channel="library")

    @router.actor
    async def lend(book: str, reader: reader) -> str:
        return f"{reader} takes {book} home"

    @router.actor
    async def reserve(book: str, reader: reader) -> str:
        return f"{book} is kept for {reader}"

    return router


CARD = Annotated[str | None, Header(name="x-card")]


def finding(find, card=CARD, default=None):
    """Return an answer whose dependency is `find(names, card)`."""

    def build(names):
        def find_reader(card: card = default) -> str:
            return find(names, card)

        return library(Annotated[str, Depends(find_reader)])

    return build


def right(names, card):
    return "a visitor" if card is None else names[card]


def in_the_actor(names):
    router = Router(channel="library")

    @router.actor
    async def lend(book: str, message: Message) -> str:
        return f"{right(names, message.headers.get('x-card'))} takes {book} home"

    @router.actor
    async def reserve(book: str, message: Message) -> str:
        return f"{book} is kept for {right(names, message.headers.get('x-card'))}"

    return router


def the_card_only(names):
    def find_card(card: Annotated[str | None, Header(name="x-card")] = None) -> str | None:
        return card

    router = Router(channel="library")

    @router.actor
    async def lend(book: str, card: Annotated[str | None, Depends(find_card)]) -> str:
        return f"{right(names, card)} takes {book} home"

    return router


def as_the_default(names):
    def find_reader(card: Annotated[str | None, Header(name="x-card")] = None) -> str:
        return right(names, card)

    router = Router(channel="library")

    @router.actor
    async def lend(book: str, reader: str = Depends(find_reader)) -> str:
        return f"{reader} takes {book} home"

    return router


def for_lend_only(names):
    def find_reader(card: Annotated[str | None, Header(name="x-card")] = None) -> str:
        return right(names, card)

    router = Router(channel="library")

    @router.actor
    async def lend(book: str, reader: Annotated[str, Depends(find_reader)]) -> str:
        return f"{reader} takes {book} home"

    @router.actor
    async def reserve(book: str, reader: str) -> str:
        return f"{book} is kept for {reader}"

    return router


def header_needed(names):
    def find_reader(card: Annotated[str, Header(name="x-card")]) -> str:
        return names[card]

    return library(Annotated[str, Depends(find_reader)])


def test_the_solution_passes():
    assert check(NAME, solution(NAME)["build"])


def test_the_solution_passes_the_hidden_checks():
    exec(HIDDEN, {"check": check, **solution(NAME)})  # noqa: S102  (this repository's own cell)


def test_a_dependency_of_a_dependency_passes():
    def build(names):
        async def find_card(card: Annotated[str | None, Header(name="x-card")] = None) -> str | None:
            return card

        def find_reader(card: Annotated[str | None, Depends(find_card)]) -> str:
            return right(names, card)

        return library(Annotated[str, Depends(find_reader)])

    assert check(NAME, build)


def test_the_start_is_told_that_its_reader_comes_from_nowhere():
    step = step_that_breaks(NAME, start(NAME)["build"])
    assert [field.field for field in step.exception.fields] == ["reader"]


@pytest.mark.parametrize(
    ("answer", "headers"),
    [
        pytest.param(finding(lambda names, card: names.get(card, "a visitor")), NOBODYS, id="anybody is a visitor"),
        pytest.param(
            finding(lambda names, card: names[card] if card else "a visitor"),
            {"topic": "lend", "x-card": ""},
            id="an empty card is a visitor",
        ),
        pytest.param(header_needed, NO_CARD, id="a header without a default"),
        pytest.param(
            finding(right, card=Annotated[str | None, Header()]), ADA, id="the header is called like the parameter"
        ),
        pytest.param(finding(right, card=str | None), ADA, id="the card is read from the payload"),
        pytest.param(
            finding(
                lambda names, card: "a visitor" if card is None else names[str(card)],
                card=Annotated[int | None, Header(name="x-card")],
            ),
            {"topic": "lend", "x-card": "007"},
            id="the card is a number",
        ),
        pytest.param(in_the_actor, NO_CARD, id="looked up in the actor"),
        pytest.param(the_card_only, NO_CARD, id="only the card is a dependency"),
        pytest.param(as_the_default, NO_CARD, id="Depends as the default"),
        pytest.param(for_lend_only, {"topic": "reserve"}, id="reserve forgotten"),
    ],
)
def test_a_wrong_answer_is_caught_by(answer, headers):
    assert step_that_breaks(NAME, answer).message.headers == headers


def test_a_look_up_in_the_actor_is_told_apart_although_it_returns_the_same():
    marking = check(NAME, in_the_actor)
    assert marking.finding.shown.result == "a visitor takes Dracula home"
    assert marking.finding.happened == "No dependency gave lend anything."


def test_an_actor_that_begins_before_the_card_is_refused_is_caught():
    def build(names):
        def find_reader(card: Annotated[str | None, Header(name="x-card")] = None) -> str:
            return "a visitor" if card is None else names.get(card, "nobody")

        router = Router(channel="library")

        def refuse(reader):
            if reader == "nobody":
                raise LookupError("no such card")

        @router.actor
        async def lend(book: str, reader: Annotated[str, Depends(find_reader)]) -> str:
            refuse(reader)
            return f"{reader} takes {book} home"

        @router.actor
        async def reserve(book: str, reader: Annotated[str, Depends(find_reader)]) -> str:
            refuse(reader)
            return f"{book} is kept for {reader}"

        return router

    marking = check(NAME, build)
    assert marking.finding.shown.message.headers == NOBODYS
    assert marking.finding.happened == "lend had begun when it came out."


def test_names_that_are_written_into_the_answer_are_caught_by_the_hidden_checks():
    def build(names):
        def find_reader(card: Annotated[str | None, Header(name="x-card")] = None) -> str:
            return right({"7": "Ada", "12": "Bob", "007": "Cy"}, card)

        return library(Annotated[str, Depends(find_reader)])

    assert check(NAME, build)
    with pytest.raises(AssertionError, match="Emil"):
        exec(HIDDEN, {"check": check, "build": build})  # noqa: S102  (this repository's own cell)
