"""What a Stepper says of limits: a step never waits, and what running workers keep waiting is seen."""

import asyncio

import pytest

from repid_nb import (
    ActorLimits,
    Idle,
    InMemoryServer,
    MessageAction,
    MessageLimits,
    Repid,
    Router,
    Stepper,
    Wait,
    as_html,
    as_text,
)


class Room:
    """A limit policy that has room, or has none."""

    def __init__(self) -> None:
        self.has_room = True
        self.released = 0

    async def reserve(self, message, actor, on_wait):
        if not self.has_room:
            await on_wait()
            await asyncio.Future()
        return self

    async def release(self):
        self.released += 1


@pytest.fixture
def room():
    return Room()


@pytest.fixture
def app(room):
    app = Repid()
    app.servers.register_server("default", InMemoryServer())
    router = Router()

    @router.actor(channel="emails", limit_policies=[room])
    async def send_email():
        return "sent"

    @router.actor(channel="emails", limit_policies=[room], confirmation_mode="ack_first")
    async def send_at_once():
        return "sent"

    @router.actor(
        channel="reports", limits=ActorLimits(max_messages=1, max_payload_bytes=20, on_oversized_payload="nack")
    )
    async def report():
        await asyncio.sleep(0.01)

    app.include_router(router)
    return app


@pytest.mark.parametrize("topic", ["send_email", "send_at_once"])
async def test_a_step_whose_policy_has_no_room_is_idle_and_says_who_waits(app, room, topic):
    room.has_room = False
    stepper = Stepper(app)
    await stepper.send("emails", topic=topic)
    idle = await stepper.step()
    assert isinstance(idle, Idle)
    wait = Wait(channel="emails", message="m1", limit=f"Room of {topic}", reason=f"Room of {topic} has no room")
    assert idle.waits == (wait,)
    assert as_text(idle) == (
        "Idle · nothing on emails, reports can start now\n" + f"  m1 waits: Room of {topic} has no room"
    )
    assert "m1 waits: Room of" in as_html(idle)
    assert [message.id for message in stepper.queues["emails"].ready] == ["m1"]
    room.has_room = True
    step = await stepper.step()
    assert (step.message.id, step.settlement.action) == ("m1", MessageAction.acked)
    assert room.released == 1
    assert len(stepper.history) == 1


async def test_other_channels_are_stepped_while_one_waits(app, room):
    room.has_room = False
    stepper = Stepper(app)
    await stepper.send("emails", topic="send_email")
    await stepper.send("reports", topic="report")
    assert (await stepper.step()).winner == "report"
    steps = await stepper.run()
    assert (len(steps), steps.ended_by, steps.waiting) == (0, "idle", 1)


async def test_going_back_past_a_message_that_could_not_start(app, room):
    stepper = Stepper(app)
    await stepper.send("emails", topic="send_email")
    await stepper.step()
    room.has_room = False
    await stepper.send("emails", topic="send_email")
    await stepper.step()
    stepper.rewind(to=0)
    assert [message.id for message in stepper.queues["emails"].ready] == ["m1"]


async def test_a_payload_that_is_too_large_is_settled_in_its_step(app):
    stepper = Stepper(app)
    await stepper.send("reports", {"text": "much too long"}, topic="report")
    step = await stepper.step()
    assert (step.winner, step.result, step.duration) == ("report", None, None)
    assert step.settlement.action is MessageAction.nacked
    assert step.settlement.reason.startswith("its payload of 24 bytes is larger than the limit of 20")


async def test_what_a_running_worker_keeps_waiting_is_seen(app):
    stepper = Stepper(app)
    for _ in range(3):
        await stepper.send("reports", topic="report")
    working = asyncio.create_task(app.run_worker(messages_limit=3, register_signals=[]))
    await asyncio.sleep(0)
    while not stepper.waits:  # noqa: ASYNC110  (nobody tells when the worker is full)
        await asyncio.sleep(0)
    (wait,) = stepper.waits
    assert (wait.channel, wait.message, wait.limit, wait.holders) == ("reports", None, "limit 1 of report", ("m1",))
    assert as_text(wait) == "what is on reports waits: limit 1 of report is full; m1 holds it"
    explained = stepper.explain("reports", topic="report")
    assert [one.reason for one in explained.waits] == ["limit 1 of report is full"]
    assert "A worker that runs now would let it wait: limit 1 of report is full; m1 holds it" in as_text(explained)
    assert "would let it wait" in as_html(explained)
    await working
    assert stepper.waits == ()
    assert stepper.explain("reports", topic="report").waits == ()


async def test_a_limit_that_many_hold_names_eight_of_them(app):
    stepper = Stepper(app)
    for _ in range(11):
        await stepper.send("emails", topic="send_email")
    slow = Room()
    slow.has_room = False
    limits = MessageLimits(max_messages=10)
    working = asyncio.create_task(app.run_worker(limits=limits, limit_policies=[slow], register_signals=[]))
    while not stepper.waits:  # noqa: ASYNC110  (nobody tells when the worker is full)
        await asyncio.sleep(0)
    assert as_text(stepper.waits[0]) == "m1 waits: Room of send_email has no room"
    working.cancel()
    await asyncio.wait([working])
    wait = Wait(channel="emails", message="m9", limit="l", reason="l is full", holders=("m1", "m2"), held=5)
    assert as_text(wait) == "m9 waits: l is full; m1, m2 and 3 more hold it"
