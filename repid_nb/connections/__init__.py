"""The names of `repid.connections`, for code that imports them from there; its clients of brokers are repid's own."""

from repid_nb.connections.abc import (
    BaseMessageT,
    CapabilitiesT,
    MessageAction,
    ReceivedMessageT,
    SentMessageT,
    ServerT,
    SubscriberT,
)
from repid_nb.core.memory.server import InMemoryServer

__all__ = [
    "BaseMessageT",
    "CapabilitiesT",
    "InMemoryServer",
    "MessageAction",
    "ReceivedMessageT",
    "SentMessageT",
    "ServerT",
    "SubscriberT",
]
