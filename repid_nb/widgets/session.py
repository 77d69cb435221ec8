"""One learner's session with a Stepper: what the page asks for is done here, and what the page shows is told here.

It knows no widget and no page. The Stepper is the only truth; kept here is only where one looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from repid_nb.core.errors import InvalidMessageError, RepidNbError, SteppingError
from repid_nb.core.events import Event, Published
from repid_nb.display.sentences import idle_sentence
from repid_nb.display.text_view import rewound_sentence
from repid_nb.printable import counted
from repid_nb.stepping.record import Idle, Step
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.batches import Repeating
from repid_nb.widgets.breakpoints import Holding
from repid_nb.widgets.export import formats
from repid_nb.widgets.export.replay import Deeds
from repid_nb.widgets.export.texts import Reading
from repid_nb.widgets.form import Form
from repid_nb.widgets.predictions import Predictions
from repid_nb.widgets.view import Scene
from repid_nb.widgets.wire import cut, explanation_fields, named

__all__ = ["Session"]

MOST_VIEWS = 16

Reply = Callable[[dict[str, Any]], None]


class Session:
    """Does what the page asks for, one thing at a time, and never raises for it: errors are words in the panel.

    Args:
        stepper: The Stepper.
        changed: Called whenever there is something new to show; with the seconds that it may wait.
        reply: Sends one answer to the page that asked.
    """

    def __init__(self, stepper: Stepper, changed: Callable[..., None], reply: Reply) -> None:
        self.stepper = stepper
        self.scene = Scene(stepper)
        self.predictions = Predictions()
        self.deeds = Deeds(stepper)
        self.reading = Reading(self.scene, self.deeds)
        self.error = ""
        self.notice = ""
        self.answered: dict[str, int] = {}
        self.busy: str | None = None
        self._changed = changed
        self._reply = reply
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._repeating = Repeating(stepper, self.scene, changed)
        self._holding = Holding(stepper, self.scene, changed, self._settled)
        self._end_observing = stepper.server.observe(self._hear)
        self._longer: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "send": self._send,
            "explain": self._explain,
            "step": self._step,
            "step_into": self._step_into,
            "run": self._run,
            "go_on": self._go_on,
            "reset": self._reset,
            "resend": self._resend,
            "keep_newest": self._keep_newest,
        }
        self._at_once: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "next_phase": self._next_phase,
            "finish": self._finish,
            "stop": self._stop,
            "seek": self._seek,
            "open": self._answer_with(self.reading.open),
            "take": self._answer_with(self.reading.take_piece),
            "load": self._load,
            "unload": self._unload,
            "pull_from": self._pull_from,
            "predict": self._predict,
            "dismiss": self._dismiss,
        }

    def handle(self, command: Mapping[str, Any]) -> None:
        """Do what the page asks for: at once, or as a task of its own where it takes time.

        Args:
            command: Its `type`, an `id` to answer to (which view asks, and its own number), and what it needs.
        """
        if not isinstance(command, Mapping):
            self._refuse({}, f"The workbench knows no {command!r}.")
            return
        kind = str(command.get("type"))
        if kind in self._at_once:
            self._guard(partial(self._at_once[kind], command))
            self._answer(command)
        elif kind not in self._longer:
            self._refuse(command, f"The workbench knows no {kind!r}.")
        elif self._closed:
            self._refuse(command, "This workbench is closed. Run its cell again.")
        elif self.busy is not None:
            self._refuse(command, f"One thing at a time: the {self.busy.replace('_', ' ')} is not done yet.")
        else:
            self._guard(partial(self._begin, kind, command))
            if self.busy is None:
                self._answer(command)

    async def wait(self) -> None:
        """Wait until the task of the last command is done."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def close(self) -> asyncio.Task[None] | None:
        """Let the Stepper go, and give back what is held.

        Returns:
            The task that is ending, if one was under way.
        """
        if self._closed:
            return None
        self._closed = True
        self._end_observing()
        self._holding.close()
        if self._task is None or self._task.done():
            return None
        self._task.cancel()
        return self._task

    def state(self) -> dict[str, dict[str, Any]]:
        """Return everything that the page shows, as small plain fields by trait; what it cannot show, it says."""
        state: dict[str, dict[str, Any]] = {}
        # An error here would end every later update too, and nobody would hear of it.
        try:
            state = self.scene.state(self.predictions)
        except Exception as error:
            self.error = _in_words(error)
        progress = self._repeating.progress
        state["status"] = {
            "busy": self.busy,
            "held": self._holding.is_holding,
            "progress": None if progress is None else list(progress),
            "answered": dict(self.answered),
            "error": cut(self.error, 600),
            "notice": cut(self.notice, 400),
        }
        return state

    def _begin(self, kind: str, command: Mapping[str, Any]) -> None:
        self.error = self.notice = ""
        self._task = asyncio.get_running_loop().create_task(self._guarded(kind, command))
        self.busy = kind
        # Not at the end of the task itself: of one that is cancelled before its first turn nothing runs at all.
        self._task.add_done_callback(partial(self._over, command))

    async def _guarded(self, kind: str, command: Mapping[str, Any]) -> None:
        """Run a command to its end, whatever it raises: the page is told in words."""
        # A strategy, an actor or a serializer may raise anything at all, and a task's error reaches nobody.
        try:
            await self._longer[kind](command)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self.error = _in_words(error)

    def _over(self, command: Mapping[str, Any], task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self.notice = self._stopped_notice()
        self.busy = None
        self._holding.over()
        self._repeating.over()
        self._answer(command)

    def _stopped_notice(self) -> str:
        if self.busy == "send" and self._repeating.progress is not None:
            done, most = self._repeating.progress
            return f"Stopped after {done:,} of {counted(most, 'message')}."
        if self.scene.under_way and self.busy in ("step", "step_into", "run"):
            return "Stopped. What was held is back at its place in the queue."
        return "Stopped."

    def _guard(self, deed: Callable[[], Any]) -> None:
        try:
            deed()
        except Exception as error:
            self.error = _in_words(error)

    def _answer(self, command: Mapping[str, Any]) -> None:
        match command.get("id"):
            case [str(view), int(number)]:
                # Those that ask are kept: a view that was closed asks no more.
                self.answered[view] = max(number, self.answered.pop(view, 0))
                if len(self.answered) > MOST_VIEWS:
                    del self.answered[next(iter(self.answered))]
        self._changed()

    def _refuse(self, command: Mapping[str, Any], why: str) -> None:
        self.error = why
        self._answer(command)

    # Commands that take time.

    async def _send(self, command: Mapping[str, Any]) -> None:
        self.notice = await self._repeating.send(self._form(command))

    async def _explain(self, command: Mapping[str, Any]) -> None:
        form = self._form(command)
        headers, payload = form.headers or None, form.payload
        explanation = self.stepper.explain(form.channel, headers, payload, topic=form.topic)
        self._reply({"type": "explanation", "id": command.get("id"), **explanation_fields(explanation)})

    async def _step(self, command: Mapping[str, Any]) -> None:
        self._require_now()
        asked = self.scene.upcoming
        step = await self.stepper.step(self.scene.pull_from)
        self.scene.look_at_now()
        if isinstance(step, Idle):
            self.notice = idle_sentence(step)
        elif command.get("pick"):
            self.predictions.mark(str(command["pick"]), step, asked)

    async def _step_into(self, command: Mapping[str, Any]) -> None:
        self._holding.stop_at_each_phase()
        await self._step(command)

    async def _run(self, command: Mapping[str, Any]) -> None:
        self._require_now()
        most, pace = int(command.get("max_steps") or 100), float(command.get("pace") or 0)
        self.notice = await self._repeating.run(most, pace)

    async def _go_on(self, command: Mapping[str, Any]) -> None:
        self._require_own()
        to = int(command.get("to", self.scene.at))
        self._rewind(to)

    async def _reset(self, _command: Mapping[str, Any]) -> None:
        self._require_own()
        self._rewind(self.scene.first)
        self.predictions.clear()

    def _rewind(self, to: int) -> None:
        rewound = self.stepper.rewind(to)
        self.deeds.rewound(to)
        self.scene.look_at_now()
        self.notice = rewound_sentence(rewound)

    async def _resend(self, command: Mapping[str, Any]) -> None:
        self._require_now()
        channel, wanted = self._channel(command), str(command.get("message"))
        if channel is None:
            raise InvalidMessageError("Say which channel's dead letter is to be sent again.")
        letters = self.stepper.server.dead_letters(channel)
        message_id = named(wanted, (one.message.id or "" for one in letters))
        self.stepper.resend(channel, message_id)
        self.deeds.resent(channel, message_id)
        self.scene.look_at_now()
        self.notice = f"{cut(message_id, 20)} is back at the tail of {channel}; its sightings start again."

    async def _keep_newest(self, _command: Mapping[str, Any]) -> None:
        forgotten = self.stepper.keep_newest_actors()
        self.notice = f"{counted(forgotten, 'older actor')} forgotten: what the cells declare now is left."

    # Commands that are done at once, also while another is under way.

    def _next_phase(self, _command: Mapping[str, Any]) -> None:
        self._holding.let_go()

    def _finish(self, _command: Mapping[str, Any]) -> None:
        self._holding.stop_no_more()
        self._holding.let_go()

    def _stop(self, _command: Mapping[str, Any]) -> None:
        if self._task is None or self._task.done():
            return
        # A run ends after its step; what is asked twice, or waits for somebody, ends now.
        if self.busy == "run" and not self._repeating.is_stopping:
            self._repeating.stop()
            self.notice = "Stopping after this step. Press Stop again to stop at once."
        else:
            self._task.cancel()

    def _seek(self, command: Mapping[str, Any]) -> None:
        self.error = self.notice = ""
        self.scene.look_at(int(command["to"]))

    def _load(self, command: Mapping[str, Any]) -> None:
        steps = formats.steps_of(str(command.get("text") or ""))
        self.error = ""
        self.scene.replay(steps)
        self.notice = f"{counted(len(steps), 'step')} loaded, to look at. Your own session is still there."

    def _unload(self, _command: Mapping[str, Any]) -> None:
        self.error = self.notice = ""
        self.scene.replay(None)

    def _pull_from(self, command: Mapping[str, Any]) -> None:
        self.scene.pull_from = self._channel(command)

    def _predict(self, command: Mapping[str, Any]) -> None:
        self.predictions.on = bool(command.get("on"))

    def _dismiss(self, _command: Mapping[str, Any]) -> None:
        self.error = self.notice = ""

    # What is heard of the Stepper, whoever steps it.

    def _settled(self, step: Step) -> None:
        self.deeds.stepped(step)

    def _hear(self, event: Event) -> None:
        self._changed()
        # What an actor sends, it will send again.
        if isinstance(event, Published) and not self._holding.is_delivering_here:
            self.deeds.sent(event.channel, event.message)

    def _require_now(self) -> None:
        self._require_own()
        if not self.scene.is_live:
            raise SteppingError("You are looking at an earlier step. Go back to now first, or go on from here.")

    def _require_own(self) -> None:
        if self.scene.is_replay:
            raise SteppingError("These are loaded steps, to look at. Go back to your own session first.")
        if self.scene.under_way:
            raise SteppingError("A step is under way, from a cell. Wait until it has ended.")

    def _form(self, command: Mapping[str, Any]) -> Form:
        given = command.get("form") or {}
        return Form.read({**given, "channel": self.scene.channel_named(given.get("channel"))}, self.stepper.app)

    def _channel(self, command: Mapping[str, Any]) -> str | None:
        return self.scene.channel_named(command.get("channel"))

    def _answer_with(self, read: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Callable[[Mapping[str, Any]], None]:
        return lambda command: self._reply({"type": "text", "id": command.get("id"), **read(command)})


def _in_words(error: BaseException) -> str:
    if isinstance(error, RepidNbError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else f"{type(error).__name__} was raised."
