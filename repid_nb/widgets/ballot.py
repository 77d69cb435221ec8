"""A student's ballot: the teacher's questions in a notebook of the class."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import traitlets
from IPython.display import display

from repid_nb.hosting.questions import Listener, Question
from repid_nb.printable import cut_to_bytes
from repid_nb.widgets.assets import read_script, read_style
from repid_nb.widgets.saved_output import PlainForm
from repid_nb.widgets.updates import call_in_loop

__all__ = ["Ballot", "show_ballot"]

_open: list[Ballot] = []


class Ballot(PlainForm):
    """Shows the question that stands, and sends the answer of a click.

    Args:
        dsn: The shared broker, with the password of the class.
        name: Who answers, as the page shows it; answers go without a name.
    """

    _esm = read_script(entry="ballot.mjs")
    _css = read_style(styles=("workbench", "tools", "panels", "choices", "ballot"), root=".repid-wb.wb-voting")

    ballot = traitlets.Dict().tag(sync=True)

    def __init__(self, dsn: str, name: str) -> None:
        self.question: Question | None = None
        self._name = name
        self._picked: int | None = None
        self._error = ""
        self._trouble: str | None = None  # not known before the first look
        self._listener = Listener(dsn, self._hear, self._reach)
        self._loop = asyncio.get_running_loop()
        self._listening = self._loop.create_task(self._listener.listen())
        self._answering: asyncio.Task[None] | None = None
        super().__init__(ballot=self._state())
        self.on_msg(self._on_message)
        _open.append(self)

    def close(self) -> None:
        """Hear no more questions, and take the widget off the page."""
        if self in _open:
            _open.remove(self)
            self._listening.cancel()
            super().close()

    def _state(self) -> dict[str, Any]:
        question = None if self.question is None else asdict(self.question)
        busy = self._answering is not None
        return {
            "name": self._name,
            "joined": self._trouble == "",
            "question": question,
            "picked": self._picked,
            "busy": busy,
            "error": self._error or self._trouble or "",
        }

    def _show(self) -> None:
        self.ballot = self._state()

    def _reach(self, trouble: str) -> None:
        self._trouble = trouble
        self._show()

    def _hear(self, question: Question) -> None:
        if self.question is None or question.id != self.question.id:
            self._picked = None
        self.question, self._error = question, ""
        self._show()

    def _on_message(self, _widget: Any, content: Mapping[str, Any], _buffers: Any) -> None:
        call_in_loop(self._loop, self._begin, content)

    def _begin(self, content: Mapping[str, Any]) -> None:
        """Answer in a task of its own; a click on a question that is over, or during another answer, does nothing."""
        question, choice = self.question, content.get("choice")
        is_asked = question is not None and question.truth is None and question.id == content.get("question")
        if question is None or not is_asked or self._answering is not None or type(choice) is not int:
            return
        if 0 <= choice < len(question.choices):
            self._answering = self._loop.create_task(self._answer(question, choice))
            self._answering.add_done_callback(self._answered)
            self._show()

    async def _answer(self, question: Question, choice: int) -> None:
        try:
            await self._listener.answer(question, choice)
        except Exception as error:
            self._error = f"The answer did not get through: {cut_to_bytes(str(error), 200)}. Press again."
        else:
            self._error = ""
            if question is self.question:
                self._picked = choice

    def _answered(self, _task: asyncio.Task[None]) -> None:
        self._answering = None
        self._show()

    def _plain_form(self) -> dict[str, str]:
        asked = "no question yet" if self.question is None else self.question.text
        return {"text/plain": f"In the class you are {self._name}: {asked}"}


def show_ballot(dsn: str, name: str) -> None:
    """Show a ballot below the cell that runs, in the place of earlier ones: a notebook has one."""
    for other in [*_open]:
        other.close()
    display(Ballot(dsn, name))  # type: ignore[no-untyped-call]
