"""A student's ballot: a widget that hears questions over the class's broker and answers by a click."""

from __future__ import annotations

import asyncio

import comm
import pytest
from support.waiting import until

from repid_nb import local_broker
from repid_nb.hosting.questions import Poll
from repid_nb.widgets.ballot import Ballot


@pytest.fixture
def broker(capsys, monkeypatch):
    monkeypatch.setattr(comm, "create_comm", comm.DummyComm)
    broker = local_broker("redis", share="127.0.0.1").local_broker
    yield broker
    broker.stop()


@pytest.fixture
async def ada(broker):
    ballot = Ballot(broker.class_dsn, "ada")
    yield ballot
    ballot.close()
    await asyncio.wait({ballot._listening})


@pytest.fixture
async def poll(broker):
    poll = Poll(broker.dsn, lambda _: None)
    yield poll
    await poll.close()


def click(ballot, choice, question=None):
    """Bring in a message of the page, as its comm would."""
    asked = question or (ballot.question and ballot.question.id)
    content = {"type": "answer", "question": asked, "choice": choice}
    ballot._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


async def asked(ballot, poll, text="Who gets m7?"):
    await poll.ask(text, ["ship", "log"])
    await until(lambda: (ballot.ballot["question"] or {}).get("text") == text)


async def test_a_question_is_shown_and_a_click_answers_it(ada, poll):
    assert ada.ballot["question"] is None
    await asked(ada, poll)
    assert ada.ballot["question"]["choices"] == ("ship", "log")
    click(ada, 1)
    await until(lambda: poll.standing.tallies == (0, 1))
    await until(lambda: ada.ballot["picked"] == 1 and not ada.ballot["busy"])


async def test_an_answer_can_be_changed_until_the_truth_is_told(ada, poll):
    await asked(ada, poll)
    for choice in (0, 1):
        click(ada, choice)
        await until(lambda choice=choice: ada.ballot["picked"] == choice and not ada.ballot["busy"])
    await poll.tell("ship")
    await until(lambda: ada.ballot["question"]["truth"] == "ship")
    click(ada, 0)
    await asyncio.sleep(0)
    assert ada.ballot["picked"] == 1
    assert poll.standing.tallies == (0, 1)


async def test_the_next_question_forgets_the_answer_to_the_one_before(ada, poll):
    await asked(ada, poll)
    click(ada, 0)
    await until(lambda: ada.ballot["picked"] == 0)
    await asked(ada, poll, "Who gets m8?")
    assert ada.ballot["picked"] is None


@pytest.mark.parametrize("choice", [-1, 2, "0", None, True, 1.0])
async def test_a_click_that_names_no_choice_does_nothing(ada, poll, choice):
    await asked(ada, poll)
    click(ada, choice)
    await asyncio.sleep(0)
    assert not ada.ballot["busy"]


async def test_a_click_on_an_earlier_question_does_nothing(ada, poll):
    await asked(ada, poll)
    click(ada, 0, question="earlier")
    await asyncio.sleep(0)
    assert not ada.ballot["busy"]


async def test_an_answer_that_does_not_get_through_is_told(broker, ada, poll):
    await asked(ada, poll)
    broker.stop()
    click(ada, 0)
    await until(lambda: "did not get through" in ada.ballot["error"])
    assert ada.ballot["picked"] is None


async def test_two_notebooks_of_the_class_answer_each_for_itself(broker, ada, poll):
    grace = Ballot(broker.class_dsn, "grace")
    await asked(ada, poll)
    await until(lambda: grace.question is not None)
    click(ada, 0)
    click(grace, 1)
    await until(lambda: poll.standing.tallies == (1, 1))
    grace.close()
    await asyncio.wait({grace._listening})


async def test_a_notebook_that_has_not_joined_says_why(broker):
    port = broker.port
    late = Ballot(f"redis://class:yesterday@127.0.0.1:{port}", "late")
    assert not late.ballot["joined"]
    await until(lambda: late.ballot["error"] == "The password is not right: copy the teacher's line of today.")
    nowhere = Ballot("redis://class:password@127.0.0.1:1", "nowhere")
    await until(lambda: "Nothing answers at 127.0.0.1:1. Is the teacher's notebook open" in nowhere.ballot["error"])
    assert not late.ballot["joined"]
    assert not nowhere.ballot["joined"]
    for ballot in (late, nowhere):
        ballot.close()
        await asyncio.wait({ballot._listening})


async def test_a_teacher_who_goes_is_told(broker, ada):
    await until(lambda: ada.ballot["joined"])
    assert ada.ballot["error"] == ""
    broker.stop()
    await until(lambda: not ada.ballot["joined"] and "Nothing answers" in ada.ballot["error"])
