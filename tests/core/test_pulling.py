"""Pulling: whose turn it is, who is woken, and servers that only push."""

import asyncio
import sys
import threading
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, Self

import pytest
import repid
from repid.connections.in_memory.message_broker import InMemoryReceivedMessage

from repid_nb.app import Repid
from repid_nb.core.memory.pulling import InMemoryPuller
from repid_nb.core.memory.queue import Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.routing.router import Router
from repid_nb.core.worker.subscription import SubscriptionPuller
from repid_nb.core.worker.worker import Worker


@pytest.fixture
def queues():
    return Queues(dead_letter_limit=10)


def put(queues: Queues, channel: str, *names: str) -> None:
    for name in names:
        queues.of(channel).put(QueuedMessage(b"", message_id=name), 4)


async def all_quiet() -> None:
    """Let everything that can run without outside help run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def names(*pulls: asyncio.Task) -> list[str | None]:
    return [getattr(await pull, "message_id", None) for pull in pulls]


def test_channels_take_turns_so_that_a_full_one_does_not_starve_the_others(queues):
    put(queues, "full", "f1", "f2", "f3", "f4")
    put(queues, "rare", "r1")
    puller = InMemoryPuller(queues, ["full", "rare", "empty"])
    pulled = [puller.pull_nowait().message_id for _ in range(5)]
    assert pulled == ["f1", "r1", "f2", "f3", "f4"]
    assert puller.pull_nowait() is None


def test_a_puller_without_channels_has_nothing(queues):
    assert InMemoryPuller(queues, []).pull_nowait() is None


async def test_a_stopped_puller_hands_out_nothing_of_one_channel_either(queues):
    put(queues, "a", "a1")
    puller = InMemoryPuller(queues, ["a"])
    await puller.stop()
    assert puller.pull_nowait_from("a") is None


def test_one_channel_can_be_pulled_from_out_of_turn(queues):
    put(queues, "a", "a1")
    put(queues, "b", "b1")
    puller = InMemoryPuller(queues, ["a", "b"])
    assert puller.pull_nowait_from("b").message_id == "b1"
    assert puller.pull_nowait_from("b") is None


async def test_of_several_that_wait_the_one_that_has_waited_longest_gets_the_next_message(queues):
    first, second = (InMemoryPuller(queues, ["a"]) for _ in range(2))
    pulls = []
    for puller in (second, first):
        pulls.append(asyncio.create_task(puller.pull()))
        await all_quiet()
    put(queues, "a", "a1")
    await all_quiet()
    assert [pull.done() for pull in pulls] == [True, False]
    put(queues, "a", "a2")
    assert await names(*pulls) == ["a1", "a2"]


async def test_a_pull_waits_for_a_message_on_any_of_its_channels(queues):
    pull = asyncio.create_task(InMemoryPuller(queues, ["a", "b"]).pull())
    await all_quiet()
    assert not pull.done()
    put(queues, "b", "m")
    assert await names(pull) == ["m"]
    assert not queues.of("a").waiters
    assert not queues.of("b").waiters


async def test_those_who_wait_are_served_in_order(queues):
    puller = InMemoryPuller(queues, ["a"])
    pulls = [asyncio.create_task(puller.pull()) for _ in range(3)]
    await all_quiet()
    put(queues, "a", "1", "2", "3")
    assert await names(*pulls) == ["1", "2", "3"]


async def test_who_was_woken_is_not_looked_at_again_by_the_next_message(queues):
    puller = InMemoryPuller(queues, ["a", "b"])
    pulls = [asyncio.create_task(puller.pull()) for _ in range(3)]
    await all_quiet()
    for left in (2, 1, 0, 0):
        put(queues, "a", "m")
        assert len(queues.of("a").waiters) == left
    await asyncio.wait(pulls)
    assert not queues.of("b").waiters


async def test_a_message_given_back_wakes_who_waits(queues):
    put(queues, "a", "m")
    held = InMemoryPuller(queues, ["a"]).pull_nowait()
    pull = asyncio.create_task(InMemoryPuller(queues, ["a"]).pull())
    await all_quiet()
    held.release()
    assert await names(pull) == ["m"]


async def test_a_message_that_comes_back_by_an_undo_wakes_who_waits(queues):
    journal = queues.keep_journal()
    put(queues, "a", "m")
    mark = journal.mark()
    InMemoryPuller(queues, ["a"]).pull_nowait()
    pull = asyncio.create_task(InMemoryPuller(queues, ["a"]).pull())
    await all_quiet()
    journal.undo_to(mark)
    assert await names(pull) == ["m"]


async def test_a_message_that_an_undo_would_give_to_a_closed_puller_waits_in_its_place(queues):
    journal = queues.keep_journal()
    put(queues, "a", "1", "2")
    gone = InMemoryPuller(queues, ["a"])
    held = gone.pull_nowait()
    mark = journal.mark()
    await held.ack()
    await gone.close()
    for _ in range(2):
        journal.undo_to(mark)
        assert [message.id for message in queues.snapshot(None)["a"].ready] == ["1", "2"]
        assert await names(asyncio.create_task(InMemoryPuller(queues, ["a"]).pull())) == ["1"]


async def test_a_message_that_an_undo_gives_to_an_open_puller_is_in_work_again(queues):
    journal = queues.keep_journal()
    put(queues, "a", "1")
    puller = InMemoryPuller(queues, ["a"])
    held = puller.pull_nowait()
    mark = journal.mark()
    await held.ack()
    journal.undo_to(mark)
    assert [message.id for message in queues.snapshot(None)["a"].in_work] == ["1"]


def test_a_turn_from_when_there_were_more_channels_is_nobodys_loss(queues):
    put(queues, "a", "a1")
    put(queues, "b", "b1")
    puller = InMemoryPuller(queues, ["a", "b"])
    puller.turn = 5
    assert [puller.pull_nowait().message_id for _ in range(2)] == ["a1", "b1"]


async def test_a_wake_up_is_not_lost_when_the_woken_one_is_cancelled(queues):
    puller = InMemoryPuller(queues, ["a"])
    first, second = asyncio.create_task(puller.pull()), asyncio.create_task(puller.pull())
    await all_quiet()
    put(queues, "a", "m")
    first.cancel()
    assert await names(second) == ["m"]


async def test_a_wake_up_is_not_lost_when_the_woken_puller_is_stopped(queues):
    stopped, other = InMemoryPuller(queues, ["a"]), InMemoryPuller(queues, ["a"])
    first, second = asyncio.create_task(stopped.pull()), asyncio.create_task(other.pull())
    await all_quiet()
    put(queues, "a", "m")
    await stopped.stop()
    assert await names(first, second) == [None, "m"]


async def test_a_wake_up_is_not_lost_when_the_woken_one_takes_a_message_of_another_channel(queues):
    both, only_a = InMemoryPuller(queues, ["b", "a"]), InMemoryPuller(queues, ["a"])
    first, second = asyncio.create_task(both.pull()), asyncio.create_task(only_a.pull())
    await all_quiet()
    put(queues, "a", "a1")
    put(queues, "b", "b1")
    assert await names(first, second) == ["b1", "a1"]


async def test_a_stopped_puller_hands_out_nothing_until_it_is_started_again(queues):
    puller = InMemoryPuller(queues, ["a"])
    waiting = asyncio.create_task(puller.pull())
    await all_quiet()
    await puller.stop()
    put(queues, "a", "m")
    assert await waiting is None
    assert await puller.pull() is None
    puller.start()
    assert (await puller.pull()).message_id == "m"


async def test_closing_a_puller_gives_back_only_its_own(queues):
    put(queues, "a", "1", "2")
    one, other = InMemoryPuller(queues, ["a"]), InMemoryPuller(queues, ["a"])
    one.pull_nowait(), other.pull_nowait()
    await one.close()
    seen = queues.snapshot(None)["a"]
    assert ([m.id for m in seen.ready], [m.id for m in seen.in_work]) == (["1"], ["2"])


async def test_a_puller_that_starts_to_listen_elsewhere_while_it_waits_leaves_nothing_behind(queues):
    puller = InMemoryPuller(queues, ["a"])
    pull = asyncio.create_task(puller.pull())
    await all_quiet()
    puller.listen(["b"])
    await puller.stop()
    assert await pull is None
    assert not queues.of("a").waiters


@pytest.fixture
async def foreign():
    """A server object of repid itself, connected."""
    server = repid.InMemoryServer()
    async with server.connection():
        yield server


def app_on(server: repid.InMemoryServer, router: Router) -> Repid:
    app = Repid()
    app.servers.register_server("theirs", server)
    app.include_router(router)
    return app


async def send(app: Repid, *numbers: int, topic: str = "work", channel: str = "tasks") -> None:
    for number in numbers:
        await app.send_message_json(channel=channel, payload={"n": number}, headers={"topic": topic})


def left(server: repid.InMemoryServer, channel: str = "tasks") -> list[int]:
    """What still waits on a repid server, and nothing may be in work."""
    assert not server.queues[channel].processing
    queue = server.queues[channel].queue
    return [repid_number(queue.get_nowait().payload) for _ in range(queue.qsize())]


def repid_number(payload: bytes) -> int:
    return int(payload.decode().strip('{}"n: '))


@pytest.mark.parametrize("tasks_limit", [1, 2, 10, 1000])
@pytest.mark.parametrize("messages_limit", [1, 3, 12])
async def test_on_a_server_of_repid_the_limit_is_exact_and_nothing_is_lost(foreign, tasks_limit, messages_limit):
    router, ran = Router(), []

    @router.actor(channel="tasks")
    async def work(n: int) -> None:
        await asyncio.sleep(0)
        ran.append(n)

    app = app_on(foreign, router)
    await send(app, *range(30))
    done = await app.run_worker(messages_limit=messages_limit, tasks_limit=tasks_limit, register_signals=[])
    assert done.processed == messages_limit
    assert ran == list(range(messages_limit))
    assert sorted(left(foreign)) == list(range(messages_limit, 30))


@pytest.mark.parametrize("tasks_limit", [1, 2, 7])
async def test_on_a_server_of_repid_several_channels_lose_nothing_either(foreign, tasks_limit):
    router, ran = Router(), []

    @router.actor(name="work", channel="a")
    @router.actor(name="work", channel="b")
    @router.actor(name="work", channel="c")
    async def work(n: int) -> None:
        ran.append(n)

    app = app_on(foreign, router)
    for channel in "abc":
        await send(app, *range(10), channel=channel)
    await app.run_worker(messages_limit=5, tasks_limit=tasks_limit, register_signals=[])
    remaining = [n for channel in "abc" for n in left(foreign, channel)]
    assert sorted(ran + remaining) == sorted([*range(10)] * 3)
    assert len(ran) == 5


async def test_on_a_server_of_repid_a_cancelled_worker_gives_everything_back_and_takes_nothing_more(foreign):
    router, started = Router(), asyncio.Event()

    @router.actor(channel="tasks")
    async def work(n: int) -> None:
        started.set()
        await asyncio.Event().wait()

    app = app_on(foreign, router)
    await send(app, 1, 2, 3, 4)
    tasks = asyncio.all_tasks()
    worker = asyncio.create_task(app.run_worker(tasks_limit=2, register_signals=[]))
    await started.wait()
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    await all_quiet()
    assert asyncio.all_tasks() == tasks
    await send(app, 5)
    await all_quiet()
    assert sorted(left(foreign)) == [1, 2, 3, 4, 5]


async def test_on_a_server_of_repid_nothing_is_lost_when_all_tasks_are_cancelled_at_once(foreign):
    router, started, ran = Router(), asyncio.Event(), []

    @router.actor(channel="tasks")
    async def work(n: int) -> None:
        ran.append(n)
        started.set()
        await asyncio.Event().wait()

    app = app_on(foreign, router)
    await send(app, 1, 2, 3)
    theirs = asyncio.all_tasks()
    worker = asyncio.create_task(app.run_worker(tasks_limit=1, register_signals=[]))
    await started.wait()
    (lane,) = [task for task in asyncio.all_tasks() - theirs if "Slots._work" in repr(task)]
    lane.cancel()
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert ran == [1]
    assert sorted(left(foreign)) == [1, 2, 3]


async def test_on_a_server_of_repid_a_poison_message_is_nacked_at_its_tenth_sighting(foreign):
    router, ran = Router(), []
    sightings, tenth = [], asyncio.Event()

    def watching(*, actor_name, **_):
        def strategy(message):
            if message.headers["topic"] == actor_name:
                return True
            sightings.append(message.message_id)
            if len(sightings) == 10:
                tenth.set()
            return False

        return strategy

    @router.actor(channel="tasks", routing_strategy=watching)
    async def work(n: int) -> None:
        ran.append(n)

    app = app_on(foreign, router)
    await send(app, 1, topic="nobody")
    worker = asyncio.create_task(app.run_worker(messages_limit=1, register_signals=[]))
    await tenth.wait()
    await all_quiet()
    assert left(foreign) == []
    await send(app, 2)
    assert (await worker).processed == 1
    assert (len(sightings), ran) == (10, [2])


async def test_a_stopping_worker_lets_its_actors_finish_and_does_not_take_and_reject_in_circles(foreign):
    router = Router()
    started, leave, finished = asyncio.Event(), asyncio.Event(), []

    @router.actor(channel="tasks")
    async def work(n: int) -> None:
        started.set()
        await leave.wait()
        finished.append(n)

    brought = []
    subscribe = foreign.subscribe

    async def watched(*, channels_to_callbacks, concurrency_limit):
        async def bring(message):
            brought.append(repid_number(message.payload))
            await channels_to_callbacks["tasks"](message)

        return await subscribe(channels_to_callbacks={"tasks": bring}, concurrency_limit=concurrency_limit)

    foreign.subscribe = watched
    app = app_on(foreign, router)
    worker = Worker(app.execution_context(foreign), router.routes().by_channel)
    running = asyncio.create_task(worker.run(tasks_limit=5))
    await send(app, 1)
    await started.wait()
    worker.stop()
    await all_quiet()
    await send(app, 2, 3)
    for _ in range(10):
        await all_quiet()
    assert brought == [1, 2]
    leave.set()
    assert await running == 1
    assert finished == [1]
    assert sorted(left(foreign)) == [2, 3]


async def test_a_subscription_that_ends_by_itself_ends_the_worker(foreign, caplog):
    router, ran = Router(), asyncio.Event()

    @router.actor(channel="tasks")
    async def work(n: int) -> None:
        ran.set()

    app = app_on(foreign, router)
    await send(app, 1)
    worker = asyncio.create_task(app.run_worker(register_signals=[]))
    await ran.wait()
    (subscriber,) = foreign._subscribers
    subscriber.task.cancel()
    assert (await worker).processed == 1
    assert "worker.subscription_ended" in caplog.messages


async def test_a_server_that_cannot_pause_or_close_any_more_does_not_keep_the_worker_from_ending(foreign, caplog):
    router, ran = Router(), []
    subscribe = foreign.subscribe

    async def breaking(**options):
        subscriber = await subscribe(**options)
        close = subscriber.close

        async def broken():
            await close()
            raise ConnectionError

        subscriber.pause = subscriber.close = broken
        return subscriber

    @router.actor(channel="tasks")
    async def work(n: int) -> None:
        ran.append(n)

    foreign.subscribe = breaking
    app = app_on(foreign, router)
    await send(app, 1)
    assert (await app.run_worker(messages_limit=1, register_signals=[])).processed == 1
    assert "worker.shutdown.error" in caplog.messages


async def test_a_connection_whose_reader_waits_in_the_pause_reads_on_once_the_worker_has_ended(foreign):
    router, reading = Router(), asyncio.Event()
    subscribe = foreign.subscribe
    reading.set()

    async def pausing_inside(**options):
        subscriber = await subscribe(**options)

        async def pause():
            reading.clear()

        async def resume():
            reading.set()

        subscriber.pause, subscriber.resume = pause, resume
        return subscriber

    @router.actor(channel="tasks")
    async def work(n: int) -> None: ...

    foreign.subscribe = pausing_inside
    app = app_on(foreign, router)
    await send(app, 1)
    await app.run_worker(messages_limit=1, register_signals=[])
    assert reading.is_set()


@pytest.mark.parametrize("topic", ["work", "nobody"])
async def test_a_settlement_that_has_begun_is_seen_through_when_the_worker_is_cancelled(foreign, monkeypatch, topic):
    router, begun, started, settled = Router(), asyncio.Event(), [], []
    word = "ack" if topic == "work" else "reject"
    settle = getattr(InMemoryReceivedMessage, word)

    async def slowly(message):
        begun.set()
        started.append(message)
        await asyncio.sleep(0.01)
        await settle(message)
        settled.append(message)

    @router.actor(channel="tasks")
    async def work(n: int) -> None: ...

    monkeypatch.setattr(InMemoryReceivedMessage, word, slowly)
    app = app_on(foreign, router)
    await send(app, 1, topic=topic)
    worker = asyncio.create_task(app.run_worker(register_signals=[]))
    await begun.wait()
    worker.cancel()
    await asyncio.wait({worker})
    # A rejected one comes again, and back to its queue once more.
    assert settled == started


class Looking(SubscriptionPuller):
    """Counts how often it looks for a message."""

    looks = 0

    def pull_nowait(self):
        self.looks += 1
        return super().pull_nowait()


@pytest.fixture
async def subscribed(foreign):
    puller = Looking()
    await puller.open(foreign, ["tasks"], 10)
    yield puller
    await puller.close()


async def test_a_message_of_a_subscription_wakes_one_of_a_hundred_pulls(foreign, subscribed):
    pulls = [asyncio.create_task(subscribed.pull()) for _ in range(100)]
    await all_quiet()
    assert subscribed.looks == 100
    await send(app_on(foreign, Router()), 1)
    done, others = await asyncio.wait(pulls, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), subscribed.looks) == (1, 101)
    await subscribed.stop()
    assert await names(*others) == [None] * 99
    await done.pop().result().ack()


async def test_the_message_of_a_pull_that_is_cancelled_as_it_wakes_goes_to_another(foreign, queues):
    put(queues, "tasks", "m")
    message = InMemoryPuller(queues, ["tasks"]).pull_nowait()
    subscribe, callbacks = foreign.subscribe, []

    async def subscribed_by(*, channels_to_callbacks, concurrency_limit):
        callbacks.append(channels_to_callbacks["tasks"])
        return await subscribe(channels_to_callbacks=channels_to_callbacks, concurrency_limit=concurrency_limit)

    foreign.subscribe = subscribed_by
    puller = SubscriptionPuller()
    await puller.open(foreign, ["tasks"], 10)
    first, second = asyncio.create_task(puller.pull()), asyncio.create_task(puller.pull())
    await all_quiet()
    brought = asyncio.create_task(callbacks[0](message))
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(60):
        assert await names(second) == ["m"]
    assert first.cancelled()
    await brought
    await puller.close()


@pytest.mark.parametrize("channels", [["a"], ["a", "b"]])
async def test_what_another_thread_sends_at_any_moment_of_a_pull_is_pulled(channels):
    for line in count(1):
        queues = Queues(dead_letter_limit=10)
        puller = InMemoryPuller(queues, channels)
        with AtLine(line, partial(put, queues, "a", "a1")) as sending:
            pull = asyncio.create_task(puller.pull())
            await all_quiet()
        if not sending.has_sent:
            pull.cancel()
            break
        async with asyncio.timeout(60):
            assert await names(pull) == ["a1"]
    assert line > 20


class AtLine:
    """Lets another thread send before the n-th line that runs in the modules of queues and pulling."""

    def __init__(self, line: int, send: Callable[[], None]) -> None:
        self.has_sent = False
        self._left = line
        self._send = send

    def __enter__(self) -> Self:
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _trace(self, frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        if Path(frame.f_code.co_filename).name not in ("pulling.py", "queue.py"):
            return None
        if event == "line":
            self._left -= 1
            if self._left == 0:
                sys.settrace(None)
                thread = threading.Thread(target=self._send)
                thread.start()
                thread.join()
                self.has_sent = True
        return self._trace
