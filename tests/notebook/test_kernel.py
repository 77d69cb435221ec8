"""repid_nb.notebook in a real kernel: nested runs, and the interrupt button."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.kernel import Kernel, started_kernel

SETUP = """
import asyncio
from repid_nb.notebook.interrupts import interruptible
from repid_nb.notebook.loop import prepare_event_loop, run

log = []

async def sleeper():
    try:
        print("sleeping")
        await asyncio.sleep(60)
    finally:
        log.append("given back")

async def busy():
    try:
        print("busy")
        while True:
            pass
    finally:
        await asyncio.sleep(0)
        log.append("given back")

async def busy_without_cleanup():
    try:
        print("busy")
        while True:
            pass
    finally:
        log.append("given back")

async def step(actor):
    with interruptible():
        return await actor

async def in_a_task(actor):
    return await asyncio.create_task(actor)
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel as Jupyter starts it: how it hears the button is what is tested."""
    with started_kernel() as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def _definitions(kernel: Kernel):
    assert kernel.execute(SETUP).error is None


@pytest.fixture(autouse=True)
def _kernel_still_works(kernel: Kernel):
    kernel.execute("log.clear()")
    yield
    assert kernel.execute("await asyncio.sleep(0, 'awaits')").result == "'awaits'"
    assert kernel.execute("run(asyncio.sleep(0, 'runs'))").result == "'runs'"
    assert kernel.execute("'listens'").result == "'listens'"


def test_run_returns_what_the_coroutine_returns(kernel: Kernel):
    assert kernel.execute("run(asyncio.sleep(0, 42))").result == "42"


def test_run_raises_what_the_coroutine_raises(kernel: Kernel):
    cell = kernel.execute("async def fails():\n    raise ValueError('no such channel')\nrun(fails())")
    assert (cell.error, cell.message) == ("ValueError", "no such channel")
    assert cell.stderr == ""


def test_run_works_inside_a_coroutine_that_is_itself_awaited(kernel: Kernel):
    cell = kernel.execute("async def outer():\n    return run(asyncio.sleep(0, 'inner'))\nawait outer()")
    assert cell.result == "'inner'"


def test_asyncio_run_works_in_a_cell_once_the_loop_is_prepared():
    with started_kernel() as fresh:
        main = "import asyncio\nasync def main():\n    await asyncio.sleep(0)\n    return 'done'\n"
        assert fresh.execute(main + "asyncio.run(main())").error == "RuntimeError"
        prepared = fresh.execute("from repid_nb.notebook.loop import prepare_event_loop\nprepare_event_loop()")
        assert prepared.result == "True"
        assert fresh.execute("prepare_event_loop()").result == "True"
        assert fresh.execute("asyncio.run(main())").result == "'done'"


@pytest.mark.parametrize("actor", ["sleeper()", "busy()", "in_a_task(sleeper())", "in_a_task(busy_without_cleanup())"])
@pytest.mark.parametrize("cell", ["await step({})", "run(step({}))", "asyncio.run(step({}))", "run({})"])
def test_the_interrupt_button_stops(kernel: Kernel, cell: str, actor: str):
    kernel.execute("prepare_event_loop()")
    stopped = kernel.execute(cell.format(actor), interrupt_at="sleeping" if "sleeper" in actor else "busy")
    assert stopped.error == "KeyboardInterrupt"
    assert stopped.stderr == ""
    assert kernel.execute("log").result == "['given back']"


def test_the_traceback_of_an_interrupted_loop_shows_where_it_was_stuck(kernel: Kernel):
    stopped = kernel.execute("await step(busy())", interrupt_at="busy")
    assert "while" in stopped.traceback


def test_what_the_cell_does_after_an_interrupt_it_caught_is_not_cancelled(kernel: Kernel):
    cell = """
try:
    await step({})
except KeyboardInterrupt:
    await asyncio.sleep(0.01)
    print("went on", asyncio.current_task().cancelling())
"""
    for actor, said in [("sleeper()", "sleeping"), ("busy()", "busy")]:
        went_on = kernel.execute(cell.format(actor), interrupt_at=said)
        assert went_on.error is None
        assert "went on 0" in went_on.stdout


def test_an_interrupt_at_the_very_end_of_a_step_does_not_cancel_what_comes_after_it(kernel: Kernel):
    # The signal meets a line of repid_nb's own, which is never cut, and the block ends before the loop turns again.
    cell = """
import signal
try:
    with interruptible():
        exec("signal.raise_signal(signal.SIGINT)", {"__name__": "repid_nb", "signal": signal})
except KeyboardInterrupt:
    await asyncio.sleep(0.01)
    print("went on")
"""
    assert kernel.execute(cell).stdout == "went on\n"


def test_an_actor_that_swallows_its_cancellation_does_not_keep_the_cell_going(kernel: Kernel):
    cell = """
async def stubborn():
    try:
        print("sleeping")
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        pass

await step(stubborn())
print("went on")
"""
    stopped = kernel.execute(cell, interrupt_at="sleeping")
    assert stopped.error == "KeyboardInterrupt"
    assert "went on" not in stopped.stdout


def test_every_step_that_waits_at_the_same_time_is_stopped(kernel: Kernel):
    stopped = kernel.execute("await asyncio.gather(step(sleeper()), step(asyncio.sleep(60)))", interrupt_at="sleeping")
    assert stopped.error is not None
    assert kernel.execute("log").result == "['given back']"


@pytest.mark.parametrize("actor", ["sleeper()", "busy()"])
def test_a_step_in_the_background_is_cancelled_and_the_kernel_lives(kernel: Kernel, actor: str):
    said = "sleeping" if actor == "sleeper()" else "busy"
    cell = f"background = asyncio.create_task(step({actor}))\nawait asyncio.wait([background])\nbackground.cancelled()"
    assert kernel.execute(cell, interrupt_at=said).result == "True"
    assert kernel.execute("log").result == "['given back']"
    assert kernel.is_alive


def test_the_former_handler_is_back_after_a_step_and_after_an_interrupted_one(kernel: Kernel):
    handler = "import signal\nbefore = signal.getsignal(signal.SIGINT)\n{}\nsignal.getsignal(signal.SIGINT) is before"
    assert kernel.execute(handler.format("await step(asyncio.sleep(0))")).result == "True"
    caught = "try:\n    await step(sleeper())\nexcept KeyboardInterrupt:\n    pass"
    assert kernel.execute(handler.format(caught), interrupt_at="sleeping").result == "True"


def test_the_former_handler_is_back_when_steps_end_in_another_order_than_they_began(kernel: Kernel):
    cell = """
import signal
before = signal.getsignal(signal.SIGINT)
doors = [asyncio.Event() for _ in range(3)]
steps = [asyncio.create_task(step(door.wait())) for door in doors]
await asyncio.sleep(0)
for one in (0, 2, 1):
    assert signal.getsignal(signal.SIGINT) is not before
    doors[one].set()
    await steps[one]
signal.getsignal(signal.SIGINT) is before
"""
    assert kernel.execute(cell).result == "True"


def test_stepping_in_a_thread_leaves_the_signals_alone(kernel: Kernel):
    cell = (
        "import threading\nanswers = []\nt = threading.Thread(target=lambda: answers.append(asyncio.run(step({}))))\n"
    )
    done = kernel.execute(cell.format("asyncio.sleep(0, 'in a thread')") + "t.start(); t.join(); answers")
    assert done.result == "['in a thread']"


@pytest.mark.parametrize("work", ["await asyncio.sleep(60)", "while True: pass"])
@pytest.mark.parametrize("cell", ["await {}", "run({})", "asyncio.run({})"])
def test_an_interrupted_step_leaves_the_message_where_it_was(kernel: Kernel, cell: str, work: str):
    setup = f"""
from repid_nb import InMemoryServer, Repid, Router, Stepper

router = Router()

@router.actor(channel="orders")
async def ship(number: int) -> None:
    if number == 1 and not log:
        log.append("started")
        display("started")
        {work}

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
app.include_router(router)
stepper = Stepper(app)
for number in (1, 2):
    await stepper.send("orders", {{"number": number}}, headers={{"topic": "ship"}})
"""
    assert kernel.execute(setup).error is None
    assert kernel.execute(cell.format("stepper.step()"), interrupt_at="started").error == "KeyboardInterrupt"
    assert kernel.execute("len(stepper.history)").result == "0"
    again = kernel.execute("[(step.message.id, step.settlement.action.value) for step in await stepper.run()]")
    assert again.result == "[('m1', 'acked'), ('m2', 'acked')]"
