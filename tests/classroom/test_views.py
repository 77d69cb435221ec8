"""Markings, hints and the list of exercises as text and as HTML."""

from html.parser import HTMLParser

import pytest
from classroom.marks import marked
from classroom.samples import right, strategy_of
from support.notebooks import without_slowness

from repid_nb import as_html, as_text
from repid_nb.classroom import check, exercises, hint
from repid_nb.display.html_parts import GREEN
from repid_nb.display.html_view import step_as_html

HOSTILE = "<img src=x onerror=alert(1)>"


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.open = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def tags_of(html):
    parser = Elements()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser.tags


def wrong():
    return check("routing-1", strategy_of(lambda message: "order" in (message.headers or {}).get("event", "")))


def test_a_right_answer_as_text():
    assert repr(check("routing-1", right)) == (
        "✓ routing-1 · Take every event of an order, and nothing else\n"
        "  Solved: the public checks pass. 13 messages tried; a teacher may try further ones.\n"
        "  Now open The solution, explained, below, and compare it with yours.\n"
        "  Next: routing-2 · Two actors that never get anything."
    )


def test_a_wrong_answer_as_text():
    assert without_slowness(repr(wrong())) == (
        "✗ routing-1 · Take every event of an order, and nothing else\n"
        "  Not yet: this message breaks it.\n"
        "  What happened:   follow_orders got it.\n"
        "  What was wanted: No actor should take it. A preorder is not an order.\n"
        "    Step 1 · m1 went to follow_orders, the first match\n"
        "      ✓ acked: the actor returned · done, it has left the queue · under 10 ms\n"
        "      message m1 · no topic · headers event: preorder.created · on shop\n"
        "      payload  (empty)\n"
        "      ★ 1  follow_orders  strategy: read headers['event'] = 'preorder.created' → True\n"
        "      shop: 0 waiting, 0 dead letters\n"
        '  Stuck? `hint("routing-1")` gives one hint at a time.'
    )


def test_what_could_not_be_tried_as_text():
    def strategy(*, actor_name):
        raise ValueError("no such thing")

    lines = repr(check("routing-1", strategy)).splitlines()
    assert lines[1:3] == [
        "  Not yet: the check stopped early.",
        "  Your code raised ValueError: no such thing.",
    ]
    assert lines[3].endswith("in strategy")
    assert lines[4].strip() == 'raise ValueError("no such thing")'


def test_warnings_and_what_was_printed_as_text():
    async def send_mails(app, mails):
        for number in range(30):
            print(number)
        app.send_message_json(channel="mails", payload={})

    lines = repr(check("priority-1", send_mails)).splitlines()
    begin = lines.index("  ⚠ `send_message_json` was called without `await` in front of it, so it did nothing.")
    assert lines[begin + 1 : begin + 3] == ["  Your code printed:", "    0"]
    assert lines[begin + 11 : begin + 13] == ["    9", "    ... and 20 more lines"]


def test_control_characters_are_written_out_in_the_text():
    def strategy(*, actor_name):
        print("\x1b[2J")
        raise ValueError("\x1b[31m")

    text = repr(check("routing-1", strategy))
    assert "\x1b" not in text
    assert text.count("\\x1b") == 2 + 1  # the exception's text, and the line that raised it has it written out already


def test_a_right_answer_as_html():
    html = check("routing-1", right)._repr_html_()
    assert "✓ Solved: the public checks pass. 13 messages tried; a teacher may try further ones." in html
    assert "hint(" not in html
    tags_of(html)


def test_a_wrong_answer_as_html_holds_the_step_as_everywhere():
    marking = wrong()
    html = marking._repr_html_()
    assert "✗ Not yet: this message breaks it." in html
    assert "<b>What happened: </b>follow_orders got it." in html
    assert step_as_html(marking.finding.shown, is_wrong=True) in html
    assert GREEN not in html


def test_what_stands_between_backticks_is_code():
    html = check("routing-1", None)._repr_html_()
    assert "def order_events(*, actor_name):</bdi></code>" in html
    assert "`" not in html


def test_a_backtick_without_its_pair_is_somebodys_text():
    def strategy(*, actor_name):
        raise ValueError("5` wide")

    assert "Your code raised ValueError: 5` wide." in as_html(check("routing-1", strategy))


def test_no_text_of_somebodys_is_taken_for_a_formula():
    for record in (exercises(), hint("routing-1", first=True), wrong(), wrong().finding):
        assert "mathjax_ignore" in as_html(record).partition(">")[0]


def test_the_message_under_way_is_shown():
    def takes(message):
        while True:
            pass

    html = marked("routing-1", strategy_of(takes), limit=0.1)._repr_html_()
    assert "The message under way:" in html
    assert "in takes" in html
    tags_of(html)


@pytest.mark.parametrize("view", [as_html, as_text])
def test_both_forms_have_all_that_there_is(view):
    marking = wrong()
    for said in ("routing-1", "Take every event", "What happened", "What was wanted", "A preorder is not an order."):
        assert said in view(marking)


def test_whatever_the_learner_wrote_is_escaped():
    def strategy(*, actor_name):
        print(HOSTILE)
        raise ValueError(HOSTILE)

    def named(*, actor_name): ...

    named.__qualname__ = named.__name__ = HOSTILE
    predictions = {f"m{number}": HOSTILE for number in range(1, 8)}
    markings = (
        check("routing-1", strategy),
        check("routing-1", HOSTILE),
        check("routing-1", named),
        check("reading-1", predictions),
        check("reading-1", {**predictions, HOSTILE: None}),
    )
    for marking in markings:
        html = marking._repr_html_()
        assert "img" in html
        assert "img" not in tags_of(html)


def test_a_hint_as_text_and_as_html():
    given = hint("routing-1", first=True)
    assert repr(given).startswith("Hint 1 of 3 · routing-1\n  Look at the Step")
    assert "Hint 1 of 3 · routing-1" in given._repr_html_()
    for _ in range(3):
        given = hint("routing-1")
    assert repr(given) == (
        'No more hints · routing-1\n  You have seen all 3. `hint("routing-1", first=True)` begins again.'
    )
    tags_of(given._repr_html_())


def test_the_list_of_exercises_as_text_and_as_html():
    found = exercises()
    assert repr(found).splitlines()[0] == f"{len(found)} exercises in the order of the course, none solved"
    assert "  ○ ●○○ level 1  routing-1 " in repr(found)
    assert tags_of(found._repr_html_()).count("li") == len(found)


def test_what_an_exception_happened_with_is_shown_below_its_lines():
    marking = check("headers-1", lambda record: {"topic": {"S": "ship"}[record["KIND"]]})
    for view in (as_text(marking), as_html(marking)):
        assert view.index("record[") < view.index("The record was {'NO': 7}.")
