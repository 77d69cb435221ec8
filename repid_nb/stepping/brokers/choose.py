"""Which source goes with which server."""

from __future__ import annotations

from importlib import import_module

from repid_nb.app import Repid
from repid_nb.core.errors import NotPullableError
from repid_nb.core.message import ServerT
from repid_nb.core.naming import a_kind
from repid_nb.stepping.memory import MemorySource, as_memory
from repid_nb.stepping.source import Source

__all__ = ["source_of"]

CONNECTIONS = "repid.connections."

# By the package of repid that a server's class, or one that it derives from, comes from. What a server names as its
# `protocol` may be anything.
ADAPTERS = {
    "amqp": "AmqpAdapter",
    "kafka": "KafkaAdapter",
    "nats": "NatsAdapter",
    "pubsub": "PubsubAdapter",
    "redis": "RedisAdapter",
    "sqs": "SqsAdapter",
}
NEEDED = ("publish", "subscribe", "connect", "is_connected")


def source_of(server: ServerT, app: Repid, owner: object) -> Source:
    """Return the source for a server.

    Args:
        app: The app that it is registered in.
        owner: The object that uses it. When the owner is collected as garbage, what it held goes back.

    Raises:
        NotPullableError: It is not a server.
    """
    memory = as_memory(server)
    if memory is not None:
        return MemorySource(memory, owner)
    missing = [name for name in NEEDED if not hasattr(server, name)]
    if missing:
        raise NotPullableError(f"A Stepper needs a server, not {a_kind(server)}: it has no {missing[0]}.")
    # Only here, so that stepping in memory does not load what only brokers need.
    from repid_nb.stepping.brokers.remote import RemoteSource  # noqa: PLC0415

    kind = next(filter(None, map(_kind, type(server).__mro__)), "other")
    module = import_module(f"repid_nb.stepping.brokers.{kind}")
    return RemoteSource(getattr(module, ADAPTERS.get(kind, "OtherAdapter"))(server), app, owner)


def _kind(base: type) -> str | None:
    name = base.__module__
    package = name.removeprefix(CONNECTIONS).partition(".")[0]
    return package if name.startswith(CONNECTIONS) and package in ADAPTERS else None
