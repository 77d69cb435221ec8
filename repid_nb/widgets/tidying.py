"""What the page changes by hand: delete, empty, settle, crash, reset, go on from here; and taking the last one back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

from repid_nb.core.errors import InvalidMessageError
from repid_nb.core.memory.snapshot import MessageSnapshot
from repid_nb.display import words
from repid_nb.display.sentences import rewound_sentence
from repid_nb.printable import counted, cut_to_bytes
from repid_nb.stepping.record import Rewound
from repid_nb.widgets.export.replay import CallLog
from repid_nb.widgets.predictions import PredictionScore
from repid_nb.widgets.view import View
from repid_nb.widgets.wire import key_of, named

__all__ = ["Tidying"]

# What Undo would take back, by the command.
UNDO = {
    "go_on": "Undo going on from there",
    "reset": "Undo reset",
    "delete": "Undo delete",
    "empty": "Undo empty",
    "settle": "Undo settling by hand",
    "crash": "Undo the crash",
    "resend": "Undo sending again",
}


class Tidying:
    """Runs the commands that change the queues by hand, each with its notice.

    Args:
        view: The view, with the Steppers.
        calls: The log of calls, which notes each of them for the exported cell.
        score: The score of predictions, which a reset clears.

    Attributes:
        is_at_work: Whether a command is changing the queues now: it logs by itself what it does.
        undo_text: What Undo would take back, in words; empty where there is nothing.
    """

    def __init__(self, view: View, calls: CallLog, score: PredictionScore) -> None:
        self._view = view
        self._calls = calls
        self._score = score
        self.is_at_work = False
        self._undo: tuple[str, Callable[[], None]] | None = None
        self.commands: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
            "go_on": self._go_on,
            "reset": self._reset,
            "delete": self._delete,
            "empty": self._empty,
            "settle": self._settle,
            "crash": lambda _: self.crash(),
        }

    @property
    def undo_text(self) -> str:
        return "" if self._undo is None else UNDO[self._undo[0]]

    def changed(self) -> None:
        """Note that the queues have changed: what came after a command is not taken back with it."""
        if not self.is_at_work:
            self._undo = None

    def run(self, kind: str, command: Mapping[str, Any]) -> str:
        """Run a command, and return its notice; from then on Undo takes it back."""
        before = self.remember()
        self.is_at_work = True
        try:
            notice = self.commands[kind](command)
        finally:
            self.is_at_work = False
        self.can_undo(kind, before)
        return notice

    def remember(self) -> Callable[[], None] | None:
        """Return a function that puts everything back as it is now; None where the messages are on a broker."""
        if not self._view.stepper.knows.rewind:
            return None
        queues, calls, score = self._view.stepper.checkpoint(), self._calls.saved(), copy(self._score)

        def restore() -> None:
            queues()
            calls()
            self._score.right, self._score.asked, self._score.last = score.right, score.asked, score.last

        return restore

    def can_undo(self, kind: str, restore: Callable[[], None] | None) -> None:
        """Let Undo call a function of `remember`, until the queues change again."""
        self._undo = None if restore is None else (kind, restore)

    def undo(self) -> str:
        """Take the last command back, and return a notice.

        Raises:
            InvalidMessageError: There is nothing to take back.
        """
        if self._undo is None:
            raise InvalidMessageError("There is nothing to undo: something has happened since.")
        kind, restore = self._undo
        restore()
        self._undo = None
        self._view.show_now()
        return f"{UNDO[kind].removeprefix('Undo ').capitalize()}: taken back. Everything is as it was before."

    def reset_texts(self, history: Mapping[str, Any]) -> dict[str, str]:
        """Return what each way of a reset would do, in words; empty where it would do nothing.

        Args:
            history: The fields of the history.
        """
        queues = self._view.stepper.snapshot(0)
        waiting = sum(queue.waiting or 0 for queue in queues.channels)
        dead = sum(queue.dead or 0 for queue in queues.channels)
        first, newest = history["first"], history["newest"]
        start = f"Back to before step {first + 1}, with everything sent since."
        lost = [counted(many, what) for many, what in ((waiting, "waiting message"), (dead, "dead letter")) if many]
        return {"start": start if newest > first else "", "empty": f"Delete {' and '.join(lost)}." if lost else ""}

    def crash(self, held: MessageSnapshot | None = None) -> str:
        """Let the worker that is shown crash, and return a notice.

        Args:
            held: A message that was in the middle of its step, and is back at its place already.
        """
        is_lost = held is not None and self._is_gone(held)
        back = [*([] if held is None or is_lost else [held]), *self._view.stepper.crash()]
        self._calls.called("stepper.crash()")
        self._view.show_now()
        if is_lost and held is not None:
            name = words.message_name(held)
            return f"The worker crashed while {name} was in work. It was settled before its actor ran: it is lost."
        if not back:
            return "The worker crashed and was started anew. It held nothing; its sightings start again."
        names = ", ".join(words.message_name(one) for one in back[:5]) + (" ..." if len(back) > 5 else "")  # noqa: PLR2004
        were, come = ("was", "comes") if len(back) == 1 else ("were", "come")
        return (
            f"The worker crashed while {names} {were} in work, and was started anew: {names} {come} again. "
            "What its actors had done stays done."
        )

    def _is_gone(self, held: MessageSnapshot) -> bool:
        """Say whether a message that was in a step is on no queue any more; of a broker this is not known."""
        if self._view.stepper.knows.no_way_back:
            return False
        queue = self._view.stepper.queues.get(held.channel)
        there = [] if queue is None else [*queue.ready, *queue.in_work]
        return all(one.id != held.id for one in there)

    async def resend(self, command: Mapping[str, Any]) -> str:
        """Send a dead letter again, and return a notice; on a broker too."""
        channel, wanted = self._channel(command), str(command.get("message"))
        queue = self._view.stepper.queues.get(channel)
        letters = () if queue is None else queue.dead_letters
        chosen = next((one.message for one in letters if key_of(one.message.id or "") == wanted), None)
        message_id = named(wanted, ()) if chosen is None else chosen.id or ""
        before = self.remember()
        await self._view.stepper.send_again(channel, message_id)
        self._calls.resent(channel, message_id)
        self.can_undo("resend", before)
        self._view.show_now()
        name = cut_to_bytes(message_id if chosen is None else words.message_name(chosen), 20)
        return f"{name} is back at the tail of {cut_to_bytes(channel, 60)}; its sightings start again."

    def _go_on(self, command: Mapping[str, Any]) -> str:
        to = int(command.get("to", self._view.at))
        rewound = self._view.rewind(to)
        self._calls.rewound(to)
        return self._told(rewound)

    def _reset(self, command: Mapping[str, Any]) -> str:
        if command.get("how") == "empty":
            number = self._view.stepper.empty()
            self._calls.called("stepper.empty()")
            self._score.clear()
            self._view.show_now()
            return f"All queues are empty: {counted(number, 'message')} deleted. The steps stay, to look at."
        rewound = self._view.restart()
        self._calls.restarted(rewound.to)
        self._score.clear()
        return self._told(rewound)

    def _told(self, rewound: Rewound) -> str:
        self._view.show_now()
        return rewound_sentence(rewound)

    def _delete(self, command: Mapping[str, Any]) -> str:
        channel = self._channel(command)
        queue = self._view.stepper.queues.get(channel)
        known = [] if queue is None else [*queue.ready, *(letter.message for letter in queue.dead_letters)]
        wanted = str(command.get("message"))
        chosen = next((one for one in known if wanted in (key_of(one.id or ""), one.name)), None)
        name = named(wanted, ()) if chosen is None else chosen.name or chosen.id or ""
        deleted = self._view.stepper.delete(channel, name)
        self._calls.called_about(deleted.id, lambda message: f"stepper.delete({channel!r}, {message})")
        self._view.show_now()
        return f"{words.message_name(deleted)} is deleted from {cut_to_bytes(channel, 60)}."

    def _empty(self, command: Mapping[str, Any]) -> str:
        channel = self._view.channel_named(command.get("channel"))
        number = self._view.stepper.empty(channel)
        self._calls.called(f"stepper.empty({'' if channel is None else repr(channel)})")
        self._view.show_now()
        where = "All queues are" if channel is None else f"{cut_to_bytes(channel, 60)} is"
        return f"{where} empty: {counted(number, 'message')} deleted."

    def _settle(self, command: Mapping[str, Any]) -> str:
        action: Any = command.get("action")
        message = self._in_work(str(command.get("message")))
        settled = self._view.stepper.settle(message, action)
        self._calls.called_about(settled.id, lambda message: f"stepper.settle({message}, {action!r})")
        self._view.show_now()
        done = {"ack": "acked", "nack": "nacked", "reject": "rejected", "release": "back at its place"}[action]
        return f"{words.message_name(settled)} is {done}, by hand."

    def _in_work(self, key: str) -> str:
        """Return the name of a message in work, for its key of the page."""
        in_work = [one for queue in self._view.stepper.queues.channels for one in queue.in_work]
        found = next((one for one in in_work if key in (key_of(one.id or ""), one.name)), None)
        return key if found is None else found.name or found.id or key

    def _channel(self, command: Mapping[str, Any]) -> str:
        channel = self._view.channel_named(command.get("channel"))
        if channel is None:
            raise InvalidMessageError("Say which channel is meant.")
        return channel
