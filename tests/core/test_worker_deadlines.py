"""Timeouts of a worker's actors, on a clock that jumps from one timer to the next."""

import asyncio
import functools
import gc
import weakref
from collections.abc import Callable

import pytest
from support.watching import Listening

from repid_nb.app import Repid
from repid_nb.core.errors import ActorTimeoutError
from repid_nb.core.events import Finished, Started
from repid_nb.core.memory.message import InMemoryReceivedMessage
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import MessageData
from repid_nb.core.routing.router import Router
from repid_nb.core.worker.deadlines import Deadline, Deadlines
from repid_nb.core.worker.worker import Worker


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop that does not wait: where nothing is to be done its clock jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        select = self._selector.select

        def jump(timeout: float | None) -> list:
            self._now += timeout or 0
            return select(0)

        self._selector.select = jump

    def time(self) -> float:
        return self._now


def on_a_jumping_clock(test: Callable) -> Callable:
    @functools.wraps(test)
    def run(**fixtures) -> None:
        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            runner.run(test(**fixtures))

    return run


def now() -> float:
    return asyncio.get_running_loop().time()


class House:
    def __init__(self) -> None:
        self.server = InMemoryServer()
        self.router = Router(channel="tasks")
        self.app = Repid()
        self.app.servers.register_server("default", self.server)
        self.app.include_router(self.router)

    async def send(self, *topics: str) -> None:
        for topic in topics:
            await self.server.publish(channel="tasks", message=MessageData(payload=b"{}", headers={"topic": topic}))

    async def run(self, messages_limit: int, **options) -> int:
        return (await self.app.run_worker(messages_limit=messages_limit, register_signals=[], **options)).processed

    def reasons(self) -> list[str]:
        return [letter.reason for letter in self.server.dead_letters("tasks")]


@pytest.fixture
def house():
    house = House()
    house.server.hold_open()
    return house


def sleeper(house: House, name: str, timeout: float, ended: dict[str, float]) -> None:
    @house.router.actor(name=name, timeout=timeout)
    async def sleeping() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended[name] = now()


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")])
@on_a_jumping_clock
async def test_each_of_several_actors_is_stopped_at_its_own_time(house, order):
    ended: dict[str, float] = {}
    for name, timeout in (("a", 0.05), ("b", 1), ("c", 300)):
        sleeper(house, name, timeout, ended)
    began = now()
    await house.send(*order)
    await house.run(3)
    assert {name: moment - began for name, moment in ended.items()} == pytest.approx({"a": 0.05, "b": 1, "c": 300})


@on_a_jumping_clock
async def test_an_actor_that_starts_later_has_its_whole_time(house):
    ended: dict[str, float] = {}
    sleeper(house, "a", 1, ended)

    @house.router.actor
    async def later() -> None:
        await asyncio.sleep(0.75)
        await house.send("a")

    began = now()
    await house.send("a", "later")
    first = asyncio.create_task(house.run(3))
    await asyncio.sleep(1.5)
    assert ended["a"] - began == pytest.approx(1)
    await first
    assert ended["a"] - began == pytest.approx(1.75)


@on_a_jumping_clock
async def test_one_message_after_another_in_one_lane_has_its_whole_time(house):
    @house.router.actor(timeout=1)
    async def work() -> None:
        await asyncio.sleep(0.9)

    await house.send("work", "work", "work")
    assert await house.run(3, tasks_limit=1) == 3
    assert house.reasons() == []


@pytest.mark.parametrize("apart", [asyncio.shield, asyncio.create_task, lambda call: asyncio.wait_for(call, 60)])
@on_a_jumping_clock
async def test_an_actor_that_middleware_runs_in_another_task_is_stopped_and_the_middleware_told_why(house, apart):
    seen = []
    ended: dict[str, float] = {}

    async def elsewhere(call_next, message, actor):
        try:
            await apart(call_next(message, actor))
        except BaseException as error:
            seen.append(type(error))
            raise

    house.router.middlewares = [elsewhere]
    sleeper(house, "a", 1, ended)
    began = now()
    await house.send("a")
    assert await house.run(1) == 1
    assert ended["a"] - began == pytest.approx(1)
    assert seen == [ActorTimeoutError]
    assert house.reasons() == ["the actor took longer than its timeout of 1 s"]


@on_a_jumping_clock
async def test_each_of_two_calls_that_middleware_makes_side_by_side_has_its_own_limit(house):
    returned = []
    naps = [0.5, 60]

    async def twice(call_next, message, actor):
        returned.extend(
            await asyncio.gather(call_next(message, actor), call_next(message, actor), return_exceptions=True)
        )

    house.router.middlewares = [twice]

    @house.router.actor(timeout=1)
    async def work() -> str:
        await asyncio.sleep(naps.pop(0))
        return "done"

    began = now()
    await house.send("work")
    await house.run(1)
    assert returned[0] == "done"
    assert isinstance(returned[1], ActorTimeoutError)
    assert now() - began == pytest.approx(1)


@on_a_jumping_clock
async def test_a_call_that_middleware_leaves_running_does_not_lift_the_limit_of_the_next_message(house):
    left_running = set()
    ended: dict[str, float] = {}

    async def leaving(call_next, message, actor):
        if actor.name == "background":
            left_running.add(asyncio.create_task(call_next(message, actor)))
        else:
            await call_next(message, actor)

    house.router.middlewares = [leaving]

    @house.router.actor(timeout=9)
    async def background() -> None:
        await asyncio.sleep(0.5)

    sleeper(house, "a", 1, ended)
    began = now()
    await house.send("background", "a")
    await asyncio.wait_for(house.run(2, tasks_limit=1), 60)
    assert ended["a"] - began == pytest.approx(1)
    await asyncio.wait(left_running)


@on_a_jumping_clock
async def test_an_actor_that_goes_on_after_its_timeout_is_believed_and_the_next_message_is_not_hit(house):
    ran = []

    @house.router.actor(timeout=1)
    async def stubborn() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            await asyncio.sleep(0.5)
            ran.append("stubborn")

    @house.router.actor(timeout=1)
    async def work() -> None:
        await asyncio.sleep(0.9)
        ran.append("work")

    await house.send("stubborn", "work")
    await house.run(2, tasks_limit=1)
    assert ran == ["stubborn", "work"]
    assert house.reasons() == []


@on_a_jumping_clock
async def test_a_worker_that_is_cancelled_when_a_timeout_has_come_is_cancelled(house):
    @house.router.actor(timeout=1)
    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.5)

    await house.send("slow_to_end")
    worker = asyncio.create_task(house.run(1))
    await asyncio.sleep(1.25)
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert len(house.server.snapshot()["tasks"].ready) == 1
    assert house.reasons() == []


@on_a_jumping_clock
async def test_the_time_of_an_actor_does_not_run_while_a_gate_holds_its_message(house):
    async def gate(event) -> None:
        if isinstance(event, (Started, Finished)):
            await asyncio.sleep(100)

    @house.router.actor(timeout=1)
    async def work() -> None:
        await asyncio.sleep(0.9)

    await house.send("work")
    worker = Worker(
        house.app.execution_context(house.server), house.router.routes().by_channel, watcher=Listening(hold=gate)
    )
    await worker.run(messages_limit=1)
    assert house.reasons() == []


@on_a_jumping_clock
async def test_a_limit_that_was_taken_off_does_nothing_any_more():
    deadline = Deadline(Deadlines())
    deadline.begin(1)
    assert deadline.end() is False
    await asyncio.sleep(2)
    assert asyncio.current_task().cancelling() == 0


@on_a_jumping_clock
async def test_a_limit_that_has_come_says_so_once():
    deadline = Deadline(Deadlines())
    deadline.begin(1)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(2)
    assert [deadline.end(), deadline.end()] == [True, False]
    assert asyncio.current_task().cancelling() == 0


def test_the_limits_of_a_loop_that_is_gone_do_not_hold_up_those_of_the_next():
    deadlines = Deadlines()

    async def finish_in_time() -> None:
        deadline = Deadline(deadlines)
        deadline.begin(1)
        deadline.end()

    async def sleep_too_long() -> float:
        deadline = Deadline(deadlines)
        deadline.begin(2)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(5)
        deadline.end()
        return now()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(finish_in_time())
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        assert runner.run(sleep_too_long()) == pytest.approx(2)


@on_a_jumping_clock
async def test_a_worker_that_waits_for_messages_longer_than_any_timeout_still_waits(house):
    ran = []

    @house.router.actor(timeout=1)
    async def work() -> None:
        ran.append(now())

    began = now()
    await house.send("work")
    worker = asyncio.create_task(house.run(2, tasks_limit=1))
    await asyncio.sleep(10)
    await house.send("work")
    assert await worker == 2
    assert [moment - began for moment in ran] == pytest.approx([0, 10])


def messages_alive() -> list[QueuedMessage | InMemoryReceivedMessage]:
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, (QueuedMessage, InMemoryReceivedMessage))]


@on_a_jumping_clock
async def test_a_worker_that_has_ended_leaves_no_timer_and_no_message_behind(house):
    @house.router.actor
    async def work() -> None:
        await asyncio.sleep(0.01)

    # Other tests of this process may have left some behind: a check keeps an answer that never ends.
    before = {id(one) for one in messages_alive()}
    await house.send("work", "work", "work")
    worker = Worker(house.app.execution_context(house.server), house.router.routes().by_channel)
    await worker.run(messages_limit=3)
    gone = [weakref.ref(worker), weakref.ref(worker._deadlines)]
    del worker
    gc.collect()
    assert [one() for one in gone] == [None, None]
    assert [one for one in messages_alive() if id(one) not in before] == []


@on_a_jumping_clock
async def test_an_actor_that_does_not_listen_to_its_cancellation_has_one_second_more_than_the_others(house):
    started, leave = asyncio.Event(), asyncio.Event()

    @house.router.actor
    async def deaf() -> None:
        started.set()
        while not leave.is_set():
            try:
                await leave.wait()
            except asyncio.CancelledError:
                continue

    await house.send("deaf")
    worker = Worker(house.app.execution_context(house.server), house.router.routes().by_channel)
    running = asyncio.create_task(worker.run(graceful_shutdown_time=0.5))
    await started.wait()
    began = now()
    worker.stop()
    await running
    took = now() - began
    leave.set()
    await asyncio.sleep(0)
    assert took == pytest.approx(1.5)
