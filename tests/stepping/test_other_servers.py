"""Stepping servers that only push: by the public protocol alone, where no adapter knows better."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
import repid
from stepping.bench import router_of
from support.script import run_script

from repid_nb import MessageAction, Repid, Stepper
from repid_nb.core.errors import InvalidMessageError, NotConnectedError, NotPullableError, SteppingError
from repid_nb.stepping.brokers import remote


class Message:
    """A message of `Server`: a reject puts it in front again."""

    channel_action = None
    content_type = reply_to = keep_alive_interval = None

    def __init__(self, server: Server, channel: str, number: int, sent: Any) -> None:
        self._server, self.channel = server, channel
        self.message_id = f"{channel}-{number}"
        self.payload, self.headers = sent.payload, sent.headers
        self.content_type = sent.content_type
        self.action: MessageAction | None = None

    @property
    def is_acted_on(self) -> bool:
        return self.action is not None

    async def ack(self) -> None:
        await self._settle(MessageAction.acked)

    async def nack(self) -> None:
        await self._settle(MessageAction.nacked)

    async def reject(self) -> None:
        await self._settle(MessageAction.rejected)
        self._server.queues[self.channel].appendleft((int(self.message_id.rsplit("-", 1)[1]), self))
        self._server.arrived.set()

    async def _settle(self, action: MessageAction) -> None:
        if self._server.fails:
            raise ConnectionError("gone")
        self.action = action
        self._server.held.discard(self.message_id)


class Subscriber:
    def __init__(self, server: Server, callbacks: dict[str, Callable[[Any], Coroutine[Any, Any, None]]]) -> None:
        self._server, self._callbacks = server, callbacks
        self._active = asyncio.Event()
        self._active.set()
        self.task = asyncio.create_task(self._run())

    @property
    def is_active(self) -> bool:
        return self._active.is_set()

    async def pause(self) -> None:
        self._active.clear()

    async def resume(self) -> None:
        self._active.set()

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})

    async def _run(self) -> None:
        while True:
            await self._active.wait()
            for channel, callback in self._callbacks.items():
                queue = self._server.queues.get(channel)
                if queue and self._active.is_set():
                    number, sent = queue.popleft()
                    message = Message(self._server, channel, number, sent)
                    self._server.held.add(message.message_id)
                    await callback(message)
            self._server.arrived.clear()
            if not any(self._server.queues.get(channel) for channel in self._callbacks):
                await self._server.arrived.wait()


class Server:
    """The smallest server that repid's protocol allows: one reader, one message at a time."""

    host, protocol = "nowhere", "fake"
    pathname = title = summary = description = protocol_version = variables = security = tags = None
    external_docs = bindings = None
    capabilities: ClassVar = {
        "supports_native_reply": False,
        "supports_lightweight_pause": True,
        "supports_keep_alive": False,
    }

    def __init__(self) -> None:
        self.queues: dict[str, deque[tuple[int, Any]]] = {}
        self.held: set[str] = set()
        self.arrived = asyncio.Event()
        self.is_connected = False
        self.fails = False
        self._number = 0

    async def connect(self) -> None:
        self.is_connected = True

    async def disconnect(self) -> None:
        self.is_connected = False

    @asynccontextmanager
    async def connection(self):
        await self.connect()
        yield self
        await self.disconnect()

    async def publish(self, *, channel: str, message: Any, server_specific_parameters: Any = None) -> None:
        self._number += 1
        self.queues.setdefault(channel, deque()).append((self._number, message))
        self.arrived.set()

    async def subscribe(self, *, channels_to_callbacks: Any, concurrency_limit: int | None = None) -> Subscriber:
        return Subscriber(self, channels_to_callbacks)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 0.25)


def app_on(server: Any, actor: Any, **options: Any) -> Repid:
    app = Repid()
    app.servers.register_server("default", server, is_default=True)
    app.include_router(router_of(actor, **options))
    return app


@pytest.fixture(params=[Server, repid.InMemoryServer])
def server(request: pytest.FixtureRequest) -> Any:
    return request.param()


async def test_messages_come_in_order_and_all_of_them_run(server):
    done = []

    async def ship(number: int):
        done.append(number)

    async with Stepper(app_on(server, ship)) as stepper:
        for number in range(5):
            sent = await stepper.send("tasks", {"number": number})
            assert sent.waiting is None
        steps = [await stepper.step() for _ in range(5)]
        assert done == [0, 1, 2, 3, 4]
        assert {step.settlement.action for step in steps} == {MessageAction.acked}


async def test_what_is_not_known_is_said_in_the_step_and_in_the_idle(server):
    async def ship(): ...

    async with Stepper(app_on(server, ship)) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
        assert "stepped by its subscription alone" in step.note
        assert (step.after["tasks"].waiting, step.after["tasks"].dead) == (None, None)
        idle = await stepper.step()
        assert not idle
        assert idle.note == "nothing came within 0.25 s"
        assert str(idle) == "Idle · nothing came from tasks: nothing came within 0.25 s"
        assert (await stepper.run(1)).waiting == 0
        await stepper.send("tasks")
        assert (await stepper.run(1)).waiting is None


async def test_what_was_brought_and_never_stepped_is_back_after_the_close(server):
    async def ship(number: int): ...

    app = app_on(server, ship)
    async with Stepper(app) as stepper:
        for number in range(4):
            await stepper.send("tasks", {"number": number})
        await stepper.step()
    async with Stepper(app) as stepper:
        steps = [await stepper.step() for _ in range(3)]
    assert sorted(step.message.payload for step in steps) == [b'{"number":1}', b'{"number":2}', b'{"number":3}']


async def test_an_interrupted_step_gives_its_message_back(server):
    started, go_on, done = asyncio.Event(), asyncio.Event(), []

    async def slow(number: int):
        started.set()
        await go_on.wait()
        done.append(number)

    async with Stepper(app_on(server, slow)) as stepper:
        await stepper.send("tasks", {"number": 1})
        stepping = asyncio.create_task(stepper.step())
        await started.wait()
        stepping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stepping
        go_on.set()
        assert await stepper.step()
    assert done == [1]


async def test_a_settlement_that_fails_is_no_settlement():
    server = Server()

    async def ship():
        server.fails = True

    async with Stepper(app_on(server, ship)) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
        server.fails = False
    assert step.settlement.action is None
    assert step.settlement.reason.startswith("the ack did not get through (ConnectionError)")
    assert step.settlement.where == "not confirmed"


async def test_a_reject_that_fails_is_told_of_in_a_step_too():
    server = Server()

    async def ship(): ...

    def nobody(*, actor_name: str):
        def ask(_message: Any) -> bool:
            server.fails = True
            return False

        return ask

    async with Stepper(app_on(server, ship, routing_strategy=nobody)) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
        server.fails = False
    assert (step.winner, step.settlement.action) == (None, None)
    assert step.settlement.reason.startswith("the reject did not get through")


async def test_a_settlement_that_has_begun_is_seen_through():
    server = Server()
    began, go_on = asyncio.Event(), asyncio.Event()
    settle = Message._settle

    async def slowly(self: Message, action: MessageAction) -> None:
        began.set()
        await go_on.wait()
        await settle(self, action)

    async def ship(): ...

    async with Stepper(app_on(server, ship)) as stepper:
        await stepper.send("tasks")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Message, "_settle", slowly)
            stepping = asyncio.create_task(stepper.step())
            await began.wait()
            stepping.cancel()
            await asyncio.sleep(0)
            go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await stepping
        assert server.held == set()
        assert not server.queues["tasks"]


async def test_a_stepper_on_another_loop_says_that_its_connection_belongs_to_the_first(server):
    async def ship(): ...

    stepper = Stepper(app_on(server, ship))
    await stepper.step()

    def elsewhere() -> None:
        with pytest.raises(SteppingError, match="belongs to another event loop"):
            asyncio.run(stepper.step())

    await asyncio.to_thread(elsewhere)
    await stepper.close()


async def test_what_is_no_server_is_refused():
    async def ship(): ...

    app = app_on(object(), ship)
    with pytest.raises(NotPullableError, match="A Stepper needs a server, not an object: it has no publish"):
        Stepper(app)


async def test_a_content_type_goes_with_bytes(server):
    async def ship(): ...

    async with Stepper(app_on(server, ship)) as stepper:
        with pytest.raises(InvalidMessageError, match="content_type goes with a payload of bytes"):
            await stepper.send("tasks", {}, content_type="text/plain")


async def test_a_server_that_cannot_connect_says_so():
    server = Server()

    async def connect() -> None:
        raise OSError("no route")

    server.connect = connect

    async def ship(): ...

    with pytest.raises(NotConnectedError, match=r"Server does not answer at nowhere: is it running.*\(no route\)"):
        await Stepper(app_on(server, ship)).step()


def test_stepping_in_memory_loads_nothing_of_repid_or_of_brokers():
    script = (
        "import asyncio, sys\n"
        "from repid_nb import InMemoryServer, Repid, Router, Stepper\n"
        "app = Repid(); app.servers.register_server('default', InMemoryServer())\n"
        "async def main():\n"
        "    async with Stepper(app) as stepper:\n"
        "        await stepper.send('tasks'); await stepper.step()\n"
        "asyncio.run(main())\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('repid', 'redis', 'nats', 'aiokafka')\n"
        "       or name.startswith('repid_nb.stepping.brokers.') and not name.endswith('.choose')])\n"
    )
    assert run_script(script) == "[]\n"
