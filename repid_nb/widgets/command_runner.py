"""Running the commands of a page: one at a time a worker, each with an answer, and none that raises."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from repid_nb.core.errors import RepidNbError
from repid_nb.core.text import text_of
from repid_nb.stepping.stepper import Stepper
from repid_nb.widgets.stage_worker import StageWorker
from repid_nb.widgets.view import View

__all__ = ["OF_A_STEP", "Command", "CommandRunner", "in_words"]

MOST_VIEWS = 16

# The commands of a step, which a worker can do while another one holds a message.
OF_A_STEP = frozenset({"step", "step_into", "run"})
OF_ONE_WORKER = OF_A_STEP | {"send", "explain"}

Command = Callable[[Mapping[str, Any]], Any]


class CommandRunner:
    """Runs commands by their names. A subclass says what each does; an error becomes a sentence in the panel.

    Args:
        view: The view, which knows the worker that is shown.
        changed: Called whenever there is something new to show.

    Attributes:
        error: The error text.
        notice: A calm remark.
        answered: The newest command of each view of the page that has its answer.
    """

    slow: Mapping[str, Command]
    quick: Mapping[str, Command]

    def __init__(self, view: View, changed: Callable[..., None]) -> None:
        self.view = view
        self.error = ""
        self.notice = ""
        self.answered: dict[str, int] = {}
        self.workers: dict[Stepper, StageWorker] = {}
        self._changed = changed
        self._closed = False

    @property
    def busy(self) -> str | None:
        """The command that is under way: that of the worker that is shown, or a run; None when it is free."""
        return self.in_charge.busy

    @property
    def worker(self) -> StageWorker:
        """The worker that is shown."""
        return self.workers[self.view.stepper]

    @property
    def in_charge(self) -> StageWorker:
        """The worker whose command is under way. A run of several workers is the command of the one that began it."""
        running = (one for one in self.workers.values() if one.busy == "run")
        return self.worker if self.worker.busy is not None else next(running, self.worker)

    def handle(self, command: Mapping[str, Any]) -> None:
        """Run a command of the page: at once, or as a task of its own where it takes time.

        Args:
            command: The `type`, an `id` for the answer (the view that asks, and a number), and the fields of this type.
        """
        if not isinstance(command, Mapping):
            self._refuse({}, f"The workbench knows no {command!r}.")
            return
        kind = str(command.get("type"))
        if kind in self.quick:
            self.guard(partial(self.quick[kind], command))
            self._answer(command)
        elif kind not in self.slow:
            self._refuse(command, f"The workbench knows no {kind!r}.")
        elif self._closed:
            self._refuse(command, "This workbench is closed. Run its cell again.")
        elif (busy := self._busy_for(kind)) is not None:
            self._refuse(command, f"One thing at a time: the {busy.replace('_', ' ')} is not done yet.")
        else:
            self.guard(partial(self._begin, kind, command))
            if self.busy is None:
                self._answer(command)

    def _busy_for(self, kind: str) -> str | None:
        """Return the command that has to end before one of this kind can begin; None when none has to."""
        # While one worker holds a message, another one can take the next.
        concerned = [self.in_charge] if kind in OF_ONE_WORKER else self.workers.values()
        return next((one.busy for one in concerned if one.busy is not None), None)

    async def wait(self) -> None:
        """Wait until the tasks of the last commands are done."""
        tasks = {one.task for one in self.workers.values() if one.task is not None}
        if tasks:
            await asyncio.wait(tasks)

    def close(self) -> list[asyncio.Task[None]]:
        """Stop watching the Steppers; a message that is held goes back to its place.

        Returns:
            The tasks that are ending, if any were under way.
        """
        if self._closed:
            return []
        self._closed = True
        return [task for one in self.workers.values() if (task := one.close()) is not None]

    def stopped_notice(self, worker: StageWorker) -> str:
        """Return what is to be said of a command that was stopped."""
        raise NotImplementedError

    def after(self, worker: StageWorker) -> None:
        """Do what has to be done after a command, however it ended."""
        raise NotImplementedError

    def _begin(self, kind: str, command: Mapping[str, Any]) -> None:
        self.error = self.notice = ""
        worker = self.worker
        worker.task = asyncio.get_running_loop().create_task(self._guarded(kind, command))
        worker.busy = kind
        # Not at the end of the task itself: when it is cancelled before its first turn, none of its code runs.
        worker.task.add_done_callback(partial(self._ended, worker, command))

    async def _guarded(self, kind: str, command: Mapping[str, Any]) -> None:
        """Run a command to its end; an exception becomes the error text."""
        # A strategy, an actor or a serializer may raise any exception, and no code awaits this task.
        try:
            await self.slow[kind](command)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self.error = in_words(error)

    def _ended(self, worker: StageWorker, command: Mapping[str, Any], task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self.notice = self.stopped_notice(worker)
        self.after(worker)
        self._answer(command)

    def guard(self, run: Callable[[], Any]) -> None:
        """Call a function; an exception becomes the error text."""
        try:
            run()
        except Exception as error:
            self.error = in_words(error)

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


def in_words(error: BaseException) -> str:
    """Return an exception as a sentence for the panel."""
    text = text_of(error)
    if isinstance(error, RepidNbError):
        return text
    return f"{type(error).__name__}: {text}" if text else f"{type(error).__name__} was raised."
