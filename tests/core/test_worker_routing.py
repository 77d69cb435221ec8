"""Who gets a message: the routing table of a worker answers as asking each actor in order would."""

import random
from types import SimpleNamespace

import pytest

from repid_nb.app import Repid
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import MessageData
from repid_nb.core.routing.router import Router
from repid_nb.core.routing.strategies import CatchAllStrategy, TopicStrategy
from repid_nb.core.worker.table import RoutingTable
from repid_nb.core.worker.worker import Worker
from repid_nb.test_client import TestMessage

TOPICS = ["red", "green", "blue"]


def an_actor(strategy, name="actor"):
    return SimpleNamespace(name=name, routing_strategy=strategy)


def in_order(actors, message):
    """Ask one actor after the other, as repid does."""
    return next((actor for actor in actors if actor.routing_strategy(message)), None)


def a_message(topic):
    return MessageData(payload=b"", headers=None if topic is None else {"topic": topic, "kind": topic[0]})


def by_kind(kind):
    return lambda message: (message.headers or {}).get("kind") == kind


def repaint(topic):
    def strategy(message):
        if message.headers is not None:
            message.headers["topic"] = topic
        return False

    return strategy


def some_strategy(chance):
    return chance.choice(
        [
            *(TopicStrategy(topic) for topic in TOPICS * 3),
            by_kind("r"),
            by_kind("b"),
            repaint(chance.choice(TOPICS)),
            lambda message: message.headers is None,
            CatchAllStrategy(),
        ]
    )


@pytest.mark.parametrize("seed", range(200))
def test_the_table_and_asking_in_order_agree(seed):
    chance = random.Random(seed)  # noqa: S311  (a scenario, no secret)
    actors = [an_actor(some_strategy(chance), number) for number in range(chance.randint(0, 12))]
    table = RoutingTable(actors)
    for topic in [*TOPICS, "other", None]:
        assert table.find(a_message(topic)) is in_order(actors, a_message(topic))


def test_of_two_actors_with_one_topic_the_first_wins():
    first, second = an_actor(TopicStrategy("red")), an_actor(TopicStrategy("red"))
    assert RoutingTable([first, second]).find(a_message("red")) is first


def test_a_custom_strategy_is_asked_once_and_only_when_it_is_its_turn():
    asked = []

    def custom(message):
        asked.append(message.headers["topic"])
        return False

    table = RoutingTable([an_actor(TopicStrategy("red")), an_actor(custom), an_actor(TopicStrategy("blue"))])
    assert table.find(a_message("red")) is not None
    assert asked == []
    assert table.find(a_message("blue")) is not None
    assert table.find(a_message("other")) is None
    assert asked == ["blue", "other"]


def test_a_strategy_that_changes_the_topic_decides_with_it_over_those_behind():
    painter = an_actor(repaint("blue"))
    before, red, blue = (an_actor(TopicStrategy(topic)) for topic in ("blue", "red", "blue"))
    assert RoutingTable([before, painter, red, blue]).find(a_message("red")) is blue


def test_a_topic_that_an_actor_has_made_a_list_is_that_of_no_actor():
    catch_all = an_actor(CatchAllStrategy())
    message = MessageData(payload=b"", headers={"topic": ["red"]})
    assert RoutingTable([an_actor(TopicStrategy("red"))]).find(message) is None
    assert RoutingTable([an_actor(TopicStrategy("red")), catch_all]).find(message) is catch_all


def test_a_strategy_that_inherits_from_the_topic_strategy_is_asked_itself():
    class AnyCase(TopicStrategy):
        def __call__(self, message):
            return message.headers["topic"].lower() == self.topic

    loud = an_actor(AnyCase("red"))
    assert RoutingTable([an_actor(TopicStrategy("green")), loud]).find(a_message("RED")) is loud


def test_any_answer_that_counts_as_yes_is_one():
    generous = an_actor(lambda message: "yes")
    assert RoutingTable([generous]).find(a_message("red")) is generous


def test_what_a_strategy_raises_comes_out():
    def broken(message):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        RoutingTable([an_actor(broken), an_actor(CatchAllStrategy())]).find(a_message("red"))


async def test_a_worker_that_is_given_other_actors_asks_those():
    app, server = Repid(), InMemoryServer()
    old, new = an_actor(TopicStrategy("red")), an_actor(TopicStrategy("red"))
    worker = Worker(app.execution_context(server), {"tasks": [old]})
    message = TestMessage(None, b"", {"topic": "red"}, None, "tasks")
    assert worker.route(message) is old
    worker.actors = {"tasks": [new]}
    assert worker.route(message) is new


async def test_a_server_that_subscribes_in_its_own_way_is_asked_in_that_way():
    subscribed = []

    class Audited(InMemoryServer):
        async def subscribe(self, **how):
            subscribed.append(sorted(how["channels_to_callbacks"]))
            return await super().subscribe(**how)

    app, router = Repid(), Router(channel="tasks")
    router.actor(name="known")(nothing)
    app.include_router(router)
    app.servers.register_server("default", Audited(), is_default=True)
    async with app.servers.default.connection():
        await app.send_message(channel="tasks", payload=b"", headers={"topic": "known"})
        assert (await app.run_worker(messages_limit=1, register_signals=[])).processed == 1
    assert subscribed == [["tasks"]]


async def nothing(): ...
