"""What a step says of an exception."""

import asyncio
import contextlib
import linecache
from contextvars import ContextVar

import pytest
from pydantic import BaseModel
from stepping.bench import app_of, router_of, sent_and_stepped

from repid_nb import MessageAction, Router, Stepper


def frames(traceback: str) -> list[str]:
    """Return the names of the functions in a traceback."""
    return [line.rpartition(", in ")[2] for line in traceback.splitlines() if not line.startswith("    ")]


def divide(number: int) -> float:
    return 1 / number


async def test_an_exception_is_in_the_step_and_the_stepping_goes_on():
    async def fragile(number: int):
        return divide(number)

    async with Stepper(app_of(router_of(fragile))) as stepper:
        for number in (0, 1):
            await stepper.send("tasks", {"number": number})
        failed, went_well = await stepper.run()
    assert (failed.exception.type, failed.exception.message) == ("ZeroDivisionError", "division by zero")
    assert failed.settlement.action is MessageAction.nacked
    assert failed.settlement.reason == "the actor raised ZeroDivisionError: division by zero"
    assert failed.after["tasks"].dead_letters[0].reason == failed.settlement.reason
    assert (went_well.exception, went_well.result) == (None, 1.0)


async def test_the_traceback_of_an_async_actor_starts_in_it():
    async def fragile():
        divide(0)

    step = await sent_and_stepped(router_of(fragile))
    assert frames(step.exception.traceback) == ["fragile", "divide"]
    first, source = step.exception.traceback.splitlines()[:2]
    assert first.startswith("test_exceptions.py, line ")
    assert source == "    divide(0)"


async def test_the_traceback_of_a_plain_actor_starts_in_it():
    def fragile():
        divide(0)

    step = await sent_and_stepped(router_of(fragile))
    assert frames(step.exception.traceback) == ["fragile", "divide"]


async def test_the_traceback_of_an_exception_in_middleware_starts_in_it():
    async def careful(call_next, message, actor):
        await call_next(message, actor)
        raise ValueError("afterwards")

    async def fine(): ...

    step = await sent_and_stepped(router_of(fine, middlewares=[careful]))
    assert frames(step.exception.traceback) == ["careful"]
    assert step.settlement.action is MessageAction.acked


async def test_between_middleware_and_actor_nothing_of_ours_is_shown():
    async def outer(call_next, message, actor):
        return await call_next(message, actor)

    def fragile():
        divide(0)

    step = await sent_and_stepped(router_of(fragile, middlewares=[outer]))
    assert frames(step.exception.traceback) == ["outer", "fragile", "divide"]


async def test_a_task_group_of_the_actor_is_not_in_the_way():
    async def fragile():
        async with asyncio.timeout(60), contextlib.AsyncExitStack():
            await asyncio.wait_for(asyncio.to_thread(divide, 0), 60)

    step = await sent_and_stepped(router_of(fragile))
    assert frames(step.exception.traceback) == ["fragile", "divide"]


async def test_code_that_was_typed_in_has_no_file_name():
    source = "async def typed():\n    raise ValueError('typed')\n"
    linecache.cache["<cell>"] = (len(source), None, source.splitlines(keepends=True), "<cell>")
    names: dict = {}
    exec(compile(source, "<cell>", "exec"), names)  # noqa: S102  (what a notebook does)
    step = await sent_and_stepped(router_of(names["typed"]))
    assert step.exception.traceback == "line 2, in typed\n    raise ValueError('typed')"


async def test_a_file_that_is_called_like_one_of_pythons_own_is_the_learners_all_the_same():
    names: dict = {}
    exec(compile("async def mine():\n    raise ValueError\n", "/home/ada/my_threading.py", "exec"), names)  # noqa: S102
    step = await sent_and_stepped(router_of(names["mine"]))
    assert step.exception.traceback == "my_threading.py, line 2, in mine"


async def test_a_deep_traceback_is_cut_in_the_middle():
    async def deep():
        def down(level: int):
            return divide(0) if level == 0 else down(level - 1)

        down(30)

    step = await sent_and_stepped(router_of(deep))
    assert "... 25 more calls ..." in step.exception.traceback
    assert frames(step.exception.traceback)[0] == "deep"
    assert frames(step.exception.traceback)[-1] == "divide"


async def test_a_payload_that_does_not_fit_is_told_field_by_field():
    class Line(BaseModel):
        price: float

    async def order(number: int, lines: list[Line]): ...

    step = await sent_and_stepped(router_of(order), {"number": "x", "lines": [{"price": 1}, {}]})
    assert step.exception.type == "ValidationError"
    assert step.exception.message == "2 of the values do not fit"
    assert [(one.field, one.given) for one in step.exception.fields] == [
        ("number", "'x'"),
        ("lines.1.price", "nothing"),
    ]
    assert step.exception.fields[1].problem == "Field required"
    assert step.exception.traceback == ""
    assert step.settlement.reason.startswith("reading the arguments raised ValidationError")
    assert step.duration is None


async def test_a_payload_that_is_no_json_says_how_to_send_json():
    async def order(number: int): ...

    step = await sent_and_stepped(router_of(order), b"hello")
    assert step.exception.fields[0].field == "payload"
    assert "send_message_json" in step.exception.hint


async def test_a_validation_error_inside_an_actor_has_its_traceback_too():
    class Order(BaseModel):
        number: int

    async def check():
        Order.model_validate({"number": "x"})

    step = await sent_and_stepped(router_of(check))
    assert frames(step.exception.traceback)[0] == "check"
    assert step.exception.fields[0].field == "number"


async def test_an_actor_that_takes_too_long_is_named_for_it():
    async def slow():
        await asyncio.Event().wait()

    step = await sent_and_stepped(router_of(slow, timeout=0.01))
    assert step.settlement.reason == "the actor took longer than its timeout of 0.01 s"


class UnspeakableError(Exception):
    def __str__(self):
        raise RuntimeError("no")


class MisnotedError(Exception):
    __notes__ = 3


class InvalidError(Exception):
    __module__ = "pydantic.looks_like_it"

    def errors(self, **_):
        raise RuntimeError("no")


@pytest.mark.parametrize("error", [UnspeakableError, MisnotedError, InvalidError])
async def test_an_exception_that_cannot_show_itself_does_not_deafen_the_stepper(error: type[Exception]):
    async def fragile(number: int):
        if number == 0:
            raise error
        return number

    async with Stepper(app_of(router_of(fragile))) as stepper:
        for number in (0, 1):
            await stepper.send("tasks", {"number": number})
        failed, went_well = await stepper.run()
    assert failed.exception.type == error.__name__
    assert failed.settlement.action is MessageAction.nacked
    assert (went_well.winner, went_well.result) == ("fragile", 1)


async def test_a_note_on_an_exception_is_its_hint():
    async def fragile():
        error = ValueError("no")
        error.add_note("Try again.")
        raise error

    assert (await sent_and_stepped(router_of(fragile))).exception.hint == "Try again."


async def test_on_error_may_reject_and_the_message_is_back_at_the_tail():
    async def fragile(number: int):
        raise ValueError

    async with Stepper(app_of(router_of(fragile, on_error="reject"))) as stepper:
        for number in (1, 2):
            await stepper.send("tasks", {"number": number})
        step = await stepper.step()
    assert step.settlement.action is MessageAction.rejected
    assert [message.id for message in step.after["tasks"].ready] == ["m2", "m1"]


async def test_an_actor_that_cancels_itself_ends_its_own_step_only():
    async def cancelled():
        raise asyncio.CancelledError

    step = await sent_and_stepped(router_of(cancelled))
    assert step.exception.type == "CancelledError"


async def test_a_group_of_exceptions_says_what_they_were():
    async def busy():
        inner = ExceptionGroup("inner", [KeyError("key"), OSError()])
        raise ExceptionGroup("two things", [ValueError("the real reason"), inner])

    step = await sent_and_stepped(router_of(busy))
    assert step.exception.type == "ExceptionGroup"
    assert step.exception.message == (
        "two things (2 sub-exceptions): ValueError: the real reason; KeyError: 'key'; OSError"
    )


async def test_a_group_of_very_many_exceptions_stays_short():
    async def busy():
        raise ExceptionGroup("many", [ValueError(str(number)) for number in range(100)])

    step = await sent_and_stepped(router_of(busy))
    assert step.exception.message.endswith("ValueError: 4; and 95 more")


async def test_an_exception_in_one_of_several_routers_middleware_is_its_own():
    async def broken(call_next, message, actor):
        raise ValueError("broken middleware")

    router = Router(middlewares=[broken])

    @router.actor(channel="tasks")
    async def never_called(): ...

    step = await sent_and_stepped(router, topic="never_called")
    assert frames(step.exception.traceback) == ["broken"]
    assert step.duration is None


async def test_a_context_variable_that_one_actor_sets_is_not_seen_by_the_next():
    user = ContextVar("user", default="nobody")
    router = Router(channel="tasks")

    @router.actor
    async def log_in() -> str:
        before = user.get()
        user.set("ada")
        return before

    async with Stepper(app_of(router)) as stepper:
        for _ in range(2):
            await stepper.send(topic="log_in", channel="tasks")
        assert [step.result for step in await stepper.run()] == ["nobody", "nobody"]
    assert user.get() == "nobody"


async def test_an_actor_that_cancels_itself_has_failed_and_the_stepping_goes_on():
    router = Router(channel="tasks")

    @router.actor
    async def give_up() -> None:
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    @router.actor
    async def go_on() -> str:
        return "still here"

    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks", topic="give_up")
        await stepper.send("tasks", topic="go_on")
        first, second = await stepper.run()
    assert (first.winner, first.exception.type, first.settlement.action) == ("give_up", "CancelledError", None)
    assert second.result == "still here"


async def test_an_actor_that_cancels_itself_with_its_last_breath_has_returned():
    async def give_up():
        asyncio.current_task().cancel()
        return "done"

    step = await sent_and_stepped(router_of(give_up))
    assert (step.result, step.settlement.action) == ("done", MessageAction.acked)
