"""Generated stories: the way back, plain data, and the worker beside the Stepper."""

import asyncio
import json
import logging

import pytest
from stepping.bench import app_of
from support.generated import given, settings, st

from repid_nb import Message, Repid, Router, Step, Stepper

CHANNELS = ("tasks", "mails", "nobody")
TOPICS = ("good", "bad", "back", "more", "keep", "lost", None)


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def every_third(*, actor_name):
    """A strategy that depends on the message only, not on how often it is asked."""

    def answer(message):
        return len(message.payload) % 3 == 0

    return answer


def deterministic_app() -> Repid:
    """Make an app of actors that settle in every way, and always the same way for the same message."""
    router = Router()

    for channel in ("tasks", "mails"):

        @router.actor(channel=channel)
        async def good() -> str:
            return "fine"

        @router.actor(channel=channel)
        async def bad():
            print("about to fail")
            raise ValueError("no")

        @router.actor(channel=channel, confirmation_mode="manual_explicit")
        async def back(message: Message):
            return "reject" if message.payload else "ack"

        @router.actor(channel=channel)
        async def more(message: Message):
            await message.send_message(channel="mails", payload=b"", headers={"topic": "good"})

        @router.actor(channel=channel, confirmation_mode="manual")
        async def keep(): ...

        @router.actor(channel=channel, routing_strategy=every_third)
        def thirds(message: Message):
            return len(message.payload)

    return app_of(router)


sends = st.tuples(
    st.just("send"),
    st.sampled_from(CHANNELS),
    st.sampled_from(TOPICS),
    st.sampled_from([None, 0, 4, 9]),
    st.integers(0, 4),
)
steps = st.tuples(st.just("step"), st.sampled_from([None, None, None, "tasks", "mails"]))
resends = st.tuples(st.just("resend"), st.sampled_from(CHANNELS[:2]))
stories = st.lists(st.one_of(sends, steps, steps, resends), max_size=40)


async def tell(stepper: Stepper, story: list[tuple]) -> list[Step]:
    """Do what a story says and return its steps."""
    taken = []
    for what, *how in story:
        match what:
            case "send":
                channel, topic, priority, size = how
                await stepper.send(channel, b"x" * size, topic=topic, priority=priority)
            case "resend":
                stepper.resend(how[0])
            case "step":
                step = await stepper.step(*how)
                if step:
                    taken.append(step)
    return taken


@settings(max_examples=60)
@given(stories, st.data())
def test_a_rewind_leads_to_the_very_queues_of_that_step(story, data):
    async def run():
        async with Stepper(deterministic_app(), max_unrouted_retries=3) as stepper:
            await stepper.step()
            seen = [stepper.queues]
            for act in story:
                if act[0] == "step" and not stepper.history:
                    seen = [stepper.queues]
                if await tell(stepper, [act]):
                    seen.append(stepper.queues)
            to = data.draw(st.integers(0, len(seen) - 1))
            stepper.rewind(to=to)
            assert _not_empty(stepper.queues) == _not_empty(seen[to])
            assert [step.number for step in stepper.history] == list(range(1, to + 1))

    asyncio.run(run())


def _not_empty(queues):
    """A queue is there from the moment it is first named, and then stays."""
    return {name: one for name, one in queues.items() if one.waiting or one.in_work or one.dead or one.dead_dropped}


@settings(max_examples=60)
@given(stories, st.integers(0, 5))
def test_after_a_rewind_the_same_steps_come_again(story, taken_back):
    async def run():
        async with Stepper(deterministic_app(), max_unrouted_retries=3) as stepper:
            await tell(stepper, story)
            await stepper.step()
            start = max(0, len(stepper.history) - taken_back)
            stepper.rewind(to=start)
            first = await stepper.run(15)
            stepper.rewind(to=start)
            again = await stepper.run(15)
            # A message that an actor sends gets a new id each time.
            assert [_without_ids(step) for step in again] == [_without_ids(step) for step in first]

    asyncio.run(run())


def _without_ids(step: Step) -> dict:
    def strip(value):
        if isinstance(value, dict):
            return {key: strip(one) for key, one in value.items() if key not in ("id", "duration")}
        return [strip(one) for one in value] if isinstance(value, list) else value

    return strip(step.to_dict())


@settings(max_examples=60)
@given(stories)
def test_every_step_that_was_really_taken_comes_back_from_json(story):
    async def run():
        async with Stepper(deterministic_app(), max_unrouted_retries=3) as stepper:
            for step in await tell(stepper, story):
                assert Step.from_dict(json.loads(json.dumps(step.to_dict()))) == step

    asyncio.run(run())


def watched_app(ran: list[tuple]) -> Repid:
    """Make the same app for both, in which middleware notes each message and what its actor came to."""
    app = deterministic_app()

    async def note(call_next, message, actor):
        try:
            result = await call_next(message, actor)
        except Exception as error:
            result = type(error).__name__
            raise
        finally:
            ran.append((actor.name, message.channel, message.payload, message.headers, message.action, result))
        return result

    app.router.middlewares = [note]
    return app


loads = st.lists(
    st.tuples(
        st.sampled_from(CHANNELS[:2]),
        st.sampled_from([topic for topic in TOPICS if topic != "back"]),
        st.sampled_from([None, 1, 9]),
        st.integers(0, 4),
    ),
    max_size=25,
)


@settings(max_examples=40)
@given(loads)
def test_a_stepper_and_a_worker_settle_the_same_messages_the_same_way_in_the_same_order(load):
    async def send_all(app: Repid):
        # After everything else on its channel comes its end.
        for channel, topic, priority, size in [*load, *((channel, "good", 0, 0) for channel in CHANNELS[:2])]:
            await app.send_message(
                channel=channel,
                payload=b"x" * size,
                headers=None if topic is None else {"topic": topic},
                server_specific_parameters={} if priority is None else {"priority": priority},
            )

    async def run():
        stepped: list[tuple] = []
        async with Stepper(watched_app(stepped)) as stepper:
            await send_all(stepper.app)
            assert (await stepper.run(1000)).ended_by == "idle"
            left = _what_is_left(stepper.queues)

        worked: list[tuple] = []
        app = watched_app(worked)

        async with app.servers.default.connection():
            await send_all(app)
            worker = app.run_worker(messages_limit=len(stepped), tasks_limit=1, register_signals=[])
            await asyncio.wait_for(worker, 60)
        assert worked == stepped
        # What nobody settled was given back when the worker ended, and stays in work while the Stepper is open.
        assert _what_is_left(app.servers.default.snapshot()) == left

    asyncio.run(run())


def _what_is_left(queues):
    return {
        name: (
            [(one.payload, one.headers, one.priority) for one in (*queue.ready, *queue.in_work)],
            [(one.message.payload, one.message.headers, one.reason) for one in queue.dead_letters],
        )
        for name, queue in queues.items()
        if queue.waiting or queue.in_work or queue.dead
    }


@settings(max_examples=60)
@given(st.lists(sends, max_size=15), st.booleans())
def test_explaining_each_message_agrees_with_its_step(messages, explain_all):
    async def run():
        async with Stepper(deterministic_app(), explain_all=explain_all) as stepper:
            await tell(stepper, messages)
            for _ in messages:
                step = await stepper.step()
                if not step:
                    break
                why = stepper.explain(step.channel, step.message.headers, step.message.payload)
                assert (why.verdicts, why.winner) == (step.verdicts, step.winner)

    asyncio.run(run())


@settings(max_examples=30)
@given(stories)
def test_looking_changes_nothing(story):
    async def run():
        looked = []
        async with Stepper(deterministic_app(), max_unrouted_retries=3) as stepper:
            for act in story:
                looked.extend(await tell(stepper, [act]))
                stepper.explain("tasks", topic="good")
                assert repr(stepper.queues)
                assert repr(stepper.history)
        async with Stepper(deterministic_app(), max_unrouted_retries=3) as stepper:
            alone = await tell(stepper, story)
        assert [_without_ids(step) for step in looked] == [_without_ids(step) for step in alone]

    asyncio.run(run())
