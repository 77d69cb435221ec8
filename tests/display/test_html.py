"""The HTML form of records."""

import asyncio
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from display.samples import RECORDS, records, step_among_many_actors, tutorial_app
from stepping.bench import app_of, router_of, sent_and_stepped
from support.generated import given, settings, st

from repid_nb import Router, Stepper, as_html
from repid_nb.display.html_parts import GREEN
from repid_nb.display.html_view import step_as_html
from repid_nb.html import AS_WRITTEN

ELEMENTS = {
    "b",
    "bdi",
    "caption",
    "code",
    "details",
    "div",
    "li",
    "ol",
    "pre",
    "span",
    "summary",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "ul",
}
ATTRIBUTES = {"style", "scope", "class", "tabindex", "role", "aria-label"}
# What may stand in a style: only what we wrote ourselves has these.
FORBIDDEN_IN_STYLE = ("url", "expression", "\\", "<", "@", "javascript")


@dataclass
class Node:
    tag: str
    attributes: dict[str, str | None]
    children: list["Node | str"] = field(default_factory=list)

    def find(self, tag: str) -> list["Node"]:
        """Return every element of that name inside, in order."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                found += [child] * (child.tag == tag) + child.find(tag)
        return found

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = [Node("", {})]

    def handle_starttag(self, tag, attrs):
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        self.open.append(node)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag, "elements are not closed in the order they were opened"

    def handle_data(self, data):
        self.open[-1].children.append(data)

    def handle_comment(self, data):
        raise AssertionError("a comment")

    handle_decl = handle_pi = unknown_decl = handle_comment


def read(html: str) -> Node:
    """Read HTML, and refuse what is not well-formed or not among the few elements and attributes that views use."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    (root,) = reader.open
    for node in _all(root):
        assert node.tag in ELEMENTS, node.tag
        assert set(node.attributes) <= ATTRIBUTES, node.attributes
        assert not any(part in (node.attributes.get("style") or "") for part in FORBIDDEN_IN_STYLE)
        assert node.attributes.get("scope", "row") == "row"
        assert node.attributes.get("class", AS_WRITTEN) == AS_WRITTEN
    return root


def _all(node: Node) -> list[Node]:
    inside = [child for child in node.children if isinstance(child, Node)]
    return [one for child in inside for one in (child, *_all(child))]


async def nothing(): ...


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "]]><!--",
    "--><b>",
    "&lt;b&gt;&#x3c;",
    "</code></td></table><iframe>",
    "\x1b[31m\x00\x08",
    "\ud800\udfff",
    "שלום \u202eabc\u202c",
    "a\r\nb\u2028c\u0085d",
    "{{7*7}} ${7*7} `x` $x^2$",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_whatever_somebody_wrote_stays_text(text: str):
    found = await records(text, text.encode(errors="replace"))
    assert set(found) == RECORDS
    for made in found.values():
        for record in made:
            read(as_html(record))


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.isprintable()])
async def test_whatever_somebody_wrote_can_be_read(text: str):
    async def speak():
        print(text)
        return text

    page = read(as_html(await sent_and_stepped(router_of(speak), text.encode(), headers={"x": text})))
    assert page.text.count(text) >= 3


@settings(max_examples=25)
@given(st.text(st.characters(), min_size=1, max_size=40), st.binary(max_size=60))
def test_whatever_it_is_it_stays_text(text, payload):
    for made in asyncio.run(records(text, payload)).values():
        for record in made:
            read(as_html(record))


async def test_control_characters_are_written_out():
    page = read(as_html(await sent_and_stepped(router_of(nothing), b"\x1b[31m\x00")))
    assert "\\x1b[31m\\x00" in page.text


async def test_text_from_right_to_left_cannot_turn_the_line_around():
    page = read(as_html(await sent_and_stepped(router_of(nothing), "שלום".encode())))
    assert "שלום" in [node.text for node in page.find("bdi")]


async def step_of_the_sketch(topic: str = "email_worker"):
    async with Stepper(tutorial_app()) as stepper:
        await stepper.send("user_tasks", {"to": "a"}, topic=topic)
        return await stepper.step()


def cells_of(row: Node) -> list[str]:
    return [child.text for child in row.children if isinstance(child, Node)]


async def test_the_verdicts_are_a_real_table_whose_rows_are_named_by_their_actor():
    verdicts, arguments = read(as_html(await step_of_the_sketch())).find("table")
    assert [node.text for node in verdicts.find("caption")] == ["asked in this order"]
    assert [head.attributes["scope"] for head in verdicts.find("th")] == ["row"] * 3
    assert list(map(cells_of, verdicts.find("tr"))) == [
        ["★", "1 process_everything", "takes everything: first yes, gets it"],
        ["○", "2 email_worker", "not asked (would say yes: topic is 'email_worker'), shadowed by 1"],
        ["○", "3 send_sms", "not asked (would say no)"],
    ]
    assert list(map(cells_of, arguments.find("tr"))) == [["", '"to": "a"', "→ not used"]]


async def test_a_step_is_a_group_that_is_named_by_its_outcome_and_begins_with_it():
    (card,) = read(as_html(await step_of_the_sketch())).children
    assert card.attributes["role"] == "group"
    assert card.attributes["aria-label"].startswith("Step 1: m1 (topic email_worker) went to process_everything")
    assert card.text.startswith(
        "Step 1 · m1 went to process_everything, the first of 2 matches"
        "✓ acked: the actor returned · done, it has left the queue"
    )


async def test_a_step_with_one_actor_has_no_table_of_actors():
    page = read(as_html(await sent_and_stepped(router_of(nothing))))
    assert page.find("table") == []
    assert "★ nothing: takes everything" in page.text


async def test_the_queue_is_drawn_from_what_was_taken_to_the_tail():
    async with Stepper(tutorial_app()) as stepper:
        router = Router(channel="mail")
        router.actor(name="ship_order")(nothing)
        stepper.app.include_router(router)
        for topic in ("fax", "ship_order", "ship_order"):
            await stepper.send("mail", topic=topic)
        page = read(as_html(await stepper.step("mail")))
    assert "mail m1 taken m2 ship_order m3 ship_order m1 fax ↩ ← tail · 3 waiting" in page.text


async def test_what_is_wrong_with_an_answer_is_nowhere_green():
    step = await step_of_the_sketch()
    assert GREEN in as_html(step)
    assert GREEN not in step_as_html(step, is_wrong=True)


async def test_a_step_is_light():
    async with Stepper(tutorial_app()) as stepper:
        await stepper.send("user_tasks", {"to": "a"}, topic="email_worker")
        step = await stepper.step()
    assert len(as_html(step)) < 3_600


@pytest.mark.parametrize(
    ("mode", "returned", "words"),
    [
        ("manual_explicit", "ack", "✓ acked"),
        ("manual_explicit", "nack", "✗ nacked"),
        ("manual_explicit", "reject", "↩ rejected"),
        ("manual_explicit", "no_action", "⚠ not settled"),
    ],
)
async def test_every_settlement_has_a_symbol_and_a_word(mode, returned, words):
    async def say():
        return returned

    page = read(as_html(await sent_and_stepped(router_of(say, confirmation_mode=mode))))
    assert words in [node.text for node in page.find("b")]


async def test_a_strategy_that_fails_has_a_symbol_and_a_word_and_says_who_got_it():
    def failing(*, actor_name):
        def answer(message):
            raise ValueError("no")

        return answer

    page = read(as_html(await sent_and_stepped(router_of(nothing, routing_strategy=failing))))
    assert "Nobody got m1: the strategy of nothing failed." in page.text
    assert "⚠ nothing: failed: failing: raised ValueError: no" in page.text


async def test_nobody_is_named_when_no_actor_matched():
    def never(*, actor_name):
        return lambda message: False

    page = read(as_html(await sent_and_stepped(router_of(nothing, routing_strategy=never))))
    assert "Step 1 · Nobody wants m1." in page.text


async def test_where_the_message_is_now_is_said():
    page = read(as_html(await step_of_the_sketch()))
    assert "✓ acked: the actor returned · done, it has left the queue" in page.text
    assert "user_tasks m1 taken · nothing waits" in page.text


async def test_a_long_payload_is_folded_behind_its_beginning_and_its_length():
    page = read(as_html(await sent_and_stepped(router_of(nothing), b"y" * 500)))
    (details,) = page.find("details")
    assert details.find("summary")[0].text == "y" * 60 + "… (500 characters)"
    assert details.find("pre")[0].text == "y" * 500


async def test_a_short_payload_is_not_folded():
    assert read(as_html(await step_of_the_sketch())).find("details") == []


async def test_a_very_long_payload_is_cut_and_says_by_how_much():
    step = await sent_and_stepped(router_of(nothing), b"y" * 1_000_000)
    html = as_html(step)
    assert len(html) < 20_000
    assert "(1,000,000 characters)" in html
    assert "… and 990,000 more characters" in html


async def test_the_html_of_very_long_things_is_bounded():
    found = await records("long " * 200_000, b"x" * 1_000_000)
    for kind, made in found.items():
        for record in made:
            assert len(as_html(record)) < 1_500_000, kind


async def test_a_long_queue_is_a_window_with_its_total():
    app = app_of(router_of(nothing))
    async with Stepper(app) as stepper:
        for _ in range(10_000):
            await app.send_message(channel="tasks", payload=b"")
        page = read(as_html(stepper.queues))
        step = await stepper.step()
    items = page.find("li")
    assert "tasks: 10,000 waiting, 0 dead letters" in page.text
    assert len(items) == 11
    assert "… and 9,990 more ← tail" in items[-1].text
    assert len(as_html(step)) < 5_000


async def test_no_view_needs_a_script_a_style_sheet_or_the_network():
    for made in (await records()).values():
        for record in made:
            html = as_html(record)
            assert "http" not in html


async def test_no_text_of_somebodys_is_taken_for_a_formula():
    for made in (await records()).values():
        for record in made:
            (root,) = read(as_html(record)).children
            assert "mathjax_ignore" in root.attributes["class"].split()


async def test_every_row_has_a_name():
    for made in (await records()).values():
        for record in made:
            assert [head for head in read(as_html(record)).find("th") if not head.text] == []


async def test_what_scrolls_can_be_reached_from_the_keyboard_and_says_what_it_is():
    async def speak():
        print("one\ntwo")
        raise ValueError

    page = read(as_html(await sent_and_stepped(router_of(speak), b"y" * 500)))
    told = [(node.attributes["tabindex"], node.attributes["aria-label"]) for node in page.find("pre")]
    assert told == [("0", "all of it"), ("0", "what was printed"), ("0", "where it was raised")]


async def test_very_many_actors_are_a_window_with_the_telling_ones_and_their_number():
    page = read(as_html(await step_among_many_actors()))
    (table,) = page.find("table")
    rows = list(map(cells_of, table.find("tr")))
    shown = [*range(1, 11), 201, 301, *range(401, 411)]
    assert [row[1] for row in rows] == [*(f"{number} actor_{number}" for number in shown), "… and 478 more"]
    assert rows[10][2].endswith("first yes, gets it")
    assert rows[11][2].endswith("shadowed by 201")
