"""See how a message queue decides: repid's API in one process, stepped one pull at a time."""

from typing import TYPE_CHECKING, Any

from repid_nb.core.actor import (
    ActorData,
    ActorExecutionContext,
    AutoActionT,
    ManualActionT,
    OnErrorAutoT,
    OnErrorManualT,
    OnErrorT,
)
from repid_nb.core.app import Repid
from repid_nb.core.asyncapi import AsyncAPIGenerator
from repid_nb.core.converter import BasicConverter, DefaultConverter, PydanticConverter
from repid_nb.core.dependencies import Depends, FullPayload, Header, Message, MessageDependency
from repid_nb.core.in_memory import InMemoryServer
from repid_nb.core.logger import logger
from repid_nb.core.message import (
    BaseMessageT,
    CapabilitiesT,
    MessageAction,
    MessageData,
    ReceivedMessageT,
    SentMessageT,
    SerializerT,
    ServerT,
    SubscriberT,
)
from repid_nb.core.metadata import (
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
from repid_nb.core.router import Router
from repid_nb.core.routing import catch_all_routing_strategy, topic_based_routing_strategy
from repid_nb.core.serializer import default_serializer
from repid_nb.core.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, QueuesSnapshot
from repid_nb.core.test_client import TestClient, TestMessage
from repid_nb.display import as_html, as_text
from repid_nb.notebook import prepare_event_loop, run
from repid_nb.stepping.record import Explanation, History, Idle, Rewound, Sent, Settlement, Step, Steps, Verdict
from repid_nb.stepping.stale import StaleActorWarning
from repid_nb.stepping.stepper import Stepper

if TYPE_CHECKING:
    from repid_nb.widgets.workbench import Workbench

__all__ = [
    "ActorData",
    "ActorExecutionContext",
    "ActorMessageMetadata",
    "AsyncAPIGenerator",
    "AutoActionT",
    "BaseMessageT",
    "BasicConverter",
    "CapabilitiesT",
    "Channel",
    "ChannelSnapshot",
    "Contact",
    "ConverterInputSchema",
    "CorrelationId",
    "DeadLetter",
    "DefaultConverter",
    "Depends",
    "Explanation",
    "ExternalDocs",
    "FullPayload",
    "Header",
    "History",
    "Idle",
    "InMemoryServer",
    "License",
    "ManualActionT",
    "Message",
    "MessageAction",
    "MessageData",
    "MessageDependency",
    "MessageExample",
    "MessageSchema",
    "MessageSnapshot",
    "OnErrorAutoT",
    "OnErrorManualT",
    "OnErrorT",
    "PydanticConverter",
    "QueuesSnapshot",
    "ReceivedMessageT",
    "Repid",
    "Rewound",
    "Router",
    "RunnerInfo",
    "SendOperation",
    "Sent",
    "SentMessageT",
    "SerializerT",
    "ServerT",
    "Settlement",
    "StaleActorWarning",
    "Step",
    "Stepper",
    "Steps",
    "SubscriberT",
    "Tag",
    "TestClient",
    "TestMessage",
    "Verdict",
    "Workbench",
    "as_html",
    "as_text",
    "catch_all_routing_strategy",
    "default_serializer",
    "logger",
    "run",
    "topic_based_routing_strategy",
]

# In a notebook, code written for a script, with its asyncio.run(main()), should run as it stands.
prepare_event_loop()


def __getattr__(name: str) -> Any:
    # A widget brings ipywidgets and IPython along: who asks for none does not wait for them.
    if name == "Workbench":
        from repid_nb.widgets.workbench import Workbench  # noqa: PLC0415

        return Workbench
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
