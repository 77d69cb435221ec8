"""starvation-1: the topics that never have a turn."""

import pytest
from classroom.marks import trouble_with
from support.exercises import cells, solution, start

from repid_nb.classroom import check

NAME = "starvation-1"


def shares(run):
    sent, done = {}, {}
    for message in run.messages:
        sent[message.topic] = sent.get(message.topic, 0) + 1
        done[message.topic] = done.get(message.topic, 0) + (message.outcome == "acked")
    return {topic: done[topic] / sent[topic] for topic in sent}


def starving(run, own=0.5, others=0.9):
    share = shares(run)
    return [topic for topic in share if share[topic] < own and max(share.values()) >= others]


def test_the_solution_passes():
    assert check(NAME, solution(NAME)["who_starves"])


def test_a_solution_from_the_producers_figures_passes():
    def who_starves(run):
        share = {name.partition("/")[2]: one.done / one.messages for name, one in run.sources.items()}
        return [topic for topic in share if share[topic] < 0.5 and max(share.values()) >= 0.9]

    assert check(NAME, who_starves)


@pytest.mark.parametrize(
    ("answer", "happened"),
    [
        (lambda run: [], "'fence' is not among those that you named."),
        (lambda run: {topic for topic, share in shares(run).items() if share < 0.5}, "'shed' is among those"),
        (lambda run: {topic for topic, share in shares(run).items() if share < 1}, "'shed' is among those"),
        (lambda run: starving(run, own=0.9), "'fence' is among those"),
        (lambda run: starving(run, others=0.5), "'shed' is among those"),
        (
            lambda run: (
                {message.topic for message in run.messages if message.priority == min(run.priorities)} - {"pipe"}
            ),
            "'shed' is among those",
        ),
        (lambda run: {max(run.messages, key=lambda message: message.waited).topic}, "is among those"),
        (lambda run: [one.topic for one in run.messages if one.outcome == "nacked"], "'fence' is not among"),
    ],
    ids=[
        "nobody",
        "first rule only",
        "not all done",
        "a late one is taken for one that starves",
        "others that are late too",
        "lowest priority",
        "longest wait",
        "dead letters",
    ],
)
def test_an_answer_that_looks_right_is_shown_the_run_that_breaks_it(answer, happened):
    marking = check(NAME, answer)
    assert happened in marking.finding.happened
    assert marking.finding.shown.total.messages > 0
    assert "Not yet: this run breaks it." in str(marking)


def test_one_starving_topic_at_most_is_caught_by_the_hidden_checks_too():
    def who_starves(run):
        share = shares(run)
        return [topic for topic in share if share[topic] < 0.5 and max(share.values()) >= 0.9][:1]

    with pytest.raises(AssertionError):
        exec(cells(NAME)["marked-hidden"], {"who_starves": who_starves})  # noqa: S102  (this repository's own cell)


def test_the_untouched_start_is_told_who_starves():
    assert "'fence' is not among" in check(NAME, start(NAME)["who_starves"]).finding.happened


@pytest.mark.parametrize(
    ("answer", "words"), [(lambda run: None, "`return` missing"), (lambda run: "fence", "not a set or a list")]
)
def test_an_answer_of_another_kind_is_refused_in_words(answer, words):
    assert words in trouble_with(NAME, answer)
