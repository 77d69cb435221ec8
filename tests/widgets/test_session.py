"""The session behind the workbench, on a real Stepper, without a page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from enum import Enum, IntEnum, StrEnum
from functools import partial
from typing import Any

import pytest
from support.waiting import until
from widgets.page import Page, done_again, new_app, story_of

from repid_nb import InMemoryServer, Message, Repid, Stepper, catch_all_routing_strategy
from repid_nb.core.routing.reruns import as_run_of
from repid_nb.widgets.export.replay import CallLog


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    app, router = new_app()

    @router.actor
    async def greet(to: str) -> str:
        print("hello", to)
        return f"greeted {to}"

    @router.actor
    async def fail() -> None:
        raise KeyError("no such user")

    @router.actor
    async def wait_for_ever() -> None:
        await asyncio.Event().wait()

    app.messages.register_operation(operation_id="say_hello", channel="tasks")
    stepper = Stepper(app, max_unrouted_retries=3)
    shown = Page(stepper)
    yield shown
    if tasks := shown.session.close():
        await asyncio.wait(tasks)
    await stepper.close()


async def test_a_message_is_sent_and_waits_on_its_lane(page: Page):
    state = await page.send('{"to": "ada"}', "greet", priority="9", headers=[["__proto__", "x"]])
    assert state["lanes"]["lanes"][0]["messages"] == [
        {"id": "m1", "name": "m1", "topic": "greet", "payload": '{"to": "ada"}', "priority": 9},
    ]
    assert page.stepper.queues["tasks"].ready[0].headers == {"__proto__": "x", "topic": "greet"}


async def test_an_operation_names_the_channel(page: Page):
    await page.do("send", form={"operation": "say_hello", "payload": '{"to": "ada"}', "topic": "greet"})
    assert page.waiting == ["m1"]


async def test_a_large_number_arrives_as_it_was_typed(page: Page):
    await page.send('{"to": 12345678901234567890123}', "greet")
    assert page.stepper.queues["tasks"].ready[0].payload == b'{"to":12345678901234567890123}'


async def test_text_is_sent_as_bytes_with_its_content_type(page: Page):
    await page.send("{not json", content_type="text/plain")
    ready = page.stepper.queues["tasks"].ready[0]
    assert (ready.payload, ready.content_type) == (b"{not json", "text/plain")


async def test_several_are_sent_at_once(page: Page):
    state = await page.send(count="120")
    assert state["lanes"]["lanes"][0]["waiting"] == 120
    assert state["status"]["notice"] == "Sent 120 messages to tasks: 120 waiting."


async def test_sending_many_can_be_stopped_and_how_many_were_sent_is_said(page: Page):
    page.session.handle({"type": "send", "form": {"channel": "tasks", "count": "1000"}})
    await until(lambda: bool(page.stepper.queues))
    page.session.handle({"type": "stop"})
    await page.rest()
    sent = page.stepper.queues["tasks"].waiting
    assert page.status["notice"] == f"Stopped after {sent} of 1,000 messages."
    assert 0 < sent < 1000


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"channel": "tasks", "payload": "{"}, "not JSON"),
        ({}, "Say where"),
        ({"operation": "nope"}, "Operation 'nope' not found"),
        ({"channel": "\ud800"}, "a lone surrogate"),
        ({"channel": "tasks", "count": "1001"}, "from 1 to 1000"),
        ({"channel": "tasks", "priority": "ten"}, "from 0 to 9"),
        ({"channel": "tasks", "headers": [["a", "1"], ["a", "2"]]}, "given twice"),
        ({"channel": "tasks", "headers": [["", "1"]]}, "needs a name"),
        ({"channel": "tasks", "topic": "a", "headers": [["topic", "b"]]}, "differ"),
    ],
)
async def test_what_cannot_be_sent_is_said_in_words_and_nothing_is_sent(page: Page, form: Any, said: str):
    state = await page.do("send", form=form)
    assert said in state["status"]["error"]
    assert not page.stepper.queues
    assert (await page.send())["status"]["error"] == ""


async def test_who_would_get_this_is_answered_without_sending(page: Page):
    await page.do("explain", form={"channel": "tasks", "topic": "greet"})
    assert page.replies[0]["who"] == "greet would get it: the first match."
    assert [one["outcome"] for one in page.replies[0]["verdicts"]] == ["match", "no match", "no match"]
    assert not page.stepper.queues


async def test_a_step_tells_its_whole_story(page: Page):
    await page.send('{"to": "ada"}', "greet")
    step = (await page.do("step"))["step"]
    assert step["story"] == (
        "Step 1: m1 (topic greet) went to greet, the first match, which returned. "
        "It was acked: done, it has left the queue."
    )
    assert step["arguments"] == [["to = 'ada'", "from the payload"]]
    assert (step["printed"], step["result"]) == ("hello ada", "'greeted ada'")
    assert step["settlement"]["word"] == "✓ acked"


async def test_a_step_on_an_empty_queue_says_so(page: Page):
    assert (await page.do("step"))["status"]["notice"] == "Idle · nothing is waiting on tasks"


async def test_an_error_of_an_actor_is_part_of_the_step_and_not_of_the_workbench(page: Page):
    await page.send(topic="fail")
    state = await page.do("step")
    assert state["step"]["raised"]["type"] == "KeyError"
    assert state["status"]["error"] == ""
    assert state["tray"]["letters"][0]["reason"] == "the actor raised KeyError: 'no such user'"


async def test_stepping_into_stops_after_each_phase_with_the_message_held(page: Page):
    await page.send('{"to": "ada"}', "greet")
    seen = [(await page.do("step_into"))["step"]]
    while page.status["held"]:
        assert [one.id for one in page.stepper.queues["tasks"].in_work] == ["m1"]
        page.session.handle({"type": "next_phase"})
        await asyncio.sleep(0)
        seen.append((await page.rest())["step"])
    assert [step["phase"] for step in seen] == ["pulled", "decided", "about to run", "ran", None]
    assert [bool(step["verdicts"]) for step in seen] == [False, True, True, True, True]
    assert [bool(step["arguments"]) for step in seen] == [False, False, True, True, True]
    assert [step["result"] for step in seen] == [None, None, None, "'greeted ada'", "'greeted ada'"]
    assert page.stepper.history[0].result == "greeted ada"


async def test_a_held_message_is_given_back_to_its_place(page: Page):
    await page.send(topic="nobody")
    await page.send('{"to": "ada"}', "greet")
    await page.do("step_into")
    page.session.handle({"type": "next_phase"})
    await page.rest()
    page.session.handle({"type": "stop"})
    await page.session.wait()
    assert page.waiting == ["m1", "m2"]
    assert page.stepper.queues["tasks"].ready[0].sightings == 0
    assert "back at its place" in page.status["notice"]


async def test_closing_gives_back_what_is_held_and_lets_the_stepper_go(page: Page):
    await page.send(topic="greet", payload='{"to": "ada"}')
    await page.do("step_into")
    await asyncio.wait(page.session.close())
    assert page.stepper.gate is None
    assert page.stepper.queues["tasks"].waiting == 1
    assert (await page.stepper.step()).winner == "greet"


async def test_a_held_step_can_be_finished_at_once(page: Page):
    await page.send('{"to": "ada"}', "greet")
    await page.do("step_into")
    page.session.handle({"type": "finish"})
    await page.session.wait()
    assert page.state["step"]["settlement"]["word"] == "✓ acked"


async def test_a_run_ends_when_nothing_waits(page: Page):
    await page.send('{"to": "ada"}', "greet", count="5")
    assert (await page.do("run"))["status"]["notice"] == "Ran 5 steps, until nothing was left to pull."


async def test_a_run_is_bounded(page: Page):
    await page.send(topic="nobody")
    assert (await page.do("run", max_steps=2))["status"]["notice"] == "Ran 2 steps, as many as were asked for."
    assert "Run between 1 and 10,000 steps" in (await page.do("run", max_steps=-1))["status"]["error"]


@pytest.mark.parametrize("pace", ["nan", "inf", -1, 61])
async def test_a_run_never_waits_without_end(page: Page, pace: Any):
    await page.send('{"to": "ada"}', "greet")
    assert "between 0 and 60 seconds" in (await page.do("run", pace=pace))["status"]["error"]


@pytest.mark.parametrize("command", ["step", None, [1], {"type": "fly"}])
async def test_what_no_page_would_send_is_refused_in_words(page: Page, command: Any):
    page.session.handle(command)
    assert page.status["error"].startswith("The workbench knows no ")


async def test_a_run_with_a_pace_can_be_stopped(page: Page):
    await page.send('{"to": "ada"}', "greet", count="5")
    page.session.handle({"type": "run", "pace": 60})
    await until(lambda: len(page.stepper.history) > 0)
    page.session.handle({"type": "stop"})
    await page.session.wait()
    assert page.status["notice"] == "Stopped after 1 step."


async def test_an_actor_that_never_ends_can_be_stopped(page: Page):
    await page.send(topic="wait_for_ever")
    page.session.handle({"type": "step"})
    await until(lambda: page.session.view.under_way)
    assert page.state["step"]["phase"] == "running"
    page.session.handle({"type": "stop"})
    await page.session.wait()
    assert page.waiting == ["m1"]
    assert page.status["busy"] is None


async def test_a_run_stops_after_its_step_and_at_a_second_press_at_once(page: Page):
    await page.send(topic="wait_for_ever")
    page.session.handle({"type": "run"})
    await until(lambda: page.session.view.under_way)
    page.session.handle({"type": "stop"})
    assert page.status["notice"] == "Stopping after this step. Press Stop again to stop at once."
    assert page.status["busy"] == "run"
    page.session.handle({"type": "stop"})
    await page.session.wait()
    assert page.waiting == ["m1"]
    assert page.status["busy"] is None


async def test_after_the_step_of_a_cell_was_interrupted_the_page_steps_on(page: Page):
    await page.send(topic="wait_for_ever")
    await page.send('{"to": "ada"}', "greet", priority="9")
    await page.stepper.step()
    of_a_cell = asyncio.create_task(page.stepper.step())
    await until(lambda: page.session.view.under_way)
    of_a_cell.cancel()
    await asyncio.wait({of_a_cell})
    assert page.state["step"]["number"] == 1
    state = await page.do("delete", channel="tasks", message="m1")
    assert state["status"]["notice"] == "m1 is deleted from tasks."
    assert (await page.do("step"))["status"]["error"] == ""


async def test_a_message_that_the_page_sends_leaves_the_step_of_a_cell_on_it(page: Page):
    await page.send(topic="wait_for_ever")
    of_a_cell = asyncio.create_task(page.stepper.step())
    await until(lambda: page.session.view.under_way)
    assert (await page.send('{"to": "ada"}', "greet"))["step"]["phase"] == "running"
    assert "from a cell" in (await page.do("delete", channel="tasks", message="m2"))["status"]["error"]
    of_a_cell.cancel()
    await asyncio.wait({of_a_cell})


async def test_after_a_step_of_a_cell_that_found_no_room_the_page_steps_on():
    class NoRoom:
        async def reserve(self, message: Any, actor: Any, on_wait: Any) -> None:
            await on_wait()

    app, router = new_app()

    @router.actor(limit_policies=[NoRoom()])
    async def call() -> None: ...

    async with Stepper(app) as stepper:
        page = Page(stepper)
        await stepper.send("tasks", topic="call")
        assert (await stepper.step()).waits
        assert "no room" in (await page.do("step"))["status"]["notice"]
        page.session.close()


async def test_closing_lets_the_step_of_a_cell_go_on_that_is_paused(page: Page):
    await page.send('{"to": "ada"}', "greet")
    await page.do("break_at", before_reveal=True)
    of_a_cell = asyncio.create_task(page.stepper.step())
    await until(lambda: page.status["held"])
    page.session.close()
    assert (await asyncio.wait_for(of_a_cell, 60)).winner == "greet"


async def test_an_error_that_cannot_be_shown_is_named_by_its_class():
    class UnspeakableError(Exception):
        def __str__(self) -> str:
            raise ValueError

    async def refuse(*_: Any) -> None:
        raise UnspeakableError

    app = Repid(producer_middlewares=[refuse])
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    async with Stepper(app) as stepper:
        page = Page(stepper)
        state = await page.send()
        page.session.close()
    assert state["status"]["error"] == "UnspeakableError: <UnspeakableError, which cannot be shown>"


async def test_a_command_that_is_stopped_before_it_has_begun_leaves_the_session_free(page: Page):
    await page.send('{"to": "ada"}', "greet")
    page.session.handle({"type": "step"})
    page.session.handle({"type": "stop"})
    await until(lambda: page.session.busy is None)
    assert page.status["notice"] == "Stopped."
    assert page.waiting == ["m1"]
    assert (await page.do("step"))["step"]["winner"] == "greet"


def test_without_a_running_loop_that_is_said_and_the_session_stays_free():
    app, _ = new_app()
    page = Page(Stepper(app))
    page.session.handle({"type": "step"})
    assert page.status["error"] == "RuntimeError: no running event loop"
    assert page.status["busy"] is None
    page.session.close()


async def test_one_thing_at_a_time(page: Page):
    await page.send('{"to": "ada"}', "greet", count="2")
    await page.do("step_into")
    page.session.handle({"type": "step", "id": 99})
    assert page.status["error"].startswith("One thing at a time")
    assert page.status["held"]


async def test_each_view_is_told_which_of_its_own_questions_are_answered(page: Page):
    page.session.handle({"type": "dismiss", "id": ["here", 7]})
    before = page.status["answered"]
    page.session.handle({"type": "dismiss", "id": ["there", 2]})
    assert (before, page.status["answered"]) == ({"here": 7}, {"here": 7, "there": 2})


async def test_of_the_views_only_those_that_ask_are_remembered(page: Page):
    for number in range(100):
        page.session.handle({"type": "dismiss", "id": ["here", number]})
        page.session.handle({"type": "dismiss", "id": [f"view {number}", 1]})
    assert page.status["answered"]["here"] == 99
    assert len(page.status["answered"]) == 16


async def test_a_step_of_a_cell_shows_here_too(page: Page):
    await page.send('{"to": "ada"}', "greet")
    await page.stepper.step()
    assert page.state["step"]["number"] == 1


async def test_looking_back_shows_the_queues_as_they_were_and_changes_nothing(page: Page):
    await page.send('{"to": "ada"}', "greet", count="3")
    await page.do("run")
    state = await page.do("seek", to=1)
    assert state["lanes"]["lanes"][0]["waiting"] == 2
    assert state["history"]["live"] is False
    assert (await page.do("seek", to=0))["lanes"]["lanes"][0]["waiting"] == 3
    assert (await page.do("seek", to=3))["history"]["live"] is True
    assert page.stepper.queues["tasks"].waiting == 0


@pytest.mark.parametrize("kind", ["step", "step_into", "run", "resend"])
async def test_nothing_happens_now_while_an_earlier_step_is_looked_at(page: Page, kind: str):
    await page.send(topic="fail")
    await page.send('{"to": "ada"}', "greet")
    await page.do("step")
    await page.do("seek", to=0)
    state = await page.do(kind, channel="tasks", message="m1")
    assert state["status"]["error"].startswith("You are looking at an earlier step.")
    assert len(page.stepper.history) == 1
    assert page.stepper.queues["tasks"].dead == 1


async def test_going_on_from_an_earlier_step_takes_the_later_ones_back(page: Page):
    await page.send('{"to": "ada"}', "greet", count="3")
    await page.do("run")
    await page.do("seek", to=1)
    state = await page.do("go_on", to=1)
    assert page.waiting == ["m2", "m3"]
    assert "What the actors did stays done." in state["status"]["notice"]


async def test_reset_goes_back_to_the_first_moment(page: Page):
    await page.send('{"to": "ada"}', "greet", count="3")
    await page.do("run")
    state = await page.do("reset")
    assert state["step"] == {}
    assert len(page.stepper.history) == 0


async def test_a_dead_letter_can_be_opened_and_sent_again(page: Page):
    await page.send("[1, 2]", topic="fail", headers=[["trace", "abc"]])
    await page.do("step")
    page.session.handle({"type": "open", "id": 7, "what": "waiting", "channel": "tasks", "message": "m1"})
    assert page.replies[-1]["text"] == "trace: abc\ntopic: fail\ncontent type: application/json\n\n[1, 2]"
    await page.do("resend", channel="tasks", message="m1")
    assert page.waiting == ["m1"]


async def test_a_long_text_is_fetched_a_piece_at_a_time(page: Page):
    text = "🎉" * 1_000_000
    await page.send(text, content_type="text/plain")
    assert len(json.dumps(page.state)) < 8_000
    read, place = "", 0
    while len(read) < 12_000:
        page.session.handle({"type": "open", "what": "waiting", "channel": "tasks", "message": "m1", "from": place})
        read += page.replies[-1]["text"]
        place = page.replies[-1]["next"]
        assert len(page.replies[-1]["text"]) <= 4_000
    assert read == f"content type: text/plain\n\n{text}"[: len(read)]


async def test_two_files_can_be_taken_at_the_same_time(page: Page):
    await page.send(json.dumps("x" * 100_000), count="3", topic="nobody")
    await page.do("run", max_steps=3)
    whole = page.session.texts.export("json_lines")
    page.session.handle({"type": "take", "form": "json_lines"})
    place = page.replies[-1]["next"]
    page.session.handle({"type": "take", "form": "mermaid"})
    page.session.handle({"type": "take", "form": "json_lines", "from": place})
    assert [page.replies[-1][name] for name in ("total", "text")] == [len(whole), whole[place : place + 200_000]]


async def test_what_is_gone_cannot_be_opened_and_that_is_said(page: Page):
    page.session.handle({"type": "open", "id": 1, "what": "waiting", "channel": "tasks", "message": "m9"})
    assert page.replies[-1]["text"] == "Message 'm9' is not on 'tasks' any more."


@pytest.mark.parametrize(
    ("topic", "pick", "right", "answer"),
    [
        ("greet", "1", True, "greet gets it: the first match."),
        ("greet", "2", False, "greet gets it: the first match."),
        ("nobody", "back", True, "Nobody gets it: no actor matched. It goes back to the tail."),
        ("nobody", "tray", False, "Nobody gets it: no actor matched. It goes back to the tail."),
    ],
)
async def test_a_guess_is_marked(page: Page, topic: str, pick: str, right: bool, answer: str):
    await page.do("predict", on=True)
    await page.send('{"to": "ada"}', topic)
    options = page.state["prediction"]["options"]
    assert [value for value, _ in options] == ["1", "2", "3", "back", "tray"]
    told = (await page.do("step", pick=pick))["prediction"]
    assert (told["right"], told["asked"]) == (int(right), 1)
    assert told["last"] == {"right": right, "answer": answer}


async def test_the_guess_of_a_dead_letter_is_right_at_the_last_sighting(page: Page):
    await page.send(topic="nobody")
    await page.do("run", max_steps=2)
    assert (await page.do("step", pick="tray"))["prediction"]["right"] == 1


async def test_the_question_is_about_the_channel_that_the_page_pulls_from():
    app, router = new_app()

    @router.actor
    async def here() -> None: ...

    @router.actor(channel="other")
    async def there() -> None: ...

    page = Page(Stepper(app))
    await page.do("predict", on=True)
    await page.send(topic="here")
    await page.do("send", form={"channel": "other", "topic": "there"})
    assert page.state["prediction"]["message"] == "m1"

    asked = await page.do("pull_from", channel="other")
    assert asked["prediction"]["message"] == "m2"
    assert asked["prediction"]["options"][0] == ["1", "there"]
    assert [lane["next"] for lane in asked["lanes"]["lanes"]] == [False, True]
    told = await page.do("step", pick="1")
    assert told["step"]["channel"] == "other"
    assert (told["prediction"]["right"], told["prediction"]["asked"]) == (1, 1)
    assert "message" not in told["prediction"]
    assert (await page.do("pull_from", channel=""))["prediction"]["message"] == "m1"
    page.session.close()


async def test_a_quick_step_that_stops_nowhere_is_pictured_only_before_and_after(page: Page):
    pictures = 0

    def snapshot(*given: Any) -> Any:
        nonlocal pictures
        pictures += 1
        return InMemoryServer.snapshot(page.stepper.server, *given)

    await page.send('{"to": "ada"}', "greet")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(page.stepper.server, "snapshot", snapshot)
        await page.stepper.step()
    assert pictures == 2


async def test_what_nobody_settled_stays_on_its_lane(page: Page):
    @page.stepper.app.router.actor(channel="tasks", confirmation_mode="manual")
    async def forget() -> None: ...

    await page.send(topic="forget", count="3")
    await page.do("run", max_steps=3)
    (lane,) = page.state["lanes"]["lanes"]
    assert (lane["waiting"], lane["in_work"]) == (0, 3)
    assert lane["working"] == [{"id": "m1", "name": "m1"}, {"id": "m2", "name": "m2"}]


@pytest.mark.filterwarnings("ignore::repid_nb.StaleActorWarning")
async def test_an_actor_that_is_left_over_is_marked_and_can_be_forgotten():
    app, router = new_app()

    def declare(name: str) -> None:
        with as_run_of("the cell"):

            @router.actor(name=name)
            async def greet() -> None: ...

    declare("renamed")
    declare("greet")
    declare("greet")
    page = Page(Stepper(app))
    actors = page.state["actors"]
    assert actors["stale"]
    assert [one["note"].partition(":")[0] for one in actors["actors"]] == ["left over", "↻ its cell ran again"]
    await page.do("keep_newest")
    assert not page.state["actors"]["stale"]
    page.session.close()


async def test_an_actor_that_waits_to_be_asked_names_its_strategy_as_its_verdict_does():
    def is_large(message: Message, least: int) -> bool:
        return len(message.payload) >= least

    def large_only(*, actor_name: str) -> Any:
        return partial(is_large, least=3)

    app, router = new_app()

    @router.actor(routing_strategy=large_only)
    async def weigh() -> None: ...

    page = Page(Stepper(app))
    (waiting,) = page.state["actors"]["actors"]
    await page.send('"large"')
    (verdict,) = (await page.do("step"))["step"]["verdicts"]
    assert waiting["strategy"] == verdict["strategy"] == "large_only"
    page.session.close()


async def test_the_exported_cell_does_it_all_again(page: Page):
    await page.send('{"to": "ada"}', "greet", priority="7")
    await page.send('{"to": "bob"}', "greet")
    await page.do("step")
    await page.do("step")
    await page.do("go_on", to=1)
    await page.stepper.app.send_message_json(channel="tasks", payload={"to": "eve"}, headers={"topic": "greet"})
    await page.do("run")
    assert story_of(await done_again(page)) == story_of(page.stepper)


async def test_the_cell_deletes_from_a_channel_whatever_its_name():
    app, router = new_app()
    router.actor(channel="orders/{tenant}")(_nothing)
    async with Stepper(app) as stepper:
        page = Page(stepper)
        for _ in range(2):
            await stepper.send("orders/{tenant}")
        await page.do("delete", channel="orders/{tenant}", message="m1")
        cell = page.session.texts.export("cell")
        page.session.close()
    assert "stepper.delete('orders/{tenant}', 'm1')" in cell.splitlines()


async def _nothing() -> None: ...


async def test_the_cell_knows_the_priority_of_what_a_cell_sent(page: Page):
    for priority in (4, 0, 9, 6):
        await page.stepper.send("tasks", {"to": f"ada {priority}"}, topic="greet", priority=priority)
    await page.do("run", max_steps=2)
    again = await done_again(page)
    assert [step.message.priority for step in again.history] == [9, 6]
    assert story_of(again) == story_of(page.stepper)


async def test_the_cell_starts_with_what_waited_before_there_was_a_page(page: Page):
    page.session.close()
    stepper = page.stepper
    for name in ("ada", "bob", "eve"):
        await stepper.send("tasks", {"to": name}, topic="greet", priority=7 if name == "eve" else None)
    await stepper.run(2)
    later = Page(stepper)
    await later.send("[1]", topic="nobody")
    await later.do("run", max_steps=2)
    await later.do("go_on", to=3)
    again = await done_again(later)
    assert [step.message.payload for step in again.history] == [b'{"to":"bob"}']
    assert story_of(again)[1] == story_of(stepper)[1]
    later.session.close()


async def test_the_cell_starts_again_where_a_reset_went(page: Page):
    await page.stepper.send("tasks", {"to": "ada"}, topic="greet")
    await page.stepper.step()
    page.session.close()
    later = Page(page.stepper)
    await later.send('{"to": "bob"}', "greet")
    await later.do("step")
    await later.do("reset")
    await later.do("step")
    assert story_of(await done_again(later)) == story_of(page.stepper)
    later.session.close()


async def test_the_cell_sends_what_was_sent_while_a_message_was_held_but_not_what_an_actor_sends():
    app, router = new_app()

    @router.actor
    async def pass_on(message: Message) -> None:
        await message.send_message_json(channel="tasks", payload=[2], headers={"topic": "nobody"})

    page = Page(Stepper(app))
    await page.send("[1]", "pass_on")
    await page.do("step_into")
    await page.stepper.send("tasks", [3])
    page.session.handle({"type": "finish"})
    await page.session.wait()
    sent = [line for line in page.session.texts.export("cell").splitlines() if ".send(" in line]
    assert sent == ["await stepper.send('tasks', [1], topic='pass_on')", "await stepper.send('tasks', [3])"]
    page.session.close()


async def test_the_cell_sends_the_same_dead_letter_again_whatever_ids_there_were(page: Page):
    async with page.stepper.server.connection():
        await page.stepper.app.send_message_json(channel="tasks", payload=[0], headers={"topic": "fail"})
    await page.send("[1]", topic="fail")
    await page.do("run")
    await page.do("resend", channel="tasks", message="m1")
    assert story_of(await done_again(page)) == story_of(page.stepper)


@pytest.mark.parametrize(
    ("payload", "content_type"),
    [
        (b"NaN", "application/json"),
        (b"null", "application/json"),
        (b'{"a": 1}', "application/json"),
        (b"[" * 300 + b"]" * 300, "application/json"),
        (b"{not json", "application/json"),
        (b"\xff", None),
        (b"", "text/plain"),
        (b"", None),
    ],
)
async def test_the_cell_sends_every_payload_byte_for_byte(page: Page, payload: bytes, content_type: str | None):
    await page.stepper.send("tasks", payload, content_type=content_type)
    (message,) = (await done_again(page)).queues["tasks"].ready
    assert (message.payload, message.content_type) == (payload, content_type)


async def test_the_cell_says_what_it_cannot_do_again(page: Page):
    page.session.close()
    for topic in ("fail", "nobody"):
        await page.stepper.send("tasks", topic=topic)
        await page.stepper.step()
    later = Page(page.stepper)
    page.stepper.server.publish_nowait("tasks", b"x", reply_to="answers")
    await later.do("resend", channel="tasks", message="m1")
    assert [line for line in later.session.texts.export("cell").splitlines() if "eft out" in line] == [
        "# Left out: 1 dead letter on 'tasks', from before.",
        "# Left out: the earlier sightings of 1 message on 'tasks'.",
        "await stepper.send('tasks', b'x')  # left out: its reply_to, 'answers'",
        "# Left out: 'm1' of 'tasks' was sent again; this cell does not know its id.",
    ]
    await done_again(later)
    later.session.close()


async def test_while_loaded_steps_are_shown_nothing_is_sent(page: Page):
    await page.send('{"to": "ada"}', "greet")
    await page.do("step")
    await page.do("load", text=page.session.texts.export("json_lines"))
    assert "loaded steps" in (await page.send())["status"]["error"]
    assert page.stepper.queues["tasks"].waiting == 0


async def test_steps_come_back_from_json_lines_to_be_looked_at(page: Page):
    await page.send('{"to": "ada"}', "greet")
    await page.do("step")
    taken = page.session.texts.export("json_lines")
    await page.do("reset")
    state = await page.do("load", text=taken)
    assert state["history"]["replay"]
    state = await page.do("seek", to=1)
    assert state["step"]["winner"] == "greet"
    assert "loaded steps" in (await page.do("step"))["status"]["error"]
    assert not (await page.do("unload"))["history"]["replay"]


@pytest.mark.parametrize(
    "text", ["a\u2028b", "a\u2029b", "a\x85b", "a\x0bb\x1cc", "a\r\nb", "lone \ud800", "\u00e9\u3164"], ids=ascii
)
async def test_each_step_is_one_line_of_json_lines_whatever_is_in_it(page: Page, text: str):
    app, router = new_app()

    @router.actor(routing_strategy=catch_all_routing_strategy)
    async def repeat(message: Message) -> str:
        print(text)
        return text

    page = Page(Stepper(app))
    for _ in range(2):
        await page.stepper.send("tasks", text.encode("utf-8", "surrogatepass"), headers={text: text})
    steps = (await page.stepper.run()).steps
    lines = page.session.texts.export("json_lines")
    assert len(lines.splitlines()) == 2
    assert lines.encode().decode() == lines
    await page.do("load", text=lines)
    assert page.session.view.steps == steps
    await page.do("load", text=lines.replace("\n", "\r\n"))
    assert page.session.view.steps == steps
    page.session.close()


async def test_json_lines_of_before_with_separators_in_a_line_can_be_loaded(page: Page):
    await page.send('{"to": "ada"}', "greet")
    await page.do("step")
    data = page.stepper.history[0].to_dict()
    data["printed"] = "a\u2028b\u2029c\x85d"
    await page.do("load", text=json.dumps(data, ensure_ascii=False) + "\n")
    assert page.session.view.steps[0].printed == data["printed"]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"number": ' * 50_000, "\x1b[31m", '{"message": {"payload": {"text": "\\ud800"}}}']
)
async def test_what_no_step_can_be_read_from_is_refused_in_words(page: Page, text: str):
    error = (await page.do("load", text=text))["status"]["error"]
    assert error.startswith("Line 1 is not a step: ")
    assert "RecursionError" not in error


class Word(StrEnum):
    TOPIC = "greet"
    CHANNEL = "tasks"


class Hostile(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return "__import__('os').getpid()"

    __str__ = __repr__


class HostileBytes(bytes):
    __slots__ = ()

    def __repr__(self) -> str:
        return "__import__('os').getpid()"


class Urgent(IntEnum):
    YES = 9


async def test_the_cell_writes_text_and_numbers_whatever_their_classes_show(page: Page):
    await page.stepper.send(
        Word.CHANNEL, HostileBytes(b"x"), topic=Word.TOPIC, headers={Hostile("k"): Hostile("v")}, priority=Urgent.YES
    )
    await page.stepper.send(Hostile("tasks"), b"y", content_type=Hostile("text/plain"))
    cell = page.session.texts.export("cell")
    assert [line for line in cell.splitlines() if "send(" in line] == [
        "await stepper.send('tasks', b'x', topic='greet', headers={'k': 'v'}, priority=9)",
        "await stepper.send('tasks', b'y', content_type='text/plain')",
    ]
    again = await done_again(page)
    assert story_of(again) == story_of(page.stepper)


async def test_an_operation_whose_channel_is_a_member_of_an_enumeration_can_be_sent_to():
    app, _ = new_app()

    class Channel(str, Enum):  # noqa: UP042  (its `str` is not its text)
        TASKS = "tasks"

    app.messages.register_operation(operation_id="say", channel=Channel.TASKS)
    page = Page(Stepper(app))
    await page.do("send", form={"operation": "say", "payload": "{}"})
    assert page.status["error"] == ""
    assert page.stepper.queues["tasks"].waiting == 1
    page.session.close()


async def test_steps_whose_verdicts_are_not_all_there_can_be_looked_at(page: Page):
    await page.send(topic="fail")
    await page.do("step")
    step = page.stepper.history[0].to_dict()
    step["verdicts"] = [one for one in step["verdicts"] if one["role"] == "winner"]
    await page.do("load", text=json.dumps(step))
    state = await page.do("seek", to=1)
    assert [one["actor"] for one in state["step"]["verdicts"]] == ["fail"]
    assert state["status"]["error"] == ""


async def test_of_very_many_verdicts_that_of_the_winner_is_shown():
    app, router = new_app()
    for number in range(40):

        @router.actor(name=f"actor {number}")
        async def work() -> None: ...

    page = Page(Stepper(app))
    await page.send(topic="actor 30")
    step = (await page.do("step"))["step"]
    assert step["verdicts"][-1]["actor"] == step["winner"] == "actor 30"
    assert len(step["verdicts"]) + step["more_verdicts"] == 40
    page.session.close()


async def test_what_cannot_be_shown_is_said_and_later_updates_come(page: Page):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(page.stepper, "snapshot", lambda _window=None: {}["lost"])
        assert page.status["error"] == "KeyError: 'lost'"
    state = await page.send()
    assert state["status"]["error"] == ""
    assert page.waiting == ["m1"]


async def test_what_is_no_session_is_not_loaded_and_the_line_is_named(page: Page):
    assert "Line 2 is not a step" in (await page.do("load", text="\n{}\n"))["status"]["error"]


async def test_a_diagram_escapes_what_means_something_to_mermaid():
    app, router = new_app()

    @router.actor(name="a;b-->>c\nend", routing_strategy=catch_all_routing_strategy)
    async def strange(message: Message) -> None: ...

    page = Page(Stepper(app))
    await page.send()
    await page.do("step")
    diagram = page.session.texts.export("mermaid")
    assert "    participant a0 as a#59;b--#62;#62;c#92;nend\n" in diagram
    assert diagram.startswith("sequenceDiagram\n")
    page.session.close()


LONG = "tenants/north-western-europe/customers/business/accounts/0001/"
UNKNOWN_TO_THE_PAGE = [
    pytest.param("x" * 61, id="long"),
    pytest.param("ä" * 31, id="long in bytes"),
    pytest.param("tab\tname", id="control character"),
    pytest.param("half\ud800", id="half a character"),
    pytest.param(f"{LONG}orders", id="cut"),
    pytest.param("y" * 100_000, id="very long"),
]


def app_with(*channels: str) -> Repid:
    app, router = new_app()
    for channel in channels:

        @router.actor(channel=channel, name=f"actor of {channel}", routing_strategy=catch_all_routing_strategy)
        async def work() -> None: ...

    return app


@pytest.mark.parametrize("name", UNKNOWN_TO_THE_PAGE)
async def test_the_actors_of_a_channel_are_shown_whatever_its_name(name: str):
    page = Page(Stepper(app_with("first", name)))
    await page.stepper.send(name)
    assert len(page.state["actors"]["actors"]) == 1
    assert (await page.do("step_into"))["step"]["phase"] == "pulled"
    assert len(page.state["actors"]["actors"]) == 1
    await page.do("finish")
    page.session.close()


@pytest.mark.parametrize("name", UNKNOWN_TO_THE_PAGE)
async def test_any_name_can_be_sent_to_the_page_and_costs_little(name: str):
    app = app_with(name)
    app.messages.register_operation(operation_id=name, channel=name)
    page = Page(Stepper(app))
    await page.do("predict", on=True)
    await page.stepper.send(name, topic=name)
    before = page.state
    await page.do("step")
    for state in (before, page.state):
        assert len(json.dumps(state, ensure_ascii=False).encode()) < 7_000
    page.session.close()


@pytest.mark.parametrize("name", UNKNOWN_TO_THE_PAGE)
async def test_a_message_goes_where_the_form_says_whatever_the_name(name: str):
    app = app_with(name[:-1] + "z", name)
    app.messages.register_operation(operation_id=name, channel=name[:-1] + "z")
    page = Page(Stepper(app))
    choices = page.state["choices"]
    if "\ud800" not in name:
        await page.do("send", form={"channel": choices["channels"][1][0]})
        assert page.stepper.queues[name].waiting == 1
    await page.do("send", form={"operation": choices["operations"][0][0]})
    assert page.stepper.queues[name[:-1] + "z"].waiting == 1
    page.session.close()


@pytest.mark.parametrize("name", UNKNOWN_TO_THE_PAGE)
async def test_a_message_is_opened_and_sent_again_whatever_its_id_and_its_channel(name: str):
    app = app_with()

    @app.router.actor(channel=name, routing_strategy=catch_all_routing_strategy)
    async def fail() -> None:
        raise KeyError

    page = Page(Stepper(app))
    async with page.stepper.server.connection():
        for payload in (b"first", b"second"):
            parameters = {"message_id": f"{name}{payload.decode()}"}
            await app.send_message(channel=name, payload=payload, server_specific_parameters=parameters)
        (lane,) = page.state["lanes"]["lanes"]
        await page.do("open", what="waiting", channel=lane["key"], message=lane["messages"][1]["id"])
        assert page.replies[-1]["text"] == "second"
        letter = (await page.do("step"))["tray"]["letters"][0]
        await page.do("open", what="waiting", channel=letter["key"], message=letter["id"])
        assert page.replies[-1]["text"] == "first"
        await page.do("resend", channel=letter["key"], message=letter["id"])
    assert [one.payload for one in page.stepper.queues[name].ready] == [b"second", b"first"]
    page.session.close()


async def test_channels_that_begin_alike_are_told_apart():
    page = Page(Stepper(app_with(f"{LONG}orders", f"{LONG}invoices")))
    await page.stepper.send(f"{LONG}orders")
    await page.stepper.send(f"{LONG}invoices")
    lanes = page.state["lanes"]["lanes"]
    assert lanes[0]["channel"] == lanes[1]["channel"]
    state = await page.do("pull_from", channel=lanes[1]["key"])
    assert state["lanes"]["pull_from"]["key"] == lanes[1]["key"]
    assert (await page.do("step"))["step"]["key"] == lanes[1]["key"]
    assert page.stepper.queues[f"{LONG}invoices"].waiting == 0
    page.session.close()


@pytest.mark.parametrize("waiting", [10, 10_000])
async def test_what_is_shown_does_not_grow_with_the_queue(page: Page, waiting: int):
    for _ in range(waiting):
        await page.stepper.send("tasks", {"to": "漢字" * 500}, topic="nobody🎉" * 20, headers={"h" * 200: "v" * 200})
    state = await page.do("step")
    size = len(json.dumps(state, ensure_ascii=False).encode())
    assert size < 7_000


async def test_what_is_shown_costs_the_same_with_a_long_history(page: Page):
    looked_at = 0

    def looks() -> int:
        nonlocal looked_at
        looked_at += 1
        return 0

    await page.send('{"to": "ada"}', "greet", count="30")
    await page.do("run")
    history = type(page.stepper).history
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(page.stepper), "history", property(lambda self: (looks(), history.fget(self))[1]))
        page.session.state()
    assert looked_at < 7


def test_of_very_many_calls_the_newest_are_exported_and_the_others_counted():
    app, _ = new_app()
    log = CallLog(Stepper(app), limit=2)
    for number in range(5):
        log.called(f"call_{number}()")
    lines = log.as_cell().splitlines()
    assert "# 3 earlier calls left out" in lines
    assert [line for line in lines if line.startswith("call_")] == ["call_3()", "call_4()"]


def test_a_rewind_to_where_the_log_begins_starts_it_anew():
    app, _ = new_app()
    stepper = Stepper(app)
    log = CallLog(stepper)
    log.called("call()")
    log.rewound(0)
    assert "call()" not in log.as_cell()
    assert "rewind" not in log.as_cell()
