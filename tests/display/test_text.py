"""The text form of records."""

import asyncio
from typing import Annotated

import pytest
from display.samples import RECORDS, records, step_among_many_actors, tutorial_app
from stepping.bench import app_of, router_of, sent_and_stepped
from support.generated import given, settings, st

from repid_nb import Header, Message, Router, StaleActorWarning, Stepper, as_html, as_text
from repid_nb.core.memory.snapshot import ChannelSnapshot, MessageSnapshot
from repid_nb.core.routing.reruns import as_run_of
from repid_nb.display.sentences import step_sentence
from repid_nb.display.words import duration_text
from repid_nb.printable import printable


async def nothing(): ...


async def test_a_step_reads_as_in_the_sketch():
    async with Stepper(tutorial_app()) as stepper:
        for _ in range(3):
            await stepper.send("user_tasks", {"to": "a"}, topic="email_worker")
        step = await stepper.step()
    who, settled, *lines = as_text(step).splitlines()
    assert who == "Step 1 · m1 went to process_everything, the first of 2 matches"
    assert settled.startswith("  ✓ acked: the actor returned · done, it has left the queue · ")
    assert lines == [
        "  message m1 · topic 'email_worker' · on user_tasks",
        '  payload  {"to": "a"}',
        "  ★ 1  process_everything  takes everything: first yes",
        "  ○ 2  email_worker        not asked (would say yes: topic is 'email_worker'), shadowed by 1",
        "  ○ 3  send_sms            not asked (would say no)",
        '  "to": "a" → not used',
        "  user_tasks: 2 waiting, 0 dead letters",
    ]


async def test_a_step_of_a_worker_with_a_name_says_whose_it_is():
    async with Stepper(tutorial_app(), name="Anna") as anna:
        await anna.send("user_tasks", topic="send_sms")
        step = await anna.step()
    assert as_text(step).startswith("Step 1 of Anna · m1 went to")
    assert "Step 1 of Anna" in as_html(step)
    assert step_sentence(step).startswith("Step 1 of Anna: m1")


async def test_the_columns_of_the_verdicts_stand_below_each_other():
    async with Stepper(tutorial_app()) as stepper:
        await stepper.send("user_tasks", topic="email_worker")
        lines = as_text(await stepper.step()).splitlines()[4:7]
    assert {line.index(word) for line, word in zip(lines, ["takes", "not", "not"], strict=True)} == {27}


async def test_an_almost_right_topic_is_asked_after_and_another_one_is_not():
    async with Stepper(tutorial_app()) as stepper:
        router = Router(channel="mail")
        router.actor(name="ship_order")(nothing)
        stepper.app.include_router(router)
        for topic in ("ship_oder", "SHIP_ORDER", "ship_fax", "ship_order"):
            await stepper.send("mail", topic=topic)
        found = [as_text(await stepper.step("mail")).splitlines()[0] for _ in range(4)]
    assert found == [
        "Step 1 · Nobody wants m1. Did you mean the topic 'ship_order'?",
        "Step 2 · Nobody wants m2. Did you mean the topic 'ship_order'?",
        "Step 3 · Nobody wants m3.",
        "Step 4 · m4 went to ship_order, the first match",
    ]


async def test_each_argument_stands_beside_what_was_sent_and_what_nothing_takes_is_named():
    async def book(guest: str, seats: int, note: str = "none", lang: Annotated[str, Header()] = "en"): ...

    router = router_of(book)
    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks", {"guest": "Ada", "seats": "3", "wine": "red"}, headers={"lang": "de"})
        lines = as_text(await stepper.step()).splitlines()
    assert [line.strip() for line in lines if " → " in line] == [
        '"guest": "Ada" → guest = \'Ada\'',
        '"seats": "3" → seats = 3',
        "(not sent) → note = 'none'",
        "header lang: de → lang = 'de'",
        '"wine": "red" → not used',
    ]


async def test_a_poison_message_shows_its_sightings_and_ends_as_a_dead_letter():
    def nobody(*, actor_name):
        return lambda message: False

    async with Stepper(app_of(router_of(nothing, routing_strategy=nobody)), max_unrouted_retries=2) as stepper:
        await stepper.send("tasks")
        first, second = await stepper.run()
    assert "sighting 1 of 2" in as_text(first)
    assert "↩ rejected: no actor matched (sighting 1 of 2) · back at the tail of the queue" in as_text(first)
    assert "✗ nacked: poison message: no actor matched in 2 sightings · now a dead letter" in as_text(second)
    assert as_text(second).endswith("tasks: 0 waiting, 1 dead letter")


async def test_what_the_actor_got_printed_returned_and_sent_on_is_there():
    async def busy(message: Message, number: int):
        print("one\ntwo")
        await message.send_message(channel="next", payload=b"")
        return {"done": True}

    text = as_text(await sent_and_stepped(router_of(busy), {"number": "3"}))
    assert '  "number": "3" → number = 3\n' in text
    assert "  printed  one\n           two\n" in text
    assert "  returned  {'done': True}\n" in text
    assert "  sent m1.1 to next\n" in text


async def test_an_exception_is_there_with_its_fields_and_its_place():
    async def fragile(number: int):
        raise ValueError("too bad")

    fits = as_text(await sent_and_stepped(router_of(fragile), {"number": 3}))
    assert "  raised  ValueError: too bad\n          test_text.py, line " in fits
    fits_not = as_text(await sent_and_stepped(router_of(fragile), {"number": "x"}))
    assert "number: Input should be a valid integer, unable to parse string as an integer (given: 'x')" in fits_not


async def test_very_many_fields_that_do_not_fit_are_counted():
    async def many(numbers: list[int]): ...

    step = await sent_and_stepped(router_of(many), {"numbers": ["x"] * 1000})
    assert "1000 of the values do not fit" in as_text(step)
    assert "  ... and 990 more\n" in as_text(step)
    assert "… and 990 more" in as_html(step)


@pytest.mark.filterwarnings("ignore::repid_nb.StaleActorWarning")
async def test_an_actor_whose_cell_ran_again_has_its_note_below_it():
    router = Router()
    for name in ("old", "greet", "greet"):
        with as_run_of("the cell"):

            @router.actor(channel="tasks", name=name)
            async def greet(): ...

    text = as_text(Stepper(app_of(router)).explain("tasks", topic="greet"))
    assert "     ⚠ left over: its cell ran again without it; stepper.keep_newest_actors() forgets it" in text
    assert "     ↻ its cell ran again: this is the newest function, in the place of the older one" in text
    assert issubclass(StaleActorWarning, UserWarning)


async def test_idle_says_where_it_looked_and_what_nobody_hears():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        await stepper.send("task")
        text = as_text(await stepper.step())
    assert text == (
        "Idle · nothing is waiting on tasks\n  1 message on 'task', where no actor listens. Did you mean 'tasks'?"
    )


async def test_a_long_queue_is_a_window_with_its_total():
    app = app_of(router_of(nothing))
    async with Stepper(app) as stepper:
        for _ in range(10_000):
            await app.send_message(channel="tasks", payload=b"")
        lines = as_text(stepper.queues).splitlines()
    assert lines[0] == "tasks: 10,000 waiting, 0 dead letters"
    assert lines[-1] == "       ... and 9,990 more"
    assert len(lines) == 12


async def test_a_narrow_window_says_how_many_more_there_are():
    app = app_of(router_of(nothing))
    async with Stepper(app) as stepper:
        for _ in range(8):
            await stepper.send("tasks")
        lines = as_text(app.servers.default.snapshot(3)["tasks"]).splitlines()
    assert len(lines) == 5
    assert lines[-1] == "       ... and 5 more"


async def test_many_messages_in_work_and_many_dead_ones_are_counted():
    def nobody(*, actor_name):
        return lambda message: message.headers is None

    router = router_of(nothing, routing_strategy=nobody, confirmation_mode="manual")
    async with Stepper(app_of(router), max_unrouted_retries=1) as stepper:
        for number in range(30):
            await stepper.send("tasks", headers={} if number % 2 else None)
        await stepper.run()
        text, html = as_text(stepper.queues), as_html(stepper.queues)
    assert "  in work  ... and 5 more" in text
    assert "  dead     ... and 5 older" in text
    assert "… and 5 more" in html
    assert "… 5 older" in html


async def test_a_long_run_shows_its_beginning_and_its_end():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        for _ in range(60):
            await stepper.send("tasks")
        lines = as_text(await stepper.run()).splitlines()
    assert lines[0] == "60 steps · nothing is left to pull"
    assert lines[1] == "    1  m1 (empty) → nothing · ✓ acked"
    assert lines[11] == "       ... 40 steps ..."
    assert lines[-1].startswith("   60  m60")


async def test_a_run_says_what_each_message_was_and_folds_the_turns_of_the_unwanted_ones():
    def not_empty(*, actor_name):
        return lambda message: message.payload == b'"work"'

    async with Stepper(app_of(router_of(nothing, routing_strategy=not_empty)), max_unrouted_retries=4) as stepper:
        for payload in ("fax", "telex", "work"):
            await stepper.send("tasks", payload, topic=payload)
        lines = as_text(await stepper.run()).splitlines()[1:]
    back, poison = "no actor matched (sighting 1 of 4)", "poison message: no actor matched in 4 sightings"
    assert lines == [
        f'    1  m1 fax "fax" → nobody · ↩ rejected: {back}',
        f'    2  m2 telex "telex" → nobody · ↩ rejected: {back}',
        '    3  m3 work "work" → nothing · ✓ acked',
        f'  4 to 8  m1 fax "fax" → nobody · ↩ rejected 2 times, then ✗ nacked: {poison}',
        f'  5 to 9  m2 telex "telex" → nobody · ↩ rejected 2 times, then ✗ nacked: {poison}',
    ]


async def test_a_history_says_how_many_steps_it_dropped():
    async with Stepper(app_of(router_of(nothing)), history_limit=1) as stepper:
        for _ in range(3):
            await stepper.send("tasks")
        await stepper.run()
        assert as_text(stepper.history).startswith("History · 1 step · 2 older steps dropped")


async def test_a_rewind_says_plainly_that_what_actors_did_stays_done():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        for _ in range(3):
            await stepper.send("tasks")
        await stepper.run()
        text = as_text(stepper.rewind(to=1))
    assert text.startswith(
        "The queues are as they were after step 1: steps 2 to 3 are taken back. What the actors did stays done."
    )


async def test_a_verdict_alone_does_not_name_a_winner_it_does_not_know():
    async with Stepper(tutorial_app()) as stepper:
        assert repr(stepper.explain("user_tasks", topic="email_worker").verdicts[1]).endswith("shadowed")


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b"", "(empty)"),
        (b'{"a":1}', '{"a": 1}'),
        (b"not json", "not json"),
        (b'"\\u00e9"', '"é"'),
        (b"\xff\x00", "2 bytes, not text: ff 00"),
        (b"\xff" * 20, f"20 bytes, not text: {'ff ' * 16}..."),
        (b"two\nlines", "two\\nlines"),
        (b"\x1b[2J\x00", "\\x1b[2J\\x00"),
        (b'"\\ud800"', '"\\ud800"'),
        ("\u202eabc".encode(), "\\u202eabc"),
        (b"x" * 200, "x" * 79 + "…"),
    ],
)
async def test_a_payload_is_one_line(payload, shown):
    text = as_text(await sent_and_stepped(router_of(nothing), payload))
    assert text.splitlines()[3] == f"  payload  {shown}"


EVIL = "a\x1b[31m\x00\r\n\t\x07\x9b\u2028\u202e\ud800 'quoted\" <b>"


async def test_no_text_form_has_a_control_character_or_a_lone_surrogate():
    found = await records(EVIL)
    assert set(found) == RECORDS
    for kind in found.values():
        for record in kind:
            text = as_text(record)
            assert all(one.isprintable() or one == "\n" for one in text), text
            assert text.encode()


@pytest.mark.parametrize("emoji", ["👨\u200d👩\u200d👧", "👩🏽\u200d🚀", "❤️\u200d🔥", "🏴\u200d☠️", "🙂\u200d↔️"])
def test_joined_emoji_are_shown_as_they_are(emoji: str):
    assert printable(f"a {emoji} b\n") == f"a {emoji} b\n"


@pytest.mark.parametrize(
    "text",
    [
        "pay\u200dpal",
        "👨\u200dx",
        "x\u200d👨",
        "\u200d👨\u200d",
        "👨\u200d\u200d👩",
        "👨\u200b👩",
        "👨\u200c👩",
        "👨\u202e👩",
        "🏴\U000e0067\U000e007f",
    ],
)
def test_what_cannot_be_seen_is_written_out_beside_emoji_too(text: str):
    assert printable(text) == repr(text)[1:-1]


async def test_a_line_feed_in_a_name_cannot_make_a_line_of_its_own():
    found = await records("x\nStep 9 · forged")
    # An exception's text may have lines; in a step they stand below its first.
    del found["Raised"]
    for kind, made in found.items():
        for record in made:
            forged = [line for line in as_text(record).splitlines() if line.startswith("Step 9")]
            assert not forged, kind


async def test_the_text_of_very_long_things_is_bounded():
    for kind, made in (await records("long " * 200_000, b"x" * 1_000_000)).items():
        for record in made:
            assert len(as_text(record)) < 200_000, kind


async def test_very_much_printing_is_cut_in_the_view_and_whole_in_the_record():
    async def flood():
        print(end="x" * 90_000)

    step = await sent_and_stepped(router_of(flood))
    assert len(step.printed) == 90_000
    assert "… and 80,000 more characters" in as_text(step)
    assert len(as_text(step)) < 11_000


async def test_every_record_shows_itself_as_text_and_as_html():
    found = await records()
    assert set(found) == RECORDS
    for made in found.values():
        for record in made:
            assert repr(record) == as_text(record)
            assert record._repr_html_() == as_html(record)


class Broken:
    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize("form", [as_text, as_html])
async def test_a_result_that_cannot_show_itself_is_named_by_its_type(form):
    async def give():
        return Broken()

    assert "Broken, which cannot be shown" in form(await sent_and_stepped(router_of(give)))


@pytest.mark.parametrize("form", [as_text, as_html])
def test_something_else_has_no_form(form):
    with pytest.raises(TypeError, match="form of a dict"):
        form({})


@pytest.mark.parametrize("form", [as_text, as_html])
async def test_a_record_may_be_given_by_its_name(form):
    async with Stepper(app_of()) as stepper:
        assert form(record=stepper.queues) == form(stepper.queues)


@settings(max_examples=25)
@given(st.text(st.characters(), min_size=1, max_size=40), st.binary(max_size=60))
def test_whatever_the_text_and_the_payload_records_show_themselves(text, payload):
    for made in asyncio.run(records(text, payload)).values():
        for record in made:
            assert as_text(record).encode()
            assert as_html(record).encode()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0099, "under 10 ms"),
        (0.0149, "15 ms"),
        (0.0994, "99 ms"),
        (0.0996, "0.1 s"),
        (2.449, "2.4 s"),
        (123.0, "123 s"),
        (4321.0, "4,321 s"),
    ],
)
def test_a_duration_reads_without_an_exponent(seconds, text):
    assert duration_text(seconds) == text


async def test_a_dict_among_the_arguments_keeps_the_order_of_its_keys():
    router = Router(channel="tasks")

    @router.actor
    async def cook(portions: dict[str, int]) -> dict[str, int]:
        return portions

    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks", {"portions": {"soup": 6, "fish": 14}}, topic="cook")
        text = as_text(await stepper.step())
    assert "portions = {'soup': 6, 'fish': 14}" in text
    assert "returned  {'soup': 6, 'fish': 14}" in text


async def test_headers_beside_the_topic_are_shown_and_kept_on_their_line():
    async with Stepper(app_of(router_of(nothing))) as stepper:
        await stepper.send("tasks", topic="nothing", headers={"event": "order.paid", "note": "a\nb"})
        about = as_text(await stepper.step()).splitlines()[2]
    assert about.endswith("topic 'nothing' · headers event: order.paid, note: a\\nb · on tasks")


async def test_very_many_actors_are_a_window_with_the_telling_ones_and_their_number():
    lines = as_text(await step_among_many_actors()).splitlines()
    assert len(lines) < 30
    assert any(line.startswith("  ★ 201  actor_201") and line.endswith(": first yes") for line in lines)
    assert "     ... and 478 more" in lines


async def test_a_channel_without_actors_that_looks_like_one_with_actors_is_told_apart():
    async def work(): ...

    app = app_of(router_of(work))
    async with Stepper(app) as stepper:
        await app.send_message(channel="t\u0430sks", payload=b"")
        await app.send_message(channel="mails", payload=b"")
        idle = await stepper.step()
    assert repr(idle).splitlines()[1:] == [
        "  1 message on 't\u0430sks' ('t\\u0430sks'), where no actor listens. Did you mean 'tasks'?",
        "  1 message on 'mails', where no actor listens",
    ]
    assert "t\u0430sks</bdi></code> ('t\\u0430sks'), where" in idle._repr_html_()


def test_what_a_broker_does_not_tell_is_not_known_and_never_nothing():
    queue = ChannelSnapshot(channel="tasks", waiting=None, working=None, dead=None, note="RabbitMQ does not show which")
    assert as_text(queue) == (
        "tasks: how many wait is not known, dead letters not known (RabbitMQ does not show which)"
    )


@pytest.mark.parametrize(
    ("message_id", "name"), [("1795807512345-0", "…512345-0"), ("m12", "m12"), ("orders:12", "orders:12")]
)
def test_a_long_id_is_shown_by_its_end(message_id: str, name: str):
    assert as_text(MessageSnapshot(id=message_id, channel="tasks", payload=b"")).startswith(f"message {name} ·")
