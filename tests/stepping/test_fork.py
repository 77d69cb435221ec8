"""What if: a second world with other rules, stepped beside the first."""

from __future__ import annotations

import pytest
from stepping.bench import CATCH_ALL, app_of

from repid_nb import Message, Repid, Router, Stepper
from repid_nb.core.errors import DeclarationError, InvalidMessageError, UnknownNameError
from repid_nb.stepping.fork import first_difference


def app() -> Repid:
    router = Router(channel="tasks")
    app = app_of(router)

    @router.actor
    async def ship(message: Message) -> None:
        await message.send_message(channel="next", payload=b"")
        await app.send_message(channel="audit", payload=b"")

    @router.actor
    async def fail() -> None:
        raise ValueError

    @router.actor(**CATCH_ALL)
    async def all_of_it() -> None: ...

    return app


@pytest.fixture
async def stepper():
    async with Stepper(app(), max_unrouted_retries=3) as made:
        yield made


def waiting(stepper: Stepper, channel: str = "tasks") -> list[str]:
    return [message.name for message in stepper.queues[channel].ready]


async def sent(stepper: Stepper, *topics: str) -> None:
    for topic in topics:
        await stepper.send("tasks", topic=topic)


async def test_the_second_world_has_the_same_messages_and_leaves_the_first_alone(stepper: Stepper):
    await sent(stepper, "ship", "ship")
    async with stepper.fork() as fork:
        assert waiting(fork) == ["m1", "m2"]
        step = await fork.step()
        assert (step.message.name, step.winner, step.children) == ("m1", "ship", ("m1.1", "m1.2"))
        assert (waiting(stepper), len(stepper.history)) == (["m1", "m2"], 0)


async def test_what_its_actors_send_by_the_app_that_they_know_stays_in_its_world(stepper: Stepper):
    await sent(stepper, "ship")
    async with stepper.fork() as fork:
        await fork.step()
        assert waiting(fork, "audit") == ["m1.2"]
        assert "audit" not in stepper.queues
    await stepper.step()
    assert waiting(stepper, "audit") == ["m1.2"]


async def test_another_order_of_actors_decides_otherwise(stepper: Stepper):
    await sent(stepper, "ship")
    async with stepper.fork(order=["all_of_it"]) as fork:
        assert (await fork.step()).winner == "all_of_it"
    assert (await stepper.step()).winner == "ship"


@pytest.mark.parametrize("on_error", ["ack", {"fail": "ack"}])
async def test_another_on_error_settles_otherwise(stepper: Stepper, on_error):
    await sent(stepper, "fail")
    async with stepper.fork(on_error=on_error) as fork:
        assert (await fork.step()).settlement.action.value == "acked"
    assert (await stepper.step()).settlement.action.value == "nacked"


@pytest.mark.parametrize("on_error", ["nonsense", {"fail": "nonsense"}, 7])
async def test_an_on_error_that_is_no_action_is_refused(stepper: Stepper, on_error):
    with pytest.raises(DeclarationError, match="on_error must be one of ack, nack, reject, no_action"):
        stepper.fork(on_error=on_error)


async def test_another_priority_goes_first(stepper: Stepper):
    await sent(stepper, "ship", "ship")
    async with stepper.fork(priority={"m2": 9}) as fork:
        assert waiting(fork) == ["m2", "m1"]


async def test_another_number_of_workers_is_more_steppers_of_its_app(stepper: Stepper):
    await sent(stepper, "ship", "ship")
    async with stepper.fork() as fork, Stepper(fork.app) as second:
        steps = [await one.step() for one in (fork, second)]
        assert [step.message.name for step in steps] == ["m1", "m2"]
        assert fork.queues["audit"].waiting == 2
    assert "audit" not in stepper.queues


async def test_an_actor_of_a_fork_s_fork_sends_there(stepper: Stepper):
    await sent(stepper, "ship")
    async with stepper.fork() as fork, fork.fork() as second:
        await second.step("tasks")
        assert second.queues["audit"].waiting == 1
        assert "audit" not in fork.queues
    assert "audit" not in stepper.queues


async def test_a_fork_that_an_actor_of_another_fork_steps_sends_to_itself():
    router = Router(channel="tasks")
    app = app_of(router)

    @router.actor
    async def outer() -> None:
        await second.step()

    @router.actor
    async def inner() -> None:
        await app.send_message(channel="audit", payload=b"")

    async with Stepper(app) as stepper:
        await sent(stepper, "inner", "outer", "inner")
        first, second = stepper.fork(), stepper.fork()
        async with first, second:
            await first.step()
            await first.step()
            assert [one.queues["audit"].waiting for one in (first, second)] == [1, 1]


async def test_a_fork_s_app_shows_the_actors_of_the_first_one(stepper: Stepper):
    async with stepper.fork() as fork:
        assert repr(fork.app) == repr(stepper.app)


async def test_from_an_earlier_step_on_its_steps_are_numbered_on(stepper: Stepper):
    await sent(stepper, "ship", "fail", "ship")
    await stepper.run(channel="tasks")
    queues, history = stepper.queues, stepper.history
    async with stepper.fork(1) as fork:
        assert waiting(fork) == ["m2", "m3"]
        assert [(await fork.step("tasks")).number for _ in range(2)] == [2, 3]
        assert fork.rewind(1).undone == (2, 3)
    assert (stepper.queues, stepper.history) == (queues, history)
    assert stepper.rewind(2).undone == (3,)


async def test_the_first_difference_is_found(stepper: Stepper):
    await sent(stepper, "ship", "fail", "ship")
    await stepper.run(channel="tasks")
    async with stepper.fork(0, on_error="ack") as fork:
        await fork.run(channel="tasks")
        assert first_difference(stepper.history, fork.history) == 2
    async with stepper.fork(0) as fork:
        await fork.run(channel="tasks")
        assert first_difference(stepper.history, fork.history) is None


async def test_sightings_go_with_the_messages():
    router = Router(channel="tasks")
    router.actor(name="other")(lambda: None)
    async with Stepper(app_of(router), max_unrouted_retries=3) as stepper:
        await sent(stepper, "nobody")
        await stepper.run(max_steps=2)
        async with stepper.fork() as fork:
            assert (await fork.step()).sightings == 3


async def test_dead_letters_are_copied_too(stepper: Stepper):
    await sent(stepper, "fail")
    await stepper.step()
    async with stepper.fork() as fork:
        assert fork.resend("tasks") == 1
        assert stepper.queues["tasks"].dead == 1


async def test_a_new_cell_changes_both_worlds(stepper: Stepper):
    await sent(stepper, "new")
    async with stepper.fork() as fork:
        stepper.app.router.actor(channel="tasks", name="late")(lambda: None)
        assert [one.actor for one in (await fork.step()).verdicts][-1] == "late"


async def test_what_cannot_be_is_refused_in_words(stepper: Stepper):
    with pytest.raises(UnknownNameError, match=r"'shp'.*ship"):
        stepper.fork(order=["shp"])
    with pytest.raises(InvalidMessageError, match="from 0"):
        stepper.fork(priority={"m1": 12})
    with pytest.raises(UnknownNameError, match="no way back"):
        stepper.fork(7)
