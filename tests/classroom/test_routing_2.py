"""routing-2: mending actors that are shadowed."""

import pytest
from classroom.marks import headers_that_break, step_that_breaks, trouble_with
from support.exercises import cells, solution, start

from repid_nb import Router, catch_all_routing_strategy
from repid_nb.classroom import check

NAME = "routing-2"
HIDDEN = cells(NAME)["marked-hidden"]


def begins_with_its_name(*, actor_name):
    return lambda message: (message.headers or {}).get("topic", "").startswith(actor_name)


def begins_with_its_name_and_more(*, actor_name):
    return lambda message: (message.headers or {}).get("topic", "").startswith(f"{actor_name}_")


def has_no_topic(*, actor_name):
    return lambda message: not (message.headers or {}).get("topic")


def begins_but_is_no_motor(*, actor_name):
    def strategy(message):
        topic = (message.headers or {}).get("topic", "")
        return topic.startswith(actor_name) and topic != "repair_motor"

    return strategy


def is_its_name_or_more(*, actor_name):
    def strategy(message):
        topic = (message.headers or {}).get("topic", "")
        return topic == actor_name or topic.startswith(f"{actor_name}_")

    return strategy


def when_topic_in(*topics):
    return {"routing_strategy": lambda *, actor_name: lambda message: (message.headers or {}).get("topic") in topics}


BY_TOPIC = {}
GREEDY = {"routing_strategy": begins_with_its_name}
EVERYTHING = {"routing_strategy": catch_all_routing_strategy}

RENT, MOTOR, REPAIR, DESK = (
    ("rent", BY_TOPIC),
    ("repair_motor", BY_TOPIC),
    ("repair", GREEDY),
    ("front_desk", EVERYTHING),
)


def builder(*actors):
    def build():
        router = Router(channel="workshop")
        for name, options in actors:

            @router.actor(name=name, **options)
            async def work(): ...

        return router

    return build


def test_the_solution_passes():
    assert check(NAME, solution(NAME)["build"])


def test_a_list_of_the_public_topics_is_caught_by_the_hidden_checks():
    listed = when_topic_in("repair", "repair_brakes", "repair_motorbike", "repairs")
    build = builder(("repair", listed), MOTOR, RENT, DESK)
    assert check(NAME, build)
    with pytest.raises(AssertionError, match="this message breaks it"):
        exec(HIDDEN, {"build": build, "check": check})  # noqa: S102  (this repository's own cell)


def test_rent_may_stand_anywhere_before_the_front_desk():
    assert check(NAME, builder(MOTOR, REPAIR, RENT, DESK))


def test_a_strategy_that_leaves_the_motor_to_the_electrician_passes():
    assert check(NAME, builder(("repair", {"routing_strategy": begins_but_is_no_motor}), MOTOR, RENT, DESK))


def test_the_untouched_start_is_shown_a_shadowed_actor():
    step = step_that_breaks(NAME, start(NAME)["build"])
    assert step.winner == "front_desk"
    assert [verdict.actor for verdict in step.verdicts if verdict.role == "shadowed"] == ["rent"]


@pytest.mark.parametrize(
    ("answer", "headers"),
    [
        pytest.param(builder(REPAIR, MOTOR, RENT, DESK), {"topic": "repair_motor"}, id="only the front desk moved"),
        pytest.param(builder(DESK, MOTOR, REPAIR, RENT), {"topic": "rent"}, id="only the electrician moved"),
        pytest.param(builder(MOTOR, REPAIR, DESK, RENT), {"topic": "rent"}, id="rent still behind the front desk"),
        pytest.param(
            builder(("repair", BY_TOPIC), MOTOR, RENT, DESK), {"topic": "repair_brakes"}, id="repair by topic alone"
        ),
        pytest.param(
            builder(("repair", when_topic_in("repair", "repair_brakes")), MOTOR, RENT, DESK),
            {"topic": "repair_motorbike"},
            id="the examples of repair alone",
        ),
        pytest.param(
            builder(RENT, ("repair_motor", GREEDY), REPAIR, DESK),
            {"topic": "repair_motorbike"},
            id="a greedy electrician",
        ),
        pytest.param(builder(("rent", GREEDY), MOTOR, REPAIR, DESK), {"topic": "rental"}, id="a greedy rent"),
        pytest.param(
            builder(RENT, MOTOR, ("repair", {"routing_strategy": begins_with_its_name_and_more}), DESK),
            {"topic": "repair"},
            id="repair with more behind it alone",
        ),
        pytest.param(
            builder(RENT, MOTOR, ("repair", {"routing_strategy": is_its_name_or_more}), DESK),
            {"topic": "repairs"},
            id="repair, or with an underscore behind it",
        ),
        pytest.param(
            builder(DESK, MOTOR, REPAIR, RENT, DESK), {"topic": "rent"}, id="the front desk copied to the end"
        ),
        pytest.param(
            builder(RENT, MOTOR, REPAIR, ("front_desk", {"routing_strategy": has_no_topic})),
            {"topic": "sell"},
            id="the front desk without topics alone",
        ),
        pytest.param(builder(RENT, MOTOR, REPAIR), None, id="the front desk dropped"),
        pytest.param(builder(RENT, MOTOR, REPAIR, ("front_desk", BY_TOPIC)), None, id="the front desk by topic"),
        pytest.param(builder(("rent", EVERYTHING), MOTOR, REPAIR, DESK), None, id="rent takes everything"),
    ],
)
def test_a_wrong_answer_is_caught_by(answer, headers):
    assert headers_that_break(NAME, answer) == headers


def test_a_router_that_was_built_instead_of_passed_gets_a_sentence():
    assert "check got a Router, not a function." in trouble_with(NAME, builder(RENT)())
