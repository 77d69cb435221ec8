"""Stepping real brokers: one message at a time, by the broker's own count, and nothing is lost."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest
from brokers.scenes import scene, second_consumer, sent
from support.brokers import Counts, Rabbit

from repid_nb import MessageAction, Step, Stepper
from repid_nb.core.errors import InvalidMessageError, NotPullableError, SteppingError, UnknownNameError

ALL = pytest.mark.parametrize("broker", ["redis", "nats", "rabbit-classic", "rabbit-quorum", "sqs"], indirect=True)
# SQS keeps no certain order.
IN_ORDER = pytest.mark.parametrize("broker", ["redis", "nats", "rabbit-classic", "rabbit-quorum"], indirect=True)
LANES = pytest.mark.parametrize("broker", ["redis", "nats"], indirect=True)
LETTERS = pytest.mark.parametrize("broker", ["redis", "nats", "rabbit-classic", "sqs"], indirect=True)
KEEPS_IDS = pytest.mark.parametrize("broker", ["nats", "rabbit-classic", "rabbit-quorum"], indirect=True)


@IN_ORDER
async def test_messages_come_one_by_one_in_order_and_each_is_held_only_during_its_step(broker, channel):
    async with scene(broker, channel) as here:
        for number in range(3):
            await here.send("slow", number)
        stepping = asyncio.create_task(here.step())
        await here.started.wait()
        await broker.comes_to(channel, Counts(ready=2, held=1))
        here.go_on.set()
        step = await stepping
        await broker.comes_to(channel, Counts(ready=2, held=0))
        assert step.settlement.action is MessageAction.acked
        await here.run_all(2)
        assert here.done == [0, 1, 2]
        await broker.comes_to(channel, Counts(ready=0, held=0))


@ALL
async def test_a_step_tells_what_a_step_in_memory_tells(broker, channel):
    async with scene(broker, channel) as here:
        await here.send("ship", 7)
        step = await here.step()
    assert next((verdict.actor, verdict.role) for verdict in step.verdicts) == ("ship", "winner")
    assert [argument.value for argument in step.arguments] == ["7"]
    assert (step.result, step.message.payload, step.sightings) == (7, b'{"number":7}', 1)
    assert step.message.headers is not None
    assert step.message.headers["topic"] == "ship"
    assert Step.from_dict(step.to_dict()) == step


@ALL
async def test_an_empty_queue_is_idle_and_explain_asks_without_a_message(broker, channel):
    async with scene(broker, channel) as here:
        assert not await here.stepper.step()
        explained = here.stepper.explain(channel, payload={"number": 1}, topic="ship")
    assert explained.winner == "ship"


@IN_ORDER
async def test_how_many_wait_is_known_before_and_after(broker, channel):
    async with scene(broker, channel) as here:
        for number in range(3):
            await here.send("ship", number)
        await broker.comes_to(channel, Counts(ready=3, held=0))
        step = await here.step()
        assert (step.before[channel].waiting, step.after[channel].waiting) == (3, 2)
        assert here.stepper.queues[channel] == step.after[channel]


@LANES
async def test_the_lane_shows_what_waits_and_takes_nothing(broker, channel):
    async with scene(broker, channel) as here:
        for number in range(3):
            await here.send("ship", number)
        queues = await here.stepper.look()
        assert [message.payload for message in queues[channel].ready] == [b'{"number":%d}' % one for one in range(3)]
        assert await broker.counts(channel) == Counts(ready=3, held=0)


@ALL
async def test_what_nobody_takes_is_rejected_and_the_step_says_where_it_went(broker, channel):
    async with scene(broker, channel) as here:
        await here.send("nobody", 1)
        step = await here.step()
        assert step.settlement.action is MessageAction.rejected
        assert step.settlement.where in here.stepper.knows.rejected
        await broker.comes_to(channel, Counts(ready=0, held=1) if broker.name == "nats" else Counts(ready=1, held=0))


@KEEPS_IDS
async def test_the_tenth_sighting_is_the_last(broker, channel):
    async with scene(broker, channel) as here:
        await here.send("nobody", 1)
        await here.send("ship", 2)
        steps = [await here.step() for _ in range(11)]
        assert [step.sightings for step in steps[:10]] == list(range(1, 11))
        assert len({step.message.id for step in steps[:10]}) == 1
        assert steps[9].settlement.action is MessageAction.nacked
        assert steps[10].winner == "ship"
        assert await broker.dead(channel) == 1


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
async def test_where_ids_change_sightings_are_counted_for_the_display_and_a_worker_never_gets_to_ten(broker, channel):
    async with scene(broker, channel) as here:
        await here.send("nobody", 1)
        await here.send("ship", 2)
        steps = [await here.step() for _ in range(23)]
        poison = [step for step in steps if step.winner is None]
        assert len({step.message.id for step in poison}) == len(poison) == 22
        assert {step.message.name for step in poison} == {"m1"}
        assert [step.sightings for step in poison] == list(range(1, 23))
        assert {step.settlement.action for step in poison} == {MessageAction.rejected}
        assert poison[11].settlement.reason == "no actor matched (sighting 12, counted by content)"
        assert {step.sightings_limit for step in steps} == {0}
        assert all("never gets to ten" in step.note for step in poison)
        assert await broker.dead(channel) == 0


@LETTERS
async def test_dead_letters_are_read_with_their_reason_and_sent_again(broker, channel):
    async with scene(broker, channel) as here:
        for _ in range(2):
            await here.send("broken")
        steps = [await here.step() for _ in range(2)]
        assert [step.settlement.action for step in steps] == [MessageAction.nacked] * 2
        assert steps[0].settlement.where.startswith("a dead letter, on ")
        queue = (await here.stepper.look())[channel]
        assert queue.dead == 2
        assert "LookupError" in queue.dead_letters[0].reason
        assert await here.stepper.send_again(channel, queue.dead_letters[0].message.id) == 1
        await broker.comes_to(channel, Counts(ready=1, held=0))
        assert await broker.dead(channel) == 1
        assert await here.stepper.send_again(channel) == 1
        again = [await here.step() for _ in range(2)]
        assert [step.message.headers["topic"] for step in again] == ["broken", "broken"]
        with pytest.raises(UnknownNameError, match="No dead letter"):
            await here.stepper.send_again(channel, "1-1")


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
async def test_a_letter_that_is_sent_again_says_nothing_of_where_it_was_before(broker, channel):
    async with scene(broker, channel) as here:
        await here.send("broken")
        await here.step()
        assert await here.stepper.send_again(channel) == 1
        async with broker.client() as client:
            ((_, fields),) = await client.xrevrange(f"repid:{channel}", count=1)
        assert b"payload" in fields
        assert {b"original_stream", b"original_id"} & set(fields) == set()


@pytest.mark.parametrize("broker", ["rabbit-classic"], indirect=True)
async def test_letters_that_were_only_read_stay_where_they_are_in_their_order(broker, channel):
    async with scene(broker, channel) as here:
        for number in range(3):
            await here.stepper.send(channel, number, topic="broken")
            await here.step()
        read = [(await here.stepper.look())[channel].dead_letters for _ in range(2)]
        assert [letter.message.payload for letter in read[0]] == [b"0", b"1", b"2"]
        assert read[0] == read[1]
        await broker.comes_to(f"{channel}.dead", Counts(ready=3, held=0))
        assert await here.stepper.send_again(channel, read[0][1].message.id) == 1
        assert [letter.message.payload for letter in (await here.stepper.look())[channel].dead_letters] == [b"0", b"2"]


@pytest.mark.parametrize("broker", ["nats"], indirect=True)
async def test_of_a_stream_that_keeps_the_letters_of_many_channels_each_channel_has_its_own(broker, channel):
    async with broker.jetstream() as jetstream:
        await jetstream.add_stream(name=f"{channel}_dead", subjects=[f"{channel}.dead.*"])
    options = {"dlq_topic_strategy": lambda name: f"{channel}.dead.{name}"}
    async with scene(broker, channel, **options) as here, scene(broker, f"{channel}_2", **options) as other:
        for one in (here, other, other, other):
            await one.send("broken")
            await one.step()
        assert [len(one.stepper.queues[one.channel].dead_letters) for one in (here, other)] == [1, 3]
        letter = other.stepper.queues[other.channel].dead_letters[1]
        await other.stepper.send_again(other.channel, letter.message.id)
        assert (other.stepper.queues[other.channel].dead, await here.stepper.send_again(channel)) == (2, 1)


@pytest.mark.parametrize("broker", ["rabbit-classic"], indirect=True)
async def test_letters_on_a_quorum_queue_are_counted_and_sent_again_all_at_once(broker, channel):
    # There each look at a letter would count as a failed delivery.
    await Rabbit(broker.process, "quorum").declare(f"{channel}.dead", dead_letters=False)
    async with scene(broker, channel, declared={"dead_queue": False}) as here:
        await here.send("broken")
        await here.step()
        queue = (await here.stepper.look())[channel]
        assert (queue.dead, queue.dead_letters) == (1, ())
        with pytest.raises(NotPullableError, match="leave out the id to send all again"):
            await here.stepper.send_again(channel, "1")
        assert await here.stepper.send_again(channel) == 1
        assert (await here.step()).winner == "broken"


@pytest.mark.parametrize("broker", ["rabbit-classic"], indirect=True)
async def test_what_rabbitmq_does_not_tell_is_said(broker, channel):
    async with scene(broker, channel, declared={"dead_letters": False}) as here:
        await here.send("ship", 1)
        queue = (await here.stepper.look())[channel]
        assert (queue.waiting, queue.working, queue.dead, queue.ready) == (1, None, None, ())
        assert str(queue) == f"{channel}: 1 waiting, dead letters not known (RabbitMQ does not show which)"
        with pytest.raises(NotPullableError, match="tells of no queue for the dead letters"):
            await here.stepper.send_again(channel)
        await here.send("broken")
        assert [step.settlement.where for step in await here.run_all(2)][1] == (
            "dropped, unless a policy of RabbitMQ names a dead-letter exchange"
        )


@pytest.mark.parametrize("broker", ["rabbit-classic"], indirect=True)
async def test_of_letters_by_a_named_exchange_that_exchange_is_told(broker, channel):
    declared = {"dead_letters": False, "x_dead_letter_exchange": "amq.fanout"}
    async with scene(broker, channel, declared=declared) as here:
        await here.send("broken")
        step = await here.step()
        assert step.settlement.where == (
            "at the exchange 'amq.fanout', which gives it to the queues that are bound to it"
        )
        with pytest.raises(NotPullableError, match=r"tells of no queue .* but only of the exchange 'amq\.fanout'"):
            await here.stepper.send_again(channel)


@ALL
async def test_there_is_no_way_back_and_a_resend_is_to_be_awaited(broker, channel):
    async with scene(broker, channel) as here:
        await here.stepper.step()
        with pytest.raises(SteppingError, match=r"There is no way back on .*: what is settled is settled"):
            here.stepper.rewind(0)
        with pytest.raises(SteppingError, match=r"await stepper\.send_again"):
            here.stepper.resend(channel)


@pytest.mark.parametrize("broker", ["nats", "rabbit-classic"], indirect=True)
async def test_a_native_reply_is_among_what_was_published(broker, channel):
    await broker.declare(f"{channel}.answers" if broker.name != "nats" else f"{channel}_answers")
    async with scene(broker, channel) as here:
        if broker.name == "nats":
            async with broker.jetstream() as jetstream:
                await jetstream.add_stream(name=f"{channel}_a", subjects=[f"{channel}.answers"])
        await here.send("answer")
        step = await here.step()
    assert (step.settlement.action, step.published) == (MessageAction.replied, (f"{channel}.answers",))


@pytest.mark.parametrize("broker", ["redis", "rabbit-quorum"], indirect=True)
async def test_what_an_actor_sends_is_among_what_was_published_and_its_queue_is_looked_at(broker, channel):
    await broker.declare(f"{channel}.more")
    async with scene(broker, channel) as here:
        await here.send("forward")
        step = await here.step()
        assert (step.message.name, step.published, step.children) == ("m1", (f"{channel}.more",), ("m1.1",))
        more = (await here.stepper.look())[f"{channel}.more"]
        if broker.name == "redis":
            assert [(message.name, message.parent) for message in more.ready] == [("m1.1", "m1")]


@ALL
async def test_a_message_has_the_name_under_which_it_was_sent(broker, channel):
    async with scene(broker, channel) as here:
        sent = [await here.stepper.send(channel, {"number": number}, topic="ship") for number in range(3)]
        assert [one.message.name for one in sent] == ["m1", "m2", "m3"]
        assert {step.message.name: step.result for step in await here.run_all(3)} == {"m1": 0, "m2": 1, "m3": 2}


@pytest.mark.parametrize("broker", ["redis", "nats", "sqs"], indirect=True)
async def test_a_priority_is_refused_in_words(broker, channel):
    async with scene(broker, channel) as here:
        with pytest.raises(InvalidMessageError, match="knows no priority through repid: leave it out"):
            await here.stepper.send(channel, priority=9)


@pytest.mark.parametrize("broker", ["rabbit-classic"], indirect=True)
async def test_a_queue_with_priorities_delivers_by_them(broker, channel):
    async with scene(broker, channel, declared={"x_max_priority": 9}) as here:
        for number, priority in ((1, 1), (2, 9)):
            await here.stepper.send(channel, {"number": number}, topic="ship", priority=priority)
        await broker.comes_to(channel, Counts(ready=2, held=0))
        await here.run_all(2)
    assert here.done == [2, 1]


@IN_ORDER
async def test_an_interrupted_step_leaves_its_message_to_the_next(broker, channel):
    async with scene(broker, channel) as here:
        for number in (1, 2):
            await here.send("slow", number)
        stepping = asyncio.create_task(here.step())
        await here.started.wait()
        stepping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stepping
        assert len(here.stepper.history) == 0
        here.go_on.set()
        await here.run_all(2)
        assert here.done == [1, 2]


@ALL
async def test_what_a_closed_stepper_held_goes_to_the_next_consumer(broker, channel):
    async with scene(broker, channel) as here:
        await here.send("slow", 1)
        stepping = asyncio.create_task(here.step())
        await here.started.wait()
        stepping.cancel()
        with suppress(asyncio.CancelledError):
            await stepping
    async with second_consumer(broker, channel) as came, asyncio.timeout(60):
        assert await came.get() == 1
    await broker.comes_to(channel, Counts(ready=0, held=0))


@pytest.mark.parametrize(
    ("broker", "declared", "options"),
    [
        ("redis", {}, {"claim_interval": 0.1, "min_idle_ms": 2000}),
        ("nats", {"ack_wait": 2}, {}),
        ("sqs", {"VisibilityTimeout": "2"}, {"visibility_timeout": 2}),
    ],
    indirect=["broker"],
)
async def test_a_message_is_kept_alive_while_it_is_held_at_a_phase(broker, channel, declared, options):
    async with scene(broker, channel, declared=declared, **options) as here:
        at, release = asyncio.Event(), asyncio.Event()

        async def hold(phase, _so_far):
            if phase == "decided":
                at.set()
                await release.wait()

        here.stepper.gate = hold
        await here.send("ship", 1)
        stepping = asyncio.create_task(here.step())
        await at.wait()
        async with second_consumer(broker, channel, **options) as came:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2.5):
                    await came.get()
        release.set()
        assert (await stepping).settlement.action is MessageAction.acked
    await broker.comes_to(channel, Counts(ready=0, held=0))


@ALL
async def test_two_steppers_share_a_queue_and_nothing_runs_twice(broker, channel):
    async with scene(broker, channel) as one, scene(broker, channel) as two:
        await one.stepper.look()
        await two.stepper.look()
        for number in range(6):
            await one.send("ship", number)
        async with asyncio.timeout(60):
            while len(one.done) + len(two.done) < 6:
                await asyncio.gather(one.run_all(0), two.run_all(0))
        assert sorted([*one.done, *two.done]) == list(range(6))
    await broker.comes_to(channel, Counts(ready=0, held=0))


@ALL
async def test_two_steppers_of_one_app_share_its_connection(broker, channel):
    async with scene(broker, channel) as here:
        for number in range(6):
            await here.send("ship", number)
        async with Stepper(here.app) as other:
            await asyncio.gather(other.run(3), here.stepper.run(3))
        await here.run_all(6 - len(here.done))
        assert sorted(here.done) == list(range(6))


@ALL
async def test_beside_a_worker_of_the_same_server_object_nothing_runs_twice(broker, channel):
    async with scene(broker, channel) as here:
        await here.stepper.look()
        working = asyncio.create_task(here.app.run_worker(register_signals=[], tasks_limit=2))
        for number in range(12):
            await here.server.publish(channel=channel, message=sent(number))
        async with asyncio.timeout(60):
            while len(here.done) < 12:
                await here.stepper.step()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        assert sorted(here.done) == list(range(12))
        if broker.name != "sqs":  # there the last request of the worker takes what is sent now, until it is seen again
            await here.send("ship", 12)
            assert (await here.step()).result == 12


@IN_ORDER
@pytest.mark.parametrize("seed", [1])
async def test_however_often_steps_are_interrupted_nothing_is_lost_and_one_is_held_at_most(broker, channel, seed):
    dice = random.Random(seed)  # noqa: S311  (no secret)
    number_of_messages = 24
    async with scene(broker, channel) as here:
        for number in range(number_of_messages):
            await here.send("ship", number)
        held, is_over = [], False

        async def count():
            while not is_over:
                held.append((await broker.counts(channel)).held)
                await asyncio.sleep(0.02)

        counting = asyncio.create_task(count())
        # Not until a step is idle: NATS lets nothing out while the message of a step that was cut is on its way back.
        async with asyncio.timeout(60):
            while len(set(here.done)) < number_of_messages or await broker.counts(channel) != Counts(ready=0, held=0):
                stepping = asyncio.create_task(here.stepper.step())
                if dice.random() < 0.4:
                    await asyncio.sleep(dice.choice([0, 0, 0.0005, 0.002, 0.006, 0.012]))
                    stepping.cancel()
                with suppress(asyncio.CancelledError):
                    await stepping
                if dice.random() < 0.05:
                    await here.stepper.close()
                    here.stepper = Stepper(here.app)
        is_over = True
        await counting
    assert set(here.done) == set(range(number_of_messages))
    assert max(held) <= 1
