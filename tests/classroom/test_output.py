"""What an answer prints and warns of is kept apart, and shown with the marking."""

import sys
import threading
import warnings
from contextlib import suppress

from classroom.marks import marked, trouble_with
from classroom.samples import right, strategy_of, threads_left_behind

from repid_nb.classroom import check

SHORT = 0.2


def test_what_is_printed_is_no_mistake_and_is_kept_apart(capsys):
    def strategy(*, actor_name):
        print("made for", actor_name)

        def takes(message):
            print("asked", file=sys.stderr)
            return right(actor_name="")(message)

        return takes

    marking = check("routing-1", strategy)
    assert marking
    assert marking.printed.count("made for follow_orders\n") == marking.tried
    assert marking.printed.count("asked\n") == marking.tried
    assert capsys.readouterr() == ("", "")


def test_what_is_printed_comes_message_by_message():
    def takes(message):
        print((message.headers or {}).get("event"))
        return right(actor_name="")(message)

    assert check("routing-1", strategy_of(takes)).printed.splitlines()[:3] == [
        "None",
        "order.paid",
        "order.created",
    ]


def test_what_is_printed_is_shown_of_an_answer_that_does_not_end():
    def takes(message):
        while True:
            print("again")

    assert marked("routing-1", strategy_of(takes), limit=SHORT).printed.startswith("again\nagain\n")


def test_what_is_printed_is_bounded():
    def takes(message):
        print("x" * 200_000)
        return False

    assert len(marked("routing-1", strategy_of(takes)).printed) < 250_000


def test_what_is_printed_never_reaches_the_notebook_later(capsys):
    let_go = threading.Event()

    def strategy(*, actor_name):
        while not let_go.is_set():
            with suppress(BaseException):
                let_go.wait()
        print("late")
        raise RuntimeError("later")

    assert "does not stop at once" in trouble_with("routing-1", strategy, limit=SHORT)
    (thread,) = threads_left_behind()
    print("the notebook goes on")
    let_go.set()
    thread.join()
    assert capsys.readouterr() == ("the notebook goes on\n", "")


def test_what_is_printed_leaves_the_streams_as_they_were():
    before = sys.stdout, sys.stderr
    check("routing-1", strategy_of(print))
    assert (sys.stdout, sys.stderr) == before


def test_warnings_are_shown_with_the_marking_each_once():
    def takes(message):
        warnings.warn("this way is old", DeprecationWarning, stacklevel=1)
        return right(actor_name="")(message)

    marking = check("routing-1", strategy_of(takes))
    assert marking
    assert marking.warned == ("this way is old",)


def test_warnings_are_shown_again_the_next_time():
    async def send_mails(app, mails):
        app.send_message_json(channel="mails", payload={})

    first, second = check("priority-1", send_mails), check("priority-1", send_mails)
    assert first.warned == second.warned != ()


def test_warnings_leave_the_filters_as_they_were():
    before = list(warnings.filters)
    check("routing-1", right)
    assert warnings.filters == before


def test_the_text_of_a_warning_may_not_take_for_ever():
    class Slow(UserWarning):
        texts = 0

        def __str__(self):
            Slow.texts += 1
            # Python itself asks for the text once, in the thread that warns.
            while Slow.texts > 1:
                pass
            return "slow"

    def strategy(*, actor_name):
        warnings.warn(Slow(), stacklevel=1)

    assert "was stopped" in trouble_with("routing-1", strategy, limit=SHORT)


def test_warnings_leave_the_filters_as_they_were_when_a_check_begins_during_another():
    second_is_under_way, first_is_over = threading.Event(), threading.Event()

    def second(*, actor_name):
        second_is_under_way.set()
        first_is_over.wait()
        return lambda message: True

    def first(*, actor_name):
        thread.start()
        second_is_under_way.wait(SHORT)
        return lambda message: True

    before = list(warnings.filters)
    thread = threading.Thread(target=check, args=("routing-1", second))
    check("routing-1", first)
    first_is_over.set()
    thread.join()
    assert warnings.filters == before


def test_warnings_are_bounded_in_number_and_length():
    def strategy(*, actor_name):
        for number in range(50):
            warnings.warn(f"{number} {'x' * 100_000}", stacklevel=1)
        return right(actor_name="")

    marking = check("routing-1", strategy)
    assert len(marking.warned) == 11
    assert max(map(len, marking.warned)) == 1000
    assert marking.warned[-1] == f"... and {40 * marking.tried} more warnings"
    assert len(repr(marking)) < 20_000
    assert len(marking._repr_html_()) < 20_000


def test_a_warning_that_looks_like_one_of_python_s_own_costs_no_time():
    def strategy(*, actor_name):
        warnings.warn("coroutine '" + "." * 100_000, stacklevel=1)
        return right(actor_name="")

    assert marked("routing-1", strategy).warned == (("coroutine '" + "." * 1000)[:1000],)


def test_warnings_are_plain_texts_whatever_they_were():
    class Text(str):
        __slots__ = ()

        def __str__(self):
            return self

        def __hash__(self):
            raise AssertionError(self.__class__)

        __eq__ = None

    def strategy(*, actor_name):
        warnings.warn(Text("old"), stacklevel=1)
        return right(actor_name="")

    assert [type(one) for one in check("routing-1", strategy).warned] == [str]


def test_what_is_printed_over_many_messages_is_bounded():
    def takes(message):
        print("x" * 50_000)
        return right(actor_name="")(message)

    assert len(check("routing-1", strategy_of(takes)).printed) == 100_000
