"""Answers that do not end: each is stopped, and shows where it was."""

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import suppress

from classroom.marks import marked, trouble_with
from classroom.samples import right, strategy_of, threads_left_behind
from support.script import run_script

from repid_nb import Router
from repid_nb.classroom import check, sandbox

SHORT = 0.2


STOPPED = "Your code did not finish within 0.2 seconds, and was stopped. When time was up, it was here:"
STILL_RUNS = (
    "Your code did not finish within 0.2 seconds, and does not stop at once. "
    "If it still runs in a while, restart the kernel."
)


def test_an_answer_that_does_not_end_is_stopped_in_an_endless_loop_and_shows_the_line():
    def takes(message):
        while True:
            pass

    marking = marked("routing-1", strategy_of(takes), limit=SHORT)
    assert marking.trouble.sentence == STOPPED
    assert "in takes" in marking.trouble.where.traceback
    assert threads_left_behind() == []


def test_an_answer_that_does_not_end_is_stopped_in_a_loop_that_catches_every_exception():
    def takes(message):
        while True:
            with suppress(Exception):
                time.time()

    assert trouble_with("routing-1", strategy_of(takes), limit=SHORT) == STOPPED


def test_an_answer_that_does_not_end_is_stopped_where_it_awaits_for_ever():
    async def send_mails(app, mails):
        await asyncio.Event().wait()

    marking = marked("priority-1", send_mails, limit=SHORT)
    assert marking.trouble.sentence == STOPPED
    assert marking.trouble.where.traceback.splitlines()[-1].strip() == "await asyncio.Event().wait()"
    assert threads_left_behind() == []


def test_an_answer_that_does_not_end_is_stopped_in_an_actor_that_never_returns():
    def build(charge):
        router = Router(channel="payments")

        @router.actor(name="charge")
        async def wait_for_ever(card: str):
            await asyncio.Event().wait()

        return router

    assert trouble_with("confirmation-1", build, limit=SHORT) == STOPPED


def test_an_answer_that_does_not_end_is_stopped_in_a_plain_actor_that_loops():
    def build(charge):
        router = Router(channel="payments")

        @router.actor(name="charge")
        def loop_for_ever(card: str):
            while True:
                pass

        return router

    marking = marked("confirmation-1", build, limit=SHORT)
    assert marking.trouble.sentence == STOPPED
    assert "in loop_for_ever" in marking.trouble.where.traceback
    assert threads_left_behind() == []


def test_an_answer_that_does_not_end_is_stopped_in_the_building():
    def build(charge):
        while True:
            pass

    assert trouble_with("confirmation-1", build, limit=SHORT) == STOPPED


def test_an_answer_that_does_not_end_is_left_behind_where_it_swallows_what_should_end_it():
    let_go = threading.Event()

    def takes(message):
        while not let_go.is_set():
            with suppress(BaseException):
                let_go.wait()
        return False

    marking = marked("routing-1", strategy_of(takes), limit=SHORT)
    assert marking.trouble.sentence == f"{STILL_RUNS} When time was up, it was here:"
    assert "let_go.wait()" in marking.trouble.where.traceback
    (thread,) = threads_left_behind()
    assert thread.daemon
    let_go.set()
    thread.join()


def test_an_answer_that_does_not_end_shows_the_message_that_was_under_way():
    def takes(message):
        while (message.headers or {}).get("event") == "order.created":
            pass
        return (message.headers or {}).get("event", "").startswith("order.")

    marking = marked("routing-1", strategy_of(takes), limit=1)
    assert marking.trouble.shown.message.headers == {"event": "order.created"}
    assert marking.tried == 2


def test_an_answer_may_not_use_up_all_its_time_over_many_messages():
    def takes(message):
        time.sleep(0.04)
        return right(actor_name="")(message)

    assert "was stopped" in trouble_with("routing-1", strategy_of(takes), limit=SHORT)


def test_the_time_of_an_answer_stands_still_while_others_have_the_processor(monkeypatch):
    def takes(message):
        time.sleep(0.04)
        return right(actor_name="")(message)

    monkeypatch.setattr(sandbox._Sandbox, "kept_waiting", 60)
    assert marked("routing-1", strategy_of(takes), limit=SHORT)


def test_an_answer_that_ends_while_its_time_is_looked_at_has_ended(monkeypatch):
    async def answer():
        await asyncio.sleep(0.1)
        return 42

    # Of a thread that has ended the system tells nothing.
    told = property(lambda thread: 0.0 if thread.has_ended.wait(60) else None)
    monkeypatch.setattr(sandbox._Sandbox, "kept_waiting", told)
    outcome = sandbox.run_in_sandbox(answer, 0.05)
    assert (outcome.result, outcome.is_time_up) == (42, False)


def test_an_answer_may_sleep_a_little():
    def takes(message):
        time.sleep(0.001)
        return right(actor_name="")(message)

    assert check("routing-1", strategy_of(takes))


def test_a_strategy_that_recurses_without_end_is_shown_as_a_step():
    def takes(message):
        return takes(message)

    marking = check("routing-1", strategy_of(takes))
    assert marking.finding.happened == "The strategy of follow_orders raised RecursionError, so nobody got it."


def test_an_answer_that_never_ends_keeps_no_process_alive():
    script = """
        import time
        from repid_nb.classroom.catalogue import find
        from repid_nb.classroom.marking import mark

        def strategy(*, actor_name):
            while True:
                try:
                    time.sleep(60)
                except BaseException:
                    pass

        print(bool(mark(find("routing-1"), strategy, limit=0.05)))
    """
    done = subprocess.run(  # noqa: S603  (the interpreter that runs the tests)
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120, check=True
    )
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_where_threads_cannot_start_the_answer_runs_in_place():
    printed = run_script("""
        import threading

        def cannot_start(self):
            raise RuntimeError("can't start new thread")

        threading.Thread.start = cannot_start
        from repid_nb.classroom import check

        def strategy(*, actor_name):
            print("made")
            return lambda message: (message.headers or {}).get("event", "").startswith("order.")

        def leaves(*, actor_name):
            raise SystemExit

        marking = check("routing-1", strategy)
        print(bool(marking), marking.tried, marking.printed.count("made"))
        print(bool(check("routing-1", leaves)))
    """)
    assert printed == "True 13 13\nFalse\n"


def test_what_the_first_actor_loads_is_loaded_before_the_answers_time_begins():
    printed = run_script("""
        import sys
        from repid_nb.classroom import check

        def strategy(*, actor_name):
            raise ValueError("pydantic" in sys.modules)

        print("pydantic" in sys.modules, check("routing-1", strategy).trouble.sentence)
    """)
    assert printed == "False Your code raised ValueError: True.\n"


def test_an_async_answer_that_swallows_its_end_holds_up_neither_the_collector_nor_the_exit():
    printed = run_script("""
        import asyncio, gc
        from repid_nb.classroom.catalogue import find
        from repid_nb.classroom.marking import mark

        async def send_mails(app, mails):
            while True:
                try:
                    await asyncio.sleep(60)
                except BaseException:
                    pass

        print(bool(mark(find("priority-1"), send_mails, limit=0.1)))
        gc.collect()
        print("collected")
    """)
    assert printed == "False\ncollected\n"


def test_a_recursion_without_end_is_a_recursion_error_whatever_limit_the_answer_sets():
    before = sys.getrecursionlimit()

    def again(message):
        return again(message)

    def takes(message):
        sys.setrecursionlimit(10**7)
        return again(message)

    def set_again_and_again(message):
        sys.setrecursionlimit(10**7)
        return set_again_and_again(message)

    assert "RecursionError" in check("routing-1", strategy_of(set_again_and_again)).finding.happened

    marking = check("routing-1", strategy_of(takes))
    assert marking.finding.happened == "The strategy of follow_orders raised RecursionError, so nobody got it."
    assert "return again(message)" in marking.finding.shown.exception.traceback
    assert sys.getrecursionlimit() == before


def test_an_answer_may_not_take_the_calls_of_the_thread_that_waits_for_it():
    def takes(message):
        sys.setrecursionlimit(60)
        return right(actor_name="")(message)

    assert check("routing-1", strategy_of(takes))


def test_an_answer_that_stops_the_clock_does_not_stop_the_time(monkeypatch):
    def takes(message):
        monkeypatch.setattr(time, "monotonic", lambda: 0.0)
        while True:
            pass

    assert trouble_with("routing-1", strategy_of(takes), limit=SHORT) == STOPPED


def test_a_recursion_limit_that_was_set_before_is_not_used_either():
    printed = run_script("""
        import sys
        from repid_nb.classroom import check

        sys.setrecursionlimit(10**7)

        def strategy(*, actor_name):
            def takes(message):
                return takes(message)
            return takes

        print(check("routing-1", strategy).finding.happened, sys.getrecursionlimit())
    """)
    assert printed == "The strategy of follow_orders raised RecursionError, so nobody got it. 10000000\n"


def test_an_actor_that_awaits_for_ever_shows_its_line():
    def build(charge):
        router = Router(channel="payments")

        @router.actor(name="charge")
        async def wait_for_ever(card: str):
            await asyncio.Event().wait()

        return router

    marking = marked("confirmation-1", build, limit=SHORT)
    assert marking.trouble.where.traceback.splitlines()[-1].strip() == "await asyncio.Event().wait()"


def test_an_answer_that_never_stops_sending_shows_its_line_every_time():
    async def send_mails(app, mails):
        while True:
            await app.send_message_json(channel="mails", payload={}, headers={"topic": "send_mail"})

    for _ in range(10):
        marking = marked("priority-1", send_mails, limit=0.05)
        assert marking.trouble.where.traceback.splitlines()[0].endswith("in send_mails")


def test_two_tasks_that_await_each_other_are_an_answer_that_does_not_end():
    async def send_mails(app, mails):
        async def wait():
            await send_mails.task

        send_mails.task = asyncio.current_task()
        await asyncio.create_task(wait())

    marking = marked("priority-1", send_mails, limit=SHORT)
    assert marking.trouble.sentence == STOPPED


def test_a_del_that_never_ends_is_stopped_with_the_answer():
    class Endless:
        def __del__(self):
            while True:
                pass

    def strategy(*, actor_name):
        endless = Endless()
        endless.itself = endless
        return right(actor_name="")

    marking = marked("routing-1", strategy, limit=SHORT)
    assert marking.trouble.sentence == STOPPED
    assert "in __del__" in marking.trouble.where.traceback
    assert threads_left_behind() == []


def test_what_an_actor_returned_is_not_asked_for_its_text_when_the_time_is_over():
    asked_by = set()

    class Result:
        def __repr__(self):
            asked_by.add(threading.current_thread().name)
            return "a result"

    def build(charge):
        router = Router(channel="payments")

        @router.actor(name="charge", confirmation_mode="manual")
        async def pay(card: str):
            return Result()

        return router

    marking = check("confirmation-1", build)
    assert "returned a result" in repr(marking)
    assert "a result" in marking._repr_html_()
    assert asked_by == {"repid_nb check"}


def test_an_answer_that_calls_check_is_told_that_its_own_was_replaced():
    def takes(message):
        return check((message.headers or {}).get("event"))

    marking = check("routing-1", strategy_of(takes))
    assert marking.finding.shown.exception.message == (
        "Your code called `check`, and that is the function of the course: the cell that imports it has replaced "
        "yours. Give your own `check` another name, and run its cell again."
    )
