"""Guesses and closing questions without a page: what a click does, and when the verdict comes."""

from __future__ import annotations

import re
from html import unescape

import comm
import pytest

from repid_nb import InMemoryServer, Repid, Router, Stepper
from repid_nb.classroom import guess, guessing, progress, questions
from repid_nb.classroom.question import Question, questions_of
from repid_nb.core.errors import DeclarationError, UnknownNameError
from repid_nb.widgets.question_card import QuestionCard

# The oldest anywidget says so when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore:Deprecated in traitlets:DeprecationWarning")


@pytest.fixture(autouse=True)
def _new_notebook(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(guessing, "_desk", guessing._Desk())
    # An imported ipykernel gives every later widget a comm that sends only from inside a kernel.
    monkeypatch.setattr(comm, "create_comm", comm.DummyComm)


@pytest.fixture
def stepper() -> Stepper:
    app, router = Repid(), Router(channel="orders")
    app.servers.register_server("default", InMemoryServer(), is_default=True)

    @router.actor
    async def ship(): ...

    @router.actor
    async def log(): ...

    app.include_router(router)
    return Stepper(app)


def click(card: QuestionCard, choice: str, question: int = 0) -> None:
    place = card.card["questions"][question]["choices"].index(choice)
    card._handle({"type": "pick", "question": question, "choice": place})


def said(card: QuestionCard, question: int = 0) -> str:
    return card.card["questions"][question]["said"]


async def test_a_guess_names_the_message_and_offers_each_actor_and_nobody(stepper: Stepper):
    await stepper.send("orders", topic="log")
    asked = guess(stepper).card["questions"][0]
    assert asked["text"] == "Who gets the next message, `m1` with the topic `log`?"
    assert asked["choices"] == ["`ship`", "`log`", "nobody"]


async def test_before_the_step_neither_the_page_nor_the_notebook_holds_the_answer(stepper: Stepper):
    await stepper.send("orders", topic="log")
    card = guess(stepper)
    click(card, "`ship`")
    assert card.card["questions"][0]["right"] is None
    assert said(card) == "Your guess is kept; you may still change it. The next step tells."


async def test_the_step_tells_whether_the_guess_was_right(stepper: Stepper):
    await stepper.send("orders", topic="log")
    card = guess(stepper)
    click(card, "`ship`")
    click(card, "`log`")
    await stepper.step()
    assert said(card) == "✓ Right. It is the first one that says yes."
    assert card.card["score"] == "Guesses in this notebook: 1 of 1 right."


def test_in_a_page_the_score_goes_on_after_a_reload(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress._Place, "in_page", None)
    first, second = questions_of("messages").guesses[:2]
    kept: list[str] = []
    progress.keep_in_page("{}", kept.append)
    click(guess("messages-1"), first.right)
    click(guess("messages-1"), first.right)
    guessing._desk.cell_ends()
    monkeypatch.setattr(guessing, "_desk", guessing._Desk())
    progress.keep_in_page(kept[-1], kept.append)
    card = guess("messages-2")
    click(card, second.wrong[0])
    assert card.card["score"] == "Guesses in this notebook: 1 of 2 right."


async def test_nobody_can_be_the_answer(stepper: Stepper):
    await stepper.send("orders", topic="lgo")
    card = guess(stepper)
    click(card, "`log`")
    await stepper.step()
    assert said(card) == "✗ Not this time. The answer: nobody. Nobody gets it: no actor matched."


async def test_a_click_after_the_step_is_marked_and_does_not_count(stepper: Stepper):
    await stepper.send("orders", topic="log")
    card = guess(stepper)
    await stepper.step()
    assert said(card) == ""
    click(card, "`log`")
    assert "✓ Right." in said(card)
    assert "does not count" in said(card)
    assert card.card["score"] == ""


async def test_a_verdict_cannot_be_changed(stepper: Stepper):
    await stepper.send("orders", topic="log")
    card = guess(stepper)
    click(card, "`ship`")
    await stepper.step()
    before = card.card
    click(card, "`log`")
    assert card.card == before


async def test_where_another_message_comes_first_the_guess_does_not_count(stepper: Stepper):
    await stepper.send("orders", topic="log")
    card = guess(stepper)
    click(card, "`log`")
    await stepper.send("orders", topic="ship", priority=9)
    await stepper.step()
    assert said(card) == "Another message came first, so this guess does not count."
    assert card.card["score"] == ""


async def test_a_guess_about_one_channel_waits_for_a_step_there():
    app, router = Repid(), Router()
    app.servers.register_server("default", InMemoryServer(), is_default=True)

    @router.actor(channel="a")
    async def first(): ...

    @router.actor(channel="b")
    async def second(): ...

    app.include_router(router)
    stepper = Stepper(app)
    for channel, topic in (("a", "first"), ("b", "second")):
        await stepper.send(channel, topic=topic)
    card = guess(stepper, "b")
    assert "which waits on `b`" in card.card["questions"][0]["text"]
    click(card, "`second`")
    await stepper.step("a")
    assert "is kept" in said(card)
    await stepper.step("b")
    assert "✓ Right." in said(card)


async def test_two_actors_of_one_name_are_told_apart():
    app, router = Repid(), Router(channel="orders")
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    for _ in range(2):

        @router.actor(name="ship")
        async def ship(): ...

    app.include_router(router)
    stepper = Stepper(app)
    await stepper.send("orders", topic="ship")
    assert guess(stepper).card["questions"][0]["choices"] == ["`ship`, actor 1", "`ship`, actor 2", "nobody"]


def test_where_nothing_waits_a_sentence_says_so(stepper: Stepper):
    asked = guess(stepper).card["questions"][0]
    assert asked["choices"] == []
    assert asked["text"].startswith("Nothing waits")


def test_where_no_cell_end_is_heard_a_click_is_answered_at_once():
    question = questions_of("messages").guesses[0]
    card = guess("messages-1")
    click(card, question.right)
    assert said(card) == f"✓ Right. {question.why}"


def test_the_closing_questions_are_answered_at_once_and_can_be_taken_again():
    closing = questions_of("messages").at_the_end
    card = questions("messages")
    click(card, closing[0].wrong[0], 0)
    assert said(card, 0) == f"✗ Not this time. The answer: {closing[0].right}. {closing[0].why}"
    assert not card.card["again"]
    for place in (1, 2):
        click(card, closing[place].right, place)
    assert card.card["score"] == "2 of 3 right."
    assert card.card["again"]
    card._handle({"type": "again"})
    assert [one["said"] for one in card.card["questions"]] == ["", "", ""]
    assert card.card["score"] == ""


def test_a_click_that_names_nothing_is_ignored():
    card = questions("messages")
    before = card.card
    for content in ({"type": "pick", "question": 7, "choice": 0}, {"type": "pick", "question": 0, "choice": 99}, {}):
        card._handle(content)
    assert card.card == before


def test_pages_without_widgets_show_the_question_and_its_choices_and_not_the_answer():
    question = questions_of("messages").guesses[0]
    shown = guess("messages-1")._repr_mimebundle_()[0]
    for form in (text_of(shown["text/html"]), shown["text/plain"].replace("`", "")):
        for text in (question.asks, *question.choices, "Run the cell to answer with a click."):
            assert text.replace("`", "") in form
        assert question.why.replace("`", "") not in form


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda _: guess("message-1"), r"There is no question 'message-1'. Did you mean 'messages-1'\?"),
        (lambda _: guess("messages-99"), r"There is no question 'messages-99'. Did you mean"),
        (lambda _: questions("mesages"), r"There are no questions 'mesages'. Did you mean 'messages'\?"),
        (lambda stepper: guess(stepper, "ordres"), r"No actor listens on channel 'ordres'. Did you mean 'orders'\?"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(stepper: Stepper, ask, message: str):
    with pytest.raises(UnknownNameError, match=message):
        ask(stepper)


def test_what_cannot_be_asked_about_is_refused_with_the_fix(stepper: Stepper):
    with pytest.raises(DeclarationError, match=r"guess\(\) takes a Stepper, .* not a Repid"):
        guess(stepper.app)


def test_numbers_are_offered_by_size():
    assert Question(asks="How many?", right="10", wrong=("2", "33"), why="So.").choices == ("2", "10", "33")
