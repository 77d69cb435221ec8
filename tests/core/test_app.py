"""The app: where a message goes, how it is written, what a worker run takes, and how a signal ends it."""

import asyncio
import os
import signal
import threading
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel
from support.script import run_script

from repid_nb.app import Repid
from repid_nb.core.description import Channel, RunnerInfo
from repid_nb.core.errors import (
    DeclarationError,
    DestinationError,
    InvalidMessageError,
    NotConnectedError,
    SerializationError,
    UnknownNameError,
)
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import MessageData
from repid_nb.core.routing.router import Router
from repid_nb.core.worker.signals import stop_on_signals

IGNORED = signal.SIGUSR1
PAYLOADS = {"send_message": b"1", "send_message_json": 1}


@pytest.fixture
async def server():
    server = InMemoryServer()
    async with server.connection():
        yield server


@pytest.fixture
def app(server):
    app = Repid()
    app.servers.register_server("default", server, is_default=True)
    return app


def only(server: InMemoryServer, channel: str = "tasks"):
    (message,) = server.snapshot()[channel].ready
    return message


def listening(app: Repid, **options: object) -> list[int]:
    """Include an actor on the channel `tasks`; return the list of what it was called with."""
    router, ran = Router(channel="tasks"), []

    @router.actor(**options)
    async def work(n: int) -> None:
        ran.append(n)

    app.include_router(router)
    return ran


async def send_work(app: Repid, *numbers: int) -> None:
    for number in numbers:
        await app.send_message_json(channel="tasks", payload={"n": number}, headers={"topic": "work"})


async def test_raw_bytes_arrive_as_they_were_sent(app, server):
    await app.send_message(
        channel="tasks",
        payload=b"Hello, world!",
        content_type="text/plain",
        headers={"topic": "my_actor"},
    )
    message = only(server)
    assert (message.payload, message.content_type, message.headers) == (
        b"Hello, world!",
        "text/plain",
        {"topic": "my_actor"},
    )


async def test_json_arrives_as_json(app, server):
    class Mail(BaseModel):
        to: str
        at: datetime

    payload = {"mail": Mail(to="ann", at=datetime(2026, 1, 2, tzinfo=UTC)), "n": [1]}
    await app.send_message_json(channel="tasks", payload=payload)
    message = only(server)
    assert message.content_type == "application/json"
    assert message.payload.startswith(b'{"mail":{"to":"ann","at":"2026-01-02T00:00:00')
    assert message.headers is None


async def test_a_serializer_can_be_given_to_the_app_and_to_one_message(server):
    app = Repid(default_serializer=lambda payload: b"the app's")
    app.servers.register_server("default", server)
    await app.send_message_json(channel="tasks", payload=1)
    await app.send_message_json(channel="tasks", payload=1, serializer=lambda payload: b"its own")
    assert [message.payload for message in server.snapshot()["tasks"].ready] == [b"the app's", b"its own"]


async def test_what_has_no_json_form_is_refused_and_nothing_is_sent(app, server):
    with pytest.raises(SerializationError):
        await app.send_message_json(channel="tasks", payload={"x": object()})
    assert list(server.snapshot()) == []


@pytest.mark.parametrize("send", PAYLOADS)
async def test_an_operation_id_names_the_channel(app, server, send):
    app.messages.register_operation(operation_id="greet", channel=Channel(address="tasks"))
    await getattr(app, send)(operation_id="greet", payload=PAYLOADS[send])
    assert only(server).payload == b"1"


@pytest.mark.parametrize("send", PAYLOADS)
@pytest.mark.parametrize(
    ("destination", "says"),
    [({}, "must be specified"), ({"channel": "tasks", "operation_id": "greet"}, "not both")],
)
async def test_both_or_neither_of_channel_and_operation_is_refused(app, server, send, destination, says):
    app.messages.register_operation(operation_id="greet", channel="tasks")
    with pytest.raises(DestinationError, match=says) as caught:
        await getattr(app, send)(payload=PAYLOADS[send], **destination)
    assert isinstance(caught.value, ValueError)
    assert list(server.snapshot()) == []


async def test_an_unknown_operation_is_answered_with_the_nearest_name(app):
    app.messages.register_operation(operation_id="send_welcome_email", channel="tasks")
    with pytest.raises(UnknownNameError, match="Did you mean 'send_welcome_email'"):
        await app.send_message(operation_id="send_welcome_emial", payload=b"")


async def test_an_unknown_server_is_answered_with_the_nearest_name(app):
    with pytest.raises(UnknownNameError, match="Did you mean 'default'"):
        await app.send_message(channel="tasks", payload=b"", server_name="defualt")
    with pytest.raises(UnknownNameError, match="Did you mean 'default'"):
        await app.run_worker(server_name="defualt")


async def test_without_a_server_sending_and_running_say_how_to_register_one():
    with pytest.raises(UnknownNameError, match="register_server"):
        await Repid().send_message(channel="tasks", payload=b"")
    with pytest.raises(UnknownNameError, match="register_server"):
        await Repid().run_worker()


async def test_a_server_can_be_chosen_by_name(app, server):
    other = InMemoryServer()
    app.servers.register_server("other", other)
    async with other.connection():
        await app.send_message(channel="tasks", payload=b"", server_name="other")
    assert only(other)
    assert list(server.snapshot()) == []


async def test_without_a_connection_nothing_is_sent():
    app = Repid()
    app.servers.register_server("default", InMemoryServer())
    with pytest.raises(NotConnectedError, match="async with"):
        await app.send_message(channel="tasks", payload=b"")


@pytest.mark.parametrize(
    "bad",
    [{"payload": "text"}, {"payload": b"", "headers": {"n": 1}}, {"payload": b"", "channel": Channel(address="tasks")}],
)
async def test_a_bad_message_is_refused_before_any_middleware_sees_it(server, bad):
    seen = []

    async def middleware(call_next, *arguments):
        seen.append(arguments)

    app = Repid(producer_middlewares=[middleware])
    app.servers.register_server("default", server)
    with pytest.raises(InvalidMessageError):
        await app.send_message(**{"channel": "tasks", **bad})
    assert seen == []


async def test_server_parameters_reach_the_server(app, server):
    await app.send_message(
        channel="tasks",
        payload=b"",
        server_specific_parameters={"priority": 9, "message_id": "mine"},
    )
    assert (only(server).id, only(server).priority) == ("mine", 9)


async def test_producer_middleware_runs_outermost_first_and_may_change_everything(server):
    log = []

    async def outer(call_next, channel, message, server_specific_parameters):
        log.append(("outer", channel, message.payload, server_specific_parameters))
        return await call_next("tasks", message, {"priority": 7})

    async def inner(call_next, channel, message, server_specific_parameters):
        log.append(("inner", channel, message.payload, server_specific_parameters))
        return await call_next(
            channel=channel,
            message=MessageData(payload=b"changed", headers=message.headers),
            server_specific_parameters=server_specific_parameters,
        )

    app = Repid(producer_middlewares=[outer, inner])
    app.servers.register_server("default", server)
    await app.send_message(channel="elsewhere", payload=b"raw", headers={"a": "b"})
    assert log == [("outer", "elsewhere", b"raw", None), ("inner", "tasks", b"raw", {"priority": 7})]
    assert (only(server).payload, only(server).headers, only(server).priority) == (b"changed", {"a": "b"}, 7)


async def test_producer_middleware_that_does_not_call_on_keeps_the_message_back(server):
    async def silent(call_next, *arguments):
        pass

    app = Repid(producer_middlewares=[silent])
    app.servers.register_server("default", server)
    await app.send_message(channel="tasks", payload=b"")
    assert list(server.snapshot()) == []


async def test_actor_middleware_of_the_app_runs_outermost(server):
    log = []

    def logging(name):
        async def middleware(call_next, message, actor):
            log.append(name)
            return await call_next(message, actor)

        return middleware

    app = Repid(actor_middlewares=[logging("app")])
    app.servers.register_server("default", server)
    listening(app, middlewares=[logging("actor")])
    await send_work(app, 1)
    await app.run_worker(messages_limit=1, register_signals=[])
    assert log == ["app", "actor"]


async def test_a_run_says_how_many_messages_ran(app):
    ran = listening(app)
    await send_work(app, 1, 2, 3)
    assert await app.run_worker(messages_limit=2, register_signals=[]) == RunnerInfo(processed=2)
    assert ran == [1, 2]


async def test_a_worker_without_actors_returns_at_once(app):
    assert await app.run_worker() == RunnerInfo(processed=0)


async def test_a_worker_that_may_run_nothing_returns_at_once(app, server):
    listening(app)
    await send_work(app, 1)
    assert await app.run_worker(messages_limit=0) == RunnerInfo(processed=0)
    assert server.snapshot()["tasks"].waiting == 1


async def test_a_worker_can_be_run_again(app):
    ran = listening(app)
    await send_work(app, 1, 2)
    await app.run_worker(messages_limit=1, register_signals=[])
    await app.run_worker(messages_limit=1, register_signals=[])
    assert ran == [1, 2]


@pytest.mark.parametrize("option", ["health_check_server", "asyncapi_server"])
async def test_the_http_servers_of_repid_are_refused_with_a_pointer(app, option):
    with pytest.raises(DeclarationError, match="repid's own"):
        await app.run_worker(**{option: object()})


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_worker_needs_room_for_one_message(app, limit):
    with pytest.raises(DeclarationError, match="at least 1"):
        await app.run_worker(tasks_limit=limit)


async def test_no_signals_means_that_no_handler_changes(app):
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    router, seen = Router(channel="tasks"), []

    @router.actor
    async def work() -> None:
        seen.extend(signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM))

    app.include_router(router)
    await app.send_message(channel="tasks", payload=b"", headers={"topic": "work"})
    await app.run_worker(messages_limit=1, register_signals=[])
    assert seen == before


async def test_by_default_the_usual_signals_are_taken_and_given_back(app):
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    router, seen = Router(channel="tasks"), []

    @router.actor
    async def work() -> None:
        seen.extend(signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM))

    app.include_router(router)
    await app.send_message(channel="tasks", payload=b"", headers={"topic": "work"})
    await app.run_worker(messages_limit=1)
    assert all(seen[place] is not before[place] for place in range(2))
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.fixture
def own_handler():
    """A handler of the test's own on a signal that nobody else uses; it notes what came."""
    came = []
    former = signal.signal(IGNORED, lambda number, frame: came.append(number))
    handler = signal.getsignal(IGNORED)
    yield came
    assert signal.getsignal(IGNORED) is handler
    signal.signal(IGNORED, former)


async def until_signalled(workers: list[asyncio.Task]) -> None:
    os.kill(os.getpid(), IGNORED)
    await asyncio.wait(workers)


async def test_one_signal_stops_every_worker_that_asked_for_it(app, own_handler):
    listening(app)
    workers = [asyncio.create_task(app.run_worker(register_signals=[IGNORED])) for _ in range(2)]
    await asyncio.sleep(0)
    await until_signalled(workers)
    assert [worker.result().processed for worker in workers] == [0, 0]
    assert own_handler == []
    os.kill(os.getpid(), IGNORED)
    assert own_handler == [IGNORED]


async def test_a_worker_that_ends_leaves_the_signals_of_another_one_alone(app, server, own_handler):
    idle = Repid()
    idle.servers.register_server("default", server)
    listening(idle, channel="quiet")
    listening(app)
    going = asyncio.create_task(idle.run_worker(register_signals=[IGNORED]))
    await asyncio.sleep(0)
    await send_work(app, 1)
    assert (await app.run_worker(register_signals=[IGNORED], messages_limit=1)).processed == 1
    assert not going.done()
    await until_signalled([going])
    assert own_handler == []


async def test_a_second_signal_does_what_it_did_before(app, own_handler):
    router = Router(channel="tasks")
    started, leave = asyncio.Event(), asyncio.Event()

    @router.actor
    async def work() -> None:
        started.set()
        await leave.wait()

    app.include_router(router)
    await app.send_message(channel="tasks", payload=b"", headers={"topic": "work"})
    worker = asyncio.create_task(app.run_worker(register_signals=[IGNORED]))
    await started.wait()
    os.kill(os.getpid(), IGNORED)
    for _ in range(20):
        await asyncio.sleep(0)
    assert own_handler == []
    os.kill(os.getpid(), IGNORED)
    assert own_handler == [IGNORED]
    leave.set()
    assert (await worker).processed == 1


def test_in_a_thread_no_signal_is_registered():
    before = signal.getsignal(signal.SIGTERM)
    outcome = []

    async def main() -> None:
        app, server = Repid(), InMemoryServer()
        app.servers.register_server("default", server)
        listening(app)
        async with server.connection():
            await send_work(app, 1)
            outcome.append((await app.run_worker(messages_limit=1)).processed)
        outcome.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()
    assert outcome == [1, before]


async def test_a_worker_in_a_thread_is_not_stopped_from_another_threads_loop(own_handler):
    stopped, inside, leave = [], threading.Event(), threading.Event()
    heard = asyncio.Event()

    async def in_thread() -> None:
        with stop_on_signals([IGNORED], lambda: stopped.append("the thread's")):
            inside.set()
            leave.wait(60)

    with stop_on_signals([IGNORED], heard.set):
        thread = threading.Thread(target=lambda: asyncio.run(in_thread()))
        thread.start()
        assert inside.wait(60)
        os.kill(os.getpid(), IGNORED)
        await heard.wait()
        leave.set()
        thread.join()
    assert (stopped, own_handler) == ([], [])


def test_sigterm_lets_a_real_process_finish_its_message_and_restores_the_former_handler():
    printed = run_script("""
        import asyncio, os, signal
        from repid_nb import InMemoryServer, Repid, Router

        def former(number, frame):
            print("former handler")

        signal.signal(signal.SIGTERM, former)
        app, router, server = Repid(), Router(channel="tasks"), InMemoryServer()
        app.servers.register_server("default", server)

        @router.actor
        async def work(n: int) -> None:
            print("started", n)
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.05)
            print("finished", n)

        app.include_router(router)

        async def main() -> None:
            async with server.connection():
                for n in (1, 2):
                    await app.send_message_json(channel="tasks", payload={"n": n}, headers={"topic": "work"})
                done = await app.run_worker(tasks_limit=1)
            print("processed", done.processed, "waiting", server.snapshot()["tasks"].waiting)

        asyncio.run(main())
        assert signal.getsignal(signal.SIGTERM) is former
        os.kill(os.getpid(), signal.SIGTERM)
    """)
    assert printed.splitlines() == ["started 1", "finished 1", "processed 1 waiting 1", "former handler"]


def test_a_worker_left_behind_on_a_closed_loop_does_not_keep_the_next_one_from_hearing_its_signal():
    printed = run_script("""
        import asyncio, os, signal
        from repid_nb import InMemoryServer, Repid, Router

        app, router, server = Repid(), Router(channel="tasks"), InMemoryServer()
        app.servers.register_server("default", server)

        @router.actor
        async def work() -> None: ...

        app.include_router(router)

        async def main() -> int:
            worker = asyncio.create_task(app.run_worker(register_signals=[signal.SIGTERM]))
            await asyncio.sleep(0)
            os.kill(os.getpid(), signal.SIGTERM)
            return (await asyncio.wait_for(worker, 60)).processed

        left_behind = asyncio.new_event_loop()
        left_behind.run_until_complete(server.connect())
        abandoned = left_behind.create_task(app.run_worker(register_signals=[signal.SIGTERM]))
        left_behind.run_until_complete(asyncio.sleep(0))
        left_behind.close()
        print("processed", asyncio.run(main()), flush=True)
        os._exit(0)
    """)
    assert printed.splitlines() == ["processed 0"]


def test_a_main_coroutine_that_ends_first_leaves_every_message_where_it_was():
    printed = run_script("""
        import asyncio
        from repid_nb import InMemoryServer, Repid, Router

        app, router, server = Repid(), Router(channel="tasks"), InMemoryServer()
        app.servers.register_server("default", server)

        @router.actor
        async def work(n: int) -> None:
            print("started", n)
            if n == 1:
                started.set()
                await asyncio.Event().wait()

        app.include_router(router)
        started = asyncio.Event()

        async def main() -> None:
            async with server.connection():
                for n in (1, 2, 3):
                    await app.send_message_json(channel="tasks", payload={"n": n}, headers={"topic": "work"})
                running = asyncio.create_task(app.run_worker(tasks_limit=1))
                await started.wait()

        asyncio.run(main())
        print([message.payload for message in server.snapshot()["tasks"].ready])
    """)
    assert printed.splitlines() == ["started 1", """[b'{"n":1}', b'{"n":2}', b'{"n":3}']"""]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"graceful_shutdown_time": "1"}, "graceful_shutdown_time must be a number of seconds, such as 25.0, not '1'"),
        (
            {"graceful_shutdown_time": None},
            "graceful_shutdown_time must be a number of seconds, such as 25.0, not None",
        ),
        ({"graceful_shutdown_time": float("nan")}, "graceful_shutdown_time must be a number of seconds, .* not nan"),
        ({"messages_limit": "10"}, "messages_limit must be a number of messages; leave it out for no limit, not '10'"),
        ({"messages_limit": None}, "messages_limit must be a number of messages; leave it out for no limit, not None"),
        ({"tasks_limit": "5"}, "tasks_limit must be a number of messages, at least 1, not '5'"),
        ({"tasks_limit": [5]}, r"tasks_limit must be a number of messages, at least 1, not \[5\]"),
    ],
)
async def test_a_limit_of_the_wrong_type_is_refused_before_anything_is_pulled(limits, says):
    with pytest.raises(DeclarationError, match=says):
        await Repid().run_worker(**limits)


def test_middleware_and_a_serializer_that_would_never_run_are_refused():
    def yielding(*arguments):
        yield arguments

    async def serializer(payload):
        return b""

    with pytest.raises(
        DeclarationError, match=r"^Repid: the middleware 'yielding' has a `yield`.*call_next\(channel, "
    ):
        Repid(producer_middlewares=[yielding])
    with pytest.raises(
        DeclarationError, match=r"^Repid: the middleware must be a list of functions of \(call_next, ch"
    ):
        Repid(producer_middlewares=[5])
    with pytest.raises(DeclarationError, match="default_serializer is called and not awaited"):
        Repid(default_serializer=serializer)
