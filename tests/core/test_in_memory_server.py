"""The in-memory server: its connection, what it takes and refuses, and its subscriptions."""

import asyncio
import contextlib

import pytest

from repid_nb.core.description import Channel
from repid_nb.core.errors import InvalidMessageError, NotConnectedError
from repid_nb.core.events import Published
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import MessageAction, MessageData


@pytest.fixture
async def server():
    server = InMemoryServer()
    async with server.connection():
        yield server


async def publish(server: InMemoryServer, *names: str, channel: str = "tasks", **parameters: object) -> None:
    for name in names:
        await server.publish(
            channel=channel,
            message=MessageData(payload=name.encode()),
            server_specific_parameters={"message_id": name, **parameters},
        )


def waiting(server: InMemoryServer, channel: str = "tasks") -> list[str | None]:
    return [message.id for message in server.snapshot()[channel].ready]


def in_work(server: InMemoryServer, channel: str = "tasks") -> list[str | None]:
    return [message.id for message in server.snapshot()[channel].in_work]


class Inbox:
    """A callback that hands its messages to the test and waits for leave to return."""

    def __init__(self, *, hold: bool = False) -> None:
        self.came: asyncio.Queue = asyncio.Queue()
        self.running = 0
        self.most = 0
        self.leave = asyncio.Event()
        if not hold:
            self.leave.set()

    async def __call__(self, message) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        self.came.put_nowait(message)
        try:
            await self.leave.wait()
            await message.ack()
        finally:
            self.running -= 1

    async def next(self) -> str:
        return (await self.came.get()).message_id


async def all_quiet() -> None:
    """Let everything that can run without outside help run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_connection_is_open_inside_its_block_and_closed_after_it():
    server = InMemoryServer()
    assert not server.is_connected
    async with server.connection() as connected:
        assert connected is server
        assert server.is_connected
    assert not server.is_connected


async def test_a_connection_is_closed_after_an_error():
    server = InMemoryServer()
    with contextlib.suppress(ZeroDivisionError):
        async with server.connection():
            raise ZeroDivisionError
    assert not server.is_connected


async def test_what_is_queued_outlives_the_connection():
    server = InMemoryServer()
    async with server.connection():
        await publish(server, "a")
    async with server.connection():
        assert waiting(server) == ["a"]


@pytest.mark.parametrize("error", [NotConnectedError, RuntimeError])
async def test_publishing_without_a_connection_is_refused_with_the_fix(error):
    with pytest.raises(error, match="async with"):
        await publish(InMemoryServer(), "a")


async def test_subscribing_without_a_connection_is_refused():
    with pytest.raises(NotConnectedError, match="subscribe"):
        await InMemoryServer().subscribe(channels_to_callbacks={})


@pytest.mark.parametrize(
    ("payload", "fix"),
    [
        ("text", r"payload\.encode\(\)"),
        (bytearray(b"x"), r"bytes\(payload\)"),
        ({"a": 1}, "send_message_json"),
        (None, "send_message_json"),
    ],
)
async def test_a_payload_that_is_not_bytes_is_refused_with_the_fix(server, payload, fix):
    with pytest.raises(InvalidMessageError, match=fix):
        await server.publish(channel="tasks", message=MessageData(payload=payload))
    assert list(server.snapshot()) == []


@pytest.mark.parametrize("headers", [{"n": 1}, {1: "n"}, {"n": None}, {"n": b"x"}, [("a", "b")], "a"])
async def test_headers_that_are_not_str_to_str_are_refused(server, headers):
    with pytest.raises(InvalidMessageError, match=r"[Hh]eader"):
        await server.publish(channel="tasks", message=MessageData(payload=b"", headers=headers))


async def test_server_parameters_that_are_no_dict_are_refused(server):
    with pytest.raises(InvalidMessageError, match=r"must be a dict, such as \{'priority': 9\}, not \[5\]"):
        await server.publish(channel="tasks", message=MessageData(payload=b""), server_specific_parameters=[5])


@pytest.mark.parametrize("look", [InMemoryServer.dead_letters, InMemoryServer.resend_dead_letters])
async def test_a_channel_in_place_of_its_address_is_refused_with_the_fix(server, look):
    await publish(server, "a")
    with pytest.raises(InvalidMessageError, match=r"must be a str, not Channel\. Use its address\."):
        look(server, Channel(address="tasks"))


@pytest.mark.parametrize("field", ["content_type", "reply_to"])
async def test_a_content_type_or_reply_channel_that_is_no_str_is_refused(server, field):
    with pytest.raises(InvalidMessageError, match="must be a str, not int"):
        await server.publish(channel="tasks", message=MessageData(payload=b"", **{field: 5}))


async def test_a_channel_that_is_no_str_is_refused(server):
    with pytest.raises(InvalidMessageError, match="channel must be a str"):
        await server.publish(channel=5, message=MessageData(payload=b""))


@pytest.mark.parametrize("priority", [-1, 10, True, False, "4", 4.0, None])
async def test_a_priority_that_is_no_whole_number_from_0_to_9_is_refused(server, priority):
    with pytest.raises(InvalidMessageError, match="from 0"):
        await publish(server, "a", priority=priority)
    assert list(server.snapshot()) == []


async def test_priorities_order_and_the_default_lies_between(server):
    await publish(server, "none")
    await publish(server, "five", priority=5)
    await publish(server, "three", priority=3)
    await publish(server, "four", priority=4)
    await publish(server, "nine", priority=9)
    await publish(server, "zero", priority=0)
    assert waiting(server) == ["nine", "five", "none", "four", "three", "zero"]


@pytest.mark.parametrize("wanted", [None, "", 7])
async def test_a_message_without_a_usable_id_gets_one_of_its_own(server, wanted):
    for _ in range(2):
        await server.publish(
            channel="tasks",
            message=MessageData(payload=b""),
            server_specific_parameters={"message_id": wanted},
        )
    first, second = waiting(server)
    assert first != second
    assert len(first or "") == 36


async def test_dead_letters_are_listed_and_resent(server):
    await publish(server, "a", "b")
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": lambda message: message.nack()})
    await all_quiet()
    await subscriber.close()
    assert [letter.message.id for letter in server.dead_letters("tasks")] == ["a", "b"]
    assert server.resend_dead_letters("tasks", "b") == 1
    assert server.resend_dead_letters("tasks") == 1
    assert waiting(server) == ["b", "a"]


async def test_looking_for_dead_letters_on_an_unknown_channel_makes_no_channel(server):
    assert server.dead_letters("nowhere") == ()
    assert server.resend_dead_letters("nowhere") == 0
    assert list(server.snapshot()) == []


def test_a_server_that_keeps_no_dead_letter_is_refused():
    with pytest.raises(InvalidMessageError, match="at least 1"):
        InMemoryServer(dead_letter_limit=0)


async def test_an_observer_is_told_of_each_message_until_it_ends(server):
    told = []
    end = server.observe(told.append)
    await publish(server, "a")
    end()
    await publish(server, "b")
    (event,) = told
    assert isinstance(event, Published)
    assert (event.channel, event.message.payload) == ("tasks", b"a")


async def test_an_observer_is_told_of_every_change_of_the_queues_whoever_makes_it(server):
    told = []
    server.observe(lambda event: told.append((getattr(event, "what", "published"), getattr(event, "action", None))))
    await publish(server, "a", "b")
    puller = server.puller(["tasks"])
    first, second = puller.pull_nowait(), puller.pull_nowait()
    await first.ack()
    second.release()
    await puller.pull_nowait().nack()
    server.resend_dead_letters("tasks")
    assert told == [
        ("published", None),
        ("published", None),
        ("taken", None),
        ("taken", None),
        ("settled", MessageAction.acked),
        ("released", None),
        ("taken", None),
        ("settled", MessageAction.nacked),
        ("resent", None),
    ]


async def test_a_move_says_which_message_and_which_worker(server):
    told = []
    await publish(server, "a")
    server.observe(told.append)
    puller = server.puller(["tasks"])
    message = puller.pull_nowait()
    (taken,) = told
    assert (taken.channel, taken.message, taken.owner) == ("tasks", message.queued, puller.owner)


async def test_an_observer_is_told_that_changes_were_taken_back(server):
    journal = server.keep_journal()
    mark = journal.mark()
    await publish(server, "a")
    told = []
    server.observe(told.append)
    journal.undo_to(mark)
    assert [event.what for event in told] == ["rewound"]


async def test_an_observer_that_raises_does_not_break_a_publish(server, caplog):
    def broken(event):
        raise ZeroDivisionError

    told = []
    server.observe(broken)
    server.observe(told.append)
    await publish(server, "a", "b")
    assert waiting(server) == ["a", "b"]
    assert len(told) == 2
    assert caplog.messages.count("observer.dropped") == 1


async def test_a_subscriber_gets_what_waits_and_what_comes_later(server):
    await publish(server, "a")
    inbox = Inbox()
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": inbox})
    assert await inbox.next() == "a"
    await publish(server, "b")
    assert await inbox.next() == "b"
    await subscriber.close()


async def test_each_channel_has_its_own_callback(server):
    orders, letters = Inbox(), Inbox()
    subscriber = await server.subscribe(channels_to_callbacks={"orders": orders, "letters": letters})
    await publish(server, "o", channel="orders")
    await publish(server, "l", channel="letters")
    assert [await orders.next(), await letters.next()] == ["o", "l"]
    await subscriber.close()


async def test_no_more_callbacks_run_at_once_than_the_limit_and_the_rest_waits_in_the_queue(server):
    await publish(server, *"abcdef")
    inbox = Inbox(hold=True)
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": inbox}, concurrency_limit=2)
    await all_quiet()
    assert (in_work(server), waiting(server)) == (["a", "b"], ["c", "d", "e", "f"])
    inbox.leave.set()
    assert [await inbox.next() for _ in range(6)] == list("abcdef")
    assert inbox.most == 2
    await subscriber.close()


async def test_a_callback_that_raises_is_logged_and_frees_its_slot(server, caplog):
    came = asyncio.Queue()

    async def broken(message):
        came.put_nowait(message.message_id)
        raise ZeroDivisionError

    subscriber = await server.subscribe(channels_to_callbacks={"tasks": broken}, concurrency_limit=1)
    await publish(server, "a", "b")
    assert [await came.get(), await came.get()] == ["a", "b"]
    await all_quiet()
    assert caplog.messages == ["message.callback.error"] * 2
    await subscriber.close()
    assert waiting(server) == ["a", "b"]


async def test_nothing_slips_through_a_pause_and_nothing_is_lost_by_it(server):
    inbox = Inbox()
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": inbox})
    await all_quiet()
    await subscriber.pause()
    await publish(server, "a", "b")
    await all_quiet()
    assert (waiting(server), in_work(server)) == (["a", "b"], [])
    assert subscriber.is_active
    await subscriber.resume()
    assert [await inbox.next(), await inbox.next()] == ["a", "b"]
    await subscriber.close()


async def test_a_pause_right_after_a_publish_still_comes_in_time(server):
    inbox = Inbox()
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": inbox})
    await all_quiet()
    await publish(server, "a")
    await subscriber.pause()
    await all_quiet()
    assert waiting(server) == ["a"]
    await subscriber.close()


async def test_pausing_and_resuming_at_once_loses_nothing(server):
    inbox = Inbox()
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": inbox}, concurrency_limit=1)
    for name in "abc":
        await subscriber.pause()
        await publish(server, name)
        await subscriber.resume()
    assert [await inbox.next() for _ in range(3)] == ["a", "b", "c"]
    await subscriber.close()


async def test_a_callback_that_pauses_gets_no_further_message(server):
    came = []

    async def once(message):
        came.append(message.message_id)
        await message.ack()
        await subscriber.pause()

    await publish(server, "a", "b")
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": once})
    await all_quiet()
    assert (came, waiting(server)) == (["a"], ["b"])
    await subscriber.close()


async def test_closing_cancels_the_callbacks_and_puts_their_messages_back_in_place(server):
    await publish(server, "a", "b", "c")
    inbox = Inbox(hold=True)
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": inbox}, concurrency_limit=2)
    await inbox.next()
    await inbox.next()
    await subscriber.close()
    assert (waiting(server), in_work(server), inbox.running) == (["a", "b", "c"], [], 0)


async def test_closing_before_a_callback_has_started_loses_nothing(server):
    await publish(server, "a", "b")
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": Inbox(hold=True)})
    for turns in range(6):
        for _ in range(turns):
            await asyncio.sleep(0)
        await subscriber.close()
        assert (waiting(server), in_work(server)) == (["a", "b"], [])
        subscriber = await server.subscribe(channels_to_callbacks={"tasks": Inbox(hold=True)})
    await subscriber.close()


async def test_a_closed_subscriber_takes_nothing_more_and_leaves_no_task(server):
    tasks = asyncio.all_tasks()
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": Inbox()})
    await all_quiet()
    await subscriber.close()
    await subscriber.close()
    await subscriber.resume()
    assert asyncio.all_tasks() == tasks
    assert not subscriber.is_active
    assert subscriber.task.done()
    await publish(server, "a")
    await all_quiet()
    assert waiting(server) == ["a"]


async def test_a_callback_may_close_its_own_subscription(server):
    closed = asyncio.Event()

    async def last(message):
        await message.ack()
        await subscriber.close()
        closed.set()

    subscriber = await server.subscribe(channels_to_callbacks={"tasks": last})
    await publish(server, "a", "b")
    await closed.wait()
    assert not subscriber.is_active
    assert (waiting(server), in_work(server)) == (["b"], [])


class Deaf(Inbox):
    """An inbox that does not listen to its cancellation."""

    def __init__(self) -> None:
        super().__init__(hold=True)

    async def __call__(self, message) -> None:
        self.came.put_nowait(message)
        while not self.leave.is_set():
            try:
                await self.leave.wait()
            except asyncio.CancelledError:
                continue


async def test_a_callback_that_does_not_listen_to_its_cancellation_does_not_hold_up_the_closing(server, monkeypatch):
    monkeypatch.setattr("repid_nb.core.memory.subscriber.CANCELLATION_TIME", 0.01)
    await publish(server, "a")
    inbox = Deaf()
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": inbox})
    await inbox.next()
    await asyncio.wait_for(subscriber.close(), 60)
    assert (waiting(server), in_work(server)) == (["a"], [])
    inbox.leave.set()
    await all_quiet()


async def test_a_closing_that_is_cancelled_gives_a_message_back_when_its_callback_has_ended(server):
    ended, started = [], asyncio.Event()

    async def callback(_message) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            ended.append((waiting(server), in_work(server)))

    await publish(server, "a")
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": callback})
    await started.wait()
    closing = asyncio.create_task(subscriber.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    assert closing.cancelled()
    assert ended == [([], ["a"])]
    assert (waiting(server), in_work(server)) == (["a"], [])


async def test_a_closing_that_is_cancelled_still_puts_messages_back_in_place(server, monkeypatch):
    monkeypatch.setattr("repid_nb.core.memory.subscriber.CANCELLATION_TIME", 0.01)
    await publish(server, "a")
    inbox = Deaf()
    subscriber = await server.subscribe(channels_to_callbacks={"tasks": inbox})
    await inbox.next()
    closing = asyncio.create_task(subscriber.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    inbox.leave.set()
    await all_quiet()
    assert (waiting(server), in_work(server)) == (["a"], [])


async def test_several_subscribers_share_a_channel_and_each_message_goes_to_one(server):
    one, other = Inbox(hold=True), Inbox(hold=True)
    subscribers = [
        await server.subscribe(channels_to_callbacks={"tasks": inbox}, concurrency_limit=2) for inbox in (one, other)
    ]
    await publish(server, *"abcdef")
    await all_quiet()
    assert (one.came.qsize(), other.came.qsize(), len(waiting(server))) == (2, 2, 2)
    one.leave.set()
    other.leave.set()
    await all_quiet()
    names = [await inbox.next() for inbox in (one, other) for _ in range(inbox.came.qsize())]
    assert sorted(names) == list("abcdef")
    for subscriber in subscribers:
        await subscriber.close()


async def test_what_one_subscriber_gives_back_another_gets(server):
    one, other = Inbox(hold=True), Inbox()
    first = await server.subscribe(channels_to_callbacks={"tasks": one})
    await publish(server, "a")
    await one.next()
    second = await server.subscribe(channels_to_callbacks={"tasks": other})
    await all_quiet()
    await first.close()
    assert await other.next() == "a"
    await second.close()
