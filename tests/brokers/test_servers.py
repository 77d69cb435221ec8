"""The brokers of these tests themselves."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest
from repid.data import MessageData
from support.brokers import BROKERS, Counts, asked_until
from support.files import ROOT
from support.servers import is_running
from support.waiting import until

ALL = pytest.mark.parametrize("broker", BROKERS, indirect=True)


@ALL
async def test_a_message_waits_is_held_and_is_gone(broker, channel):
    await broker.declare(channel)
    held, release = asyncio.Event(), asyncio.Event()

    async def hold(message):
        held.set()
        await release.wait()
        await message.ack()

    server = broker.server()
    async with server.connection():
        await server.publish(channel=channel, message=MessageData(payload=b"1", headers={}, content_type=None))
        await broker.comes_to(channel, Counts(ready=1, held=0))
        subscriber = await server.subscribe(channels_to_callbacks={channel: hold}, concurrency_limit=1)
        await held.wait()
        await broker.comes_to(channel, Counts(ready=0, held=1))
        release.set()
        await broker.comes_to(channel, Counts(ready=0, held=0))
        await subscriber.close()


@ALL
async def test_a_nacked_message_is_counted_among_the_dead(broker, channel):
    await broker.declare(channel)
    done = asyncio.Event()

    async def refuse(message):
        await message.nack()
        done.set()

    server = broker.server()
    async with server.connection():
        await server.publish(channel=channel, message=MessageData(payload=b"1", headers={}, content_type=None))
        subscriber = await server.subscribe(channels_to_callbacks={channel: refuse}, concurrency_limit=1)
        await done.wait()
        await asked_until(lambda: broker.dead(channel), 1)
        await subscriber.close()


# RabbitMQ, which takes long to start, shows it where it goes away in a step.
@pytest.mark.parametrize("name", ["redis", "nats"])
async def test_a_broker_that_was_ended_comes_back_on_its_port_with_what_it_kept(own_broker, channel, name):
    broker = own_broker(name)
    port = broker.process.port
    await broker.declare(channel)
    server = broker.server()
    async with server.connection():
        await server.publish(channel=channel, message=MessageData(payload=b"1", headers={}, content_type=None))
    broker.process.end()
    broker.process.start()
    assert broker.process.port == port
    await broker.comes_to(channel, Counts(ready=1, held=0))


ENDED = """
import os, signal, sys
from support.servers import {kind}
process = {kind}()
process.start()
print(process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("kind", ["Valkey", "NatsServer"])
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent by itself")
async def test_a_broker_ends_with_the_tests_even_when_they_are_killed(kind, tmp_path):
    ended = subprocess.run(  # noqa: ASYNC221, S603  (nothing else is to run here)
        [sys.executable, "-c", ENDED.format(kind=kind)],
        stdout=subprocess.PIPE,
        check=False,
        cwd=ROOT / "tests",
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    pid = int(ended.stdout)
    await until(lambda: not is_running(pid))
