"""Changing the queues by hand, and having everything back."""

from __future__ import annotations

import asyncio

import pytest
from stepping.bench import CATCH_ALL, app_of, router_of

from repid_nb import Message, Router, Stepper, as_text
from repid_nb.core.errors import InvalidMessageError, SteppingError, UnknownNameError


def actors() -> Router:
    router = Router(channel="tasks")

    @router.actor
    async def good(message: Message) -> None:
        await message.send_message(channel="next", payload=b"")

    @router.actor
    async def bad() -> None:
        raise ValueError

    @router.actor(confirmation_mode="manual")
    async def keep() -> None: ...

    return router


@pytest.fixture
async def stepper():
    async with Stepper(app_of(actors())) as made:
        yield made


def waiting(stepper: Stepper, channel: str = "tasks") -> list[str]:
    return [message.name for message in stepper.queues[channel].ready]


async def sent(stepper: Stepper, *topics: str) -> None:
    for topic in topics:
        await stepper.send("tasks", topic=topic)


async def test_a_waiting_message_is_deleted_by_its_name(stepper: Stepper):
    await sent(stepper, "good", "good", "good")
    assert stepper.delete("tasks", "m2").id == "m2"
    assert waiting(stepper) == ["m1", "m3"]


async def test_a_dead_letter_is_deleted(stepper: Stepper):
    await sent(stepper, "bad")
    await stepper.step()
    stepper.delete("tasks", "m1")
    assert stepper.queues["tasks"].dead == 0


async def test_what_is_not_there_cannot_be_deleted_and_the_nearest_is_named(stepper: Stepper):
    await sent(stepper, "good")
    with pytest.raises(UnknownNameError, match=r"'m7'.*m1"):
        stepper.delete("tasks", "m7")
    with pytest.raises(UnknownNameError, match="nowhere"):
        stepper.delete("nowhere", "m1")


async def test_one_channel_is_emptied_or_all_are(stepper: Stepper):
    await sent(stepper, "good", "bad")
    await stepper.run()
    await sent(stepper, "good")
    assert stepper.empty("tasks") == 2
    assert (waiting(stepper), waiting(stepper, "next")) == ([], ["m1.1"])
    assert stepper.empty() == 1


async def test_a_rewind_brings_back_what_was_deleted_since(stepper: Stepper):
    await sent(stepper, "good", "good", "good")
    await stepper.step()
    stepper.empty()
    await sent(stepper, "good")
    stepper.rewind(1)
    assert waiting(stepper) == ["m2", "m3"]


@pytest.mark.parametrize(
    ("action", "left"),
    [("ack", ([], 0)), ("nack", ([], 1)), ("reject", (["m2", "m1"], 0)), ("release", (["m1", "m2"], 0))],
)
async def test_a_message_that_no_one_settled_is_settled_by_hand(stepper: Stepper, action, left):
    await sent(stepper, "keep")
    await stepper.step()
    await sent(stepper, "keep")
    stepper.settle("m1", action)
    waits, dead = left
    assert waiting(stepper) == (waits or ["m2"])
    assert (stepper.queues["tasks"].working, stepper.queues["tasks"].dead) == (0, dead)


async def test_only_what_this_stepper_holds_is_settled_by_it_and_only_so(stepper: Stepper):
    await sent(stepper, "keep")
    await stepper.step()
    async with Stepper(stepper.app) as other:
        with pytest.raises(UnknownNameError, match="does not hold"):
            other.settle("m1", "ack")
    with pytest.raises(InvalidMessageError, match="'release'"):
        stepper.settle("m1", "eat")


async def test_a_worker_that_crashes_gives_back_what_it_held_and_it_comes_again(stepper: Stepper):
    await sent(stepper, "keep", "good")
    first = await stepper.step()
    assert [one.name for one in stepper.crash()] == ["m1"]
    again = await stepper.step()
    assert (again.message.name, again.winner) == (first.message.name, "keep")


async def test_a_worker_that_crashes_forgets_its_sightings_and_a_rewind_brings_them_back():
    async with Stepper(app_of(actors()), max_unrouted_retries=3) as stepper:
        await stepper.send("tasks", topic="nobody")
        await stepper.run(max_steps=2)
        stepper.crash()
        assert (await stepper.step()).sightings == 1
        stepper.rewind(2)
        assert (await stepper.step()).sightings == 3


async def test_a_restart_puts_all_that_was_sent_since_on_the_queues_again(stepper: Stepper):
    await sent(stepper, "good")
    await stepper.step()
    await sent(stepper, "bad", "good")
    await stepper.app.send_message(channel="tasks", payload=b"", headers={"topic": "good"})
    await stepper.run()
    rewound = stepper.restart()
    assert waiting(stepper) == ["m1", "m2", "m3", "m4"]
    assert (rewound.sent_again, stepper.queues["tasks"].dead, len(stepper.history)) == (3, 0, 0)
    assert "3 messages sent since are on the queues again" in as_text(rewound)
    assert waiting(stepper, "next") == []


async def test_a_restart_sends_no_message_twice_whatever_became_of_it(stepper: Stepper):
    await stepper.send("tasks", topic="nobody")
    await sent(stepper, "bad")
    await stepper.run(max_steps=4)
    stepper.resend("tasks")
    stepper.restart()
    assert waiting(stepper) == ["m1", "m2"]


async def test_a_restart_keeps_priorities(stepper: Stepper):
    await sent(stepper, "good")
    await stepper.step()
    await sent(stepper, "good")
    await stepper.send("tasks", topic="good", priority=9)
    stepper.restart()
    assert waiting(stepper) == ["m3", "m1", "m2"]


async def test_a_checkpoint_has_a_rewind_taken_back(stepper: Stepper):
    await sent(stepper, "good", "bad", "nobody")
    await stepper.run(max_steps=4)
    before, history = stepper.queues, stepper.history
    undo = stepper.checkpoint()
    stepper.rewind(1)
    undo()
    assert (stepper.queues, stepper.history) == (before, history)
    assert stepper.rewind(2).undone == (3, 4)


async def test_after_a_checkpoint_sightings_go_on_from_where_they_were():
    async with Stepper(app_of(actors()), max_unrouted_retries=3) as stepper:
        await stepper.send("tasks", topic="nobody")
        await stepper.run(max_steps=2)
        undo = stepper.checkpoint()
        stepper.rewind(0)
        undo()
        assert (await stepper.step()).sightings == 3


async def test_in_the_middle_of_a_step_nothing_is_done_by_hand():
    started = asyncio.Event()

    async def slow() -> None:
        started.set()
        await asyncio.Event().wait()

    async with Stepper(app_of(router_of(slow, **CATCH_ALL))) as stepper:
        await stepper.send("tasks")
        stepping = asyncio.create_task(stepper.step())
        await started.wait()
        for act in (stepper.crash, stepper.restart, lambda: stepper.settle("m1", "ack")):
            with pytest.raises(SteppingError, match="in the middle of a step"):
                act()
        stepping.cancel()
        await asyncio.wait([stepping])


async def test_a_rewind_takes_back_the_later_steps_of_other_steppers_and_says_so(stepper: Stepper):
    async with Stepper(stepper.app) as other:
        await sent(stepper, "good", "good", "good", "good")
        await stepper.step()
        await other.step()
        await stepper.step()
        rewound = stepper.rewind(0)
        assert (rewound.undone, rewound.others, len(other.history)) == ((1, 2), 1, 0)
        assert "1 later step of other workers is taken back too" in as_text(rewound)
        await other.step()
        assert [step.number for step in other.history] == [1]
        assert other.rewind(0).undone == (1,)
        assert waiting(stepper) == ["m1", "m2", "m3", "m4"]


async def test_the_earlier_steps_of_another_stepper_stay(stepper: Stepper):
    async with Stepper(stepper.app) as other:
        await sent(stepper, "good", "good", "good")
        await other.step()
        await stepper.step()
        await other.step()
        assert stepper.rewind(0).others == 1
        assert [step.message.name for step in other.history] == ["m1"]
        assert waiting(stepper) == ["m2", "m3"]


async def test_a_channel_that_nobody_knows_is_not_emptied_and_the_nearest_is_named(stepper: Stepper):
    await stepper.send("orphans")
    with pytest.raises(UnknownNameError, match=r"No actor listens on channel 'task', .* Did you mean 'tasks'\?"):
        stepper.empty("task")
    with pytest.raises(UnknownNameError, match="Did you mean 'orphans'"):
        stepper.empty("orphan")


async def test_a_channel_with_messages_and_without_actors_is_emptied(stepper: Stepper):
    await stepper.send("orphans")
    assert stepper.empty("orphans") == 1


async def test_a_channel_whose_actor_was_declared_just_now_is_empty(stepper: Stepper):
    @stepper.app.router.actor(channel="new")
    async def newcomer() -> None: ...

    assert stepper.empty("new") == 0
