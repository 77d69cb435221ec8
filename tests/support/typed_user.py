"""What a type checker tells a user of the public names: never run, read by mypy in `make lint`.

Each call that the checker has to refuse says so; where it accepts it, mypy finds the `type: ignore` unused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal, assert_type

import repid
from pydantic import BaseModel

import repid_nb.connections.abc
from repid_nb import (
    ActorData,
    ActorExecutionContext,
    ActorLimits,
    ActorLimitsPropagation,
    ActorMessageMetadata,
    AsyncAPIGenerator,
    AutoActionT,
    BackpressureFallback,
    BackpressurePolicy,
    BackpressureResource,
    BackpressureStrategy,
    BaseMessageT,
    BasicConverter,
    CapabilitiesT,
    Channel,
    ChannelSnapshot,
    Comparison,
    Contact,
    ConverterInputSchema,
    CorrelationId,
    DeadLetter,
    DefaultConverter,
    Depends,
    Explanation,
    ExternalDocs,
    FullPayload,
    Header,
    History,
    Idle,
    InMemoryServer,
    License,
    LimitPolicyT,
    ManualActionT,
    Message,
    MessageAction,
    MessageData,
    MessageDependency,
    MessageExample,
    MessageLimits,
    MessageSchema,
    MessageSnapshot,
    OnErrorAutoT,
    OnErrorManualT,
    OnErrorT,
    OnOversizedPayloadT,
    OversizedPayloadAction,
    OversizedPayloadPolicyT,
    Picture,
    PydanticConverter,
    QueuesSnapshot,
    ReceivedMessageT,
    Repid,
    ReservationLeaseT,
    Rewound,
    Router,
    Run,
    RunnerInfo,
    SendOperation,
    Sent,
    SentMessageT,
    SerializerT,
    ServerT,
    Settlement,
    SimulatedMessage,
    Simulation,
    StaleActorWarning,
    Statistics,
    Step,
    Stepper,
    Steps,
    SubscriberT,
    Tag,
    TestClient,
    TestMessage,
    Trail,
    Verdict,
    Wait,
    Workbench,
    as_html,
    as_picture,
    as_text,
    burst,
    catch_all_routing_strategy,
    constant,
    default_serializer,
    every,
    exponential,
    join,
    local_broker,
    logger,
    lognormal,
    one_of,
    poisson,
    run,
    topic_based_routing_strategy,
    uniform,
)

# Types that a user writes in annotations: that they are types is all there is to see.
NAMED: tuple[object, ...] = (
    ActorExecutionContext, ActorLimitsPropagation, ActorMessageMetadata, AsyncAPIGenerator, AutoActionT,
    BackpressureFallback, BackpressureResource, BackpressureStrategy, CapabilitiesT, ConverterInputSchema,
    DefaultConverter, MessageDependency, OnErrorAutoT, OnErrorManualT, OnErrorT, OversizedPayloadPolicyT,
    PydanticConverter, ReservationLeaseT, SentMessageT, StaleActorWarning, SubscriberT,
)  # fmt: skip

app = Repid(
    title="Shop",
    contact=Contact(name="The shop"),
    license=License(name="MIT"),
    tags=[Tag(name="orders")],
    external_docs=ExternalDocs(url="https://example.org"),
    default_serializer=default_serializer,
)
orders = Router(channel="orders")


class Order(BaseModel):
    """A payload."""

    number: int


async def token() -> str:
    """Be a dependency."""
    return "secret"


@orders.actor
async def ship(number: int) -> str:
    """Keep its own type, declared without options."""
    return f"order {number} is on its way"


@orders.actor(name="pay", timeout=3.0, confirmation_mode="manual_explicit", limits=ActorLimits(max_messages=2))
async def pay(
    order: Annotated[Order, FullPayload()],
    message: Message,
    secret: Annotated[str, Depends(token)],
    trace: Annotated[str | None, Header(name="x-trace")] = None,
) -> ManualActionT:
    """Keep its own type, declared with options; its message has one too."""
    assert_type(message.headers, dict[str, str] | None)
    await message.reply_json(payload={"number": order.number, "secret": secret, "trace": trace}, channel="paid")
    return "ack"


@orders.actor(routing_strategy=catch_all_routing_strategy, converter=BasicConverter)
def count(number: int) -> int:
    """Be a plain function."""
    return number


assert_type(count(1), int)


def by_action(*, actor_name: str, **kwargs: Any) -> Callable[[BaseMessageT], bool]:
    """Make a strategy, as repid's documentation does."""

    def strategy(message: BaseMessageT) -> bool:
        return (message.headers or {}).get("action") == actor_name and not kwargs

    return strategy


def by_name_alone(*, actor_name: str) -> Callable[[BaseMessageT], bool]:
    """Make a strategy from the name and nothing else."""
    return lambda message: (message.headers or {}).get("to") == actor_name


orders.actor(routing_strategy=by_action, channel=Channel(address="x", limits=MessageLimits(max_messages=3)))(token)
orders.actor(routing_strategy=by_name_alone)(token)
orders.actor(routing_strategy=topic_based_routing_strategy, on_error="reject")(token)
orders.actor(chanel="x")(token)  # type: ignore[call-overload]
orders.actor(timeout="x")(token)  # type: ignore[call-overload]
orders.actor(confirmation_mode="autos")(token)  # type: ignore[call-overload]
orders.actor(on_error="acked")(token)  # type: ignore[call-overload]


async def around(
    call_next: Callable[[ReceivedMessageT, ActorData], Coroutine[Any, Any, Any]],
    message: ReceivedMessageT,
    actor: ActorData,
) -> Any:
    """Be middleware around actors."""
    return await call_next(message, actor)


async def around_sending(
    call_next: Callable[[str, MessageData, dict[str, Any] | None], Coroutine[Any, Any, Any]],
    channel: str,
    message: MessageData,
    server_specific_parameters: dict[str, Any] | None,
) -> Any:
    """Be middleware around sending."""
    return await call_next(channel, message, server_specific_parameters)


Repid(actor_middlewares=[around], producer_middlewares=[around_sending])
app.include_router(orders)
app.include_router(repid.Router())
app.servers.register_server("default", InMemoryServer(), is_default=True)
app.servers.register_server("of repid", repid.InMemoryServer())
app.servers.register_server("redis", repid.RedisServer("redis://localhost"))
app.servers.register_server("local redis", local_broker("redis", share=True))
app.servers.register_server("local nats", local_broker("nats"))
app.servers.register_server("nothing", "redis://localhost")  # type: ignore[arg-type]
assert_type(local_broker().local_broker.dsn, str)
serializer: SerializerT = app.default_serializer
logger.info("ready")


async def use_an_app() -> None:
    """Send and work."""
    server: ServerT = app.servers.default
    async with server.connection():
        await app.send_message(channel="a", payload=b"x", headers={"topic": "a"}, content_type="text/plain")
        await app.send_message_json(channel="a", payload={"a": 1}, server_specific_parameters={"priority": 9})
        await app.send_message_json(operation_id="o", payload=Order(number=1), serializer=serializer)
        info = await app.run_worker(messages_limit=2, limits=MessageLimits(max_messages=500))
        assert_type(info, RunnerInfo)
    schema = MessageSchema(
        name="order", examples=(MessageExample(payload=1),), correlation_id=CorrelationId(location="x")
    )
    app.messages.register_operation(operation_id="o", channel="orders", messages=[schema])
    assert_type(app.messages.get_operation("o"), SendOperation | None)
    assert_type(app.generate_asyncapi_schema(), dict[str, Any])
    async with TestClient(app, auto_process=False) as client:
        await client.send_message_json(channel="orders", payload={}, headers={"topic": "a"})
        assert_type(await client.process_next(), TestMessage | None)
        assert_type(client.get_processed_messages(), list[TestMessage])


async def use_a_stepper() -> None:
    """Step: what is falsy is Idle, so what is true is a Step."""
    stepper = Stepper(app)
    step = await stepper.step()
    assert_type(step, Step | Idle)
    assert_type(step.picture("middleware"), Picture)
    if step:
        assert_type(step, Step)
        assert_type(step.message, MessageSnapshot)
        assert_type(step.verdicts, tuple[Verdict, ...])
        assert_type(step.settlement, Settlement)
        assert_type(step.settlement.action, MessageAction | None)
        assert_type(Step.from_dict(step.to_dict()), Step)
    assert_type(run(stepper.step()), Step | Idle)
    steps = await stepper.run(max_steps=100)
    assert_type(steps, Steps)
    assert_type(steps[0], Step)
    assert_type(steps.ended_by, Literal["idle", "max_steps"])
    assert_type(await stepper.send("orders", {"number": 1}, topic="ship"), Sent | None)
    assert_type(stepper.explain(channel="orders", headers={"topic": "x"}), Explanation)
    assert_type(stepper.queues, QueuesSnapshot)
    assert_type(stepper.queues["orders"], ChannelSnapshot)
    assert_type(stepper.queues["orders"].dead_letters, tuple[DeadLetter, ...])
    assert_type(stepper.waits, tuple[Wait, ...])
    assert_type(stepper.history, History)
    assert_type(stepper.rewind(to=3), Rewound)
    assert_type(stepper.resend("orders", "m7"), int)
    assert_type(stepper.trail("m1"), Trail)
    assert_type(stepper.fork(step=3, order=["refund"], on_error={"ship": "reject"}), Stepper)
    assert_type(stepper.film(title="First match wins").save("film.svg"), Path)
    assert_type(as_picture(app), Picture)
    assert_type(as_text(steps) + as_html(steps), str)


def use_a_simulation() -> None:
    """Play."""
    simulation = Simulation(app, seed=1)
    simulation.produce("orders", {"number": 7}, topic="ship", arrivals=poisson(per_second=8))
    simulation.produce("orders", lambda n: {"number": assert_type(n, int)}, arrivals=burst(200, at=60), priority=9)
    simulation.produce("orders", arrivals=[1.0, 2.0])
    simulation.produce("orders", arrivals=every(2.0))
    for duration in (exponential(mean=0.4), constant(1), uniform(1, 2), lognormal(mean=1), one_of([1, 2]), 0.3):
        simulation.takes("ship", duration)
    simulation.worker("first", limits=MessageLimits(max_messages=4))
    played = simulation.run(seconds=600)
    assert_type(played, Run)
    assert_type(played.total, Statistics)
    assert_type(played.messages[3], SimulatedMessage)
    assert_type(played.step("m17"), Step)
    assert_type(played.plot_waiting(played), Picture)
    assert_type(played.compare(played), Comparison)


async def use_a_workbench() -> None:
    """Show."""
    workbench = Workbench(app, messages=[{"topic": "ship", "payload": {"number": 1}}])
    workbench.note("Who gets the first message?")
    assert_type(workbench.export("lesson.html", title="First match wins"), Path)
    Workbench(Stepper(app), Stepper(app))
    await join("redis://class:PASSWORD@HOST:PORT").send("orders", {"number": 7}, topic="ship")


class Lease:
    """What a policy hands out."""

    async def release(self) -> None:
        """Give it back."""


class Policy:
    """A limit of the user's own."""

    async def reserve(
        self, message: ReceivedMessageT, actor: ActorData, on_wait: Callable[[], Awaitable[None]]
    ) -> Lease:
        """Wait for room."""
        await on_wait()
        logger.info("%s %s", message.message_id, actor.name)
        return Lease()


def nack_large_ones(message: repid_nb.connections.abc.ReceivedMessageT) -> OversizedPayloadAction:
    """Decide about a payload that is too large."""
    return "run_alone" if message.headers else "nack"


policy: LimitPolicyT = Policy()
oversized: OnOversizedPayloadT = nack_large_ones
backpressure = BackpressurePolicy(strategies=("channel_pause",), on_unavailable="buffer", resume_at=0.5)
limits = MessageLimits(max_payload_bytes=10, on_oversized_payload=oversized, backpressure=backpressure)
working = app.run_worker(limits=limits, limit_policies=(policy,), actor_limits_propagation="off")
