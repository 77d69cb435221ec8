"""priority-1: sending mails so that urgent ones overtake."""

import pytest
from classroom.marks import payload_that_breaks, trouble_with

from repid_nb.classroom import check

PRIORITY = {"password reset": 9, "newsletter": 0}


def sender(priorities, *, header=False, in_order=list, default=4):
    async def send_mails(app, mails):
        for mail in in_order(mails):
            priority = priorities.get(mail["kind"], default)
            await app.send_message_json(
                channel="mails",
                payload=mail,
                headers={"topic": "send_mail", **({"priority": str(priority)} if header else {})},
                server_specific_parameters=None if header else {"priority": priority},
            )

    return send_mails


def urgent_first(mails):
    return sorted(mails, key=lambda mail: -PRIORITY.get(mail["kind"], 4))


def test_the_solution_passes():
    assert check("priority-1", sender(PRIORITY))


def test_any_three_numbers_in_the_right_order_pass():
    assert check("priority-1", sender({"password reset": 6, "newsletter": 1}, default=5))


@pytest.mark.parametrize(
    ("answer", "mail"),
    [
        pytest.param(sender({}), {"kind": "newsletter", "to": "ada"}, id="no priority"),
        pytest.param(
            sender({"password reset": 0, "newsletter": 9}),
            {"kind": "newsletter", "to": "ada"},
            id="0 is the most urgent",
        ),
        pytest.param(sender(PRIORITY, header=True), {"kind": "newsletter", "to": "ada"}, id="a header"),
        pytest.param(
            sender({}, in_order=urgent_first),
            {"kind": "newsletter", "to": "ada"},
            id="sorted and sent without priority",
        ),
        pytest.param(
            sender(PRIORITY, in_order=reversed),
            {"kind": "password reset", "to": "bob"},
            id="the last of a kind first",
        ),
        pytest.param(
            sender({"password reset": 9, "invoice": 4}, default=0),
            {"kind": "newsletter", "to": "ada"},
            id="whatever is unknown waits longest",
        ),
        pytest.param(
            sender({"invoice": 5, "newsletter": 0}, default=9),
            {"kind": "birthday card", "to": "bob"},
            id="whatever is unknown is urgent",
        ),
        pytest.param(sender({"newsletter": 0}), {"kind": "invoice", "to": "ada"}, id="only newsletters later"),
        pytest.param(sender({"password reset": 9}), {"kind": "newsletter", "to": "ada"}, id="only passwords first"),
    ],
)
def test_a_wrong_answer_is_caught_by(answer, mail):
    assert payload_that_breaks("priority-1", answer) == mail


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            sender(PRIORITY, header=True),
            "A header `priority` travels with the message, and the server does not read it.",
        ),
        (
            sender({"password reset": 0, "newsletter": 9}),
            "It has priority 9 and the other one 4: the higher number is pulled first.",
        ),
        (sender({}), "Both have the usual priority, 4, so the one that was sent first is pulled first."),
        (sender({}, default=7), "Both have priority 7, so the one that was sent first is pulled first."),
    ],
)
def test_different_mistakes_get_different_words_and_show_the_queue_before_the_pull(answer, said):
    marking = check("priority-1", answer)
    assert marking.finding.happened.endswith(said)
    assert "The queue before it:\n" in repr(marking)
    assert "The queue before it:" in marking._repr_html_()


def test_a_priority_where_the_stepper_takes_it_is_named_with_the_fix():
    async def send_mails(app, mails):
        for mail in mails:
            await app.send_message_json(channel="mails", payload=mail, priority=9)

    marking = check("priority-1", send_mails)
    assert "server_specific_parameters={'priority': 9}" in repr(marking)
    assert "server_specific_parameters={'priority': 9}" in marking._repr_html_()


def test_sorting_is_caught_where_earlier_mails_still_wait():
    marking = check("priority-1", sender({}, in_order=urgent_first))
    assert "the newsletters were still waiting at the second call" in marking.finding.wanted


def test_a_forgotten_await_is_named():
    async def send_mails(app, mails):
        for mail in mails:
            app.send_message_json(channel="mails", payload=mail, headers={"topic": "send_mail"})

    marking = check("priority-1", send_mails)
    assert marking.finding.happened == "There was nothing to pull."
    assert marking.warned == ("`send_message_json` was called without `await` in front of it, so it did nothing.",)


def test_a_misspelt_channel_shows_where_the_mail_waits():
    async def send_mails(app, mails):
        for mail in mails:
            await app.send_message_json(channel="mail", payload=mail, headers={"topic": "send_mail"})

    marking = check("priority-1", send_mails)
    assert marking.finding.shown.unheard == (("mail", 1),)


def test_a_topic_that_no_actor_has_is_caught():
    async def send_mails(app, mails):
        for mail in mails:
            await app.send_message_json(channel="mails", payload=mail)

    assert check("priority-1", send_mails).finding.happened == "Nobody got it."


def test_a_mail_that_the_actor_cannot_read_is_caught():
    async def send_mails(app, mails):
        for mail in mails:
            await app.send_message_json(channel="mails", payload={"to": mail["to"]}, headers={"topic": "send_mail"})

    assert check("priority-1", send_mails).finding.happened == "Pull 1 brought {'to': 'ada'}."


def test_a_mail_that_is_changed_is_caught():
    async def send_mails(app, mails):
        for mail in mails:
            await app.send_message_json(
                channel="mails",
                payload={**mail, "kind": "email"},
                headers={"topic": "send_mail"},
                server_specific_parameters={"priority": PRIORITY.get(mail["kind"], 4)},
            )

    assert payload_that_breaks("priority-1", send_mails) == {"kind": "email", "to": "ada"}


def test_a_dict_without_an_answer_for_other_kinds_is_shown_its_exception():
    async def send_mails(app, mails):
        for mail in mails:
            await sender({mail["kind"]: {"password reset": 9, "invoice": 4, "newsletter": 0}[mail["kind"]]})(
                app, [mail]
            )

    assert trouble_with("priority-1", send_mails) == "Your code raised KeyError: 'birthday card'."


def test_a_priority_in_the_wrong_place_is_the_learners_exception():
    async def send_mails(app, mails):
        for mail in mails:
            await app.send_message_json(channel="mails", payload=mail, priority=9)

    assert "unexpected keyword argument 'priority'" in trouble_with("priority-1", send_mails)
