"""The names of `repid.data`, for code that imports them from there, as repid's documentation does."""

from repid_nb.core.actor import (
    ActorData,
    ActorExecutionContext,
    AutoActionT,
    ManualActionT,
    OnErrorAutoT,
    OnErrorManualT,
    OnErrorT,
)
from repid_nb.core.description import (
    ActorMessageMetadata,
    Channel,
    Contact,
    ConverterInputSchema,
    CorrelationId,
    ExternalDocs,
    License,
    MessageExample,
    MessageSchema,
    RunnerInfo,
    SendOperation,
    Tag,
)
from repid_nb.core.message import MessageData

__all__ = [
    "ActorData",
    "ActorExecutionContext",
    "ActorMessageMetadata",
    "AutoActionT",
    "Channel",
    "Contact",
    "ConverterInputSchema",
    "CorrelationId",
    "ExternalDocs",
    "License",
    "ManualActionT",
    "MessageData",
    "MessageExample",
    "MessageSchema",
    "OnErrorAutoT",
    "OnErrorManualT",
    "OnErrorT",
    "RunnerInfo",
    "SendOperation",
    "Tag",
]
