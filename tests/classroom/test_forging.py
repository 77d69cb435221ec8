"""What an answer can reach of its own marking without going out of its way."""

import sys

import pytest
from classroom.samples import strategy_of

from repid_nb.classroom import Case, Send, Wins, check
from repid_nb.classroom.grading import grade
from repid_nb.classroom.records import Marking


@pytest.mark.parametrize("name", ["__bool__", "finding", "__getattribute__", "new"])
def test_an_answer_cannot_change_what_a_marking_is(name):
    def strategy(*, actor_name):
        setattr(Marking, name, lambda *args: True)
        return lambda message: False

    marking = check("routing-1", strategy)
    assert marking.trouble.sentence == "Your code raised AttributeError: Marking cannot be changed."


def test_what_is_wanted_is_not_among_the_calls_that_an_answer_looks_back_on():
    found = []

    def takes(message):
        frame = sys._getframe(1)
        while frame is not None:
            found.extend(frame.f_locals.values())
            frame = frame.f_back
        return False

    check("routing-1", strategy_of(takes))
    assert [one for one in found if isinstance(one, Case | Wins) or hasattr(one, "wants")] == []


def test_a_grade_is_given_by_what_was_found():
    with pytest.raises(AssertionError, match="Nobody got it"):
        grade("routing-1", strategy_of(lambda message: False))
    with pytest.raises(AssertionError, match=r"coin\.tossed"):
        grade(
            "routing-1",
            strategy_of(lambda message: (message.headers or {}).get("event", "").startswith("order.")),
            also=[Case(Send(headers={"event": "coin.tossed"}), Wins("follow_orders"))],
        )
