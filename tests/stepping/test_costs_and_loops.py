"""What a step costs grows with what is done, and a Stepper works on one loop after another."""

import asyncio
import gc
import json
import weakref

import pytest

from repid_nb import InMemoryServer, Repid, Router, Stepper, TestClient, catch_all_routing_strategy
from repid_nb.core.errors import SteppingError
from repid_nb.core.memory.inspection import CHANNEL_WINDOW
from repid_nb.core.memory.queue import FORGET_FROM


def app_with(fn, **options) -> Repid:
    app = Repid()
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    router = Router(channel="tasks")
    router.actor(routing_strategy=catch_all_routing_strategy, **options)(fn)
    app.include_router(router)
    return app


async def nothing() -> None: ...


async def test_the_record_of_a_step_does_not_grow_with_the_number_of_channels():
    sizes = []
    for others in (CHANNEL_WINDOW, 500):
        app = app_with(nothing)
        async with Stepper(app) as stepper:
            for number in range(others):
                await app.send_message(channel=f"reply-{number:03}", payload=b"{}")
            await stepper.send("tasks")
            sizes.append(len(json.dumps((await stepper.step()).to_dict())))
    few, many = sizes
    assert many == pytest.approx(few, rel=0.1)


async def test_steps_share_the_verdicts_that_are_the_same_and_the_records_of_what_waits_on():
    async with Stepper(app_with(nothing)) as stepper:
        for _ in range(3):
            await stepper.send("tasks")
        first, second = await stepper.step(), await stepper.step()
    assert first.verdicts[0] is second.verdicts[0]
    assert first.after["tasks"].ready[1] is second.after["tasks"].ready[0]
    assert second.message is second.before["tasks"].ready[0]


async def test_a_step_shows_its_own_channel_and_says_how_many_others_it_leaves_out():
    app = app_with(nothing)
    async with Stepper(app) as stepper:
        for number in range(100):
            await app.send_message(channel=f"reply-{number}", payload=b"{}")
        await stepper.send("tasks")
        step = await stepper.step()
        assert step.before["tasks"].waiting == 1
        assert len(step.after) + step.after.more == len(stepper.queues) == 101
        assert stepper.queues.more == 0


async def test_a_channel_that_a_step_has_sent_to_is_shown_by_that_step():
    async def answer() -> None:
        await app.send_message(channel="reply-99", payload=b"answer")

    app = app_with(answer)
    async with Stepper(app) as stepper:
        for number in range(100):
            await app.send_message(channel=f"reply-{number}", payload=b"{}")
        await stepper.send("tasks")
        step = await stepper.step()
        assert [message.payload for message in step.after["reply-99"].ready] == [b"{}", b"answer"]


async def test_an_empty_channel_to_which_nothing_listens_is_forgotten():
    server = InMemoryServer()
    async with server.connection():
        listening = server.puller(["listened to"])
        for number in range(10 * FORGET_FROM):
            server.publish_nowait(f"reply-{number}", b"")
            server.queues.of(f"reply-{number}").take(None).queued  # noqa: B018
            for received in list(server.queues.of(f"reply-{number}").in_work):
                await received.ack()
        assert len(server.snapshot()) <= FORGET_FROM + 1
        assert "listened to" in server.snapshot()
        assert listening.pull_nowait() is None


async def test_a_rewind_brings_back_what_was_on_a_channel_that_was_forgotten_meanwhile():
    async with Stepper(app_with(nothing)) as stepper:
        server = stepper.server
        server.publish_nowait("mail", b"kept")
        await stepper.send("tasks")
        await stepper.step()
        received = server.queues.of("mail").take(None)
        await received.ack()
        for number in range(2 * FORGET_FROM):
            server.queues.of(f"other-{number}")
        assert "mail" not in server.snapshot()
        stepper.rewind(1)
        received.release()
        assert [message.payload for message in server.snapshot()["mail"].ready] == [b"kept"]


def test_steps_that_wait_for_each_other_work_on_one_loop_after_another():
    stepper = Stepper(app_with(nothing))

    async def two() -> list[str | None]:
        for _ in range(2):
            await stepper.send("tasks")
        return [step.winner for step in await asyncio.gather(stepper.step(), stepper.step())]

    assert asyncio.run(two()) == ["nothing", "nothing"]
    assert asyncio.run(two()) == ["nothing", "nothing"]


# Kept, because Python complains of a task that is collected while it waits.
left_behind: list[asyncio.Future] = []


def test_a_step_that_was_left_behind_on_a_loop_that_is_closed_does_not_lock_the_stepper():
    async def work() -> None:
        if not gone:
            await asyncio.Event().wait()

    gone: list[bool] = []
    stepper = Stepper(app_with(work))

    async def begin() -> None:
        await stepper.send("tasks")
        left_behind.append(asyncio.ensure_future(stepper.step()))
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    loop.close()
    gone.append(True)

    async def step_again() -> str | None:
        await stepper.send("tasks")
        return (await stepper.step()).winner

    assert asyncio.run(step_again()) == "work"


async def test_a_second_loop_in_another_thread_is_told_that_a_step_is_under_way():
    started, leave = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        await leave.wait()

    async with Stepper(app_with(work)) as stepper:
        await stepper.send("tasks")
        step = asyncio.create_task(stepper.step())
        await started.wait()
        with pytest.raises(SteppingError, match="another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(stepper.step()))
        leave.set()
        assert (await step).winner == "work"


def timers() -> list[asyncio.TimerHandle]:
    loop = asyncio.get_running_loop()
    return [timer for timer in loop._scheduled if not timer.cancelled()]


async def test_a_closed_stepper_leaves_no_timer():
    async with Stepper(app_with(nothing)) as stepper:
        await stepper.send("tasks")
        await stepper.step()
    assert timers() == []


async def test_a_closed_test_client_leaves_no_timer():
    async with TestClient(app_with(nothing)) as client:
        await client.send_message(channel="tasks", payload=b"")
    assert timers() == []


async def test_a_closed_stepper_lets_go_of_settled_messages():
    stepper = Stepper(app_with(nothing))
    await stepper.send("tasks")
    queued = weakref.ref(stepper.server.queues.of("tasks").lines[4].ready[0])
    await stepper.step()
    assert queued() is not None
    await stepper.close()
    gc.collect()
    assert queued() is None
    assert len(stepper.history) == 1


async def test_the_way_back_is_bounded_by_the_bytes_it_keeps_alive():
    async with Stepper(app_with(nothing)) as stepper:
        for _ in range(40):
            await stepper.send("tasks", bytes(2 * 2**20))
            await stepper.step()
        with pytest.raises(ValueError, match="no way back to step 1"):
            stepper.rewind(1)
        assert stepper.rewind(35).undone == (36, 37, 38, 39, 40)
