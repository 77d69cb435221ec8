"""What ends a worker: only its own ending is an interruption, whatever an actor or a strategy does."""

import asyncio
import functools

import pytest
import repid

from repid_nb import Message, Router, catch_all_routing_strategy
from repid_nb.app import Repid
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.worker import subscription


class House:
    """An app with one channel, whose actor takes everything."""

    def __init__(self, server=None) -> None:
        self.server = InMemoryServer() if server is None else server
        self.router = Router(channel="tasks")
        self.app = Repid()
        self.app.servers.register_server("default", self.server)
        self.app.include_router(self.router)
        self.ran: list[bytes] = []

    def actor(self, fn=None, **options):
        return self.router.actor(**{"routing_strategy": catch_all_routing_strategy, **options})(fn)

    async def send(self, *payloads: bytes) -> None:
        for payload in payloads:
            await self.app.send_message(channel="tasks", payload=payload)

    async def run(self, messages_limit: float = float("inf"), **options) -> int:
        options.setdefault("register_signals", [])
        return (await self.app.run_worker(messages_limit=messages_limit, **options)).processed

    def left(self) -> list[bytes]:
        return [message.payload for message in self.server.snapshot()["tasks"].ready]


@pytest.fixture
async def house():
    house = House()
    async with house.server.connection():
        yield house


@pytest.fixture(params=[asyncio.tasks._CTask, asyncio.tasks._PyTask], ids=["tasks in C", "tasks in Python"])
def either_kind_of_task(request, monkeypatch):
    """Let tasks be those written in C, or in Python: nest_asyncio2 puts these in the place of those."""
    monkeypatch.setattr(asyncio, "Task", request.param)


async def all_quiet() -> None:
    """Let everything that can run without outside help run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_kept_task_that_is_cancelled_later_does_not_end_the_idle_worker(house):
    kept = []

    async def work(message: Message) -> None:
        kept.append(asyncio.current_task())
        house.ran.append(message.payload)

    house.actor(work)
    await house.send(b"1")
    worker = asyncio.create_task(house.run(2))
    await all_quiet()
    kept[0].cancel()
    await all_quiet()
    await house.send(b"2")
    assert await worker == 2
    assert house.ran == [b"1", b"2"]


@pytest.mark.usefixtures("either_kind_of_task")
async def test_a_kept_task_that_is_cancelled_later_does_not_hit_the_next_message(house):
    kept, go_on = [], asyncio.Event()

    async def work(message: Message) -> None:
        await asyncio.sleep(0.001)
        kept.append(asyncio.current_task())
        if message.payload == b"2":
            kept[0].cancel()
            await go_on.wait()
        house.ran.append(message.payload)

    house.actor(work)
    await house.send(b"1", b"2")
    worker = asyncio.create_task(house.run(2, tasks_limit=1))
    await all_quiet()
    go_on.set()
    assert await worker == 2
    assert house.ran == [b"1", b"2"]


async def test_a_task_that_is_cancelled_without_having_been_kept_leaves_its_slot_to_another(house):
    async def work(message: Message) -> None:
        house.ran.append(message.payload)

    house.actor(work)
    theirs = asyncio.all_tasks()
    worker = asyncio.create_task(house.run(1, tasks_limit=1))
    await all_quiet()
    (idle,) = asyncio.all_tasks() - theirs - {worker}
    idle.cancel()
    del idle
    await all_quiet()
    await house.send(b"1")
    assert await worker == 1
    assert house.ran == [b"1"]


@pytest.mark.usefixtures("either_kind_of_task")
async def test_a_task_without_traces_goes_on_to_the_next_message(house):
    tasks = set()

    async def work() -> None:
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))
        tasks.add(id(asyncio.current_task()))

    house.actor(work)
    await house.send(*[b""] * 20)
    await house.run(20, tasks_limit=1)
    assert len(tasks) == 1


@pytest.mark.parametrize("error", [asyncio.CancelledError, GeneratorExit])
async def test_a_strategy_that_raises_what_looks_like_an_interruption_ends_no_worker(house, error):
    def picky(*, actor_name, **_):
        def strategy(message):
            if message.payload == b"bad":
                raise error
            return True

        return strategy

    async def work(message: Message) -> None:
        house.ran.append(message.payload)

    house.actor(work, routing_strategy=picky)
    await house.send(b"1", b"bad", b"2", b"3")
    assert await house.run(3) == 3
    assert house.ran == [b"1", b"2", b"3"]
    assert house.left() == [b"bad"]


async def test_an_actor_that_raises_a_generator_exit_fails_once_and_alone(house):
    async def work(message: Message) -> None:
        house.ran.append(message.payload)
        if message.payload == b"bad":
            raise GeneratorExit

    house.actor(work)
    await house.send(b"1", b"bad", b"2", b"3")
    assert await house.run(4) == 4
    assert house.ran == [b"1", b"bad", b"2", b"3"]
    assert house.left() == [b"bad"]


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("waits", [False, True])
async def test_an_exit_in_an_actor_is_raised_where_the_worker_is_awaited_and_not_inside_a_task(house, error, waits):
    async def work(message: Message) -> None:
        if message.payload == b"leave":
            if waits:
                await asyncio.sleep(0)
            raise error
        await asyncio.Event().wait()

    house.actor(work)
    await house.send(b"other", b"leave", b"last")
    with pytest.raises(error):
        await house.run()
    assert house.left() == [b"other", b"leave", b"last"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
async def test_an_exit_in_a_strategy_ends_the_worker_and_its_message_is_back(house, error):
    def leaving(*, actor_name, **_):
        def strategy(message):
            raise error

        return strategy

    async def work() -> None: ...

    house.actor(work, routing_strategy=leaving)
    await house.send(b"1")
    with pytest.raises(error):
        await house.run()
    assert house.left() == [b"1"]


async def test_an_ack_that_fails_before_the_run_is_a_failed_run_and_not_tried_again_and_again():
    house = House(repid.InMemoryServer())
    delivered = []

    async def broken() -> None:
        raise ConnectionError

    async def work(message: Message) -> None:
        house.ran.append(message.payload)

    subscribe = house.server.subscribe

    async def around(callback, message):
        delivered.append(message)
        message.ack = broken
        await callback(message)

    async def subscribed(*, channels_to_callbacks, concurrency_limit):
        bring = {channel: functools.partial(around, callback) for channel, callback in channels_to_callbacks.items()}
        return await subscribe(channels_to_callbacks=bring, concurrency_limit=concurrency_limit)

    house.server.subscribe = subscribed
    house.actor(work, confirmation_mode="ack_first")
    async with house.server.connection():
        await house.send(b"1")
        assert await house.run(1) == 1
    assert (len(delivered), house.ran) == (1, [])


async def test_a_server_that_never_answers_while_pausing_does_not_keep_a_cancelled_worker(monkeypatch, caplog):
    monkeypatch.setattr(subscription, "CLOSING_TIME", 0.01)
    house = House(repid.InMemoryServer())

    async def work() -> None: ...

    subscribe = house.server.subscribe

    async def subscribed(**options):
        subscriber = await subscribe(**options)
        subscriber.pause = asyncio.Event().wait
        return subscriber

    house.server.subscribe = subscribed
    house.actor(work)
    async with house.server.connection():
        worker = asyncio.create_task(house.run())
        await all_quiet()
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker
        assert not house.server._subscribers
    assert "worker.shutdown.timeout" in caplog.messages


@pytest.mark.parametrize("turns", range(0, 60, 7))
async def test_a_worker_that_is_cancelled_while_it_closes_still_closes_its_subscription(turns):
    house = House(repid.InMemoryServer())

    async def work() -> None: ...

    house.actor(work)
    async with house.server.connection():
        await house.send(b"1")
        theirs = asyncio.all_tasks()
        worker = asyncio.create_task(house.run(1))
        for _ in range(turns):
            await asyncio.sleep(0)
        worker.cancel()
        await asyncio.wait([worker])
        await all_quiet()
        assert asyncio.all_tasks() == theirs


async def test_a_server_that_cannot_pause_is_asked_for_a_message_once_at_the_end_and_not_again_and_again():
    house = House(repid.InMemoryServer())
    started, leave, brought = asyncio.Event(), asyncio.Event(), []

    async def work() -> None:
        started.set()
        await leave.wait()

    subscribe = house.server.subscribe

    async def broken() -> None:
        raise ConnectionError

    async def bring(callback, message):
        brought.append(message.payload)
        await callback(message)

    async def subscribed(*, channels_to_callbacks, concurrency_limit):
        callbacks = {channel: functools.partial(bring, callback) for channel, callback in channels_to_callbacks.items()}
        subscriber = await subscribe(channels_to_callbacks=callbacks, concurrency_limit=concurrency_limit)
        subscriber.pause = broken
        return subscriber

    house.server.subscribe = subscribed
    house.actor(work)
    async with house.server.connection():
        await house.send(b"1", b"2", b"3")
        worker = asyncio.create_task(house.run(1, tasks_limit=1))
        await started.wait()
        await all_quiet()
        leave.set()
        assert await worker == 1
    assert brought.count(b"2") <= 2
    assert brought.count(b"3") <= 2
    assert house.server.queues["tasks"].queue.qsize() == 2


class OneReader(InMemoryServer):
    """Brings messages one after another, and answers what is published from the same reader.

    repid's AMQP and NATS connections work like this: they read nothing while a callback runs.
    """

    async def connect(self) -> None:
        await super().connect()
        self._frames: asyncio.Queue = asyncio.Queue()

    async def publish(self, *, channel, message, server_specific_parameters=None) -> None:
        answered = asyncio.get_running_loop().create_future()
        self._frames.put_nowait(functools.partial(self._answer, answered))
        await answered
        await super().publish(channel=channel, message=message, server_specific_parameters=server_specific_parameters)

    async def subscribe(self, *, channels_to_callbacks, concurrency_limit=None):
        callbacks = {channel: functools.partial(self._bring, one) for channel, one in channels_to_callbacks.items()}
        self.reader = asyncio.create_task(self._read())
        return await super().subscribe(channels_to_callbacks=callbacks)

    async def _bring(self, callback, message) -> None:
        self._frames.put_nowait(functools.partial(callback, message))

    async def _answer(self, answered: asyncio.Future) -> None:
        answered.set_result(None)

    async def _read(self) -> None:
        while True:
            await (await self._frames.get())()


async def test_an_actor_may_send_and_actors_run_side_by_side_on_a_server_with_one_reader():
    house = House(OneReader())
    together = asyncio.Barrier(4)

    async def work(message: Message) -> None:
        await together.wait()
        await house.app.send_message(channel="answers", payload=message.payload)
        house.ran.append(message.payload)

    house.actor(work)
    async with house.server.connection():
        for payload in (b"1", b"2", b"3", b"4"):
            house.server.publish_nowait("tasks", payload)
        async with asyncio.timeout(60):
            assert await house.run(4, tasks_limit=4) == 4
        house.server.reader.cancel()
        answers = house.server.snapshot()["answers"].waiting
    assert (len(house.ran), answers) == (4, 4)


async def test_an_actor_may_send_while_a_message_waits_for_its_slot_on_a_server_with_one_reader():
    house = House(OneReader())

    async def work(message: Message) -> None:
        await all_quiet()  # until then the next message has been brought
        await house.app.send_message(channel="answers", payload=message.payload)
        house.ran.append(message.payload)

    house.actor(work)
    async with house.server.connection():
        for payload in (b"1", b"2", b"3"):
            house.server.publish_nowait("tasks", payload)
        async with asyncio.timeout(60):
            assert await house.run(3, tasks_limit=1) == 3
        house.server.reader.cancel()
    assert house.ran == [b"1", b"2", b"3"]


class AnswersSubscriptions(OneReader):
    """Answers a subscription by its one reader, after messages of it have come already, as repid's AMQP does."""

    async def subscribe(self, *, channels_to_callbacks, concurrency_limit=None):
        subscriber = await super().subscribe(channels_to_callbacks=channels_to_callbacks)
        await all_quiet()
        answered = asyncio.get_running_loop().create_future()
        self._frames.put_nowait(functools.partial(self._answer, answered))
        await answered
        return subscriber


async def test_a_message_that_comes_while_the_worker_subscribes_does_not_keep_it_from_that():
    house = House(AnswersSubscriptions())

    async def work(message: Message) -> None:
        house.ran.append(message.payload)

    house.actor(work)
    async with house.server.connection():
        for payload in (b"1", b"2"):
            house.server.publish_nowait("tasks", payload)
        async with asyncio.timeout(60):
            assert await house.run(2, tasks_limit=1) == 2
        house.server.reader.cancel()
    assert house.ran == [b"1", b"2"]
