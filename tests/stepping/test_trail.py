"""The trail of a message: its whole way, with what came of it."""

import pytest
from stepping.bench import CATCH_ALL, app_of

from repid_nb import Message, Router, Stepper, as_html, as_text
from repid_nb.core.errors import UnknownNameError


def pipeline() -> Router:
    router = Router()

    @router.actor(channel="orders", **CATCH_ALL)
    async def ship(message: Message) -> None:
        await message.send_message(channel="emails", payload=b"<b>mail</b>")
        await message.send_message(channel="nowhere", payload=b"lost")

    @router.actor(channel="emails", **CATCH_ALL)
    async def mail() -> None:
        raise ValueError("<b>no</b>")

    return router


@pytest.fixture
async def stepper():
    async with Stepper(app_of(pipeline())) as made:
        await made.send("orders")
        yield made


async def test_a_trail_goes_through_all_channels_and_children(stepper: Stepper):
    await stepper.run()
    trail = stepper.trail("m1")
    assert [(stop.step, stop.winner) for stop in trail.stops] == [(1, "ship")]
    assert trail.where == "done"
    assert [(one.message.name, one.message.channel, one.where) for one in trail.children] == [
        ("m1.1", "emails", "dead letter"),
        ("m1.2", "nowhere", "waiting"),
    ]


async def test_a_trail_can_start_anywhere_and_also_by_the_id(stepper: Stepper):
    await stepper.run()
    trail = stepper.trail("m1.1")
    assert (trail.message.parent, trail.children) == ("m1", ())
    assert stepper.trail(str(trail.message.id)) == trail


async def test_a_message_that_waits_has_a_trail_too(stepper: Stepper):
    assert (stepper.trail("m1").where, stepper.trail("m1").stops) == ("waiting", ())


async def test_what_another_worker_took_is_known_by_where_it_was_sent(stepper: Stepper):
    await stepper.step()
    async with stepper.app.servers.default.connection():
        await stepper.app.run_worker(messages_limit=1, register_signals=[])
    stepper.empty("emails")
    child = stepper.trail("m1").children[0]
    assert (child.message.channel, child.where) == ("emails", "gone")


async def test_the_steps_of_a_second_stepper_are_on_it(stepper: Stepper):
    async with Stepper(stepper.app) as other:
        await other.step()
        assert [stop.winner for stop in stepper.trail("m1").stops] == ["ship"]


async def test_a_message_that_is_not_known_names_the_nearest(stepper: Stepper):
    with pytest.raises(UnknownNameError, match="m1"):
        stepper.trail("m11")


async def test_a_trail_reads_as_text_and_as_html(stepper: Stepper):
    await stepper.run()
    text = as_text(stepper.trail("m1"))
    assert text.splitlines() == [
        "Trail of message m1 · no topic",
        "  m1  step 1 · orders: ship got it · ✓ acked",
        "    m1.1  step 2 · emails: mail got it · ✗ nacked",
        "    m1.2  nowhere: waits",
    ]
    html = as_html(stepper.trail("m1"))
    assert "m1.2" in html
    assert "<b>mail" not in html
