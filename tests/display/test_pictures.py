"""Records as pictures: self-contained SVG, drawn from what happened, with the same in words."""

import asyncio
import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Annotated
from xml.etree.ElementTree import fromstring

import pytest
from display.samples import records, step_among_many_actors, tutorial_app
from pydantic import BaseModel, create_model
from stepping.bench import app_of, router_of
from support.generated import given, settings, st

from repid_nb import (
    Channel,
    FullPayload,
    Header,
    Message,
    MessageAction,
    MessageSchema,
    Picture,
    Repid,
    Router,
    Simulation,
    Step,
    Stepper,
    Steps,
    as_picture,
    every,
)
from repid_nb.core.errors import DeclarationError, UnknownNameError
from repid_nb.display.colours import BAD, GOOD
from repid_nb.display.pictures.canvas import fitted, text_width
from repid_nb.display.pictures.system_picture import picture_of_queues
from repid_nb.display.river import Passage, River, Visit

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "style", "g", "rect", "circle", "path", "text"}
ATTRIBUTES = {
    "xmlns",
    "viewBox",
    "width",
    "height",
    "class",
    "role",
    "aria-labelledby",
    "font-family",
    "style",
    "id",
    "x",
    "y",
    "rx",
    "cx",
    "cy",
    "r",
    "d",
    "fill",
    "stroke",
    "opacity",
    "fill-opacity",
    "stroke-opacity",
    "stroke-width",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-linejoin",
    "font-size",
    "font-weight",
    "text-anchor",
    "transform",
    "direction",
    "unicode-bidi",
}
PICTURED = ("Step", "Steps", "History", "Explanation", "QueuesSnapshot", "ChannelSnapshot")


@cache
def chapter() -> tuple[Step, ...]:
    """Step as in chapter 2: a first match, a message that nobody wants, a dead letter."""
    router = Router(channel="user_tasks")

    @router.actor
    async def send_welcome_email(to: str) -> str:
        return f"welcome {to}"

    @router.actor
    async def send_sms(to: str) -> str:
        raise OSError("no line")

    async def step() -> tuple[Step, ...]:
        async with Stepper(app_of(router)) as stepper:
            await stepper.send("user_tasks", {"to": "Ada"}, topic="send_welcome_email")
            await stepper.send("user_tasks", {"to": "Bob"}, topic="send_fax")
            await stepper.send("user_tasks", {"to": "Cy"}, topic="send_sms")
            return (await stepper.run(3)).steps

    return asyncio.run(step())


async def around(*names: str, **options: object) -> Step:
    """Step one message through an actor called `cook`, inside middleware of these names."""

    def named(name: str):
        async def middleware(call_next, message, actor):
            return await call_next(message, actor)

        middleware.__name__ = name
        return middleware

    async def cook(): ...

    router = router_of(cook, middlewares=[named(name) for name in names], **options)
    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks", b"")
        step = await stepper.step()
        assert isinstance(step, Step)
        return step


def checked(picture: Picture):
    """Return the root of a picture, which holds nothing but the few elements and attributes that pictures use."""
    root = fromstring(picture.svg)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES
        for name, value in element.attrib.items():
            assert name in {"class", "style", "font-family", "aria-labelledby"} or "url" not in value
    style = root.find(f"{SVG}style").text
    assert "url" not in style
    assert "@import" not in style
    return root


def texts(picture: Picture) -> list[str]:
    return [element.text or "" for element in checked(picture).iter(f"{SVG}text")]


def test_a_step_is_drawn_from_the_queue_past_each_actor_to_the_outcome():
    shown = texts(chapter()[0].picture())
    assert shown[0] == "send_welcome_email got m1"
    for text in ("✓ acked", "user_tasks", "m1", "m2", "m3", "to='Ada'", "'welcome Ada'", "the actor returned"):
        assert text in shown
    assert "not asked, would say no" in shown


def test_a_message_that_nobody_wants_is_drawn_at_the_tail_with_its_sightings():
    step = chapter()[1]
    assert step.settlement.action is MessageAction.rejected
    picture = step.picture()
    shown = texts(picture)
    assert shown[0] == "Nobody got m2"
    # Once as what was taken, then in the order of the queue, where it is the last.
    assert [one for one in shown if re.fullmatch("m[0-9]", one)][:3] == ["m2", "m3", "m2"]
    dots = [one for one in checked(picture).iter(f"{SVG}circle") if one.get("r") == "4.5"]
    assert [dot.get("fill") for dot in dots].count("#7a5200") == 1
    assert len(dots) == 10


def test_the_card_of_an_actor_that_raised_is_not_drawn_as_one_that_returned():
    def card(step):
        (found,) = [
            one for one in checked(step.picture()).iter(f"{SVG}rect") if one.get("rx") == "10" and one.get("x") == "50"
        ]
        return found.get("stroke")

    returned, _, raised = chapter()[:3]
    assert raised.exception is not None
    assert card(returned) == GOOD.light
    assert card(raised) == BAD.light
    assert "⚠" in texts(raised.picture())


def test_a_picture_says_in_words_what_it_shows():
    picture = chapter()[2].picture()
    root = checked(picture)
    title, said = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert picture.text == f"{title.text}\n{said.text}"
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {said.get('id')}"
    assert "m3 (topic send_sms) went to send_sms, the first match, which raised OSError" in picture.text
    assert "✗ nacked" in picture.text
    assert repr(picture) == picture.text


def test_a_loaded_step_has_the_same_picture():
    for step in chapter():
        assert Step.from_dict(step.to_dict()).picture() == step.picture()


def test_rows_show_who_waited_and_each_sighting():
    async def poison() -> Picture:
        router = Router(channel="repairs")

        @router.actor
        async def visit(what: str): ...

        async with Stepper(app_of(router)) as stepper:
            await stepper.send("repairs", {"what": "fence"}, topic="visit", priority=1)
            await stepper.send("repairs", {"what": "ufo"}, topic="abduct")
            await stepper.run(10)
            return stepper.history.picture()

    picture = asyncio.run(poison())
    sightings = ", ".join(f"step {number} ↩ rejected" for number in range(1, 10))
    assert f"m2 (abduct ufo): {sightings}, step 10 ✗ nacked." in picture.text
    assert "m1 (visit fence): still waits." in picture.text
    shown = texts(picture)
    assert shown.count("↩") == 9
    assert "…" in shown


def test_a_row_of_many_steps_leaves_out_the_oldest_and_says_so():
    async def many() -> Picture:
        async with Stepper(app_of(router_of(lambda: None))) as stepper:
            for _ in range(60):
                await stepper.send("tasks", b"")
            return (await stepper.run(60)).picture()

    picture = asyncio.run(many())
    assert re.search(r"[0-9]+ older steps left out", picture.text)
    assert re.search(r"[0-9]+ more messages left out", picture.text)
    assert len(picture.svg) < 40_000


async def test_a_stepper_is_drawn_with_its_channels_and_actors():
    async with Stepper(tutorial_app()) as stepper:
        await stepper.send("user_tasks", {}, topic="send_sms")
        await stepper.send("elsewhere", {})
        shown = texts(stepper.picture())
    for text in ("user_tasks", "process_everything", "send_sms", "elsewhere", "no actor listens here", "1 waiting"):
        assert text in shown


async def test_dead_letters_are_drawn_below_their_queue():
    async with Stepper(app_of(router_of(lambda: 1 / 0))) as stepper:
        await stepper.send("tasks", b"")
        await stepper.step()
        picture = as_picture(stepper.queues)
    assert "✗ 1 dead letter" in texts(picture)
    assert "Dead letter m1: the actor raised ZeroDivisionError" in picture.text


async def test_queues_are_drawn_with_a_row_for_each_priority_the_highest_first():
    async with Stepper(app_of(router_of(lambda: None))) as stepper:
        for what, priority in (("tap", None), ("door", None), ("fence", 1), ("gas", 9)):
            await stepper.send("tasks", {"what": what}, priority=priority)
        pictures = [stepper.picture("priorities"), as_picture(stepper.queues["tasks"], "priorities")]
    for picture in pictures:
        places = [
            (round(float(one.get("y")), -1), float(one.get("x")), one.text)
            for one in checked(picture).iter(f"{SVG}text")
            if one.text in {"9", "4", "1", "m1", "m2", "m3", "m4"}
        ]
        assert [text for *_, text in sorted(places)] == ["9", "m4", "4", "m1", "m2", "1", "m3"]
        assert (
            "Priority 9: m4 gas.\nPriority 4 (the usual one): m1 tap, m2 door.\nPriority 1: m3 fence." in picture.text
        )


async def test_a_row_of_more_messages_than_it_has_room_for_counts_the_rest():
    async with Stepper(app_of(router_of(lambda: None))) as stepper:
        for number in range(40):
            await stepper.send("tasks", {"number": number}, priority=7)
        picture = stepper.picture("priorities")
    drawn = [text for text in texts(picture) if re.fullmatch("m[0-9]+", text)]
    (more,) = (int(text[2:]) for text in texts(picture) if text.startswith("+ "))
    assert drawn
    assert len(drawn) + more == 40
    assert "m12 11 and 28 more." in picture.text


async def test_rows_of_several_priorities_have_a_column_for_them():
    async with Stepper(app_of(router_of(lambda: None))) as stepper:
        await stepper.send("tasks", {"what": "tap"})
        await stepper.send("tasks", {"what": "pipe"}, priority=7)
        shown = texts((await stepper.run()).picture())
    assert {"priority", "4", "7"} <= set(shown)


async def book(guest: str, seats: int, note: str = "none"): ...


async def test_arguments_are_drawn_beside_what_was_sent():
    async with Stepper(app_of(router_of(book))) as stepper:
        await stepper.send("tasks", {"guest": "Ada", "seats": "3", "wine": "red"})
        picture = (await stepper.step()).picture("arguments")
    shown = texts(picture)
    for pair in (('"seats": "3"', "seats = 3"), ("not sent", "note = 'none'"), ('"wine": "red"', "not used")):
        assert [text for text in shown if text in pair] == list(pair)
    assert '"seats": "3" → seats = 3\n' in picture.text
    assert "book was called." in picture.text


async def test_a_text_that_is_too_long_for_its_place_goes_on_in_a_second_line():
    async with Stepper(app_of(router_of(book))) as stepper:
        await stepper.send("tasks", {"guest": "Ada Augusta King, of Lovelace", "seats": 3})
        shown = texts((await stepper.step()).picture("arguments"))
    assert shown[shown.index('"guest": "Ada Augusta') + 1] == 'King, of Lovelace"'


async def test_arguments_that_do_not_fit_are_drawn_with_the_problem_of_each():
    async with Stepper(app_of(router_of(book))) as stepper:
        await stepper.send("tasks", {"seats": "many"})
        picture = (await stepper.step()).picture("arguments")
    shown = texts(picture)
    assert shown.count("✗") == 2
    assert {"guest: Field required", "seats: 'many'", "was not called"} <= set(shown)
    assert "seats: 'many' → seats: Input should be a valid integer" in picture.text


async def test_a_crash_in_the_middle_is_drawn_for_each_step_by_what_becomes_of_its_message():
    late, early = await around(confirmation_mode="auto"), await around(confirmation_mode="ack_first")
    picture = Steps((late, early), "idle").picture("crash")
    assert [text for text in texts(picture) if text in {"↩ comes back", "✗ lost"}] == ["↩ comes back", "✗ lost"]
    plugs, acks = ([x for x, text in marks(picture) if text == wanted] for wanted in ("✂", "✓"))
    assert acks[0] > plugs[0]
    assert acks[1] < plugs[1]
    assert "acked after the run. If the worker dies in the run, the message is back on the queue" in picture.text


def marks(picture: Picture) -> list[tuple[float, str | None]]:
    return [(float(one.get("x")), one.text) for one in checked(picture).iter(f"{SVG}text")]


def test_without_a_run_there_is_nothing_to_crash():
    assert "No actor ran." in texts(Steps(chapter()[1:2], "idle").picture("crash"))


async def stepped(middleware, error: Exception | None = None) -> Step:
    """Step one message through an actor inside one middleware; the actor raises the error, if there is one."""

    async def cook():
        if error is not None:
            raise error

    async with Stepper(app_of(router_of(cook, middlewares=[middleware]))) as stepper:
        await stepper.send("tasks", b"")
        step = await stepper.step()
        assert isinstance(step, Step)
        return step


async def test_an_actor_that_middleware_did_not_call_is_drawn_as_not_called():
    async def closed(call_next, message, actor):
        return "closed"

    picture = (await stepped(closed)).picture("middleware")
    assert "was not called" in texts(picture)
    assert "cook was not called." in picture.text


async def test_an_error_that_middleware_caught_is_drawn_where_it_was_raised():
    async def calm(call_next, message, actor):
        try:
            return await call_next(message, actor)
        except RuntimeError:
            return "never mind"

    assert "raised RuntimeError" in texts((await stepped(calm, RuntimeError("no sugar"))).picture("middleware"))


async def test_an_error_of_middleware_after_the_run_is_not_drawn_as_the_actors():
    async def grumble(call_next, message, actor):
        await call_next(message, actor)
        raise RuntimeError("too salty")

    shown = texts((await stepped(grumble)).picture("middleware"))
    assert "ran" in shown
    assert "raised RuntimeError" not in shown


async def test_middleware_is_drawn_as_layers_from_the_outside_in():
    picture = (await around("watch", "router", "own")).picture("middleware")
    names = [text for text in texts(picture) if text in {"watch", "router", "own", "cook"}]
    assert names == ["watch", "router", "own", "cook"]
    layers = [one for one in checked(picture).iter(f"{SVG}rect") if one.get("rx") == "18"]
    widths = [float(one.get("width")) for one in layers]
    assert widths == sorted(widths, reverse=True)
    assert len(layers) == 3


@pytest.mark.parametrize(
    ("mode", "loss"),
    [
        ("auto", "At least once, and the job may be done again."),
        ("ack_first", "At most once, and the job may be lost."),
    ],
)
async def test_a_crash_before_and_after_the_ack_is_drawn_by_what_it_loses(mode, loss):
    picture = (await around(confirmation_mode=mode)).picture("settling")
    shown = texts(picture)
    assert loss in shown
    assert ("✂ dies here: lost" in shown) == (mode == "ack_first")
    ack, run = (next(x for x, text in marks(picture) if text == wanted) for wanted in ("✓", "cook"))
    assert (ack < run) == (mode == "ack_first")


def test_inside_a_step_without_a_run_there_is_nothing_to_draw():
    with pytest.raises(DeclarationError, match="No actor ran in step 2"):
        chapter()[1].picture("settling")


def test_a_picture_that_there_is_not_is_named_with_those_that_there_are():
    with pytest.raises(UnknownNameError, match="Did you mean 'settling'"):
        chapter()[0].picture("setling")
    with pytest.raises(TypeError, match="no picture of a int"):
        as_picture(7)


def test_a_picture_is_shown_and_saved(tmp_path):
    picture = chapter()[0].picture()
    shown = picture._repr_mimebundle_()
    assert shown["text/html"] == f'<div class="mathjax_ignore tex2jax_ignore">{picture.svg}</div>'
    assert (shown["image/svg+xml"], shown["text/plain"]) == (picture.svg, picture.text)
    assert picture.save(tmp_path / "step.svg").read_text(encoding="utf-8") == picture.svg


async def test_a_step_that_found_nothing_has_a_picture_too():
    async with Stepper(tutorial_app()) as stepper:
        idle = await stepper.step()
    for of in (None, "step", "settling"):
        assert {"Idle", "nothing is waiting on user_tasks"} <= set(texts(idle.picture(of)))
    assert "Idle · nothing is waiting on user_tasks" in idle.picture().text


def test_a_picture_does_not_change_with_the_time_that_the_actor_took():
    step = chapter()[0]
    assert replace(step, duration=12.0).picture() == replace(step, duration=0.001).picture()


def test_two_pictures_on_one_page_share_no_id_and_no_rule():
    first, second = (step.picture() for step in chapter()[:2])
    names = [set(re.findall(r"rnb-[0-9a-f]{10}", picture.svg)) for picture in (first, second)]
    assert not names[0] & names[1]
    for picture in (first, second):
        rules = re.findall(r"([^{}]+)\{", checked(picture).find(f"{SVG}style").text)
        assert all("rnb-" in rule or rule.startswith("@media") for rule in rules)


def test_a_river_has_a_lane_for_each_channel_and_worker_and_tells_each_way():
    picture = Steps(chapter(), "idle").picture("river")
    shown = texts(picture)
    assert {"user_tasks", "worker", "m1", "m2", "m3"} <= set(shown)
    assert [one for one in shown if one in "✓↩✗"] == ["✓", "↩", "✗"]
    assert "m2: taken off user_tasks at 1, rejected; waits on user_tasks since 2." in picture.text


async def test_the_river_of_a_stepper_has_a_lane_for_each_worker_of_its_server():
    app = tutorial_app()
    async with Stepper(app, name="Anna") as anna, Stepper(app, name="Ben") as ben:
        for _ in range(3):
            await anna.send("user_tasks", topic="send_sms")
        for worker in (anna, ben, anna):
            await worker.step()
        assert anna.workers == (anna, ben)
        picture = ben.picture("river")
        assert picture.text == anna.picture("river").text
    assert {"Anna", "Ben", "m1", "m2", "m3"} <= set(texts(picture))
    assert "m2: taken off user_tasks at 1 by Ben, acked." in picture.text


async def test_a_worker_that_is_closed_is_no_lane_any_more():
    app = tutorial_app()
    async with Stepper(app, name="Anna") as anna:
        async with Stepper(app, name="Ben") as ben:
            await ben.send("user_tasks", topic="send_sms")
            await ben.step()
        assert anna.workers == (anna,)
        assert "Ben" not in texts(anna.picture("river"))


def busy(visits: int) -> River:
    """Return the river of a run with two workers, each of which holds a message for three seconds."""
    passages = (
        Passage(
            name=f"m{number + 1}",
            visits=(
                Visit(
                    channel="orders",
                    since=number * 1.0,
                    taken=number + 0.5,
                    worker=f"w{number % 2}",
                    done=number + 3.5,
                    action=MessageAction.acked,
                ),
            ),
        )
        for number in range(visits)
    )
    end = visits + 3.0
    return River(
        channels=("orders",), workers=("w0", "w1"), passages=tuple(passages), begin=0.0, end=end, unit="second"
    )


def test_a_worker_that_holds_several_messages_has_a_slot_for_each():
    root = checked(as_picture(busy(4)))
    bars = [float(one.get("y")) for one in root.iter(f"{SVG}rect") if one.get("height") == "18"]
    assert len(set(bars)) == 4


def test_a_river_of_thousands_of_messages_shows_how_many_wait_and_stays_small():
    picture = as_picture(busy(3000))
    assert "at most 1" in texts(picture)
    assert "They waited 0.5 seconds on average, 0.5 at most." in picture.text
    assert len(picture.svg) < 40_000


async def test_a_trail_shows_what_came_of_a_message_and_folds_what_repeats():
    router = Router()

    @router.actor(channel="orders")
    async def ship(message: Message) -> None:
        await message.send_message_json(channel="emails", payload={"to": "Ada"})

    async with Stepper(app_of(router)) as stepper:
        await stepper.send("orders", b"", topic="ship")
        await stepper.send("orders", b"", topic="nobody")
        await stepper.run()
        shipped, unwanted = (texts(stepper.trail(name).picture()) for name in ("m1", "m2"))
    assert {"m1", "m1.1", "ship · acked", 'emails · {"to": "Ada"}', "waits"} <= set(shipped)
    assert {"nobody · rejected, 9 times", "nobody · nacked"} <= set(unwanted)


def test_a_simulated_run_has_a_river():
    async def ship() -> None:
        await asyncio.sleep(0.4)

    simulation = Simulation(app_of(router_of(ship)))
    simulation.produce("tasks", arrivals=every(0.3, count=8))
    simulation.worker("left", tasks_limit=1)
    simulation.worker("right", tasks_limit=1)
    run = simulation.run(until="idle")
    shown = texts(run.river())
    assert {"tasks", "left", "right", "m1", "m8"} <= set(shown)
    assert shown.count("✓") == 8
    part = texts(run.river(since=1.0, until=1.5))
    assert "m1" not in part
    assert len([one for one in part if one.startswith("m")]) < 8


def test_a_run_draws_how_long_each_priority_waited():
    simulation = Simulation(app_of(router_of(lambda: None)))
    simulation.produce("tasks", priority=7, arrivals=every(1, count=60))
    simulation.produce("tasks", priority=1, arrivals=every(20, count=3))
    simulation.takes("<lambda>", 1)
    simulation.worker("plumber", tasks_limit=1)
    picture = simulation.run(seconds=60).plot_starvation(unit="days")
    shown = texts(picture)
    assert [text for text in shown if text.startswith("priority")] == ["priority 7", "priority 1"]
    assert re.search(r"Priority 1: median [0-9.]+ · 95 % [0-9.]+ · longest [0-9.]+ days", picture.text)
    longest = [float(one.get("width")) for one in checked(picture).iter(f"{SVG}rect") if one.get("height") == "8"]
    assert longest[-2] < longest[-1]


def film(**more) -> Picture:
    return Steps(chapter(), "idle").film(**more)


def moments(picture: Picture, key: str) -> list[tuple[float, int, int]]:
    """Return when a thing of a film is where: the share of its length, and the place."""
    style = checked(picture).find(f"{SVG}style").text
    frames = re.search(rf"@keyframes rnb-[0-9a-f]+-{key}\{{(.*?\}})\}}", style)[1]
    found = re.findall(r"([0-9.]+)%\{transform:translate\((-?[0-9]+)px,(-?[0-9]+)px\)", frames)
    return [(float(share), int(x), int(y)) for share, x, y in found]


def test_in_a_film_a_message_visits_the_actors_that_are_asked_and_goes_to_its_end():
    # m3, which send_sms gets: no, yes, dead.
    keys = moments(film(), "t2")
    assert keys == sorted(keys)
    places = list(dict.fromkeys((x, y) for _, x, y in keys))
    at_actors = [y for x, y in places if 240 < x < 300]
    assert len(at_actors) == 2
    assert at_actors[0] < at_actors[1]
    assert places[-1][0] > 400  # the dead letters
    assert places[-1][1] > max(at_actors)


def test_a_film_that_may_not_move_is_a_still_of_the_end():
    root = checked(film())
    style = root.find(f"{SVG}style").text
    assert style.count("animation:") == 1
    assert re.search(r"@media \(prefers-reduced-motion:no-preference\)\{[^{]*\{animation:", style)
    groups = [one for one in root.iter(f"{SVG}g") if one.get("opacity") != "0"]
    shown = [text.text for group in groups for text in group.iter(f"{SVG}text")]
    assert {"3 steps", "1 acked · 1 rejected · 1 nacked", "m2", "m3"} <= set(shown)
    assert "m1" not in shown


def test_in_a_film_nothing_fades_before_it_is_over():
    style = checked(film()).find(f"{SVG}style").text
    for frames in re.findall(r"@keyframes rnb-[0-9a-f]+-[cs][0-9n]+\{(.*?\})\}", style):
        keys = [
            (float(share), float(opacity)) for share, opacity in re.findall(r"([0-9.]+)%\{opacity:([0-9.]+)", frames)
        ]
        slow = [one for one, after in pairwise(keys) if one[1] != after[1] and after[0] - one[0] > 3]
        assert slow == []


def test_a_film_says_its_notes_and_its_story_in_words():
    picture = film(notes={0: "Who gets the first?", 2: "Nobody wants it."}, title="Three messages")
    shown = texts(picture)
    assert {"Who gets the first?", "Nobody wants it.", "Three messages"} <= set(shown)
    assert picture.text.startswith("Three messages\nStep 1: m1 (topic send_welcome_email) went to send_welcome_email")


def test_a_film_of_many_steps_shows_the_newest_and_stays_small():
    async def many() -> Picture:
        async with Stepper(app_of(router_of(lambda: None))) as stepper:
            for _ in range(60):
                await stepper.send("tasks", b"")
            await stepper.run(60)
            return stepper.film()

    picture = asyncio.run(many())
    assert "30 older steps left out." in picture.text
    assert len(picture.svg) < 170_000


def test_a_film_without_steps_says_so():
    assert "No step yet" in texts(Stepper(app_of(Router())).film())


@pytest.mark.parametrize("number", [0, 1, 2])
def test_without_its_style_sheet_a_picture_keeps_its_light_colours(number):
    root = checked(chapter()[number].picture())
    for element in root.iter():
        for name in (element.get("class") or "").split():
            if name[:2] in {"f-", "s-"}:
                assert re.fullmatch("#[0-9a-f]{6}", element.get("fill" if name[0] == "f" else "stroke"))
    surface = next(root.iter(f"{SVG}rect"))
    assert surface.get("fill") == "#ffffff"


@pytest.mark.parametrize(
    "text",
    ["</text><script>alert(1)</script>", "]]>&<!--", "\x00\x1b\u202e\ud800", "שלום", "😀" * 200, "x" * 5000, "$a$ `b`"],
)
async def test_a_hostile_text_stays_text(text):
    found = await records(text)
    for kind in PICTURED:
        for record in found[kind]:
            root = checked(as_picture(record))
            if kind in {"Steps", "History"}:
                checked(record.film({1: text}, title=text))
                checked(record.picture("river"))
                checked(record.picture("crash"))
            if kind in {"QueuesSnapshot", "ChannelSnapshot"}:
                checked(as_picture(record, "priorities"))
            if kind == "Step" and record.winner is not None:
                checked(record.picture("arguments"))
                checked(record.picture("middleware"))
            assert all(len(element.text or "") < 200 for element in root.iter(f"{SVG}text"))


@settings(max_examples=5)
@given(st.text(st.characters(), min_size=1, max_size=30), st.binary(max_size=60))
def test_any_text_gives_a_picture(text, payload):
    found = asyncio.run(records(text, payload))
    for kind in PICTURED:
        for record in found[kind]:
            checked(as_picture(record))


async def test_a_step_among_many_actors_has_a_bounded_picture():
    picture = (await step_among_many_actors()).picture()
    assert "actor_201" in texts(picture)
    assert "… and 492 more" in texts(picture)
    assert len(picture.svg) < 20_000


@given(st.text(max_size=200), st.floats(20, 500))
def test_a_text_is_cut_to_its_width(text, width):
    assert text_width(fitted(text, width, 14), 14) <= max(width, text_width("…", 14))


def test_a_name_that_fits_is_whole():
    assert fitted("send_welcome_email", 200, 15, mono=True) == "send_welcome_email"
    assert fitted("send_welcome_email", 100, 15, mono=True) == "send_welco…"


def test_a_stepper_without_anything_has_a_picture():
    assert "No queue yet: nothing was sent." in texts(Stepper(app_of(Router())).picture())


def shop() -> Repid:
    app, router = Repid(title="A small shop", version="1.2"), Router(channel=Channel(address="orders", title="Orders"))

    @router.actor
    async def ship_order(number: int, user: Annotated[str, Header()], express: bool = False): ...

    app.include_router(router)
    shipped = MessageSchema(name="shipped", payload={"properties": {"number": {"type": "integer"}}})
    app.messages.register_operation(operation_id="announce", channel="news", messages=[shipped])
    return app


def test_an_app_is_drawn_with_what_it_receives_and_sends():
    picture = as_picture(shop())
    shown = texts(picture)
    assert shown[:4] == ["A small shop", "1.2", "orders", "Orders"]
    for text in ("receives", "ship_order", "integer", "header, string", "boolean, optional", "sends", "announce"):
        assert text in shown
    assert picture.text.splitlines() == [
        "What A small shop receives and sends",
        "It receives ship_order from orders: number (integer), express (boolean, optional), user (header, string).",
        "It sends announce to news: number (integer, optional).",
    ]


def test_an_app_without_actors_and_operations_says_so():
    assert "No actor and no operation yet." in texts(as_picture(Repid()))


def test_of_many_operations_and_fields_the_rest_is_counted():
    app, router = Repid(), Router(channel="orders")
    for number in range(30):
        fields = {f"field_{number}": (int, ...) for number in range(10)}

        async def work(order: Annotated[BaseModel, FullPayload()]): ...

        work.__annotations__["order"] = Annotated[create_model("Order", **fields), FullPayload()]
        router.actor(work, name=f"work_{number}")
    app.include_router(router)
    shown = texts(as_picture(app))
    assert "… and 2 more fields" in shown
    assert "… and 6 more operations" in shown


def test_queues_that_a_broker_keeps_are_framed_and_said_to_be_its():
    queues = Stepper(app_of(router_of(shop))).queues
    assert "Channels on Redis" in texts(picture_of_queues(queues, {}, broker="Redis"))
    assert picture_of_queues(queues, broker="Redis").text.splitlines()[1] == (
        "Redis, a program of its own, keeps the queues."
    )
    assert "Queues" in texts(picture_of_queues(queues))
