"""The deliberate differences, one test a row of `differences.py`: what repid does, and what repid_nb does."""

import asyncio
import contextvars
import functools
import gc
import os
import re
import signal
import sys
import threading
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NewType

import ipykernel.kernelapp
import pytest
import repid
from differential.differences import DIFFERENCES, SECTIONS
from differential.harness import Bench, attempt, declared, events_of
from pydantic import BaseModel, create_model
from support.script import run_script

import repid_nb
from repid_nb import Idle
from repid_nb.core.routing.reruns import as_run_of

PAGE = Path(__file__).parents[2] / "notebooks" / "differences.md"


def test_every_row_has_a_test_and_every_test_a_row():
    here = set(vars(sys.modules[__name__]))
    rows = [row.test for row in DIFFERENCES]
    assert len(set(rows)) == len(rows)
    assert [row for row in rows if row not in here] == []
    meta = {"test_every_row_has_a_test_and_every_test_a_row", "test_the_page_has_these_rows_and_no_others"}
    assert {name for name in here if name.startswith("test_")} - set(rows) == meta


def test_the_page_has_these_rows_and_no_others():
    sections = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    # The first row is the head of the table.
    shown = {
        heading: re.findall(r"^\| (.+?) \| (.+?) \|$", text, flags=re.MULTILINE)[1:]
        for heading, text in zip(sections[::2], sections[1::2], strict=True)
    }
    assert shown == {heading: [(row.name, row.sentence) for row in rows] for heading, rows in SECTIONS.items()}


def both(scenario, **arguments):
    """Run a scenario with repid and with repid_nb."""
    return events_of(repid, scenario, **arguments), events_of(repid_nb, scenario, **arguments)


def kinds(events, word):
    return [event[1].kind for event in events if event[0] == word]


async def turns(count=50):
    """Let everything happen that can happen without waiting."""
    for _ in range(count):
        await asyncio.sleep(0)


def noting_router(lib, log, **options):
    router = lib.Router(channel="tasks")

    @router.actor(**options)
    async def job(message: lib.Message):
        log("ran", message.payload)

    return router


def test_bytes_only():
    async def scenario(lib, log):
        async with Bench(lib, log, noting_router(lib, log, routing_strategy=lib.catch_all_routing_strategy)) as bench:
            await attempt(log, "text", bench.app.send_message(channel="tasks", payload="text"))
            await attempt(log, "header", bench.app.send_message(channel="tasks", payload=b"", headers={"n": 1}))
            await attempt(log, "client", lib.TestClient(bench.app).send_message(channel="tasks", payload="text"))

    theirs, ours = both(scenario)
    assert theirs == [("text", None), ("header", None), ("ran", "text"), ("client", None)]
    assert [event[0] for event in ours] == ["text", "header", "client"]
    assert all(issubclass(event[1].kind, ValueError) for event in ours)
    with pytest.raises(ValueError, match=re.escape("payload.encode()")):
        asyncio.run(repid_nb.TestClient(repid_nb.Repid()).send_message(channel="tasks", payload="text"))


def test_dead_letters():
    async def scenario(lib, log):
        router = lib.Router(channel="tasks")

        @router.actor
        async def job(n: int):
            log("ran", n)

        async with Bench(lib, log, router) as bench:
            await bench.deliver(b'{"n": "x"}', topic="job")
            log("kept", [letter.message.payload for letter in bench.server.dead_letters("tasks")])
            log("reason", bench.server.dead_letters("tasks")[0].reason)
            log("sent again", bench.server.resend_dead_letters("tasks"))
            await bench.left()

    with pytest.raises(AttributeError, match="dead_letters"):
        events_of(repid, scenario)
    ours = events_of(repid_nb, scenario)
    assert ("kept", [b'{"n": "x"}']) in ours
    wrong = "n: Input should be a valid integer, unable to parse string as an integer"
    assert ("reason", f"reading the arguments raised ValidationError: {wrong}") in ours
    assert ("sent again", 1) in ours
    assert ours[-1] == ("left", "tasks", [(b'{"n": "x"}', {"topic": "job"}, None, None)])


def test_equal_messages():
    async def scenario(lib, log):
        router = lib.Router(channel="tasks")
        together = asyncio.Barrier(2)

        @router.actor(confirmation_mode="manual")
        async def job(message: lib.Message):
            await together.wait()
            await attempt(log, "acked", message.ack())

        async with Bench(lib, log, router) as bench:
            for _ in range(2):
                await bench.send(b"same", topic="job", server_specific_parameters={"message_id": "1"})
            await bench.work(2)

    theirs, ours = both(scenario)
    assert kinds([event for event in theirs if event[0] == "acked" and event[1]], "acked") == [KeyError]
    assert [event for event in ours if event[0] == "acked"] == [("acked", None), ("acked", None)]


def test_own_headers():
    async def scenario(lib, log):
        async with Bench(lib, log) as bench:
            headers = {"topic": "first"}
            await bench.app.send_message(channel="tasks", payload=b"", headers=headers)
            headers["topic"] = "second"
            await bench.left()

    theirs, ours = both(scenario)
    assert theirs == [("left", "tasks", [(b"", {"topic": "second"}, None, None)])]
    assert ours == [("left", "tasks", [(b"", {"topic": "first"}, None, None)])]


def test_fields_of_a_message():
    async def scenario(lib, log):
        async def middleware(call_next, message, actor):
            message.headers = {"topic": "assigned"}
            return await call_next(message, actor)

        router = lib.Router(channel="tasks", middlewares=[middleware])

        @router.actor
        async def job(message: lib.Message):
            log("ran", message.headers)

        async with Bench(lib, log, router) as bench:
            await bench.deliver(topic="job")
        log.keep("ran", "failed")

    theirs, ours = both(scenario)
    assert [error.kind for _, _, error in theirs] == [AttributeError]
    assert ours == [("ran", {"topic": "assigned"})]


def test_queues_of_a_server():
    async def scenario(lib, log):
        async with Bench(lib, log) as bench:
            await bench.send(b"one")
            declared(log, "by channel", lambda: bench.server.queues["tasks"])
            log("shown", hasattr(bench.server, "snapshot"))

    theirs, ours = both(scenario)
    assert theirs == [("by channel", "accepted"), ("shown", False)]
    assert kinds(ours, "by channel") == [TypeError]
    assert ours[1] == ("shown", True)


def test_priority():
    async def scenario(lib, log):
        async with Bench(lib, log, noting_router(lib, log)) as bench:
            for name, parameters in ((b"low", {"priority": 0}), (b"default", None), (b"high", {"priority": 9})):
                await bench.send(name, topic="job", server_specific_parameters=parameters)
            await bench.work(3)
        log.keep("ran")

    theirs, ours = both(scenario)
    assert theirs == [("ran", b"low"), ("ran", b"default"), ("ran", b"high")]
    assert ours == [("ran", b"high"), ("ran", b"default"), ("ran", b"low")]


def test_cancelled_worker():
    async def scenario(lib, log):
        router = lib.Router(channel="tasks")
        started = asyncio.Event()

        @router.actor
        async def job(message: lib.Message):
            log("ran", message.payload)
            started.set()
            await asyncio.Event().wait()

        async with Bench(lib, log, router) as bench:
            await bench.send(b"first", topic="job")
            working = asyncio.ensure_future(bench.app.run_worker(register_signals=[]))
            await started.wait()
            working.cancel()
            await asyncio.wait({working})
            await bench.send(b"second", topic="job")
            await turns()
        log("queued", queued(bench.server))

    def queued(server):
        if isinstance(server, repid.InMemoryServer):
            return server.queues["tasks"].queue.qsize()
        return [message.payload for message in server.snapshot()["tasks"].ready]

    theirs, ours = both(scenario)
    assert theirs == [("ran", b"first"), ("ran", b"second"), ("queued", 0)]
    assert ours == [("ran", b"first"), ("queued", [b"first", b"second"])]


def test_shutdown_time_over():
    async def scenario(lib, log):
        router = lib.Router(channel="tasks")

        @router.actor
        async def job(message: lib.Message):
            await message.send_message(channel="tasks", payload=b"later")
            os.kill(os.getpid(), signal.SIGUSR1)
            await asyncio.Event().wait()

        async with Bench(lib, log, router) as bench:
            await bench.send(b"first", topic="job")
            options = {"graceful_shutdown_time": 0, "register_signals": [signal.SIGUSR1]}
            await bench.work(1, **options)
            await bench.left()

    theirs, ours = both(scenario)
    assert ("settled", "tasks", b"first", "rejected") in theirs
    assert not [event for event in ours if event[0] == "settled"]
    assert [message[0] for message in ours[-1][2]] == [b"first", b"later"]


@pytest.mark.parametrize("does", ["returns", "raises"])
def test_unsettled_messages(does):
    async def scenario(lib, log):
        router = lib.Router(channel="tasks")

        @router.actor(confirmation_mode="manual")
        async def job():
            if does == "raises":
                raise LookupError

        async with Bench(lib, log, router) as bench:
            await bench.deliver(b"open", topic="job")
            await bench.left()

    theirs, ours = both(scenario)
    assert theirs[-1] == ("left", "tasks", [])
    assert ours[-1] == ("left", "tasks", [(b"open", {"topic": "job"}, None, None)])


LEAVING = """
import asyncio, sys
from LIB import InMemoryServer, Repid, Router, catch_all_routing_strategy

app, server, router = Repid(), InMemoryServer(), Router(channel="tasks")
app.servers.register_server("default", server, is_default=True)

@router.actor(routing_strategy=catch_all_routing_strategy)
async def leave():
    sys.exit(3)

app.include_router(router)

async def main():
    async with server.connection():
        await app.send_message(channel="tasks", payload=b"kept")
        try:
            await app.run_worker(messages_limit=1, register_signals=[])
        except BaseException as error:
            print(type(error).__name__)

try:
    asyncio.run(main())
except SystemExit:
    print("ended the loop")
print(LEFT)
"""


def test_leaving_the_program():
    theirs = LEAVING.replace("LIB", "repid").replace("LEFT", 'server.queues["tasks"].queue.qsize()')
    ours = LEAVING.replace("LIB", "repid_nb").replace("LEFT", 'server.snapshot()["tasks"].waiting')
    # repid's also prints what became of its tasks.
    assert "ended the loop\n0\n" in run_script(theirs)
    assert run_script(ours) == "SystemExit\n1\n"


def test_ended_loops():
    async def subscribed(lib, server):
        async def hold(message):
            await asyncio.Event().wait()

        await server.connect()
        await server.publish(channel="tasks", message=lib.MessageData(payload=b"held"))
        await server.subscribe(channels_to_callbacks={"tasks": hold})
        await turns()

    theirs, ours = repid.InMemoryServer(), repid_nb.InMemoryServer()
    asyncio.run(subscribed(repid, theirs))
    asyncio.run(subscribed(repid_nb, ours))
    assert (theirs.queues["tasks"].queue.qsize(), len(theirs.queues["tasks"].processing)) == (0, 1)
    assert (ours.snapshot()["tasks"].waiting, ours.snapshot()["tasks"].working) == (1, 0)


def test_other_threads():
    async def wakes(lib):
        app = lib.Repid()
        app.servers.register_server("default", lib.InMemoryServer(), is_default=True)
        app.include_router(noting_router(lib, lambda *_: None))
        async with app.servers.default.connection():
            worker = asyncio.create_task(app.run_worker(register_signals=[]))
            await turns()
            loop, woken = asyncio.get_running_loop(), []
            loop.call_soon_threadsafe = lambda *call: woken.append(call)
            thread = threading.Thread(
                target=lambda: asyncio.run(app.send_message(channel="tasks", payload=b"", headers={"topic": "job"}))
            )
            thread.start()
            thread.join()
            del loop.call_soon_threadsafe
            worker.cancel()
            await asyncio.wait([worker])
            return woken

    assert asyncio.run(wakes(repid)) == []
    assert asyncio.run(wakes(repid_nb)) != []


def test_failing_strategies():
    async def scenario(lib, log):
        def factory(*, actor_name, **_):
            return lambda message: message.payload == b"good" or 1 / 0

        async with Bench(lib, log, noting_router(lib, log, routing_strategy=factory)) as bench:
            await bench.send(b"bad")
            await bench.send(b"good")
            await bench.work()
            await bench.left()

    theirs, ours = both(scenario)
    assert theirs[-1] == ("left", "tasks", [])
    assert ours[-1] == ("left", "tasks", [(b"bad", None, None, None)])


def test_paused_subscriber():
    async def scenario(lib, log):
        async def take(message):
            log("took", message.payload)
            await message.ack()

        async with Bench(lib, log) as bench:
            subscriber = await bench.server.subscribe(channels_to_callbacks={"tasks": take})
            await turns()
            await subscriber.pause()
            await bench.send(b"late")
            await turns()
            log("paused")
            await subscriber.resume()
            await turns()
            await subscriber.close()

    theirs, ours = both(scenario)
    assert theirs == [("took", b"late"), ("settled", "tasks", b"late", "acked"), ("paused",)]
    assert ours == [("paused",), ("took", b"late"), ("settled", "tasks", b"late", "acked")]


def test_closed_subscriber():
    async def scenario(lib, log):
        go_on = asyncio.Event()

        async def take(message):
            log("took", message.payload)
            await go_on.wait()
            await message.ack()

        async with Bench(lib, log) as bench:
            subscriber = await bench.server.subscribe(channels_to_callbacks={"tasks": take})
            await bench.send(b"held")
            await turns()
            await subscriber.close()
            go_on.set()
            await turns()
            await bench.left()

    theirs, ours = both(scenario)
    assert theirs == [("took", b"held"), ("settled", "tasks", b"held", "acked"), ("left", "tasks", [])]
    assert ours == [("took", b"held"), ("left", "tasks", [(b"held", None, None, None)])]


def test_sightings_in_a_row():
    async def scenario(lib, log):
        asked = []

        def factory(*, actor_name, **_):
            def strategy(message):
                asked.append(message)
                # No six times, then yes once, then no again.
                return message.payload == b"the end" or len(asked) == 7

            return strategy

        router = lib.Router(channel="tasks")

        @router.actor(name="job", confirmation_mode="manual", routing_strategy=factory)
        async def job(message: lib.Message):
            await (message.ack() if message.payload == b"the end" else message.reject())

        async with Bench(lib, log, router) as bench:
            await bench.send(b"moody")
            working = asyncio.ensure_future(bench.work(2))
            await log.until(1, "settled", "tasks", b"moody", "nacked")
            await bench.send(b"the end")
            await working

    theirs, ours = both(scenario)
    assert theirs.count(("settled", "tasks", b"moody", "rejected")) == 10
    assert ours.count(("settled", "tasks", b"moody", "rejected")) == 16


@pytest.mark.parametrize(("limit", "least_of_theirs"), [(10, 11), (0, 1)])
def test_exact_messages_limit(limit, least_of_theirs):
    async def scenario(lib, log):
        async with Bench(lib, log, noting_router(lib, log)) as bench:
            for _ in range(100):
                await bench.send(topic="job")
            await bench.work(limit)

    theirs, ours = both(scenario)
    assert theirs.count(("ran", b"{}")) >= least_of_theirs
    assert ours.count(("ran", b"{}")) == limit
    assert ours[-1] == ("processed", limit)


def test_small_tasks_limit():
    async def scenario(lib, log):
        async with Bench(lib, log, noting_router(lib, log)) as bench:
            for _ in range(6):
                await bench.send(topic="job")
            working = asyncio.ensure_future(bench.work(6, tasks_limit=1))
            await turns(500)
            log("done", working.done())
            working.cancel()
            await asyncio.wait({working})

    theirs, ours = both(scenario)
    assert theirs[-1] == ("done", False)
    assert theirs.count(("ran", b"{}")) < 6
    assert ours[-2:] == [("processed", 6), ("done", True)]


def test_limits_of_a_worker():
    async def scenario(lib, log):
        async with Bench(lib, log, noting_router(lib, log)) as bench:
            await bench.send(b"1", topic="job")
            worker = bench.app.run_worker(messages_limit=1, graceful_shutdown_time="1", register_signals=[])
            await attempt(log, "worked", worker)

    theirs, ours = both(scenario)
    assert [event[0] for event in theirs if event[0] in {"ran", "worked"}] == ["ran", "worked"]
    assert issubclass(ours[0][1].kind, ValueError)
    assert [event[0] for event in ours] == ["worked"]


def during_a_run(lib, watched):
    """Return what handles a signal before, during and after a worker that was given no `register_signals`."""

    async def run():
        router, seen = lib.Router(), []
        before = signal.getsignal(watched)

        @router.actor
        async def job():
            seen.append(signal.getsignal(watched))

        app = lib.Repid()
        app.include_router(router)
        app.servers.register_server("default", lib.InMemoryServer())
        async with app.servers.default.connection():
            await app.send_message(channel="default", payload=b"", headers={"topic": "job"})
            await app.run_worker(messages_limit=1)
        return before, seen[0], signal.getsignal(watched)

    handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        return asyncio.run(run())
    finally:
        for one, handler in handlers.items():
            signal.signal(one, handler)


def test_interrupt_of_a_kernel(monkeypatch):
    monkeypatch.setattr(ipykernel.kernelapp.IPKernelApp, "initialized", lambda: True)
    before, during, _ = during_a_run(repid, signal.SIGINT)
    assert during is not before
    before, during, after = during_a_run(repid_nb, signal.SIGINT)
    assert during is before
    assert after is before


def test_signal_handlers():
    def mine(*_):
        pass

    former = signal.signal(signal.SIGTERM, mine)
    try:
        assert during_a_run(repid, signal.SIGTERM)[2] is signal.SIG_DFL
        assert during_a_run(repid_nb, signal.SIGTERM)[2] is mine
    finally:
        signal.signal(signal.SIGTERM, former)


async def plain():
    pass


def wholly(lib):
    async def job(whole: Annotated[int, lib.FullPayload()]):
        pass

    return job


WRONG_DECLARATIONS = {
    "mode": lambda lib: lib.Router().actor(confirmation_mode="never")(plain),
    "on_error": lambda lib: lib.Router().actor(on_error="bury")(plain),
    "name": lambda lib: lib.Router().actor(name=7)(plain),
    "channel": lambda lib: lib.Router().actor(channel=7)(plain),
    "strategy": lambda lib: lib.Router().actor(routing_strategy=lambda message: True)(plain),
    "strategy that is none": lambda lib: lib.Router().actor(routing_strategy=7)(plain),
    "a router's channel": lambda lib: lib.Router(channel=7),
    "a router's channel that is a list": lambda lib: lib.Router(channel=["tasks"]),
    "an operation's channel": lambda lib: lib.Repid().messages.register_operation(operation_id="o", channel=7),
    "middleware": lambda lib: lib.Router().actor(middlewares=[7])(plain),
    "a router's middleware": lambda lib: lib.Router(middlewares=[7]),
    "a middleware that is no list": lambda lib: lib.Router().actor(middlewares=plain)(plain),
    "timeout": lambda lib: lib.Router().actor(timeout="5")(plain),
    "a router's timeout": lambda lib: lib.Router(timeout=timedelta(seconds=5)),
    "keep_alive": lambda lib: lib.Router().actor(keep_alive="often")(plain),
    "pool": lambda lib: lib.Router().actor(pool_executor=7)(plain),
    "a whole payload that is no model": lambda lib: lib.Router(converter=lib.PydanticConverter).actor(wholly(lib)),
}


@pytest.mark.parametrize("name", WRONG_DECLARATIONS)
def test_early_refusals(name):
    async def scenario(lib, log):
        declared(log, "declared", lambda: WRONG_DECLARATIONS[name](lib))

    theirs, ours = both(scenario)
    assert theirs == [("declared", "accepted")]
    assert issubclass(ours[0][1].kind, ValueError)


def test_one_strategy_an_actor():
    async def scenario(lib, log):
        def factory(*, actor_name, **_):
            log("made", actor_name)
            return lambda message: True

        router = noting_router(lib, log, routing_strategy=factory)
        log("declared", len(router.actors), len(router.actors))

    theirs, ours = both(scenario)
    assert theirs == [("made", "job"), ("made", "job"), ("declared", 1, 1)]
    assert ours == [("made", "job"), ("declared", 1, 1)]


async def one():
    return 1


class One:
    async def __call__(self):
        return 1


def test_asynchronous_callables():
    async def scenario(lib, log):
        declared(log, "partial", lambda: lib.Depends(functools.partial(one)))
        router = lib.Router(channel="tasks")

        @router.actor
        async def job(a: Annotated[Any, lib.Depends(One())]):
            log("ran", asyncio.iscoroutine(a))
            if asyncio.iscoroutine(a):
                a.close()

        async with Bench(lib, log, router) as bench:
            await bench.deliver(topic="job")

    theirs, ours = both(scenario)
    assert kinds(theirs, "partial") == [AttributeError]
    assert theirs[1] == ("ran", True)
    assert ours[:2] == [("partial", "accepted"), ("ran", False)]


class Whole(BaseModel):
    n: int = 1


def test_forgotten_parentheses():
    async def scenario(lib, log):
        router = lib.Router()
        shared = lib.Header()

        @router.actor
        async def forgot(whole: Annotated[Whole, lib.FullPayload]):
            pass

        @router.actor
        async def shares(a: Annotated[str, shared], b: Annotated[str, shared]):
            pass

        @router.actor
        async def misplaces(a: str = lib.Depends(one)):
            pass

        log("actors", len(router.actors))

    theirs, ours = both(scenario)
    assert theirs == [("actors", 3)]
    assert ours == [("actors", 3), *[("warned", UserWarning)] * 3]


def test_markers_inside_types():
    async def scenario(lib, log):
        user = Annotated[str, lib.Depends(one)]
        router = lib.Router(channel="tasks")

        @router.actor
        async def job(a: user | None, b: NewType("Named", user)):
            log("ran", a, b)

        async with Bench(lib, log, router) as bench:
            await bench.deliver(b'{"a": "sent", "b": "sent"}', topic="job")

        async def many(a: list[user]):
            pass

        declared(log, "deeper", lambda: lib.Router(converter=lib.BasicConverter).actor(many))

    theirs, ours = both(scenario)
    assert theirs[0] == ("ran", "sent", "sent")
    assert theirs[-1] == ("deeper", "accepted")
    assert ours[0] == ("ran", 1, 1)
    assert issubclass(ours[-1][1].kind, ValueError)


def test_fields_of_a_dependency():
    async def scenario(lib, log):
        async def price(currency: str):
            return currency

        async def total(whole: Annotated[Whole, lib.FullPayload()]):
            pass

        router = lib.Router(channel="tasks")

        @router.actor
        async def job(whole: Annotated[Whole, lib.FullPayload()], price: Annotated[str, lib.Depends(price)]):
            log("ran", whole.n, price)

        @router.actor
        async def shares(currency: str, /, price: Annotated[str, lib.Depends(price)]):
            log("ran", currency, price)

        async with Bench(lib, log, router) as bench:
            required = bench.app.generate_asyncapi_schema()["components"]["messages"]["job"]["payload"]["required"]
            log("the document requires", required)
            for topic in ("job", "shares"):
                await bench.deliver(b'{"n": 3, "currency": "EUR"}', topic=topic)
        declared(log, "in a dependency", lambda: lib.Depends(total))

    theirs, ours = both(scenario)
    assert theirs[0] == ours[0] == ("the document requires", ["currency"])
    assert [event for event in theirs if event[0] == "ran"] == []
    assert theirs[-1] == ("in a dependency", "accepted")
    assert [event[1:] for event in ours if event[0] == "ran"] == [(3, "EUR"), ("EUR", "EUR")]
    assert issubclass(ours[-1][1].kind, ValueError)


def passing_on(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


def yielding(*args, **kwargs):
    yield "ack"


async def asynchronous(*args, **kwargs):
    return "ack"


USED_IN_VAIN = {
    "actor": lambda lib: lib.Router().actor(yielding),
    "middleware": lambda lib: lib.Router(middlewares=[yielding]),
    "on_error with yield": lambda lib: lib.Router().actor(on_error=yielding)(one),
    "asynchronous on_error": lambda lib: lib.Router().actor(on_error=asynchronous)(one),
    "dependency": lambda lib: lib.Depends(yielding),
}


def test_functions_that_never_run():
    async def scenario(lib, log):
        for name, declare in USED_IN_VAIN.items():
            declared(log, name, lambda declare=declare: declare(lib))
        router = lib.Router(channel="tasks")

        @router.actor
        @passing_on
        async def job():
            log("ran")

        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
            async with Bench(lib, log, router) as bench:
                await bench.deliver(topic="job")
            gc.collect()

    theirs, ours = both(scenario)
    count = len(USED_IN_VAIN)
    assert theirs[:count] == [(name, "accepted") for name in USED_IN_VAIN]
    assert theirs[count] == ("settled", "tasks", b"{}", "acked")
    assert [issubclass(event[1].kind, ValueError) for event in ours[:count]] == [True] * count
    assert ours[count] == ("ran",)


@pytest.mark.parametrize("answer", [None, "bury", 7, ZeroDivisionError])
def test_answers_of_on_error(answer):
    async def scenario(lib, log):
        def decide(error):
            if answer is ZeroDivisionError:
                raise ZeroDivisionError
            return answer

        router = lib.Router(channel="tasks")

        @router.actor(on_error=decide)
        async def job(message: lib.Message):
            log("ran")
            raise LookupError

        async with Bench(lib, log, router) as bench:
            await bench.deliver(topic="job")
            if lib is repid_nb:
                log("reason", bench.server.dead_letters("tasks")[0].reason)
            else:
                log("in work", len(bench.server.queues["tasks"].processing))

    theirs, ours = both(scenario)
    assert theirs[-1] == ("in work", 1)
    assert "and on_error returned" in ours[-1][1] or "then on_error raised ZeroDivisionError" in ours[-1][1]


PROCESSES = """
    import asyncio, os
    from typing import Annotated, Any
    import {lib} as lib

    async def main():
        app, router = lib.Repid(), lib.Router(channel="c")

        @router.actor
        async def dies(got: Annotated[Any, lib.Depends(os.abort, run_in_process=True)]): ...

        @router.actor
        async def lives(got: Annotated[Any, lib.Depends(os.getpid, run_in_process=True)]): ...

        app.include_router(router)
        async with lib.TestClient(app, raise_on_actor_error=False) as client:
            for topic in ("dies", "lives"):
                await client.send_message_json(channel="c", payload={{}}, headers={{"topic": topic}})
            print([type(message.exception).__name__ for message in client.get_processed_messages()])

    if __name__ == "__main__":
        asyncio.run(main())
"""


def test_processes():
    async def scenario(lib, log):
        def plain():
            pass

        declared(log, "hidden", lambda: lib.Router().actor(run_in_process=True)(plain))

    theirs, ours = both(scenario)
    assert theirs == [("hidden", "accepted")]
    assert issubclass(ours[0][1].kind, ValueError)
    assert run_script(PROCESSES.format(lib="repid")) == "['BrokenProcessPool', 'BrokenProcessPool']\n"
    assert run_script(PROCESSES.format(lib="repid_nb")) == "['BrokenProcessPool', 'NoneType']\n"


def test_errors_name_the_actor():
    async def scenario(lib, log):
        async def guilty(_id: int):
            pass

        async def quiet(schema: int, json: int):
            pass

        router = lib.Router()
        try:
            router.actor(guilty)
            log("declared", router.actors)
        except Exception as error:
            log("names it", "guilty" in str(error))
        app, basic = lib.Repid(), lib.Router(converter=lib.BasicConverter)
        basic.actor(name="guilty")(quiet)
        app.include_router(basic)
        try:
            app.generate_asyncapi_schema()
        except NotImplementedError as error:
            log("names it", "guilty" in str(error))
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            router = lib.Router()
            router.actor(quiet)
            log("warned", len(router.actors), len(warned))

    theirs, ours = both(scenario)
    assert theirs == [("names it", False), ("names it", False), ("warned", 1, 2)]
    assert ours == [("names it", True), ("names it", True), ("warned", 1, 0)]


def test_context_in_threads():
    user = contextvars.ContextVar("user", default="nobody")

    def current():
        return user.get()

    async def setting(call_next, message, actor):
        user.set("ada")
        return await call_next(message, actor)

    async def scenario(lib, log):
        router = lib.Router(channel="tasks")

        @router.actor
        def job(depended: Annotated[str, lib.Depends(current)]):
            log("ran", user.get(), depended)

        async with Bench(lib, log, router, actor_middlewares=[setting]) as bench:
            await bench.deliver(topic="job")

    theirs, ours = both(scenario)
    assert theirs[0] == ("ran", "nobody", "nobody")
    assert ours[0] == ("ran", "ada", "ada")


def test_stop_iteration():
    async def scenario(lib, log):
        router = lib.Router(channel="tasks")

        @router.actor(timeout=0.1)
        def job():
            next(iter(()))

        # What repid's actor hangs on is an error in a callback of the loop.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        async with Bench(lib, log, router) as bench:
            await bench.deliver(topic="job")

    theirs, ours = ([event[2].kind for event in events if event[0] == "failed"] for events in both(scenario))
    assert theirs == [TimeoutError if sys.version_info < (3, 12) else RuntimeError]
    assert ours == [RuntimeError]


def test_channels_in_sets():
    async def scenario(lib, log):
        log("channels", len({lib.Channel(address="a"), lib.Channel(address="a", title="A")}))

    assert both(scenario) == ([("channels", 2)], [("channels", 1)])


def test_returned_exceptions():
    async def scenario(lib, log):
        app, router = lib.Repid(), lib.Router()
        router.actor(returning)
        app.include_router(router)
        client = lib.TestClient(app)
        sent = client.send_message(channel="default", payload=b"", headers={"topic": "returning"})
        await attempt(log, "sent", sent)
        (message,) = client.get_processed_messages()
        log("success", message.success, message.acked, type(message.result).__name__)

    async def returning():
        return LookupError("an answer")

    theirs, ours = both(scenario)
    assert kinds(theirs[:1], "sent") == [LookupError]
    assert theirs[1:] == [("success", False, True, "NoneType")]
    assert ours == [("sent", None), ("success", True, True, "LookupError")]


def test_valid_asyncapi():
    async def scenario(lib, log):
        tags = [lib.Tag(name="a/b"), lib.Tag(name="a/b")]
        app = lib.Repid(tags=tags, external_docs=lib.ExternalDocs(url=""))
        example = lib.MessageExample(payload=(1, 2))
        app.messages.register_operation(
            operation_id="o", channel="c", messages=[lib.MessageSchema(name="m", examples=(example,))]
        )
        document = app.generate_asyncapi_schema()
        log("tags", document["info"]["tags"])
        log("docs", "externalDocs" in document["info"])
        log("example", document["components"]["messages"]["m"]["examples"])

    theirs, ours = both(scenario)
    assert theirs == [
        ("tags", [{"$ref": "#/components/tags/a/b"}] * 2),
        ("docs", True),
        ("example", [{"payload": (1, 2)}]),
    ]
    assert ours == [("tags", [{"$ref": "#/components/tags/a_b"}]), ("docs", False), ("example", [{"payload": [1, 2]}])]


def test_clashing_names_in_asyncapi():
    def model_with(name):
        return create_model("Order", **{name: (int, ...)})

    async def scenario(lib, log):
        app, router = lib.Repid(), lib.Router(channel="tasks")
        for name in ("first", "second"):

            async def take(order): ...

            take.__annotations__["order"] = model_with(name)
            router.actor(name=name)(take)
        app.include_router(router)
        app.messages.register_operation(operation_id="receive_first", channel="tasks")
        document = app.generate_asyncapi_schema()
        for name in ("first", "second"):
            pointer = document["components"]["messages"][name]["payload"]["properties"]["order"]["$ref"]
            schema = document["components"]["schemas"][pointer.rpartition("/")[2]]
            log(name, list(schema["properties"]))
        log("operations", sorted(one["action"] for one in document["operations"].values()))

    theirs, ours = both(scenario)
    assert theirs == [("first", ["second"]), ("second", ["second"]), ("operations", ["receive", "send"])]
    assert ours == [("first", ["first"]), ("second", ["second"]), ("operations", ["receive", "receive", "send"])]


def test_page_without_network():
    theirs, ours = (lib.Repid(title="Shop").asyncapi_html() for lib in (repid, repid_nb))
    loads = re.compile(r"""<(?:script|link|img)[^>]+(?:src|href)=["']?https?://|import[^;]*https?://""")
    assert loads.search(theirs)
    assert not loads.search(ours)
    assert "Shop" in ours


def test_no_http_servers():
    async def scenario(lib, log, settings):
        async with Bench(lib, log, noting_router(lib, log)) as bench:
            await bench.send(topic="job")
            await attempt(log, "worked", bench.work(1, **settings))
        log.keep("ran", "worked")

    settings = {"asyncapi_server": repid.AsyncAPIServerSettings(port=0)}
    assert hasattr(repid.Repid(), "asyncapi_server")
    assert not hasattr(repid_nb.Repid(), "asyncapi_server")
    theirs, ours = both(scenario, settings=settings)
    assert theirs == [("ran", b"{}"), ("worked", None)]
    assert [event[0] for event in ours] == ["worked"]
    assert issubclass(ours[0][1].kind, ValueError)


def test_routers_of_both():
    async def scenario(lib, log, other):
        router = noting_router(other, log)
        async with Bench(lib, log) as bench:
            declared(log, "included", lambda: bench.app.include_router(router))
            await bench.deliver(b"hello", topic="job")

    assert kinds(events_of(repid, scenario, other=repid_nb), "included") == [AttributeError]
    ours = events_of(repid_nb, scenario, other=repid)
    assert ours == [
        ("included", "accepted"),
        ("ran", b"hello"),
        ("settled", "tasks", b"hello", "acked"),
        ("processed", 1),
    ]


def test_bounded_stepping():
    async def scenario(lib, log):
        async with Bench(lib, log, noting_router(lib, log)) as bench:
            if hasattr(lib, "Stepper"):
                async with lib.Stepper(bench.app) as stepper:
                    log("idle", isinstance(await stepper.step(), Idle), len(await stepper.run(max_steps=5)))
            working = asyncio.ensure_future(bench.app.run_worker(register_signals=[]))
            await turns(500)
            log("done", working.done())
            working.cancel()
            await asyncio.wait({working})

    assert both(scenario) == ([("done", False)], [("idle", True, 0), ("done", False)])


def test_a_cell_run_twice():
    def cell(lib, log, router, version):
        with as_run_of("the cell"):

            @router.actor
            async def job():
                log("ran", version)

    async def scenario(lib, log):
        router = lib.Router(channel="tasks")
        cell(lib, log, router, "old")
        cell(lib, log, router, "new")
        async with Bench(lib, log, router) as bench:
            await bench.deliver(topic="job")
        log.keep("ran")

    theirs, ours = both(scenario)
    assert theirs == [("ran", "old")]
    assert ours == [("ran", "new")]


def test_a_mended_cell():
    def cell(router, annotation):
        with as_run_of("the cell"):

            @router.actor
            async def job(order: annotation): ...

    async def scenario(lib, log):
        router = lib.Router(channel="tasks")
        cell(router, type("Unreadable", (), {}))
        declared(log, "broken", lambda: router.actors)
        cell(router, dict)
        declared(log, "mended", lambda: router.actors)

    theirs, ours = both(scenario)
    for events, mended in ((theirs, False), (ours, True)):
        assert [(event[0], event[1] == "accepted") for event in events] == [("broken", False), ("mended", mended)]
