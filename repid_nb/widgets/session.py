"""One learner's session with a Stepper: commands of the page come in, the state of the page goes out.

It does not depend on a widget or a page. The Stepper holds all data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from repid_nb.core.errors import SteppingError, UnknownNameError
from repid_nb.core.events import Event, Published
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.display.sentences import idle_sentence
from repid_nb.printable import counted, cut_to_bytes
from repid_nb.stepping.record import Idle, Step
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets import questions
from repid_nb.widgets.batches import BatchRunner
from repid_nb.widgets.breakpoints import SHOWN_AT_WORK_AFTER, Breakpoints, Breaks
from repid_nb.widgets.class_questions import ClassQuestions
from repid_nb.widgets.command_runner import OF_A_STEP, Command, CommandRunner, in_words
from repid_nb.widgets.export import formats
from repid_nb.widgets.export.replay import CallLog
from repid_nb.widgets.export.texts import Texts
from repid_nb.widgets.form import Form
from repid_nb.widgets.live_look import LiveLook
from repid_nb.widgets.predictions import PredictionScore
from repid_nb.widgets.stage_worker import StageWorker
from repid_nb.widgets.tidying import Tidying
from repid_nb.widgets.view import View
from repid_nb.widgets.what_if import WhatIf

__all__ = ["Session"]

BY_HAND = ("go_on", "reset", "delete", "empty", "settle")

Reply = Callable[[dict[str, Any]], None]


class Session(CommandRunner):
    """Runs the page's commands, one at a time a worker, and never raises: an error becomes a sentence in the panel.

    Args:
        steppers: The workers on the stage, one or more, on the same queues.
        changed: Called whenever there is something new to show, with the seconds that the update may wait.
        reply: Sends an answer to the page that asked.
    """

    def __init__(self, steppers: Sequence[Stepper], changed: Callable[..., None], reply: Reply) -> None:
        super().__init__(View(*steppers), changed)
        self.score = PredictionScore()
        self.breaks = Breaks()
        self.calls = CallLog(steppers[0])
        self.texts = Texts(self.view, self.calls)
        self._reply = reply
        self._turn = 0
        self._batch = BatchRunner(self.view, changed)
        self._tidying = Tidying(self.view, self.calls, self.score)
        self.workers = {
            stepper: StageWorker(stepper, Breakpoints(stepper, self.view, self.breaks, changed, self._on_step(stepper)))
            for stepper in steppers
        }
        self._what_if = WhatIf(self.view)
        self._end_observing = steppers[0].observe(self._on_event)
        self._class = ClassQuestions(self.view, changed, self._broker_said)
        self._live_look = LiveLook(steppers[0], changed, self._broker_said)
        self.slow, self.quick = self._slow_commands(), self._quick_commands()

    def _slow_commands(self) -> dict[str, Command]:
        return {
            "send": self._send,
            "explain": self._explain,
            "step": self._step,
            "step_into": self._step_into,
            "run": self._run,
            "resend": self._resend,
            "keep_newest": self._keep_newest,
            "undo": self._telling(lambda _: self._tidying.undo()),
            "fork": self._telling(self._what_if.begin),
            "step_worlds": self._telling(lambda _: self._what_if.step()),
            **{kind: self._telling(partial(self._tidying.run, kind)) for kind in BY_HAND},
        }

    def _quick_commands(self) -> dict[str, Command]:
        return {
            "next_phase": self._next_phase,
            "finish": self._finish,
            "stop": self._stop,
            "crash": self._crash,
            "choose": self._choose,
            "seek": self._seek,
            "open": self._answer_with(self.texts.read_piece),
            "take": self._answer_with(self.texts.export_piece),
            "edit": self._answer_with(partial(questions.form_of, self.view)),
            "find": self._answer_with(partial(questions.found, self.view)),
            "trail": self._answer_with(partial(questions.trail, self.view)),
            "load": self._load,
            "unload": self._unload,
            "pull_from": self._pull_from,
            "predict": self._predict,
            "ask_class": lambda _: self._class.ask(),
            "end_fork": lambda _: self._what_if.end(),
            "break_at": lambda command: self.breaks.set(dict(command)),
            "set_pace": lambda command: self._batch.set_pace(float(command.get("pace") or 0)),
            "seen": lambda command: self._batch.seen(int(command.get("step") or 0)),
            "dismiss": self._dismiss,
        }

    @property
    def stepper(self) -> Stepper:
        """The worker that the page shows."""
        return self.view.stepper

    def go_on_from(self, former: Session) -> None:
        """Take over the settings of a session in whose place this one is: predictions, breakpoints, the channel."""
        self.score.on = former.score.on
        self.breaks.set(former.breaks.fields())
        if self.stepper in former.view.steppers:
            self.score.right, self.score.asked = former.score.right, former.score.asked
            self.view.pull_from = former.view.pull_from

    def close(self) -> list[asyncio.Task[None]]:
        self._end_observing()
        self._live_look.stop()
        self._class.close()
        if self._what_if.is_on:
            self._what_if.end()
        return super().close()

    def stopped_notice(self, worker: StageWorker) -> str:
        if worker.busy == "send" and self._batch.progress is not None:
            done, most = self._batch.progress
            return f"Stopped after {done:,} of {counted(most, 'message')}."
        if self.view.was_cut and worker.busy in OF_A_STEP:
            where = self.stepper.knows.given_back or "back at its place in the queue"
            return f"Stopped. What was held is {where}."
        return "Stopped."

    def after(self, worker: StageWorker) -> None:
        if worker.busy in ("send", "run"):
            self._batch.reset()
        crashes, held = worker.crashes, worker.held
        worker.ended()
        if crashes:
            self.guard(lambda: self._crashed(held))

    def state(self) -> dict[str, dict[str, Any]]:
        """Return everything that the page shows, as small plain fields by trait; an error becomes the error text."""
        state: dict[str, dict[str, Any]] = {}
        reset = {"start": "", "empty": ""}
        # An error here would end every later update too, silently.
        try:
            state = self.view.state(self.score)
            reset = self._tidying.reset_texts(state["history"])
            state["what_if"] = self._what_if.fields()
            if (learners := self._class.fields()) is not None:
                state["prediction"]["class"] = learners
        except Exception as error:
            self.error = in_words(error)
        progress = self._batch.progress
        state["status"] = {
            "busy": self.busy,
            "held": self.worker.breakpoints.is_paused,
            "progress": None if progress is None else list(progress),
            "answered": dict(self.answered),
            "error": cut_to_bytes(self.error, 600),
            "notice": cut_to_bytes(self.worker.breakpoints.reason or self.notice, 400),
            "breaks": self.breaks.fields(),
            "undo": self._tidying.undo_text,
            "reset": reset,
        }
        return state

    # Commands that take time.

    async def _send(self, command: Mapping[str, Any]) -> None:
        self._require_own_steps()
        self.notice = await self._batch.send(self.stepper, self._form(command))

    async def _explain(self, command: Mapping[str, Any]) -> None:
        self._reply({**questions.explanation(self.view, self._form(command)), "id": command.get("id")})

    async def _step(self, command: Mapping[str, Any]) -> None:
        self._require_now()
        self.worker.breakpoints.shows_running = True
        asked = self.view.upcoming
        step = await self.stepper.step(self.view.pull_from)
        self.view.show_now()
        if isinstance(step, Idle):
            self.notice = idle_sentence(step)
        elif command.get("pick"):
            self.score.mark(str(command["pick"]), step, asked)

    async def _step_into(self, command: Mapping[str, Any]) -> None:
        self.worker.breakpoints.pause_at_each_phase()
        await self._step(command)

    async def _run(self, command: Mapping[str, Any]) -> None:
        self._require_now()
        most, pace = int(command.get("max_steps") or 100), float(command.get("pace") or 0)
        self._turn = [*self.workers].index(self.stepper)
        self.notice = await self._batch.run(self._step_of_a_run, most, pace)

    async def _step_of_a_run(self) -> Step | Idle:
        """Take the next step of a run: of this worker, or where there are several, of each in turn."""
        workers = [*self.workers.values()]
        turn = self._turn % len(workers)
        runner = self.in_charge
        step: Step | Idle | None = None
        for worker in (*workers[turn:], *workers[:turn]):
            if worker is not runner and worker.busy is not None:
                continue
            self._turn = workers.index(worker) + 1
            self.view.stepper = worker.stepper
            worker.breakpoints.shows_running = self._batch.has_pace
            step = await worker.stepper.step(self.view.pull_from)
            if isinstance(step, Step):
                break
        assert step is not None  # noqa: S101  (the worker that runs is free)
        return step

    def _telling(self, act: Callable[[Mapping[str, Any]], str | Awaitable[str]]) -> Command:
        """Return a command that does something in the page's own session, and shows the notice that it returns."""

        async def run(command: Mapping[str, Any]) -> None:
            self._require_own()
            notice = act(command)
            self.notice = notice if isinstance(notice, str) else await notice

        return run

    async def _resend(self, command: Mapping[str, Any]) -> None:
        self._require_now()
        self.notice = await self._tidying.resend(command)

    async def _keep_newest(self, _command: Mapping[str, Any]) -> None:
        forgotten = self.stepper.keep_newest_actors()
        self.notice = f"{counted(forgotten, 'older actor')} forgotten: what the cells declare now is left."

    # Commands that run at once, also while another one is under way.

    def _next_phase(self, _command: Mapping[str, Any]) -> None:
        self.worker.breakpoints.resume()

    def _finish(self, _command: Mapping[str, Any]) -> None:
        self.worker.breakpoints.run_through()
        self.worker.breakpoints.resume()

    def _stop(self, _command: Mapping[str, Any]) -> None:
        task = self.in_charge.task
        if task is None or task.done():
            return
        # A run ends after its step; a run that is stopped twice, or any other command, ends at once.
        if self.busy == "run" and not self._batch.is_stopping:
            self._batch.stop()
            self.notice = "Stopping after this step. Press Stop again to stop at once."
        else:
            task.cancel()

    def _crash(self, _command: Mapping[str, Any]) -> None:
        self.error = self.notice = ""
        worker = self.in_charge
        if worker.task is not None and worker.busy in OF_A_STEP:
            # It crashes when its task has ended, and the message that was in the middle of its step is back.
            worker.crashes, worker.held = True, self.view.message_under_way
            worker.task.cancel()
        else:
            self._require_own()
            self._crashed(None)

    def _crashed(self, held: MessageSnapshot | None) -> None:
        before = self._tidying.remember()
        self.notice = self._tidying.crash(held)
        self._tidying.can_undo("crash", before)

    def _choose(self, command: Mapping[str, Any]) -> None:
        place = int(command.get("worker") or 0)
        if not 0 <= place < len(self.workers):
            raise UnknownNameError(f"There is no worker {place}.")
        self.view.stepper = [*self.workers][place]

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

    def _broker_said(self, error: str) -> None:
        self.error = error
        self._changed()

    def _dismiss(self, _command: Mapping[str, Any]) -> None:
        self.error = self.notice = ""

    # Events of the Stepper, also of steps from a cell.

    def _on_step(self, stepper: Stepper) -> Callable[[Step], None]:
        # A cell has one Stepper.
        others = f"# Left out: a step of {self.view.worker_name(stepper)}"
        return self.calls.stepped if stepper is self.view.steppers[0] else lambda _: self.calls.called(others)

    def _on_event(self, event: Event) -> None:
        self._tidying.changed()
        self.view.other_workers.hear(event)
        # What a step of the page does is shown with the step.
        self._changed(SHOWN_AT_WORK_AFTER if self.busy in OF_A_STEP else 0.0)
        # Messages of actors are not logged: the actors send them again when the exported cell runs.
        if isinstance(event, Published) and not self._tidying.is_at_work and not self._is_sent_by_actor:
            self.calls.sent(event)

    @property
    def _is_sent_by_actor(self) -> bool:
        return any(one.breakpoints.owns_current_task for one in self.workers.values())

    def _require_now(self) -> None:
        self._require_own()
        if not self.view.is_live:
            raise SteppingError("You are looking at an earlier step. Go back to now first, or go on from here.")

    def _require_own_steps(self) -> None:
        if self.view.is_replay:
            raise SteppingError("These are loaded steps, to look at. Go back to your own session first.")

    def _require_own(self) -> None:
        self._require_own_steps()
        if self.view.under_way:
            raise SteppingError("A step is under way, from a cell. Wait until it has ended.")

    def _form(self, command: Mapping[str, Any]) -> Form:
        given = command.get("form") or {}
        return Form.read({**given, "channel": self.view.channel_named(given.get("channel"))}, self.stepper.app)

    def _channel(self, command: Mapping[str, Any]) -> str | None:
        return self.view.channel_named(command.get("channel"))

    def _answer_with(self, read: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Callable[[Mapping[str, Any]], None]:
        return lambda command: self._reply({"type": "text", **read(command), "id": command.get("id")})
