"""The way back to an earlier step."""

import asyncio

import pytest
from stepping.bench import CATCH_ALL, app_of, router_of

from repid_nb import Message, MessageAction, Router, Stepper
from repid_nb.core.errors import InvalidMessageError, SteppingError, UnknownNameError


def nobody(*, actor_name):
    return lambda message: False


async def nothing(): ...


@pytest.fixture
async def stepper():
    """A Stepper with an actor for the topic `known`, on `tasks` and on `mails`."""
    router = Router()
    for channel in ("tasks", "mails"):
        router.actor(channel=channel, name="known")(nothing)
    async with Stepper(app_of(router), max_unrouted_retries=3) as made:
        yield made


def waiting(stepper: Stepper, channel: str = "tasks") -> list[str]:
    return [message.id for message in stepper.queues[channel].ready]


async def test_the_queues_are_as_they_were_after_that_step(stepper: Stepper):
    for topic in ("known", "lost", "known"):
        await stepper.send("tasks", topic=topic)
    await stepper.step()
    await stepper.step()
    then = stepper.queues
    await stepper.run()
    assert stepper.queues != then
    stepper.rewind(to=2)
    assert stepper.queues == then


async def test_step_zero_is_the_moment_before_the_first(stepper: Stepper):
    await stepper.step()
    for _ in range(2):
        await stepper.send("tasks", topic="known")
    then = stepper.queues
    await stepper.run()
    stepper.rewind(to=0)
    assert len(stepper.history) == 0
    assert stepper.queues == then


async def test_before_any_step_a_way_back_to_zero_takes_nothing_back(stepper: Stepper):
    await stepper.step()
    await stepper.send("tasks", topic="known")
    await stepper.step()
    stepper.rewind(to=0)
    await stepper.send("tasks", topic="known")
    await stepper.step()
    stepper.rewind(to=0)
    assert waiting(stepper) == ["m1", "m2"]


async def test_what_was_sent_after_that_step_is_taken_back_with_what_came_later(stepper: Stepper):
    for _ in range(2):
        await stepper.send("tasks", topic="known")
        await stepper.step()
    stepper.rewind(to=1)
    assert waiting(stepper) == []
    await stepper.send("tasks", topic="known")
    step = await stepper.step()
    assert (step.number, step.message.id) == (2, "m3")


async def test_a_rewind_says_which_steps_it_took_back(stepper: Stepper):
    for _ in range(4):
        await stepper.send("tasks", topic="known")
    await stepper.run()
    rewound = stepper.rewind(to=1)
    assert (rewound.to, rewound.undone) == (1, (2, 3, 4))
    assert rewound.queues == stepper.queues
    assert [step.number for step in stepper.history] == [1]


async def test_a_rewind_to_the_newest_step_takes_back_what_came_after_it(stepper: Stepper):
    await stepper.send("tasks", topic="known")
    await stepper.step()
    await stepper.send("tasks", topic="known")
    rewound = stepper.rewind(to=1)
    assert rewound.undone == ()
    assert waiting(stepper) == []


async def test_numbering_goes_on_from_there(stepper: Stepper):
    for _ in range(3):
        await stepper.send("tasks", topic="known")
    await stepper.run()
    stepper.rewind(to=1)
    assert [step.number for step in await stepper.run()] == [2, 3]


async def test_a_dead_letter_comes_alive(stepper: Stepper):
    await stepper.send("tasks", topic="lost")
    await stepper.run()
    assert stepper.queues["tasks"].dead == 1
    stepper.rewind(to=2)
    assert (stepper.queues["tasks"].dead, waiting(stepper)) == (0, ["m1"])


async def test_a_dead_letter_that_was_sent_again_is_dead_again(stepper: Stepper):
    await stepper.send("tasks", topic="lost")
    await stepper.run()
    dead = stepper.queues
    stepper.resend("tasks")
    await stepper.step()
    stepper.rewind(to=3)
    assert stepper.queues == dead


async def test_a_poison_message_is_counted_as_it_was_then(stepper: Stepper):
    await stepper.send("tasks", topic="lost")
    await stepper.run()
    stepper.rewind(to=1)
    assert stepper.queues["tasks"].ready[0].sightings == 1
    run = await stepper.run()
    assert [step.sightings for step in run] == [2, 3]
    assert run[-1].settlement.action is MessageAction.nacked


async def test_priorities_are_kept(stepper: Stepper):
    for priority in (1, 9, 4):
        await stepper.send("tasks", topic="known", priority=priority)
    await stepper.step()
    await stepper.run()
    stepper.rewind(to=1)
    assert waiting(stepper) == ["m3", "m1"]


async def test_the_channels_turn_goes_back_too(stepper: Stepper):
    for channel in ("tasks", "tasks", "mails", "mails"):
        await stepper.send(channel, topic="known")
    first = [step.message.id for step in await stepper.run()]
    stepper.rewind(to=1)
    assert [step.message.id for step in await stepper.run()] == first[1:]


async def test_after_an_interrupted_step_a_rewind_to_the_newest_gives_the_turn_back():
    reached = asyncio.Event()

    async def gate(_phase, _so_far):
        reached.set()
        await asyncio.Event().wait()

    router = Router()
    for channel in ("tasks", "mails"):
        router.actor(channel=channel, name="known")(nothing)
    async with Stepper(app_of(router)) as stepper:
        for channel in ("tasks", "mails", "tasks", "mails"):
            await stepper.send(channel, topic="known")
        first = await stepper.step()
        stepper.gate = gate
        interrupted = asyncio.create_task(stepper.step())
        await reached.wait()
        interrupted.cancel()
        await asyncio.wait([interrupted])
        stepper.gate = None
        stepper.rewind(to=first.number)
        assert (first.channel, (await stepper.step()).channel) == ("tasks", "mails")


async def test_what_an_actor_sent_on_is_taken_back_and_what_it_did_stays_done():
    done = []

    async def pass_on(message: Message):
        done.append("called")
        await message.send_message(channel="next", payload=b"")

    async with Stepper(app_of(router_of(pass_on))) as stepper:
        for _ in range(2):
            await stepper.send("tasks")
        await stepper.run()
        stepper.rewind(to=1)
        assert stepper.queues["next"].waiting == 1
        assert done == ["called", "called"]


async def test_a_message_that_nobody_settled_is_taken_out_of_work():
    async with Stepper(app_of(router_of(nothing, confirmation_mode="manual"))) as stepper:
        for _ in range(2):
            await stepper.send("tasks")
        await stepper.step()
        then = stepper.queues
        await stepper.step()
        stepper.rewind(to=1)
        assert stepper.queues == then
        assert [message.id for message in stepper.queues["tasks"].in_work] == ["m1"]


async def test_a_second_rewind_goes_further_back(stepper: Stepper):
    for _ in range(4):
        await stepper.send("tasks", topic="known")
    await stepper.run()
    stepper.rewind(to=3)
    stepper.rewind(to=1)
    assert waiting(stepper) == ["m2", "m3", "m4"]


async def test_what_a_worker_did_meanwhile_is_taken_back_too(stepper: Stepper):
    for _ in range(3):
        await stepper.send("tasks", topic="known")
    await stepper.step()
    await stepper.app.run_worker(messages_limit=2, register_signals=[])
    stepper.rewind(to=1)
    assert waiting(stepper) == ["m2", "m3"]


@pytest.mark.parametrize("to", [-1, 3, "2", None, 1.5])
async def test_a_step_that_never_was_names_those_that_were(stepper: Stepper, to):
    for _ in range(2):
        await stepper.send("tasks", topic="known")
    await stepper.run()
    with pytest.raises(UnknownNameError, match=r"no way back to step .*: give a number from 0 to 2"):
        stepper.rewind(to=to)


async def test_a_step_that_was_dropped_from_the_history_is_out_of_reach():
    async with Stepper(app_of(router_of(nothing)), history_limit=2) as stepper:
        for _ in range(5):
            await stepper.send("tasks")
        await stepper.run()
        with pytest.raises(UnknownNameError, match="give a number from 3 to 5"):
            stepper.rewind(to=2)
        stepper.rewind(to=3)
        assert waiting(stepper) == ["m4", "m5"]


async def test_after_very_much_happened_there_is_no_way_back_and_nothing_changes(stepper: Stepper):
    await stepper.send("tasks", topic="known")
    await stepper.step()
    for _ in range(50_001):
        await stepper.app.send_message(channel="tasks", payload=b"")
    with pytest.raises(UnknownNameError, match="too much has happened since"):
        stepper.rewind(to=1)
    assert stepper.queues["tasks"].waiting == 50_001


async def test_the_moment_before_the_oldest_step_that_is_kept_stays_where_it_was():
    async def ship(): ...

    async with Stepper(app_of(router_of(ship)), history_limit=2) as stepper:
        for _ in range(3):
            await stepper.send("tasks")
        await stepper.run()
        stepper.rewind(to=1)
        await stepper.send("tasks")
        await stepper.step()
        stepper.rewind(to=1)
        assert stepper.queues["tasks"].waiting == 2


async def test_of_the_steps_those_that_are_still_in_reach_are_named(stepper: Stepper):
    for _ in range(2):
        await stepper.send("tasks", topic="known")
    await stepper.step()
    for _ in range(50_001):
        await stepper.app.send_message(channel="tasks", payload=b"")
    await stepper.step()
    with pytest.raises(UnknownNameError, match="the only way back is to 2"):
        stepper.rewind(to=1)
    assert stepper.rewind(to=2).undone == ()


@pytest.mark.parametrize("by", ["itself", "another"])
async def test_rewinding_in_the_middle_of_a_step_is_refused(by: str):
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        started.set()
        await go_on.wait()

    async with Stepper(app_of(router_of(slow))) as stepper:
        await stepper.send("tasks")
        stepping = asyncio.create_task(stepper.step())
        await started.wait()
        with pytest.raises(SteppingError, match="rewind when it has ended"):
            (stepper if by == "itself" else Stepper(stepper.app)).rewind(to=0)
        go_on.set()
        assert (await stepping).settlement.action is MessageAction.acked


async def test_an_actor_that_rewinds_its_own_stepper_is_told_that_it_cannot():
    async def backwards():
        stepper.rewind(to=0)

    async with Stepper(app_of(router_of(backwards))) as stepper:
        await stepper.send("tasks")
        assert (await stepper.step()).exception.type == SteppingError.__name__


async def test_an_interrupted_step_before_the_rewind_does_no_harm():
    started = asyncio.Event()

    async def slow(number: int):
        if number == 2:
            started.set()
            await asyncio.Event().wait()

    async with Stepper(app_of(router_of(slow))) as stepper:
        for number in (1, 2, 3):
            await stepper.send("tasks", {"number": number})
        await stepper.step()
        then = stepper.queues
        stepping = asyncio.create_task(stepper.step())
        await started.wait()
        stepping.cancel()
        await asyncio.wait([stepping])
        assert stepper.queues == then
        stepper.rewind(to=1)
        assert stepper.queues == then


async def test_an_interrupted_step_leaves_the_count_of_sightings_alone():
    started = asyncio.Event()
    router = router_of(nothing, routing_strategy=nobody)
    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks")
        await stepper.run(3)

        @router.actor(channel="tasks", **CATCH_ALL)
        async def slow():
            started.set()
            await asyncio.Event().wait()

        stepping = asyncio.create_task(stepper.step())
        await started.wait()
        stepping.cancel()
        await asyncio.wait([stepping])
        assert stepper.queues["tasks"].ready[0].sightings == 3


async def test_of_two_steppers_on_one_server_neither_goes_back_to_what_the_other_has_taken_back():
    app = app_of(router_of(nothing))
    async with Stepper(app) as one, Stepper(app) as other:
        for _ in range(2):
            await one.send("tasks")
        await one.step()
        await other.step()
        one.rewind(to=0)
        for _ in range(5):
            await one.send("tasks")
        with pytest.raises(UnknownNameError, match="no way back"):
            other.rewind(to=1)


async def test_a_refused_message_uses_up_no_number():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        with pytest.raises(InvalidMessageError):
            await stepper.send("tasks", headers={"n": 1})
        sent = await stepper.send("tasks")
    assert sent.message.id == "m1"
