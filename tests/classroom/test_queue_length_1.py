"""queue-length-1: the smallest number of workers that is enough."""

import math

import pytest
from classroom.marks import trouble_with
from support.exercises import solution, start

from repid_nb.classroom import check

NAME = "queue-length-1"


def test_the_solution_passes_and_says_how_many_messages_were_tried():
    marking = check(NAME, solution(NAME)["enough"])
    assert marking
    assert marking.tried > 1000


def test_an_async_solution_that_reads_the_messages_passes():
    async def enough(play):
        for workers in range(1, 20):
            waits = [message.waited for message in play(workers).messages]
            if sum(wait < 1 for wait in waits) >= 0.95 * len(waits):
                return workers
        return None

    assert check(NAME, enough)


def counted(is_enough):
    """Make an answer that adds workers until the run `is_enough`."""

    def enough(play):
        return next(workers for workers in range(1, 60) if is_enough(play(workers)))

    return enough


def busiest(run):
    return max(worker.busy for worker in run.workers.values())


@pytest.mark.parametrize(
    ("answer", "happened"),
    [
        (counted(lambda run: run.total.unfinished < 0.1 * run.total.messages), "With 1 worker one photo"),
        (counted(lambda run: run.total.waiting.mean < 1), "one photo in twenty waits"),
        (counted(lambda run: run.total.waiting.median < 1), "one photo in twenty waits"),
        (counted(lambda run: run.total.waiting.longest < 1), "are enough, and"),
        (counted(lambda run: busiest(run) < 0.8), "one photo in twenty waits"),
        (counted(lambda run: busiest(run) < 0.5), "are enough, and"),
        (lambda play: 20, "20 workers are enough, and 19 workers would be, too."),
        (lambda play: 1, "With 1 worker one photo in twenty waits"),
    ],
    ids=["most are done", "mean", "median", "longest", "80 %", "50 %", "plenty", "one"],
)
def test_an_answer_that_looks_right_is_shown_the_run_that_breaks_it(answer, happened):
    finding = check(NAME, answer).finding
    assert happened in finding.happened
    assert finding.shown.total.messages > 0


def test_the_untouched_start_is_told_that_photos_wait():
    assert "With 1 worker" in check(NAME, start(NAME)["enough"]).finding.happened


@pytest.mark.parametrize(
    ("answer", "words"), [(lambda play: None, "Is its `return` missing?"), (lambda play: math.pi, "3.14")]
)
def test_an_answer_of_another_kind_is_refused_in_words(answer, words):
    assert words in trouble_with(NAME, answer)
