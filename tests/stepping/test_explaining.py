"""Why each actor takes a message or does not."""

import asyncio
import copy
import itertools
import json
from enum import StrEnum
from functools import partial

import pytest
import repid
from stepping.bench import CATCH_ALL, app_of, router_of, sent_and_stepped, strategy, tried

from repid_nb import (
    InMemoryServer,
    Message,
    MessageAction,
    Repid,
    Router,
    Step,
    Stepper,
    as_text,
    catch_all_routing_strategy,
    topic_based_routing_strategy,
)
from repid_nb.core.errors import InvalidMessageError, UnknownNameError
from repid_nb.core.routing.strategies import TopicStrategy


async def nothing(): ...


def three_actors() -> Router:
    router = Router()
    router.actor(channel="tasks", name="everything", **CATCH_ALL)(nothing)
    router.actor(channel="tasks", name="mail")(nothing)
    router.actor(channel="tasks", name="sms")(nothing)
    return router


async def test_every_actor_of_the_channel_has_a_verdict_in_order_of_registration():
    step = await sent_and_stepped(three_actors(), topic="mail")
    assert [(one.position, one.actor, one.strategy, one.outcome) for one in step.verdicts] == [
        (1, "everything", "catch-all", "match"),
        (2, "mail", "topic", "match"),
        (3, "sms", "topic", "no match"),
    ]


async def test_the_first_match_wins_and_later_ones_are_shadowed():
    step = await sent_and_stepped(three_actors(), topic="mail")
    assert step.winner == "everything"
    assert [verdict.role for verdict in step.verdicts] == ["winner", "shadowed", None]


async def test_the_record_says_whom_the_worker_would_not_have_asked():
    step = await sent_and_stepped(three_actors(), topic="mail")
    assert [verdict.asked for verdict in step.verdicts] == [True, False, False]


async def test_without_a_match_everybody_was_asked():
    router = Router()
    for name in ("mail", "sms"):
        router.actor(channel="tasks", name=name)(nothing)
    step = await sent_and_stepped(router, topic="post")
    assert step.winner is None
    assert [(verdict.asked, verdict.role) for verdict in step.verdicts] == [(True, None), (True, None)]


async def test_if_it_is_not_to_explain_all_only_those_are_asked_whom_the_worker_asks():
    async with Stepper(app_of(three_actors()), explain_all=False) as stepper:
        await stepper.send("tasks", topic="mail")
        step = await stepper.step()
        why = stepper.explain("tasks", topic="mail")
    assert [verdict.actor for verdict in step.verdicts] == ["everything"]
    assert [verdict.actor for verdict in why.verdicts] == ["everything"]


async def test_of_an_actor_that_is_included_twice_only_the_first_is_asked():
    inner, first, second = router_of(nothing), Router(), Router()
    for outer in (first, second):
        outer.include_router(inner)
    async with Stepper(app_of(first, second)) as stepper:
        for _ in range(2):
            await stepper.send("tasks")
        for step in await stepper.run():
            assert [(verdict.role, verdict.asked) for verdict in step.verdicts] == [
                ("winner", True),
                ("shadowed", False),
            ]


async def test_actors_of_other_channels_have_no_verdict():
    router = three_actors()
    router.actor(channel="elsewhere", name="elsewhere", **CATCH_ALL)(nothing)
    step = await sent_and_stepped(router)
    assert "elsewhere" not in [verdict.actor for verdict in step.verdicts]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"topic": "mail"}, "topic is 'mail'"),
        ({"topic": "mails"}, "wants topic 'mail'"),
        ({"topic": ""}, "wants topic 'mail'"),
        (None, "no topic header"),
        ({}, "no topic header"),
        ({"other": "mail"}, "no topic header"),
        ({"Topic": "mail"}, "no topic header: it is called 'Topic' here"),
        ({" topic": "mail"}, "no topic header: it is called ' topic' here"),
    ],
)
async def test_a_topic_strategy_names_the_topic_that_it_wants(headers, reason):
    step = await sent_and_stepped(router_of(nothing, name="mail", **TOPIC), headers=headers)
    assert step.verdicts[0].reason == reason


TOPIC = {"routing_strategy": topic_based_routing_strategy}


async def test_a_catch_all_takes_everything():
    step = await sent_and_stepped(router_of(nothing))
    assert step.verdicts[0].reason == "takes everything"


def raise_(error: Exception):
    raise error


class Shy:
    def __bool__(self):
        raise ValueError("ask somebody else")


class UnspeakableError(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (lambda m: m.headers.get("action") == "x", "match", "read headers['action'] = 'x' → True"),
        (lambda m: m.headers.get("kind") == "x", "no match", "read headers['kind'] (not there) → False"),
        (lambda m: m.headers["action"] == "y", "no match", "read headers['action'] = 'x' → False"),
        (lambda m: "action" in m.headers, "match", "read headers['action'] = 'x' → True"),
        (lambda m: "kind" in m.headers, "no match", "read headers['kind'] (not there) → False"),
        (lambda m: any(name == "kind" for name in m.headers), "no match", "read all headers → False"),
        (lambda m: ("action", "x") in m.headers.items(), "match", "read all headers → True"),
        (lambda m: "x" in m.headers.values(), "match", "read all headers → True"),
        (lambda m: m.headers == {}, "no match", "read all headers → False"),
        (lambda m: bool(m.headers), "match", "read headers → True"),
        (lambda m: copy.deepcopy(m.headers) == {}, "no match", "read all headers → False"),
        (lambda m: m.payload == b"{}", "match", "read payload = b'{}' → True"),
        (lambda m: m.content_type == "x", "no match", "read content_type = 'application/json' → False"),
        (lambda m: m.channel == "tasks", "match", "read channel = 'tasks' → True"),
        (lambda m: True, "match", "read nothing of the message → True"),
        (lambda m: None, "no match", "read nothing of the message → None, which counts as False"),
        (lambda m: m.headers.get("action"), "match", "read headers['action'] = 'x' → 'x', which counts as True"),
        (lambda m: 0, "no match", "read nothing of the message → 0, which counts as False"),
        (
            lambda m: m.headers["kind"] == "x",
            "error",
            "read headers['kind'] (not there) raised KeyError: 'kind'",
        ),
        (lambda m: raise_(ValueError()), "error", "raised ValueError"),
        (lambda m: raise_(ValueError("two\nlines")), "error", "raised ValueError: two lines"),
        (
            lambda m: raise_(UnspeakableError()),
            "error",
            "raised UnspeakableError: (its text cannot be shown: RuntimeError)",
        ),
        (lambda m: Shy(), "error", "raised ValueError: ask somebody else"),
    ],
)
async def test_a_custom_strategy_is_watched(answer, outcome, reason):
    verdict = await tried(answer, {}, headers={"action": "x"})
    assert (verdict.strategy, verdict.outcome, verdict.reason) == ("custom", outcome, reason)


async def test_a_strategy_that_finds_no_headers_read_that():
    verdict = await tried(lambda m: m.headers is not None)
    assert verdict.reason == "read headers = None → False"


async def test_a_message_that_a_strategy_prints_shows_as_it_would_in_a_worker():
    shown = []

    def answer(message):
        shown.append(repr(message))
        return True

    step = await sent_and_stepped(router_of(lambda: None, routing_strategy=strategy(answer)), topic="a")
    assert "WatchedMessage" not in shown[0]
    assert step.verdicts[0].reason == "read nothing of the message → True"


async def test_several_things_read_are_named_in_order_each_once():
    def answer(message):
        return message.headers["a"] + message.headers["b"] + message.headers["a"] == "121"

    verdict = await tried(answer, headers={"a": "1", "b": "2"})
    assert verdict.reason == "read headers['a'] = '1', headers['b'] = '2' → True"


async def test_a_strategy_that_reads_very_much_has_a_short_reason_all_the_same():
    headers = {f"h{number}": "x" for number in range(500)}
    verdict = await tried(lambda m: all(m.headers[name] == "x" for name in headers), headers=headers)
    assert verdict.reason.endswith("headers['h7'] = 'x' and 492 more → True")


async def test_a_strategy_that_raises_very_much_has_a_short_reason_all_the_same():
    verdict = await tried(lambda m: raise_(ValueError("long " * 10_000)))
    assert len(verdict.reason) < 300


async def test_an_async_strategy_is_pointed_out_and_counts_as_yes():
    async def answer(message):
        return False

    verdict = await tried(answer)
    assert verdict.outcome == "match"
    assert "write the strategy with def, not async def" in verdict.reason


async def test_a_strategy_made_by_a_class_goes_by_the_name_of_the_class():
    class ByAction:
        def __init__(self, *, actor_name):
            self.action = actor_name

        def __call__(self, message):
            return message.headers["action"] == self.action

    step = await sent_and_stepped(router_of(nothing, routing_strategy=ByAction), headers={"action": "nothing"})
    assert (step.verdicts[0].strategy, step.winner) == ("ByAction", "nothing")


async def test_a_strategy_whose_attributes_raise_goes_by_the_name_of_its_class():
    class ByField:
        def __init__(self, *, actor_name):
            self.fields = {"name": actor_name}

        def __getattr__(self, name):
            return self.fields[name]

        def __call__(self, message):
            return True

    step = await sent_and_stepped(router_of(nothing, routing_strategy=partial(ByField)))
    assert (step.winner, step.verdicts[0].strategy) == ("nothing", "ByField")


async def test_a_strategy_that_inherits_from_a_built_in_one_is_watched():
    class AnyCase(TopicStrategy):
        def __call__(self, message):
            return message.headers["topic"].lower() == self.topic

    def any_case(*, actor_name):
        return AnyCase(actor_name)

    step = await sent_and_stepped(router_of(nothing, routing_strategy=any_case), topic="NOTHING")
    (verdict,) = step.verdicts
    assert (verdict.strategy, verdict.outcome) == ("any_case", "match")
    assert verdict.reason == "read headers['topic'] = 'NOTHING' → True"


async def test_a_strategy_that_raises_leaves_the_message_in_work_until_the_stepper_is_closed():
    app = app_of(router_of(nothing, routing_strategy=strategy(lambda m: raise_(ValueError("no")))))
    stepper = Stepper(app)
    await stepper.send("tasks")
    step = await stepper.step()
    assert step.winner is None
    assert step.settlement.action is None
    assert step.settlement.reason == "nobody settled it: a routing strategy raised ValueError"
    assert (step.exception.type, step.exception.message) == ("ValueError", "no")
    assert [message.id for message in stepper.queues["tasks"].in_work] == ["m1"]
    await stepper.close()
    queue = app.servers.default.snapshot()["tasks"]
    assert [message.id for message in queue.ready] == ["m1"]
    assert queue.in_work == ()


async def test_a_strategy_that_raises_before_any_match_means_nobody_wins_though_a_later_one_says_yes():
    router = router_of(nothing, routing_strategy=strategy(lambda m: raise_(ValueError("no"))))
    router.actor(channel="tasks", name="later", **CATCH_ALL)(nothing)
    step = await sent_and_stepped(router)
    assert step.winner is None
    assert [(verdict.outcome, verdict.role) for verdict in step.verdicts] == [("error", None), ("match", None)]


@pytest.mark.parametrize("fault", [lambda m: raise_(ValueError("no")), lambda m: m.headers["kind"]])
async def test_a_strategy_that_raises_after_the_match_does_no_harm(fault):
    router = router_of(nothing)
    router.actor(channel="tasks", name="later", routing_strategy=strategy(fault))(nothing)
    step = await sent_and_stepped(router)
    assert step.winner == "nothing"
    assert step.settlement.action is MessageAction.acked
    assert [(verdict.outcome, verdict.asked) for verdict in step.verdicts] == [("match", True), ("error", False)]


@pytest.mark.parametrize("explain_all", [True, False])
async def test_in_one_pull_a_strategy_that_keeps_state_is_called_as_by_a_worker(explain_all):
    calls = []
    router = Router()
    for name, answer in [("a", False), ("b", True), ("c", True), ("d", False)]:
        router.actor(
            channel="tasks", name=name, routing_strategy=strategy(lambda m, n=name, y=answer: calls.append(n) or y)
        )(nothing)
    async with Stepper(app_of(router), explain_all=explain_all) as stepper:
        await stepper.send("tasks")
        await stepper.step()
    assert calls == ["a", "b"]


def taking_turns() -> tuple[Router, list[str]]:
    """Two actors, of which the first takes every second message it is asked about, and the list of who ran."""
    ran: list[str] = []

    def every_second(*, actor_name):
        asked = 0

        def answer(message):
            nonlocal asked
            asked += 1
            return asked % 2 == 0

        return answer

    router = Router()

    @router.actor(channel="tasks", routing_strategy=every_second)
    async def second():
        ran.append("second")

    @router.actor(channel="tasks", **CATCH_ALL)
    async def rest():
        ran.append("rest")

    return router, ran


async def test_a_strategy_with_state_decides_as_it_would_in_a_worker():
    stepped_router, stepped = taking_turns()
    async with Stepper(app_of(stepped_router)) as stepper:
        for _ in range(7):
            await stepper.send("tasks")
        await stepper.run()

    worked_router, worked = taking_turns()
    app = app_of(worked_router)
    async with app.servers.default.connection():
        for _ in range(7):
            await app.send_message(channel="tasks", payload=b"")
        await app.run_worker(messages_limit=7, register_signals=[])
    assert stepped == worked == ["rest", "second", "rest", "second", "rest", "second", "rest"]


async def test_two_actors_that_share_a_turn_take_it_as_in_a_worker():
    def routers() -> tuple[Router, list[str]]:
        ran: list[str] = []
        turn = itertools.count()

        def every_second(*, actor_name):
            return lambda message: next(turn) % 2 == 0

        router = Router(channel="tasks")
        for name in ("first", "second"):
            router.actor(name=name, routing_strategy=every_second)(lambda name=name: ran.append(name))
        return router, ran

    stepped_router, stepped = routers()
    async with Stepper(app_of(stepped_router)) as stepper:
        for _ in range(4):
            await stepper.send("tasks")
        await stepper.run()

    worked_router, worked = routers()
    app = app_of(worked_router)
    async with app.servers.default.connection():
        for _ in range(4):
            await app.send_message(channel="tasks", payload=b"")
        await app.run_worker(messages_limit=4, register_signals=[])
    assert stepped == worked == ["first", "second", "second", "second"]


async def test_the_verdict_says_why_a_strategy_that_keeps_state_is_not_asked():
    router = router_of(nothing)
    router.actor(channel="tasks", name="later", routing_strategy=strategy([].append))(nothing)
    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
        explanation = stepper.explain("tasks")
    for verdict in (step.verdicts[1], explanation.verdicts[1]):
        assert (verdict.outcome, verdict.role, verdict.asked) == ("not asked", None, False)
        assert verdict.reason == "it may keep state, which asking could change"
    assert "○ 2  later    not asked: it may keep state, which asking could change\n" in as_text(step)
    assert Step.from_dict(json.loads(json.dumps(step.to_dict()))) == step


def marking(*, actor_name):
    def mark(message):
        message.headers["seen"] = f"{message.headers.get('seen', '')}{actor_name}"
        return actor_name in message.headers.get("for", "")

    return mark


def marked_actors(seen: list[str]) -> Router:
    router = Router()
    for name in "abc":

        @router.actor(channel="tasks", name=name, routing_strategy=marking)
        async def look(message: Message):
            seen.append(message.headers["seen"])

    return router


@pytest.mark.parametrize("explain_all", [True, False])
async def test_a_strategy_that_changes_the_headers_changes_them_as_in_a_worker(explain_all):
    stepped: list[str] = []
    async with Stepper(app_of(marked_actors(stepped)), explain_all=explain_all) as stepper:
        for wanted in "bac":
            await stepper.send("tasks", headers={"for": wanted})
        await stepper.run()

    worked: list[str] = []
    app = app_of(marked_actors(worked))
    async with app.servers.default.connection():
        for wanted in "bac":
            await app.send_message(channel="tasks", payload=b"", headers={"for": wanted})
        await app.run_worker(messages_limit=3, tasks_limit=1, register_signals=[])
    assert stepped == worked == ["ab", "a", "abc"]


async def test_a_strategy_that_is_asked_for_the_explanation_only_cannot_change_the_message():
    async def back():
        return "reject"

    router = router_of(back, confirmation_mode="manual_explicit")
    router.actor(channel="tasks", name="z", routing_strategy=marking)(nothing)
    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks", headers={"for": "z"})
        step = await stepper.step()
        assert step.verdicts[1].role == "shadowed"
        assert stepper.queues["tasks"].ready[0].headers == {"for": "z"}


async def test_what_the_winner_does_to_the_headers_is_no_reason_of_those_after_it():
    async def rewrite(message: Message):
        message.headers["topic"] = "mail"

    router = router_of(rewrite)
    router.actor(channel="tasks", name="mail")(nothing)
    step = await sent_and_stepped(router, topic="post")
    assert step.verdicts[1].reason == "wants topic 'mail'"


async def test_a_message_given_up_in_a_strategy_is_not_lost():
    def interrupt(message):
        raise KeyboardInterrupt

    app = app_of(router_of(nothing, routing_strategy=strategy(interrupt)))
    async with Stepper(app) as stepper:
        await stepper.send("tasks")
        with pytest.raises(KeyboardInterrupt):
            await stepper.step()
        assert [message.id for message in stepper.queues["tasks"].ready] == ["m1"]


async def test_explaining_sends_and_pulls_nothing():
    async with Stepper(app_of(three_actors())) as stepper:
        await stepper.send("tasks", topic="mail")
        before = stepper.queues
        stepper.explain("tasks", headers={"topic": "sms"})
        assert stepper.queues == before
        assert len(stepper.history) == 0


@pytest.mark.parametrize("headers", [None, {}, {"topic": "mail"}, {"topic": "sms"}, {"for": "b"}, {"a": "x"}])
@pytest.mark.parametrize("payload", [None, {"a": 1}, b"\xff"])
async def test_explaining_agrees_with_what_a_step_then_does(headers, payload):
    router = Router()
    router.actor(channel="tasks", name="mail")(nothing)
    router.actor(channel="tasks", name="a", routing_strategy=strategy(lambda m: m.payload == b'{"a":1}'))(nothing)
    router.actor(channel="tasks", name="b", routing_strategy=strategy(lambda m: "a" in (m.headers or {})))(nothing)
    router.actor(channel="tasks", name="c", routing_strategy=strategy(lambda m: m.payload == b""))(nothing)
    router.actor(channel="tasks", name="d", routing_strategy=strategy(lambda m: m.content_type))(nothing)
    router.actor(channel="tasks", name="e", routing_strategy=strategy(lambda m: (m.channel, m.action)))(nothing)
    async with Stepper(app_of(router)) as stepper:
        why = stepper.explain("tasks", headers, payload)
        await stepper.send("tasks", payload, headers=headers)
        step = await stepper.step()
    assert why.winner == step.winner
    assert why.verdicts == step.verdicts


def test_explaining_needs_no_connection():
    stepper = Stepper(app_of(three_actors()))
    assert stepper.explain("tasks").winner == "everything"
    assert not stepper.app.servers.default.is_connected


def test_explaining_leaves_the_callers_headers_as_they_are():
    headers = {"for": "x"}
    Stepper(app_of(router_of(nothing, routing_strategy=marking))).explain("tasks", headers)
    assert headers == {"for": "x"}


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"channel": "task"}, UnknownNameError, r"Did you mean 'tasks'\?"),
        ({"channel": "tasks", "headers": {"n": 1}}, InvalidMessageError, "must be a str, not int"),
        ({"channel": "tasks", "headers": {"topic": "a"}, "topic": "b"}, InvalidMessageError, "differ"),
    ],
)
def test_explaining_what_cannot_be_says_so(arguments, error, says):
    with pytest.raises(error, match=says):
        Stepper(app_of(three_actors())).explain(**arguments)


async def test_actors_declared_with_repid_itself_are_explained_too():
    router = repid.Router()
    router.actor(channel="tasks", name="first")(nothing)
    router.actor(channel="tasks", name="rest", routing_strategy=repid.catch_all_routing_strategy)(nothing)
    app = Repid()
    app.servers.register_server("default", InMemoryServer())
    app.include_router(router)
    async with Stepper(app) as stepper:
        await stepper.send("tasks", topic="other")
        step = await stepper.step()
    assert [(one.actor, one.strategy, one.outcome) for one in step.verdicts] == [
        ("first", "topic", "no match"),
        ("rest", "catch-all", "match"),
    ]


def test_both_built_in_strategies_are_named_for_what_they_are():
    router = Router()
    router.actor(channel="tasks", name="a", routing_strategy=catch_all_routing_strategy)(nothing)
    router.actor(channel="tasks", name="b", routing_strategy=topic_based_routing_strategy)(nothing)
    assert [one.strategy for one in Stepper(app_of(router)).explain("tasks").verdicts] == ["catch-all", "topic"]


def topic_router(name: str) -> Router:
    return router_of(nothing, name=name, routing_strategy=topic_based_routing_strategy)


@pytest.mark.parametrize(
    "topic",
    [
        "cafe\u0301",
        "caf\u00e9\u3164",
        "ca\u115ff\u00e9",
        "caf\u00e9\u2800",
        "ca\u034ff\u00e9",
        "caf\u00e9\ufe0f",
        "caf\u00e9\U000e0101",
        "c\u0430f\u00e9",
        "\u0441\u0430f\u00e9",
        "\uff43af\u00e9",
    ],
    ids=ascii,
)
async def test_topics_that_look_alike_and_differ_are_told_apart(topic):
    step = await sent_and_stepped(topic_router("caf\u00e9"), topic=topic)
    assert step.verdicts[0].reason == rf"wants topic 'café' ('caf\xe9'), and this is '{topic}' ({topic!a})"


@pytest.mark.parametrize("topic", ["Cafe", "cafe ", "kaffee", "\u043a\u043e\u0444\u0435", "caf\u00e8"])
async def test_topics_that_can_be_told_apart_are_shown_as_they_are(topic):
    step = await sent_and_stepped(topic_router("caf\u00e9"), topic=topic)
    assert step.verdicts[0].reason == "wants topic 'caf\u00e9'"


async def test_long_topics_that_differ_in_the_middle_are_told_apart():
    topics = [f"{'x' * 100}{one}{'y' * 100}" for one in "ab"]
    step = await sent_and_stepped(topic_router(topics[0]), topic=topics[1])
    assert "('...xxxxxxxxxxxxayyyyyyyyyyy...'), and this is" in step.verdicts[0].reason
    assert "('...xxxxxxxxxxxxbyyyyyyyyyyy...')" in step.verdicts[0].reason
    longer = await sent_and_stepped(topic_router("x" * 100), topic="x" * 2000)
    assert longer.verdicts[0].reason.count("(") == 2


async def test_a_header_that_is_nearly_called_topic_is_pointed_out():
    step = await sent_and_stepped(topic_router("nothing"), headers={"t\u043epic": "nothing"})
    assert step.verdicts[0].reason == "no topic header: it is called 't\u043epic' ('t\\u043epic') here"


class Word(StrEnum):
    MAIL = "mail"


class Hostile(str):
    __slots__ = ()

    def __repr__(self):
        return "import os"

    __str__ = __format__ = lambda self, *_: "import os"


@pytest.mark.parametrize("topic", [Word.MAIL, Hostile("mail")])
async def test_a_topic_of_a_subclass_of_str_is_written_as_text(topic):
    step = await sent_and_stepped(three_actors(), topic=topic, headers={topic: topic})
    assert step.verdicts[1].reason == "topic is 'mail'"
    assert step.verdicts[2].reason == "wants topic 'sms'"
    reads = await tried(lambda message: message.headers[topic] == "x", headers={topic: topic})
    assert reads.reason == "read headers['mail'] = 'mail' → False"
    assert "import os" not in repr(step)


@pytest.mark.parametrize("kind", [GeneratorExit, asyncio.CancelledError])
async def test_a_strategy_that_raises_what_ends_tasks_leaves_the_message_in_work_as_any_other_error(kind):
    def refuse(message):
        raise kind("no")

    async with Stepper(app_of(router_of(nothing, routing_strategy=strategy(refuse)))) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
        assert (step.winner, step.exception.type, step.settlement.action) == (None, kind.__name__, None)
        assert (step.verdicts[0].outcome, step.verdicts[0].reason) == ("error", f"raised {kind.__name__}: no")
        assert [message.id for message in stepper.queues["tasks"].in_work] == ["m1"]


@pytest.mark.parametrize("kind", [RuntimeError, SystemExit, GeneratorExit, asyncio.CancelledError])
async def test_explaining_says_what_a_strategy_raised(kind):
    def refuse(message):
        raise kind("no")

    router = router_of(nothing, routing_strategy=strategy(refuse))
    router.actor(channel="tasks", name="second", **CATCH_ALL)(nothing)
    explanation = Stepper(app_of(router)).explain("tasks")
    assert explanation.winner is None
    assert [(one.outcome, one.role, one.asked) for one in explanation.verdicts] == [
        ("error", None, True),
        ("match", None, False),
    ]


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, asyncio.CancelledError])
async def test_what_only_the_explanation_asks_cannot_end_the_step(kind):
    def refuse(message):
        raise kind("no")

    router = Router()
    router.actor(channel="tasks", name="first", **CATCH_ALL)(nothing)
    router.actor(channel="tasks", name="second", routing_strategy=strategy(refuse))(nothing)
    step = await sent_and_stepped(router)
    assert step.winner == "first"
    assert (step.verdicts[1].outcome, step.verdicts[1].reason) == ("error", f"raised {kind.__name__}: no")


async def test_a_strategy_that_a_lambda_made_has_its_own_name():
    def is_vip(_message) -> bool:
        return True

    step = await sent_and_stepped(router_of(nothing, routing_strategy=lambda *, actor_name: is_vip))
    assert step.verdicts[0].strategy == "is_vip"
