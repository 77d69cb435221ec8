"""See how a message queue decides: repid's API in one process, stepped one pull at a time.

Each public name loads its module when it is first used, so `import repid_nb` by itself costs next to nothing.
`__init__.pyi` tells type checkers the same names.
"""

import sys
from importlib import import_module

from repid_nb.core.record import Views

# Each module with the public names that it defines.
_NAMES = {
    "app": "Repid",
    "asyncapi.document": "AsyncAPIGenerator",
    "core.actor": "ActorData ActorExecutionContext AutoActionT ManualActionT OnErrorAutoT OnErrorManualT OnErrorT",
    "core.arguments.actor_message": "Message MessageDependency",
    "core.arguments.converter": "BasicConverter DefaultConverter PydanticConverter",
    "core.arguments.dependencies": "Depends FullPayload Header",
    "core.description": (
        "ActorMessageMetadata Channel Contact ConverterInputSchema CorrelationId ExternalDocs License "
        "MessageExample MessageSchema RunnerInfo SendOperation Tag"
    ),
    "core.limits": (
        "ActorLimits ActorLimitsPropagation BackpressureFallback BackpressurePolicy BackpressureResource "
        "BackpressureStrategy LimitPolicyT MessageLimits OnOversizedPayloadT OversizedPayloadAction "
        "OversizedPayloadPolicyT ReservationLeaseT Wait"
    ),
    "core.logger": "logger",
    "core.memory.server": "InMemoryServer",
    "core.memory.snapshot": "ChannelSnapshot DeadLetter MessageSnapshot QueuesSnapshot",
    "core.message": (
        "BaseMessageT CapabilitiesT MessageAction MessageData ReceivedMessageT SentMessageT SerializerT "
        "ServerT SubscriberT"
    ),
    "core.routing.router": "Router",
    "core.routing.strategies": "catch_all_routing_strategy topic_based_routing_strategy",
    "core.serializer": "default_serializer",
    "display": "as_html as_text",
    "hosting.local": "local_broker",
    "display.pictures": "as_picture",
    "joining": "join",
    "notebook.loop": "run",
    "picture": "Picture",
    "stepping.trail": "Trail",
    "simulation.arrivals": "burst every poisson",
    "simulation.durations": "constant exponential lognormal one_of uniform",
    "simulation.records": "Comparison SimulatedMessage Statistics",
    "simulation.run": "Run",
    "simulation.simulation": "Simulation",
    "stepping.record": "Explanation History Idle Rewound Sent Settlement Step Steps Verdict",
    "stepping.stale_actors": "StaleActorWarning",
    "stepping.stepper": "Stepper",
    "test_client": "TestClient TestMessage",
    "widgets.workbench": "Workbench",
}
_HOME_OF = {name: f"repid_nb.{home}" for home, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605  (a list of str, as a type checker reads it in `__init__.pyi`)

# Records do not import views: the first record that is shown loads them.
Views.as_text = staticmethod(lambda record: import_module("repid_nb.display").as_text(record))
Views.as_html = staticmethod(lambda record: import_module("repid_nb.display").as_html(record))
Views.as_picture = staticmethod(
    lambda record, of, **more: import_module("repid_nb.display.pictures").as_picture(record, of, **more)
)
Views.as_plot = staticmethod(lambda *given: import_module("repid_nb.display.plots").as_plot(*given))
Views.as_lesson = staticmethod(
    lambda *given, **more: import_module("repid_nb.widgets.export.run_lesson").RunLesson(*given, **more)
)

# In a notebook, asyncio.run(main()) of code that was written for a script should work, and an actor should know the run
# of the cell that declared it.
if not {"IPython", "marimo"}.isdisjoint(sys.modules):
    import_module("repid_nb.notebook.loop").prepare_event_loop()
    import_module("repid_nb.core.routing.reruns").where_cells_run(import_module("repid_nb.notebook.cells").this_cell)
    # A slip is answered where it happens.
    import_module("repid_nb.notebook.awaits").answer_forgotten_awaits()
    import_module("repid_nb.notebook.tracebacks").show_short_errors(import_module("repid_nb.stepping.slips").add_fix)


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        meant = import_module("repid_nb.core.naming").did_you_mean(name, _HOME_OF)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{meant}".removesuffix("."))
    value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
