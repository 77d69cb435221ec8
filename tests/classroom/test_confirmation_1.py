"""confirmation-1: what becomes of a payment whose actor fails."""

import re

import pytest
from classroom.marks import payload_that_breaks, step_that_breaks, trouble_with

from repid_nb import MessageAction, Router
from repid_nb.classroom import check


def builder(**options):
    def build(charge):
        router = Router(channel="payments")
        router.actor(**options)(charge)
        return router

    return build


def again_when_the_bank_is_away(error):
    return "reject" if isinstance(error, ConnectionError) else "nack"


def test_the_solution_passes():
    assert check("confirmation-1", builder(on_error=again_when_the_bank_is_away))


def test_an_actor_that_says_itself_how_it_is_settled_passes():
    def build(charge):
        router = Router(channel="payments")

        @router.actor(name="charge", confirmation_mode="manual_explicit")
        async def charge_and_tell(card: str) -> str:
            try:
                await charge(card)
            except Exception as error:
                return again_when_the_bank_is_away(error)
            return "ack"

        return router

    assert check("confirmation-1", build)


@pytest.mark.parametrize(
    ("answer", "card"),
    [
        pytest.param(builder(), "no line", id="auto alone"),
        pytest.param(builder(confirmation_mode="always_ack"), "stolen", id="always_ack"),
        pytest.param(builder(confirmation_mode="ack_first"), "stolen", id="ack_first"),
        pytest.param(builder(confirmation_mode="manual"), "good", id="manual, and nobody settles"),
        pytest.param(builder(on_error="reject"), "stolen", id="every error again"),
        pytest.param(builder(on_error="ack"), "stolen", id="every error away"),
        pytest.param(
            builder(on_error=lambda error: "reject" if type(error) is ConnectionError else "nack"),
            "line lost",
            id="this class and none of its kind",
        ),
        pytest.param(
            builder(on_error=lambda error: "reject" if isinstance(error, OSError) else "nack"),
            "stolen",
            id="every error of the system",
        ),
        pytest.param(
            builder(on_error=lambda error: "reject" if "Connection" in type(error).__name__ else "nack"),
            "line broken",
            id="the name of the class",
        ),
        pytest.param(
            builder(
                on_error=lambda error: "reject" if type(error) in (ConnectionError, ConnectionResetError) else "nack"
            ),
            "line broken",
            id="the classes that were named",
        ),
        pytest.param(
            builder(on_error=lambda error: "reject" if "bank" in str(error) else "nack"),
            "refused",
            id="a word of the text",
        ),
        pytest.param(
            builder(on_error=lambda error: "nack" if isinstance(error, ValueError) else "reject"),
            "stolen",
            id="only the error of the example",
        ),
    ],
)
def test_a_wrong_answer_is_caught_by(answer, card):
    assert payload_that_breaks("confirmation-1", answer) == {"card": card}


def test_the_step_shows_how_the_message_was_settled_instead():
    step = step_that_breaks("confirmation-1", builder(on_error="reject"))
    assert step.settlement.action is MessageAction.rejected


@pytest.mark.parametrize("answer", ["rejected", None])
def test_a_word_that_is_none_of_the_answers_is_told_which_there_are(answer):
    def only_for_the_bank(error):
        return answer if isinstance(error, ConnectionError) else "nack"

    finding = check("confirmation-1", builder(on_error=only_for_the_bank)).finding
    assert finding.happened == (
        "charge raised ConnectionError, and the message was nacked. `on_error` has to return 'ack', 'nack' or 'reject'."
    )


def test_a_function_that_forgets_to_say_nack_is_told_so_although_the_message_is_nacked():
    def forgetful(error):
        return "reject" if isinstance(error, ConnectionError) else None

    finding = check("confirmation-1", builder(on_error=forgetful)).finding
    assert finding.happened == "It was nacked, but only because `on_error` returned none of its words."
    assert finding.shown.settlement.action is MessageAction.nacked


def test_an_async_on_error_is_told_to_be_plain():
    async def decide(error):
        return "nack"

    assert trouble_with("confirmation-1", builder(on_error=decide)) == (
        "Actor 'charge': on_error is called and not awaited, so 'decide' must be a plain function of the exception: "
        "def, without async and without `yield`."
    )


def test_a_router_that_is_used_again_is_named():
    router = Router(channel="payments")

    def build(charge):
        router.actor(on_error=again_when_the_bank_is_away)(charge)
        return router

    assert "'charge' is registered twice on channel 'payments'" in trouble_with("confirmation-1", build)


def test_a_forgotten_return_is_named():
    def build(charge):
        Router(channel="payments").actor(charge)

    assert trouble_with("confirmation-1", build) == (
        "Your function returned None, not a Router. Is its `return` missing?"
    )


@pytest.mark.parametrize(
    ("on_error", "said"),
    [
        pytest.param(lambda error: error.nothing, "AttributeError: .* object has no", id="it fails"),
        pytest.param(lambda: "nack", r"TypeError: .*takes 0 positional arguments", id="it takes no error"),
    ],
)
def test_an_on_error_that_raises_is_named_and_not_the_actor(on_error, said):
    marking = check("confirmation-1", builder(on_error=on_error))
    assert marking.finding is not None
    assert re.match(f"`on_error` itself raised {said}", marking.finding.happened)
    assert "has to return 'ack', 'nack' or 'reject'" in marking.finding.wanted
