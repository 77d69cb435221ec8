"""Observers: told of everything until they fail, and never able to do harm."""

import pytest

from repid_nb.core.events import Published, guarded
from repid_nb.core.message import MessageData

EVENT = Published("tasks", MessageData(payload=b""))


def test_a_guarded_observer_is_told_of_every_event():
    told = []
    tell = guarded(told.append)
    tell(EVENT)
    tell(EVENT)
    assert told == [EVENT, EVENT]


def test_an_observer_that_raises_is_logged_once_and_told_no_more(caplog):
    told = []

    def broken(event):
        told.append(event)
        raise ZeroDivisionError("too bad")

    tell = guarded(broken)
    tell(EVENT)
    tell(EVENT)
    assert told == [EVENT]
    (record,) = caplog.records
    assert record.message == "observer.dropped"
    assert record.event == "Published"
    assert "too bad" in caplog.text


def test_an_interrupt_in_an_observer_is_no_failure_of_it():
    def interrupted(event):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guarded(interrupted)(EVENT)


def test_events_cannot_be_changed():
    with pytest.raises(AttributeError):
        EVENT.channel = "other"
