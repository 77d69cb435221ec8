# The public names for type checkers and editors; `__init__.py` loads them.
from repid_nb.app import Repid as Repid
from repid_nb.asyncapi.document import AsyncAPIGenerator as AsyncAPIGenerator
from repid_nb.core.actor import (
    ActorData as ActorData,
    ActorExecutionContext as ActorExecutionContext,
    AutoActionT as AutoActionT,
    ManualActionT as ManualActionT,
    OnErrorAutoT as OnErrorAutoT,
    OnErrorManualT as OnErrorManualT,
    OnErrorT as OnErrorT,
)
from repid_nb.core.arguments.actor_message import Message as Message, MessageDependency as MessageDependency
from repid_nb.core.arguments.converter import (
    BasicConverter as BasicConverter,
    DefaultConverter as DefaultConverter,
    PydanticConverter as PydanticConverter,
)
from repid_nb.core.arguments.dependencies import Depends as Depends, FullPayload as FullPayload, Header as Header
from repid_nb.core.description import (
    ActorMessageMetadata as ActorMessageMetadata,
    Channel as Channel,
    Contact as Contact,
    ConverterInputSchema as ConverterInputSchema,
    CorrelationId as CorrelationId,
    ExternalDocs as ExternalDocs,
    License as License,
    MessageExample as MessageExample,
    MessageSchema as MessageSchema,
    RunnerInfo as RunnerInfo,
    SendOperation as SendOperation,
    Tag as Tag,
)
from repid_nb.core.limits import (
    ActorLimits as ActorLimits,
    ActorLimitsPropagation as ActorLimitsPropagation,
    BackpressureFallback as BackpressureFallback,
    BackpressurePolicy as BackpressurePolicy,
    BackpressureResource as BackpressureResource,
    BackpressureStrategy as BackpressureStrategy,
    LimitPolicyT as LimitPolicyT,
    MessageLimits as MessageLimits,
    OnOversizedPayloadT as OnOversizedPayloadT,
    OversizedPayloadAction as OversizedPayloadAction,
    OversizedPayloadPolicyT as OversizedPayloadPolicyT,
    ReservationLeaseT as ReservationLeaseT,
    Wait as Wait,
)
from repid_nb.core.logger import logger as logger
from repid_nb.core.memory.server import InMemoryServer as InMemoryServer
from repid_nb.core.memory.snapshot import (
    ChannelSnapshot as ChannelSnapshot,
    DeadLetter as DeadLetter,
    MessageSnapshot as MessageSnapshot,
    QueuesSnapshot as QueuesSnapshot,
)
from repid_nb.core.message import (
    BaseMessageT as BaseMessageT,
    CapabilitiesT as CapabilitiesT,
    MessageAction as MessageAction,
    MessageData as MessageData,
    ReceivedMessageT as ReceivedMessageT,
    SentMessageT as SentMessageT,
    SerializerT as SerializerT,
    ServerT as ServerT,
    SubscriberT as SubscriberT,
)
from repid_nb.core.routing.router import Router as Router
from repid_nb.core.routing.strategies import (
    catch_all_routing_strategy as catch_all_routing_strategy,
    topic_based_routing_strategy as topic_based_routing_strategy,
)
from repid_nb.core.serializer import default_serializer as default_serializer
from repid_nb.display import as_html as as_html, as_text as as_text
from repid_nb.hosting.local import local_broker as local_broker
from repid_nb.display.pictures import as_picture as as_picture
from repid_nb.joining import join as join
from repid_nb.notebook.loop import run as run
from repid_nb.picture import Picture as Picture
from repid_nb.simulation.arrivals import burst as burst, every as every, poisson as poisson
from repid_nb.simulation.durations import (
    constant as constant,
    exponential as exponential,
    lognormal as lognormal,
    one_of as one_of,
    uniform as uniform,
)
from repid_nb.simulation.records import (
    Comparison as Comparison,
    SimulatedMessage as SimulatedMessage,
    Statistics as Statistics,
)
from repid_nb.simulation.run import Run as Run
from repid_nb.simulation.simulation import Simulation as Simulation
from repid_nb.stepping.record import (
    Explanation as Explanation,
    History as History,
    Idle as Idle,
    Rewound as Rewound,
    Sent as Sent,
    Settlement as Settlement,
    Step as Step,
    Steps as Steps,
    Verdict as Verdict,
)
from repid_nb.stepping.stale_actors import StaleActorWarning as StaleActorWarning
from repid_nb.stepping.stepper import Stepper as Stepper
from repid_nb.stepping.trail import Trail as Trail
from repid_nb.test_client import TestClient as TestClient, TestMessage as TestMessage
from repid_nb.widgets.workbench import Workbench as Workbench
