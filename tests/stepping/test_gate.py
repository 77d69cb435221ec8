"""Holding a message between the phases of a step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from time import perf_counter
from typing import Any

import pytest

from repid_nb import InMemoryServer, Repid, Router, Step, Stepper
from repid_nb.core.errors import SteppingError

Phases = list[tuple[str, Step]]


@pytest.fixture
def router() -> Router:
    return Router(channel="tasks")


@pytest.fixture
def stepper(router: Router) -> Stepper:
    app = Repid()
    app.servers.register_server("default", InMemoryServer(), is_default=True)

    @router.actor(timeout=0.2)
    async def double(number: int) -> int:
        return 2 * number

    @router.actor
    async def fail() -> None:
        raise KeyError("x")

    app.include_router(router)
    return Stepper(app)


def watch(stepper: Stepper) -> Phases:
    seen: Phases = []

    async def gate(phase: Any, so_far: Callable[[], Step]) -> None:
        seen.append((phase, so_far()))

    stepper.gate = gate
    return seen


async def test_each_phase_is_reached_in_order_with_what_is_known_by_then(stepper: Stepper):
    seen = watch(stepper)
    await stepper.send("tasks", {"number": "3"}, topic="double")
    step = await stepper.step()
    assert [phase for phase, _ in seen] == ["pulled", "decided", "about to run", "ran", "settled"]
    assert [so_far.winner for _, so_far in seen] == [None, "double", "double", "double", "double"]
    assert [len(so_far.arguments) for _, so_far in seen] == [0, 0, 1, 1, 1]
    assert [so_far.result for _, so_far in seen] == [None, None, None, 6, 6]
    assert [len(so_far.after["tasks"].in_work) for _, so_far in seen] == [1, 1, 1, 1, 0]
    assert seen[-1][1] is step


async def test_without_a_winner_nothing_runs(stepper: Stepper):
    seen = watch(stepper)
    await stepper.send("tasks", topic="nobody")
    await stepper.step()
    assert [phase for phase, _ in seen] == ["pulled", "decided", "settled"]


async def test_what_an_actor_raised_is_known_before_the_message_is_settled(stepper: Stepper):
    seen = watch(stepper)
    await stepper.send("tasks", topic="fail")
    await stepper.step()
    phase, so_far = seen[-2]
    assert (phase, so_far.exception and so_far.exception.type) == ("ran", "KeyError")
    assert so_far.after["tasks"].waiting == so_far.after["tasks"].dead == 0


async def test_time_at_a_gate_is_no_time_of_the_actor(stepper: Stepper):
    at_gates = 0.0

    async def gate(_phase: Any, _so_far: Callable[[], Step]) -> None:
        nonlocal at_gates
        comes = perf_counter()
        await asyncio.sleep(0.15)
        at_gates += perf_counter() - comes

    stepper.gate = gate
    await stepper.send("tasks", {"number": 3}, topic="double")
    began = perf_counter()
    step = await stepper.step()
    everything = perf_counter() - began
    assert step.result == 6
    assert step.duration is not None
    # However long a busy machine takes over the rest.
    assert 0 < step.duration <= everything - at_gates


@pytest.mark.parametrize("held_at", ["pulled", "decided", "about to run", "ran"])
async def test_a_step_that_is_abandoned_gives_its_message_back(stepper: Stepper, held_at: str):
    reached = asyncio.Event()

    async def gate(phase: Any, _so_far: Callable[[], Step]) -> None:
        if phase == held_at:
            reached.set()
            await asyncio.Event().wait()

    await stepper.send("tasks", {"number": 1}, topic="double")
    await stepper.send("tasks", {"number": 2}, topic="double")
    before = stepper.queues
    stepper.gate = gate
    task = asyncio.create_task(stepper.step())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stepper.queues == before
    stepper.gate = None
    assert (await stepper.step()).message.id == "m1"


@pytest.mark.parametrize("use", [Stepper.step, Stepper.run, Stepper.close])
async def test_who_would_wait_for_a_message_that_is_held_is_told_so(
    stepper: Stepper, use: Callable[[Stepper], Coroutine[Any, Any, Any]]
):
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def gate(phase: Any, _so_far: Callable[[], Step]) -> None:
        if phase == "decided":
            reached.set()
            await go_on.wait()

    await stepper.send("tasks", {"number": 1}, topic="double")
    stepper.gate = gate
    stepping = asyncio.create_task(stepper.step())
    await reached.wait()
    with pytest.raises(SteppingError, match=r"m1 is held in the middle of its step.*Finish the step"):
        await use(stepper)
    go_on.set()
    assert (await stepping).result == 2
    assert not await stepper.step()


async def test_the_id_of_a_message_that_is_held_is_written_out(stepper: Stepper):
    seen: list[str] = []

    async def gate(_phase: Any, _so_far: Callable[[], Step]) -> None:
        with pytest.raises(SteppingError) as refused:
            await asyncio.create_task(stepper.close(), context=Context())
        seen.append(str(refused.value))
        stepper.gate = None

    async with stepper:
        await stepper.app.send_message(
            channel="tasks", payload=b"", server_specific_parameters={"message_id": "\x1b]0;x\n[a line]"}
        )
        stepper.gate = gate
        await stepper.step()
    assert seen[0].startswith(r"Message \x1b]0;x\n[a line] is held")


async def test_an_abandoned_sighting_is_not_counted(stepper: Stepper):
    async def gate(phase: Any, _so_far: Callable[[], Step]) -> None:
        if phase == "decided":
            raise asyncio.CancelledError

    await stepper.send("tasks", topic="nobody")
    stepper.gate = gate
    with pytest.raises(asyncio.CancelledError):
        await stepper.step()
    assert stepper.queues["tasks"].ready[0].sightings == 0


async def test_the_channel_of_the_next_step_is_known(stepper: Stepper, router: Router):
    @router.actor(channel="other")
    async def halve(number: int) -> float:
        return number / 2

    assert stepper.next_channel is None
    for channel in ("tasks", "tasks", "other"):
        await stepper.send(channel, {"number": 1}, topic="double" if channel == "tasks" else "halve")
    for _ in range(3):
        expected = stepper.next_channel
        assert (await stepper.step()).channel == expected
    assert stepper.next_channel is None
