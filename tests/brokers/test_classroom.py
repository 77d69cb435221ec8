"""A class on one queue: what is opened and for whom, who sent what, and questions with their answers."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections import Counter
from typing import Annotated

import pytest
import redis.asyncio
from redis.exceptions import NoPermissionError
from support.files import ROOT
from support.waiting import until

from repid_nb import Header, Repid, Router, join, local_broker
from repid_nb.core.errors import BrokerError, InvalidMessageError, NotConnectedError
from repid_nb.hosting.questions import Listener, Poll, Standing


@pytest.fixture
def teacher(capsys):
    """The teacher's server object; only this machine is opened to the class."""
    server = local_broker("redis", share="127.0.0.1")
    server.printed = capsys.readouterr().out
    yield server
    server.local_broker.stop()


@pytest.fixture
async def student(teacher):
    """A client with the class's password."""
    client = redis.asyncio.Redis.from_url(teacher.local_broker.class_dsn)
    yield client
    await client.aclose()


def orders(server, got):
    """An app that notes which orders it got, and who sent each."""
    app, router = Repid(), Router(channel="orders")
    app.servers.register_server("default", server, is_default=True)

    @router.actor
    async def ship(number: int, sender: Annotated[str, Header(name="from")]):
        got.append((sender, number))

    app.include_router(router)
    return app


async def work(server, got, wanted):
    """Run a worker until so many orders were got."""
    app = orders(server, got)
    async with server.connection():
        worker = asyncio.ensure_future(app.run_worker(register_signals=[]))
        await until(lambda: len(got) == wanted)
        worker.cancel()
        await asyncio.wait({worker})


def test_what_is_opened_is_said_with_the_two_lines_for_the_class(teacher):
    broker = teacher.local_broker
    assert f"Open until this kernel ends: port {broker.port} on 127.0.0.1." in teacher.printed
    assert "Password and messages cross the network unencrypted." in teacher.printed
    assert f'from repid_nb import join; teacher = join("{broker.class_dsn}")' in teacher.printed
    assert 'await teacher.send("orders", {"number": 1}, topic="ship")' in teacher.printed


def test_the_lines_for_the_class_hold_another_password_than_the_teachers(teacher):
    passwords = {re.search(r":([^:@]+)@", dsn)[1] for dsn in (teacher.local_broker.dsn, teacher.local_broker.class_dsn)}
    assert len(passwords) == 2


def test_shared_with_every_network_it_listens_on_each_and_names_an_address(capsys):
    server = local_broker("redis", share=True)
    try:
        printed = capsys.readouterr().out
        assert f"port {server.local_broker.port} on every network of this machine" in printed
        assert re.search(r"redis://class:[a-z2-9]{12}@[\d.]+:\d+", printed)
    finally:
        server.local_broker.stop()


def test_a_broker_that_is_not_shared_stays_apart_from_the_shared_one(teacher):
    alone = local_broker("redis")
    try:
        assert alone.local_broker is not teacher.local_broker
        assert local_broker("redis", share="127.0.0.1").local_broker is teacher.local_broker
    finally:
        alone.local_broker.stop()


def test_an_address_of_another_machine_cannot_be_opened():
    with pytest.raises(BrokerError, match=r"This machine has no address '192\.0\.2\.77'"):
        local_broker("redis", share="192.0.2.77")


def test_only_redis_is_shared():
    with pytest.raises(BrokerError, match="A class shares a Redis"):
        local_broker("nats", share=True)


FORBIDDEN = [
    "XRANGE repid:orders - +",
    "XREAD STREAMS repid:orders 0",
    "XREADGROUP GROUP g c STREAMS repid:orders >",
    "XTRIM repid:orders MAXLEN 0",
    "DEL repid:orders",
    "FLUSHALL",
    "KEYS *",
    "CONFIG GET *",
    "ACL LIST",
    "CLIENT LIST",
    "EVAL return(1) 0",
    "SHUTDOWN",
    "XADD elsewhere * a 1",
    "XADD class:question * a 1",
    "XRANGE class:answers - +",
    "XREAD STREAMS class:answers 0",
]


async def test_the_class_may_publish_and_no_more(student):
    for command in FORBIDDEN:
        with pytest.raises(NoPermissionError):
            print(command, await student.execute_command(*command.split()))


async def test_a_message_says_who_sent_it(teacher):
    got = []
    guest = join(teacher.local_broker.class_dsn, "ada")
    await guest.send("orders", {"number": 7}, topic="ship", headers={"from": "somebody else"})
    await work(teacher, got, 1)
    assert got == [("ada", 7)]


async def test_a_message_without_a_topic_or_payload_is_sent_too(teacher, student):
    await join(teacher.local_broker.class_dsn, "ada").send("orders")
    async with redis.asyncio.Redis.from_url(teacher.local_broker.dsn) as client:
        ((_, fields),) = await client.xrange("repid:orders")
    assert fields[b"headers"] == b'{"from": "ada"}'


def test_without_a_name_the_user_sends(monkeypatch, teacher):
    monkeypatch.setenv("JUPYTERHUB_USER", "grace")
    assert repr(join(teacher.local_broker.class_dsn)) == f"<Guest grace at 127.0.0.1:{teacher.local_broker.port}>"


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "two\nlines"])
def test_a_name_that_nobody_could_read_is_refused(name):
    with pytest.raises(InvalidMessageError, match="A name has 1 to 40 characters"):
        join("redis://class:secret@127.0.0.1:6379", name)


@pytest.mark.parametrize("address", ["", "127.0.0.1:6379", "http://127.0.0.1:80", "redis://", "redis://host", 5, None])
def test_what_is_no_address_of_a_class_is_refused(address):
    with pytest.raises(InvalidMessageError, match="The address is what the teacher's notebook prints"):
        join(address)


async def test_where_nothing_answers_the_error_asks_the_two_questions(teacher):
    guest = join(teacher.local_broker.class_dsn, "ada")
    await guest.send("orders")
    teacher.local_broker.stop()
    never_connected = join(teacher.local_broker.class_dsn, "grace")
    for sender in (guest, never_connected):
        with pytest.raises(NotConnectedError, match="Is the teacher's notebook open, and is this the same network"):
            await sender.send("orders")


async def test_a_password_of_yesterday_is_told_as_such(teacher):
    with pytest.raises(NotConnectedError, match="The password is not right"):
        await join(f"redis://class:yesterday@127.0.0.1:{teacher.local_broker.port}", "ada").send("orders")


async def test_a_message_that_is_too_large_is_refused_and_the_next_is_taken(teacher):
    guest = join(teacher.local_broker.class_dsn, "ada")
    with pytest.raises((BrokerError, NotConnectedError)):
        await guest.send("orders", {"text": "x" * 2_000_000})
    await guest.send("orders", {"number": 1})


async def test_a_stream_keeps_so_many_messages_at_most(teacher, monkeypatch):
    guest = join(teacher.local_broker.class_dsn, "ada")
    monkeypatch.setattr("repid_nb.hosting.guest.LONGEST_STREAM", 100)
    for _ in range(350):
        await guest.send("orders")
    async with redis.asyncio.Redis.from_url(teacher.local_broker.dsn) as client:
        assert await client.xlen("repid:orders") <= 200  # it is cut by whole nodes of a hundred


def test_a_guest_sends_from_one_loop_after_another(teacher):
    guest = join(teacher.local_broker.class_dsn, "ada")
    for _ in range(2):
        asyncio.run(guest.send("orders"))


STUDENT = """
import asyncio, sys
from repid_nb import join
from repid_nb.hosting import guest

guest.ANSWERS_WITHIN_SECONDS = 60
teacher = join(sys.argv[1], sys.argv[2])

async def main():
    for number in range(3):
        await teacher.send("orders", {"number": number}, topic="ship")

asyncio.run(main())
"""


async def test_a_class_of_twenty_sends_side_by_side_and_each_message_is_got_once(teacher, monkeypatch):
    monkeypatch.setattr("repid_nb.hosting.guest.ANSWERS_WITHIN_SECONDS", 60)
    dsn, got = teacher.local_broker.class_dsn, []
    # Two in processes of their own, as notebooks are; the others here, which costs less.
    others = [
        subprocess.Popen(  # noqa: ASYNC220, S603  (started before anything is to run here)
            [sys.executable, "-c", STUDENT, dsn, f"student {n}"], cwd=ROOT, env={"PYTHONPATH": str(ROOT), "USER": "x"}
        )
        for n in range(2)
    ]
    guests = [join(dsn, f"student {n}") for n in range(2, 20)]

    async def send(student):
        for number in range(3):
            await student.send("orders", {"number": number}, topic="ship")

    await asyncio.gather(work(teacher, got, 60), *map(send, guests))
    assert [process.wait(60) for process in others] == [0, 0]
    assert Counter(got) == {(f"student {n}", number): 1 for n in range(20) for number in range(3)}


class Class:
    """A teacher's poll, and notebooks that listen."""

    def __init__(self, broker):
        self.broker = broker
        self.standing = Standing()
        self.poll = Poll(broker.dsn, self._stand)
        self.heard = {}
        self._listeners = {}
        self._listening = {}

    def _stand(self, standing):
        self.standing = standing

    def come(self, name):
        self._listeners[name] = Listener(self.broker.class_dsn, lambda question: self.heard.update({name: question}))
        self._listening[name] = asyncio.ensure_future(self._listeners[name].listen())

    async def leave(self, name):
        task = self._listening.pop(name)
        task.cancel()
        await asyncio.wait({task})

    async def answer(self, name, choice):
        await self._listeners[name].answer(self.heard[name], choice)

    async def close(self):
        for name in list(self._listening):
            await self.leave(name)
        await self.poll.close()


@pytest.fixture
async def room(teacher):
    room = Class(teacher.local_broker)
    yield room
    await room.close()


async def test_every_notebook_hears_the_question_and_the_teacher_hears_how_many_have_answered(room):
    room.come("ada")
    room.come("grace")
    await room.poll.ask("Who gets m7?", ["ship", "log", "no actor"])
    await until(lambda: set(room.heard) == {"ada", "grace"})
    assert room.heard["ada"].text == "Who gets m7?"
    assert room.heard["ada"].choices == ("ship", "log", "no actor")
    await room.answer("ada", 0)
    await until(lambda: room.standing.answered == 1)
    await until(lambda: room.standing.joined == 2)
    assert room.standing.tallies == (1, 0, 0)


async def test_who_comes_late_hears_the_question_that_stands(room):
    await room.poll.ask("Who gets m7?", ["ship", "log"])
    room.come("late")
    await until(lambda: "late" in room.heard)
    await room.answer("late", 1)
    await until(lambda: room.standing.tallies == (0, 1))


async def test_of_a_notebook_the_last_answer_counts(room):
    room.come("ada")
    await room.poll.ask("Who gets m7?", ["ship", "log"])
    await until(lambda: "ada" in room.heard)
    await room.answer("ada", 0)
    await room.answer("ada", 1)
    await until(lambda: room.standing.tallies == (0, 1))


async def test_who_leaves_keeps_the_answer_and_is_no_longer_counted_as_joined(room):
    room.come("ada")
    room.come("grace")
    await room.poll.ask("Who gets m7?", ["ship", "log"])
    await until(lambda: len(room.heard) == 2)
    await room.answer("ada", 0)
    await until(lambda: (room.standing.answered, room.standing.joined) == (1, 2))
    await room.leave("ada")
    await until(lambda: (room.standing.answered, room.standing.joined) == (1, 1))


async def test_the_truth_reaches_the_class_and_later_answers_do_not_count(room):
    room.come("ada")
    await room.poll.ask("Who gets m7?", ["ship", "log"])
    await until(lambda: "ada" in room.heard)
    await room.answer("ada", 0)
    await until(lambda: room.standing.answered == 1)
    await room.poll.tell("log")
    await until(lambda: room.heard["ada"].truth == "log")
    await room.answer("ada", 1)
    await room.poll.ask("Who gets m8?", ["ship", "log"])
    await until(lambda: room.heard["ada"].text == "Who gets m8?")
    await room.answer("ada", 0)
    await until(lambda: room.standing.answered == 1)
    assert room.standing.tallies == (1, 0)


NONSENSE = [
    {},
    {"question": "another", "voter": "a", "choice": "0"},
    {"voter": "b", "choice": "2"},
    {"voter": "c", "choice": "-1"},
    {"voter": "d", "choice": "one"},
    {"voter": "e", "choice": "9" * 5000},
    {"voter": "f", "choice": "²"},
]


async def test_what_is_no_answer_is_left_out(room, student):
    room.come("ada")
    await room.poll.ask("Who gets m7?", ["ship", "log"])
    await until(lambda: "ada" in room.heard)
    for fields in NONSENSE:
        await student.xadd("class:answers", {"question": room.standing.question.id, "any": "thing", **fields})
    await room.answer("ada", 1)
    await until(lambda: room.standing.answered == 1)
    assert room.standing.tallies == (0, 1)
