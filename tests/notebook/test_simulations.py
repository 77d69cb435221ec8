"""Simulations in a real kernel: in a cell, inside its running loop, with its interrupt button."""

from __future__ import annotations

from support.kernel import Kernel

SETUP = """
import asyncio
from repid_nb import InMemoryServer, Repid, Router, Simulation, every, exponential, poisson

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
router = Router(channel="orders")
app.include_router(router)


@router.actor
async def pack(order: int) -> None: ...


def simulation_of(arrivals):
    made = Simulation(app, seed=1)
    made.produce("orders", lambda n: {"order": n}, topic="pack", arrivals=arrivals)
    made.takes("pack", exponential(mean=1))
    return made
"""


def test_a_run_in_a_cell_is_the_run_of_a_script_and_the_kernels_loop_goes_on(kernel: Kernel):
    kernel.execute(SETUP)
    cell = kernel.execute("""
before = asyncio.get_running_loop()
run = simulation_of(poisson(per_second=1, count=50)).run(until="idle")
await asyncio.sleep(0.01)
print(asyncio.get_running_loop() is before, run.total.done, run.seconds == asyncio.run(asyncio.to_thread(
    lambda: simulation_of(poisson(per_second=1, count=50)).run(until="idle"))).seconds)
""")
    assert cell.stdout.strip() == "True 50 True", cell


def test_the_interrupt_button_leaves_the_run_up_to_there_and_a_bar_shows_how_far_it_is(kernel: Kernel):
    kernel.execute(SETUP)
    cell = kernel.execute(
        "run = simulation_of(every(0.01)).run(seconds=1e9)\nprint(run.ended_by, run.seconds > 0)",
        interrupt_at="simulated",
    )
    assert cell.stdout.strip() == "interrupted True", cell
    assert kernel.execute("print(1)").stdout == "1\n"
