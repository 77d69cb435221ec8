"""The worker: who gets a message, how many run, and what is left when it ends."""

import asyncio
import contextvars
import logging
import threading

import pytest
from support.watching import Listening

from repid_nb.app import Repid
from repid_nb.core.arguments.actor_message import Message
from repid_nb.core.errors import NotConnectedError
from repid_nb.core.events import Finished, Matched, Pulled, Settled, Started
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import MessageData
from repid_nb.core.routing.router import Router
from repid_nb.core.routing.strategies import catch_all_routing_strategy
from repid_nb.core.worker.worker import Worker

colour: contextvars.ContextVar[str] = contextvars.ContextVar("colour", default="none")


class House:
    """A connected server, an app on it, and a router with the channel `tasks`."""

    def __init__(self) -> None:
        self.server = InMemoryServer()
        self.router = Router(channel="tasks")
        self.app = Repid()
        self.app.servers.register_server("default", self.server)
        self.app.include_router(self.router)

    async def send(self, *names: str, topic: str = "work", channel: str = "tasks", priority: int = 4) -> None:
        for name in names:
            await self.server.publish(
                channel=channel,
                message=MessageData(payload=b"{}", headers={"topic": topic}),
                server_specific_parameters={"message_id": name, "priority": priority},
            )

    def worker(self, observer=None) -> Worker:
        return Worker(
            self.app.execution_context(self.server),
            self.router.routes().by_channel,
            watcher=Listening(observer) if observer else None,
        )

    async def run(self, messages_limit: int, **options) -> int:
        options.setdefault("register_signals", [])
        return (await self.app.run_worker(messages_limit=messages_limit, **options)).processed

    def waiting(self, channel: str = "tasks") -> list[str | None]:
        return [message.id for message in self.server.snapshot()[channel].ready]

    def in_work(self, channel: str = "tasks") -> list[str | None]:
        return [message.id for message in self.server.snapshot()[channel].in_work]

    def dead(self, channel: str = "tasks") -> list[str | None]:
        return [letter.message.id for letter in self.server.dead_letters(channel)]


@pytest.fixture
async def house():
    house = House()
    async with house.server.connection():
        yield house


def names(count: int, prefix: str = "m") -> list[str]:
    return [f"{prefix}{number}" for number in range(1, count + 1)]


async def all_quiet() -> None:
    """Let everything that can run without outside help run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def cancelled(task: asyncio.Task) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_first_registered_actor_that_matches_wins(house):
    ran = []

    @house.router.actor
    async def work() -> None:
        ran.append("specific")

    @house.router.actor(routing_strategy=catch_all_routing_strategy)
    async def everything(message: Message) -> None:
        ran.append(f"rest {message.message_id}")

    @house.router.actor(name="work")
    async def too_late() -> None:
        ran.append("never")

    await house.send("m1")
    await house.send("m2", topic="other")
    await house.run(2, tasks_limit=1)
    assert ran == ["specific", "rest m2"]


async def test_a_catch_all_that_is_registered_first_takes_everything(house):
    ran = []

    @house.router.actor(routing_strategy=catch_all_routing_strategy)
    async def everything() -> None:
        ran.append("everything")

    @house.router.actor
    async def work() -> None:
        ran.append("work")

    await house.send("m1", "m2")
    await house.run(2)
    assert ran == ["everything", "everything"]


async def test_only_the_actors_of_the_messages_own_channel_are_asked(house):
    asked = []

    def asking(*, actor_name, **_):
        def strategy(message):
            asked.append(actor_name)
            return True

        return strategy

    for channel in ("tasks", "other"):

        @house.router.actor(name=channel, channel=channel, routing_strategy=asking)
        async def actor() -> None:
            pass

    await house.send("m1", channel="other")
    await house.run(1)
    assert asked == ["other"]


async def test_an_unrouted_message_goes_to_the_tail_nine_times_and_is_nacked_at_the_tenth_sighting(house):
    pulled = []

    @house.router.actor
    async def work() -> None:
        pass

    await house.send("poison", topic="nobody")
    await house.send(*names(12))
    worker = house.worker(lambda event: pulled.append(event.message.message_id) if isinstance(event, Pulled) else None)
    assert await worker.run(messages_limit=12, tasks_limit=1) == 12
    assert house.dead() == []
    # It comes after all twelve; from then on it is alone.
    assert pulled == ["poison", *names(12)]
    await house.send("last", priority=0)
    pulled.clear()
    worker = house.worker(lambda event: pulled.append(event.message.message_id) if isinstance(event, Pulled) else None)
    assert await worker.run(messages_limit=1, tasks_limit=1) == 1
    assert pulled == ["poison"] * 10 + ["last"]
    assert house.dead() == ["poison"]
    assert "10 sightings" in house.server.dead_letters("tasks")[0].reason


async def test_other_messages_are_served_between_the_sightings_of_an_unrouted_one(house):
    log = []

    @house.router.actor
    async def work(message: Message) -> None:
        log.append(message.message_id)

    def observer(event):
        if isinstance(event, Matched) and event.actor is None:
            log.append(f"sighting {event.sightings}")

    await house.send("poison", topic="nobody")
    worker = house.worker(observer)
    served = names(9)

    async def feed(call_next, message, actor):
        if served:
            await house.send(served.pop(0))
        return await call_next(message, actor)

    house.router.middlewares = [feed]
    worker.actors = house.router.routes().by_channel
    await house.send("m0")
    await worker.run(messages_limit=10, tasks_limit=1)
    assert log[:4] == ["sighting 1", "m0", "sighting 2", "m1"]
    assert log[-2:] == ["sighting 10", "m9"]
    assert house.dead() == ["poison"]


async def test_a_strategy_that_raises_leaves_its_message_in_work_and_the_worker_goes_on(house, caplog):
    ran = []

    def breaking(*, actor_name, **_):
        def strategy(message):
            if message.message_id == "bad":
                raise LookupError
            return True

        return strategy

    @house.router.actor(routing_strategy=breaking)
    async def work(message: Message) -> None:
        ran.append((message.message_id, house.in_work()))

    await house.send("bad", "m1", "m2")
    assert await house.run(2, tasks_limit=1) == 2
    assert ran == [("m1", ["bad", "m1"]), ("m2", ["bad", "m2"])]
    assert caplog.messages == ["actor.route.error"]
    assert (house.waiting(), house.in_work(), house.dead()) == (["bad"], [], [])


async def test_what_an_actor_leaves_unsettled_is_back_in_its_place_when_the_worker_ends(house):
    @house.router.actor(confirmation_mode="manual")
    async def work() -> None:
        pass

    await house.send("m1", "m2", "m3")
    await house.run(2, tasks_limit=1)
    assert (house.waiting(), house.in_work()) == (["m1", "m2", "m3"], [])


@pytest.mark.parametrize("tasks_limit", [1, 2, 10])
@pytest.mark.parametrize("messages_limit", [1, 2, 5, 20])
async def test_exactly_as_many_messages_run_as_the_limit_says(house, tasks_limit, messages_limit):
    @house.router.actor
    async def quick() -> None:
        pass

    @house.router.actor
    async def slow() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    @house.router.actor
    async def failing() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    def breaking(*, actor_name, **_):
        def strategy(message):
            raise LookupError

        return strategy

    @house.router.actor(channel="broken", routing_strategy=breaking)
    async def never() -> None:
        pass

    for number in range(10):
        await house.send(f"nobody{number}", topic="nobody")
        await house.send(f"quick{number}", topic="quick")
        await house.send(f"slow{number}", topic="slow")
        await house.send(f"failing{number}", topic="failing")
        await house.send(f"broken{number}", channel="broken")
    ran = []
    worker = house.worker(lambda event: ran.append(event.message.message_id) if isinstance(event, Started) else None)
    assert await worker.run(messages_limit=messages_limit, tasks_limit=tasks_limit) == messages_limit
    assert len(ran) == len(set(ran)) == messages_limit
    unrouted = {name for name in (*house.waiting(), *house.dead()) if name.startswith("nobody")}
    assert len(unrouted) == 10
    remaining = {name for name in house.waiting() if not name.startswith("nobody")}
    assert remaining.isdisjoint(ran)
    assert len(remaining) == 30 - messages_limit
    assert sorted(house.waiting("broken")) == [f"broken{number}" for number in range(10)]
    assert (house.in_work(), house.in_work("broken")) == ([], [])


async def test_nothing_is_pulled_above_the_limit(house):
    pulled = []

    @house.router.actor
    async def work() -> None:
        await asyncio.sleep(0)

    await house.send(*names(10))
    worker = house.worker(lambda event: pulled.append(event.message.message_id) if isinstance(event, Pulled) else None)
    await worker.run(messages_limit=3)
    assert pulled == ["m1", "m2", "m3"]


@pytest.mark.parametrize("tasks_limit", [1, 2, 10])
async def test_as_many_run_at_once_as_the_limit_says_and_never_more(house, tasks_limit):
    running = most = 0
    full, leave = asyncio.Event(), asyncio.Event()

    @house.router.actor
    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == tasks_limit:
            full.set()
        await leave.wait()
        await asyncio.sleep(0)
        running -= 1

    await house.send(*names(40))
    worker = asyncio.create_task(house.run(40, tasks_limit=tasks_limit))
    await full.wait()
    await all_quiet()
    assert len(house.waiting()) == 40 - tasks_limit
    leave.set()
    assert await worker == 40
    assert most == tasks_limit


async def test_a_slot_that_becomes_free_is_used_while_others_are_still_busy(house):
    leave = asyncio.Event()
    ran = []

    @house.router.actor
    async def work(message: Message) -> None:
        if message.message_id == "m1":
            await leave.wait()
        ran.append(message.message_id)
        if message.message_id == "m6":
            leave.set()

    await house.send(*names(6))
    await house.run(6, tasks_limit=2)
    assert ran == ["m2", "m3", "m4", "m5", "m6", "m1"]


async def test_messages_that_come_one_by_one_find_free_slots(house):
    leave = asyncio.Event()
    started = asyncio.Queue()

    @house.router.actor
    async def work() -> None:
        started.put_nowait(1)
        await leave.wait()

    worker = asyncio.create_task(house.run(3, tasks_limit=3))
    for name in names(3):
        await house.send(name)
        await started.get()
    assert len(house.in_work()) == 3
    leave.set()
    assert await worker == 3


async def test_a_worker_that_is_stopped_lets_running_actors_finish_and_pulls_nothing_more(house):
    started, leave, finished = asyncio.Event(), asyncio.Event(), []

    @house.router.actor
    async def work(message: Message) -> None:
        started.set()
        await leave.wait()
        finished.append(message.message_id)

    worker = house.worker()
    running = asyncio.create_task(worker.run(tasks_limit=2))
    await house.send("m1")
    await started.wait()
    worker.stop()
    await all_quiet()
    await house.send("m2")
    await all_quiet()
    assert not running.done()
    assert house.waiting() == ["m2"]
    leave.set()
    assert await running == 1
    assert (finished, house.waiting()) == (["m1"], ["m2"])


async def test_what_is_not_finished_when_the_time_is_up_is_cancelled_and_goes_back_to_its_place(house):
    cleaned = []
    started = asyncio.Event()

    @house.router.actor
    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(1)

    await house.send("m1", "m2")
    worker = house.worker()
    running = asyncio.create_task(worker.run(tasks_limit=1, graceful_shutdown_time=0.01))
    await started.wait()
    worker.stop()
    assert await running == 0
    assert (house.waiting(), house.in_work(), cleaned) == (["m1", "m2"], [], [1])


async def test_an_actor_that_does_not_listen_to_its_cancellation_does_not_hold_up_the_end(house, monkeypatch):
    monkeypatch.setattr("repid_nb.core.worker.worker.CANCELLATION_TIME", 0.01)
    started, leave = asyncio.Event(), asyncio.Event()

    @house.router.actor
    async def work() -> None:
        started.set()
        while not leave.is_set():
            try:
                await leave.wait()
            except asyncio.CancelledError:
                continue

    await house.send("m1")
    worker = house.worker()
    running = asyncio.create_task(worker.run(graceful_shutdown_time=0))
    await started.wait()
    worker.stop()
    assert await running == 0
    assert house.waiting() == ["m1"]
    tasks = asyncio.all_tasks()
    leave.set()
    await all_quiet()
    assert len(asyncio.all_tasks()) < len(tasks)
    assert house.waiting() == ["m1"]


@pytest.mark.parametrize("tasks_limit", [1, 3])
async def test_a_cancelled_worker_gives_everything_back_takes_nothing_more_and_leaves_no_task(house, tasks_limit):
    started = asyncio.Queue()

    @house.router.actor
    async def work(message: Message) -> None:
        started.put_nowait(message.message_id)
        await asyncio.Event().wait()

    await house.send(*names(5))
    tasks = asyncio.all_tasks()
    worker = asyncio.create_task(house.run(5, tasks_limit=tasks_limit))
    for _ in range(tasks_limit):
        await started.get()
    await cancelled(worker)
    assert asyncio.all_tasks() == tasks
    assert (house.waiting(), house.in_work()) == (names(5), [])
    await all_quiet()
    assert started.empty()
    assert not house.server.queues.of("tasks").waiters


async def test_an_idle_worker_that_is_cancelled_leaves_nothing_behind(house):
    @house.router.actor
    async def work() -> None:
        pass

    tasks = asyncio.all_tasks()
    worker = asyncio.create_task(house.run(5))
    await all_quiet()
    await cancelled(worker)
    assert asyncio.all_tasks() == tasks
    await house.send("m1")
    await all_quiet()
    assert house.waiting() == ["m1"]


async def test_a_worker_that_is_cancelled_twice_still_gives_everything_back(house):
    started, cancelling = asyncio.Event(), asyncio.Event()

    @house.router.actor
    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelling.set()
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    await house.send("m1", "m2")
    worker = asyncio.create_task(house.run(5, tasks_limit=1))
    await started.wait()
    worker.cancel()
    await cancelling.wait()
    await cancelled(worker)
    assert (house.waiting(), house.in_work()) == (["m1", "m2"], [])


@pytest.mark.parametrize("turns", range(6))
async def test_however_often_a_worker_is_cancelled_a_message_goes_back_only_when_its_actor_has_ended(house, turns):
    started, at_the_end = asyncio.Event(), []

    @house.router.actor
    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(8):
                await asyncio.sleep(0)
            at_the_end.append((house.waiting(), house.in_work(), worker.done()))

    await house.send("m1")
    worker = asyncio.create_task(house.run(5))
    await started.wait()
    for _ in range(3):
        worker.cancel()
        for _ in range(turns):
            await asyncio.sleep(0)
    await cancelled(worker)
    assert at_the_end == [([], ["m1"], False)]
    assert (house.waiting(), house.in_work()) == (["m1"], [])


async def test_a_worker_that_is_cancelled_twice_in_a_row_leaves_no_actor_running(house):
    started, go_on = asyncio.Event(), asyncio.Event()
    finished = []

    @house.router.actor
    async def work(message: Message) -> None:
        started.set()
        await go_on.wait()
        finished.append(message.message_id)

    await house.send("m1")
    worker = asyncio.create_task(house.run(5))
    await started.wait()
    worker.cancel()
    await asyncio.sleep(0)
    await cancelled(worker)
    go_on.set()
    await all_quiet()
    assert (finished, house.waiting()) == ([], ["m1"])


async def test_a_worker_that_is_run_while_its_task_ends_still_tells_an_actors_own_cancellation(house):
    @house.router.actor
    async def work() -> None:
        abandoned = asyncio.create_task(asyncio.sleep(0))
        abandoned.cancel()
        await abandoned

    async def run_on_the_way_out() -> int:
        try:
            return await asyncio.Event().wait()
        except asyncio.CancelledError:
            return await house.run(2)

    await house.send(*names(3))
    ending = asyncio.create_task(run_on_the_way_out())
    await asyncio.sleep(0)
    ending.cancel()
    assert await asyncio.wait_for(ending, 60) == 2


async def test_when_all_tasks_are_cancelled_at_once_no_further_message_is_run(house):
    ran = []
    started = asyncio.Event()

    @house.router.actor
    async def work(message: Message) -> None:
        ran.append(message.message_id)
        started.set()
        if message.message_id == "m1":
            await asyncio.Event().wait()

    await house.send("m1", "m2", "m3")
    others = asyncio.all_tasks()
    worker = asyncio.create_task(house.run(3, tasks_limit=1))
    await started.wait()
    # As asyncio.run does when its main coroutine is done; whichever of them hears of it first.
    for task in sorted(asyncio.all_tasks() - others, key=lambda task: task is worker):
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert ran == ["m1"]
    assert house.waiting() == ["m1", "m2", "m3"]


async def test_an_actor_that_cancels_its_own_task_fails_alone(house):
    ran = []

    @house.router.actor
    async def work(message: Message) -> None:
        ran.append(message.message_id)
        if message.message_id == "m1":
            asyncio.current_task().cancel()
            await asyncio.sleep(0)

    await house.send(*names(3))
    assert await house.run(3, tasks_limit=1) == 3
    assert ran == names(3)
    assert (house.waiting(), house.dead()) == (["m1"], [])


class Halt(BaseException):
    """What pytest.fail and pytest.skip raise is such a thing too."""


@pytest.mark.parametrize("tasks_limit", [1, 10])
async def test_a_base_exception_of_an_actors_own_fails_alone_and_leaves_its_message_in_work(house, tasks_limit, caplog):
    ran = []

    @house.router.actor
    async def work(message: Message) -> None:
        ran.append((message.message_id, house.in_work()[:1]))
        if message.message_id == "m1":
            raise Halt

    await house.send(*names(3))
    assert await house.run(3, tasks_limit=tasks_limit) == 3
    assert ran == [("m1", ["m1"]), ("m2", ["m1"]), ("m3", ["m1"])]
    assert caplog.messages == ["actor.run.abort"]
    assert (house.waiting(), house.in_work(), house.dead()) == (["m1"], [], [])


async def test_a_cancellation_that_an_actor_leaves_behind_does_not_hit_the_next_message(house):
    finished = []

    @house.router.actor
    async def work(message: Message) -> None:
        if message.message_id == "m1":
            asyncio.current_task().cancel()
            return
        await asyncio.sleep(0)
        finished.append((message.message_id, asyncio.current_task().cancelling()))

    await house.send(*names(3))
    assert await house.run(3, tasks_limit=1) == 3
    assert finished == [("m2", 0), ("m3", 0)]
    assert house.waiting() == []


async def test_a_cancellation_that_an_actor_swallows_does_not_count_for_the_next_message(house):
    finished = []

    @house.router.actor
    async def work(message: Message) -> None:
        if message.message_id == "m1":
            asyncio.current_task().cancel()
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                return
        finished.append((message.message_id, asyncio.current_task().cancelling()))

    await house.send(*names(3))
    assert await house.run(3, tasks_limit=1) == 3
    assert finished == [("m2", 0), ("m3", 0)]


@pytest.mark.parametrize("tasks_limit", [1, 2])
async def test_a_context_variable_that_an_actor_sets_is_not_seen_by_other_messages(house, tasks_limit):
    seen = []

    @house.router.actor
    async def work(message: Message) -> None:
        seen.append(colour.get())
        await asyncio.sleep(0)
        colour.set(f"painted by {message.message_id}")

    token = colour.set("blue")
    try:
        await house.send(*names(5))
        assert await house.run(5, tasks_limit=tasks_limit) == 5
    finally:
        colour.reset(token)
    assert seen == ["blue"] * 5


async def test_a_context_variable_whose_value_cannot_be_compared_is_no_harm(house):
    class Stubborn:
        def __eq__(self, other):
            raise TypeError

        __hash__ = None

    @house.router.actor
    async def work() -> None:
        colour.set(Stubborn())

    token = colour.set(Stubborn())
    try:
        await house.send(*names(3))
        assert await house.run(3, tasks_limit=1) == 3
    finally:
        colour.reset(token)


async def test_every_slot_is_used_also_right_after_a_lane_was_replaced(house):
    running = most = 0
    leave = asyncio.Event()

    @house.router.actor
    async def paint() -> None:
        colour.set("red")

    @house.router.actor
    async def work() -> None:
        nonlocal most, running
        running += 1
        most = max(most, running)
        await leave.wait()
        running -= 1

    await house.send("m1")
    await house.send("p1", topic="paint")
    await house.send("m2", "m3", "m4", "m5")
    worker = asyncio.create_task(house.run(6, tasks_limit=4))
    await all_quiet()
    assert running == 4
    leave.set()
    assert await worker == 6
    assert most == 4


async def test_a_first_ack_that_fails_is_logged_and_the_worker_goes_on(house, caplog):
    ran = []

    @house.router.actor(confirmation_mode="ack_first")
    async def work(message: Message) -> None:
        ran.append(message.message_id)

    queue = house.server.queues.of("tasks")
    settle = queue.settle

    def failing(received, action, **options):
        if received.message_id == "m1":
            raise ConnectionError
        settle(received, action, **options)

    queue.settle = failing
    await house.send("m1", "m2")
    assert await house.run(2, tasks_limit=1) == 2
    assert ran == ["m2"]
    assert house.waiting() == ["m1"]
    assert "message.settle.error" in caplog.messages


async def test_plain_functions_run_side_by_side_and_do_not_hold_up_the_loop(house):
    met = threading.Barrier(2, timeout=60)
    asynchronous_ran = threading.Event()

    @house.router.actor
    def plain() -> None:
        met.wait()
        assert asynchronous_ran.wait(60)

    @house.router.actor
    async def work() -> None:
        asynchronous_ran.set()

    await house.send("p1", "p2", topic="plain")
    await house.send("m1")
    assert await house.run(3) == 3
    assert house.dead() == []


async def test_actors_that_never_wait_leave_the_loop_its_turn(house):
    turns = 0

    @house.router.actor
    async def work() -> None:
        pass

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    await house.send(*names(320))
    background = asyncio.create_task(other())
    await house.run(320, tasks_limit=1)
    await cancelled(background)
    assert turns >= 10


async def test_two_workers_on_one_channel_share_its_messages(house):
    ran = []

    @house.router.actor
    async def work(message: Message) -> None:
        ran.append(message.message_id)
        await asyncio.sleep(0)

    await house.send(*names(10))
    counts = await asyncio.gather(house.run(4, tasks_limit=1), house.run(6, tasks_limit=1))
    assert counts == [4, 6]
    assert sorted(ran) == sorted(names(10))


async def test_what_one_worker_gives_back_another_one_gets(house):
    started = asyncio.Event()
    finished = []

    @house.router.actor
    async def work(message: Message) -> None:
        if not started.is_set():
            started.set()
            await asyncio.Event().wait()
        finished.append(message.message_id)

    await house.send("m1")
    first = asyncio.create_task(house.run(1))
    await started.wait()
    second = asyncio.create_task(house.run(1))
    await all_quiet()
    await cancelled(first)
    assert await second == 1
    assert finished == ["m1"]


async def test_each_worker_counts_its_own_sightings_and_nacks_what_it_has_seen_ten_times(house):
    @house.router.actor
    async def work() -> None:
        pass

    await house.send("poison", topic="nobody")
    workers = [asyncio.create_task(house.run(1)) for _ in range(2)]
    while not house.dead():  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert house.dead() == ["poison"]
    for worker in workers:
        await cancelled(worker)


async def test_an_observer_hears_of_every_step_of_the_way_in_order(house):
    events = []

    @house.router.actor
    async def work() -> None:
        pass

    await house.send("m1")
    await house.worker(events.append).run(messages_limit=1)
    assert [type(event) for event in events] == [Pulled, Matched, Started, Finished, Settled]


async def test_an_observer_that_raises_is_dropped_and_deliveries_go_on(house, caplog):
    told = []

    @house.router.actor
    async def work() -> None:
        pass

    def broken(event):
        told.append(event)
        if isinstance(event, Started):
            raise ZeroDivisionError

    await house.send("m1", "m2")
    assert await house.worker(broken).run(messages_limit=2) == 2
    assert (house.waiting(), house.dead(), house.in_work()) == ([], [], [])
    assert len(told) == 3
    assert caplog.messages == ["observer.dropped"]


async def test_a_worker_without_a_connection_says_how_to_open_one():
    house = House()

    @house.router.actor
    async def work() -> None:
        pass

    with pytest.raises(NotConnectedError, match="async with"):
        await house.run(1)


async def test_nothing_is_logged_above_debug_when_all_goes_well(house, caplog):
    @house.router.actor
    async def work() -> None:
        pass

    await house.send(*names(5))
    await house.run(5)
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
