"""The page's half of the workbench, alone in a real browser: what it shows, and what it asks the kernel for."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from support.axe import CONTRAST, problems
from support.stage import STRANGE, Stage, real_states

from repid_nb.widgets.assets import read_script, read_style
from repid_nb.widgets.ballot import Ballot
from repid_nb.widgets.question_card import QuestionCard

pytestmark = pytest.mark.browser

States = dict[str, dict[str, Any]]
SHOWN = [
    "empty",
    "waiting",
    "pulled",
    "decided",
    "acked",
    "raised",
    "rejected",
    "poison",
    "past",
    "error",
    "shadowed",
    "not settled",
    "many waiting",
]


@pytest.fixture(scope="session")
def states() -> States:
    return real_states()


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for all tests: a new one for each takes several times as long."""
    shared = browser.new_page()
    yield shared
    shared.close()


@pytest.fixture
def stage(page: Page, states: States) -> Iterator[Callable[..., Stage]]:
    opened: list[Stage] = []

    def open_stage(name: str, **looks: Any) -> Stage:
        opened.append(Stage(page, states[name], **looks))
        return opened[-1]

    yield open_stage
    for one in opened:
        one.close()
        assert one.errors == []


def writing(shown: Stage) -> Stage:
    """Open the form of a stage."""
    shown.press("Write one")
    return shown


def open_m1(shown: Stage) -> None:
    """Open the whole text of the message that the worker holds."""
    shown.press("Follow m1")
    shown.press("Open it")


def test_a_stage_is_clean_whatever_was_on_its_page_before(stage: Callable[..., Stage]):
    page = stage("waiting", theme="dark", width=480, motion="no-preference").page
    page.evaluate("""() => {
        window.left = true;
        window.addEventListener('keydown', () => { window.heard = true; });
        document.documentElement.className = 'left';
        document.body.append('left');
    }""")
    page.locator(".repid-wb").hover(position={"x": 40, "y": 40})
    page.keyboard.press("s")
    assert page.evaluate("[window.left, window.heard, innerWidth]") == [True, True, 480]

    shown = stage("waiting")
    page.keyboard.press("s")

    assert page.evaluate("[window.left, window.heard, sent.length]") == [None, None, 0]
    assert page.evaluate("[document.documentElement.className, document.body.className]") == [
        "",
        "vscode-light jp-ThemedContainer",
    ]
    assert page.evaluate("[innerWidth, matchMedia('(prefers-reduced-motion: reduce)').matches]") == [1280, True]
    assert page.locator("body").evaluate("body => body.childElementCount") == 1
    assert page.locator(".repid-wb:hover").count() == 0
    assert shown.page.evaluate("document.activeElement.tagName") == "BODY"


def test_the_joined_modules_draw_the_page(stage: Callable[..., Stage]):
    page = stage("acked").page
    expect(page.locator(".wb-stage > .wb-column")).to_have_count(4)
    expect(page.locator(".wb-headline")).to_have_text("greet got m1 ✓ acked")


def test_an_error_of_the_page_s_scripts_is_noticed(page: Page, states: States):
    shown = Stage(page, states["empty"])
    page.evaluate("setTimeout(() => { throw new Error('planted'); })")
    page.evaluate("() => new Promise(done => setTimeout(done))")
    shown.close()
    assert shown.errors == ["planted"]
    page.evaluate("setTimeout(() => { throw new Error('nobody listens'); })")
    page.evaluate("() => new Promise(done => setTimeout(done))")
    assert shown.errors == ["planted"]


@pytest.mark.parametrize("name", [*SHOWN, "predicting", "guessed", *STRANGE])
def test_every_state_of_a_session_is_seen_in_one_look(stage: Callable[..., Stage], states: States, name: str):
    shown = stage(name, width=846)
    # In JupyterLab there is one more button.
    shown.show({**states[name], "beside": True})
    if name == "predicting":
        shown.press("Step")
    bench = shown.page.locator(".repid-wb").bounding_box()
    assert bench is not None
    assert bench["width"] == 830
    assert bench["height"] <= 520


CLASS = {
    "question": "Who gets m3?",
    "joined": 28,
    "answered": 25,
    "tallies": [["greet", 12], ["fail", 6], ["nobody: it goes back to the tail", 7]],
    "truth": "nobody: it goes back to the tail",
}


@pytest.mark.parametrize("name", [*SHOWN, "predicting", "guessed", "class"])
def test_on_a_projector_no_state_of_a_session_scrolls(stage: Callable[..., Stage], states: States, name: str):
    shown = stage("guessed" if name == "class" else name)
    shown.page.evaluate("model.set('projector', true)")
    if name == "class":
        prediction = {**states["guessed"]["prediction"], "class": CLASS}
        shown.show({**states["guessed"], "prediction": prediction})
    if name == "predicting":
        shown.press("Step")
    # A test cannot fill the screen for each of them: it says that it is filled.
    shown.page.add_style_tag(content="body { margin: 0 !important } main { padding: 0 !important }")
    shown.page.locator(".repid-wb.wb-projector").evaluate("root => root.classList.add('wb-filling')")
    hidden = {}
    for width, height in ((1024, 768), (1280, 800), (1920, 1080)):
        shown.page.set_viewport_size({"width": width, "height": height})
        body = shown.page.locator(".wb-body")
        hidden[width] = body.evaluate("body => body.scrollHeight - body.clientHeight")
    assert hidden == {1024: 0, 1280: 0, 1920: 0}


def test_eighty_steps_are_marks_that_can_be_told_apart(stage: Callable[..., Stage], states: States):
    shown = stage("acked", width=846)
    shown.show(_with_eighty_steps(states["acked"]))
    widths = shown.page.locator(".wb-frame").evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    assert len(widths) == 81
    assert min(widths) >= 4
    strip = shown.page.get_by_role("slider", name="Step", exact=True)
    shown.page.locator("[data-step='12']").hover()
    expect(shown.page.locator(".wb-caption")).to_have_text("Step 12: m12 → greet, ✓ acked")
    shown.page.mouse.down()
    assert shown.asked()[-1] == {**shown.asked()[-1], "type": "seek", "to": 12}
    shown.page.mouse.up()
    expect(strip).to_have_attribute("aria-valuemax", "80")


def _with_eighty_steps(state: dict[str, Any]) -> dict[str, Any]:
    names = [f"m{number}" for number in range(1, 81)]
    marks = {"numbers": [[1, 80]], "names": names, "ends": "arna" * 20, "who": [0] * 80, "winners": ["greet"]}
    return {**state, "history": {**state["history"], "at": 80, "newest": 80, "marks": marks}}


@pytest.mark.parametrize("name", [*SHOWN, "predicting", "guessed", *STRANGE])
def test_axe_finds_nothing(stage: Callable[..., Stage], name: str):
    shown = stage(name)
    shown.page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    if name == "predicting":
        shown.press("Step")
    if name == "waiting":
        shown.press("More")
        shown.press("? Keys")
        shown.press("Write one")
    assert problems(shown.page, ".repid-wb") == []
    shown.set_theme("dark")
    assert problems(shown.page, ".repid-wb", [CONTRAST]) == []


def test_axe_finds_what_is_planted(stage: Callable[..., Stage]):
    shown = stage("acked")
    shown.page.locator(".wb-whyline").evaluate("why => { why.style.color = '#ccc'; }")
    shown.page.locator(".wb-strip").evaluate("strip => strip.removeAttribute('aria-label')")
    assert {one["id"] for one in problems(shown.page, ".repid-wb")} == {CONTRAST, "aria-input-field-name"}
    shown.set_theme("dark")
    shown.page.locator(".wb-whyline").evaluate("why => { why.style.color = '#222'; }")
    assert [one["id"] for one in problems(shown.page, ".repid-wb", [CONTRAST])] == [CONTRAST]


@pytest.mark.parametrize("name", STRANGE)
def test_somebody_s_text_is_shown_and_does_nothing(stage: Callable[..., Stage], name: str):
    shown = stage(f"{name} waiting", width=1400)
    beginning = json.loads(STRANGE[name])[:12]
    expect(shown.page.locator(".wb-message .wb-code").first).to_contain_text(
        r"\u0007\u001b[31m" if name == "control" else beginning.replace("\u202e", r"\u202e")
    )
    assert shown.page.locator(".repid-wb :is(img, script)").count() == 0
    assert shown.page.evaluate("[window.hacked, ({}).polluted]") == [None, None]


def test_what_nobody_settled_is_in_work_on_its_lane(stage: Callable[..., Stage]):
    lanes = stage("not settled").page.locator(".wb-lane")
    expect(lanes.nth(1)).to_contain_text("in work: m9m10 and 1 more")
    expect(lanes.first).not_to_contain_text("in work")


def test_many_lanes_are_scrolled_by_keyboard(stage: Callable[..., Stage], states: States):
    shown = stage("many waiting")
    lane = states["waiting"]["lanes"]["lanes"][0]
    lanes = [{**lane, "key": f"tasks {number}", "channel": f"tasks {number}"} for number in range(6)]
    shown.show({**states["many waiting"], "lanes": {"lanes": lanes}})
    shown.page.get_by_role("group", name="Lanes").focus()
    shown.page.keyboard.press("PageDown")
    shown.page.wait_for_function("document.activeElement.scrollTop > 0")
    assert shown.asked() == []


def test_dead_letters_that_are_not_known_are_called_so_beside_their_name(stage: Callable[..., Stage], states: States):
    shown = stage("empty", width=846)
    shown.show({**states["empty"], "tray": {"dead": None, "letters": []}})
    tray = shown.page.locator("[data-bin=tray]")
    expect(tray).to_contain_text("not known")
    name, word = tray.locator(".wb-binname"), tray.locator(".wb-binname > :nth-child(2)")
    assert name.evaluate("name => name.clientWidth") >= word.evaluate("word => word.offsetLeft + word.offsetWidth")
    assert word.bounding_box()["y"] < name.bounding_box()["y"] + name.bounding_box()["height"] / 2


def test_a_header_named_proto_is_a_header(stage: Callable[..., Stage]):
    expect(stage("pulled").page.locator(".wb-headers")).to_contain_text("__proto__")


def test_a_mistake_in_the_payload_is_named_and_sending_is_off(stage: Callable[..., Stage]):
    shown = writing(stage("empty"))
    shown.page.get_by_label("Payload", exact=True).fill('{"to": "ada",\n "n": 1,}')
    expect(shown.page.locator(".wb-send > .wb-problem")).to_have_text("Line 2, column 9: a comma too many before }")
    expect(shown.page.get_by_role("button", name="Send", exact=True)).to_have_attribute("aria-disabled", "true")
    shown.page.get_by_role("button", name="Send", exact=True).dispatch_event("click")
    assert shown.asked() == []
    shown.page.get_by_label("Payload", exact=True).fill('{"to": "ada",\n "n": 1}')
    expect(shown.page.locator(".wb-send > .wb-problem")).to_be_empty()
    shown.press("Send")
    assert shown.asked()[0]["form"]["payload"] == '{"to": "ada",\n "n": 1}'


def test_sending_is_off_with_its_reason_until_it_is_said_where_to(stage: Callable[..., Stage], states: States):
    shown = writing(stage("without actors"))
    reason = shown.page.locator(".wb-send > .wb-problem")
    expect(reason).to_have_text("Say where it goes.")
    shown.show(states["empty"])
    shown.page.locator("[data-k=to]").select_option("channel tasks")
    expect(reason).to_be_empty()
    shown.page.locator("[data-k=to]").select_option("other")
    expect(reason).to_have_text("Say where it goes.")
    shown.page.get_by_label("Channel", exact=True).fill("elsewhere")
    expect(reason).to_be_empty()
    shown.press("Send")
    assert shown.asked()[0]["form"]["channel"] == "elsewhere"


def test_nothing_typed_is_lost_when_something_new_is_shown(stage: Callable[..., Stage], states: States):
    shown = writing(stage("empty"))
    shown.page.get_by_label("Payload", exact=True).fill('{"half')
    shown.page.get_by_label("Topic", exact=True).fill("greet")
    for name in ("waiting", "acked", "error"):
        shown.show(states[name])
    expect(shown.page.get_by_label("Payload", exact=True)).to_have_value('{"half')
    expect(shown.page.get_by_label("Topic", exact=True)).to_have_value("greet")


def test_the_form_offers_what_is_known(stage: Callable[..., Stage]):
    shown = writing(stage("empty"))
    assert shown.page.locator("[data-k=to] option").all_inner_texts() == ["tasks", "another channel …"]
    assert shown.page.locator(".wb-topic datalist option").evaluate_all("all => all.map(one => one.value)") == [
        "greet",
        "fail",
    ]


def test_headers_are_sent_as_they_are_typed(stage: Callable[..., Stage]):
    shown = writing(stage("empty"))
    shown.page.get_by_text("Headers, content type").click()
    shown.press("+ header")
    shown.page.get_by_label("Header name").fill("__proto__")
    shown.page.get_by_label("Header value").fill("x")
    shown.press("Send")
    assert shown.asked()[0]["form"]["headers"] == [["__proto__", "x"]]


def test_a_header_is_removed_by_its_name_and_the_focus_stays_with_the_next(stage: Callable[..., Stage]):
    shown = writing(stage("empty"))
    shown.page.get_by_text("Headers, content type").click()
    for name in ("trace", "user"):
        shown.press("+ header")
        shown.page.get_by_label("Header name").last.fill(name)
    shown.press("Remove header trace")
    expect(shown.page.get_by_label("Header name")).to_be_focused()
    expect(shown.page.get_by_label("Header name")).to_have_value("user")
    shown.press("Remove header user")
    expect(shown.page.get_by_role("button", name="+ header", exact=True)).to_be_focused()
    shown.press("Send")
    assert shown.asked()[0]["form"]["headers"] == []


def test_steps_are_loaded_from_a_file_and_its_hidden_field_is_no_button(stage: Callable[..., Stage]):
    shown = stage("empty")
    shown.press("More")
    expect(shown.page.get_by_role("button", name="Steps as JSON Lines", exact=True)).to_have_count(1)
    with shown.page.expect_file_chooser() as chosen:
        shown.press("Load steps …")
    chosen.value.set_files({"name": "steps.jsonl", "mimeType": "text/plain", "buffer": b"{}"})
    shown.page.wait_for_function("sent.length")
    assert [(one["type"], one["text"]) for one in shown.asked()] == [("load", "{}")]


def test_a_button_asks_once_until_the_kernel_has_answered(stage: Callable[..., Stage], states: States):
    shown = stage("waiting")
    shown.press("Step")
    expect(shown.page.get_by_role("button", name="Step", exact=True)).to_have_attribute("aria-disabled", "true")
    shown.page.locator("[data-k=step]").dispatch_event("click")
    assert [one["type"] for one in shown.asked()] == ["step"]
    shown.show(states["acked"])
    shown.press("Step")
    assert [one["type"] for one in shown.asked()] == ["step", "step"]


def test_keys_that_are_pressed_too_fast_are_done_one_after_the_other(stage: Callable[..., Stage], states: States):
    shown = stage("waiting")
    shown.page.locator(".repid-wb").focus()
    for _ in range(3):
        shown.page.keyboard.press("s")
    assert [one["type"] for one in shown.asked()] == ["step"]
    for name in ("acked", "raised", "rejected", "poison"):
        shown.show(states[name])
    assert [one["type"] for one in shown.asked()] == ["step"] * 3


def test_a_message_that_is_sent_three_times_quickly_is_sent_three_times(stage: Callable[..., Stage], states: States):
    shown = writing(stage("empty"))
    for _ in range(3):
        shown.page.get_by_label("Payload", exact=True).press("Control+Enter")
    assert [one["type"] for one in shown.asked()] == ["send"]
    for _ in range(3):
        shown.show(states["waiting"])
    assert [one["type"] for one in shown.asked()] == ["send"] * 3


def test_escape_forgets_the_keys_that_were_pressed_too_fast(stage: Callable[..., Stage], states: States):
    shown = stage("waiting")
    shown.page.locator(".repid-wb").focus()
    for key in ("s", "s", "Escape"):
        shown.page.keyboard.press(key)
    shown.show(states["acked"])
    assert [one["type"] for one in shown.asked()] == ["step"]


def test_a_second_press_before_the_page_is_drawn_again_is_not_sent(stage: Callable[..., Stage]):
    shown = stage("waiting")
    shown.page.locator("[data-k=step]").evaluate("step => { step.click(); step.click(); }")
    assert [one["type"] for one in shown.asked()] == ["step"]


@pytest.mark.parametrize(
    ("state", "greyed"),
    [("past", ["step", "into", "run"]), ("empty", ["reset"])],
)
def test_a_greyed_button_does_nothing(stage: Callable[..., Stage], state: str, greyed: list[str]):
    shown = stage(state)
    if "reset" in greyed:
        shown.press("More")
    for key in greyed:
        pressed = shown.page.locator(f"[data-k={key}]")
        expect(pressed).to_be_disabled()
        pressed.dispatch_event("click")
    assert shown.asked() == []


@pytest.mark.parametrize("keys", ["Enter", "Control+Enter"])
def test_a_message_is_not_sent_while_the_kernel_is_busy(stage: Callable[..., Stage], keys: str):
    shown = writing(stage("waiting"))
    shown.press("Step")
    shown.page.get_by_label("Topic" if keys == "Enter" else "Payload", exact=True).press(keys)
    shown.page.locator(".repid-wb").focus()
    shown.page.keyboard.press("w")
    assert [one["type"] for one in shown.asked()] == ["step"]


def test_a_step_waits_until_the_kernel_knows_of_the_predictions(stage: Callable[..., Stage]):
    page = stage("acked").page
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_role("button", name="Step", exact=True)).to_be_disabled()
    (number,) = (one["id"] for one in page.evaluate("sent"))
    page.evaluate(
        "([view, number]) => model.set('status', {...model.get('status'), answered: {[view]: number}})", number
    )
    expect(page.get_by_role("button", name="Step", exact=True)).to_be_enabled()


def test_two_views_of_a_workbench_each_wait_for_their_own_answers(stage: Callable[..., Stage]):
    page = stage("acked").page
    page.evaluate("show_again()")
    first, second = page.locator(".repid-wb").all()
    first.get_by_role("button", name="Follow m1", exact=True).click()
    first.get_by_role("button", name="Open it", exact=True).click()
    second.get_by_role("button", name="Step", exact=True).click()
    (_, asked, stepped) = (one["id"] for one in page.evaluate("sent"))
    answer = "([view, number]) => model.set('status', {...model.get('status'), answered: {[view]: number}})"
    page.evaluate(answer, [asked[0], 5000])
    page.evaluate("id => reply({type: 'text', id, from: 0, next: 1, total: 1, text: 'x'})", asked)
    expect(first.locator(".wb-whole")).to_have_text("x")
    expect(second.locator(".wb-opened")).to_have_count(0)
    expect(second.get_by_role("button", name="Step", exact=True)).to_be_disabled()
    page.evaluate(answer, stepped)
    expect(second.get_by_role("button", name="Step", exact=True)).to_be_enabled()


def test_the_focus_stays_on_the_button_that_takes_the_place(stage: Callable[..., Stage], states: States):
    shown = stage("waiting")
    shown.press("Step into")
    shown.show(states["pulled"])
    expect(shown.page.get_by_role("button", name="Ask the actors", exact=True)).to_be_focused()
    shown.show(states["acked"])
    expect(shown.page.get_by_role("button", name="Step", exact=True)).to_be_focused()


def test_the_focus_stays_in_the_history(stage: Callable[..., Stage], states: States):
    shown = stage("rejected")
    shown.page.locator("[data-step='1']").click()
    assert [(one["type"], one["to"]) for one in shown.asked()] == [("seek", 1)]
    shown.show(states["past"])
    strip = shown.page.get_by_role("slider", name="Step", exact=True)
    expect(strip).to_be_focused()
    expect(strip).to_have_attribute("aria-valuetext", "Step 1: m1 → greet, ✓ acked")


@pytest.mark.parametrize(
    ("state", "key", "asked"),
    [
        ("waiting", "s", {"type": "step"}),
        ("waiting", "i", {"type": "step_into"}),
        ("pulled", "i", {"type": "next_phase"}),
        ("pulled", "f", {"type": "finish"}),
        ("pulled", "Escape", {"type": "stop"}),
        ("waiting", "r", {"type": "run", "max_steps": 100, "pace": 1.5}),
        ("waiting", " ", {"type": "step"}),
        ("pulled", "PageDown", {"type": "next_phase"}),
        ("rejected", "PageUp", {"type": "seek", "to": 2}),
        ("rejected", "ArrowLeft", {"type": "seek", "to": 2}),
        ("rejected", "Home", {"type": "seek", "to": 0}),
        ("past", "ArrowRight", {"type": "seek", "to": 2}),
        ("past", "End", {"type": "seek", "to": 4}),
        ("past", "g", {"type": "go_on", "to": 1}),
        ("waiting", "p", {"type": "predict", "on": True}),
        ("waiting", "w", {"type": "explain"}),
    ],
)
def test_a_key_does_what_its_button_does(stage: Callable[..., Stage], state: str, key: str, asked: dict[str, Any]):
    shown = stage(state)
    shown.page.keyboard.press(key)
    assert shown.asked() == []
    shown.page.locator(".repid-wb").focus()
    shown.page.keyboard.press(key)
    done = [one for one in shown.asked() if one["type"] != "seen"]
    assert [{name: one[name] for name in asked} for one in done] == [asked]


def test_the_form_opens_with_what_the_first_actor_takes(stage: Callable[..., Stage]):
    shown = writing(stage("waiting"))
    expect(shown.page.get_by_label("Topic", exact=True)).to_have_value("greet")
    payload = shown.page.get_by_label("Payload", exact=True)
    expect(payload).to_have_value('{"to": "to"}')
    # It is chosen, so that what is typed takes its place; and what was typed stays there when the form opens again.
    shown.page.keyboard.type('{"to": "eve"}')
    shown.press("Write one")
    shown.press("Write one")
    expect(payload).to_have_value('{"to": "eve"}')


def test_keys_are_letters_while_somebody_types(stage: Callable[..., Stage]):
    shown = writing(stage("waiting"))
    shown.page.get_by_label("Topic", exact=True).clear()
    shown.page.get_by_label("Topic", exact=True).press_sequentially("sir?")
    assert shown.asked() == []
    expect(shown.page.get_by_label("Topic", exact=True)).to_have_value("sir?")


def test_a_guess_is_asked_for_before_the_step(stage: Callable[..., Stage], states: States):
    shown = stage("predicting")
    shown.press("Step")
    assert shown.asked() == []
    first = shown.page.get_by_role("group", name="Who will get m3?").locator("button").first
    expect(first).to_be_focused()
    for leave in (lambda: shown.press("Not now"), lambda: shown.page.keyboard.press("Escape")):
        leave()
        expect(shown.page.get_by_role("button", name="Step", exact=True)).to_be_focused()
        shown.page.keyboard.press("Enter")
        expect(first).to_be_focused()
    shown.page.keyboard.press("2")
    assert shown.asked()[0]["pick"] == "2"
    shown.show(states["guessed"])
    expect(shown.page.locator(".wb-score")).to_contain_text("✗ Not this time.")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("predicting", "guessed", "✗ Not this time."),
        ("acked", "past", "You are looking at step 1 of 4."),
        ("acked", "error", "That did not work."),
    ],
)
def test_what_is_read_aloud_comes_into_a_region_that_was_there(
    stage: Callable[..., Stage], states: States, before: str, after: str, said: str
):
    shown = stage(before)
    shown.page.locator(":is([role=status], [role=alert])").evaluate_all(
        "all => all.forEach(one => { one.early = getComputedStyle(one).display !== 'none'; })"
    )
    shown.show(states[after])
    region = shown.page.locator(":is([role=status], [role=alert])").filter(has_text=said)
    assert region.evaluate("one => one.early") is True


def test_an_answer_to_who_would_get_this_is_shown_with_its_reasons(stage: Callable[..., Stage], states: States):
    shown = writing(stage("waiting"))
    shown.press("Who would get this?")
    step = states["acked"]["step"]
    shown.page.evaluate(
        "([verdicts]) => reply({type: 'explanation', id: sent[0].id, who: 'greet would get it.', verdicts})",
        [step["verdicts"]],
    )
    expect(shown.page.locator(".wb-answerbox")).to_contain_text("greet would get it. Nothing was sent.")
    expect(shown.page.locator(".wb-answerbox")).to_contain_text("topic is 'greet'")


def test_a_long_text_is_read_on_when_asked(stage: Callable[..., Stage]):
    shown = stage("acked")
    open_m1(shown)
    shown.tell("🎉bc<b>", size=3)
    expect(shown.page.locator(".wb-opened")).to_contain_text("3 of 6 characters")
    shown.press("Show more")
    shown.press("Show more")
    assert [one["from"] for one in shown.asked() if "from" in one] == [0, 3, 3]
    shown.tell("🎉bc<b>", size=3, question=1)
    shown.tell("🎉bc<b>", size=3, question=2)
    expect(shown.page.locator(".wb-whole")).to_have_text("🎉bc<b>")
    expect(shown.page.locator(".wb-opened")).to_contain_text("6 characters")


def test_a_file_is_fetched_to_its_end(stage: Callable[..., Stage]):
    shown = stage("acked")
    shown.press("More")
    shown.press("A Mermaid diagram")
    for question in range(3):
        shown.tell("🎉b🎉d🎉", size=2, question=question)
    assert [one["from"] for one in shown.asked() if "from" in one] == [0, 2, 4]
    expect(shown.page.locator(".wb-whole")).to_have_text("🎉b🎉d🎉")
    expect(shown.page.get_by_role("button", name="Download", exact=True)).to_be_visible()


def test_of_two_texts_the_one_that_was_opened_last_is_shown(stage: Callable[..., Stage]):
    shown = stage("acked")
    shown.press("More")
    shown.press("A Mermaid diagram")
    shown.tell("diagram", size=4)
    open_m1(shown)
    shown.tell("message", size=4, question=2)
    shown.tell("diagram", size=4, question=1)
    expect(shown.page.locator(".wb-opened")).to_contain_text("Message m1")
    expect(shown.page.locator(".wb-whole")).to_have_text("mess")


def test_a_text_that_was_closed_stays_closed(stage: Callable[..., Stage]):
    shown = stage("acked")
    open_m1(shown)
    shown.page.locator("[data-k='close text']").click()
    shown.tell("message")
    expect(shown.page.locator(".wb-opened")).to_have_count(0)


def test_how_many_steps_a_run_may_take_is_checked_where_it_is_typed(stage: Callable[..., Stage]):
    shown = stage("waiting")
    shown.press("More")
    shown.page.get_by_label("at most").fill("0")
    expect(shown.page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    expect(shown.page.get_by_text("At most: 1 to 10,000 steps.")).to_be_visible()
    shown.page.get_by_label("at most").fill("7")
    shown.press("Run")
    assert [one["max_steps"] for one in shown.asked() if one["type"] == "run"] == [7]


def test_a_kernel_that_does_not_answer_is_said_in_words(browser: Browser, states: States):
    shown = Stage(browser.new_page(), states["waiting"])  # on the shared page the clock would stay
    shown.page.clock.install()
    shown.press("Step")
    shown.page.clock.fast_forward(5000)
    expect(shown.page.get_by_role("alert")).to_contain_text("has not answered yet")
    shown.page.close()
    assert shown.errors == []


def test_the_stage_alone_is_kept_by_the_kernel(stage: Callable[..., Stage]):
    shown = stage("acked")
    shown.press("Stage only")
    shown.page.wait_for_selector(".repid-wb.wb-projector.wb-filling")
    assert shown.page.evaluate("model.get('projector')") is True
    expect(shown.page.locator(".repid-wb")).to_be_focused()
    shown.press("Leave the stage")
    shown.page.wait_for_selector(".repid-wb:not(.wb-projector):not(.wb-filling)")
    assert shown.page.evaluate("model.get('projector')") is False


def test_the_screen_s_own_way_out_leaves_the_stage(stage: Callable[..., Stage]):
    shown = stage("acked")
    shown.press("Stage only")
    shown.page.wait_for_selector(".repid-wb.wb-filling")
    shown.page.evaluate("document.exitFullscreen()")
    shown.page.wait_for_selector(".repid-wb:not(.wb-projector)")
    assert shown.page.evaluate("model.get('projector')") is False


def test_the_story_is_read_aloud_once(stage: Callable[..., Stage], states: States):
    shown = stage("waiting")
    live = shown.page.locator(".wb-story")
    expect(live).to_have_attribute("aria-live", "polite")
    shown.show(states["acked"])
    expect(live).to_have_text(states["acked"]["step"]["story"])
    live.evaluate("one => { one.firstChild.kept = true; }")
    shown.show(states["acked"])
    assert live.evaluate("one => one.firstChild.kept") is True


# What the headline says, how many things are done, the number of acked ones, whether m1 waits, and what stands for it.
WATCH = """() => {
    window.told = [];
    const count = selector => document.querySelectorAll(selector).length;
    const text = selector => document.querySelector(selector)?.textContent ?? '';
    window.watch = new MutationObserver(() => {
        const now = [text('.wb-headline'), count('.wb-done'), text('[data-bin=done] .wb-binnumber'),
            count('.wb-lanes [data-message=m1]'), text('[data-token=m1]')].join(' | ');
        if (now !== told.at(-1)) told.push(now);
        window.moved ||= document.getAnimations().length > 0;
    });
    watch.observe(document.querySelector('.repid-wb'), {childList: true, subtree: true});
}"""


def test_a_step_is_told_in_the_order_in_which_it_happened(stage: Callable[..., Stage], states: States):
    shown = stage("waiting", motion="no-preference")
    shown.page.evaluate(WATCH)
    shown.show(states["acked"])
    expect(shown.page.locator(".wb-settledword")).to_contain_text("✓ acked")
    expect(shown.page.locator(".wb-token")).to_have_count(0)
    assert shown.page.evaluate("watch.disconnect() ?? told") == [
        "The worker takes m1 | 0 | 0 | 0 | m1",
        "The worker holds m1 | 1 | 0 | 0 | m1",
        "greet gets m1 | 2 | 0 | 0 | m1",
        "greet works on m1 | 2 | 0 | 0 | m1",
        "greet returned for m1 | 3 | 0 | 0 | m1",
        "greet got m1 ✓ acked | 4 | 1 | 0 | ",
    ]


def test_with_reduced_motion_the_same_is_told_in_stills(stage: Callable[..., Stage], states: States):
    shown = stage("waiting", still=20)
    shown.page.evaluate(WATCH)
    shown.show(states["acked"])
    expect(shown.page.locator(".wb-settledword")).to_contain_text("✓ acked")
    told = shown.page.evaluate("watch.disconnect() ?? told")
    assert [one for one in told if one.endswith("m1")] == [
        "The worker holds m1 | 1 | 0 | 0 | m1",
        "greet gets m1 | 2 | 0 | 0 | m1",
        "greet works on m1 | 2 | 0 | 0 | m1",
        "greet returned for m1 | 3 | 0 | 0 | m1",
    ]
    assert told[-1] == "greet got m1 ✓ acked | 4 | 1 | 0 | "
    assert not shown.page.evaluate("moved")


@pytest.mark.parametrize("looks", [{"motion": "no-preference"}, {"still": 20}], ids=["in motion", "in stills"])
def test_a_story_ends_where_its_step_goes_on_after_one_that_the_page_has_missed(
    stage: Callable[..., Stage], states: States, looks: dict[str, Any]
):
    shown = stage("waiting", **looks)
    acked = states["acked"]
    after_two = {**acked, "history": {**acked["history"], "at": 2, "newest": 2}}
    # By the page itself: a test may be too late for what a story shows for a moment.
    shown.page.evaluate(
        """([one, other]) => {
            const root = document.querySelector('.repid-wb');
            const observer = new MutationObserver(() => {
                if (!root.querySelector('.wb-telling')) return;
                observer.disconnect();
                show(other);
            });
            observer.observe(root, {childList: true, subtree: true, attributes: true});
            show(one);
        }""",
        [states["decided"], after_two],
    )
    expect(shown.page.locator(".wb-headline")).to_have_text("greet got m1 ✓ acked")
    expect(shown.page.locator(".wb-telling")).to_have_count(0)


def test_who_asks_for_more_sees_the_end_at_once(stage: Callable[..., Stage], states: States):
    shown = stage("waiting", motion="no-preference")
    # Pressed by the page itself: a test may be too late for what a story shows for a moment.
    seen = shown.page.evaluate(
        """state => new Promise(done => {
            const headline = () => document.querySelector('.wb-headline').textContent;
            const observer = new MutationObserver(() => {
                if (headline() !== 'The worker takes m1') return;
                observer.disconnect();
                document.querySelector('[data-k=step]').click();
                done([headline(), document.querySelectorAll('.wb-token').length]);
            });
            observer.observe(document.querySelector('.repid-wb'), {childList: true, subtree: true});
            show(state);
        })""",
        states["acked"],
    )
    assert seen == ["greet got m1 ✓ acked", 0]


NOTE_FLIGHTS = """() => {
    window.flown = [];
    new MutationObserver(changes => flown.push(...changes.flatMap(change => [...change.addedNodes])
        .filter(node => node.classList?.contains('wb-token')).map(token => token.textContent)))
        .observe(document.querySelector('.repid-wb'), {childList: true, subtree: true});
}"""


def test_where_a_longer_headline_moves_the_stage_no_message_flies(stage: Callable[..., Stage], states: States):
    shown = stage("waiting", motion="no-preference", width=390)
    top = shown.page.locator(".wb-lane [data-message]").first
    before = top.evaluate("ticket => ticket.getBoundingClientRect().top")
    shown.page.evaluate(NOTE_FLIGHTS)
    waiting = states["waiting"]
    shown.show({**waiting, "status": {**waiting["status"], "notice": "Something that takes several lines. " * 9}})
    assert top.evaluate("ticket => ticket.getBoundingClientRect().top") > before + 20
    assert shown.page.evaluate("flown") == []


def test_a_message_flies_from_where_it_is_sent_and_to_the_dead_letters(stage: Callable[..., Stage], states: States):
    shown = stage("empty", motion="no-preference")
    shown.page.evaluate(NOTE_FLIGHTS)
    shown.show(states["waiting"])
    assert shown.page.evaluate("flown") == ["m1", "m2", "m3"]
    expect(shown.page.locator(".wb-token")).to_have_count(0)
    shown.show(states["rejected"])
    shown.show(states["poison"])
    expect(shown.page.locator(".wb-tray [data-message=m3]")).to_be_visible()
    expect(shown.page.locator(".wb-token")).to_have_count(0)


@pytest.mark.parametrize("name", [*SHOWN, *STRANGE])
def test_nothing_sticks_out(stage: Callable[..., Stage], name: str):
    shown = stage(name)
    sticking_out = {}
    for width in (1280, 800, 480, 390):
        shown.set_width(width)
        seen = shown.page.evaluate("document.documentElement.scrollWidth")
        if seen > width:
            sticking_out[width] = seen
    assert sticking_out == {}


LOW = """() => [...document.querySelectorAll('.repid-wb button:not(.wb-frame, .wb-ticket)')]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 24).map(one => one.textContent)"""


@pytest.mark.parametrize("name", ["acked", "rejected", "poison", "error", "shadowed", "many waiting"])
def test_on_a_phone_a_finger_meets_every_button(stage: Callable[..., Stage], name: str):
    shown = stage(name, width=390)
    assert shown.page.evaluate(LOW) == []


def test_on_a_page_that_gets_narrower_the_river_is_drawn_anew(stage: Callable[..., Stage]):
    shown = stage("acked", width=1280)
    shown.page.get_by_role("button", name="River").click()
    shown.set_width(600)
    shown.page.wait_for_function(
        """() => {
            const river = document.querySelector('.wb-riverpicture');
            return Math.abs(river.getAttribute('width') - river.parentElement.clientWidth) < 1;
        }"""
    )


@pytest.mark.parametrize(("theme", "surface"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 24, 29)")])
def test_the_workbench_follows_the_theme_that_a_page_says_it_has(stage: Callable[..., Stage], theme: str, surface: str):
    shown = stage("acked")
    shown.page.evaluate("theme => { document.body.className = ''; document.body.dataset.theme = theme; }", theme)
    expect(shown.page.locator(".wb-body")).to_have_css("background-color", surface)


@pytest.mark.parametrize("width", [846, 390])
def test_of_a_long_history_all_buttons_are_in_reach(stage: Callable[..., Stage], states: States, width: int):
    shown = stage("acked", width=width)
    shown.show(_with_eighty_steps(states["acked"]))
    parts = (".wb-timeline", "[data-k=forward]", "[data-k='river toggle']")
    timeline, forward, river = (shown.page.locator(part).bounding_box() for part in parts)
    assert timeline is not None
    assert forward is not None
    assert river is not None
    strip = shown.page.locator(".wb-strip").evaluate("strip => [strip.scrollWidth, strip.clientWidth]")
    assert strip[0] <= strip[1]
    assert timeline["x"] + timeline["width"] <= forward["x"]
    assert river["x"] + river["width"] <= width


@pytest.mark.parametrize("name", ["not settled", "error", "many waiting"])
def test_on_a_phone_no_word_of_the_headline_is_broken(stage: Callable[..., Stage], name: str):
    shown = stage(name, width=390)
    shown.page.locator(".wb-notice").evaluate("notice => { notice.textContent = 'Sent m12 to tasks: 1 waiting.'; }")
    heights = shown.page.locator(".wb-headline bdi").evaluate_all("all => all.map(one => one.getClientRects().length)")
    assert set(heights) == {1}


def test_beside_the_longest_name_it_is_said_whole_that_an_actor_was_not_asked(
    stage: Callable[..., Stage], states: States
):
    shown = stage("acked", width=846)
    step = states["acked"]["step"]
    winner, other = step["verdicts"]
    other = {**other, "actor": "a_name_that_is_as_long_as_names_get_in_large_houses"}
    shown.show({**states["acked"], "step": {**step, "verdicts": [winner, other]}})
    cut = shown.page.locator(".wb-is-unasked .wb-why").evaluate("why => why.scrollWidth - why.clientWidth")
    assert cut == 0


def test_what_was_rendered_is_cleaned_up(stage: Callable[..., Stage]):
    shown = stage("acked")
    assert shown.page.evaluate("listening()") > 0
    shown.page.evaluate("clean()")
    assert shown.page.evaluate("[listening(), document.getElementById('el').childElementCount]") == [0, 0]


def test_the_kernel_knows_which_channel_the_page_pulls_from(stage: Callable[..., Stage], states: States):
    (lane,) = states["waiting"]["lanes"]["lanes"]
    lanes = [lane, {**lane, "key": "digest", "channel": "other"}]
    shown = stage("waiting")
    shown.show({**states["waiting"], "lanes": {"lanes": lanes}})
    shown.press("More")
    choice = shown.page.get_by_label("Pull from")
    assert shown.page.locator(".wb-menu datalist option").evaluate_all("all => all.map(one => one.value)") == [
        "tasks",
        "other",
    ]
    choice.fill("other")
    choice.press("Enter")
    assert [shown.asked()[-1][name] for name in ("type", "channel")] == ["pull_from", "other"]
    expect(shown.page.get_by_role("button", name="Step", exact=True)).to_be_disabled()
    expect(choice).to_have_value("other")
    shown.show({**states["waiting"], "lanes": {"lanes": lanes, "pull_from": {"key": "digest", "channel": "other"}}})
    expect(choice).to_have_value("other")
    shown.press("Step")
    assert shown.asked()[-1]["type"] == "step"
    shown.show({**states["waiting"], "lanes": {"lanes": lanes, "pull_from": None}})
    expect(choice).to_have_value("")


def test_an_answer_that_comes_late_takes_the_error_away(browser: Browser, states: States):
    shown = Stage(browser.new_page(), states["acked"])
    shown.page.clock.install()
    shown.press("Step")
    shown.page.clock.fast_forward(5000)
    expect(shown.page.get_by_role("alert")).to_contain_text("has not answered yet")
    expect(shown.page.get_by_role("button", name="Step", exact=True)).to_be_disabled()
    shown.page.evaluate("state => show(state)", states["raised"])
    shown.page.clock.run_for(100)
    expect(shown.page.get_by_role("alert")).to_be_empty()
    expect(shown.page.get_by_role("button", name="Step", exact=True)).to_be_enabled()
    shown.page.close()
    assert shown.errors == []


def explain(shown: Stage, states: States) -> None:
    shown.press("Who would get this?")
    verdicts = states["acked"]["step"]["verdicts"]
    shown.page.evaluate(
        "([verdicts]) => reply({type: 'explanation', id: sent.at(-1).id, who: 'greet would get it.', verdicts})",
        [verdicts],
    )
    expect(shown.page.locator(".wb-answerbox")).to_be_visible()


def test_who_would_get_it_is_said_of_this_form_at_this_moment(stage: Callable[..., Stage], states: States):
    shown = writing(stage("waiting"))
    explain(shown, states)
    shown.show(states["waiting"])
    expect(shown.page.locator(".wb-answerbox")).to_be_visible()
    shown.page.get_by_label("Topic", exact=True).fill("else")
    expect(shown.page.locator(".wb-answerbox")).to_have_count(0)
    explain(shown, states)
    shown.show(states["acked"])
    expect(shown.page.locator(".wb-answerbox")).to_have_count(0)
    explain(shown, states)
    shown.show(states["error"])
    expect(shown.page.locator(".wb-answerbox")).to_have_count(0)


def test_what_is_said_of_a_guess_goes_away_with_its_step(stage: Callable[..., Stage], states: States):
    shown = stage("predicting")
    shown.show(states["guessed"])
    score = shown.page.locator(".wb-scorebox")
    expect(score).to_contain_text("Not this time.")
    past = {**states["past"], "prediction": states["guessed"]["prediction"]}
    shown.show(past)
    expect(score).not_to_contain_text("Not this time.")
    shown.show(states["guessed"])
    expect(score).to_contain_text("Not this time.")
    shown.show({**states["guessed"], "prediction": {**states["guessed"]["prediction"], "on": False}})
    expect(score).to_be_empty()


def test_a_dead_letter_that_is_open_is_closed_when_it_is_sent_again(stage: Callable[..., Stage]):
    shown = stage("poison")
    shown.page.locator(".wb-letter .wb-ticket").first.click()
    shown.press("Open it")
    shown.tell("the whole letter")
    expect(shown.page.locator(".wb-opened")).to_be_visible()
    shown.page.locator("[data-k^='resend ']").first.click()
    expect(shown.page.locator(".wb-opened")).to_have_count(0)
    assert [one["type"] for one in shown.asked()] == ["trail", "open", "resend"]


def test_nothing_is_sent_to_loaded_steps(stage: Callable[..., Stage], states: States):
    shown = writing(stage("acked"))
    shown.show({**states["past"], "history": {**states["past"]["history"], "replay": True}})
    for key in ("send", "who", "chip 0"):
        pressed = shown.page.locator(f"[data-k='{key}']")
        expect(pressed).to_be_disabled()
        pressed.dispatch_event("click")
    assert [one["type"] for one in shown.asked()] == []


def test_a_drag_over_the_history_sends_no_seek_before_the_last_is_answered(stage: Callable[..., Stage], states: States):
    shown = stage("rejected")
    page = shown.page
    for number in (3, 2, 1):
        box = page.locator(f"[data-step='{number}']").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
        if number == 3:
            page.mouse.down()
    strip = page.get_by_role("slider", name="Step", exact=True)
    expect(strip).to_have_attribute("aria-valuenow", "1")
    assert [one["to"] for one in shown.asked()] == [3]
    # The answer to the first seek is not what the drag has reached by now.
    shown.show({**states["past"], "history": {**states["past"]["history"], "at": 3}})
    expect(strip).to_have_attribute("aria-valuenow", "1")
    assert [one["to"] for one in shown.asked()] == [3, 1]
    page.mouse.up()
    shown.show(states["past"])
    expect(strip).to_have_attribute("aria-valuenow", "1")


def test_a_click_on_an_actor_writes_a_message_that_it_takes(stage: Callable[..., Stage]):
    shown = stage("acked")
    shown.page.locator("[data-k='actor 2']").click()
    expect(shown.page.get_by_label("Topic", exact=True)).to_have_value("fail")
    expect(shown.page.get_by_label("Payload", exact=True)).to_be_focused()
    shown.press("Send")
    assert [(one["form"]["channel"], one["form"]["topic"]) for one in shown.asked()] == [("tasks", "fail")]


def test_a_prepared_message_is_sent_by_one_click(stage: Callable[..., Stage], states: States):
    shown = stage("empty")
    choices = {**states["empty"]["choices"], "prepared": [["to nobody", {"channel": "tasks", "topic": "nobody"}]]}
    shown.show({**states["empty"], "choices": choices})
    shown.press("to nobody")
    assert [(one["type"], one["form"]["topic"], one["form"]["count"]) for one in shown.asked()] == [
        ("send", "nobody", "1")
    ]


def test_the_reason_of_an_actor_is_told_whole_on_demand(stage: Callable[..., Stage]):
    shown = stage("acked")
    shown.page.locator("[data-k='why 2']").click()
    details = shown.page.locator("[data-row='2'] .wb-details")
    expect(details).to_contain_text("It would have said: ✗ no match, wants topic 'fail'")
    expect(shown.page.locator("[data-k='why 2']")).to_be_focused()
    shown.page.keyboard.press("Enter")
    expect(shown.page.locator(".wb-details")).to_have_count(0)


def test_in_forced_colours_a_greyed_button_looks_grey_and_the_current_step_is_ringed(
    stage: Callable[..., Stage], page: Page
):
    shown = stage("past")
    page.emulate_media(forced_colors="active")
    colour = "one => getComputedStyle(one).color"
    grey, plain = (shown.page.locator(f"[data-k={key}]").evaluate(colour) for key in ("step", "predict"))
    ring = shown.page.locator(".wb-now").evaluate("one => getComputedStyle(one).outlineStyle")
    page.emulate_media(forced_colors="none")
    assert (grey != plain, ring) == (True, "solid")


def test_the_fields_of_the_form_stand_in_one_line_however_much_is_typed(stage: Callable[..., Stage]):
    shown = writing(stage("empty"))
    shown.page.get_by_label("Payload", exact=True).fill('{\n"to":\n"ada"\n}')
    shown.page.locator("[data-k=to]").select_option("other")
    fields = shown.page.locator(".wb-sendrow .wb-field:visible")
    expect(fields).to_have_count(4)
    tops = fields.evaluate_all("all => [...new Set(all.map(one => Math.round(one.getBoundingClientRect().top)))]")
    assert len(tops) == 1
    assert shown.page.get_by_label("Payload", exact=True).evaluate("one => one.clientWidth") > 200


WAY = [
    {"name": "m1", "depth": 0, "step": 1, "text": "greet got it: acked", "tone": "good"},
    {"name": "m1.1", "depth": 1, "step": None, "text": "waits on emails", "tone": "open"},
]


def answer(shown: Stage, kind: str, **fields: Any) -> None:
    """Answer the newest question of a stage."""
    number = shown.asked()[-1]["id"]
    shown.page.evaluate("content => reply(content)", {"type": kind, "id": number, **fields})


def test_a_click_on_a_message_shows_its_whole_way(stage: Callable[..., Stage], states: States):
    shown = stage("acked")
    shown.press("Follow m1")
    assert [(one["type"], one["step"]) for one in shown.asked()] == [("trail", 1)]
    answer(shown, "trail", name="m1", rows=WAY, more=0)
    way = shown.page.get_by_role("region", name="The way of m1")
    expect(way).to_contain_text("m1.1")
    expect(way.locator(".wb-trailrow").nth(1)).to_have_text("m1.1 waits on emails")
    way.get_by_role("button", name="m1 greet got it").click()
    assert (shown.asked()[-1]["type"], shown.asked()[-1]["to"]) == ("seek", 1)
    shown.show(states["raised"])
    assert shown.asked()[-1]["type"] == "trail"
    shown.page.keyboard.press("Escape")
    expect(way).to_have_count(0)


def test_a_waiting_message_is_edited_and_deleted(stage: Callable[..., Stage]):
    shown = stage("waiting")
    shown.page.locator(".wb-lanes [data-message=m2]").click()
    shown.press("Edit and send again")
    assert [(one["type"], one["channel"], one["message"]) for one in shown.asked()] == [
        ("trail", "tasks", "m2"),
        ("edit", "tasks", "m2"),
    ]
    answer(shown, "form", form={"channel": "tasks", "topic": "greet", "payload": "00 ff", "encoding": "hex"})
    expect(shown.page.get_by_label("Payload", exact=True)).to_have_value("00 ff")
    shown.press("Send")
    assert shown.asked()[-1]["form"]["encoding"] == "hex"
    shown.page.evaluate("show(model.get('lanes') && {status: model.get('status')})")
    shown.press("Delete")
    assert [shown.asked()[-1][name] for name in ("type", "channel", "message")] == ["delete", "tasks", "m2"]


def test_bytes_are_checked_as_they_are_typed(stage: Callable[..., Stage]):
    shown = writing(stage("empty"))
    shown.page.get_by_text("Headers, content type").click()
    shown.page.get_by_label("Typed as").select_option("hex")
    shown.page.get_by_label("Payload", exact=True).fill("00 f")
    expect(shown.page.locator(".wb-send > .wb-problem")).to_contain_text("Bytes are typed as pairs")
    shown.page.get_by_label("Payload", exact=True).fill("00 ff")
    expect(shown.page.locator(".wb-send > .wb-problem")).to_be_empty()


def test_what_was_done_by_hand_can_be_undone(stage: Callable[..., Stage], states: States):
    shown = stage("acked")
    expect(shown.page.locator("[data-k=undo]")).to_be_hidden()
    shown.show({**states["acked"], "status": {**states["acked"]["status"], "undo": "Undo reset"}})
    shown.press("Undo reset")
    assert shown.asked()[-1]["type"] == "undo"


def test_reset_says_what_it_would_do(stage: Callable[..., Stage], states: States):
    shown = stage("acked")
    reset = {"start": "Back to before step 1: 1 step is taken back.", "empty": ""}
    shown.show({**states["acked"], "status": {**states["acked"]["status"], "reset": reset}})
    shown.press("More")
    expect(shown.page.locator(".wb-menu")).to_contain_text("Back to before step 1: 1 step is taken back.")
    expect(shown.page.get_by_role("button", name="Empty the queues", exact=True)).to_be_disabled()
    shown.press("Back to the start")
    assert (shown.asked()[-1]["type"], shown.asked()[-1]["how"]) == ("reset", "start")


def test_where_nothing_can_be_undone_emptying_asks_twice(stage: Callable[..., Stage], states: States):
    shown = stage("acked")
    history = {**states["acked"]["history"], "no_way_back": "no way back on Redis"}
    shown.show({**states["acked"], "history": history})
    shown.press("More")
    shown.press("Empty the queues")
    assert shown.asked() == []
    shown.press("Confirm: empty the queues")
    assert (shown.asked()[-1]["type"], shown.asked()[-1]["how"]) == ("reset", "empty")


def test_steps_stop_where_it_is_said(stage: Callable[..., Stage], states: States):
    shown = stage("acked")
    shown.press("More")
    shown.page.get_by_label("before the reveal").check()
    assert [shown.asked()[-1][name] for name in ("type", "before_reveal")] == ["break_at", True]
    breaks = {"before_reveal": True, "nobody": False, "failed": False, "actors": ["greet"]}
    shown.show({**states["acked"], "status": {**states["acked"]["status"], "breaks": breaks}})
    expect(shown.page.get_by_label("before the reveal")).to_be_checked()
    shown.page.locator("[data-k='why 2']").click()
    shown.press("Stop where it gets a message")
    assert shown.asked()[-1]["actors"] == ["greet", "fail"]


def test_any_of_many_actors_is_found_for_a_prediction(stage: Callable[..., Stage], states: States):
    shown = stage("predicting")
    prediction = {**states["predicting"]["prediction"], "more": 53}
    shown.show({**states["predicting"], "prediction": prediction})
    shown.press("Step")
    found = shown.page.get_by_label("One of 53 more actors")
    found.press_sequentially("46")
    assert [shown.asked()[-1][name] for name in ("type", "what", "text")] == ["find", "options", "46"]
    answer(shown, "found", what="options", rows=[["46", "actor_46"]], more=0)
    found.press("Enter")
    assert [shown.asked()[-1][name] for name in ("type", "pick")] == ["step", "46"]


def test_several_workers_stand_on_one_stage(stage: Callable[..., Stage], states: States):
    ticket = {"id": "m2", "name": "m2"}
    workers = [
        {"key": "0", "name": "worker A", "own": True, "chosen": True, "at": None, "message": None, "phase": None},
        {
            "key": "1",
            "name": "worker B",
            "own": True,
            "at": "tasks",
            "message": ticket,
            "phase": "running",
            "winner": "fail",
        },
        {"key": "", "name": "another worker", "own": False, "at": "tasks", "message": ticket, "phase": None},
    ]
    shown = stage("acked")
    shown.show({**states["acked"], "workers": {"workers": workers}})
    expect(shown.page.locator(".wb-workers")).to_contain_text("worker A")
    expect(shown.page.locator(".wb-foreign")).to_have_text("another workerm2from tasks")
    shown.page.get_by_role("button", name="worker B m2 in fail").click()
    assert [shown.asked()[-1][name] for name in ("type", "worker")] == ["choose", "1"]
    assert problems(shown.page, ".repid-wb") == []


def test_a_run_goes_on_when_its_step_was_seen(browser: Browser, states: States):
    shown = Stage(browser.new_page(), states["waiting"])
    shown.page.clock.install()
    shown.press("Run")
    assert [one["type"] for one in shown.asked()] == ["seen", "run"]
    shown.page.evaluate(
        "state => show(state)", {**states["acked"], "status": {**states["acked"]["status"], "busy": "run"}}
    )
    shown.page.clock.run_for(1000)
    assert [one["type"] for one in shown.asked()] == ["seen", "run"]
    shown.page.clock.run_for(1000)
    assert [(one["type"], one.get("step")) for one in shown.asked()][2:] == [("seen", 1)]
    shown.page.get_by_label("Pace").select_option("0.4")
    assert [one["type"] for one in shown.asked()][3:] == ["set_pace"]
    shown.page.close()
    assert shown.errors == []


def test_form_pace_and_number_of_steps_are_kept_by_the_kernel(browser: Browser, states: States):
    kept = {"form": {"channel": "tasks", "topic": "fail", "payload": "{}"}, "pace": "4", "most": "7"}
    shown = Stage(browser.new_page(), {**states["waiting"], "kept": kept})
    shown.page.clock.install()
    expect(shown.page.get_by_label("Pace")).to_have_value("4")
    writing(shown)
    expect(shown.page.get_by_label("Topic", exact=True)).to_have_value("fail")
    shown.page.get_by_label("Topic", exact=True).fill("greet")
    shown.page.clock.run_for(1000)
    assert shown.page.evaluate("[model.get('kept').form.topic, model.get('kept').most]") == ["greet", "7"]
    shown.page.close()
    assert shown.errors == []


def test_a_second_world_goes_its_own_way_side_by_side(stage: Callable[..., Stage], states: States):
    shown = stage("waiting")
    shown.press("More")
    shown.page.get_by_label("asked first").select_option("fail")
    shown.page.get_by_label("goes first").select_option("m3")
    shown.page.get_by_label("on an error").select_option("ack")
    shown.press("Part here")
    asked = shown.asked()[-1]
    assert [asked[name] for name in ("type", "order", "priority", "on_error")] == ["fork", ["fail"], {"m3": 9}, "ack"]
    one = {"number": 1, "message": "m1", "winner": "greet", "settled": "✓ acked", "tone": "good"}
    rows = [{"number": 1, "here": one, "there": {**one, "message": "m3", "winner": "fail"}, "same": False}]
    world = {"on": True, "at": 0, "change": "fail asked first", "rows": rows, "more": 0, "differs": 1, "waiting": 2}
    shown.show({**states["acked"], "what_if": world})
    both = shown.page.get_by_role("region", name="What if")
    expect(both.locator(".wb-worldstep").last).to_have_text("≠ first difference, 1")
    expect(both.locator(".wb-world")).to_have_text(["m1 → greet ✓ acked", "m3 → fail ✓ acked"])
    assert problems(shown.page, ".repid-wb") == []
    shown.press("Step both")
    assert shown.asked()[-1]["type"] == "step_worlds"


ANSWERED = {
    "name": "Question",
    "questions": [
        {"text": "Who?", "choices": ["ship", "log"], "picked": 0, "right": 1, "said": "✗ Not this time.", "open": False}
    ],
    "score": "",
    "again": False,
}

RENDERED = """async ([source, card, styles]) => {
    for (const css of styles) document.head.append(Object.assign(document.createElement('style'), {textContent: css}));
    const el = document.body.appendChild(document.createElement('section'));
    const widget = (await import(`data:text/javascript;base64,${source}`)).default;
    widget.render({model: {get: () => card, on() {}, off() {}, send() {}}, el});
    return [...el.querySelectorAll('.wb-choice')].map(one => getComputedStyle(one).borderColor);
}"""


def test_the_right_choice_is_green_and_the_wrong_one_red_also_beside_a_workbench(stage: Callable[..., Stage]):
    page = stage("waiting").page
    source = base64.b64encode(read_script(entry="question_card.mjs").encode()).decode()
    styles = [QuestionCard._css, read_style()]
    assert page.evaluate(RENDERED, [source, ANSWERED, styles]) == ["rgb(169, 30, 28)", "rgb(20, 105, 44)"]


ADD_STYLE = "css => document.head.append(Object.assign(document.createElement('style'), {textContent: css}))"
DRAWN = """root => [root, ...root.querySelectorAll('*')].map(one => {
    const { x, y, width, height } = one.getBoundingClientRect();
    const { color, backgroundColor, borderColor, fontSize } = getComputedStyle(one);
    return [one.className, x, y, width, height, color, backgroundColor, borderColor, fontSize].join(' ');
})"""


@pytest.mark.parametrize("width", [700, 600, 400])
def test_a_card_or_a_ballot_that_comes_later_leaves_a_workbench_as_it_is(stage: Callable[..., Stage], width: int):
    page = stage("waiting", width=width).page
    workbench = page.locator(".repid-wb")
    before = workbench.evaluate(DRAWN)
    for widget in (QuestionCard, Ballot):
        page.evaluate(ADD_STYLE, widget._css)
    assert workbench.evaluate(DRAWN) == before
