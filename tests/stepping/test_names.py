"""One name for each message, from sending to outcome, and children for what an actor sends."""

import asyncio
import gc
import json

import pytest
from stepping.bench import CATCH_ALL, app_of, router_of

from repid_nb import InMemoryServer, Message, Repid, Router, Step, Stepper, as_html, as_text

ORDERS = {"channel": "orders", **CATCH_ALL}


def pipeline() -> Router:
    """An actor of orders that sends to emails and audit; one of emails that answers to audit."""
    router = Router()

    @router.actor(**ORDERS)
    async def ship(message: Message) -> None:
        await message.send_message_json(channel="emails", payload={"n": 1})
        await message.send_message(channel="audit", payload=b"x")

    @router.actor(channel="emails", **CATCH_ALL)
    async def mail(message: Message) -> None:
        await message.reply(payload=b"sent", channel="audit")

    @router.actor(channel="audit", **CATCH_ALL)
    async def note() -> None: ...

    return router


@pytest.fixture
async def stepper():
    async with Stepper(app_of(pipeline())) as made:
        yield made


def waiting(stepper: Stepper, channel: str) -> list[str]:
    return [message.name for message in stepper.queues[channel].ready]


async def test_what_an_actor_sends_is_a_child_of_the_message_that_it_runs_for(stepper: Stepper):
    await stepper.send("orders")
    step = await stepper.step()
    assert (step.message.name, step.message.parent) == ("m1", None)
    assert (step.published, step.children) == (("emails", "audit"), ("m1.1", "m1.2"))
    child = stepper.queues["emails"].ready[0]
    assert (child.name, child.parent) == ("m1.1", "m1")


async def test_a_reply_is_a_child_too_and_children_have_children(stepper: Stepper):
    await stepper.send("orders")
    await stepper.step()
    assert (await stepper.step("emails")).children == ("m1.1.1",)
    assert waiting(stepper, "audit") == ["m1.2", "m1.1.1"]


async def test_what_an_app_sends_has_its_name_in_the_order_of_sending_and_keeps_its_id(stepper: Stepper):
    await stepper.app.send_message(channel="audit", payload=b"", server_specific_parameters={"message_id": "mine"})
    await stepper.send("orders")
    await stepper.app.send_message(channel="orders", payload=b"")
    assert stepper.queues["audit"].ready[0].id == "mine"
    assert waiting(stepper, "audit") + waiting(stepper, "orders") == ["m1", "m2", "m3"]


async def test_what_waited_before_there_was_a_stepper_is_named_too():
    app = app_of(pipeline())
    async with app.servers.default.connection():
        for _ in range(2):
            await app.send_message(channel="orders", payload=b"")
    async with Stepper(app) as stepper:
        assert waiting(stepper, "orders") == ["m1", "m2"]


async def test_a_worker_in_the_background_names_what_its_actors_send(stepper: Stepper):
    for _ in range(2):
        await stepper.send("orders")
    async with stepper.app.servers.default.connection():
        # The third that it runs is the first that it was sent: its channels have their turns.
        await stepper.app.run_worker(messages_limit=4, tasks_limit=1, register_signals=[])
    assert waiting(stepper, "emails") + waiting(stepper, "audit") == ["m2.1", "m1.1.1", "m2.2"]


async def test_a_task_that_an_actor_starts_sends_its_children():
    router = Router()

    @router.actor(channel="tasks", **CATCH_ALL)
    async def split(message: Message) -> None:
        await asyncio.gather(*(message.send_message(channel="parts", payload=b"") for _ in range(2)))

    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks")
        assert (await stepper.step()).children == ("m1.1", "m1.2")


async def test_a_message_that_comes_again_is_called_as_before():
    router = router_of(lambda: None, routing_strategy=lambda *, actor_name: lambda _: False)
    async with Stepper(app_of(router)) as stepper:
        await stepper.app.send_message(channel="tasks", payload=b"")
        names = {step.message.name for step in await stepper.run(max_steps=5)}
    assert names == {"m1"}


async def test_two_messages_with_one_id_have_two_names(stepper: Stepper):
    for _ in range(2):
        await stepper.app.send_message(channel="audit", payload=b"", server_specific_parameters={"message_id": "a"})
    assert waiting(stepper, "audit") == ["m1", "m2"]


async def test_after_a_rewind_the_same_children_have_the_same_names(stepper: Stepper):
    await stepper.send("orders")
    first = await stepper.step()
    stepper.rewind(0)
    assert (await stepper.step()).children == first.children


async def test_what_a_cell_sends_while_an_actor_is_held_comes_from_outside(stepper: Stepper):
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hold(phase, _so_far):
        if phase == "ran":
            reached.set()
            await go_on.wait()

    stepper.gate = hold
    await stepper.send("orders")
    stepping = asyncio.create_task(stepper.step())
    await reached.wait()
    await stepper.send("audit")
    go_on.set()
    assert (await stepping).children == ("m1.1", "m1.2")
    assert waiting(stepper, "audit") == ["m1.2", "m2"]


async def test_names_come_back_from_json_and_steps_without_them_are_read(stepper: Stepper):
    await stepper.send("orders")
    step = await stepper.step()
    data = json.loads(json.dumps(step.to_dict()))
    assert Step.from_dict(data) == step
    del data["children"], data["message"]["name"], data["message"]["parent"]
    old = Step.from_dict(data)
    assert (old.children, old.message.name, old.message.id) == ((), "", "m1")


async def test_the_views_name_what_was_sent_and_where_it_came_from(stepper: Stepper):
    await stepper.send("orders")
    first = await stepper.step()
    second = await stepper.step("emails")
    assert "sent m1.1 to emails, m1.2 to audit" in as_text(first)
    assert "message m1.1 from m1" in as_text(second)
    assert "m1.1 to emails, m1.2 to audit" in as_html(first)


async def test_no_name_is_left_of_what_is_gone_and_no_one_listens_after_the_last_stepper(stepper: Stepper):
    server = stepper.server
    await stepper.send("orders")
    await stepper.run()
    assert isinstance(server, InMemoryServer)
    await stepper.close()
    assert server.queues.observers == ()


async def test_a_stepper_that_is_dropped_listens_no_more():
    app = app_of(pipeline())
    stepper = Stepper(app)
    server = app.servers.default
    assert len(server.queues.observers) == 1
    del stepper
    gc.collect()
    assert server.queues.observers == ()


async def test_two_apps_on_one_server_share_its_names():
    server, apps = InMemoryServer(), [Repid(), Repid()]
    for app in apps:
        app.servers.register_server("default", server, is_default=True)
        app.include_router(pipeline())
    async with Stepper(apps[0]) as one, Stepper(apps[1]) as other:
        await one.send("orders")
        await other.send("orders")
        assert waiting(one, "orders") == waiting(other, "orders") == ["m1", "m2"]
        assert (await other.step()).children == ("m1.1", "m1.2")
