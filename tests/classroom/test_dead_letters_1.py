"""dead-letters-1: rescuing what may be rescued."""

import json
import re

import pytest
from classroom.marks import marked, payload_that_breaks, trouble_with
from support.exercises import cells, solution, start

from repid_nb.classroom import check

NAME = "dead-letters-1"
HIDDEN = cells(NAME)["marked-hidden"]
TICKET = {"row": 3, "seat": 7}


def add_remind(router, name="remind"):
    @router.actor(name=name)
    async def remind(guest: str): ...


def rescuer(chosen, *, mend=add_remind):
    """Make an answer that sends again what `chosen(topic, reason)` says."""

    def rescue(stepper, router):
        mend(router)
        for letter in stepper.queues["cinema"].dead_letters:
            if chosen(letter.message.headers["topic"], letter.reason):
                stepper.resend("cinema", letter.message.id)

    return rescue


def right(topic, reason):
    return topic == "remind" or (topic == "print_ticket" and "actor raised" in reason)


def test_the_solution_passes():
    assert check(NAME, solution(NAME)["rescue"])


def test_a_topic_with_a_capital_is_caught_by_the_hidden_checks():
    rescue = rescuer(lambda topic, reason: right(topic.lower(), reason))
    assert check(NAME, rescue)
    with pytest.raises(AssertionError, match="this message breaks it"):
        exec(HIDDEN, {"rescue": rescue, "check": check})  # noqa: S102  (this repository's own cell)


def test_another_solution_passes():
    assert check(NAME, rescuer(right))


def test_a_comparison_with_the_reasons_of_the_table_passes():
    assert check(
        NAME,
        rescuer(lambda topic, reason: topic == "remind" or (topic == "print_ticket" and "out of paper" in reason)),
    )


def test_mending_after_sending_again_passes():
    def rescue(stepper, router):
        rescuer(right, mend=lambda router: None)(stepper, router)
        add_remind(router)

    assert check(NAME, rescue)


def test_the_untouched_start_is_told_what_is_still_a_dead_letter():
    finding = check(NAME, start(NAME)["rescue"]).finding
    assert finding.happened == '`remind` `{"guest": "ada"}` was not sent again: it is still a dead letter.'
    assert [json.loads(letter.message.payload) for letter in finding.shown.dead_letters] == [{"guest": "ada"}]


@pytest.mark.parametrize(
    ("answer", "payload"),
    [
        pytest.param(rescuer(lambda topic, reason: True), {"guest": "ada"}, id="all of them"),
        pytest.param(
            rescuer(lambda topic, reason: topic == "remind" or "actor raised" in reason),
            {"guest": "ada"},
            id="whatever failed for want of paper",
        ),
        pytest.param(
            rescuer(lambda topic, reason: topic in ("remind", "print_ticket")),
            {"row": "front", "seat": 7},
            id="by topic alone",
        ),
        pytest.param(
            rescuer(lambda topic, reason: topic != "pay_back" and "ValidationError" not in reason),
            TICKET,
            id="typing mistakes too",
        ),
        pytest.param(
            rescuer(lambda topic, reason: right(topic, reason) or "poison" in reason), TICKET, id="whatever was poison"
        ),
        pytest.param(rescuer(right, mend=lambda router: None), {"guest": "ada"}, id="the actor is still missing"),
        pytest.param(
            rescuer(right, mend=lambda router: add_remind(router, "reminder")), {"guest": "ada"}, id="another name"
        ),
    ],
)
def test_a_wrong_answer_is_caught_by(answer, payload):
    assert payload_that_breaks(NAME, answer) == payload


def test_letters_by_the_names_of_the_table_are_told_that_others_lie_there_now():
    def rescue(stepper, router):
        add_remind(router)
        stepper.resend("cinema", "m1")
        stepper.resend("cinema", "m3")

    assert 'other letters than the table: `remind` `{"guest": "ada"}`.' in str(check(NAME, rescue))


def test_paying_twice_is_caught_with_the_reason():
    finding = check(NAME, rescuer(lambda topic, reason: True)).finding
    assert finding.shown.winner == "pay_back"
    assert finding.wanted.endswith("must not be paid twice.")


async def test_the_letters_of_the_notebook_are_those_that_its_statement_lists():
    names = solution(NAME)
    stepper, router = await names["monday"]()
    letters = stepper.queues["cinema"].dead_letters
    assert [letter.message.id for letter in letters] == ["m1", "m2", "m4", "m3", "m5"]
    listed = re.findall(r"^\| `(m\d)` \| `(\w+)` \| `(.*)` \| (.*) \|$", cells(NAME)["statement"], re.MULTILINE)
    assert listed == [
        (
            letter.message.id,
            letter.message.headers["topic"],
            json.dumps(json.loads(letter.message.payload)),
            letter.reason,
        )
        for letter in letters
    ]

    names["rescue"](stepper, router)
    await stepper.run()
    assert [letter.message.id for letter in stepper.queues["cinema"].dead_letters] == ["m2", "m4", "m5"]


def test_a_ticket_that_is_not_rescued_is_shown_as_the_dead_letter_that_it_still_is():
    finding = check(NAME, rescuer(lambda topic, reason: topic == "remind")).finding
    assert finding.happened == '`print_ticket` `{"row": 3, "seat": 7}` was not sent again: it is still a dead letter.'
    assert json.loads(finding.shown.dead_letters[0].message.payload) == TICKET


def test_the_first_that_may_be_sent_again_is_not_enough():
    def rescue(stepper, router):
        add_remind(router)
        for letter in stepper.queues["cinema"].dead_letters:
            if right(letter.message.headers["topic"], letter.reason):
                stepper.resend("cinema", letter.message.id)
                break

    assert check(NAME, rescue).finding.happened == (
        '`remind` `{"guest": "bob"}` was not sent again: it is still a dead letter.'
    )


def test_the_oldest_letter_alone_is_not_enough():
    def rescue(stepper, router):
        add_remind(router)
        letter = stepper.queues["cinema"].dead_letters[0]
        if right(letter.message.headers["topic"], letter.reason):
            stepper.resend("cinema", letter.message.id)

    assert check(NAME, rescue).finding.happened == (
        '`print_ticket` `{"row": 3, "seat": 7}` was not sent again: it is still a dead letter.'
    )


def test_going_back_in_time_gets_a_sentence():
    assert "went back in time with `rewind`" in trouble_with(NAME, lambda stepper, router: stepper.rewind(to=0))


def test_an_async_answer_that_steps_by_itself_passes():
    async def rescue(stepper, router):
        rescuer(right)(stepper, router)
        await stepper.run()

    assert check(NAME, rescue)


def test_stepping_inside_shows_what_was_wrong_all_the_same():
    async def rescue(stepper, router):
        add_remind(router)
        stepper.resend("cinema")
        await stepper.run()

    assert payload_that_breaks(NAME, rescue) == {"guest": "ada"}


def test_a_letter_that_is_not_there_is_the_learners_exception():
    trouble = marked(NAME, lambda stepper, router: stepper.resend("cinema", "m9")).trouble
    assert "No dead letter 'm9' on 'cinema'." in trouble.sentence
