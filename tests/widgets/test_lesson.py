"""A lesson: a session as one HTML file that plays without Python."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from stepping.bench import app_of, router_of

from repid_nb import Repid, Router, Stepper, Workbench
from repid_nb.core.errors import InvalidMessageError
from repid_nb.widgets.export.lesson import MOST_STEPS, Cast, lesson_of
from repid_nb.widgets.export.page import lesson_page
from repid_nb.widgets.export.saved import saved_html
from repid_nb.widgets.view import View

HOSTILE = "</script><script>document.title='hacked'</script><img src=x onerror=alert(1)>\u2028\ud800"


def shop() -> Repid:
    router = Router(channel="orders")

    @router.actor
    async def ship(number: int) -> str:
        print(f"shipping {number}")
        return "on its way"

    @router.actor
    async def refund(number: int) -> None:
        raise ValueError("no money left")

    return app_of(router)


async def stepped(stepper: Stepper) -> None:
    await stepper.send("orders", {"number": 1}, topic="ship")
    await stepper.send("orders", {"number": 2}, topic="nobody")
    await stepper.send("orders", {"number": 3}, topic="refund")
    await stepper.run(3)


def cast(*steppers: Stepper) -> Cast:
    return Cast.on_stage(View(*steppers))


async def lesson(notes: dict[int, str] | None = None) -> dict[str, Any]:
    async with Stepper(shop()) as stepper:
        await stepped(stepper)
        return lesson_of(cast(stepper), stepper.history.steps, notes)


async def test_each_message_has_its_whole_way():
    made = await lesson()
    assert [row["text"] for row in made["trails"]["m3"]] == ["orders: refund got it · ✗ nacked"]
    assert set(made["trails"]) == {"m1", "m2", "m3"}


async def test_a_lesson_of_several_workers_has_the_steps_and_the_actors_of_each():
    router = Router(channel="orders")

    @router.actor
    async def pack(number: int) -> None: ...

    app = shop()
    other = Repid()
    other.servers.register_server("default", app.servers.default, is_default=True)
    other.include_router(router)
    async with Stepper(app, name="Ada") as ada, Stepper(other, name="Bob") as bob:
        await ada.send("orders", {"number": 1}, topic="ship")
        await ada.send("orders", {"number": 2}, topic="pack")
        await ada.step()
        await bob.step()
        view = View(ada, bob)
        made = lesson_of(Cast.on_stage(view), view.steps)
    parts = [
        [made["traits"][name][place] for name, place in zip(PARTS, moment, strict=True)] for moment in made["moments"]
    ]
    chosen = [[one["name"] for one in workers["workers"] if one.get("chosen")] for *_, workers in parts]
    assert chosen == [[], ["Ada"], ["Bob"]]
    assert [[one["actor"] for one in actors["actors"]] for _, _, actors, _, _ in parts[1:]] == [
        ["ship", "refund"],
        ["pack"],
    ]
    assert made["river"]["workers"] == ["Ada", "Bob"]


PARTS = ("lanes", "tray", "actors", "step", "workers")


class Scripts(HTMLParser):
    """Reads the scripts and the policy of a page, as a browser finds them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[tuple[str, str]] = []
        self.policy = ""
        self.tags: list[str] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append((given.get("type") or "", ""))
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            kind, text = self.scripts[-1]
            self.scripts[-1] = kind, text + data


class Frames(HTMLParser):
    """Reads the frame of a saved output, and the texts beside it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.frame: dict[str, str] = {}
        self.beside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.frame = {name: value or "" for name, value in attrs}

    def handle_data(self, data: str) -> None:
        self.beside += data


async def test_a_lesson_has_a_moment_before_the_first_step_and_one_after_each():
    made = await lesson()
    shown = [made["traits"]["step"][moment[3]].get("number", 0) for moment in made["moments"]]
    assert shown == [0, 1, 2, 3]
    assert [one["message"] for one in made["summaries"]] == ["m1", "m2", "m3"]
    assert made["counts"] == [(0, 0), (1, 0), (1, 1), (1, 1)]


async def test_what_is_the_same_at_several_moments_is_kept_once():
    made = await lesson()
    assert len(made["traits"]["actors"]) == 1


async def test_the_lane_of_the_next_step_is_marked_at_each_moment():
    made = await lesson()
    marked = [
        [lane["next"] for lane in made["traits"]["lanes"][moment[0]]["lanes"] if lane["channel"] == "orders"]
        for moment in made["moments"]
    ]
    assert marked == [[True], [True], [True], [False]]


async def test_each_step_has_its_guess_with_the_right_answer():
    guesses = (await lesson())["guesses"]
    assert [one["pick"] for one in guesses] == ["1", "back", "2"]
    assert guesses[1]["answer"] == "Nobody gets it: no actor matched. It goes back to the tail."
    assert guesses[0]["options"][:2] == [["1", "ship"], ["2", "refund"]]


async def test_what_is_said_at_a_phase_is_what_the_live_stage_says():
    first, unwanted = (await lesson())["stories"][:2]
    assert first["pulled"].startswith("The worker has taken m1")
    assert set(first) == {"pulled", "decided", "about to run", "ran"}
    assert set(unwanted) == {"pulled", "decided"}


async def test_long_texts_are_in_the_lesson_and_bounded():
    async with Stepper(shop()) as stepper:
        await stepper.send("orders", {"number": 1, "more": "x" * 50_000}, topic="ship")
        await stepper.send("orders", {"number": 2, "more": "y" * 500}, topic="ship")
        await stepper.step()
        texts = lesson_of(cast(stepper), stepper.history.steps)["texts"]
    assert "… and " in texts["1/message"]
    assert len(texts["1/message"]) < 21_000
    assert "y" * 500 in texts["waiting/orders/m2"]
    assert texts["1/printed"] == "shipping 1\n"


async def test_a_lesson_without_steps_and_one_with_too_many_are_refused_in_words():
    async with Stepper(app_of(router_of(lambda: None)), history_limit=MOST_STEPS + 1) as stepper:
        with pytest.raises(InvalidMessageError, match="take a step first"):
            lesson_of(cast(stepper), ())
        await stepper.send("tasks", b"")
        step = await stepper.step()
        with pytest.raises(InvalidMessageError, match=r"at most 500 steps, and these are 501"):
            lesson_of(cast(stepper), [step] * (MOST_STEPS + 1))


async def test_the_page_asks_for_nothing_and_runs_only_its_own_script():
    async with Stepper(shop()) as stepper:
        await stepped(stepper)
        page = lesson_page(cast(stepper), stepper.history.steps)
    found = Scripts(page)
    (data_type, data), (script_type, script) = found.scripts
    assert (data_type, script_type) == ("application/json", "module")
    assert json.loads(data)["first"] == 0
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in found.policy
    assert found.policy.startswith("default-src 'none'")
    assert not {"link", "img", "iframe", "object", "base"} & set(found.tags)
    without_names = page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"(?:src|href|action)\s*=\s*[\"']?(?:https?:)?//", without_names)


async def test_hostile_texts_stay_data():
    async with Stepper(shop()) as stepper:
        await stepper.send("orders", HOSTILE.encode("utf-8", "replace"), topic=HOSTILE, headers={HOSTILE: HOSTILE})
        await stepper.run(3)
        page = lesson_page(cast(stepper), stepper.history.steps, {1: HOSTILE}, title=HOSTILE)
    found = Scripts(page)
    assert len(found.scripts) == 2
    assert "img" not in found.tags
    assert HOSTILE[:20] in json.loads(found.scripts[0][1])["notes"]["1"]
    page.encode()


async def test_a_workbench_exports_its_steps_with_notes(tmp_path: Path):
    stepper = Stepper(shop())
    workbench = Workbench(stepper)
    workbench.note("Three messages wait.")
    await stepped(stepper)
    workbench.note("Nobody wants it.", step=2)
    path = workbench.export(tmp_path / "lesson.html", title="Who gets it?")
    page = path.read_text(encoding="utf-8")
    assert json.loads(Scripts(page).scripts[0][1])["notes"] == {"0": "Three messages wait.", "2": "Nobody wants it."}
    assert "<title>Who gets it?</title>" in page
    workbench.close()


async def test_a_lesson_of_two_workers_has_the_steps_and_the_actors_of_both(tmp_path: Path):
    first = Stepper(shop())
    second = Stepper(first.app)
    workbench = Workbench(first, second)
    await first.send("orders", {"number": 1}, topic="ship")
    await first.send("orders", {"number": 2}, topic="ship")
    await first.step()
    await second.step()
    path = workbench.export(tmp_path / "lesson.html")
    made = json.loads(Scripts(path.read_text(encoding="utf-8")).scripts[0][1])
    assert [one["number"] for one in made["summaries"]] == [1, 2]
    assert len(made["river"]["workers"]) == 2
    workbench.close()


async def test_some_of_the_steps_can_be_chosen(tmp_path: Path):
    stepper = Stepper(shop())
    workbench = Workbench(stepper)
    await stepped(stepper)
    path = workbench.export(tmp_path / "lesson.html", first=2, last=2)
    made = json.loads(Scripts(path.read_text(encoding="utf-8")).scripts[0][1])
    assert made["first"] == 1
    assert [one["number"] for one in made["summaries"]] == [2]
    with pytest.raises(InvalidMessageError, match="numbers from 1 to 3"):
        workbench.export(tmp_path / "lesson.html", first=9)
    workbench.close()


async def test_a_folder_that_is_not_there_and_a_note_on_no_step_are_told_in_words(tmp_path: Path):
    stepper = Stepper(shop())
    workbench = Workbench(stepper)
    await stepped(stepper)
    with pytest.raises(InvalidMessageError, match="no folder"):
        workbench.export(tmp_path / "missing" / "lesson.html")
    with pytest.raises(InvalidMessageError, match="give a number from 0 to 3"):
        workbench.note("too late", step=4)
    workbench.note("here", step=1)
    workbench.note("", step=1)
    assert workbench._notes == {}
    workbench.close()


async def test_what_a_notebook_keeps_plays_in_a_frame_of_its_own_and_leaves_a_still():
    async with Stepper(shop()) as stepper:
        empty = saved_html(View(stepper))
        await stepper.send("orders", HOSTILE.encode("utf-8", "replace"), topic="ship")
        await stepper.step()
        saved = saved_html(View(stepper), {1: "Look."})
    assert "iframe" not in empty
    found = Frames(saved)
    assert found.frame["sandbox"] == "allow-scripts"
    assert json.loads(Scripts(found.frame["srcdoc"]).scripts[0][1])["notes"] == {"1": "Look."}
    assert "reading the arguments raised" in found.beside
    assert "<script" not in saved
    assert "https://" not in saved


async def test_a_lesson_of_many_steps_stays_small():
    async with Stepper(app_of(router_of(lambda: None))) as stepper:
        for number in range(60):
            await stepper.send("tasks", {"number": number})
        steps = await stepper.run(60)
        size, tenth = (len(json.dumps(lesson_of(cast(stepper), some))) for some in (steps.steps, steps[:6]))
    assert size < 60 * 5_000
    assert size < 12 * tenth
