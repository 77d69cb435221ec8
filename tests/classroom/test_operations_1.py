"""operations-1: sending by operation id, and moving the queue."""

import pytest
from classroom.marks import step_that_breaks, trouble_with
from support.exercises import solution, start

from repid_nb.classroom import check
from repid_nb.classroom.exercise import payload_of

NAME = "operations-1"
OPERATION = {"operation_id": "send_receipt"}


def register(app, queue):
    app.messages.register_operation(operation_id="send_receipt", channel=queue)


def register_once(app, queue):
    if app.messages.get_operation("send_receipt") is None:
        register(app, queue)


def register_on_mails(app, queue):
    register(app, "mails")


def sender(topic="mail_receipt", *, before=None, **destination):
    async def send_receipt(app, to, total):
        if before is not None:
            before(app)
        headers = {"topic": topic} if topic else None
        await app.send_message_json(payload={"to": to, "total": total}, headers=headers, **destination)

    return send_receipt


def in_a_variable():
    known = {}

    def remember(app, queue):
        register(app, queue)
        known["queue"] = queue

    async def send_receipt(app, to, total):
        await sender(channel=known["queue"])(app, to, total)

    return remember, send_receipt


def registered_under(operation_id):
    def register_it(app, queue):
        app.messages.register_operation(operation_id=operation_id, channel=queue)

    return register_it, sender(operation_id=operation_id)


def sender_twice():
    async def send_receipt(app, to, total):
        await sender(**OPERATION)(app, to, total)
        await sender(**OPERATION)(app, to, total)

    return send_receipt


def sender_of_a_total(total):
    async def send_receipt(app, to, _total):
        await sender(**OPERATION)(app, to, total)

    return send_receipt


def broken_by(answer):
    """Return the receipt that breaks an answer, and the channel that it came from."""
    step = step_that_breaks(NAME, answer)
    return payload_of(step)["to"], step.channel


def test_the_solution_passes():
    names = solution(NAME)
    assert check(NAME, (names["register"], names["send_receipt"]))


def test_a_receipt_on_the_wrong_queue_of_the_untouched_start_is_shown():
    names = start(NAME)
    assert broken_by((names["register"], names["send_receipt"])) == ("ada", "mails")


@pytest.mark.parametrize(
    ("answer", "receipt"),
    [
        pytest.param((register, sender(channel="mails")), ("ada", "mails"), id="the channel is still in the sender"),
        pytest.param((register_on_mails, sender(**OPERATION)), ("ada", "mails"), id="the queue in the registration"),
        pytest.param((register, sender(None, **OPERATION)), ("ada", "mails"), id="the operation instead of the topic"),
        pytest.param((register, sender("send_receipt", **OPERATION)), ("ada", "mails"), id="the operation as topic"),
        pytest.param((register_once, sender(**OPERATION)), ("bob", "mails"), id="registered only once"),
        pytest.param(
            (register, sender(before=lambda app: register(app, "mails"), **OPERATION)),
            ("ada", "mails"),
            id="registered anew by each sender",
        ),
        pytest.param(in_a_variable(), ("ada", "mails"), id="the queue in a variable"),
        pytest.param((register, sender_twice()), ("ada", "mails"), id="sent twice"),
        pytest.param((register, sender_of_a_total(30)), ("bob", "night"), id="always the same total"),
        pytest.param((register, sender_of_a_total(0)), ("ada", "mails"), id="no total"),
    ],
)
def test_a_wrong_answer_is_caught_by(answer, receipt):
    assert broken_by(answer) == receipt


def test_a_queue_in_a_variable_is_caught_where_somebody_else_moved_it():
    assert "Another program had moved the operation" in check(NAME, in_a_variable()).finding.wanted


def test_a_queue_that_only_the_answer_knows_is_told_by_another_program():
    known = {}

    def remember(app, queue):
        known["queue"] = queue

    async def send_receipt(app, to, total):
        await sender(channel=known["queue"])(app, to, total)

    sentence = trouble_with(NAME, (remember, send_receipt))
    assert sentence.startswith('After `register(app, "mails")` another program sent a receipt')


def test_an_operation_that_is_registered_with_one_app_alone_is_told_what_had_been_called():
    known = []

    def register_with_the_first(app, queue):
        known.append(app)
        register(known[0], queue)

    marking = check(NAME, (register_with_the_first, sender(**OPERATION)))
    assert 'Before that, the check had called `register(app, "night")` with this app.' in str(marking)


def test_a_receipt_that_is_sent_twice_is_counted():
    finding = check(NAME, (register, sender_twice())).finding
    assert (finding.happened, finding.wanted) == ("2 receipts for ada were sent.", "It should be sent once.")


def test_another_total_is_named():
    finding = check(NAME, (register, sender_of_a_total(30))).finding
    assert finding.happened == "It says another total."
    assert finding.wanted.startswith("bob paid 12, and the receipt should say so.")


def test_an_operation_id_in_the_place_of_a_channel_shows_where_the_receipt_waits():
    marking = check(NAME, (register, sender(channel="send_receipt")))
    assert marking.finding.shown.unheard == (("send_receipt", 1),)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        pytest.param(
            (register, sender(channel="mails", **OPERATION)),
            "Specify either 'channel' or 'operation_id', not both.",
            id="both",
        ),
        pytest.param((register, sender()), "Either 'channel' or 'operation_id' must be specified.", id="neither"),
        pytest.param(
            (register, sender(operation_id="send_reciept")), "Did you mean 'send_receipt'?", id="a misspelt operation"
        ),
        pytest.param(registered_under("mail_receipt"), "Operation 'send_receipt' not found.", id="a name of one's own"),
        pytest.param(register, "(register, send_receipt)", id="one of the two"),
        pytest.param((sender(**OPERATION), register), "cannot be called as `register(app, queue)`", id="the other way"),
        pytest.param((register, register), "`send_receipt(app, to, total)`", id="one of them twice"),
    ],
)
def test_what_cannot_be_tried_gets_a_sentence(answer, sentence):
    assert sentence in trouble_with(NAME, answer)
