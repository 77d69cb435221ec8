"""Several workers on one stage, and workers that are not on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from support.waiting import until
from widgets.page import Page, new_app

from repid_nb import ActorLimits, InMemoryServer, Repid, Router, Stepper, Workbench
from repid_nb.core.errors import DeclarationError


def app_with(server: InMemoryServer, *topics: str) -> Repid:
    app, router = Repid(), Router(channel="tasks")
    app.servers.register_server("default", server, is_default=True)
    for topic in topics:

        async def work() -> None: ...

        router.actor(name=topic)(work)
    app.include_router(router)
    return app


@pytest.fixture
async def two() -> AsyncIterator[Page]:
    """Two workers of two apps on one server: one takes a and c, the other b and c."""
    server = InMemoryServer()
    steppers = [Stepper(app_with(server, *topics), max_unrouted_retries=3) for topics in ("ac", "bc")]
    page = Page(*steppers)
    yield page
    if tasks := page.session.close():
        await asyncio.wait(tasks)
    for stepper in steppers:
        await stepper.close()


def workers(page: Page) -> list[tuple[str, str | None, bool]]:
    shown = page.state["workers"]["workers"]
    return [(one["name"], one.get("message", {}).get("name"), one.get("chosen", False)) for one in shown]


async def test_each_worker_has_its_place_and_one_is_chosen(two: Page):
    assert workers(two) == [("worker A", None, True), ("worker B", None, False)]
    await two.do("choose", worker="1")
    assert workers(two) == [("worker A", None, False), ("worker B", None, True)]
    assert [one["actor"] for one in two.state["actors"]["actors"]] == ["b", "c"]


async def test_while_one_worker_holds_a_message_the_other_takes_the_next(two: Page):
    await two.send(topic="c", count="2")
    await two.do("step_into")
    # Of the worker that is shown, the step is shown.
    assert workers(two)[0] == ("worker A", None, True)
    await two.do("choose", worker="1")
    await two.do("step")
    state = two.state
    assert (state["step"]["number"], state["step"]["message"]["name"]) == (1, "m2")
    assert workers(two)[0][1] == "m1"
    await two.do("choose", worker="0")
    assert (two.state["step"]["phase"], two.state["status"]["held"]) == ("pulled", True)
    await two.do("finish")
    assert two.state["history"]["marks"]["names"] == ["m2", "m1"]


async def test_there_is_one_history_that_says_whose_each_step_is(two: Page):
    await two.send(topic="c", count="4")
    await two.do("run")
    steps = two.session.view.steps
    assert [(step.number, step.worker, step.message.name) for step in steps] == [
        (1, "worker A", "m1"),
        (2, "worker B", "m2"),
        (3, "worker A", "m3"),
        (4, "worker B", "m4"),
    ]
    assert two.status["notice"] == "Ran 4 steps, until nothing was left to pull."


async def test_the_way_back_goes_through_the_steps_of_both(two: Page):
    await two.send(topic="c", count="4")
    await two.do("run")
    await two.do("go_on", to=1)
    assert [step.number for step in two.session.view.steps] == [1]
    assert two.waiting == ["m2", "m3", "m4"]
    await two.do("undo")
    assert [step.message.name for step in two.session.view.steps] == ["m1", "m2", "m3", "m4"]
    await two.do("go_on", to=0)
    assert (two.waiting, len(two.session.view.steps)) == (["m1", "m2", "m3", "m4"], 0)


async def test_the_exported_cell_says_which_steps_it_leaves_out(two: Page):
    await two.send(topic="c", count="2")
    await two.do("run")
    cell = two.session.texts.export("cell")
    assert "await stepper.step('tasks')\n# Left out: a step of worker B" in cell


async def test_two_workers_poison_the_messages_of_each_other(two: Page):
    await two.send(topic="a")
    for _ in range(3):
        await two.do("choose", worker="1")
        await two.do("step")
    assert two.state["tray"]["letters"][0]["name"] == "m1"


async def test_one_worker_crashes_and_the_other_goes_on(two: Page):
    await two.send(topic="c", count="2")
    await two.do("step_into")
    state = await two.do("crash")
    assert "m1 is" not in state["status"]["error"]
    assert two.waiting == ["m1", "m2"]
    await two.do("choose", worker="1")
    await two.do("step")
    assert two.session.view.steps[0].message.name == "m1"


async def test_a_reset_waits_until_no_worker_is_in_a_step(two: Page):
    await two.send(topic="c", count="2")
    await two.do("step_into")
    await two.do("choose", worker="1")
    two.session.handle({"type": "reset"})
    assert "One thing at a time" in two.status["error"]


async def test_workers_have_the_names_of_their_steppers():
    server = InMemoryServer()
    async with Stepper(app_with(server, "a"), name="Ada") as one, Stepper(app_with(server, "a"), name="Bob") as other:
        page = Page(one, other)
        await page.send(topic="a")
        await page.do("step")
        assert [name for name, _, _ in workers(page)] == ["Ada", "Bob"]
        assert one.history[0].worker == "Ada"
        page.session.close()


async def test_a_message_that_another_worker_holds_is_shown_with_it(two: Page):
    await two.send(topic="c")
    server = two.stepper.server
    puller = server.puller(["tasks"])
    message = puller.pull_nowait()
    assert workers(two)[2] == ("another worker", "m1", False)
    await message.ack()
    assert len(workers(two)) == 2


# What other workers do, on the widget itself.


@pytest.fixture
async def open_workbench() -> AsyncIterator[Callable[..., Workbench]]:
    opened: list[Workbench] = []

    def open_one(*args: Any, **options: Any) -> Workbench:
        opened.append(Workbench(*args, **options))
        return opened[-1]

    yield open_one
    for workbench in opened:
        workbench.close()
        if workbench._closing is not None:
            await workbench._closing


async def shown(*workbenches: Workbench) -> None:
    await until(lambda: not any(one._updates.is_pending for one in workbenches))


async def test_a_second_page_on_the_same_server_sees_every_step_of_the_first(open_workbench):
    server = InMemoryServer()
    first, second = (open_workbench(app_with(server, "a")) for _ in range(2))
    await first.stepper.send("tasks", topic="a")
    await shown(first, second)
    assert second.lanes["lanes"][0]["waiting"] == 1
    await second.stepper.step()
    await shown(first, second)
    assert first.lanes["lanes"][0]["waiting"] == 0


async def test_a_worker_in_the_background_is_seen_in_few_updates_and_the_last_is_true(open_workbench):
    app = app_with(InMemoryServer(), "a")
    workbench = open_workbench(app)
    for _ in range(500):
        await workbench.stepper.send("tasks", topic="a")
    await shown(workbench)
    sent: list[Any] = []
    workbench._send = lambda message, buffers=None: sent.append(message)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.create_task(app.run_worker(messages_limit=500, register_signals=[]))
    await shown(workbench)
    assert workbench.lanes["lanes"][0]["waiting"] == 0
    assert 0 < len(sent) <= 2 + (loop.time() - began) / 0.05


async def test_what_a_worker_in_another_thread_does_is_seen_on_the_loop_of_the_cells(open_workbench):
    server = InMemoryServer()
    workbench = open_workbench(app_with(server, "a"))
    await workbench.stepper.send("tasks", topic="a")
    await shown(workbench)
    threads: set[str] = set()
    update = workbench._updates._update
    workbench._updates._update = lambda: (threads.add(threading.current_thread().name), update())

    def work() -> None:
        app = app_with(server, "a")
        asyncio.run(app.run_worker(messages_limit=1, register_signals=[]))

    await asyncio.to_thread(work)
    await until(lambda: workbench.lanes["lanes"][0]["waiting"] == 0)
    assert threads == {threading.current_thread().name}


async def test_a_rewind_of_another_page_is_seen(open_workbench):
    server = InMemoryServer()
    first, second = (open_workbench(app_with(server, "a")) for _ in range(2))
    await first.stepper.send("tasks", topic="a")
    await first.stepper.step()
    first.stepper.rewind(0)
    await shown(first, second)
    assert second.lanes["lanes"][0]["waiting"] == 1


# What a workbench takes.


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([Router()], r"not a Router.*app.include_router\(router\), then Workbench\(app\)"),
        ([None], r"not None.*Workbench\(app\)"),
        ([Repid(), Repid()], "not"),
    ],
)
def test_what_is_no_app_and_no_stepper_is_refused_with_the_way_to_one(given, said):
    with pytest.raises(DeclarationError, match=said):
        Workbench(*given)


async def test_workers_on_different_servers_share_no_stage():
    steppers = [Stepper(app_with(InMemoryServer(), "a")) for _ in range(2)]
    with pytest.raises(DeclarationError, match="on one server"):
        Workbench(*steppers)
    with pytest.raises(DeclarationError, match="given twice"):
        Workbench(steppers[0], steppers[0])


async def test_several_workers_come_as_steppers(open_workbench):
    server = InMemoryServer()
    steppers = [Stepper(app_with(server, "a")) for _ in range(2)]
    workbench = open_workbench(*steppers, messages=[{"topic": "a"}])
    assert len(workbench.workers["workers"]) == 2
    assert workbench.choices["prepared"][0][0] == "a"


async def test_a_second_workbench_of_a_stepper_keeps_what_the_page_kept(open_workbench):
    stepper = Stepper(app_with(InMemoryServer(), "a"))
    first = open_workbench(stepper, projector=True)
    first.kept = {"form": {"topic": "a"}, "pace": "1.5"}
    first._session.handle({"type": "predict", "on": True})
    first._session.handle({"type": "break_at", "nobody": True})
    first.note("look", step=0)
    second = open_workbench(stepper)
    assert second._notes == {0: "look"}
    assert (second.projector, second.kept) == (True, {"form": {"topic": "a"}, "pace": "1.5"})
    assert (second.prediction["on"], second.desk["breaks"]["nobody"]) == (True, True)
    third = open_workbench(stepper, projector=False)
    assert third.projector is False


async def test_a_lane_says_for_which_limit_its_messages_wait_at_a_worker_that_runs():
    app, router = new_app()
    ended = asyncio.Event()

    @router.actor(limits=ActorLimits(max_messages=1))
    async def one_at_a_time() -> None:
        await ended.wait()

    page = Page(Stepper(app))
    for _ in range(3):
        await page.send("", "one_at_a_time")
    working = asyncio.create_task(app.run_worker(messages_limit=3, register_signals=[]))
    await until(lambda: bool(page.stepper.waits))
    state = await page.send("", "one_at_a_time")
    said = "what is on tasks waits: limit 1 of one_at_a_time is full; m1 holds it"
    assert [lane["waits"] for lane in state["lanes"]["lanes"]] == [[said]]
    ended.set()
    await working
    assert "waits" not in (await page.send("", "one_at_a_time"))["lanes"]["lanes"][0]
    page.session.close()
    await page.stepper.close()
