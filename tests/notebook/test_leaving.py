"""An actor that leaves the program leaves the kernel alone, in every way in which the package runs it."""

import pytest
from support.kernel import started_kernel

SETUP = """
import asyncio, sys
from repid_nb import InMemoryServer, Repid, Router, Stepper, TestClient, catch_all_routing_strategy

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)
router = Router(channel="tasks")
kept = "my work of this morning"
leave = lambda: None

async def leave_in_a_task():
    await asyncio.sleep(0)
    leave()

@router.actor(routing_strategy=catch_all_routing_strategy)
async def work():
    if where == "actor":
        leave()
    elif where == "task":
        tasks.append(asyncio.create_task(leave_in_a_task()))
    elif where == "callback":
        asyncio.get_running_loop().call_soon(leave)

tasks = []
app.include_router(router)

async def waited():
    for _ in range(5):
        await asyncio.sleep(0)
"""

LEAVING = {
    "sys.exit": "leave = lambda: sys.exit(1)",
    "exit": "leave = exit",
    "quit": "leave = quit",
}

RUNNING = {
    "run_worker": """
async with app.servers.default.connection():
    await app.send_message(channel="tasks", payload=b"")
    await app.run_worker(messages_limit=1)
""",
    "asyncio.run": """
async def main():
    async with app.servers.default.connection():
        await app.send_message(channel="tasks", payload=b"")
        await app.run_worker(messages_limit=1)

asyncio.run(main())
""",
    "a step": """
async with Stepper(app) as stepper:
    await stepper.send("tasks")
    await stepper.step()
""",
    "a test client": """
async with TestClient(app) as client:
    await client.send_message(channel="tasks", payload=b"")
""",
}


@pytest.fixture(scope="module")
def kernel():
    with started_kernel(forked=True) as kernel:
        cell = kernel.execute(SETUP)
        assert cell.error is None, cell.traceback
        yield kernel


@pytest.mark.parametrize("where", ["actor", "task", "callback"])
@pytest.mark.parametrize("running", RUNNING)
@pytest.mark.parametrize("leaving", LEAVING)
def test_a_kernel_goes_on_when_an_actor_leaves(kernel, leaving, running, where):
    kernel.execute(f"{LEAVING[leaving]}\nwhere = {where!r}")
    cell = kernel.execute(RUNNING[running])
    assert cell.error == ("SystemExit" if where == "actor" else None), cell.traceback
    kernel.execute("await waited()")
    assert kernel.execute("kept").result == "'my work of this morning'"
