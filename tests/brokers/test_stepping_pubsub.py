"""Stepping Pub/Sub, played by a gRPC server of the tests: Google's emulator cannot be installed from an index."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest
from brokers.scenes import Scene
from repid import PubsubServer
from support.pubsub import Pubsub

from repid_nb import MessageAction
from repid_nb.core.errors import NotConnectedError, NotPullableError, UnknownNameError
from repid_nb.stepping.brokers import remote


class Played:
    """What a scene needs of a broker."""

    name = "pubsub"

    def __init__(self, pubsub: Pubsub) -> None:
        self._pubsub = pubsub

    def server(self) -> PubsubServer:
        return PubsubServer(self._pubsub.dsn, default_project="project")


@pytest.fixture
async def pubsub(monkeypatch):
    monkeypatch.setattr(remote, "PATIENCE", 0.3)
    async with Pubsub().running() as played:
        played.waiting["orders"] = deque()
        yield played


@pytest.fixture
async def here(pubsub):
    made = Scene(Played(pubsub), "orders")
    yield made
    await made.stepper.close()


async def test_one_message_is_held_during_its_step_and_settled_after_it(here, pubsub):
    for number in range(3):
        await here.send("slow", number)
    stepping = asyncio.create_task(here.step())
    await here.started.wait()
    assert (len(pubsub.waiting["orders"]), len(pubsub.held)) == (2, 1)
    # A subscription's own deadline is often ten seconds, and repid's five minutes would hide what a killed kernel held.
    assert pubsub.deadlines == [60]
    here.go_on.set()
    assert (await stepping).settlement.action is MessageAction.acked
    assert pubsub.held == {}
    await here.run_all(2)
    assert here.done == [0, 1, 2]


async def test_how_many_wait_is_not_known_and_nothing_is_told_with_its_patience(here):
    idle = await here.stepper.step()
    assert idle.queues["orders"].waiting is None
    assert idle.note == "nothing came within 0.3 s"


async def test_what_is_nacked_comes_back_and_the_step_says_so(here):
    await here.send("broken")
    step = await here.step()
    assert step.settlement.action is MessageAction.nacked
    assert step.settlement.where.startswith("back at once: it goes round for ever")
    assert (await here.step()).message.id == step.message.id


async def test_dead_letters_of_a_policy_are_read_and_sent_again_and_stay_where_they_are_until_then(here, pubsub):
    pubsub.waiting["dead"] = deque()
    pubsub.policies["orders"] = ("dead", 2)
    for _ in range(2):
        await here.send("broken")
    steps = [await here.step() for _ in range(4)]
    assert steps[0].settlement.where == "back at once; after 2 deliveries a dead letter, on the topic dead"
    assert steps[0].note == "It was delivery 1 of 2: each one counts, also where it is given back."
    letters = (await here.stepper.look())["orders"].dead_letters
    assert (len(letters), len(pubsub.waiting["dead"])) == (2, 2)
    assert "LookupError" in letters[0].reason
    assert await here.stepper.send_again("orders", letters[1].message.id) == 1
    assert [one.message.id for one in (await here.stepper.look())["orders"].dead_letters] == [letters[0].message.id]
    assert await here.stepper.send_again("orders") == 1
    assert (len(pubsub.waiting["dead"]), len(pubsub.waiting["orders"])) == (0, 2)
    with pytest.raises(UnknownNameError, match="No dead letter"):
        await here.stepper.send_again("orders", letters[0].message.id)


async def test_letters_that_would_count_a_look_are_not_looked_at(here, pubsub):
    pubsub.waiting["dead"] = deque()
    pubsub.policies.update(orders=("dead", 1), dead=("orders", 5))
    await here.send("broken")
    await here.step()
    assert (await here.stepper.look())["orders"].dead_letters == ()
    assert await here.stepper.send_again("orders") == 1


async def test_without_a_policy_letters_are_refused_with_the_line_that_makes_one(here):
    await here.send("broken")
    with pytest.raises(NotPullableError, match="gcloud pubsub subscriptions update orders --dead-letter-topic TOPIC"):
        await here.stepper.send_again("orders")


async def test_an_interrupted_step_gives_its_message_back(here, pubsub):
    await here.send("slow", 1)
    stepping = asyncio.create_task(here.step())
    await here.started.wait()
    stepping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stepping
    assert (len(pubsub.waiting["orders"]), pubsub.held) == (1, {})
    here.go_on.set()
    await here.run_all(1)
    assert here.done == [1]


async def test_a_missing_subscription_is_told_with_the_line_that_makes_it(pubsub):
    del pubsub.waiting["orders"]
    here = Scene(Played(pubsub), "orders")
    with pytest.raises(NotPullableError, match="gcloud pubsub subscriptions create orders --topic orders"):
        await here.stepper.step()
    with pytest.raises(NotPullableError, match="gcloud pubsub topics create orders"):
        await here.stepper.send("orders", {})
    await here.stepper.close()


async def test_a_wrong_port_is_told_at_once(pubsub):
    pubsub.port = 1
    here = Scene(Played(pubsub), "orders")
    with pytest.raises(NotConnectedError, match=r"Pub/Sub does not answer at .*: is it running"):
        await here.stepper.step()
