"""Limits: what may be in work at once, who waits for it, and in which order it goes on."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest
import repid
from support.waiting import until
from support.watching import Listening

from repid_nb.app import Repid
from repid_nb.core.arguments.actor_message import Message
from repid_nb.core.description import Channel
from repid_nb.core.errors import DeclarationError
from repid_nb.core.events import Pulled, Settled, Started, Waiting
from repid_nb.core.limits import ActorLimits, BackpressurePolicy, MessageLimits
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import MessageAction, MessageData
from repid_nb.core.routing.router import Router
from repid_nb.core.worker.worker import Worker
from repid_nb.limits.capacity import Capacity, Ledger
from repid_nb.limits.gate import gate_of, gates_of
from repid_nb.limits.gated_worker import GatedWorker, worker_of
from repid_nb.limits.limited import Declared

BUFFER = BackpressurePolicy(strategies=())


async def turns(count: int = 30) -> None:
    """Let everything happen that can happen now."""
    for _ in range(count):
        await asyncio.sleep(0)


class Hall:
    """An app whose actors run until they are told to end: `running` says which messages do, by their ids."""

    def __init__(self, server=None, **router) -> None:
        self.server = server or InMemoryServer()
        self.router = Router(**router)
        self.app = Repid()
        self.app.servers.register_server("default", self.server)
        self.app.include_router(self.router)
        self.running: list[str] = []
        self.begun: list[str] = []
        self.most = 0
        self._ends: dict[str, asyncio.Event] = {}

    def actor(self, name: str = "work", channel: Channel | str = "tasks", **options) -> None:
        async def work(message: Message) -> None:
            key = message.message_id
            self.running.append(key)
            self.begun.append(key)
            self.most = max(self.most, len(self.running))
            try:
                await self._ends.setdefault(key, asyncio.Event()).wait()
            finally:
                self.running.remove(key)

        self.router.actor(name=name, channel=channel, **options)(work)

    async def send(self, *names: str, topic: str = "work", channel: str = "tasks", size: int = 2) -> None:
        for name in names:
            await self.server.publish(
                channel=channel,
                message=MessageData(payload=b"x" * size, headers={"topic": topic}),
                server_specific_parameters={"message_id": name},
            )

    async def end(self, *names: str) -> None:
        """Let these messages' actors return."""
        for name in names:
            self._ends.setdefault(name, asyncio.Event()).set()
        await turns()

    @contextlib.asynccontextmanager
    async def working(self, **options):
        """Run a worker for the length of a block; messages that still run at its end go back."""
        options = {"register_signals": [], "graceful_shutdown_time": 0.0, **options}
        async with self.server.connection():
            worker = asyncio.create_task(self.app.run_worker(**options))
            try:
                await turns()
                yield worker
            finally:
                worker.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await worker

    def waiting(self, channel: str = "tasks") -> list[str | None]:
        return [message.id for message in self.server.snapshot()[channel].ready]

    def in_work(self, channel: str = "tasks") -> set[str | None]:
        return {message.id for message in self.server.snapshot()[channel].in_work}

    def dead(self, channel: str = "tasks") -> list[tuple[str | None, str]]:
        return [(letter.message.id, letter.reason) for letter in self.server.dead_letters(channel)]

    def waits(self) -> list[tuple[str | None, str]]:
        return [(wait.message, wait.reason) for gate in gates_of(self.server) for wait in gate.waiting()]


class Room:
    """A limit policy with room for so many messages."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.used = 0
        self.log: list[str] = []
        self._freed = asyncio.Condition()

    async def reserve(self, message, actor, on_wait):
        self.log.append(f"{message.message_id} asks for {actor.name}")
        if self.used >= self.room:
            await on_wait()
        async with self._freed:
            await self._freed.wait_for(lambda: self.used < self.room)
            self.used += 1
        return Lease(self)


class Lease:
    def __init__(self, policy) -> None:
        self.policy = policy
        self.is_held = True

    async def release(self) -> None:
        if self.is_held:
            self.is_held = False
            async with self.policy._freed:
                self.policy.used -= 1
                self.policy._freed.notify_all()


# Declaring


@pytest.mark.parametrize("kind", [MessageLimits, ActorLimits])
@pytest.mark.parametrize("field", ["max_messages", "max_payload_bytes"])
@pytest.mark.parametrize("value", [0, -1, True, 1.5, "4"])
def test_a_limit_is_a_whole_number_of_at_least_one(kind, field, value):
    with pytest.raises(DeclarationError, match=f"^{field} must be a whole number of at least 1, or None, not "):
        kind(**{field: value})


@pytest.mark.parametrize("kind", [MessageLimits, ActorLimits])
def test_what_happens_to_an_oversized_payload_is_one_of_three_words_or_a_function(kind):
    assert kind(on_oversized_payload="nack").on_oversized_payload == "nack"
    assert kind(on_oversized_payload=len).on_oversized_payload is len
    with pytest.raises(DeclarationError, match="one of 'run_alone', 'nack', 'reject', not 'drop'"):
        kind(on_oversized_payload="drop")


def test_equal_limits_are_two_limits():
    assert MessageLimits(max_messages=1) != MessageLimits(max_messages=1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strategies": ("pause",)}, "^strategies must be some of 'native', .*, not "),
        ({"strategies": "native"}, "^strategies must be some of "),
        ({"on_unavailable": "wait"}, "^on_unavailable must be 'buffer' or 'error', not 'wait'"),
        ({"resume_at": 1.5}, "^resume_at must be a number from 0 to 1, not 1.5"),
        ({"resume_at": True}, "^resume_at must be a number from 0 to 1, not True"),
        ({"resume_at": float("nan")}, "^resume_at must be a number from 0 to 1, not nan"),
    ],
)
def test_a_backpressure_policy_that_makes_no_sense_is_refused(options, words):
    with pytest.raises(DeclarationError, match=words):
        BackpressurePolicy(**options)


def test_a_strategy_counts_once():
    strategies = ["channel_pause", "worker_pause", "channel_pause"]
    assert BackpressurePolicy(strategies=strategies).strategies == ("channel_pause", "worker_pause")


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Channel(address="tasks", limits=ActorLimits()),
        lambda: Router(limits=MessageLimits()),
        lambda: Router().actor(limits=MessageLimits())(turns),
        lambda: MessageLimits(backpressure="native"),
    ],
)
def test_limits_of_another_kind_are_refused_where_they_are_declared(declare):
    with pytest.raises(DeclarationError, match=r"must be (Message|Actor)Limits|must be a BackpressurePolicy"):
        declare()


@pytest.mark.parametrize(
    "declare",
    [
        lambda policies: Channel(address="tasks", limit_policies=policies),
        lambda policies: Router(limit_policies=policies),
        lambda policies: Router().actor(limit_policies=policies)(turns),
    ],
)
@pytest.mark.parametrize("policies", [None, 5, [object()]])
def test_limit_policies_are_objects_that_can_reserve(declare, policies):
    with pytest.raises(DeclarationError, match="limit_policies must be a list of objects with async def reserve"):
        declare(policies)


async def test_run_worker_refuses_limits_of_another_kind():
    app = Hall().app
    for options in ({"limits": ActorLimits()}, {"limit_policies": [None]}, {"actor_limits_propagation": "min"}):
        with pytest.raises(DeclarationError):
            await app.run_worker(**options)


async def test_run_worker_refuses_limits_beside_a_tasks_limit():
    with pytest.raises(DeclarationError, match="Specify either 'limits' or 'tasks_limit', not both"):
        await Hall().app.run_worker(limits=MessageLimits(), tasks_limit=5)


def test_routers_hand_their_limits_down_outermost_first():
    outer, middle, inner = ActorLimits(), ActorLimits(), ActorLimits()
    policies = [Room(1), Room(1), Room(1)]
    including, included = Router(limits=outer, limit_policies=policies[:1]), Router(limits=middle)
    included.actor(limits=inner, limit_policies=policies[1:])(turns)
    including.include_router(included)
    (actor,) = including.actors
    assert actor.limits == (outer, middle, inner)
    assert list(actor.limit_policies) == policies


def test_different_limits_of_one_channel_are_refused():
    router = Router()
    router.actor(name="a", channel=Channel(address="tasks", limits=MessageLimits(max_messages=1)))(turns)
    router.actor(name="b", channel="tasks")(turns)
    assert [channel.limits.max_messages for channel in router.channels] == [1]
    router.actor(name="c", channel=Channel(address="tasks", limits=MessageLimits(max_messages=1)))(turns)
    with pytest.raises(DeclarationError, match=r"^Conflicting limits for channel 'tasks': actors 'a' and 'c' declare"):
        router.routes()


def test_descriptions_and_limits_of_one_channel_are_put_together():
    limits, first, second = MessageLimits(), Room(1), Room(1)
    router = Router()
    router.actor(name="a", channel=Channel(address="tasks", limits=limits, limit_policies=[first]))(turns)
    router.actor(name="b", channel=Channel(address="tasks", title="Tasks", limit_policies=[second, first]))(turns)
    (channel,) = router.channels
    assert (channel.title, channel.limits, channel.limit_policies) == ("Tasks", limits, (first, second))


def test_a_channel_of_repid_can_be_described_beside_limits_of_ours():
    theirs, ours = repid.Router(channel=repid.Channel(address="tasks", title="Tasks")), Router()
    theirs.actor(turns)
    limits = MessageLimits(max_messages=1)
    ours.actor(channel=Channel(address="tasks", limits=limits))(turns)
    ours.include_router(theirs)
    (channel,) = ours.channels
    assert (channel.title, channel.limits) == ("Tasks", limits)


def test_a_worker_without_limits_has_no_gate():
    routes = Router().routes()
    assert gate_of(Declared(routes.by_channel, routes.channels)) is None
    assert type(worker_of(Repid().execution_context(InMemoryServer()), routes.by_channel, None)) is Worker


# What a worker and its channels take


async def test_a_worker_takes_as_many_messages_as_its_limit():
    hall = Hall()
    hall.actor()
    await hall_with(hall, 5)
    async with hall.working(limits=MessageLimits(max_messages=2)):
        assert hall.running == ["m1", "m2"]
        assert hall.waiting() == ["m3", "m4", "m5"], "what may not start yet is not pulled"
        await hall.end("m1")
        assert hall.running == ["m2", "m3"]
        await hall.end("m2", "m3", "m4", "m5")
    assert hall.most == 2


async def test_empty_limits_take_the_limit_off():
    hall = Hall()
    hall.actor()
    await hall_with(hall, 1100)
    async with hall.working(limits=MessageLimits()):
        await until(lambda: len(hall.running) == 1100)
    assert sorted(hall.waiting()) == sorted(f"m{number}" for number in range(1, 1101)), "and all go back at the end"


async def test_without_limits_the_tasks_limit_counts():
    hall = Hall()
    hall.actor()
    await hall_with(hall, 5)
    async with hall.working(tasks_limit=3):
        assert len(hall.running) == 3


async def test_a_full_channel_does_not_hold_up_the_others():
    hall = Hall()
    hall.actor("slow", Channel(address="slow", limits=MessageLimits(max_messages=1)))
    hall.actor("quick", "quick")
    async with hall.server.connection():
        await hall.send("s1", "s2", "s3", topic="slow", channel="slow")
        await hall.send("q1", "q2", topic="quick", channel="quick")
    async with hall.working():
        assert sorted(hall.running) == ["q1", "q2", "s1"]
        assert hall.waiting("slow") == ["s2", "s3"]
        await hall.end("s1")
        assert sorted(hall.running) == ["q1", "q2", "s2"]


async def test_channels_with_one_limits_object_share_its_capacity():
    shared = MessageLimits(max_messages=2)
    hall = Hall()
    for name in "abc":
        hall.actor(name, Channel(address=name, limits=None if name == "c" else shared))
    async with hall.server.connection():
        for name in "abc":
            await hall.send(f"{name}1", f"{name}2", topic=name, channel=name)
    async with hall.working():
        assert sorted(hall.running) == ["a1", "b1", "c1", "c2"]
        await hall.end("a1")
        assert sorted(hall.running) == ["a2", "b1", "c1", "c2"]


async def test_a_message_that_no_actor_takes_leaves_its_place():
    hall = Hall()
    hall.actor()
    async with hall.server.connection():
        await hall.send("nobody", topic="other")
        await hall.send("m1", "m2")
    async with hall.working(limits=MessageLimits(max_messages=2)):
        await until(lambda: len(hall.running) == 2)


# What an actor runs


async def test_an_actor_runs_as_many_messages_as_its_limit():
    hall = Hall()
    hall.actor(limits=ActorLimits(max_messages=2))
    await hall_with(hall, 5)
    async with hall.working():
        assert hall.running == ["m1", "m2"]
        assert hall.waiting() == ["m3", "m4", "m5"], "its channel takes no more than its actors can run"
        await hall.end("m2", "m1")
        assert hall.running == ["m3", "m4"]


async def test_actors_with_one_limits_object_share_it():
    database = ActorLimits(max_messages=2)
    hall = Hall()
    hall.actor("read", "reads", limits=database)
    hall.actor("write", "writes", limits=database)
    async with hall.server.connection():
        await hall.send("r1", "r2", topic="read", channel="reads")
        await hall.send("w1", "w2", topic="write", channel="writes")
    async with hall.working():
        assert len(hall.running) == 2
        while hall.running:
            await hall.end(hall.running[0])
    assert hall.most == 2
    assert sorted(hall.begun) == ["r1", "r2", "w1", "w2"]


async def test_an_actor_keeps_its_own_limit_and_its_routers():
    hall = Hall(limits=ActorLimits(max_messages=3))
    hall.actor("a", "a", limits=ActorLimits(max_messages=2))
    hall.actor("b", "b")
    async with hall.server.connection():
        await hall.send("a1", "a2", "a3", topic="a", channel="a")
        await hall.send("b1", "b2", "b3", topic="b", channel="b")
    async with hall.working():
        assert len(hall.running) == 3
        assert sum(name.startswith("a") for name in hall.running) <= 2
        for name in ("b1", "a1", "b2", "a2", "b3", "a3"):
            await hall.end(name)
    assert hall.most == 3
    assert len(hall.begun) == 6


async def test_while_one_actor_is_full_its_channel_is_paused():
    """The first message that has to wait stops the channel: what is behind it waits on the queue, whoever wants it."""
    hall = Hall()
    hall.actor("slow", limits=ActorLimits(max_messages=1))
    hall.actor("quick")
    await mixed(hall)
    async with hall.working():
        assert hall.running == ["s1"]
        assert hall.in_work() == {"s1", "s2"}
        assert hall.waiting() == ["q1", "q2"]
        await hall.end("s1")
        assert hall.running == ["s2", "q1", "q2"]


async def test_without_strategies_a_worker_takes_more_while_an_actor_is_full():
    hall = Hall()
    hall.actor("slow", limits=ActorLimits(max_messages=1))
    hall.actor("quick")
    await mixed(hall)
    async with hall.working(limits=MessageLimits(backpressure=BUFFER)):
        assert hall.running == ["s1", "q1", "q2"]
        assert hall.in_work() == {"s1", "s2", "q1", "q2"}
        await hall.end("s1")
        assert hall.running == ["q1", "q2", "s2"]


async def test_a_channel_may_have_its_own_backpressure():
    hall = Hall()
    hall.actor(
        "slow", Channel(address="tasks", limits=MessageLimits(backpressure=BUFFER)), limits=ActorLimits(max_messages=1)
    )
    hall.actor("quick", "tasks")
    await mixed(hall)
    async with hall.working():
        assert hall.running == ["s1", "q1", "q2"]


async def test_a_worker_may_pause_all_its_channels():
    hall = Hall()
    hall.actor("slow", limits=ActorLimits(max_messages=1))
    hall.actor("quick")
    hall.actor("other", "others")
    everything = BackpressurePolicy(strategies=["worker_pause"])
    async with hall.working(limits=MessageLimits(backpressure=everything)):
        await hall.send("s1", "s2", topic="slow")
        await turns()
        await hall.send("o1", topic="other", channel="others")
        await turns()
        assert hall.running == ["s1"]
        await hall.end("s1")
        assert hall.running == ["s2", "o1"]


async def test_a_message_that_waits_starts_when_usage_is_low_enough():
    hall = Hall()
    hall.actor("slow", limits=ActorLimits(max_messages=4))
    hall.actor("quick")
    half = BackpressurePolicy(resume_at=0.5)
    async with hall.server.connection():
        await hall.send("s1", "s2", "s3", "s4", "s5", topic="slow")
    async with hall.working(limits=MessageLimits(backpressure=half)):
        await hall.end("s1")
        assert hall.running == ["s2", "s3", "s4"], "three of four is not yet half"
        assert hall.waits()[0] == ("s5", "limit 4 of slow has to come down to 2")
        await hall.end("s2")
        assert hall.running == ["s3", "s4", "s5"]


async def test_who_waits_for_an_actor_goes_on_in_order():
    hall = Hall()
    hall.actor("slow", limits=ActorLimits(max_messages=1))
    hall.actor("quick")
    async with hall.server.connection():
        await hall.send(*(f"m{number}" for number in range(1, 7)), topic="slow")
    async with hall.working(limits=MessageLimits(backpressure=BUFFER)):
        for number in range(1, 7):
            assert hall.running == [f"m{number}"]
            await hall.end(f"m{number}")


@pytest.mark.parametrize("propagation", ["sum", "off"])
async def test_a_channel_takes_no_more_than_its_actors_can_run_where_all_of_them_have_limits(propagation):
    hall = Hall()
    hall.actor("a", limits=ActorLimits(max_messages=1))
    hall.actor("b", limits=ActorLimits(max_messages=2))
    async with hall.server.connection():
        await hall.send("a1", "a2", "a3", "a4", "a5", topic="a")
    limits = MessageLimits(backpressure=BUFFER)
    async with hall.working(limits=limits, actor_limits_propagation=propagation):
        assert hall.running == ["a1"]
        assert len(hall.in_work()) == (3 if propagation == "sum" else 5)


async def test_a_limit_that_two_actors_share_counts_once_for_their_channel():
    hall = Hall()
    shared = ActorLimits(max_messages=3)
    hall.actor("a", limits=shared)
    hall.actor("b", limits=shared)
    async with hall.server.connection():
        await hall.send("a1", "a2", "a3", "a4", topic="a")
    async with hall.working(limits=MessageLimits(backpressure=BUFFER)):
        assert len(hall.in_work()) == 3


@pytest.mark.parametrize("on_unavailable", ["buffer", "error"])
async def test_backpressure_that_cannot_be_had_is_refused_or_left_out(on_unavailable):
    hall = Hall()
    hall.actor("slow", limits=ActorLimits(max_messages=1))
    hall.actor("quick")
    await mixed(hall)
    native = MessageLimits(backpressure=BackpressurePolicy(strategies=["native"], on_unavailable=on_unavailable))
    if on_unavailable == "error":
        words = "^backpressure on channel 'tasks' has no available strategy for messages"
        with pytest.raises(DeclarationError, match=words):
            await hall.app.run_worker(limits=native)
        return
    async with hall.working(limits=native):
        assert hall.running == ["s1", "q1", "q2"]


# Bytes


async def test_payloads_in_work_are_no_larger_than_the_limit_together():
    hall = Hall()
    hall.actor()
    async with hall.server.connection():
        for number, size in enumerate([60, 40, 0, 1, 30], start=1):
            await hall.send(f"m{number}", size=size)
    async with hall.working(limits=MessageLimits(max_payload_bytes=100)):
        assert hall.running == ["m1", "m2", "m3"], "a payload without bytes always has room"
        assert hall.in_work() == {"m1", "m2", "m3", "m4"}
        assert hall.waits() == [
            ("m4", "limit 100 bytes of the worker is full"),
            (None, "m4 waits, because limit 100 bytes of the worker is full"),
        ]
        await hall.end("m2")
        assert hall.running == ["m1", "m3", "m4", "m5"]


async def test_a_payload_larger_than_the_limit_runs_alone():
    hall = Hall()
    hall.actor()
    async with hall.server.connection():
        await hall.send("small", "little", size=10)
        await hall.send("large", size=500)
        await hall.send("late", size=10)
    async with hall.working(limits=MessageLimits(max_payload_bytes=100)):
        assert hall.running == ["small", "little"]
        assert hall.waits()[0] == ("large", "500 bytes are more than limit 100 bytes of the worker, so it runs alone")
        await hall.end("small")
        assert hall.running == ["little"], "what came later does not overtake it"
        await hall.end("little")
        assert hall.running == ["large"]
        await hall.end("large")
        assert hall.running == ["late"]


@pytest.mark.parametrize("scope", ["worker", "channel", "router", "actor"])
@pytest.mark.parametrize("action", ["nack", "reject", lambda message: "nack" if message.channel == "tasks" else "?"])
async def test_a_payload_larger_than_the_limit_can_be_settled_instead(scope, action):
    limits = {"max_payload_bytes": 5, "on_oversized_payload": action}
    hall = Hall(**({"limits": ActorLimits(**limits)} if scope == "router" else {}))
    channel = Channel(address="tasks", limits=MessageLimits(**limits)) if scope == "channel" else "tasks"
    hall.actor("work", channel, **({"limits": ActorLimits(**limits)} if scope == "actor" else {}))
    async with hall.server.connection():
        await hall.send("large", size=9)
    options = {"actor_limits_propagation": "off"} if scope in ("router", "actor") else {}
    if scope == "worker":
        options["limits"] = MessageLimits(**limits)
    async with hall.working(**options):
        assert hall.begun == []
        if action == "reject":
            await until(lambda: [*hall.waiting(), *hall.in_work()] == ["large"])
        else:
            word = "nack" if callable(action) else action
            assert hall.dead() == [
                (
                    "large",
                    f"its payload of 9 bytes is larger than the limit of 5 (on_oversized_payload is {word!r})",
                ),
            ]


async def test_the_innermost_limit_that_is_too_small_decides():
    hall = Hall(limits=ActorLimits(max_payload_bytes=5, on_oversized_payload="reject"))
    hall.actor(limits=ActorLimits(max_payload_bytes=5, on_oversized_payload="nack"))
    async with hall.server.connection():
        await hall.send("large", size=9)
    async with hall.working(actor_limits_propagation="off"):
        await turns()
        assert [name for name, _ in hall.dead()] == ["large"]


async def test_a_function_of_an_actors_limit_that_raises_is_a_failed_run():
    def choose(message):
        raise ArithmeticError

    hall = Hall()
    hall.actor(limits=ActorLimits(max_payload_bytes=1, on_oversized_payload=choose))
    async with hall.server.connection():
        await hall.send("large")
        info = await hall.app.run_worker(messages_limit=1, register_signals=[], actor_limits_propagation="off")
    assert info.processed == 1
    ((name, reason),) = hall.dead()
    assert name == "large"
    assert "ArithmeticError" in reason


@pytest.mark.parametrize("answer", ["drop", None])
async def test_a_function_of_a_workers_limit_that_answers_wrongly_ends_the_worker(answer, caplog):
    hall = Hall()
    hall.actor()
    limits = MessageLimits(max_payload_bytes=1, on_oversized_payload=lambda _: answer)
    async with hall.server.connection():
        await hall.send("large")
        assert (await hall.app.run_worker(limits=limits, register_signals=[])).processed == 0
    assert hall.waiting() == ["large"]
    assert "worker.limits.error" in caplog.text


async def test_an_asynchronous_function_is_refused_when_it_is_asked(caplog):
    async def choose(message):
        return "nack"

    hall = Hall()
    hall.actor()
    async with hall.server.connection():
        await hall.send("large")
        limits = MessageLimits(max_payload_bytes=1, on_oversized_payload=choose)
        await hall.app.run_worker(limits=limits, register_signals=[])
    assert "write it without async" in caplog.text


# Policies


async def test_a_message_runs_once_all_policies_have_given_it_a_lease():
    hall = Hall()
    room = Room(1)
    hall.actor("work", Channel(address="tasks", limit_policies=[room]), limit_policies=[room])
    await hall_with(hall, 3)
    async with hall.working(limit_policies=[room]):
        assert hall.running == ["m1"]
        assert hall.waits()[0] == ("m2", "Room of work has no room")
        assert room.used == 1, "one policy in three places is asked once"
        await hall.end("m1")
        assert hall.running == ["m2"]
        await hall.end("m2")
        await hall.end("m3")
        assert room.used == 0
    assert room.log == ["m1 asks for work", "m2 asks for work", "m3 asks for work"]


async def test_two_policies_are_asked_in_one_order_and_released_in_the_other():
    log = []

    class Noting:
        async def reserve(self, message, actor, on_wait):
            log.append(("reserve", self))
            return self

        async def release(self):
            log.append(("release", self))

    policies = sorted([Noting(), Noting()], key=id)
    hall = Hall()
    hall.actor("a", "a", limit_policies=policies)
    hall.actor("b", "b", limit_policies=policies[::-1])
    async with hall.server.connection():
        for name in "ab":
            await hall.send(name, topic=name, channel=name)
    async with hall.working():
        await hall.end("a", "b")
    for way in (log[:2], log[2:4]):
        assert way == [("reserve", policies[0]), ("reserve", policies[1])]
    assert log[4:] == [("release", policies[1]), ("release", policies[0])] * 2


@pytest.mark.parametrize("stage", ["reserve", "answer", "release"])
async def test_a_policy_that_fails_ends_the_worker_and_loses_nothing(stage, caplog):
    class Failing:
        async def reserve(self, message, actor, on_wait):
            if stage == "reserve":
                raise ConnectionError
            return None if stage == "answer" else self

        async def release(self):
            raise ConnectionError

    hall = Hall()
    hall.actor(limit_policies=[Failing()])
    async with hall.server.connection():
        await hall.send("m1", "m2")
        await hall.end("m1", "m2")
        info = await hall.app.run_worker(register_signals=[], tasks_limit=1)
    assert info.processed == 1
    assert hall.waiting() == (["m2"] if stage == "release" else ["m2", "m1"])
    assert "worker.limits" in caplog.text


async def test_a_message_of_ack_first_is_acked_before_it_waits():
    hall = Hall()
    room = Room(1)
    hall.actor(confirmation_mode="ack_first", limit_policies=[room])
    await hall_with(hall, 2)
    async with hall.working():
        assert hall.running == ["m1"]
        assert hall.in_work() == set()


async def test_a_release_that_has_begun_is_seen_through():
    released = asyncio.Event()

    class Slow:
        async def reserve(self, message, actor, on_wait):
            return self

        async def release(self):
            await asyncio.sleep(0.01)
            released.set()

    hall = Hall()
    hall.actor(limit_policies=[Slow()])
    await hall_with(hall, 1)
    async with hall.working():
        await hall.end("m1")
    async with asyncio.timeout(60):
        await released.wait()


# Endings


@pytest.mark.parametrize("limits", ["worker", "actor", "bytes", "policy"])
async def test_what_waits_for_a_limit_goes_back_when_the_worker_is_cancelled(limits):
    room = Room(1)
    options = {
        "worker": {"limits": MessageLimits(max_messages=1)},
        "bytes": {"limits": MessageLimits(max_payload_bytes=3)},
    }.get(limits, {})
    hall = Hall()
    hall.actor(
        limits=ActorLimits(max_messages=1) if limits == "actor" else None,
        limit_policies=[room] if limits == "policy" else [],
    )
    await hall_with(hall, 4)
    async with hall.working(actor_limits_propagation="off", **options) as worker:
        assert hall.running == ["m1"]
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker
        assert hall.waiting() == ["m1", "m2", "m3", "m4"]
        assert room.used == 0
        assert gates_of(hall.server) == []


async def test_a_worker_that_stops_lets_nothing_in_that_waits_before_routing():
    hall = Hall()
    hall.actor()
    hall.actor("stop", "stops")
    async with hall.server.connection():
        await hall.send("m1", "m2")
        working = hall.app.run_worker(
            messages_limit=2, limits=MessageLimits(max_payload_bytes=3), register_signals=[], graceful_shutdown_time=5
        )
        worker = asyncio.create_task(working)
        await turns()
        await hall.end("m1", "m2")
        assert (await worker).processed == 2
    assert hall.begun == ["m1", "m2"]


async def test_a_worker_that_stops_still_keeps_an_actors_limit():
    hall = Hall()
    hall.actor(limits=ActorLimits(max_messages=1))
    routes = hall.router.routes()
    gate = gate_of(Declared(routes.by_channel, routes.channels, propagation="off"))
    worker = worker_of(hall.app.execution_context(hall.server), routes.by_channel, gate)
    async with hall.server.connection():
        await hall.send("m1", "m2")
        running = asyncio.create_task(worker.run(graceful_shutdown_time=60))
        await turns()
        worker.stop()
        await turns()
        assert hall.running == ["m1"]
        await hall.end("m1")
        assert hall.running == ["m2"]
        await hall.end("m2")
        assert await running == 2


async def test_messages_limit_is_exact_with_limits_too():
    hall = Hall()
    hall.actor(limits=ActorLimits(max_messages=2))
    names = [f"m{number}" for number in range(1, 8)]
    async with hall.server.connection():
        await hall.send(*names)
        await hall.end(*names)
        info = await hall.app.run_worker(messages_limit=5, limits=MessageLimits(max_messages=3), register_signals=[])
    assert info.processed == 5
    assert hall.waiting() == ["m6", "m7"]


async def test_what_a_full_worker_leaves_on_the_queue_goes_to_another_worker():
    hall = Hall()
    hall.actor()
    async with hall.working(limits=MessageLimits(max_messages=1)), hall.working(limits=MessageLimits(max_messages=1)):
        await hall.send("m1", "m2", "m3")
        await turns()
        assert len(hall.running) == 2, "each worker has a capacity of its own"
        await hall.end("m1")
        assert len(hall.running) == 2


async def test_a_worker_takes_what_comes_while_it_was_full():
    hall = Hall()
    hall.actor("a", "a")
    hall.actor("b", "b")
    async with hall.working(limits=MessageLimits(max_messages=1)):
        await hall.send("a1", topic="a", channel="a")
        await turns()
        await hall.send("b1", topic="b", channel="b")
        await turns()
        assert hall.running == ["a1"]
        await hall.end("a1")
        assert hall.running == ["b1"]


async def test_a_message_that_is_cancelled_just_as_it_gets_room_gives_it_back():
    room = Capacity(1, "messages", "work")
    ledger = Ledger(lambda _: None)
    messages = [SimpleNamespace(message_id=name, payload=b"") for name in ("m1", "m2", "m3")]
    first = ledger.take(messages[0], [room])
    waiters = [ledger.queue_up(message, None, [room]) for message in messages[1:]]
    first.release()
    assert waiters[0].granted.done()
    ledger.withdraw(waiters[0])
    assert [*room.holders.values()] == [messages[2]], "the next one has it"
    ledger.withdraw(waiters[1])
    assert (room.used, room.is_contested) == (0, False)


# A server that only pushes


@pytest.mark.parametrize("limits", ["worker", "channel", "actor"])
async def test_limits_hold_on_a_server_of_repid(limits):
    hall = Hall(repid.InMemoryServer())
    kind = {"worker": None, "channel": MessageLimits, "actor": None}[limits]
    channel = Channel(address="tasks", limits=kind(max_messages=2) if kind else None)
    hall.actor("work", channel, limits=ActorLimits(max_messages=2) if limits == "actor" else None)
    options = {"limits": MessageLimits(max_messages=2)} if limits == "worker" else {}
    async with hall.working(**options):
        await hall.send(*(f"m{number}" for number in range(1, 6)))
        await turns()
        assert hall.running == ["m1", "m2"]
        await hall.end("m1")
        assert hall.running == ["m2", "m3"]
        await hall.end("m2", "m3", "m4", "m5")
    assert hall.most == 2


async def test_a_paused_channel_of_a_server_of_repid_does_not_hold_up_the_others():
    hall = Hall(repid.InMemoryServer())
    hall.actor("slow", Channel(address="slow", limits=MessageLimits(max_messages=1)))
    hall.actor("quick", "quick")
    async with hall.working():
        await hall.send("s1", "s2", topic="slow", channel="slow")
        await turns()
        await hall.send("q1", topic="quick", channel="quick")
        await turns()
        assert hall.running == ["s1", "q1"]
        await hall.end("s1")
        assert hall.running == ["q1", "s2"]


# What is seen


async def test_a_watcher_is_told_who_waits_and_who_frees_it():
    hall = Hall()
    hall.actor("slow", limits=ActorLimits(max_messages=1))
    hall.actor("quick")
    await mixed(hall)
    routes = hall.router.routes()
    gate = gate_of(Declared(routes.by_channel, routes.channels))
    told = []
    worker = worker_of(hall.app.execution_context(hall.server), routes.by_channel, gate, watcher=Listening(told.append))
    assert isinstance(worker, GatedWorker)
    async with hall.server.connection():
        running = asyncio.create_task(worker.run(messages_limit=4, graceful_shutdown_time=0))
        await turns()
        (waiting,) = [event for event in told if isinstance(event, Waiting)]
        assert (waiting.message.message_id, waiting.actor.name) == ("s2", "slow")
        assert (waiting.wait.limit, waiting.wait.reason) == ("limit 1 of slow", "limit 1 of slow is full")
        assert (waiting.wait.holders, waiting.wait.held) == (("s1",), 1)
        await hall.end("s1", "s2", "q1", "q2")
        await running
    kinds = [type(event) for event in told if event.message.message_id == "s2"]
    assert kinds.index(Pulled) < kinds.index(Waiting) < kinds.index(Started) < kinds.index(Settled)


async def test_the_gates_of_running_workers_say_what_waits():
    hall = Hall()
    hall.actor("slow", limits=ActorLimits(max_messages=1))
    hall.actor("quick")
    hall.actor("few", Channel(address="few", limits=MessageLimits(max_messages=1)))
    await mixed(hall)
    async with hall.server.connection():
        await hall.send("f1", "f2", topic="few", channel="few")
    async with hall.working():
        assert hall.waits() == [
            ("s2", "limit 1 of slow is full"),
            (None, "s2 waits, because limit 1 of slow is full"),
            (None, "limit 1 of channel 'few' is full"),
        ]
    assert hall.waits() == []


async def test_a_limit_is_called_by_its_owners():
    shared = ActorLimits(max_messages=1)
    hall = Hall()
    for number in range(1, 6):
        hall.actor(f"a{number}", f"c{number}", limits=shared)
    async with hall.server.connection():
        await hall.send("m1", topic="a1", channel="c1")
        await hall.send("m2", topic="a2", channel="c2")
    async with hall.working(limits=MessageLimits(backpressure=BUFFER), actor_limits_propagation="off"):
        assert hall.waits() == [("m2", "limit 1 of a1, a2 and 3 more is full")]


async def test_a_rejected_large_message_says_why_in_its_settlement():
    hall = Hall()
    hall.actor()
    routes = hall.router.routes()
    limits = MessageLimits(max_payload_bytes=1, on_oversized_payload="nack")
    gate = gate_of(Declared(routes.by_channel, routes.channels, limits))
    told = []
    worker = worker_of(hall.app.execution_context(hall.server), routes.by_channel, gate, watcher=Listening(told.append))
    async with hall.server.connection():
        await hall.send("large")
        running = asyncio.create_task(worker.run(graceful_shutdown_time=0))
        await turns()
        worker.stop()
        assert await running == 0
    pulled, settled = told
    assert isinstance(pulled, Pulled)
    assert settled.action is MessageAction.nacked
    assert settled.reason.startswith("its payload of 2 bytes is larger than the limit of 1")


async def hall_with(hall: Hall, count: int) -> None:
    async with hall.server.connection():
        await hall.send(*(f"m{number}" for number in range(1, count + 1)))


async def mixed(hall: Hall) -> None:
    async with hall.server.connection():
        await hall.send("s1", "s2", topic="slow")
        await hall.send("q1", "q2", topic="quick")
