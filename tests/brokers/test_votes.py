"""A class that votes: the stage asks, the notebooks of the class answer, and the step says what was right."""

from __future__ import annotations

import asyncio

import pytest
from support.waiting import until

from repid_nb import InMemoryServer, Repid, Router, Stepper, join, local_broker
from repid_nb.hosting.questions import Listener
from repid_nb.widgets.session import Session


class Learner:
    """A joined notebook."""

    def __init__(self, broker):
        self.question = None
        self._listener = Listener(broker.class_dsn, self._hear)
        self._listening = asyncio.ensure_future(self._listener.listen())

    def _hear(self, question):
        self.question = question

    async def answers(self, choice):
        await self._listener.answer(self.question, self.question.choices.index(choice))

    async def leaves(self):
        self._listening.cancel()
        await asyncio.wait({self._listening})


def app_on(server):
    app, router = Repid(), Router(channel="orders")
    app.servers.register_server("default", server, is_default=True)

    @router.actor
    async def ship(number: int): ...

    @router.actor
    async def refund(number: int): ...

    app.include_router(router)
    return app


@pytest.fixture
def server(capsys):
    server = local_broker("redis", share="127.0.0.1")
    yield server
    server.local_broker.stop()


@pytest.fixture
async def stage(server):
    stepper = Stepper(app_on(server))
    session = Session([stepper], lambda *_: None, lambda _: None)
    yield session
    await asyncio.gather(*session.close(), return_exceptions=True)
    await until(lambda: not session._class._tasks)
    await stepper.close()


async def press(stage, kind, **rest):
    stage.handle({"type": kind, **rest})
    await stage.wait()


def shown(stage):
    return stage.state()["prediction"]["class"]


async def ask(stage, *learners):
    """Press Step while predictions are on, and wait until the class has heard the question."""
    await press(stage, "ask_class")
    await until(lambda: all(one.question is not None and one.question.truth is None for one in learners))


async def test_the_class_is_asked_who_gets_the_next_message_and_told_after_the_step(server, stage):
    ada, grace = Learner(server.local_broker), Learner(server.local_broker)
    await join(server.local_broker.class_dsn, "ada").send("orders", {"number": 1}, topic="refund")
    await stage.stepper.look()
    await press(stage, "predict", on=True)
    await ask(stage, ada, grace)
    assert ada.question.text == "Who gets m1?"
    assert ada.question.choices[:2] == ("ship", "refund")
    await ada.answers("ship")
    await grace.answers("refund")
    await until(lambda: shown(stage)["answered"] == 2)
    assert shown(stage)["truth"] is None
    await press(stage, "step")
    await until(lambda: shown(stage)["truth"] == "refund")
    assert shown(stage)["tallies"][:2] == [["ship", 1], ["refund", 1]]
    await until(lambda: ada.question.truth == grace.question.truth == "refund")
    await ada.leaves()
    await grace.leaves()


async def test_a_message_that_nobody_wants_has_a_right_answer_too(server, stage):
    ada = Learner(server.local_broker)
    await stage.stepper.send("orders", {"number": 1}, topic="send_fax")
    await press(stage, "predict", on=True)
    await ask(stage, ada)
    await press(stage, "step")
    stage.state()
    await until(lambda: ada.question.truth is not None)
    assert ada.question.truth in ada.question.choices[2:]
    await ada.leaves()


async def test_a_step_of_a_cell_answers_the_question_too(server, stage):
    ada = Learner(server.local_broker)
    await stage.stepper.send("orders", {"number": 1}, topic="ship")
    await press(stage, "predict", on=True)
    await ask(stage, ada)
    await stage.stepper.step()
    stage.state()
    await until(lambda: ada.question.truth == "ship")
    await ada.leaves()


async def test_where_nothing_waits_nothing_is_asked(stage):
    await press(stage, "predict", on=True)
    await press(stage, "ask_class")
    assert shown(stage) == {"question": None, "joined": 0, "answered": 0, "tallies": [], "truth": None}


async def test_a_class_that_cannot_be_asked_is_told_in_a_sentence(server, stage):
    await stage.stepper.send("orders", {"number": 1}, topic="ship")
    await press(stage, "predict", on=True)
    server.local_broker.stop()
    await press(stage, "ask_class")
    await until(lambda: "The class could not be asked" in stage.error)


@pytest.mark.parametrize("server", [InMemoryServer()], ids=["in memory"])
async def test_a_stage_whose_broker_is_not_shared_says_nothing_of_a_class(server):
    session = Session([Stepper(app_on(server))], lambda *_: None, lambda _: None)
    session.handle({"type": "ask_class"})
    assert "class" not in session.state()["prediction"]
    session.close()
