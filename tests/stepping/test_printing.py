"""What an actor prints is in its step, and nobody else's printing is."""

import asyncio
import cmd
import io
import sys
import threading

import pytest
from stepping.bench import app_of, router_of, sent_and_stepped, strategy

from repid_nb import Stepper


async def test_what_an_actor_prints_is_in_its_step_and_nowhere_else(capsys):
    async def speak():
        print("one")
        print("two")

    assert (await sent_and_stepped(router_of(speak))).printed == "one\ntwo\n"
    assert capsys.readouterr().out == ""


async def test_standard_error_is_caught_in_the_order_of_printing():
    async def speak():
        print("out")
        print("err", file=sys.stderr)
        print("out again")

    assert (await sent_and_stepped(router_of(speak))).printed == "out\nerr\nout again\n"


async def test_a_plain_actor_prints_from_its_thread():
    def speak():
        print(threading.current_thread() is threading.main_thread())

    assert (await sent_and_stepped(router_of(speak))).printed == "False\n"


async def test_tasks_and_threads_that_an_actor_waits_for_are_its_printing():
    async def inner():
        print("task")

    async def speak():
        await asyncio.create_task(inner())
        await asyncio.to_thread(print, "thread")

    assert (await sent_and_stepped(router_of(speak))).printed == "task\nthread\n"


async def test_middleware_and_strategies_are_heard_too():
    async def around(call_next, message, actor):
        print("before")
        await call_next(message, actor)

    async def silent(): ...

    router = router_of(silent, middlewares=[around], routing_strategy=strategy(lambda m: print("asked") or True))
    assert (await sent_and_stepped(router)).printed == "asked\nbefore\n"


async def test_another_task_prints_where_it_always_did(capsys):
    started, go_on = asyncio.Event(), asyncio.Event()

    async def speak():
        print("mine")
        started.set()
        await go_on.wait()

    async with Stepper(app_of(router_of(speak))) as stepper:
        await stepper.send("tasks")
        stepping = asyncio.create_task(stepper.step())
        await started.wait()
        print("somebody else's")
        go_on.set()
        step = await stepping
    assert step.printed == "mine\n"
    assert capsys.readouterr().out == "somebody else's\n"


async def test_a_task_that_outlives_its_actor_prints_where_it_would_without_a_step(capsys):
    go_on, done = asyncio.Event(), asyncio.Event()
    tasks = []

    async def late():
        await go_on.wait()
        print("late")
        done.set()

    async def starts(number: int):
        if number == 1:
            tasks.append(asyncio.create_task(late()))
            return
        go_on.set()
        await done.wait()

    async with Stepper(app_of(router_of(starts))) as stepper:
        for number in (1, 2):
            await stepper.send("tasks", {"number": number})
        first, second = await stepper.run()
    assert (first.printed, second.printed) == ("", "")
    assert capsys.readouterr().out == "late\n"


async def test_an_actor_sees_a_stream_like_the_real_one():
    out = sys.stdout

    async def look():
        return (sys.stdout.encoding, sys.stdout.isatty(), sys.stdout.writable(), sys.stdout.errors)

    step = await sent_and_stepped(router_of(look))
    assert step.result == (out.encoding, out.isatty(), True, None)


async def test_after_a_step_the_streams_are_the_old_ones():
    out, err = sys.stdout, sys.stderr

    async def fragile():
        raise ValueError

    await sent_and_stepped(router_of(fragile))
    assert (sys.stdout, sys.stderr) == (out, err)


async def test_a_step_leaves_the_streams_unflushed_and_an_actor_cannot_close_them(monkeypatch):
    class Stream(io.StringIO):
        flushes = 0

        def flush(self):
            self.flushes += 1

    out = Stream()
    monkeypatch.setattr(sys, "stdout", out)

    async def close():
        sys.stdout.close()

    # In a kernel each flush waits for another thread.
    await sent_and_stepped(router_of(close))
    assert (out.flushes, out.closed) == (0, False)


async def test_steppers_that_step_at_the_same_time_keep_their_printing_apart_and_leave_nothing_behind():
    out = sys.stdout
    second_speaks, first_is_over = asyncio.Event(), asyncio.Event()

    async def speak(number: int):
        print(number)
        if number == 1:
            second_speaks.set()
        await (second_speaks if number == 0 else first_is_over).wait()
        print(number)

    async def stepped(number: int):
        step = await sent_and_stepped(router_of(speak), {"number": number})
        first_is_over.set()
        return step

    first, second = await asyncio.gather(stepped(0), stepped(1))
    assert (first.printed, second.printed) == ("0\n0\n", "1\n1\n")
    assert sys.stdout is out


async def test_a_stream_that_the_actor_replaced_stays_replaced(monkeypatch):
    mine = io.StringIO()
    monkeypatch.setattr(sys, "stdout", sys.stdout)

    async def replace():
        sys.stdout = mine

    await sent_and_stepped(router_of(replace))
    assert sys.stdout is mine


@pytest.mark.parametrize("pieces", [["x" * 150_000], ["x" * 100_000, "x"], ["x" * 99_999, "xx"], ["x" * 100] * 1001])
async def test_very_much_is_cut_and_that_is_said(pieces: list[str]):
    async def flood():
        for piece in pieces:
            print(end=piece)

    printed = (await sent_and_stepped(router_of(flood))).printed
    assert printed == "x" * 100_000 + "\n... (the rest is left out)"


async def test_exactly_as_much_as_there_is_room_for_is_not_cut():
    async def much():
        print(end="x" * 100_000)

    assert (await sent_and_stepped(router_of(much))).printed == "x" * 100_000


async def test_what_an_interrupted_actor_printed_is_printed_after_all(capsys):
    started = asyncio.Event()

    async def speak():
        print("so far")
        started.set()
        await asyncio.Event().wait()

    async with Stepper(app_of(router_of(speak))) as stepper:
        await stepper.send("tasks")
        stepping = asyncio.create_task(stepper.step())
        await started.wait()
        stepping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stepping
    assert capsys.readouterr().out == "so far\n"


async def test_what_an_actor_prints_in_a_program_that_reads_lines_is_in_the_step():
    class Shell(cmd.Cmd):
        def do_greet(self, line: str) -> None:
            print("hello", line)

    async def greet() -> None:
        Shell().onecmd("greet Ada")

    async with Stepper(app_of(router_of(greet))) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
        assert step.printed == "hello Ada\n"
