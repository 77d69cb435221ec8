"""See how a message queue decides: repid's API in one process, stepped one pull at a time.

Each public name loads its module when it is first used, so `import repid_nb` by itself costs next to nothing.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from repid_nb.core.record import Record

if TYPE_CHECKING:
    from repid_nb.app import Repid
    from repid_nb.asyncapi.document import AsyncAPIGenerator
    from repid_nb.core.actor import (
        ActorData,
        ActorExecutionContext,
        AutoActionT,
        ManualActionT,
        OnErrorAutoT,
        OnErrorManualT,
        OnErrorT,
    )
    from repid_nb.core.arguments.actor_message import Message, MessageDependency
    from repid_nb.core.arguments.converter import BasicConverter, DefaultConverter, PydanticConverter
    from repid_nb.core.arguments.dependencies import Depends, FullPayload, Header
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
    from repid_nb.core.logger import logger
    from repid_nb.core.memory.server import InMemoryServer
    from repid_nb.core.memory.snapshot import ChannelSnapshot, DeadLetter, MessageSnapshot, QueuesSnapshot
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
    from repid_nb.core.routing.router import Router
    from repid_nb.core.routing.strategies import catch_all_routing_strategy, topic_based_routing_strategy
    from repid_nb.core.serializer import default_serializer
    from repid_nb.display import as_html, as_text
    from repid_nb.notebook import run
    from repid_nb.stepping.record import Explanation, History, Idle, Rewound, Sent, Settlement, Step, Steps, Verdict
    from repid_nb.stepping.stale_actors import StaleActorWarning
    from repid_nb.stepping.stepper import Stepper
    from repid_nb.test_client import TestClient, TestMessage
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

_HOMES = {
    "core.actor": (
        "ActorData",
        "ActorExecutionContext",
        "AutoActionT",
        "ManualActionT",
        "OnErrorAutoT",
        "OnErrorManualT",
        "OnErrorT",
    ),
    "app": ("Repid",),
    "asyncapi.document": ("AsyncAPIGenerator",),
    "core.arguments.actor_message": ("Message", "MessageDependency"),
    "core.arguments.converter": (
        "BasicConverter",
        "DefaultConverter",
        "PydanticConverter",
    ),
    "core.arguments.dependencies": (
        "Depends",
        "FullPayload",
        "Header",
    ),
    "core.memory.server": ("InMemoryServer",),
    "core.logger": ("logger",),
    "core.message": (
        "BaseMessageT",
        "CapabilitiesT",
        "MessageAction",
        "MessageData",
        "ReceivedMessageT",
        "SentMessageT",
        "SerializerT",
        "ServerT",
        "SubscriberT",
    ),
    "core.description": (
        "ActorMessageMetadata",
        "Channel",
        "Contact",
        "ConverterInputSchema",
        "CorrelationId",
        "ExternalDocs",
        "License",
        "MessageExample",
        "MessageSchema",
        "RunnerInfo",
        "SendOperation",
        "Tag",
    ),
    "core.routing.router": ("Router",),
    "core.routing.strategies": (
        "catch_all_routing_strategy",
        "topic_based_routing_strategy",
    ),
    "core.serializer": ("default_serializer",),
    "core.memory.snapshot": (
        "ChannelSnapshot",
        "DeadLetter",
        "MessageSnapshot",
        "QueuesSnapshot",
    ),
    "test_client": (
        "TestClient",
        "TestMessage",
    ),
    "display": (
        "as_html",
        "as_text",
    ),
    "notebook": ("run",),
    "stepping.record": (
        "Explanation",
        "History",
        "Idle",
        "Rewound",
        "Sent",
        "Settlement",
        "Step",
        "Steps",
        "Verdict",
    ),
    "stepping.stale_actors": ("StaleActorWarning",),
    "stepping.stepper": ("Stepper",),
    "widgets.workbench": ("Workbench",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

# A record knows no view, and must show itself wherever it comes from: the first one that is shown loads the views.
Record.as_text = staticmethod(lambda record: import_module("repid_nb.display").as_text(record))
Record.as_html = staticmethod(lambda record: import_module("repid_nb.display").as_html(record))

# In a notebook, code written for a script, with its asyncio.run(main()), should run as it stands.
if "IPython" in sys.modules:
    import_module("repid_nb.notebook").prepare_event_loop()

if not TYPE_CHECKING:  # a type checker would take any name for a public one

    def __getattr__(name: str) -> object:
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"repid_nb.{_HOME_OF[name]}"), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
