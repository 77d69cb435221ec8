"""reading-1: predicting who gets which message."""

import pytest
from classroom.marks import step_that_breaks, trouble_with

from repid_nb.classroom import check

RIGHT = {
    "m1": "answer",
    "m2": None,
    "m3": "refund",
    "m4": "answer",
    "m5": "wake_somebody",
    "m6": None,
    "m7": "keep",
}


def test_the_solution_passes():
    assert check("reading-1", RIGHT)


@pytest.mark.parametrize(
    ("message", "predicted", "winner"),
    [
        pytest.param("m2", "pay_back", None, id="the name of the function"),
        pytest.param("m2", "refund", None, id="the function is there under another name"),
        pytest.param("m3", "pay_back", "refund", id="the function instead of the actor"),
        pytest.param("m4", "wake_somebody", "answer", id="the severe one first"),
        pytest.param("m5", None, "wake_somebody", id="no topic, nobody"),
        pytest.param("m6", "answer", None, id="capitals do not matter"),
        pytest.param("m7", "answer", "keep", id="the topic on any channel"),
    ],
)
def test_a_wrong_prediction_is_caught_by_its_message(message, predicted, winner):
    step = step_that_breaks("reading-1", {**RIGHT, message: predicted})
    assert (step.message.id, step.winner) == (message, winner)


def test_a_wrong_prediction_is_told_why_another_actor_gets_it():
    finding = check("reading-1", {**RIGHT, "m3": "pay_back"}).finding
    assert finding.happened == "For m3 you predicted 'pay_back', and refund got it."
    assert finding.wanted == "The name of the actor that gets m3. An actor with `name=` goes by that name."


def test_only_the_first_wrong_prediction_is_shown():
    assert step_that_breaks("reading-1", {**RIGHT, "m6": "answer", "m3": None}).message.id == "m3"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ([None] * 7, "check got a list, not a dict."),
        (None, "check got None, not a dict."),
        ({"m1": "answer"}, "There is no prediction for m2 yet"),
        ({**RIGHT, "m2": ...}, "There is no prediction for m2 yet"),
        ({**RIGHT, "m3": len}, "The prediction for m3 is a builtin_function_or_method."),
        ({**RIGHT, "m8": None}, "There is no message 'm8'"),
        ({**RIGHT, "m2": "None"}, "For m2 you wrote the text 'None'; nobody is None, without quotation marks."),
        ({**RIGHT, "m6": "nobody"}, "For m6 you wrote the text 'nobody'; nobody is None, without quotation marks."),
    ],
)
def test_what_is_no_dict_of_predictions_gets_a_sentence(answer, sentence):
    assert sentence in trouble_with("reading-1", answer)
