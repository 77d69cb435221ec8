"""routing-3: splitting a catch-all, so that every message is dealt with as before."""

import pytest
from classroom.marks import headers_that_break, step_that_breaks
from support.exercises import cells, solution, start

from repid_nb import Router, catch_all_routing_strategy
from repid_nb.classroom import check
from repid_nb.classroom.exercises.routing_3 import SENTENCES

NAME = "routing-3"
HIDDEN = cells(NAME)["marked-hidden"]


def header(message, name):
    return (message.headers or {}).get(name, "")


def is_for(message, actor):
    return header(message, "topic") == actor


def when(rule):
    return {"routing_strategy": lambda *, actor_name: rule}


BY_TOPIC = {}
RIGHT = {
    "marry": BY_TOPIC,
    "interpret": when(lambda message: header(message, "language") == "sign"),
    "collect_tax": when(lambda message: header(message, "topic").startswith("tax.")),
    "register_move": when(lambda message: header(message, "topic") in ("move", "move_house")),
    "put_on_pile": {"routing_strategy": catch_all_routing_strategy},
}


def builder(*order, sentences=SENTENCES, **other):
    """Make an answer that is right but for the order, or for the options of some actors."""
    actors = {**RIGHT, **other}

    def build():
        router = Router(channel="town_hall")
        for name in order or actors:

            def work(name=name):
                async def do_it():
                    return sentences[name]

                return do_it

            if actors[name] is not None:
                router.actor(name=name, **actors[name])(work())
        return router

    return build


def topic(name, **headers):
    return {"topic": name, **headers}


SIGN = {"language": "sign"}


def test_the_solution_passes():
    assert check(NAME, solution(NAME)["build"])


def test_a_list_of_the_public_topics_is_caught_by_a_topic_that_is_new_each_time():
    build = builder(collect_tax=when(lambda message: header(message, "topic") in ("tax.dog", "tax.house")))
    assert "is new today" in check(NAME, build).finding.wanted


def test_a_list_of_the_public_languages_is_caught_by_the_hidden_checks_too():
    build = builder(interpret=when(lambda message: "sign" in header(message, "language")))
    with pytest.raises(AssertionError, match="this message breaks it"):
        exec(HIDDEN, {"build": build, "check": check})  # noqa: S102  (this repository's own cell)


def test_another_order_of_what_does_not_overlap_passes():
    assert check(NAME, builder("marry", "interpret", "register_move", "collect_tax", "put_on_pile"))


def test_an_actor_in_two_halves_of_one_name_passes_and_nothing_is_warned_of():
    def build():
        hall = builder("marry", "interpret", "collect_tax")()
        for one in ("move", "move_house"):

            @hall.actor(**when(lambda message, one=one: is_for(message, one)))
            async def register_move():
                return SENTENCES["register_move"]

        hall.include_router(builder("put_on_pile")())
        return hall

    marking = check(NAME, build)
    assert marking
    assert marking.warned == ()


def test_the_old_actor_may_not_stay_behind_the_others():
    def build():
        hall = builder()()
        hall.include_router(start(NAME)["build"]())
        return hall

    finding = check(NAME, build).finding
    assert finding.happened == "There is an actor do_everything."
    assert finding.shown.verdicts[-1].actor == "do_everything"


def test_the_untouched_start_is_shown_the_old_actor():
    assert step_that_breaks(NAME, start(NAME)["build"]).winner == "do_everything"


@pytest.mark.parametrize(
    ("answer", "headers"),
    [
        pytest.param(builder(collect_tax=BY_TOPIC), topic("tax.dog"), id="tax by topic"),
        pytest.param(
            builder(collect_tax=when(lambda message: header(message, "topic").startswith("tax"))),
            topic("taxi"),
            id="tax without the dot",
        ),
        pytest.param(
            builder(collect_tax=when(lambda message: header(message, "topic") in ("tax.dog", "tax.cat"))),
            topic("tax.house"),
            id="some taxes",
        ),
        pytest.param(
            builder(register_move=when(lambda message: header(message, "topic") == "move")),
            topic("move_house"),
            id="one of two topics",
        ),
        pytest.param(
            builder(register_move=when(lambda message: header(message, "topic") == "move_house")),
            topic("move"),
            id="the other of two topics",
        ),
        pytest.param(
            builder(register_move=when(lambda message: "move" in header(message, "topic"))),
            topic("remove"),
            id="move anywhere",
        ),
        pytest.param(
            builder(register_move=when(lambda message: header(message, "topic").startswith("move"))),
            topic("move_car"),
            id="whatever begins with move",
        ),
        pytest.param(
            builder(
                register_move=when(
                    lambda message: header(message, "topic") and header(message, "topic") in "move_house"
                )
            ),
            topic("house"),
            id="a part of the topic",
        ),
        pytest.param(
            builder(marry=when(lambda message: header(message, "topic").startswith("marry"))),
            topic("marry_again"),
            id="whatever begins with marry",
        ),
        pytest.param(
            builder(interpret=when(lambda message: "language" in (message.headers or {}))),
            {"language": "fi"},
            id="any language",
        ),
        pytest.param(
            builder(interpret=when(lambda message: "sign" in header(message, "language"))),
            {"language": "signed"},
            id="a language with sign in its name",
        ),
        pytest.param(
            builder(
                interpret=when(lambda message: header(message, "language") == "sign" and not header(message, "topic"))
            ),
            topic("tax.dog", **SIGN),
            id="sign language without a topic",
        ),
        pytest.param(
            builder("marry", "collect_tax", "register_move", "interpret", "put_on_pile"),
            topic("tax.dog", **SIGN),
            id="the language last",
        ),
        pytest.param(
            builder("interpret", "marry", "collect_tax", "register_move", "put_on_pile"),
            topic("marry", **SIGN),
            id="the language before the wedding",
        ),
        pytest.param(
            builder("marry", "put_on_pile", "interpret", "collect_tax", "register_move"),
            topic("tax.dog"),
            id="the fallback first",
        ),
        pytest.param(
            builder(collect_tax=when(lambda message: message.headers["topic"].startswith("tax."))),
            None,
            id="headers that are not there",
        ),
        pytest.param(
            builder(collect_tax=when(lambda message: header(message, "topic").split(".")[0] == "tax")),
            topic("tax"),
            id="what stands before the dot",
        ),
        pytest.param(
            builder(put_on_pile=when(lambda message: not header(message, "topic"))),
            topic("complain"),
            id="a fallback for what has no topic",
        ),
        pytest.param(
            builder(
                interpret=when(lambda message: header(message, "language") == "sign" or is_for(message, "interpret"))
            ),
            topic("interpret"),
            id="its own name as topic too",
        ),
        pytest.param(
            builder(
                collect_tax=when(
                    lambda message: header(message, "topic").startswith("tax.") or is_for(message, "collect_tax")
                )
            ),
            topic("collect_tax"),
            id="its own name as well as the prefix",
        ),
        pytest.param(
            builder("marry", "register_move", "interpret", "collect_tax", "put_on_pile"),
            topic("move", **SIGN),
            id="the move before the language",
        ),
        pytest.param(builder(put_on_pile=None), None, id="no fallback"),
        pytest.param(builder(put_on_pile=BY_TOPIC), None, id="a fallback by topic"),
        pytest.param(builder(marry=None), topic("marry"), id="no weddings"),
        pytest.param(
            builder(sentences={**SENTENCES, "interpret": SENTENCES["collect_tax"]}), SIGN, id="another sentence"
        ),
    ],
)
def test_a_wrong_answer_is_caught_by(answer, headers):
    assert headers_that_break(NAME, answer) == headers
