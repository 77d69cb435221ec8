"""One scenario, run through repid and through repid_nb, and compared event by event.

A scenario is an asynchronous function of a library and a log. It uses public names of the library only, and so is
written once. It runs on a loop of its own in each of three lanes: repid; repid_nb; and repid_nb with a server object of
repid's plugged in.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from types import SimpleNamespace
from typing import Any, Self

import repid
from pydantic import ValidationError

import repid_nb

SHARED = {name: getattr(repid_nb, name) for name in repid_nb.__all__ if hasattr(repid, name)}
MIXED = SimpleNamespace(**{**SHARED, "InMemoryServer": repid.InMemoryServer})
LANES = {"repid_nb": repid_nb, "repid_nb on repid's server": MIXED}
# Seconds that only a fault would fill, on a busy machine too.
PATIENCE = 60.0
END = b"<end of the queue>"

Scenario = Callable[..., Awaitable[None]]


class Raised:
    """An exception as a log keeps it. One of repid's equals one that is of the same kind or of a kind below it."""

    def __init__(self, error: BaseException) -> None:
        self.kind = type(error)
        self.fields = _faults(error) if isinstance(error, ValidationError) else []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Raised) and issubclass(other.kind, self.kind) and other.fields == self.fields

    __hash__ = None

    def __repr__(self) -> str:
        return f"{self.kind.__name__}({self.fields or ''})"


def _faults(error: ValidationError) -> list[tuple[Any, ...]]:
    return [(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors(include_url=False)]


class Log:
    """What happened, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.is_muted = False
        self.listeners: list[Callable[[tuple[Any, ...]], None]] = []
        self._news = asyncio.Condition()

    def __call__(self, *event: Any) -> None:
        """Note an event: a word and what belongs to it."""
        if self.is_muted:
            return
        self.events.append(tuple(_plain(part) for part in event))
        for listener in self.listeners:
            listener(self.events[-1])

    def count(self, *start: Any) -> int:
        """Say how many events begin like this."""
        return sum(event[: len(start)] == start for event in self.events)

    async def until(self, count: int, *start: Any) -> None:
        """Wait until so many events begin like this."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: self.count(*start) >= count)

    async def settled(self, message: Any) -> None:
        """Note how a message was settled."""
        self("settled", message.channel, message.payload, message.action.value)
        async with self._news:
            self._news.notify_all()

    def keep(self, *words: str) -> None:
        """Forget the events that begin with other words."""
        self.events = [event for event in self.events if event[0] in words]

    def in_any_order(self) -> None:
        """Say that the order of events means nothing here."""
        self.events.sort(key=repr)


def _plain(part: Any) -> Any:
    if isinstance(part, BaseException):
        return Raised(part)
    if isinstance(part, dict):
        return dict(part)
    return part


class Bench:
    """An app of one of the libraries, with an in-memory server whose connection is open inside `async with`.

    Its outermost middleware notes what a run raises; a `bare` one has none.
    """

    def __init__(self, lib: Any, log: Log, *routers: Any, bare: bool = False, **options: Any) -> None:
        self.lib = lib
        self.log = log
        self.server = lib.InMemoryServer()
        if not bare:
            options["actor_middlewares"] = [self._note_error, *options.get("actor_middlewares", ())]
        self.app = lib.Repid(**options)
        self.app.servers.register_server("default", self.server, is_default=True)
        for router in routers:
            self.app.include_router(router)

    async def __aenter__(self) -> Self:
        await self.server.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.disconnect()

    async def send(self, payload: bytes = b"{}", *, channel: str = "tasks", topic: str | None = None, **rest: Any):
        """Put a message on a channel, past the app, so that a `reply_to` can be given too."""
        headers = rest.pop("headers", None)
        if topic is not None:
            headers = {**(headers or {}), "topic": topic}
        parameters = rest.pop("server_specific_parameters", None)
        message = self.lib.MessageData(payload=payload, headers=headers, **rest)
        await self.server.publish(channel=channel, message=message, server_specific_parameters=parameters)

    async def work(self, messages: int = 1, **options: Any) -> None:
        """Run a worker for so many messages."""
        running = self.app.run_worker(
            messages_limit=messages,
            **{"register_signals": [], "graceful_shutdown_time": PATIENCE, **options},
        )
        info = await asyncio.wait_for(running, PATIENCE)
        self.log("processed", info.processed)

    async def deliver(self, payload: bytes = b"{}", **rest: Any) -> None:
        """Send one message and work it off."""
        await self.send(payload, **rest)
        await self.work()

    async def work_until_settled(self, count: int) -> None:
        """Run a worker until so many settlements were noted; a message for the actor `job` ends it."""

        async def end() -> None:
            await self.log.until(count, "settled")
            await self.send(b"the end", topic="job")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.work())
            tasks.create_task(end())
        await self.left()

    async def _note_error(self, call_next: Any, message: Any, actor: Any) -> Any:
        try:
            return await call_next(message, actor)
        except Exception as error:
            self.log("failed", actor.name, error)
            raise

    async def left(self, *channels: str) -> None:
        """Note what is still on the queues, and empty them."""
        for channel in channels or ("tasks",):
            self.log.is_muted = True
            found = []
            end = asyncio.Event()

            async def take(message: Any, found: list[Any] = found, end: asyncio.Event = end) -> None:
                await message.ack()
                if message.payload == END:
                    end.set()
                else:
                    found.append((message.payload, message.headers, message.content_type, message.reply_to))

            await self.send(END, channel=channel)
            subscriber = await self.server.subscribe(channels_to_callbacks={channel: take})
            await asyncio.wait_for(end.wait(), PATIENCE)
            await subscriber.close()
            self.log.is_muted = False
            self.log("left", channel, found)


async def attempt(log: Log, word: str, doing: Awaitable[Any]) -> None:
    """Await something and note what came of it."""
    try:
        result = await doing
    except Exception as error:
        log(word, error)
    else:
        log(word, result)


def declared(log: Log, word: str, doing: Callable[[], Any]) -> None:
    """Call something and note whether it was refused."""
    try:
        doing()
    except Exception as error:
        log(word, error)
    else:
        log(word, "accepted")


def events_of(lib: Any, scenario: Scenario, **arguments: Any) -> list[tuple[Any, ...]]:
    """Run a scenario with a library and return what its log holds, warnings at the end."""

    async def run() -> Log:
        log = Log()
        with _settlements_noted(log):
            await scenario(lib, log, **arguments)
        return log

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        log = asyncio.run(run())
    return [*log.events, *(("warned", one.category) for one in caught)]


def compare(scenario: Scenario, **arguments: Any) -> None:
    """Assert that a scenario goes the same way in every lane."""
    theirs = events_of(repid, scenario, **arguments)
    assert theirs, "the scenario noted nothing"
    for lane, lib in LANES.items():
        ours = events_of(lib, scenario, **arguments)
        # Theirs stands on the left: an error of ours may be of a kind below theirs, not the other way round.
        assert theirs == ours, f"{lane}\n{_both(theirs, ours)}"


def _both(theirs: list[tuple[Any, ...]], ours: list[tuple[Any, ...]]) -> str:
    lines = [
        f"{'  ' if left == right else '! '}{left}\n{'' if left == right else f'! {right}'}"
        for left, right in zip_longest(theirs, ours, fillvalue="(nothing)")
    ]
    return "\n".join(line.rstrip() for line in lines)


def same(scenario: Scenario) -> Callable[..., None]:
    """Make a test of a scenario: the same events, in every lane. Its other parameters are pytest's."""

    @functools.wraps(scenario)
    def test(**arguments: Any) -> None:
        compare(scenario, **arguments)

    parameters = list(inspect.signature(scenario).parameters.values())[2:]
    test.__signature__ = inspect.Signature(parameters)
    return test


@functools.cache
def _received_classes() -> list[type]:
    return [asyncio.run(_received_class(lib)) for lib in (repid, repid_nb)]


async def _received_class(lib: Any) -> type:
    got: asyncio.Queue[Any] = asyncio.Queue()
    server = lib.InMemoryServer()
    async with server.connection():
        await server.publish(channel="any", message=lib.MessageData(payload=b""))
        subscriber = await server.subscribe(channels_to_callbacks={"any": got.put})
        message = await got.get()
        await message.ack()
        await subscriber.close()
    return type(message)


_CLASSES = _received_classes()


@contextmanager
def _settlements_noted(log: Log) -> Iterator[None]:
    originals = [(kind, name, getattr(kind, name)) for kind in _CLASSES for name in ("ack", "nack", "reject", "reply")]
    for kind, name, original in originals:
        setattr(kind, name, _noting(original, log))
    try:
        yield
    finally:
        for kind, name, original in originals:
            setattr(kind, name, original)


def _noting(original: Callable[..., Awaitable[None]], log: Log) -> Callable[..., Awaitable[None]]:
    async def noting(message: Any, **options: Any) -> None:
        was_open = not message.is_acted_on
        await original(message, **options)
        if was_open and message.is_acted_on:
            await log.settled(message)

    return noting
