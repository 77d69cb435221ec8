"""The page's half of the workbench alone: a fake model with states that a real session made."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Error, Page, ViewportSize
from support.lab import PATIENCE
from support.waiting import until

from repid_nb import InMemoryServer, Message, Repid, Router, Stepper, catch_all_routing_strategy
from repid_nb.widgets.assets import read_script, read_style
from repid_nb.widgets.export.texts import piece_of
from repid_nb.widgets.session import Session

__all__ = ["STRANGE", "Stage", "real_states"]

STRANGE = {
    "markup": '"<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"',
    "right to left": '"\u202eשלום עולם"',  # noqa: RUF001  (Hebrew, on purpose)
    "emoji": '"🎉👩🏽"',
    "control": '"\\u0007\\u001b[31m"',
    "large": json.dumps("x" * 1_000_000),
}

# The widget stands in an output of JupyterLab, with the rules that JupyterLab has for what is in one.
HTML = """<!doctype html><html lang="en"><head><title>stage</title><style>{css}</style></head>
<body class="{classes}" style="margin: 8px; background: {background}">
<main id="el" class="jp-OutputArea-output"></main></body></html>"""

CLASSES = "vscode-{theme} jp-ThemedContainer"
BACKGROUNDS = {"light": "#fff", "dark": "#111"}

OUTPUT_CSS = Path(__file__).with_name("jupyterlab.css").read_text(encoding="utf-8")

# Writing a document anew takes all listeners off the page, and leaves its window: a module is not read, nor a function
# compiled, a second time. What else a test may have left there goes here. False where the page is not a stage yet.
CLEAR = """() => {
    if (!window.before) return false;
    window.clean?.();
    for (let id = setTimeout(() => {}); id > 0; id--) clearTimeout(id);
    for (let id = requestAnimationFrame(() => {}); id > 0; id--) cancelAnimationFrame(id);
    for (const name of Object.getOwnPropertyNames(window)) if (!window.before.has(name)) delete window[name];
    return true;
}"""

FIRST = "() => { window.before = new Set([...Object.getOwnPropertyNames(window), 'before', 'axe']); }"

START = """async ([source, state]) => {
    const listeners = {};
    window.sent = [];
    window.model = {
        get: name => state[name],
        set(name, value) { state[name] = value; (listeners[`change:${name}`] ?? []).forEach(heard => heard()); },
        save_changes() {},
        send(message) { window.sent.push(message); },
        on(name, heard) { (listeners[name] ??= []).push(heard); },
        off(name, heard) { listeners[name] = (listeners[name] ?? []).filter(one => one !== heard); },
    };
    window.listening = () => Object.values(listeners).flat().length;
    window.show = next => {
        for (const name of Object.keys(next)) window.model.set(name, next[name]);
        const answered = Object.fromEntries(window.sent.map(({id: [view, number]}) => [view, number]));
        window.model.set('status', {...next.status, answered});
    };
    window.reply = content => listeners['msg:custom'].forEach(heard => heard(content));
    const widget = (await import(`data:text/javascript;base64,${source}`)).default;
    window.clean = widget.render({model: window.model, el: document.getElementById('el')});
    window.show_again = () => {
        widget.render({model: window.model, el: document.body.appendChild(document.createElement('section'))});
    };
}"""


class Stage:
    """A page with nothing but the widget.

    Args:
        page: The page. It may have been another stage before: of that nothing is left, neither in the document nor of
            what its scripts did. Only a clock that Playwright installed would stay.
        state: What the widget shows first.
        theme: "light" or "dark".
        width: Of the window, in pixels.
        motion: "reduce" or "no-preference".
        still: Without motion, how many milliseconds each still of a story is shown.
    """

    def __init__(
        self,
        page: Page,
        state: dict[str, Any],
        *,
        theme: str = "light",
        width: int = 1280,
        motion: Literal["reduce", "no-preference"] = "reduce",
        still: int = 0,
    ) -> None:
        self.page = page
        self.errors: list[str] = []
        page.set_default_timeout(PATIENCE)
        if not page.evaluate(CLEAR):
            page.goto("about:blank")
            page.evaluate(FIRST)
        size: ViewportSize = {"width": width, "height": 900}
        if page.viewport_size != size:
            page.set_viewport_size(size)
        page.emulate_media(reduced_motion=motion)
        page.mouse.move(0, 0)
        page.on("pageerror", self._note)
        # Without motion a step is told in stills: where that is not what is tested, its end is shown at once.
        css = f"{OUTPUT_CSS}{read_style()}.repid-wb {{ --wb-still: {still} }}"
        page.set_content(HTML.format(css=css, classes=CLASSES.format(theme=theme), background=BACKGROUNDS[theme]))
        source = base64.b64encode(read_script().encode()).decode()
        page.evaluate(START, [source, {**state, "projector": False}])

    def set_theme(self, theme: str) -> None:
        """Show it "light" or "dark"."""
        self.page.locator("body").evaluate(
            "(body, [name, background]) => { body.className = name; body.style.background = background; }",
            [CLASSES.format(theme=theme), BACKGROUNDS[theme]],
        )

    def set_width(self, width: int) -> None:
        """Make the window so many pixels wide, and let the page lay itself out."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self._drawn()

    def close(self) -> None:
        """Stop listening for errors of the page; those that are on their way still arrive."""
        self.page.evaluate("null")
        self.page.remove_listener("pageerror", self._note)

    def show(self, state: dict[str, Any]) -> None:
        """Show another state, as the answer to everything that was asked so far."""
        self.page.evaluate("state => show(state)", state)
        self._drawn()

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def asked(self) -> list[dict[str, Any]]:
        """Return what the page asked the kernel for."""
        sent: list[dict[str, Any]] = self.page.evaluate("sent")
        return sent

    def tell(self, text: str, *, size: int = 4_000, question: int = 0) -> None:
        """Answer one of the questions for a whole text with the piece of it that was asked for."""
        asked = [one for one in self.asked() if one["type"] in ("open", "take")][question]
        self.page.evaluate(
            "content => reply(content)",
            {"type": "text", "id": asked["id"], **piece_of(text, asked["from"], size)},
        )
        self._drawn()

    def _drawn(self) -> None:
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def _note(self, error: Error) -> None:
        self.errors.append(str(error))


def real_states() -> dict[str, dict[str, Any]]:
    """Return states that a real session went through, by name."""
    made: dict[str, dict[str, Any]] = {}

    async def play() -> None:
        await _play(made)

    _in_a_thread(play())
    return made


def _in_a_thread(coroutine: Coroutine[Any, Any, None]) -> None:
    # Playwright's own loop is running in this one.
    thread = threading.Thread(target=asyncio.run, args=(coroutine,))
    thread.start()
    thread.join()


async def _play(made: dict[str, dict[str, Any]]) -> None:
    app, router = Repid(), Router(channel="tasks")
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    app.include_router(router)
    session = Session([Stepper(app, max_unrouted_retries=2)], lambda _after=0.0: None, lambda _reply: None)

    async def do(kind: str, **rest: Any) -> None:
        session.handle({"type": kind, **rest})
        await until(lambda: session.busy is None or session.state()["status"]["held"])

    async def send(payload: str, **rest: Any) -> None:
        await do("send", form={"channel": "tasks", "payload": payload, **rest})

    made["without actors"] = session.state()

    @router.actor
    async def greet(to: str) -> str:
        print("hello", to)
        return f"greeted {to}"

    @router.actor
    async def fail(to: str) -> None:
        raise KeyError(to)

    made["empty"] = session.state()
    await send('{"to": "ada"}', topic="greet", priority="9", headers=[["__proto__", "polluted"], ["trace", "a"]])
    await send('{"to": "bob"}', topic="fail")
    await send('{"to": "eve"}', topic="nobody")
    made["waiting"] = session.state()
    await do("step_into")
    made["pulled"] = session.state()
    session.handle({"type": "next_phase"})
    await until(lambda: session.state()["step"]["phase"] == "decided")
    made["decided"] = session.state()
    session.handle({"type": "finish"})
    await session.wait()
    made["acked"] = session.state()
    await do("step")
    made["raised"] = session.state()
    await do("step")
    made["rejected"] = session.state()
    await do("step")
    made["poison"] = session.state()
    await _look_around(made, session, do)

    @router.actor(routing_strategy=catch_all_routing_strategy)
    async def anything(message: Message) -> bytes:
        return message.payload

    @router.actor(routing_strategy=catch_all_routing_strategy)
    async def anything_else() -> None: ...

    await do("run")
    for name, payload in STRANGE.items():
        await send(payload, topic=payload[:100], headers=[["__proto__", payload[:100]]])
        made[f"{name} waiting"] = session.state()
        await do("step")
        made[name] = session.state()
    made["shadowed"] = session.state()
    await _pile_up(made, session, router, do)
    session.close()


async def _look_around(made: dict[str, dict[str, Any]], session: Session, do: Callable[..., Any]) -> None:
    await do("seek", to=1)
    made["past"] = session.state()
    await do("seek", to=99)
    await do("resend", channel="tasks", message="m3")
    await do("predict", on=True)
    made["predicting"] = session.state()
    await do("step", pick="1")
    made["guessed"] = session.state()
    await do("send", form={})
    made["error"] = session.state()


async def _pile_up(made: dict[str, dict[str, Any]], session: Session, router: Router, do: Callable[..., Any]) -> None:
    @router.actor(confirmation_mode="manual", routing_strategy=catch_all_routing_strategy, channel="forgotten")
    async def forget() -> None: ...

    for _ in range(3):
        await do("send", form={"channel": "forgotten"})
        await do("step")
    await do("send", form={"channel": "tasks", "topic": "greet"})
    made["not settled"] = session.state()
    await do("send", form={"channel": "tasks", "count": "20"})
    made["many waiting"] = session.state()
