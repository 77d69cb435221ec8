"""Answers that run in place, as in a browser where no thread can start: each ends in a bounded time."""

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

import pytest
from classroom.marks import marked
from classroom.samples import right, strategy_of

from repid_nb.classroom.call_stacks import is_learners
from repid_nb.classroom.in_place import run_in_place
from repid_nb.classroom.outcome import Outcome, TimeUp

SHORT = 0.2

watched = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="Python looks at the clock by sys.monitoring, which 3.12 brought"
)


@pytest.fixture(autouse=True)
def no_thread_can_start(monkeypatch):
    monkeypatch.setattr("repid_nb.classroom.sandbox._Sandbox.try_to_start", lambda _: False)


def test_a_right_answer_passes():
    marking = marked("routing-1", right)
    assert marking


def test_an_answer_that_awaits_for_ever_shows_where_it_was():
    async def send_mails(app, mails):
        await asyncio.Event().wait()

    marking = marked("priority-1", send_mails, limit=SHORT)
    assert marking.trouble.where.traceback.splitlines()[-1].strip() == "await asyncio.Event().wait()"


@watched
def test_an_answer_that_catches_its_cancellation_is_stopped():
    async def work():
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)

    outcome = run_in_place(work, SHORT)
    assert outcome.is_time_up
    assert not outcome.still_runs


def test_a_long_sleep_ends_in_time():
    def takes(message):
        time.sleep(60)

    marking = marked("routing-1", strategy_of(takes), limit=SHORT)
    assert "within 0.2 seconds" in marking.trouble.sentence
    assert "time.sleep(60)" in marking.trouble.where.traceback


def test_a_sleep_has_its_own_function_back_afterwards():
    before = time.sleep
    marked("routing-1", right)
    assert time.sleep is before


@watched
def test_an_endless_loop_is_stopped_and_shows_its_line():
    def takes(message):
        while True:
            pass

    marking = marked("routing-1", strategy_of(takes), limit=SHORT)
    assert "while True:" in marking.trouble.where.traceback or "pass" in marking.trouble.where.traceback


@watched
def test_a_loop_that_catches_everything_is_stopped():
    def takes(message):
        while True:
            with suppress(BaseException):
                time.monotonic()

    marking = marked("routing-1", strategy_of(takes), limit=SHORT)
    assert "within 0.2 seconds" in marking.trouble.sentence


@watched
def test_an_exception_whose_text_never_ends_is_stopped_too():
    class EndlessError(Exception):
        def __str__(self):
            while True:
                time.monotonic()
            return ""

    async def work():
        raise EndlessError

    outcome = run_in_place(work, SHORT)
    assert outcome.is_time_up
    assert "in __str__" in outcome.where.traceback


@watched
def test_what_an_answer_leaves_behind_is_stopped_too(monkeypatch):
    struck = []
    monkeypatch.setattr(sys, "unraisablehook", lambda seen: struck.append(seen.exc_type))

    class Endless:
        def __del__(self):
            while True:
                pass

    async def work():
        left = Endless()
        raise ValueError(type(left).__name__)

    assert run_in_place(work, SHORT).is_time_up
    assert struck == [TimeUp]


@watched
def test_a_recursion_and_a_generator_without_end_are_stopped():
    def numbers():
        while True:
            yield 1

    def takes(message):
        return sum(numbers())

    assert marked("routing-1", strategy_of(takes), limit=SHORT).trouble.where is not None


@dataclass
class Order:
    number: int = 0


@pytest.mark.parametrize(("made", "learners"), [(Order, True), (Outcome, False)])
def test_a_method_that_dataclass_writes_is_of_the_module_of_its_class(made, learners):
    seen = []
    sys.setprofile(lambda frame, event, _: seen.append((event, frame.f_code.co_name, is_learners(frame))))
    made()
    sys.setprofile(None)
    assert [told for event, name, told in seen if (event, name) == ("call", "__init__")] == [learners]


@watched
def test_nothing_is_left_to_look_at_the_clock_afterwards():
    marked("routing-1", right)
    assert all(sys.monitoring.get_tool(tool) != "repid_nb check" for tool in range(6))
