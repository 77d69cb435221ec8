"""Routing: who takes a message, and what becomes of one that nobody wants."""

import pytest
from differential.harness import Bench, attempt, same


def noting(log, name):
    """An actor's function that notes that it ran, and for what."""

    async def actor(message):
        log("ran", name, message.payload)

    actor.__name__ = name
    return actor


def declare(lib, log, router, name, /, **options):
    """Declare an actor that notes that it ran."""
    actor = noting(log, name)
    actor.__annotations__["message"] = lib.Message
    return router.actor(**options)(actor)


def header_strategy(header):
    def factory(*, actor_name, **_):
        return lambda message: (message.headers or {}).get(header) == actor_name

    return factory


@same
@pytest.mark.parametrize("name", [None, "email_worker"])
@pytest.mark.parametrize("topic", ["send_welcome_email", "email_worker"])
async def test_the_topic_is_the_name_of_the_actor(lib, log, name, topic):
    router = lib.Router(channel="tasks")
    declare(lib, log, router, "send_welcome_email", name=name)
    declare(lib, log, router, "rest", routing_strategy=lib.catch_all_routing_strategy)
    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic=topic)


@same
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_catch_all_takes_what_those_before_it_leave(lib, log, place):
    router = lib.Router(channel="tasks")
    for index, name in enumerate(["one", "two", "three"]):
        options = {"routing_strategy": lib.catch_all_routing_strategy} if index == place else {}
        declare(lib, log, router, name, **options)
    async with Bench(lib, log, router) as bench:
        for topic in ["one", "two", "three"][: place + 1]:
            await bench.deliver(topic=topic)


@same
async def test_the_first_registered_of_two_with_one_name_wins(lib, log):
    router = lib.Router(channel="tasks")
    declare(lib, log, router, "first", name="job")
    declare(lib, log, router, "second", name="job")
    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")
        await bench.deliver(topic="job")


@same
@pytest.mark.parametrize("order", ["before", "between", "after"])
async def test_an_included_router_stands_where_it_was_included(lib, log, order):
    outer, inner = lib.Router(channel="tasks"), lib.Router(channel="tasks")
    declare(lib, log, inner, "inner", name="job")
    if order == "before":
        outer.include_router(inner)
    declare(lib, log, outer, "outer", name="other" if order == "between" else "job")
    if order != "before":
        outer.include_router(inner)
    declare(lib, log, outer, "last", name="job")
    async with Bench(lib, log, outer) as bench:
        await bench.deliver(topic="job")


@same
@pytest.mark.parametrize("headers", [{"action": "resize"}, {"action": "other"}, {"Action": "resize"}, {}, None])
async def test_a_strategy_of_ones_own_decides_by_any_header(lib, log, headers):
    router = lib.Router(channel="tasks")
    declare(lib, log, router, "process", name="resize", routing_strategy=header_strategy("action"))
    declare(lib, log, router, "rest", routing_strategy=lib.catch_all_routing_strategy)
    async with Bench(lib, log, router) as bench:
        await bench.deliver(headers=headers)


@same
@pytest.mark.parametrize("answer", [1, "yes", [], None, 0.0])
async def test_any_true_value_is_a_yes(lib, log, answer):
    router = lib.Router(channel="tasks")
    declare(lib, log, router, "asked", routing_strategy=lambda *, actor_name: lambda message: answer)
    declare(lib, log, router, "rest", routing_strategy=lib.catch_all_routing_strategy)
    async with Bench(lib, log, router) as bench:
        await bench.deliver()


@same
async def test_actors_are_asked_in_order_and_only_until_the_first_yes(lib, log):
    def asking(*, actor_name, **_):
        def strategy(message):
            log("asked", actor_name, message.payload, message.headers, message.content_type, message.reply_to)
            return actor_name == "b"

        return strategy

    router = lib.Router(channel="tasks")
    for name in "abc":
        declare(lib, log, router, name, routing_strategy=asking)
    declare(lib, log, router, "elsewhere", channel="other", routing_strategy=asking)
    async with Bench(lib, log, router) as bench:
        await bench.deliver(b"{}", headers={"h": "1"}, content_type="application/json", reply_to="back")


@same
async def test_only_the_actors_of_the_channel_are_asked(lib, log):
    router = lib.Router()
    declare(lib, log, router, "mail", name="job", channel="mail")
    declare(lib, log, router, "tasks", name="job", channel="tasks")
    declare(lib, log, router, "default", name="job")
    async with Bench(lib, log, router) as bench:
        for channel in ("tasks", "default", "mail"):
            await bench.deliver(topic="job", channel=channel)


@same
@pytest.mark.parametrize("headers", [None, {}, {"topic": "nobody"}, {"topic": ""}, {"Topic": "job"}, {"topic": "JOB"}])
async def test_a_message_that_nobody_wants_is_nacked_at_the_tenth_sighting(lib, log, headers):
    router = lib.Router(channel="tasks")
    declare(lib, log, router, "job")
    async with Bench(lib, log, router) as bench:
        await bench.send(b"unwanted", headers=headers)
        await bench.work_until_settled(10)


@same
async def test_each_unwanted_message_has_ten_sightings_of_its_own(lib, log):
    router = lib.Router(channel="tasks")
    declare(lib, log, router, "job")
    async with Bench(lib, log, router) as bench:
        await bench.send(b"one", topic="nobody")
        await bench.send(b"two", topic="nobody")
        await bench.work_until_settled(20)


@same
async def test_a_new_worker_counts_from_the_beginning(lib, log):
    router = lib.Router(channel="tasks")
    sightings = []

    def strategy(*, actor_name, **_):
        def ask(message):
            if message.payload != b"unwanted":
                return True
            sightings.append(message)
            return False

        return ask

    declare(lib, log, router, "job", routing_strategy=strategy)
    async with Bench(lib, log, router) as bench:
        await bench.send(b"unwanted")
        await bench.work_until_settled(10)
        log("sightings", len(sightings))
        await bench.send(b"unwanted")
        await bench.work_until_settled(21)
        log("sightings", len(sightings))


@same
async def test_a_message_that_is_wanted_after_all_runs(lib, log):
    asked = []

    def late(*, actor_name, **_):
        def strategy(message):
            asked.append(message.payload)
            return len(asked) > 4

        return strategy

    router = lib.Router(channel="tasks")
    declare(lib, log, router, "job", routing_strategy=late)
    async with Bench(lib, log, router) as bench:
        await bench.deliver(b"patient")
        await bench.left("tasks")


@same
async def test_an_actor_can_listen_on_a_channel_object(lib, log):
    router = lib.Router(channel=lib.Channel(address="described", title="Described"))
    declare(lib, log, router, "job")
    declare(lib, log, router, "job", channel=lib.Channel(address="own"))
    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job", channel="described")
        await bench.deliver(topic="job", channel="own")


@same
@pytest.mark.parametrize("name", ["topic_based_routing_strategy", "catch_all_routing_strategy"])
@pytest.mark.parametrize("headers", [None, {}, {"topic": "me"}, {"topic": "you"}])
async def test_a_built_in_strategy_can_be_asked_by_itself(lib, log, name, headers):
    strategy = getattr(lib, name)(actor_name="me", anything="else")
    log("answer", strategy(lib.MessageData(payload=b"", headers=headers)))


@same
async def test_a_strategy_that_is_an_object_with_call_is_taken(lib, log):
    class Strategy:
        def __init__(self, *, actor_name, **_):
            self.name = actor_name

        def __call__(self, message):
            return message.payload == self.name.encode()

    router = lib.Router(channel="tasks")
    declare(lib, log, router, "job", routing_strategy=Strategy)
    async with Bench(lib, log, router) as bench:
        await bench.deliver(b"job")


@same
async def test_a_strategy_that_raises_ends_neither_the_worker_nor_the_routing_of_others(lib, log):
    def moody(*, actor_name, **_):
        def strategy(message):
            if message.payload == b"bad":
                raise RuntimeError("moody")
            return True

        return strategy

    router = lib.Router(channel="tasks")
    declare(lib, log, router, "job", routing_strategy=moody)
    async with Bench(lib, log, router) as bench:
        await bench.send(b"bad")
        await bench.send(b"good")
        await bench.work()


@same
async def test_an_app_without_the_actors_router_knows_nothing_of_it(lib, log):
    router = lib.Router(channel="tasks")
    declare(lib, log, router, "job")
    async with Bench(lib, log) as bench:
        await attempt(log, "worked", bench.work())
        bench.app.include_router(router)
        await bench.deliver(topic="job")


@same
async def test_an_actor_declared_after_its_router_was_included_counts(lib, log):
    router = lib.Router(channel="tasks")
    async with Bench(lib, log, router) as bench:
        declare(lib, log, router, "job")
        await bench.deliver(topic="job")
