"""limits-1: protecting a database without stalling the rest."""

import pytest
from support.exercises import solution, start

from repid_nb import ActorLimits, BackpressurePolicy, Channel, MessageLimits, Router
from repid_nb.classroom import check

NAME = "limits-1"
ONE_TOO_MANY = "While the database was serving 3 orders and reports, another one came."
BUFFER = MessageLimits(backpressure=BackpressurePolicy(strategies=()))


def router_with(channels="orders reports mails", *, room=3, shared=True, mail_room=None, **of_router):
    """Make an answer with these channels for the three actors, and limits for the first two."""

    def make_router(save_order, make_report, send_mail):
        router = Router(**of_router)
        limits = ActorLimits(max_messages=room) if room else None
        for number, fn in enumerate((save_order, make_report)):
            own = limits if shared or number == 0 or not room else ActorLimits(max_messages=room)
            router.actor(channel=named[number], limits=own)(fn)
        router.actor(channel=named[2], limits=ActorLimits(max_messages=mail_room) if mail_room else None)(send_mail)
        return router

    named = channels.split() if isinstance(channels, str) else channels
    return make_router


def test_the_solution_passes():
    assert check(NAME, solution(NAME)["make_router"])


@pytest.mark.parametrize("channels", ["orders reports mails", "database database mails"])
def test_other_right_answers_pass(channels):
    assert check(NAME, router_with(channels))


def test_limits_of_an_inner_router_pass():
    def make_router(save_order, make_report, send_mail):
        outer, database = Router(channel="mails"), Router(channel="database", limits=ActorLimits(max_messages=3))
        database.actor(save_order)
        database.actor(make_report)
        outer.actor(send_mail)
        outer.include_router(database)
        return outer

    assert check(NAME, make_router)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(router_with(room=None), ONE_TOO_MANY, id="no limit"),
        pytest.param(router_with(shared=False), ONE_TOO_MANY, id="two limits"),
        pytest.param(router_with(room=4), ONE_TOO_MANY, id="four"),
        pytest.param(router_with(room=1), "The last of 2 orders and reports was done after 2 s.", id="one at a time"),
        pytest.param(
            router_with("shop shop shop"), "The mail m31 was sent 9.1 s after it came.", id="one channel for all"
        ),
        pytest.param(
            router_with(room=None, limits=ActorLimits(max_messages=3)),
            "A mail has nothing to do with the database",
            id="one limit for all three",
        ),
        pytest.param(router_with(mail_room=1), "The mail m15 was sent 1.5 s after it came.", id="mails one at a time"),
        pytest.param(
            router_with([Channel(address="shop", limits=BUFFER), "shop", "shop"]),
            "The worker held 31 messages at once",
            id="everything in hand",
        ),
    ],
)
def test_a_wrong_answer_is_caught_with_words_of_its_own(answer, said):
    marking = check(NAME, answer)
    assert not marking
    assert said in str(marking)


def test_the_start_is_not_the_solution():
    assert not check(NAME, start(NAME)["make_router"])


def test_a_missing_actor_is_named():
    def make_router(save_order, make_report, send_mail):
        router = Router()
        router.actor(name="save_orders")(save_order)
        return router

    assert "There is no actor 'save_order'. Did you mean 'save_orders'?" in str(check(NAME, make_router))
