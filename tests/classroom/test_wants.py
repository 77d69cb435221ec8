"""What can be wanted of the Steps: when it holds, and what is said when it does not."""

from dataclasses import dataclass

import pytest

from repid_nb import MessageAction, Router
from repid_nb.classroom import DeadLetters, NobodyWins, PulledInOrder, Raises, Returns, Send, Settles, Wins
from repid_nb.classroom.exercise import Trial
from repid_nb.classroom.wants import WantOfMessage
from repid_nb.core.errors import DeclarationError


def toys():
    router = Router(channel="toys")

    @router.actor
    async def build(bricks: int = 3) -> int:
        return bricks

    @router.actor
    async def fall() -> None:
        raise ValueError("it fell")

    @router.actor(confirmation_mode="manual")
    async def leave() -> None: ...

    @router.actor(on_error="reject")
    async def again() -> None:
        raise ValueError("again")

    def picky(*, actor_name):
        return lambda message: message.headers["toy"] == "bear"

    @router.actor(channel="bears", routing_strategy=picky)
    async def cuddle() -> None: ...

    return router


async def played(*sends, max_steps=20):
    trial = Trial(None, (), "toys")
    trial.include(toys())
    await trial.send(*sends)
    await trial.run(max_steps)
    return trial


@pytest.mark.parametrize(
    ("want", "send"),
    [
        (Wins("build"), Send(topic="build")),
        (NobodyWins(), Send(topic="nothing")),
        (Settles("acked"), Send(topic="build")),
        (Settles("nacked"), Send(topic="fall")),
        (Settles("rejected"), Send(topic="again")),
        (Settles("rejected", step=-1), Send(topic="again")),
        (Settles(None), Send(topic="leave")),
        (Returns(3), Send(topic="build")),
        (Returns(5), Send({"bricks": 5}, topic="build")),
        (Raises("ValueError"), Send(topic="fall")),
        (PulledInOrder({"bricks": 5}), Send({"bricks": 5}, topic="build")),
        (PulledInOrder(5, field="bricks"), Send({"bricks": 5}, topic="build")),
        (PulledInOrder(b"\xff"), Send(b"\xff", topic="leave")),
        (DeadLetters(1), Send(topic="fall")),
        (DeadLetters(0), Send(topic="build")),
        (DeadLetters(0, channel="nowhere"), Send(topic="fall")),
    ],
    ids=str,
)
async def test_it_holds(want, send):
    assert want.judge(await played(send)) is None


@pytest.mark.parametrize(
    ("want", "send", "happened", "wanted"),
    [
        (Wins("fall"), Send(topic="build"), "build got it.", "fall should get it."),
        (Wins("fall"), Send(topic="nothing"), "Nobody got it.", "fall should get it."),
        (NobodyWins(), Send(topic="build"), "build got it.", "No actor should take it."),
        (
            NobodyWins(),
            Send(channel="bears"),
            "The strategy of cuddle raised TypeError, so nobody got it.",
            "No actor should take it.",
        ),
        (
            Settles("nacked"),
            Send(topic="build"),
            "build returned 3, and the message was acked.",
            "It should be nacked: a dead letter.",
        ),
        (
            Settles("acked"),
            Send(topic="fall"),
            "fall raised ValueError, and the message was nacked.",
            "It should be acked: done.",
        ),
        (
            Settles("rejected"),
            Send(topic="leave"),
            "leave returned None, and the message was not settled.",
            "It should be rejected: back on the queue.",
        ),
        (
            Settles("replied"),
            Send(topic="nothing"),
            "Nobody got it, and the message was rejected.",
            "It should be replied to.",
        ),
        (
            Settles(None),
            Send(topic="build"),
            "build returned 3, and the message was acked.",
            "It should be left unsettled.",
        ),
        (Returns(4), Send(topic="build"), "build returned 3.", "The actor should return 4."),
        (Returns(None), Send(topic="fall"), "fall raised ValueError.", "The actor should return None."),
        (Returns(None), Send(topic="nothing"), "Nobody got it.", "The actor should return None."),
        (Raises("ValueError"), Send(topic="build"), "build returned 3.", "It should end with ValueError."),
        (Raises("KeyError"), Send(topic="fall"), "fall raised ValueError.", "It should end with KeyError."),
        (Wins("build", message=2), Send(topic="build"), "It was never pulled.", "build should get it."),
        (Settles("acked", step=2), Send(topic="build"), "It was not pulled again.", "It should be acked: done."),
        (DeadLetters(0), Send(topic="fall"), "At the end one dead letter was left.", "There should be 0."),
        (DeadLetters(2), Send(topic="build"), "At the end no dead letters were left.", "There should be 2."),
    ],
)
async def test_it_does_not_hold_and_says_so(want, send, happened, wanted):
    finding = want.judge(await played(send))
    assert (finding.happened, finding.wanted) == (happened, wanted)


async def test_a_want_is_judged_by_the_message_and_the_step_that_it_names():
    trial = await played(Send(topic="build"), Send(topic="again"), max_steps=4)
    assert Wins("again", message=2).judge(trial) is None
    finding = Settles("acked", message=2, step=3).judge(trial)
    assert (finding.shown.message.id, finding.shown.number) == ("m2", 4)
    assert Settles("acked", message=2, step=-1).judge(trial).shown.number == 4
    assert Settles("acked", message=2, step=4).judge(trial).happened == "It was not pulled again."


async def test_the_order_of_pulling_is_told_by_the_first_that_differs():
    trial = await played(*(Send({"bricks": bricks}, topic="build") for bricks in (1, 2, 3)))
    assert PulledInOrder(1, 2, 3, field="bricks").judge(trial) is None
    finding = PulledInOrder(1, 3, 2, field="bricks").judge(trial)
    assert (finding.happened, finding.wanted) == (
        "Pull 2 brought 2. Both have the usual priority, 4, so the one that was sent first is pulled first.",
        "3 was due then.",
    )
    assert finding.shown.message.id == "m2"
    assert [message.id for message in finding.before.ready] == ["m2", "m3"]


async def test_the_order_of_pulling_holds_for_each_message_once():
    trial = await played(*(Send({"bricks": bricks}, topic="build") for bricks in (1, 2)))
    more = PulledInOrder(1, field="bricks").judge(trial)
    assert more.happened == "Pull 2 brought 2."
    assert more.wanted == "One message should be sent to where an actor listens, and pulled once."
    fewer = PulledInOrder(1, 2, 3, field="bricks").judge(trial)
    assert fewer.happened == "After 2 nothing was left to pull."
    assert fewer.wanted == "3 messages should be sent to where an actor listens, and pulled once."
    assert PulledInOrder(1).judge(await played()).happened == "There was nothing to pull."


async def test_the_order_of_pulling_holds_only_for_messages_that_an_actor_gets():
    finding = PulledInOrder(1, field="bricks").judge(await played(Send({"bricks": 1}, topic="nothing")))
    assert (finding.happened, finding.wanted) == ("Nobody got it.", "An actor should get it.")


async def test_dead_letters_are_shown_with_their_queue():
    trial = await played(Send(topic="fall"), Send(topic="fall"))
    finding = DeadLetters(1).judge(trial)
    assert finding.happened == "At the end 2 dead letters were left."
    assert finding.shown.dead == 2


async def test_an_exercise_can_have_a_want_of_its_own():
    @dataclass(frozen=True)
    class TakesBricks(WantOfMessage):
        number: int

        @property
        def wanted(self):
            return f"It should take {self.number} bricks."

        def differs(self, step):
            return None if step.result == self.number else f"It took {step.result}."

    trial = await played(Send(topic="build"))
    assert TakesBricks(3).judge(trial) is None
    assert TakesBricks(2).judge(trial).happened == "It took 3."


def test_a_want_names_a_settlement_that_there_is():
    assert {one.value for one in MessageAction} == {"acked", "nacked", "rejected", "replied"}
    with pytest.raises(ValueError, match="shipped"):
        _ = Settles("shipped").wanted


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Wins(print), "Wins takes an actor's name, as in .*, not a "),
        (lambda: Settles("ack"), "Settles takes one of 'acked', .* or None, not the text 'ack'"),
        (lambda: Raises(ValueError), "Raises takes the name of a class, .* not the class ValueError"),
        (lambda: DeadLetters("one"), "DeadLetters takes how many are left, a number, not the text 'one'"),
    ],
)
def test_a_requirement_that_nothing_can_meet_is_refused_where_it_is_written(make, said):
    with pytest.raises(DeclarationError, match=said):
        make()
