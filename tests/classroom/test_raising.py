"""Answers that raise, or would end the kernel."""

import asyncio
import gc
import sys

import pytest
from classroom.marks import marked, trouble_with
from classroom.samples import strategy_of

from repid_nb.classroom import check


def test_an_answer_that_raises_shows_the_exception_with_the_learners_line():
    def strategy(*, actor_name):
        raise KeyError("event")

    marking = marked("routing-1", strategy)
    assert marking.trouble.sentence == "Your code raised KeyError: 'event'."
    assert marking.trouble.where.traceback.splitlines()[-1].strip() == 'raise KeyError("event")'
    assert "repid_nb" not in marking.trouble.where.traceback


def test_a_strategy_that_raises_is_shown_as_the_step_that_it_was():
    marking = check("routing-1", strategy_of(lambda message: message.headers["event"] == "order.paid"))
    assert marking.finding.happened == "The strategy of follow_orders raised TypeError, so nobody got it."
    assert marking.finding.shown.verdicts[0].outcome == "error"


def test_what_repid_nb_refuses_is_said_in_its_own_words():
    assert trouble_with("routing-1", strategy_of(None)).startswith(
        "The routing strategy 'strategy' of actor 'follow_orders' returned None, which cannot be called."
    )


def test_the_starting_code_is_said_to_be_no_answer_yet():
    def strategy(*, actor_name):
        raise NotImplementedError

    assert trouble_with("routing-1", strategy) == (
        "There is nothing to try yet: your function still raises NotImplementedError."
    )


@pytest.mark.parametrize("leave", [sys.exit, exit])
def test_an_answer_may_not_end_the_kernel(leave):
    def strategy(*, actor_name):
        leave()

    assert "would end the whole kernel" in trouble_with("routing-1", strategy)


def test_an_answer_may_not_end_the_kernel_from_a_strategy_either():
    marking = marked("routing-1", strategy_of(lambda message: sys.exit(1)))
    assert "would end the whole kernel" in marking.trouble.sentence
    assert marking.trouble.shown.message.headers is None


def test_an_answer_may_not_pretend_to_be_the_interrupt_button():
    def strategy(*, actor_name):
        raise KeyboardInterrupt

    assert trouble_with("routing-1", strategy).startswith("Your code raised KeyboardInterrupt")


def test_an_answer_that_cancels_itself_is_told_so():
    async def send_mails(app, mails):
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    assert trouble_with("priority-1", send_mails) == "Your code raised CancelledError."


def test_an_answer_that_raises_leaves_no_task_behind():
    async def for_ever():
        await asyncio.Event().wait()

    async def send_mails(app, mails):
        send_mails.task = asyncio.create_task(for_ever())
        raise ValueError

    assert trouble_with("priority-1", send_mails) == "Your code raised ValueError."
    assert send_mails.task.cancelled()


def test_a_task_that_an_answer_leaves_to_fail_says_nothing_in_the_log(caplog):
    async def fail():
        raise ValueError

    async def send_mails(app, mails):
        asyncio.create_task(fail())  # noqa: RUF006
        await asyncio.sleep(0)

    check("priority-1", send_mails)
    gc.collect()
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_an_async_strategy_inside_shows_why_it_takes_everything():
    async def takes(message):
        return False

    marking = check("routing-1", strategy_of(takes))
    assert "write the strategy with def, not async def" in marking.finding.shown.verdicts[0].reason
    assert marking.warned == ()


def test_the_text_of_an_exception_may_not_take_for_ever():
    class Endless(Exception):  # noqa: N818  (any exception)
        def __str__(self):  # noqa: PLE0307
            while True:
                pass

    def strategy(*, actor_name):
        raise Endless

    marking = marked("routing-1", strategy, limit=0.2)
    assert "was stopped" in marking.trouble.sentence
    assert "in __str__" in marking.trouble.where.traceback


def test_an_exception_whose_text_would_end_the_kernel_is_named_without_it():
    class Leaving(Exception):  # noqa: N818  (any exception)
        def __str__(self):  # noqa: PLE0307
            sys.exit()

    def strategy(*, actor_name):
        raise Leaving

    assert trouble_with("routing-1", strategy) == "Your code raised Leaving."


def test_the_text_of_an_exception_is_a_plain_text_whatever_it_was():
    class Text(str):
        __slots__ = ()

        def __format__(self, how):
            raise AssertionError(how)

    class Odd(Exception):  # noqa: N818  (any exception)
        def __str__(self):
            return Text("odd")

    def strategy(*, actor_name):
        raise Odd

    assert trouble_with("routing-1", strategy) == "Your code raised Odd: odd."
