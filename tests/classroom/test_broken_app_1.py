"""broken-app-1: five faults in an app that somebody left behind."""

import pytest
from classroom.marks import step_that_breaks, trouble_with
from support.exercises import cells, solution, start

from repid_nb import Idle, InMemoryServer, Message, Repid, Router, catch_all_routing_strategy
from repid_nb.classroom import check
from repid_nb.classroom.exercise import payload_of

NAME = "broken-app-1"
HIDDEN = cells(NAME)["marked-hidden"]


async def by_count(pizza: str, count: int = 1) -> str:
    if pizza not in {"margherita", "napoli", "funghi"}:
        raise LookupError(f"no {pizza} on the menu")
    return f"{count} x {pizza}"


async def by_number(pizza: str, number: int = 1) -> str:
    return await by_count(pizza, number)


async def count_needed(pizza: str, count: int) -> str:
    return await by_count(pizza, count)


async def apologising(pizza: str, count: int = 1) -> str:
    try:
        return await by_count(pizza, count)
    except LookupError as error:
        return f"sorry, {error}"


def again(channel="kitchen", **sending):
    async def complain(pizza: str, message: Message) -> None:
        headers = {"topic": "bake", **sending.get("headers", {})}
        await message.send_message_json(
            channel=channel,
            payload={"pizza": pizza},
            headers=headers,
            server_specific_parameters=sending.get("parameters"),
        )

    return complain


AT_ONCE = again(parameters={"priority": 9})


async def baking_itself(pizza: str) -> None:
    await by_count(pizza)


def pizzeria(
    *,
    bake=by_count,
    options=None,
    complain=AT_ONCE,
    leads_to="kitchen",
    listens="kitchen",
    note_down="last",
):
    """Return an answer that is right except for what is given."""

    def build():
        app = Repid()
        app.servers.register_server("default", InMemoryServer(), is_default=True)
        app.messages.register_operation(operation_id="order_pizza", channel=leads_to)
        kitchen = Router(channel=listens)
        noting = kitchen.actor(name="note_down", routing_strategy=catch_all_routing_strategy)

        async def note(message: Message) -> str:
            return "noted"

        if note_down == "first":
            noting(note)
        kitchen.actor(name="bake", **(options or {}))(bake)
        if note_down == "second":
            noting(note)
        kitchen.actor(name="complain")(complain)
        if note_down == "last":
            noting(note)
        app.include_router(kitchen)
        return app

    return build


def test_the_solution_passes():
    assert check(NAME, solution(NAME)["build"])


def test_the_solution_passes_the_hidden_checks():
    exec(HIDDEN, {"check": check, **solution(NAME)})  # noqa: S102  (this repository's own cell)


def test_the_start_shows_the_actor_that_is_shadowed():
    step = step_that_breaks(NAME, start(NAME)["build"])
    assert (step.winner, payload_of(step)) == ("note_down", {"pizza": "napoli"})


@pytest.mark.parametrize(
    ("answer", "payload"),
    [
        pytest.param(pizzeria(note_down="first"), {"pizza": "napoli"}, id="the catch-all first"),
        pytest.param(pizzeria(note_down="second"), {"pizza": "napoli"}, id="the catch-all before complain"),
        pytest.param(pizzeria(note_down="never"), {"table": 4}, id="the catch-all thrown out"),
        pytest.param(pizzeria(bake=by_number), {"pizza": "funghi", "count": 2}, id="number"),
        pytest.param(pizzeria(bake=count_needed), {"pizza": "napoli"}, id="count without a default"),
        pytest.param(pizzeria(options={"confirmation_mode": "always_ack"}), {"pizza": "hawaii"}, id="always_ack"),
        pytest.param(pizzeria(options={"confirmation_mode": "ack_first"}), {"pizza": "hawaii"}, id="ack_first"),
        pytest.param(pizzeria(options={"on_error": "reject"}), {"pizza": "hawaii"}, id="again and again"),
        pytest.param(pizzeria(bake=apologising), {"pizza": "hawaii"}, id="sorry"),
        pytest.param(pizzeria(complain=again(headers={"priority": "9"})), {"pizza": "funghi"}, id="a header"),
        pytest.param(pizzeria(complain=again(parameters={"priority": 0})), {"pizza": "funghi"}, id="priority 0"),
        pytest.param(pizzeria(complain=again(parameters={"priority": 5})), {"pizza": "margherita"}, id="priority 5"),
        pytest.param(pizzeria(complain=baking_itself), {"pizza": "funghi"}, id="complain bakes itself"),
    ],
)
def test_a_wrong_answer_is_caught_by(answer, payload):
    assert payload_of(step_that_breaks(NAME, answer)) == payload


def test_an_operation_that_leads_nowhere_is_caught_by_where_the_order_waits():
    marking = check(NAME, pizzeria(leads_to="kitchn"))
    assert isinstance(marking.finding.shown, Idle)
    assert marking.finding.shown.unheard == (("kitchn", 1),)


def test_a_kitchen_that_moves_to_the_misspelt_channel_is_caught():
    marking = check(NAME, pizzeria(leads_to="kitchn", listens="kitchn"))
    assert marking.finding.shown.unheard == (("kitchen", 1),)


def test_an_operation_that_is_thrown_out_is_named():
    def build():
        app = pizzeria()()
        other = Repid()
        other.servers.register_server("default", InMemoryServer(), is_default=True)
        other.include_router(app.router)
        return other

    assert "order_pizza" in trouble_with(NAME, build)


def test_an_app_that_is_passed_instead_of_its_function_is_named():
    assert "not a function" in trouble_with(NAME, pizzeria()())


def test_an_app_that_was_made_outside_is_refused():
    app = pizzeria()()

    assert trouble_with(NAME, lambda: app) == "Your function returned the same app as before: make the app inside it."
