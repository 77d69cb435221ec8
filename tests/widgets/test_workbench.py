"""The widget around the session: what it sends, how often, and what it leaves behind."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from ipywidgets.widgets.widget import _instances
from support.waiting import until

from repid_nb import InMemoryServer, Message, Repid, Router, Stepper, Workbench


@pytest.fixture
def app() -> Repid:
    made, router = Repid(), Router(channel="tasks")
    made.servers.register_server("default", InMemoryServer(), is_default=True)
    made.include_router(router)

    @router.actor
    async def greet(to: str) -> str:
        return f"greeted {to}"

    return made


@pytest.fixture(autouse=True)
def no_widget_is_left() -> Iterator[None]:
    yield
    for widget in list(_instances.values()):
        widget.close()


async def do(workbench: Workbench, kind: str, **rest: Any) -> None:
    """Bring in a message of the page, as its comm would, and wait until the page has been told the last of it."""
    content = {"data": {"method": "custom", "content": {"type": kind, **rest}}}
    workbench._handle_msg({"content": content, "buffers": []})
    await workbench._session.wait()
    await shown(workbench)


async def shown(workbench: Workbench) -> None:
    await until(lambda: not workbench._updates.is_pending)


def heard(workbench: Workbench) -> list[dict[str, Any]]:
    """Listen to what goes to the page."""
    sent: list[dict[str, Any]] = []
    workbench._send = lambda message, buffers=None: sent.append(message)
    return sent


async def test_a_step_of_the_page_is_a_step_of_the_stepper(app: Repid):
    stepper = Stepper(app)
    workbench = Workbench(stepper)
    await stepper.send("tasks", {"to": "ada"}, topic="greet")
    await do(workbench, "step")
    assert stepper.history[0].result == "greeted ada"
    assert workbench.step["winner"] == "greet"


@pytest.mark.parametrize("waiting", [10, 10_000])
async def test_a_step_sends_two_small_updates_whatever_waits(app: Repid, waiting: int):
    workbench = Workbench(app)
    stepper = workbench.stepper
    async with stepper.server.connection():
        for _ in range(waiting):
            await app.send_message_json(channel="tasks", payload={"to": "x" * 300}, headers={"topic": "greet"})
        await shown(workbench)
        sent = heard(workbench)
        await do(workbench, "step")
    phases = [one["state"]["step"]["phase"] for one in sent if "step" in one["state"]]
    assert phases == ["running", None]
    assert sum(len(json.dumps(one, ensure_ascii=False).encode()) for one in sent) < 8_000


async def test_a_step_with_a_history_children_and_a_river_stays_below_the_limit_of_the_wire():
    app, router = Repid(), Router(channel="orders")
    app.servers.register_server("default", InMemoryServer(), is_default=True)

    @router.actor
    async def ship_order(message: Message, number: int, tax: float = 0.2) -> str:
        print("shipping", number)
        for channel in ("emails", "audit"):
            await message.send_message_json(channel=channel, payload={"to": "ada"})
        return f"order {number} is on its way"

    for name in ("vip_desk", "refund", "slow_report"):
        router.actor(name=name)(lambda: None)
    app.include_router(router)
    workbench = Workbench(app)
    for number in range(60):
        await workbench.stepper.send("orders", {"number": number}, topic="ship_order")
    await workbench.stepper.run(30)
    await shown(workbench)
    sent = heard(workbench)
    await do(workbench, "step")
    assert workbench.step["sent"] == 2
    assert sum(len(json.dumps(one, ensure_ascii=False).encode()) for one in sent) < 8_000


@pytest.mark.parametrize("workers", [1, 4])
async def test_a_step_with_the_longest_texts_stays_below_the_limit_of_the_wire(workers: int):
    app = Repid()
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    for place in range(6):
        router = Router(channel=f"{place} {LONG}")
        for number in range(96):
            router.actor(name=f"{number} {LONG}", routing_strategy=wants(number))(fails)
        app.include_router(router)
    workbench = Workbench(*(Stepper(app) for _ in range(workers)))
    stepper = workbench.stepper
    headers = {f"{number} {LONG}": LONG for number in range(10)}
    for number in range(12):
        await stepper.send(f"{number % 6} {LONG}", {"text": LONG * 9}, topic="95" + LONG, headers=headers)
    await stepper.run(4)
    await do(workbench, "predict", on=True)
    sent = heard(workbench)
    for _ in range(2):
        await do(workbench, "step")
        assert sum(len(json.dumps(one, ensure_ascii=False).encode()) for one in sent) < 8_000
        sent.clear()
    # What is left out is counted, and can be asked for.
    assert workbench.pulled["more_verdicts"] + len(workbench.pulled["verdicts"]) == 96
    assert workbench.actors["more"] + len(workbench.actors["actors"]) == 96
    lanes = workbench.lanes["lanes"]
    assert len(lanes) + lanes[-1].get("more_channels", 0) == 6


LONG = "a text that is long, and längër in bytes " * 3


def wants(number: int) -> Any:
    return lambda **_: lambda message: message.headers["topic"].startswith(f"{number}a")


async def fails(message: Message, text: str) -> None:
    print(LONG)
    for _ in range(5):
        await message.send_message_json(channel=f"5 {LONG}", payload={"text": LONG}, headers={"topic": LONG})
    raise ValueError(LONG * 9)


async def test_that_an_actor_runs_is_sent_before_it_begins_even_if_it_blocks(app: Repid):
    router = Router(channel="tasks")
    seen: list[str | None] = []

    @router.actor
    async def block() -> None:
        seen.extend(one["state"]["step"]["phase"] for one in sent if "step" in one["state"])

    app.include_router(router)
    workbench = Workbench(app)
    await workbench.stepper.send("tasks", topic="block")
    await shown(workbench)
    sent = heard(workbench)
    await do(workbench, "step")
    assert seen == ["running"]


async def test_a_run_at_full_speed_sends_no_update_for_each_actor(app: Repid):
    workbench = Workbench(app)
    await do(workbench, "send", form={"channel": "tasks", "payload": '{"to": "a"}', "topic": "greet", "count": 200})
    sent = heard(workbench)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await workbench.stepper.run(200)
    await shown(workbench)
    assert len(sent) <= 2 + (loop.time() - began) / 0.05


async def test_many_steps_are_few_updates_and_the_last_is_true(app: Repid):
    workbench = Workbench(app)
    await do(workbench, "send", form={"channel": "tasks", "payload": '{"to": "a"}', "topic": "greet", "count": 500})
    sent = heard(workbench)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await do(workbench, "run", max_steps=500)
    assert len(sent) <= 2 + (loop.time() - began) / 0.05
    assert workbench.history["newest"] == 500
    assert workbench.lanes["lanes"][0]["waiting"] == 0
    assert workbench.status["busy"] is None


async def test_what_a_cell_does_shows_without_a_click(app: Repid):
    workbench = Workbench(app)
    await workbench.stepper.send("tasks", {"to": "ada"}, topic="greet")
    await shown(workbench)
    assert workbench.lanes["lanes"][0]["waiting"] == 1
    await workbench.stepper.step()
    await shown(workbench)
    assert workbench.step["number"] == 1


async def test_a_stepper_has_one_workbench(app: Repid):
    stepper = Stepper(app)
    first = Workbench(stepper)
    second = Workbench(stepper)
    assert first.comm is None
    await stepper.send("tasks", {"to": "ada"}, topic="greet")
    await do(second, "step")
    assert second.step["number"] == 1


async def test_a_second_workbench_of_an_app_goes_on_with_the_steps_of_the_first(app: Repid):
    first = Workbench(app)
    await do(first, "send", form={"channel": "tasks", "payload": '{"to": "a"}', "topic": "greet"})
    await do(first, "step")
    second = Workbench(app)
    assert second.stepper is first.stepper
    assert second.history["newest"] == 1


class Kernel:
    """A kernel as far as a workbench looks at it: which message of the front end it is at."""

    def __init__(self) -> None:
        self.parent: dict[str, Any] = {}
        self.kernel = self
        self.events = self

    def get_parent(self) -> dict[str, Any]:
        return self.parent

    def register(self, _name: str, _function: Any) -> None: ...

    def unregister(self, _name: str, _function: Any) -> None: ...

    def runs(self, number: int, cell: str | None) -> None:
        self.parent = {
            "header": {"msg_id": str(number)},
            "metadata": {} if cell is None else {"cellId": cell},
            "content": {"code": "Workbench(Stepper(app))"},
        }


@pytest.mark.parametrize(
    ("cells", "left"),
    [(["a", "a"], [2]), (["a", "b"], [1, 2]), ([None, None], [1, 2]), (["a", None], [1, 2])],
)
async def test_a_cell_that_runs_again_replaces_its_own_workbench_only(app: Repid, monkeypatch, cells, left):
    kernel = Kernel()
    monkeypatch.setattr("repid_nb.notebook.cells.in_kernel", lambda: True)
    monkeypatch.setattr("IPython.get_ipython", lambda: kernel)
    made = {}
    for number, cell in enumerate(cells, start=1):
        kernel.runs(number, cell)
        made[number] = Workbench(Stepper(app))
    assert [number for number, one in made.items() if one.comm is not None] == left


async def test_closing_leaves_no_widget_no_listener_and_no_task(app: Repid):
    before, tasks = len(_instances), len(asyncio.all_tasks())
    stepper = Stepper(app)
    for _ in range(20):
        workbench = Workbench(stepper)
    await stepper.send("tasks", {"to": "ada"}, topic="greet")
    workbench.close()
    assert len(_instances) == before
    assert len(asyncio.all_tasks()) == tasks
    assert stepper.gate is None
    gone = weakref.ref(workbench)
    del workbench
    gc.collect()
    assert gone() is None
    assert (await stepper.step()).winner == "greet"


async def test_closing_closes_a_stepper_that_was_made_for_it_and_gives_back_what_it_holds(app: Repid):
    workbench = Workbench(app)
    await workbench.stepper.send("tasks", {"to": "ada"}, topic="greet")
    workbench._session.handle({"type": "step_into"})
    await until(lambda: workbench._session.state()["status"]["held"])
    workbench.close()
    assert workbench._closing is not None
    await workbench._closing
    assert workbench.stepper.queues["tasks"].waiting == 1
    assert not workbench.stepper.server.is_connected


async def test_a_static_page_gets_plain_html(app: Repid):
    workbench = Workbench(app)
    await workbench.stepper.send("tasks", {"to": "<b>ada</b>"}, topic="greet")
    await do(workbench, "step")
    data, _ = workbench._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "&lt;b&gt;ada" in data["text/html"]
    assert "<b>ada" not in data["text/html"]
    assert "Step 1 · m1 went to greet" in data["text/plain"]
    assert workbench.snapshot()._repr_html_() == data["text/html"]


async def test_what_can_be_taken_away(app: Repid):
    workbench = Workbench(app)
    await do(workbench, "send", form={"channel": "tasks", "payload": '{"to": "a"}', "topic": "greet"})
    await do(workbench, "step")
    assert "await stepper.step('tasks')" in workbench.to_cell()
    assert json.loads(workbench.to_json_lines())["winner"] == "greet"
    assert workbench.to_mermaid().startswith("sequenceDiagram")


def test_importing_the_package_loads_no_widget():
    program = (
        "import sys, repid_nb; assert not {'anywidget', 'ipywidgets', 'IPython', 'traitlets'} & set(sys.modules); "
        "repid_nb.Workbench; assert 'anywidget' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603
