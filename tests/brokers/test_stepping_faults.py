"""What becomes of a message when its program or its broker is gone; and what is said of bad surroundings."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys

import pytest
import repid
from brokers.scenes import Scene, scene, second_consumer
from support.brokers import Counts
from support.files import ROOT
from support.servers import NatsServer, is_running
from support.waiting import until

from repid_nb import MessageAction, Repid, Router, Stepper
from repid_nb.core.errors import InvalidMessageError, NotConnectedError, NotPullableError, SerializationError
from repid_nb.stepping.brokers import adapter, connecting, nats, places, remote

KINDS = pytest.mark.parametrize("broker", ["redis", "nats", "rabbit-quorum"], indirect=True)
NAMES = pytest.mark.parametrize("name", ["redis", "nats", "rabbit-quorum"])

# Importing takes longer than the rest, so each program that holds a message is a fork of one that has imported.
HOLDERS = """
import asyncio, json, os, signal, sys
import repid, redis.asyncio, nats, repid.connections.amqp
import repid_nb.stepping.brokers.remote
from repid_nb import Repid, Router, Stepper

def hold(kind, dsn, channel):
    app = Repid()
    app.servers.register_server("default", getattr(repid, kind)(dsn), is_default=True)
    router = Router(channel=channel)

    @router.actor
    async def slow(number: int) -> None:
        os.write(1, b"%d\\n" % os.getpid())  # what is printed is the Step's
        await asyncio.Event().wait()

    app.include_router(router)
    loop = asyncio.new_event_loop()
    # As a kernel ends: its loop just stops, and the step never comes to its end.
    loop.add_signal_handler(signal.SIGUSR1, loop.stop)
    stepper = Stepper(app)
    step = loop.create_task(stepper.step())
    # As a kernel ends after its cell was interrupted.
    step.add_done_callback(lambda _: loop.stop())
    loop.add_signal_handler(signal.SIGUSR2, step.cancel)
    loop.run_forever()
    sys.exit()

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    if os.fork() == 0:
        hold(*json.loads(line))
"""


@pytest.fixture(scope="module")
def holders():
    with subprocess.Popen(  # noqa: S603  (the interpreter that runs the tests)
        [sys.executable, "-c", HOLDERS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    ) as program:
        try:
            yield program
        finally:
            os.killpg(program.pid, signal.SIGKILL)


async def held_by_another(holders, broker, channel, how):
    """Let a program take the next message and hold it in its step, until a signal ends it."""
    kind = {"redis": "RedisServer", "nats": "NatsServer"}.get(broker.name, "AmqpServer")
    print(json.dumps([kind, broker.dsn, channel]), file=holders.stdin)
    pid = int(await asyncio.to_thread(holders.stdout.readline))
    os.kill(pid, how)
    await until(lambda: not is_running(pid))


async def number_that_comes(broker, channel, **options):
    async with second_consumer(broker, channel, **options) as came, asyncio.timeout(60):
        return await came.get()


@KINDS
async def test_what_a_killed_kernel_held_the_next_stepper_has(holders, broker, channel):
    async with scene(broker, channel, declared={"ack_wait": 1} if broker.name == "nats" else {}) as here:
        await here.send("slow", 1)
        await held_by_another(holders, broker, channel, signal.SIGKILL)
        here.go_on.set()
        async with asyncio.timeout(60):
            step = await here.step()
            assert step.message.payload == b'{"number":1}'
            assert step.settlement.action is MessageAction.acked
    await broker.comes_to(channel, Counts(ready=0, held=0))


@KINDS
async def test_what_a_program_held_that_ends_goes_back_at_once_also_to_a_worker(holders, broker, channel):
    async with scene(broker, channel) as here:
        await here.send("slow", 1)
        await held_by_another(holders, broker, channel, signal.SIGUSR1)
        # By itself NATS would wait for its ack_wait of ten minutes, and Redis for ever.
        assert await number_that_comes(broker, channel) == 1


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
async def test_what_a_stepper_keeps_for_its_next_pull_goes_back_when_its_program_ends(holders, broker, channel):
    async with scene(broker, channel) as here:
        await here.send("slow", 1)
        await held_by_another(holders, broker, channel, signal.SIGUSR2)
        assert await number_that_comes(broker, channel) == 1


@NAMES
async def test_a_broker_that_goes_away_in_a_step_is_told_of_and_the_message_comes_again(own_broker, channel, name):
    broker = own_broker(name)
    async with scene(broker, channel, declared={"ack_wait": 1} if name == "nats" else {}) as here:
        await here.send("slow", 1)
        if name.startswith("rabbit"):
            await here.stepper.look()
        stepping = asyncio.create_task(here.step())
        await here.started.wait()
        broker.process.end()
        if name == "nats":
            await until(lambda: not here.server.is_connected)  # else its client may keep the ack and send it afterwards
        here.go_on.set()
        async with asyncio.timeout(60):
            step = await stepping
        assert step.settlement.action is None
        assert "again" in step.settlement.reason
        with pytest.raises(NotConnectedError, match=r"does not answer at 127\.0\.0\.1.*: is it running"):
            await here.stepper.step()
        broker.process.start()
        async with asyncio.timeout(60):
            again = await here.step()
        assert (again.message.payload, again.settlement.action) == (b'{"number":1}', MessageAction.acked)
        assert here.done == [1, 1]


@pytest.mark.parametrize("name", ["redis", "nats"])
async def test_a_broker_that_comes_back_in_the_step_has_what_the_step_says(own_broker, channel, name, monkeypatch):
    monkeypatch.setattr(adapter, "MENDED_WITHIN", 60)
    broker = own_broker(name)
    async with scene(broker, channel, declared={"ack_wait": 60} if name == "nats" else {}) as here:
        await here.send("slow", 1)
        stepping = asyncio.create_task(here.step())
        await here.started.wait()
        broker.process.end()
        if name == "nats":
            await until(lambda: not here.server.is_connected)
        broker.process.start()
        here.go_on.set()
        async with asyncio.timeout(60):
            step = await stepping
        assert step.settlement.action is MessageAction.acked
        await broker.comes_to(channel, Counts(ready=0, held=0))


@KINDS
async def test_a_wrong_port_is_told_at_once(broker, channel):
    with socket.socket() as silent:
        # Bound and not listening: it answers nobody, and no other program gets the port meanwhile.
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        app = Repid()
        server = type(broker.server())(broker.dsn.replace(str(broker.process.port), str(port)))
        app.servers.register_server("default", server, is_default=True)
        for use in (Stepper(app).step(), Stepper(app).send(channel)):
            with pytest.raises(NotConnectedError, match=rf"does not answer at 127\.0\.0\.1:{port}: is it running"):
                await use


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
async def test_the_port_of_another_kind_of_broker_is_told_at_once(broker, channel, monkeypatch):
    monkeypatch.setattr(places, "GREETED_WITHIN", 3600)
    monkeypatch.setattr(connecting, "AT_MOST", 3600)
    app = Repid()
    app.servers.register_server(
        "default", repid.RedisServer(f"redis://127.0.0.1:{broker.process.port}"), is_default=True
    )
    async with asyncio.timeout(60):
        with pytest.raises(
            NotConnectedError, match=r"Redis does not answer at .*What answers there is not Redis\. It said"
        ):
            await Stepper(app).send(channel)


@pytest.mark.parametrize("broker", ["redis", "rabbit-classic"], indirect=True)
async def test_a_wrong_password_is_told_with_the_form_of_an_address(broker, channel):
    scheme, _, place = broker.dsn.partition("://")
    wrong = type(broker.server())(f"{scheme}://ada:wrong@{place.rpartition('@')[2]}")
    with pytest.raises(
        NotConnectedError, match=rf"does not take this user and password .* {scheme}://USER:PASSWORD@HOST:PORT"
    ):
        await stepper_on(wrong, channel).send(channel)


async def test_what_nats_does_not_allow_is_told_with_what_it_says_of_it(channel):
    process = NatsServer(users='{user: ada, password: right, permissions: {publish: {deny: ["$JS.API.STREAM.>"]}}}')
    try:
        process.start()
        wrong, right = (repid.NatsServer(f"nats://ada:{word}@127.0.0.1:{process.port}") for word in ("wrong", "right"))
        with pytest.raises(NotConnectedError, match=r"password .*Authorization Violation.* nats://USER:PASSWORD@HOST"):
            await stepper_on(wrong, channel).step()
        stepper = stepper_on(right, channel)
        with pytest.raises(NotConnectedError, match=r"permissions violation for publish to .\$js\.api\.stream"):
            await stepper.step()
        await stepper.close()
    finally:
        process.stop()


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
async def test_an_error_is_not_its_own_cause_so_a_notebook_shows_it_once(broker, channel):
    async with scene(broker, channel) as here:
        with pytest.raises(SerializationError) as refused:
            await here.stepper.send(channel, {1, 2})
        assert type(refused.value.__cause__) is TypeError


async def test_a_broker_that_says_nothing_any_more_is_told_of_and_its_answer_still_counts(
    own_broker, channel, monkeypatch
):
    broker = own_broker("redis")
    async with scene(broker, channel) as here:
        await here.send("slow", 1)
        stepping = asyncio.create_task(here.step())
        await here.started.wait()
        # Only while it is stopped: a busy machine's broker takes its time.
        with monkeypatch.context() as impatient:
            impatient.setattr(connecting, "DOUBTED_AFTER", 0.1)
            impatient.setattr(places, "GREETED_WITHIN", 0.1)
            os.kill(broker.process.pid, signal.SIGSTOP)
            here.go_on.set()
            step = await stepping
            assert step.settlement.reason.startswith("the ack was sent, and Redis has not confirmed it")
            with pytest.raises(NotConnectedError, match="what listens there says nothing"):
                await here.stepper.step()
            os.kill(broker.process.pid, signal.SIGCONT)
        await broker.comes_to(channel, Counts(ready=0, held=0))
        assert not await here.stepper.step()


@pytest.mark.parametrize(
    ("broker", "said"),
    [
        ("nats", "NATS keeps no stream for '{channel}'.* nats stream add {channel}"),
        (
            "rabbit-classic",
            "RabbitMQ has no queue '{channel}'.* rabbitmqadmin declare queue --name {channel} --durable true",
        ),
        ("sqs", "SQS has no queue '{channel}'. Create it first: aws sqs create-queue --queue-name {channel}"),
    ],
    indirect=["broker"],
)
async def test_a_missing_queue_is_told_with_the_line_that_makes_it(broker, channel, said):
    here = Scene(broker, channel)
    async with asyncio.timeout(60):
        with pytest.raises(NotPullableError, match=said.format(channel=channel)):
            await here.stepper.step()
        await broker.declare(channel)
        # What is sent elsewhere would be lost, and repid waits ten seconds for RabbitMQ.
        elsewhere = f"{channel}_2"
        with pytest.raises(NotPullableError, match=said.format(channel=elsewhere)):
            await here.stepper.send(elsewhere, {"number": 1}, topic="ship")
    await here.stepper.close()


@pytest.mark.parametrize("broker", ["rabbit-classic"], indirect=True)
async def test_an_actor_that_sends_to_a_missing_queue_hears_so_at_once_as_the_error_that_repid_raises_late(
    broker, channel
):
    async with scene(broker, channel) as here:
        await here.send("forward")
        step = await here.step()
        assert step.settlement.action is MessageAction.nacked
        assert f"TimeoutError: RabbitMQ has no queue '{channel}.more'" in step.settlement.reason
        await broker.declare(f"{channel}.more")
        await here.send("forward")
        assert (await here.step()).published == (f"{channel}.more",)


@pytest.mark.parametrize("broker", ["rabbit-classic"], indirect=True)
async def test_what_is_sent_after_rabbitmq_has_ended_the_session_of_repid_arrives(broker, channel):
    async with scene(broker, channel) as here:
        await here.send("ship", 1)
        session = await here.server.managed_session.get_session()
        attaching = asyncio.create_task(session.create_sender("/queues/nowhere"))
        await until(lambda: not session.is_usable)
        attaching.cancel()
        await here.send("ship", 2)
        await broker.comes_to(channel, Counts(ready=2, held=0))


@pytest.mark.parametrize("broker", ["rabbit-classic"], indirect=True)
async def test_a_missing_queue_leaves_the_other_channels_alone(broker, channel):
    await broker.declare(channel)
    here = Scene(broker, channel)
    await here.send("ship", 1)
    lost = Router(channel=f"{channel}.lost")
    lost.actor(lambda: None)
    here.app.include_router(lost)
    with pytest.raises(NotPullableError, match="declare it first"):
        await here.stepper.step()
    await broker.declare(f"{channel}.lost")
    assert (await here.step()).winner == "ship"
    await here.stepper.close()


@pytest.mark.parametrize("broker", ["redis", "nats", "rabbit-classic", "sqs"], indirect=True)
async def test_a_queue_that_another_program_deletes_and_makes_again_is_stepped_on(broker, channel):
    async with scene(broker, channel) as here:
        await here.send("ship", 1)
        await here.step()
        await broker.delete(channel)
        if broker.name == "redis":  # there a stream is made by what needs it
            assert not await here.stepper.step()
        else:
            with pytest.raises(NotPullableError, match=channel):
                # RabbitMQ tells of it beside its answers, so a step may come before.
                await here.run_all(least=1)
            assert here.stepper.queues[channel].waiting is None
            with pytest.raises(NotPullableError, match=channel):
                await here.send("ship", 2)
            await broker.declare(channel)
        await here.send("ship", 3)
        await here.step()
        assert here.done == [1, 3]


@pytest.mark.parametrize("broker", ["redis", "nats"], indirect=True)
async def test_a_consumer_that_another_program_deletes_is_made_again(broker, channel):
    async with scene(broker, channel) as here:
        await here.send("ship", 1)
        await here.step()
        await broker.delete_consumer(channel)
        await here.send("ship", 2)
        # A new consumer begins with what the stream keeps.
        assert [step.settlement.action for step in (await here.step(), await here.step())] == [MessageAction.acked] * 2
        assert here.done == [1, 1, 2]


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
async def test_a_stream_that_is_deleted_in_a_step_is_why_its_ack_is_not_confirmed(broker, channel, caplog):
    async with scene(broker, channel) as here:
        await here.send("slow", 1)
        stepping = asyncio.create_task(here.step())
        await here.started.wait()
        await broker.delete(channel)
        here.go_on.set()
        assert f"NATS has no consumer '{channel}_group' any more" in (await stepping).settlement.reason
    assert not caplog.records


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
async def test_a_channel_that_nats_takes_in_no_name_of_a_consumer_is_told(broker, channel):
    here = Scene(broker, f"{channel}.new")
    with pytest.raises(NotPullableError, match=r"no consumer has '\.' in its name: it cannot receive from"):
        await here.stepper.step()
    await here.stepper.close()


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
async def test_a_header_that_nats_takes_not_is_refused_and_one_that_it_changes_leaves_the_message_its_name(
    broker, channel
):
    async with scene(broker, channel) as here:
        with pytest.raises(InvalidMessageError, match=r"NATS takes no such name of a header .*'a b'"):
            await here.stepper.send(channel, {"number": 1}, topic="ship", headers={"a b": "1"})
        sent = await here.stepper.send(channel, {"number": 1}, topic="ship", headers={"a": " two\nlines ", "": "none"})
        message = (await here.step()).message
        assert (message.name, message.headers["a"]) == (sent.message.name, "two lines")


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
async def test_a_key_that_is_no_stream_is_told(broker, channel):
    async with broker.client() as client:
        await client.set(f"repid:{channel}", "text")
    here = Scene(broker, channel)
    with pytest.raises(NotPullableError, match=f"'repid:{channel}' is no stream"):
        await here.stepper.step()
    await here.stepper.close()


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
async def test_a_consumer_that_lets_out_more_than_one_is_refused_and_left_as_it_is(broker, channel):
    await broker.declare(channel, max_ack_pending=1000)
    here = Scene(broker, channel)
    with pytest.raises(NotPullableError, match=rf"nats consumer edit {channel} {channel}_group --max-pending 1"):
        await here.stepper.step()
    await here.stepper.close()
    async with broker.jetstream() as jetstream:
        assert (await jetstream.consumer_info(channel, f"{channel}_group")).config.max_ack_pending == 1000


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
async def test_on_another_machine_no_consumer_is_made_that_would_slow_down_its_workers(broker, channel, monkeypatch):
    monkeypatch.setattr(nats, "HERE", set())
    await broker.declare(channel, consumer=False)
    here = Scene(broker, channel)
    with pytest.raises(NotPullableError, match=f"nats consumer add {channel} {channel}_group .* --max-pending 1"):
        await here.stepper.step()
    await here.stepper.close()


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
async def test_a_message_that_another_holds_is_why_nothing_comes(broker, channel, monkeypatch):
    monkeypatch.setattr(remote, "PATIENCE", 0.2)
    async with scene(broker, channel) as one, scene(broker, channel) as other:
        for number in (1, 2):
            await one.send("slow", number)
        holding = asyncio.create_task(one.step())
        await one.started.wait()
        idle = await other.stepper.step()
        assert "1 wait, but one is in work and max_ack_pending is 1" in idle.note
        one.go_on.set()
        await holding


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
async def test_a_nack_without_a_stream_for_dead_letters_is_told_and_the_message_comes_again(broker, channel):
    async with scene(broker, channel) as here:
        async with broker.jetstream() as jetstream:
            await jetstream.delete_stream(f"repid_{channel}_dlq")
        await here.send("broken")
        step = await here.step()
        assert step.settlement.action is None
        assert f"nats stream add repid_{channel}_dlq" in step.settlement.reason
        assert (await here.step()).message.id == step.message.id


async def test_what_a_closed_stepper_could_not_settle_stays_pending_on_redis(own_broker, channel):
    broker = own_broker("redis")
    group = f"repid:{channel}", f"repid:{channel}:group"
    async with broker.client() as client, scene(broker, channel) as here:
        await here.send("ship", 1)
        await client.acl_setuser("default", commands=["-xack"])
        assert (await here.step()).settlement.action is None
        await client.acl_setuser("default", commands=["+xack"])
        await here.stepper.close()
        assert (await client.xpending(*group))["pending"] == 1


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
async def test_what_another_program_wrote_is_stepped_as_it_is(broker, channel):
    async with scene(broker, channel) as here:
        async with broker.client() as client:
            await client.xadd(f"repid:{channel}", {"anything": "1", "headers": "not JSON"})
        step = await here.step()
        assert (step.message.payload, step.message.headers) == (b"", None)
        assert step.settlement.action is MessageAction.rejected


@pytest.mark.parametrize("broker", ["rabbit-quorum"], indirect=True)
async def test_a_message_that_goes_back_often_is_told_of_before_rabbitmq_drops_it(broker, channel):
    async with scene(broker, channel) as here:
        await here.send("nobody", 1)
        steps = [await here.step() for _ in range(3)]
        assert [bool(step.note) for step in steps] == [False, False, True]
        assert "It went back 3 times: after 20 a quorum queue makes it a dead letter" in steps[2].note


@KINDS
async def test_a_stepper_that_is_replaced_gives_back_what_it_held(broker, channel):
    async with scene(broker, channel) as here:
        await here.send("slow", 1)
        stepping = asyncio.create_task(here.step())
        await here.started.wait()
        stepping.cancel()
        await asyncio.wait({stepping})
        del stepping
        here.stepper = Stepper(here.app)
        gc.collect()
        here.go_on.set()
        async with asyncio.timeout(60):
            while not here.done:
                await here.stepper.step()
    await broker.comes_to(channel, Counts(ready=0, held=0))


def stepper_on(server, channel):
    app = Repid()
    app.servers.register_server("default", server, is_default=True)
    router = Router(channel=channel)
    router.actor(lambda: None, name="ship")
    app.include_router(router)
    return Stepper(app)
