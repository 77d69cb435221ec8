"""One learner's session with a Stepper: commands of the page come in, the state of the page goes out.

It does not depend on a widget or a page. The Stepper holds all data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from repid_nb.core.errors import InvalidMessageError, RepidNbError, SteppingError
from repid_nb.core.events import Event, Published
from repid_nb.display.sentences import idle_sentence, rewound_sentence
from repid_nb.printable import counted, cut_to_bytes
from repid_nb.stepping.record import Idle, Step
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.batches import BatchRunner
from repid_nb.widgets.breakpoints import Breakpoints
from repid_nb.widgets.export import formats
from repid_nb.widgets.export.replay import CallLog
from repid_nb.widgets.export.texts import Texts
from repid_nb.widgets.form import Form
from repid_nb.widgets.predictions import PredictionScore
from repid_nb.widgets.view import View
from repid_nb.widgets.wire import explanation_fields, named

__all__ = ["Session"]

MOST_VIEWS = 16

Reply = Callable[[dict[str, Any]], None]


class Session:
    """Runs the page's commands, one at a time, and never raises: an error becomes a sentence in the panel.

    Args:
        changed: Called whenever there is something new to show, with the seconds that the update may wait.
        reply: Sends an answer to the page that asked.
    """

    def __init__(self, stepper: Stepper, changed: Callable[..., None], reply: Reply) -> None:
        self.stepper = stepper
        self.view = View(stepper)
        self.score = PredictionScore()
        self.calls = CallLog(stepper)
        self.texts = Texts(self.view, self.calls)
        self.error = ""
        self.notice = ""
        self.answered: dict[str, int] = {}
        self.busy: str | None = None
        self._changed = changed
        self._reply = reply
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._batch = BatchRunner(stepper, self.view, changed)
        self._breakpoints = Breakpoints(stepper, self.view, changed, self._on_step)
        self._end_observing = stepper.observe(self._on_event)
        self._slow: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
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
        self._quick: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "next_phase": self._next_phase,
            "finish": self._finish,
            "stop": self._stop,
            "seek": self._seek,
            "open": self._answer_with(self.texts.read_piece),
            "take": self._answer_with(self.texts.export_piece),
            "load": self._load,
            "unload": self._unload,
            "pull_from": self._pull_from,
            "predict": self._predict,
            "dismiss": self._dismiss,
        }

    def handle(self, command: Mapping[str, Any]) -> None:
        """Run a command of the page: at once, or as a task of its own where it takes time.

        Args:
            command: The `type`, an `id` for the answer (the view that asks, and a number), and the fields of this type.
        """
        if not isinstance(command, Mapping):
            self._refuse({}, f"The workbench knows no {command!r}.")
            return
        kind = str(command.get("type"))
        if kind in self._quick:
            self._guard(partial(self._quick[kind], command))
            self._answer(command)
        elif kind not in self._slow:
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
        """Stop watching the Stepper; a message that is held goes back to its place.

        Returns:
            The task that is ending, if one was under way.
        """
        if self._closed:
            return None
        self._closed = True
        self._end_observing()
        self._breakpoints.close()
        if self._task is None or self._task.done():
            return None
        self._task.cancel()
        return self._task

    def state(self) -> dict[str, dict[str, Any]]:
        """Return everything that the page shows, as small plain fields by trait; an error becomes the error text."""
        state: dict[str, dict[str, Any]] = {}
        # An error here would end every later update too, silently.
        try:
            state = self.view.state(self.score)
        except Exception as error:
            self.error = _in_words(error)
        progress = self._batch.progress
        state["status"] = {
            "busy": self.busy,
            "held": self._breakpoints.is_paused,
            "progress": None if progress is None else list(progress),
            "answered": dict(self.answered),
            "error": cut_to_bytes(self.error, 600),
            "notice": cut_to_bytes(self.notice, 400),
        }
        return state

    def _begin(self, kind: str, command: Mapping[str, Any]) -> None:
        self.error = self.notice = ""
        self._task = asyncio.get_running_loop().create_task(self._guarded(kind, command))
        self.busy = kind
        # Not at the end of the task itself: when it is cancelled before its first turn, none of its code runs.
        self._task.add_done_callback(partial(self._ended, command))

    async def _guarded(self, kind: str, command: Mapping[str, Any]) -> None:
        """Run a command to its end; an exception becomes the error text."""
        # A strategy, an actor or a serializer may raise any exception, and no code awaits this task.
        try:
            await self._slow[kind](command)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self.error = _in_words(error)

    def _ended(self, command: Mapping[str, Any], task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self.notice = self._stopped_notice()
        self.busy = None
        self._breakpoints.reset()
        self._batch.reset()
        self._answer(command)

    def _stopped_notice(self) -> str:
        if self.busy == "send" and self._batch.progress is not None:
            done, most = self._batch.progress
            return f"Stopped after {done:,} of {counted(most, 'message')}."
        if self.view.under_way and self.busy in ("step", "step_into", "run"):
            return "Stopped. What was held is back at its place in the queue."
        return "Stopped."

    def _guard(self, run: Callable[[], Any]) -> None:
        try:
            run()
        except Exception as error:
            self.error = _in_words(error)

    def _answer(self, command: Mapping[str, Any]) -> None:
        match command.get("id"):
            case [str(view), int(number)]:
                # Only the newest views are kept: closed ones send no further commands.
                self.answered[view] = max(number, self.answered.pop(view, 0))
                if len(self.answered) > MOST_VIEWS:
                    del self.answered[next(iter(self.answered))]
        self._changed()

    def _refuse(self, command: Mapping[str, Any], why: str) -> None:
        self.error = why
        self._answer(command)

    # Commands that take time.

    async def _send(self, command: Mapping[str, Any]) -> None:
        self.notice = await self._batch.send(self._form(command))

    async def _explain(self, command: Mapping[str, Any]) -> None:
        form = self._form(command)
        headers, payload = form.headers or None, form.payload
        explanation = self.stepper.explain(form.channel, headers, payload, topic=form.topic)
        self._reply({"type": "explanation", "id": command.get("id"), **explanation_fields(explanation)})

    async def _step(self, command: Mapping[str, Any]) -> None:
        self._require_now()
        asked = self.view.upcoming
        step = await self.stepper.step(self.view.pull_from)
        self.view.show_now()
        if isinstance(step, Idle):
            self.notice = idle_sentence(step)
        elif command.get("pick"):
            self.score.mark(str(command["pick"]), step, asked)

    async def _step_into(self, command: Mapping[str, Any]) -> None:
        self._breakpoints.pause_at_each_phase()
        await self._step(command)

    async def _run(self, command: Mapping[str, Any]) -> None:
        self._require_now()
        most, pace = int(command.get("max_steps") or 100), float(command.get("pace") or 0)
        self.notice = await self._batch.run(most, pace)

    async def _go_on(self, command: Mapping[str, Any]) -> None:
        self._require_own()
        to = int(command.get("to", self.view.at))
        self._rewind(to)

    async def _reset(self, _command: Mapping[str, Any]) -> None:
        self._require_own()
        self._rewind(self.view.first)
        self.score.clear()

    def _rewind(self, to: int) -> None:
        rewound = self.stepper.rewind(to)
        self.calls.rewound(to)
        self.view.show_now()
        self.notice = rewound_sentence(rewound)

    async def _resend(self, command: Mapping[str, Any]) -> None:
        self._require_now()
        channel, wanted = self._channel(command), str(command.get("message"))
        if channel is None:
            raise InvalidMessageError("Say which channel's dead letter is to be sent again.")
        queue = self.stepper.queues.get(channel)
        letters = () if queue is None else queue.dead_letters
        message_id = named(wanted, (one.message.id or "" for one in letters))
        await self.stepper.send_again(channel, message_id)
        self.calls.resent(channel, message_id)
        self.view.show_now()
        self.notice = f"{cut_to_bytes(message_id, 20)} is back at the tail of {channel}; its sightings start again."

    async def _keep_newest(self, _command: Mapping[str, Any]) -> None:
        forgotten = self.stepper.keep_newest_actors()
        self.notice = f"{counted(forgotten, 'older actor')} forgotten: what the cells declare now is left."

    # Commands that run at once, also while another one is under way.

    def _next_phase(self, _command: Mapping[str, Any]) -> None:
        self._breakpoints.resume()

    def _finish(self, _command: Mapping[str, Any]) -> None:
        self._breakpoints.run_through()
        self._breakpoints.resume()

    def _stop(self, _command: Mapping[str, Any]) -> None:
        if self._task is None or self._task.done():
            return
        # A run ends after its step; a run that is stopped twice, or any other command, ends at once.
        if self.busy == "run" and not self._batch.is_stopping:
            self._batch.stop()
            self.notice = "Stopping after this step. Press Stop again to stop at once."
        else:
            self._task.cancel()

    def _seek(self, command: Mapping[str, Any]) -> None:
        self.error = self.notice = ""
        self.view.show(int(command["to"]))

    def _load(self, command: Mapping[str, Any]) -> None:
        steps = formats.steps_of(str(command.get("text") or ""))
        self.error = ""
        self.view.load(steps)
        self.notice = f"{counted(len(steps), 'step')} loaded, to look at. Your own session is still there."

    def _unload(self, _command: Mapping[str, Any]) -> None:
        self.error = self.notice = ""
        self.view.load(None)

    def _pull_from(self, command: Mapping[str, Any]) -> None:
        self.view.pull_from = self._channel(command)

    def _predict(self, command: Mapping[str, Any]) -> None:
        self.score.on = bool(command.get("on"))

    def _dismiss(self, _command: Mapping[str, Any]) -> None:
        self.error = self.notice = ""

    # Events of the Stepper, also of steps from a cell.

    def _on_step(self, step: Step) -> None:
        self.calls.stepped(step)

    def _on_event(self, event: Event) -> None:
        self._changed()
        # Messages of actors are not logged: the actors send them again when the exported cell runs.
        if isinstance(event, Published) and not self._breakpoints.owns_current_task:
            self.calls.sent(event.channel, event.message)

    def _require_now(self) -> None:
        self._require_own()
        if not self.view.is_live:
            raise SteppingError("You are looking at an earlier step. Go back to now first, or go on from here.")

    def _require_own(self) -> None:
        if self.view.is_replay:
            raise SteppingError("These are loaded steps, to look at. Go back to your own session first.")
        if self.view.under_way:
            raise SteppingError("A step is under way, from a cell. Wait until it has ended.")

    def _form(self, command: Mapping[str, Any]) -> Form:
        given = command.get("form") or {}
        return Form.read({**given, "channel": self.view.channel_named(given.get("channel"))}, self.stepper.app)

    def _channel(self, command: Mapping[str, Any]) -> str | None:
        return self.view.channel_named(command.get("channel"))

    def _answer_with(self, read: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Callable[[Mapping[str, Any]], None]:
        return lambda command: self._reply({"type": "text", "id": command.get("id"), **read(command)})


def _in_words(error: BaseException) -> str:
    if isinstance(error, RepidNbError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else f"{type(error).__name__} was raised."
