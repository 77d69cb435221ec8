"""The connection, the end of a Stepper, and steps that are cut short."""

import asyncio
import gc
import weakref
from contextlib import suppress

import pytest
from stepping.bench import app_of, router_of, strategy

from repid_nb import Message, MessageAction, Stepper
from repid_nb.core.errors import ClosedError, NotConnectedError


async def nothing(): ...


async def test_a_stepper_connects_when_it_is_first_used():
    app = app_of(router_of(nothing))
    stepper = Stepper(app)
    assert not app.servers.default.is_connected
    await stepper.step()
    assert app.servers.default.is_connected
    await stepper.close()
    assert not app.servers.default.is_connected


async def test_inside_async_with_messages_can_be_sent_through_the_app():
    app = app_of(router_of(nothing))
    async with Stepper(app) as stepper:
        await app.send_message(channel="tasks", payload=b"")
        assert await stepper.step()
    with pytest.raises(NotConnectedError):
        await app.send_message(channel="tasks", payload=b"")


async def test_the_connection_stays_open_when_somebody_elses_block_ends():
    app = app_of(router_of(nothing))
    async with Stepper(app) as stepper:
        async with app.servers.default.connection():
            await stepper.send("tasks")
        assert app.servers.default.is_connected
        assert await stepper.step()


async def test_closing_leaves_somebody_elses_connection_open():
    app = app_of(router_of(nothing))
    async with app.servers.default.connection():
        async with Stepper(app) as stepper:
            await stepper.step()
        assert app.servers.default.is_connected


async def test_closing_one_of_two_steppers_leaves_the_others_connection_open():
    app = app_of(router_of(nothing))
    async with Stepper(app) as stays:
        async with Stepper(app) as goes:
            await goes.send("tasks")
        assert await stays.step()


async def test_closing_gives_back_what_is_not_settled_to_its_place():
    app = app_of(router_of(nothing, confirmation_mode="manual"))
    async with Stepper(app) as stepper:
        for _ in range(3):
            await stepper.send("tasks")
        await stepper.run(2)
    queue = app.servers.default.snapshot()["tasks"]
    assert [message.id for message in queue.ready] == ["m1", "m2", "m3"]
    assert queue.in_work == ()


async def test_closing_lets_the_step_that_is_under_way_come_to_its_end():
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        started.set()
        await go_on.wait()

    stepper = Stepper(app_of(router_of(slow)))
    await stepper.send("tasks")
    stepping = asyncio.create_task(stepper.step())
    await started.wait()
    closing = asyncio.create_task(stepper.close())
    await asyncio.sleep(0)
    assert stepper.queues["tasks"].working == 1
    go_on.set()
    assert (await stepping).settlement.action is MessageAction.acked
    await closing
    with pytest.raises(ClosedError):
        await stepper.step()


async def test_an_actor_that_closes_its_own_stepper_is_told_that_it_cannot():
    async def closing():
        await stepper.close()

    async with Stepper(app_of(router_of(closing))) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
        assert not await stepper.step()
    assert "an actor cannot close what runs it" in step.exception.message


async def test_a_stepper_that_is_replaced_gives_back_what_it_held_and_lets_go_of_the_connection():
    app = app_of(router_of(nothing, confirmation_mode="manual"))
    stepper = Stepper(app)
    for _ in range(2):
        await stepper.send("tasks")
    await stepper.step()
    stepper = Stepper(app)
    gc.collect()
    queue = stepper.queues["tasks"]
    assert ([message.id for message in queue.ready], queue.working) == (["m1", "m2"], 0)
    await stepper.step()
    await stepper.close()
    assert not app.servers.default.is_connected


async def test_a_stepper_that_nobody_has_any_more_is_gone_at_once():
    stepper = Stepper(app_of(router_of(nothing)))
    await stepper.send("tasks")
    await stepper.step()
    there = weakref.ref(stepper)
    gc.disable()
    try:
        del stepper
        assert there() is None
    finally:
        gc.enable()


async def test_the_history_outlives_the_stepper():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        await stepper.send("tasks")
        await stepper.step()
    assert len(stepper.history) == 1
    assert stepper.queues["tasks"].waiting == 0


async def test_closing_twice_is_fine():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        await stepper.close()
    await stepper.close()


async def test_a_closed_stepper_says_to_make_a_new_one():
    stepper = Stepper(app_of(router_of(nothing)))
    await stepper.close()
    for use in (stepper.step(), stepper.run(), stepper.send("tasks"), stepper.__aenter__()):
        with pytest.raises(ClosedError, match=r"Make a new one: stepper = Stepper\(app\)"):
            await use
    with pytest.raises(ClosedError):
        stepper.rewind(to=0)


async def test_a_new_stepper_goes_on_where_the_closed_one_stopped():
    app = app_of(router_of(nothing))
    async with Stepper(app) as stepper:
        for _ in range(2):
            await stepper.send("tasks")
        await stepper.step()
    async with Stepper(app) as stepper:
        step = await stepper.step()
    assert (step.number, step.message.id) == (1, "m2")


async def test_a_cancelled_step_puts_the_message_back_at_its_place_and_the_next_one_works():
    ran = []
    started = asyncio.Event()

    async def slow(number: int):
        ran.append(number)
        if ran == [1]:
            started.set()
            await asyncio.Event().wait()

    async with Stepper(app_of(router_of(slow))) as stepper:
        for number in (1, 2):
            await stepper.send("tasks", {"number": number})
        before = stepper.queues
        stepping = asyncio.create_task(stepper.step())
        await started.wait()
        stepping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stepping
        assert stepper.queues == before
        assert len(stepper.history) == 0
        assert [step.message.id for step in await stepper.run()] == ["m1", "m2"]
        assert ran == [1, 1, 2]


@pytest.mark.parametrize("turns", range(3))
async def test_a_step_that_is_cancelled_however_soon_puts_the_message_back(turns: int):
    async def endless():
        await asyncio.Event().wait()

    async with Stepper(app_of(router_of(endless))) as stepper:
        await stepper.send("tasks")
        before = stepper.queues
        stepping = asyncio.create_task(stepper.step())
        for _ in range(turns):
            await asyncio.sleep(0)
        stepping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stepping
        assert stepper.queues == before


async def test_a_task_that_went_on_after_it_was_cancelled_steps_as_any_other():
    async def cancelled():
        raise asyncio.CancelledError

    async def obstinate():
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return await stepper.step()

    async with Stepper(app_of(router_of(cancelled))) as stepper:
        await stepper.send("tasks")
        stepping = asyncio.create_task(obstinate())
        await asyncio.sleep(0)
        stepping.cancel()
        assert (await stepping).exception.type == "CancelledError"


async def test_a_cancelled_run_keeps_the_steps_so_far_in_the_history():
    started = asyncio.Event()

    async def slow(number: int):
        if number == 3:
            started.set()
            await asyncio.Event().wait()

    async with Stepper(app_of(router_of(slow))) as stepper:
        for number in (1, 2, 3):
            await stepper.send("tasks", {"number": number})
        running = asyncio.create_task(stepper.run())
        await started.wait()
        running.cancel()
        await asyncio.wait([running])
        assert [step.number for step in stepper.history] == [1, 2]
        assert [message.id for message in stepper.queues["tasks"].ready] == ["m3"]


async def test_a_step_that_is_cancelled_while_it_waits_its_turn_pulls_nothing():
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        started.set()
        await go_on.wait()

    async with Stepper(app_of(router_of(slow))) as stepper:
        for _ in range(2):
            await stepper.send("tasks")
        first, second = asyncio.create_task(stepper.step()), asyncio.create_task(stepper.step())
        await started.wait()
        second.cancel()
        await asyncio.wait([second])
        go_on.set()
        await first
        assert [message.id for message in stepper.queues["tasks"].ready] == ["m2"]


class Halt(BaseException):
    """What pytest.fail and pytest.skip raise is such a thing too."""


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, Halt])
@pytest.mark.parametrize("where", ["actor", "strategy"])
def test_what_ends_a_program_or_a_test_leaves_the_message_where_it_was(stop: type[BaseException], where: str):
    faults = [stop()]

    def fail(*_):
        if faults:
            raise faults.pop()
        return True

    async def failing():
        if where == "actor":
            fail()

    options = {"routing_strategy": strategy(fail)} if where == "strategy" else {}
    stepper = Stepper(app_of(router_of(failing, **options)))

    async def send_and_step():
        for _ in range(2):
            await stepper.send("tasks")
        await stepper.step()

    async def step_again():
        before = [message.id for message in stepper.queues["tasks"].ready]
        return before, [(step.message.id, step.settlement.action) for step in await stepper.run()]

    with pytest.raises(stop):
        asyncio.run(send_and_step())
    before, run = asyncio.run(step_again())
    assert before == ["m1", "m2"]
    assert run == [("m1", MessageAction.acked), ("m2", MessageAction.acked)]


async def test_a_message_that_its_actor_settled_before_it_was_cut_short_stays_settled():
    started = asyncio.Event()

    async def early(message: Message):
        await message.ack()
        started.set()
        await asyncio.Event().wait()

    async with Stepper(app_of(router_of(early))) as stepper:
        await stepper.send("tasks")
        stepping = asyncio.create_task(stepper.step())
        await started.wait()
        stepping.cancel()
        await asyncio.wait([stepping])
        queue = stepper.queues["tasks"]
    assert (queue.waiting, queue.in_work) == (0, ())
