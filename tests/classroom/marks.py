"""What tests of exercises say: which message breaks an answer, or why it could not be tried."""

from typing import Any

from repid_nb import Step
from repid_nb.classroom import check
from repid_nb.classroom.catalogue import find
from repid_nb.classroom.exercise import payload_of
from repid_nb.classroom.marking import mark
from repid_nb.classroom.records import Marking

__all__ = ["headers_that_break", "marked", "payload_that_breaks", "step_that_breaks", "trouble_with"]


def marked(name: str, answer: Any, *, limit: float = 30.0) -> Marking:
    """Mark an answer; a test of one that never ends gives a short limit, in seconds."""
    return mark(find(name), answer, limit=limit)


def step_that_breaks(name: str, answer: Any) -> Step:
    """Return the Step that a check shows of a wrong answer."""
    marking = check(name, answer)
    assert not marking
    assert marking.trouble is None, marking
    assert marking.finding is not None
    assert isinstance(marking.finding.shown, Step), marking
    return marking.finding.shown


def headers_that_break(name: str, answer: Any) -> dict[str, str] | None:
    """Return the headers of the message that breaks a wrong answer."""
    return step_that_breaks(name, answer).message.headers


def payload_that_breaks(name: str, answer: Any) -> Any:
    """Return the payload of the message that breaks a wrong answer, read as JSON."""
    return payload_of(step_that_breaks(name, answer))


def trouble_with(name: str, answer: Any, *, limit: float = 30.0) -> str:
    """Return the sentence about a check that stopped early."""
    marking = marked(name, answer, limit=limit)
    assert not marking
    assert marking.finding is None
    assert marking.trouble is not None
    return marking.trouble.sentence
