"""Real brokers: one of each a session, or a test's own where it kills it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from support.brokers import BROKERS, Broker
from support.missing import skip_or_fail
from support.servers import NotHere, RabbitMQ, ServerProcess


@pytest.fixture(scope="session")
def shared_processes() -> Iterator[Callable[[type[ServerProcess]], ServerProcess]]:
    """Starts a broker when the first test asks for it."""
    running: dict[type[ServerProcess], ServerProcess] = {}
    with ExitStack() as ending:

        def process_of(kind: type[ServerProcess]) -> ServerProcess:
            if kind not in running:
                running[kind] = started(kind, ending)
            return running[kind]

        yield process_of


@pytest.fixture
def broker(request: pytest.FixtureRequest, shared_processes: Callable[[type[ServerProcess]], ServerProcess]) -> Broker:
    """The broker that the test names: `@pytest.mark.parametrize("broker", ["redis", "nats"], indirect=True)`."""
    kind, made = BROKERS[request.param]
    return made(shared_processes(kind))


@pytest.fixture
def own_broker(
    shared_processes: Callable[[type[ServerProcess]], ServerProcess],
) -> Iterator[Callable[[str], Broker]]:
    """Starts a broker by its name that the test may kill and start again.

    RabbitMQ takes seconds to start, so it is the shared one, which is up again after the test.
    """
    with ExitStack() as ending:

        def own(name: str) -> Broker:
            kind, made = BROKERS[name]
            if kind is not RabbitMQ:
                return made(started(kind, ending))
            process = shared_processes(kind)
            ending.callback(lambda: process.is_started or process.start())
            return made(process)

        yield own


@pytest.fixture
def channel() -> str:
    """A name that no other test uses: the brokers are shared."""
    return f"orders_{uuid.uuid4().hex[:8]}"


def started(kind: type[ServerProcess], ending: ExitStack) -> ServerProcess:
    process = kind()
    ending.callback(process.stop)
    try:
        process.start()
    except NotHere as reason:
        skip_or_fail(str(reason))
    return process
