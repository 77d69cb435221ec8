"""One pull at a time, and a bounded run of them."""

import asyncio

import pytest
from stepping.bench import CATCH_ALL, app_of, router_of, sent_and_stepped

from repid_nb import Channel, Idle, InMemoryServer, Message, MessageAction, Repid, Router, Step, Stepper
from repid_nb.core.errors import (
    DeclarationError,
    InvalidMessageError,
    SteppingError,
    UnknownNameError,
)


def two_channels() -> Router:
    router = Router()

    @router.actor(channel="orders", **CATCH_ALL)
    async def ship(): ...

    @router.actor(channel="mails", **CATCH_ALL)
    async def write(): ...

    return router


async def nothing(): ...


async def test_a_step_takes_one_message_its_whole_way():
    async def greet(name: str) -> str:
        return f"hello {name}"

    step = await sent_and_stepped(router_of(greet), {"name": "Ada"})
    assert (step.number, step.channel, step.winner, step.result) == (1, "tasks", "greet", "hello Ada")
    assert step.settlement.action is MessageAction.acked
    assert step.settlement.reason == "the actor returned"
    assert step.duration > 0
    assert step.exception is None


async def test_a_step_shows_its_message_as_it_lay_in_the_queue():
    step = await sent_and_stepped(router_of(nothing), b"raw", content_type="text/plain", headers={"a": "b"}, priority=7)
    message = step.message
    assert (message.id, message.channel, message.payload) == ("m1", "tasks", b"raw")
    assert (message.content_type, message.headers, message.priority) == ("text/plain", {"a": "b"}, 7)


async def test_a_message_stays_as_it_was_in_the_record_when_its_actor_changes_the_headers():
    async def rewrite(message: Message):
        message.headers["topic"] = "another"

    step = await sent_and_stepped(router_of(rewrite), topic="first")
    assert step.message.headers == {"topic": "first"}
    assert step.before["tasks"].ready[0].headers == {"topic": "first"}


async def test_a_step_knows_the_queues_before_and_after_it():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        for _ in range(3):
            await stepper.send("tasks")
        step = await stepper.step()
    assert [message.id for message in step.before["tasks"].ready] == ["m1", "m2", "m3"]
    assert [message.id for message in step.after["tasks"].ready] == ["m2", "m3"]


async def test_what_is_changed_between_two_steps_is_in_the_second_and_not_in_the_first():
    kept = []

    async def give_up(message: Message):
        kept.append(message)
        await message.reject()

    async with Stepper(app_of(router_of(give_up))) as stepper:
        for _ in range(3):
            await stepper.send("tasks", topic="one")
        first = await stepper.step()
        # An actor that keeps its message can still reach the headers of what waits.
        kept[0].headers["topic"] = "another"
        await stepper.send("tasks", topic="one", priority=9)
        second = await stepper.step()

    def topics(snapshot):
        return [(message.name, message.headers["topic"]) for message in snapshot["tasks"].ready]

    assert topics(first.after) == [("m2", "one"), ("m3", "one"), ("m1", "one")]
    assert topics(second.before) == [("m4", "one"), ("m2", "one"), ("m3", "one"), ("m1", "another")]
    # What has not changed is not recorded twice.
    assert second.before["tasks"].ready[1] is first.after["tasks"].ready[0]


async def test_stepping_an_empty_queue_is_idle_and_false():
    async with Stepper(app_of(two_channels())) as stepper:
        idle = await stepper.step()
    assert isinstance(idle, Idle)
    assert not idle
    assert idle.channels == ("orders", "mails")
    assert idle.unheard == ()


async def test_being_idle_is_no_step():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        await stepper.step()
        assert len(stepper.history) == 0
        await stepper.send("tasks")
        assert (await stepper.step()).number == 1


async def test_idle_says_where_messages_wait_that_nobody_hears():
    async with Stepper(app_of(two_channels())) as stepper:
        for _ in range(2):
            await stepper.send("order")
        idle = await stepper.step()
    assert idle.unheard == (("order", 2),)


async def test_a_message_that_waits_on_another_channel_with_an_actor_is_not_unheard():
    async with Stepper(app_of(two_channels())) as stepper:
        await stepper.send("mails")
        idle = await stepper.step("orders")
    assert idle.channels == ("orders",)
    assert idle.unheard == ()


async def test_an_app_without_actors_is_idle():
    async with Stepper(app_of()) as stepper:
        await stepper.send("tasks")
        idle = await stepper.step()
    assert idle.channels == ()
    assert idle.unheard == (("tasks", 1),)


async def test_a_step_can_be_taken_from_one_channel():
    async with Stepper(app_of(two_channels())) as stepper:
        await stepper.send("orders")
        await stepper.send("mails")
        assert (await stepper.step("mails")).channel == "mails"
        assert not await stepper.step("mails")
        assert (await stepper.step("orders")).channel == "orders"


async def test_without_a_channel_the_channels_take_turns():
    async with Stepper(app_of(two_channels())) as stepper:
        for channel in ("orders", "orders", "orders", "mails", "mails"):
            await stepper.send(channel)
        run = await stepper.run()
    assert [step.channel for step in run] == ["orders", "mails", "orders", "mails", "orders"]


async def test_a_channel_without_an_actor_names_the_nearest():
    async with Stepper(app_of(two_channels())) as stepper:
        with pytest.raises(UnknownNameError, match=r"'order'.*Did you mean 'orders'\?"):
            await stepper.step("order")


@pytest.mark.parametrize(
    "use",
    [
        lambda stepper, channel: stepper.step(channel),
        lambda stepper, channel: stepper.run(channel=channel),
        lambda stepper, channel: stepper.explain(channel),
        lambda stepper, channel: stepper.resend(channel),
        lambda stepper, channel: stepper.queues[channel],
        lambda stepper, channel: stepper.server.resend_dead_letters(channel),
    ],
)
async def test_a_channel_is_given_by_its_address(use):
    async with Stepper(app_of(two_channels())) as stepper:
        for channel, says in ((Channel(address="orders"), "not Channel. Use its address."), (5, "not int.")):
            with pytest.raises(InvalidMessageError, match=f"The channel must be a str, {says}"):
                await use(stepper, channel)


async def test_a_higher_priority_is_stepped_first():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        for priority in (None, 0, 9, 4):
            await stepper.send("tasks", priority=priority)
        run = await stepper.run()
    assert [step.message.id for step in run] == ["m3", "m1", "m4", "m2"]


async def test_a_run_ends_when_nothing_is_left():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        for _ in range(3):
            await stepper.send("tasks")
        run = await stepper.run()
    assert (len(run), run.ended_by, run.waiting) == (3, "idle", 0)


async def test_a_run_that_ends_exactly_at_its_bound_with_nothing_left_was_ended_by_idleness():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        await stepper.send("tasks")
        run = await stepper.run(max_steps=1)
    assert (len(run), run.ended_by, run.waiting) == (1, "idle", 0)


async def test_a_run_ends_at_its_bound_and_says_how_many_wait():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        for _ in range(5):
            await stepper.send("tasks")
        run = await stepper.run(max_steps=2)
    assert (len(run), run.ended_by, run.waiting) == (2, "max_steps", 3)


async def test_a_run_of_one_channel_is_not_about_the_others():
    async with Stepper(app_of(two_channels())) as stepper:
        await stepper.send("orders")
        await stepper.send("mails")
        run = await stepper.run(max_steps=1, channel="orders")
        assert (run.ended_by, run.waiting) == ("idle", 0)
        assert [step.channel for step in await stepper.run(channel="mails")] == ["mails"]


async def test_a_run_of_a_message_that_sends_another_is_bounded():
    async def again(message: Message):
        await message.send_message(channel="tasks", payload=b"")

    async with Stepper(app_of(router_of(again))) as stepper:
        await stepper.send("tasks")
        run = await stepper.run()
    assert (len(run), run.ended_by, run.waiting) == (100, "max_steps", 1)


async def test_a_run_of_no_steps_is_refused():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        with pytest.raises(InvalidMessageError, match="max_steps must be at least 1, not 0"):
            await stepper.run(max_steps=0)


async def test_ten_sightings_are_nine_rejections_and_a_nack_with_its_reason():
    router = Router()

    @router.actor(channel="tasks")
    async def known(): ...

    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks", {"lost": True}, topic="unknown")
        await stepper.send("tasks", topic="known")
        run = await stepper.run()
        dead = stepper.queues["tasks"].dead_letters

    poison = [step for step in run if step.message.id == "m1"]
    assert [step.settlement.action for step in poison] == [MessageAction.rejected] * 9 + [MessageAction.nacked]
    assert [step.sightings for step in poison] == list(range(1, 11))
    assert {step.sightings_limit for step in poison} == {10}
    assert poison[0].settlement.reason == "no actor matched (sighting 1 of 10)"
    assert poison[9].settlement.reason == "poison message: no actor matched in 10 sightings"
    assert [step.message.id for step in run][:3] == ["m1", "m2", "m1"]
    assert run[1].settlement.action is MessageAction.acked
    assert [(letter.message.id, letter.reason) for letter in dead] == [("m1", poison[9].settlement.reason)]


async def test_the_bound_on_sightings_can_be_lower():
    async with Stepper(app_of(router_of(nothing, name="other", routing_strategy=_never)), None, 2) as stepper:
        await stepper.send("tasks")
        run = await stepper.run()
    assert [step.settlement.action for step in run] == [MessageAction.rejected, MessageAction.nacked]


def _never(*, actor_name):
    return lambda message: False


async def test_waiting_messages_show_how_often_they_were_sent_back():
    async with Stepper(app_of(router_of(nothing, routing_strategy=_never))) as stepper:
        await stepper.send("tasks")
        await stepper.send("tasks")
        await stepper.run(3)
        assert {message.id: message.sightings for message in stepper.queues["tasks"].ready} == {"m1": 2, "m2": 1}


async def test_a_dead_letter_can_be_sent_again_and_its_sightings_start_again():
    async with Stepper(app_of(router_of(nothing, routing_strategy=_never)), max_unrouted_retries=2) as stepper:
        await stepper.send("tasks")
        await stepper.run()
        assert stepper.resend("tasks", "m1") == 1
        step = await stepper.step()
    assert (step.message.id, step.sightings) == ("m1", 1)


async def test_a_dead_letter_that_is_not_there_names_the_nearest():
    async with Stepper(app_of(router_of(nothing, routing_strategy=_never)), max_unrouted_retries=1) as stepper:
        await stepper.send("tasks")
        await stepper.run()
        with pytest.raises(UnknownNameError, match=r"No dead letter 'm11' on 'tasks'. Did you mean 'm1'\?"):
            stepper.resend("tasks", "m11")


async def test_a_dead_letter_is_sent_again_by_its_id():
    async def broken():
        raise ValueError

    async with Stepper(app_of(router_of(broken))) as stepper:
        await stepper.send("tasks")
        await stepper.step()
        letter = stepper.queues["tasks"].dead_letters[0]
        with pytest.raises(InvalidMessageError, match=r"Give the id of the dead letter: .*letter\.message\.id"):
            stepper.resend("tasks", letter)
        assert stepper.resend("tasks", letter.message.id) == 1


async def test_an_actor_that_steps_its_own_stepper_is_told_that_it_cannot():
    async def recursive():
        await stepper.step()

    async with Stepper(app_of(router_of(recursive))) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
    assert step.exception.type == SteppingError.__name__
    assert "an actor cannot step what runs it" in step.exception.message


async def test_two_steppers_whose_actors_step_each_other_do_not_wait_for_ever():
    router = Router()

    @router.actor(channel="one", **CATCH_ALL)
    async def steps_the_other() -> None:
        await other.step("two")

    @router.actor(channel="two", **CATCH_ALL)
    async def steps_back() -> None:
        await stepper.step("one")

    app = app_of(router)
    async with Stepper(app) as stepper, Stepper(app) as other:
        await stepper.send("one")
        await stepper.send("two")
        step = await asyncio.wait_for(stepper.step("one"), 60)
        (inside,) = other.history
    assert step.exception is None
    assert "an actor cannot step what runs it" in inside.exception.message


async def test_a_plain_actor_that_steps_its_own_stepper_is_told_too():
    def recursive():
        asyncio.run(stepper.step())

    async with Stepper(app_of(router_of(recursive))) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
    assert step.exception.type == SteppingError.__name__


async def test_an_actor_may_step_another_stepper():
    other = Stepper(app_of(router_of(nothing)))

    async def outer():
        await other.send("tasks")
        return bool(await other.step())

    async with other:
        step = await sent_and_stepped(router_of(outer))
    assert step.result is True


async def test_steps_that_are_asked_for_at_the_same_time_queue_up():
    running = []

    async def slow(number: int):
        running.append(number)
        assert running == [number]
        await asyncio.sleep(0)
        running.remove(number)
        return number

    async with Stepper(app_of(router_of(slow))) as stepper:
        for number in range(3):
            await stepper.send("tasks", {"number": number})
        steps = await asyncio.gather(*(stepper.step() for _ in range(3)))
    assert [(step.number, step.result) for step in steps] == [(1, 0), (2, 1), (3, 2)]


async def test_what_an_actor_sends_on_is_in_its_step():
    async def split(message: Message):
        for channel in ("left", "right", "left"):
            await message.send_message_json(channel=channel, payload={})

    step = await sent_and_stepped(router_of(split))
    assert step.published == ("left", "right", "left")
    assert step.after["left"].waiting == 2


async def test_what_a_task_of_the_actor_sends_on_is_in_its_step():
    async def split():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(app.send_message(channel="left", payload=b""))

    app = app_of(router_of(split))
    async with Stepper(app) as stepper:
        await stepper.send("tasks")
        assert (await stepper.step()).published == ("left",)


async def test_what_somebody_else_sends_meanwhile_is_not():
    started = asyncio.Event()
    go_on = asyncio.Event()

    async def waiting():
        started.set()
        await go_on.wait()

    async with Stepper(app_of(router_of(waiting))) as stepper:
        await stepper.send("tasks")
        stepping = asyncio.create_task(stepper.step())
        await started.wait()
        await stepper.send("elsewhere")
        go_on.set()
        assert (await stepping).published == ()


async def test_history_keeps_the_newest_steps_and_says_how_many_it_dropped():
    async with Stepper(app_of(router_of(nothing)), history_limit=3) as stepper:
        for _ in range(5):
            await stepper.send("tasks")
        await stepper.run()
        assert [step.number for step in stepper.history] == [3, 4, 5]
        assert stepper.history.dropped == 2


async def test_history_is_a_sequence():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        for _ in range(3):
            await stepper.send("tasks")
        await stepper.run()
        history = stepper.history
    assert history[-1].number == 3
    assert [step.number for step in history[:2]] == [1, 2]
    assert [step.number for step in reversed(history)] == [3, 2, 1]


async def test_queues_are_shown_whole_outside_a_step():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        for _ in range(50):
            await stepper.send("tasks")
        assert len(stepper.queues["tasks"].ready) == 50


@pytest.mark.parametrize("mode", ["manual", "ack_first", "always_ack"])
async def test_each_confirmation_mode_says_who_settled_the_message(mode: str):
    expected = {
        "manual": (None, "nobody settled it (manual)"),
        "ack_first": (MessageAction.acked, "acked before the actor ran (ack_first)"),
        "always_ack": (MessageAction.acked, "the actor returned (always_ack)"),
    }
    step = await sent_and_stepped(router_of(nothing, confirmation_mode=mode))
    assert (step.settlement.action, step.settlement.reason) == expected[mode]


async def test_a_message_that_nobody_settled_stays_in_work():
    async with Stepper(app_of(router_of(nothing, confirmation_mode="manual"))) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
        assert [message.id for message in step.after["tasks"].in_work] == ["m1"]
        assert not await stepper.step()


async def test_an_actor_that_settles_its_message_itself_is_named_as_the_one_who_did():
    async def give_up(message: Message):
        await message.nack()

    step = await sent_and_stepped(router_of(give_up))
    assert step.settlement.action is MessageAction.nacked
    assert step.settlement.reason == "the actor settled it itself: nacked"


async def test_an_answer_is_a_settlement_and_waits_on_its_channel():
    async def answer(message: Message):
        await message.reply(payload=b"yes", channel="answers")

    step = await sent_and_stepped(router_of(answer))
    assert step.settlement.action is MessageAction.replied
    assert [message.payload for message in step.after["answers"].ready] == [b"yes"]


async def test_a_stepper_can_use_a_server_by_name():
    app = app_of(router_of(nothing))
    app.servers.register_server("second", InMemoryServer())
    async with Stepper(app, server_name="second") as stepper:
        await stepper.send("tasks")
        assert isinstance(await stepper.step(), Step)
    assert not app.servers.default.snapshot()


def test_an_unknown_server_names_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'default'\?"):
        Stepper(app_of(), server_name="defualt")


def test_an_app_without_a_server_says_how_to_register_one():
    with pytest.raises(UnknownNameError, match="register_server"):
        Stepper(Repid())


@pytest.mark.parametrize("options", [{"max_unrouted_retries": 0}, {"history_limit": 0}])
def test_a_bound_below_one_is_refused(options: dict[str, int]):
    with pytest.raises(DeclarationError, match="at least 1"):
        Stepper(app_of(), **options)


async def test_the_stepper_and_the_worker_share_one_queue():
    app = app_of(router_of(nothing))
    async with Stepper(app) as stepper:
        for _ in range(3):
            await stepper.send("tasks")
        await stepper.step()
        await app.run_worker(messages_limit=1, register_signals=[])
        assert (await stepper.step()).message.id == "m3"


async def test_steps_work_on_one_event_loop_after_another():
    def program() -> list[str]:
        stepper = Stepper(app_of(router_of(nothing)))

        async def send_and_step():
            await stepper.send("tasks")
            return (await stepper.step()).message.id

        return [asyncio.run(send_and_step()) for _ in range(2)]

    assert await asyncio.to_thread(program) == ["m1", "m2"]


async def test_a_step_names_the_middleware_around_the_actor_outermost_first():
    async def outer(call_next, message, actor):
        return await call_next(message, actor)

    async def inner(call_next, message, actor):
        return await call_next(message, actor)

    async def greet(): ...

    router = Router(middlewares=[outer])
    router.actor(channel="tasks", middlewares=[inner])(greet)
    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks", topic="greet")
        step = await stepper.step()
    assert step.middlewares == ("outer", "inner")
    assert "inside middleware outer, inner" in str(step)


async def test_a_step_says_where_a_reply_went():
    async def ask(message: Message):
        await message.reply(payload=b"yes", channel="answers")

    async with Stepper(app_of(router_of(ask))) as stepper:
        await stepper.send("tasks")
        step = await stepper.step()
    assert step.settlement.action is MessageAction.replied
    assert step.published == ("answers",)
