"""testing-1: a test that passes on a good actor and fails on every bad one."""

import json

import pytest
from classroom.marks import payload_that_breaks, trouble_with
from support.exercises import cells, solution, start

from repid_nb import TestClient
from repid_nb.classroom import check
from repid_nb.classroom.catalogue import find
from repid_nb.classroom.exercises.testing_1 import Fails
from repid_nb.stepping.record import Raised

NAME = "testing-1"
HIDDEN = cells(NAME)["marked-hidden"]


async def order(app, **payload):
    client = TestClient(app, raise_on_actor_error=False)
    await client.send_message_json(channel="orders", payload=payload, headers={"topic": "ship_order"})
    invoices = [json.loads(one.payload) for one in client.get_sent_messages(channel="invoices")]
    return client.get_sent_messages(channel="orders")[0], invoices


def asking(
    *,
    result=True,
    default=True,
    at_limit=True,
    above=11,
    nacked=True,
    invoices=True,
    no_invoice=True,
    contents=True,
    item="calendar",
):
    """Return a test of all four rules, without what is switched off."""

    async def test(app):
        for payload, count in [({"count": 2}, 2), ({}, 1), ({"count": 10}, 10)]:
            if (count == 1 and not default) or (count == 10 and not at_limit):
                continue
            message, sent = await order(app, item=item, **payload)
            assert message.acked
            assert not result or message.result == f"{count} x {item} is on its way"
            assert not invoices or (sent == [{"item": item, "count": count}] if contents else len(sent) == 1)
        message, sent = await order(app, item="book", count=above)
        assert message.nacked or not nacked
        assert sent == [] or not no_invoice

    return test


async def nothing(app):
    pass


async def without_else(app):
    await asking(nacked=False, no_invoice=False)(app)
    client = TestClient(app)
    try:
        await client.send_message_json(
            channel="orders", payload={"item": "book", "count": 11}, headers={"topic": "ship_order"}
        )
    except ValueError:
        assert client.get_sent_messages(channel="invoices") == []


def test_the_solution_passes():
    assert check(NAME, solution(NAME)["test"])


def test_the_solution_passes_the_hidden_checks():
    exec(HIDDEN, {"check": check, **solution(NAME)})  # noqa: S102  (this repository's own cell)


def test_a_test_of_all_four_rules_passes():
    assert check(NAME, asking())


def test_a_test_that_looks_at_the_count_of_an_invoice_alone_is_caught():
    async def test(app):
        for payload, count in [({"count": 2}, 2), ({}, 1), ({"count": 10}, 10)]:
            message, sent = await order(app, item="calendar", **payload)
            assert message.result == f"{count} x calendar is on its way"
            assert [one["count"] for one in sent] == [count]
        message, sent = await order(app, item="calendar", count=11)
        assert message.nacked
        assert sent == []

    finding = check(NAME, test).finding
    assert finding.wanted.endswith("The invoice is for another item.")


def test_the_statement_says_how_many_broken_actors_there_are():
    broken = [case for case in find(NAME).cases if isinstance(case.wants[0], Fails)]
    assert len(broken) == 13
    assert "with thirteen that do not" in cells(NAME)["statement"]


def test_the_start_lets_somebody_through():
    marking = check(NAME, start(NAME)["test"])
    assert marking.finding.happened == "Your test lets this broken actor through."
    assert "breaks rule 2" in marking.finding.wanted


@pytest.mark.parametrize(
    ("test", "payload", "rule"),
    [
        pytest.param(nothing, {"item": "book"}, 2, id="nothing"),
        pytest.param(asking(default=False), {"item": "book"}, 2, id="the default is not tried"),
        pytest.param(asking(result=False, contents=False), {"item": "book"}, 2, id="only that it was acked"),
        pytest.param(asking(result=False), {"item": "book", "count": 2}, 1, id="the result is not looked at"),
        pytest.param(asking(above=99), {"item": "book", "count": 11}, 3, id="too many is 99"),
        pytest.param(asking(at_limit=False), {"item": "book", "count": 10}, 3, id="10 is not tried"),
        pytest.param(asking(nacked=False), {"item": "book", "count": 11}, 3, id="nacked is not looked at"),
        pytest.param(without_else, {"item": "book", "count": 11}, 3, id="nothing fails if nothing is raised"),
        pytest.param(asking(invoices=False), {"item": "book", "count": 2}, 4, id="invoices are not looked at"),
        pytest.param(asking(contents=False), {"item": "book", "count": 2}, 4, id="invoices are only counted"),
        pytest.param(asking(no_invoice=False), {"item": "book", "count": 11}, 4, id="no look after a refused order"),
        pytest.param(asking(item="book"), {"item": "calendar", "count": 2}, 1, id="nothing but books is ordered"),
    ],
)
def test_a_wrong_answer_is_caught_by(test, payload, rule):
    assert payload_that_breaks(NAME, test) == payload
    assert f"breaks rule {rule}." in check(NAME, test).finding.wanted


def test_a_test_that_fails_on_the_good_actor_is_shown_where():
    async def test(app):
        message, _ = await order(app, item="book", count=2)
        assert message.result == "2 books are on their way", message.result

    marking = check(NAME, test)
    assert marking.finding.happened == "Your test failed with an actor that keeps all four rules."
    assert isinstance(marking.finding.shown, Raised)
    assert marking.finding.shown.message.startswith("2 x book is on its way")
    assert "in test" in marking.finding.shown.traceback


def test_a_test_that_cannot_deal_with_the_error_fails_on_the_good_actor():
    async def test(app):
        await TestClient(app).send_message_json(
            channel="orders", payload={"item": "book", "count": 11}, headers={"topic": "ship_order"}
        )

    assert check(NAME, test).finding.shown.type == "ValueError"


def test_a_forgotten_await_is_named():
    async def test(app):
        order(app, item="book")

    assert any("`order` was called without `await`" in one for one in check(NAME, test).warned)


def test_a_plain_function_is_told_to_be_async():
    def test(app):
        TestClient(app)

    assert "Write `async def`" in trouble_with(NAME, test)
