"""The river: the ways of many messages, as the page is told of them."""

from __future__ import annotations

import json

from stepping.bench import CATCH_ALL, app_of, router_of

from repid_nb import Message, MessageAction, Router, Stepper
from repid_nb.display.river import Passage, River, Visit, river_of_steps
from repid_nb.widgets.river import river_fields, window_of
from repid_nb.widgets.room import ROOMY


async def pipeline() -> Stepper:
    """Step m1, which sends m1.1, and m2, which nobody wants; m3 still waits."""
    router = Router()

    @router.actor(channel="orders")
    async def ship(message: Message) -> None:
        await message.send_message(channel="emails", payload=b"sent")

    @router.actor(channel="emails", **CATCH_ALL)
    async def mail() -> None: ...

    stepper = Stepper(app_of(router))
    for topic in ("ship", "nobody", "ship"):
        await stepper.send("orders", b"", topic=topic)
    await stepper.run(3)
    return stepper


async def test_each_message_has_its_visits_and_its_channels_their_lanes():
    stepper = await pipeline()
    river = river_of_steps(stepper.history.steps)
    assert (river.channels, river.workers, river.begin, river.end) == (("orders", "emails"), ("worker",), 0, 3)
    ways = {one.name: [(visit.since, visit.taken, visit.action) for visit in one.visits] for one in river.passages}
    assert ways == {
        "m1": [(0, 0, MessageAction.acked)],
        "m2": [(0, 2, MessageAction.rejected), (3, None, None)],
        "m3": [(0, None, None)],
        "m1.1": [(1, 1, MessageAction.acked)],
    }
    assert {one.name: one.parent for one in river.passages} == {"m1": "", "m2": "", "m3": "", "m1.1": "m1"}


async def test_what_was_sent_since_the_last_step_waits_at_its_end():
    stepper = await pipeline()
    await stepper.send("emails", b"late")
    fields = window_of(stepper.history.steps, 3, stepper.snapshot(), ROOMY.river)
    assert ["m4", 1, 3, None] in fields["visits"]


async def test_a_visit_of_a_step_is_five_short_values():
    stepper = await pipeline()
    fields = window_of(stepper.history.steps, 3, stepper.snapshot(), ROOMY.river)
    assert ["m1", 0, 0, 0, "a"] in fields["visits"]
    assert ["m2", 0, 0, 2, "r"] in fields["visits"]
    assert fields["unit"] == "step"


async def test_a_long_history_is_sent_as_its_newest_part():
    async with Stepper(app_of(router_of(lambda: None))) as stepper:
        for _ in range(80):
            await stepper.send("tasks", b"")
        await stepper.run(80)
        steps, queues = stepper.history.steps, stepper.snapshot()
    for at in (0, 1, 40, 80):
        fields = window_of(steps, at, queues, ROOMY.river)
        assert len(json.dumps(fields["visits"])) < 2 * ROOMY.river
        assert fields["begin"] <= at <= fields["end"]
    assert fields["visits"][-1][0] == "m80"


def test_without_steps_there_is_no_river():
    stepper = Stepper(app_of(Router()))
    assert window_of((), 0, stepper.snapshot(), ROOMY.river) == {}


def test_a_simulated_visit_says_when_it_ended_and_at_which_worker():
    visit = Visit(channel="orders", since=0.5, taken=1.5, worker="b", done=2.0, action=None, given_back=True)
    river = River(
        channels=("orders",),
        workers=("a", "b"),
        passages=(Passage(name="m1", visits=(visit,)),),
        begin=0.0,
        end=9.0,
        unit="second",
    )
    assert river_fields(river)["visits"] == [["m1", 0, 0.5, 1.5, "g", 2.0, 1]]
