"""routing-1: a strategy that takes every event of an order, and nothing else."""

import pytest
from classroom.marks import headers_that_break, trouble_with

from repid_nb.classroom import check
from repid_nb.classroom.exercises.routing_1 import NEW


def strategy_of(takes):
    def strategy(*, actor_name):
        return takes

    return strategy


def event_of(message):
    return (message.headers or {}).get("event", "")


def test_the_solution_passes():
    assert check("routing-1", strategy_of(lambda message: event_of(message).startswith("order.")))


def test_another_solution_passes():
    assert check("routing-1", strategy_of(lambda message: event_of(message).partition(".")[:2] == ("order", ".")))


@pytest.mark.parametrize(
    ("takes", "headers"),
    [
        pytest.param(lambda message: message.headers["event"].startswith("order."), None, id="no headers looked into"),
        pytest.param(
            lambda message: message.headers is not None and message.headers["event"].startswith("order."),
            {"topic": "order.paid"},
            id="a header that is not there",
        ),
        pytest.param(lambda message: "order" in event_of(message), {"event": "preorder.created"}, id="order in it"),
        pytest.param(lambda message: "order." in event_of(message), {"event": "preorder.created"}, id="order. in it"),
        pytest.param(
            lambda message: event_of(message).startswith("order"), {"event": "orders.exported"}, id="without the dot"
        ),
        pytest.param(lambda message: event_of(message).split(".")[0] == "order", {"event": "order"}, id="split"),
        pytest.param(
            lambda message: event_of(message).lower().startswith("order."), {"event": "Order.paid"}, id="any case"
        ),
        pytest.param(
            lambda message: ".order." in f".{event_of(message)}", {"event": "refund.order.paid"}, id="order anywhere"
        ),
        pytest.param(
            lambda message: event_of(message) in ("order.created", "order.paid"),
            {"event": "order.items.changed"},
            id="the two of the examples",
        ),
        pytest.param(
            lambda message: event_of(message) in ("order.created", "order.paid", "order.items.changed"),
            {"event": f"order.{NEW}"},
            id="the three that were seen",
        ),
        pytest.param(
            lambda message: (
                event_of(message).startswith("order.")
                and (event_of(message).count(".") == 1 or event_of(message).endswith("changed"))
            ),
            {"event": f"order.{NEW[:3]}.{NEW[3:]}"},
            id="one dot, or changed",
        ),
        pytest.param(
            lambda message: any(value.startswith("order.") for value in (message.headers or {}).values()),
            {"topic": "order.paid"},
            id="any header",
        ),
        pytest.param(lambda message: False, {"event": "order.paid"}, id="never"),
        pytest.param(lambda message: True, None, id="always"),
    ],
)
def test_a_wrong_answer_is_caught_by(takes, headers):
    assert headers_that_break("routing-1", strategy_of(takes)) == headers


# As a cell defines it, outside any other function.
def takes_a_message(message):
    return event_of(message).startswith("order.")


def test_a_function_of_the_message_is_told_what_is_missing_around_it():
    assert trouble_with("routing-1", takes_a_message) == (
        "Your function takes a message. Put it into a function that takes `actor_name` and returns it: one that "
        "begins with `def order_events(*, actor_name):`."
    )
