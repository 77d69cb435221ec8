"""The class predicts, too: where it shares a Redis, each joined notebook is asked who gets the next message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import TYPE_CHECKING, Any

from repid_nb.core.tasks import start
from repid_nb.display import words
from repid_nb.printable import cut_to_bytes
from repid_nb.widgets.command_runner import in_words
from repid_nb.widgets.predictions import right_pick
from repid_nb.widgets.view import View

if TYPE_CHECKING:
    from repid_nb.hosting.questions import Poll

__all__ = ["ClassQuestions"]


class ClassQuestions:
    """Asks the class before a step, and tells it afterwards what was right.

    Args:
        changed: Called when there is something new to show.
        told: Called with a sentence when the class could not be asked.
    """

    def __init__(self, view: View, changed: Callable[[], None], told: Callable[[str], None]) -> None:
        self._view = view
        self._told = told
        self._poll = _poll_of(view, changed)
        self._message_id: str | None = None
        self._asked_at = 0
        self._texts: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self) -> None:
        """Ask the class who gets the next message; without a shared broker, or a message, do nothing."""
        message = self._view.upcoming
        if self._poll is None or message is None:
            return
        self._message_id, self._asked_at = message.id, self._newest
        self._texts = dict(self._view.options(message.channel))
        # Two actors may have one name: the class sees one button for them.
        choices = list(dict.fromkeys(self._texts.values()))
        question = f"Who gets {cut_to_bytes(words.message_name(message), 60)}?"
        about = f"{words.topic_text(message)} · {words.payload_beginning(message.payload, 200)}"
        self._begin(self._poll.ask(question, choices, cut_to_bytes(about, 400)))

    def fields(self) -> dict[str, Any] | None:
        """Return how the question stands, for the page; None without a shared broker.

        When the message has been stepped, the class is told what was right.
        """
        if self._poll is None:
            return None
        self._tell_what_was_right(self._poll)
        standing = self._poll.standing
        question = standing.question
        return {
            "question": None if question is None else question.text,
            "joined": standing.joined,
            "answered": standing.answered,
            "tallies": [] if question is None else [*map(list, zip(question.choices, standing.tallies, strict=True))],
            "truth": None if question is None else question.truth,
        }

    def close(self) -> None:
        """Hear no more answers."""
        if self._poll is not None and self._message_id is not None:
            self._begin(self._poll.close())

    @property
    def _newest(self) -> int:
        history = self._view.stepper.history
        return history[-1].number if history else 0

    def _tell_what_was_right(self, poll: Poll) -> None:
        if self._message_id is None:
            return
        for step in reversed(self._view.stepper.history):
            if step.number <= self._asked_at:
                return
            if step.message.id == self._message_id:
                # Only once: from here on this question is over.
                self._asked_at = step.number
                self._begin(poll.tell(self._texts.get(right_pick(step), "")))
                return

    def _begin(self, doing: Coroutine[Any, Any, None]) -> None:
        task = start(self._guarded(doing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except Exception as error:
            self._told(f"The class could not be asked: {in_words(error)}")


def _poll_of(view: View, changed: Callable[[], None]) -> Poll | None:
    for server in view.stepper.app.servers.list_servers().values():
        broker: Any = getattr(server, "local_broker", None)
        if hasattr(broker, "class_dsn"):
            # Imported only here: the Redis client is an extra.
            questions: Any = import_module("repid_nb.hosting.questions")
            poll: Poll = questions.Poll(broker.dsn, lambda _: changed())
            return poll
    return None
