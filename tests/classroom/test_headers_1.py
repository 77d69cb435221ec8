"""headers-1: headers for the records of an old system."""

import pytest
from classroom.marks import marked, payload_that_breaks, trouble_with
from support.exercises import cells, solution, start

from repid_nb import InMemoryServer, Repid, Router, Stepper
from repid_nb.classroom import check
from repid_nb.classroom.exercises.headers_1 import warehouse

NAME = "headers-1"
HIDDEN = cells(NAME)["marked-hidden"]
TOPICS = {"S": "ship", "R": "refund"}


def explained(router: Router, headers):
    app = Repid()
    app.servers.register_server("default", InMemoryServer())
    app.include_router(router)
    verdicts = Stepper(app).explain("warehouse", headers=headers).verdicts
    return [(verdict.actor, verdict.strategy, verdict.outcome, verdict.reason) for verdict in verdicts]


def designed(*, topic=None, speed=None, country=None):
    """Make an answer that is right but for what is given."""

    def headers_for(record):
        headers = {
            "number": str(record["NO"]),
            "topic": (topic or right_topic)(record),
            "speed": "express" if (speed or right_speed)(record) else None,
            "country": (country or right_country)(record),
        }
        return {name: value for name, value in headers.items() if value is not None}

    return headers_for


def right_topic(record):
    return TOPICS.get(record.get("KIND"))


def right_speed(record):
    return record.get("KIND") == "S" and record.get("FAST") == "Y"


def right_country(record):
    return record.get("LAND") or None


def test_the_solution_passes():
    assert check(NAME, solution(NAME)["headers_for"])


def test_whatever_is_not_a_known_no_is_caught_by_the_hidden_checks():
    headers_for = designed(speed=lambda record: record.get("KIND") == "S" and record.get("FAST") not in (None, "", "N"))
    assert check(NAME, headers_for)
    with pytest.raises(AssertionError, match="this message breaks it"):
        exec(HIDDEN, {"headers_for": headers_for, "check": check})  # noqa: S102  (this repository's own cell)


def test_another_solution_passes():
    assert check(NAME, designed(country=lambda record: record.get("LAND") or "home"))


def test_the_actors_of_the_notebook_are_those_of_the_check():
    shown = solution(NAME)["warehouse"]
    for headers in ({}, {"speed": "express"}, {"topic": "ship"}, {"topic": "refund", "speed": "slow"}):
        assert explained(shown, headers) == explained(warehouse(), headers)


def test_the_untouched_start_is_shown_the_first_record():
    assert payload_that_breaks(NAME, start(NAME)["headers_for"]) == {"NO": 7, "KIND": "S"}


@pytest.mark.parametrize(
    ("answer", "record"),
    [
        pytest.param(
            designed(speed=lambda record: record.get("KIND") == "S" and record.get("FAST")),
            {"NO": 7, "KIND": "S", "FAST": "N"},
            id="N counts as true",
        ),
        pytest.param(
            designed(speed=lambda record: record.get("FAST") == "Y" and record.get("KIND") != "R"),
            {"NO": 7, "FAST": "Y"},
            id="what nobody understands by courier",
        ),
        pytest.param(
            designed(speed=lambda record: record.get("FAST") == "Y" and record.get("KIND") not in (None, "R")),
            {"NO": 7, "KIND": "X", "FAST": "Y"},
            id="an unknown kind by courier",
        ),
        pytest.param(
            designed(speed=lambda record: record.get("FAST") == "Y" and record.get("KIND")),
            {"NO": 7, "KIND": "R", "FAST": "Y"},
            id="money by courier",
        ),
        pytest.param(
            designed(country=lambda record: str(record["LAND"]) if record.get("LAND", "") != "" else None),
            {"NO": 7, "KIND": "S", "LAND": None},
            id="a country called None",
        ),
        pytest.param(
            designed(country=lambda record: record.get("LAND")),
            {"NO": 7, "KIND": "S", "LAND": ""},
            id="an empty country",
        ),
        pytest.param(designed(country=lambda record: None), {"NO": 7, "KIND": "S", "LAND": "FI"}, id="no country"),
        pytest.param(
            designed(topic=lambda record: "ship" if record.get("KIND") == "S" else "refund"),
            {"NO": 7},
            id="everything else is money",
        ),
        pytest.param(
            designed(topic=lambda record: TOPICS.get(record.get("KIND", "S"))), {"NO": 7}, id="a default kind"
        ),
        pytest.param(
            designed(topic=lambda record: "ship" if record.get("KIND") == "S" else None),
            {"NO": 7, "KIND": "R"},
            id="no money back",
        ),
        pytest.param(
            designed(topic=lambda record: TOPICS.get(record.get("KIND"), "refund" if record.get("KIND") else None)),
            {"NO": 7, "KIND": "X"},
            id="every other kind is money",
        ),
        pytest.param(
            designed(topic=lambda record: TOPICS.get("S" if record.get("KIND", "") is None else record.get("KIND"))),
            {"NO": 7, "KIND": None},
            id="None is a parcel",
        ),
        pytest.param(
            designed(speed=lambda record: record.get("KIND") == "S" and record.get("FAST", "N") != "N"),
            {"NO": 7, "KIND": "S", "FAST": None},
            id="whatever is not N is fast",
        ),
        pytest.param(
            designed(speed=lambda record: right_speed(record) and not record.get("LAND")),
            {"NO": 7, "KIND": "S", "FAST": "Y", "LAND": "FI"},
            id="no courier abroad",
        ),
        pytest.param(designed(topic=lambda record: record.get("KIND")), {"NO": 7, "KIND": "S"}, id="the kind as topic"),
        pytest.param(
            designed(speed=lambda record: False), {"NO": 7, "KIND": "S", "FAST": "Y"}, id="nothing by courier"
        ),
    ],
)
def test_a_wrong_answer_is_caught_by(answer, record):
    assert payload_that_breaks(NAME, answer) == record


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        pytest.param(
            lambda record: {"number": record["NO"]},
            "For the record {'NO': 7} your function returned {'number': 7}. "
            "The value of a header must be text; `number` is not.",
            id="a number",
        ),
        pytest.param(
            designed(topic=lambda record: 0 if "KIND" not in record else right_topic(record)),
            "The value of a header must be text; `topic` is not.",
            id="a topic that is none",
        ),
        pytest.param(lambda record: None, "not a dict of headers. Is its `return` missing?", id="no return"),
        pytest.param(lambda record: "ship", "your function returned the text 'ship', not a dict", id="text"),
        pytest.param(lambda record: {7: "number"}, "a header whose name is the number 7.", id="a number as name"),
    ],
)
def test_headers_that_no_message_can_have_get_a_sentence(answer, sentence):
    assert sentence in trouble_with(NAME, answer)


def test_an_exception_comes_with_the_record():
    trouble = marked(NAME, designed(topic=lambda record: TOPICS[record["KIND"]])).trouble
    assert trouble.sentence == "Your code raised KeyError: 'KIND'."
    assert trouble.where.hint == "The record was {'NO': 7}."
