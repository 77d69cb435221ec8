"""The names of `repid.connections.abc`, for code that imports them from there, as repid's documentation does."""

from repid_nb.core.message import (
    BaseMessageT,
    CapabilitiesT,
    MessageAction,
    MessageData,
    ReceivedMessageT,
    SentMessageT,
    ServerT,
    SubscriberT,
)

__all__ = [
    "BaseMessageT",
    "CapabilitiesT",
    "MessageAction",
    "MessageData",
    "ReceivedMessageT",
    "SentMessageT",
    "ServerT",
    "SubscriberT",
]
